"""The one place where Firebreak decides; live handling, observe mode and `explain` all call it."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.decision import (
    Act,
    AskApproval,
    Check,
    Decision,
    Defer,
    Outcome,
    Propose,
    Refuse,
    Result,
    Snapshot,
)
from firebreak.core.formats import quarter_hour
from firebreak.core.guards.controllers import names_of
from firebreak.core.guards.ownership import controllers_seen
from firebreak.core.guards.table import GUARDS
from firebreak.core.model import Plan, Request, Unresolved
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import Rules


def decide(request: Request, rules: Rules, seen: Snapshot) -> Decision:
    """Runs every guard; the first objection names the reason.

    A request acts only when every guard that applies to it looked and agreed: a guard that did not
    look refuses as well, after every real objection.
    """
    checks = tuple(guard.check(request, rules, seen) for guard in GUARDS)
    first = next((check for check in checks if check.result is Result.OBJECTED), None)
    if first is None:
        first = next((check for check in checks if check.result is Result.NOT_LOOKED_AT), None)
    plan = _plan(rules, seen)
    if first is None:
        if plan is None:  # the readiness guard agreed, so this is unreachable; refuse all the same
            return Decision(Refuse(), Reason.NOT_READY_UNREADABLE, checks, rules.policy_hash)
        return Decision(Act(plan), Reason.CLEAR_TO_ACT, checks, rules.policy_hash)
    return Decision(_outcome(first, plan), first.reason or Reason.NOT_LOOKED_AT, checks, rules.policy_hash)


def refuse(reason: Reason, detail: str, policy_hash: str = "", *, cause: str = "") -> Decision:
    """A refusal before any guard is asked, for example because no target is known."""
    check = Check("intake", Result.OBJECTED, detail, reason, cause=cause)
    return Decision(Refuse(), reason, (check,), policy_hash)


def refuse_unresolved(unresolved: Unresolved, policy_hash: str, now: datetime) -> Decision:
    """The refusal of an alarm that names no single target; a failed look-up is announced once."""
    unseen = unresolved.reason is Reason.TARGET_UNREADABLE
    cause = f"{unresolved.detail} {quarter_hour(now)}" if unseen else ""
    guard = "caller" if unresolved.reason is Reason.CALLER_UNCONFIRMED else "target"
    check = Check(guard, Result.OBJECTED, unresolved.detail, unresolved.reason, cause=cause)
    return Decision(Refuse(), unresolved.reason, (check,), policy_hash)


def _plan(rules: Rules, seen: Snapshot) -> Plan | None:
    """The plan that was seen, with a warning that names what else acts on the alarm."""
    if not isinstance(seen.plan, Plan):
        return None
    others = controllers_seen(seen, rules.catalog)
    if not others:
        return seen.plan
    return replace(seen.plan, warnings=(*seen.plan.warnings, f"the alarm also starts {names_of(others)}"))


def _outcome(first: Check, plan: Plan | None) -> Outcome:
    if first.reason is Reason.OBSERVE_ONLY:
        return Propose(plan)
    if first.reason is Reason.NEEDS_APPROVAL:
        return AskApproval(plan)
    if first.reason and first.until and MEANINGS[first.reason].disposition is Disposition.DEFER:
        return Defer(first.until)
    return Refuse()
