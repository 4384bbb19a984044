"""The action that each metric suggests: the symptoms and the suggestions that actions declare.

Only an action's own symptom is routed without a tag. All of these are symptoms where the value is high.
"""

from collections.abc import Iterable

from firebreak.core.model import Metric
from firebreak.services.registry import CATALOG


def suggested(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """The actions that the metrics suggest, each once, in the catalog's order."""
    found = {CATALOG.suggested_by(metric.namespace, metric.name) for metric in metrics}
    return tuple(action for action in CATALOG if action in found)


def symptoms(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """The actions to which the metrics lead without a tag."""
    found = {CATALOG.by_symptom(metric.namespace, metric.name) for metric in metrics}
    return tuple(action for action in CATALOG if action in found)
