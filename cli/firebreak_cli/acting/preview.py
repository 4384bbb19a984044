"""The plan and the decision of an act by hand as of now, by the functions that will decide it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.decision import Act, Decision
from firebreak.core.intake import require_supported
from firebreak.core.manual import manual_request, plan_id
from firebreak.core.model import OwnEvent, Plan, Target, Unresolved
from firebreak.core.readings import ABSENT
from firebreak.core.rules import Rules
from firebreak.intake.lookups import Resolution
from firebreak.intake.names import read_target
from firebreak.intake.target_resolution import request_of
from firebreak.paging.rendering import plain
from firebreak.policy.policy import Policy
from firebreak.services.registry import CATALOG
from firebreak_cli.acting.red_alarms import RedAlarms, red_alarms_of
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.explain.explainer import decide_as_deployed
from firebreak_cli.explain.sources import Sources
from firebreak_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Asked:
    """The act that the command line asks for, read and checked."""

    action: str
    target: Target
    why: str
    despite_freeze: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The request as it would be sent, and the decision that it would get now."""

    event: OwnEvent
    target: Target
    rules: Rules
    decision: Decision
    plan: Plan | None
    red: RedAlarms
    differs: str = ""

    @property
    def would_act(self) -> bool:
        """Whether every guard agrees now."""
        return isinstance(self.decision.outcome, Act)


def read_asked(action: str, target: str, why: str, stack: Stack, despite_freeze: str = "") -> Asked:
    """The action and target by their names, and the reasons. Raises Ending that says what is known."""
    if action not in CATALOG:
        raise Ending(
            BAD_INPUT, f"there is no action {plain(action, 60)}: expected one of {', '.join(CATALOG)}"
        )
    found = require_supported(read_target(target, stack.account, stack.region), action, CATALOG)
    if isinstance(found, Unresolved):
        raise Ending(BAD_INPUT, _words(found, action, target))
    return Asked(action, found, why, despite_freeze)


def _words(found: Unresolved, action: str, target: str) -> str:
    service = CATALOG.service_of(action)
    if service and not target.startswith(f"{service}:"):
        return f"{action} is for {service} targets, and {plain(target, 60)} is none"
    return found.detail


def preview(
    asked: Asked,
    *,
    by: str,
    at: datetime,
    policy: Policy,
    sources: Sources,
    cloudwatch: object,
    look: Callable[[str], None],
) -> Preview:
    """The decision that the request would get now; the plan that it shows is the only one it stands for.

    Raises AwsError where the ledger cannot be read.
    """
    red = red_alarms_of(asked.target, asked.action, cloudwatch, sources, look)
    event = manual_request(
        asked.action,
        asked.target,
        by=by,
        why=asked.why,
        at=at,
        red=red.found,
        despite_freeze=asked.despite_freeze,
    )
    event = replace(event, verified=True)  # as the function will find: `by` is what AWS calls the caller
    rules = policy.rules(asked.action, asked.target)
    request = request_of(event, asked.action, asked.target, ABSENT, Resolution(asked.target))
    look("what the guards look at")
    seen = sources.snapshot(request, rules, ABSENT, at)
    plan = seen.plan if isinstance(seen.plan, Plan) else None
    shown = plan_id(plan) if plan else ""
    decision = decide_as_deployed(replace(request, plan_seen=shown), rules, seen)
    return Preview(
        event=replace(event, plan_seen=shown),
        target=asked.target,
        rules=rules,
        decision=decision,
        plan=plan,
        red=red,
    )
