"""Whether Firebreak itself started the deployment that stands in an action's way."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from firebreak.core.action_spec import Catalog
from firebreak.core.incident.states import Incident
from firebreak.core.limits.budgets import ACT_TIMEOUT, ACT_WITHIN, CLOCK_SKEW
from firebreak.core.limits.history import Act
from firebreak.core.model import Obstacle
from firebreak.core.readings import Reading

# An act is claimed, sent within ACT_WITHIN and answered within ACT_TIMEOUT, by clocks that may differ.
LATEST = ACT_WITHIN + ACT_TIMEOUT + CLOCK_SKEW


def origin(obstacle: Obstacle, incident: Reading[Incident], acts: Sequence[Act], catalog: Catalog) -> str:
    """The act of Firebreak that started the obstacle, in words; empty where none is known.

    A receipt that names the deployment proves it. For acts whose receipt is no longer at hand only the
    times are compared, and only the times are said.
    """
    for name, began in obstacle.deployments:
        if isinstance(incident, Incident) and _is_of(incident, name):
            return f"; Firebreak started it: {incident.action}, incident {incident.id}"
        if began and (act := _act_at(began, acts, catalog)):
            claimed = f"{act.action} of incident {act.incident_id} was claimed"
            return f"; it began {_apart(act.at, began)} {claimed}"
    return ""


def _is_of(incident: Incident, deployment: str) -> bool:
    return incident.receipt is not None and incident.receipt.after.get("deployment") == deployment


def _act_at(began: datetime, acts: Iterable[Act], catalog: Catalog) -> Act | None:
    """The newest act that may have begun a deployment at that time."""
    near = (
        act
        for act in acts
        if catalog.starts_deployments(act.action) and act.at - CLOCK_SKEW <= began <= act.at + LATEST
    )
    return max(near, key=lambda act: act.at, default=None)


def _apart(claimed: datetime, began: datetime) -> str:
    seconds = round((began - claimed) / timedelta(seconds=1))
    return f"{abs(seconds)} s {'before' if seconds < 0 else 'after'}"
