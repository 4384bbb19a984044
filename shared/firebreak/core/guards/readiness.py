"""Guard: the target, as it is now, can take the action."""

from firebreak.core.decision import Check, Snapshot
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.guards.limits import acts_in
from firebreak.core.guards.own_deployments import origin
from firebreak.core.limits.scopes import (
    target_scope,
)
from firebreak.core.model import (
    Obstacle,
    Request,
)
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def readiness(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target, as it is now, can take the action."""
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("readiness", unseen, Reason.NOT_READY_UNREADABLE, seen.now)
        case Absent():
            return objected("readiness", Reason.TARGET_MISSING, "the target does not exist")
        case Obstacle(reason, detail) as obstacle:
            acts = acts_in(target_scope(request.target), seen)
            started_by = origin(
                obstacle, seen.incident, acts if isinstance(acts, tuple) else (), rules.catalog
            )
            return objected("readiness", reason, f"{detail}{started_by}")
        case plan:
            return passed("readiness", "; ".join((plan.summary, *plan.warnings)))
