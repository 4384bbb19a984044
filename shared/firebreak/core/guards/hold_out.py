"""Guard: one in so many first acts is left out on purpose, to see how often alarms recover by themselves."""

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.guards.findings import objected, passed
from firebreak.core.keys import digest
from firebreak.core.model import Alarm, Plan, Request
from firebreak.core.people import caller
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def is_held_out(alarm: Alarm, one_in: int) -> bool:
    """Whether this transition is one of the `one_in`: by its name and second alone, so every look agrees."""
    return int(digest("hold-out", alarm.series, f"{alarm.since:%FT%TZ}"), 16) % one_in == 0


def hold_out(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """One in so many first acts is left out on purpose, to see whether the alarm recovers by itself."""
    if not rules.hold_out:
        return Check("hold-out", Result.NOT_APPLICABLE, "the policy holds nothing out")
    if request.incident_id:
        return Check("hold-out", Result.NOT_APPLICABLE, "inside one incident nothing is held out")
    if request.by:
        return passed("hold-out", f"asked for by {caller(request.by, verified=request.verified)}")
    if not isinstance(seen.plan, Plan):
        # Only what would be done is held out: a refusal for another reason is no sample.
        return Check(
            "hold-out", Result.NOT_LOOKED_AT, "not looked at: there is no plan that could be held out"
        )
    one_in = f"one in {rules.hold_out}"
    if is_held_out(request.alarm, rules.hold_out):
        return objected("hold-out", Reason.HELD_OUT, f"this is the {one_in} that is left alone on purpose")
    return passed("hold-out", f"not the {one_in} that is left alone")
