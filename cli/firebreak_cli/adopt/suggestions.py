"""The action that each metric suggests: the symptoms that actions declare, and what the examples tag.

Only an action's own symptom is routed without a tag. All of these are symptoms where the value is high.
"""

from collections.abc import Iterable, Mapping

from firebreak.core.model import Metric
from firebreak.services.registry import CATALOG

BY_TAG: Mapping[tuple[str, str], str] = {
    ("AWS/ApplicationELB", "UnHealthyHostCount"): "replace-task",
    ("AWS/NetworkELB", "UnHealthyHostCount"): "replace-task",
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"): "roll-back-service",
    ("AWS/ApplicationELB", "TargetResponseTime"): "scale-service",
    ("AWS/ElasticBeanstalk", "ApplicationRequests5xx"): "roll-back-environment",
    ("AWS/SES", "Reputation.BounceRate"): "pause-sending",
    ("AWS/SES", "Reputation.ComplaintRate"): "pause-sending",
}


def suggested(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """The actions that the metrics suggest, each once, in the catalog's order."""
    found = {_suggested(metric.namespace, metric.name) for metric in metrics}
    return tuple(action for action in CATALOG if action in found)


def symptoms(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """The actions to which the metrics lead without a tag."""
    found = {CATALOG.by_symptom(metric.namespace, metric.name) for metric in metrics}
    return tuple(action for action in CATALOG if action in found)


def _suggested(namespace: str, name: str) -> str | None:
    return CATALOG.by_symptom(namespace, name) or BY_TAG.get((namespace, name))
