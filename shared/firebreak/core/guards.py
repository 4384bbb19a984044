"""The guards: each looks at one thing and returns its finding, never a bare yes or no.

The order of GUARDS is the order of the explanation; the first objection names the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.budgets import CLOCK_SKEW, PAD, held, next_slot, spell
from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.incident import MAY_BE_ASKED
from firebreak.core.model import AlarmState, Autonomy, Obstacle, Request, RequestKind
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Level, Rules

_K = RequestKind
EVERY_KIND = frozenset(RequestKind)
ALARM_TAG = "firebreak:action"
OPT_IN_TAG = "firebreak:enabled"
STACK_TAG = "aws:cloudformation:stack-name"


def clock(at: datetime) -> str:
    """A time as operators read it: UTC, seconds, no date noise."""
    return f"{at:%H:%M:%S}Z"


def passed(guard: str, detail: str) -> Check:
    """The guard looked and has nothing against acting."""
    return Check(guard, Result.PASSED, detail)


def objected(guard: str, reason: Reason, detail: str, until: datetime | None = None) -> Check:
    """The guard is against acting."""
    return Check(guard, Result.OBJECTED, detail, reason, until)


def blind(guard: str, reading: Unknown | NotRead, reason: Reason) -> Check:
    """The guard could not look (which objects), or was not asked to (which is told apart)."""
    match reading:
        case Unknown(why):
            return objected(guard, reason, f"could not look: {why}")
        case NotRead(why):
            return Check(guard, Result.NOT_LOOKED_AT, f"not looked at: {why}")


def switch(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A kill switch holds over the target, its group, the action or everything."""
    del rules
    match seen.holds:
        case Unknown() | NotRead() as unseen:
            return blind("switch", unseen, Reason.SWITCH_UNREADABLE)
        case Absent():
            return passed("switch", "no kill switch is held")
        case holds:
            # The claim compares against our clock less the skew, so the guard does too.
            active = [hold for hold in holds if hold.until + CLOCK_SKEW > seen.now]
    if not active:
        return passed("switch", "no kill switch is held")
    last = max(active, key=lambda hold: hold.until)
    told = "; ".join(f"{h.scope} by {h.holder} until {clock(h.until)}: {h.why}" for h in active)
    if request.despite_switch:
        return passed("switch", f"{told}; overruled by {request.despite_switch}")
    return objected("switch", Reason.SWITCHED_OFF, told, last.until + CLOCK_SKEW)


def own_stack(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target belongs to Firebreak itself."""
    del request, rules
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("own stack", unseen, Reason.OWN_STACK_UNREADABLE)
        case Absent():
            return passed("own stack", "the target has no tags")
        case tags if tags.get(STACK_TAG) == seen.stack_name:
            return objected("own stack", Reason.OWN_STACK, f"it is part of stack {seen.stack_name}")
        case _:
            return passed("own stack", f"it is not part of stack {seen.stack_name}")


def opt_in(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The owner of the resource said yes and the owner of the alarm did not say none."""
    del rules
    in_event = request.alarm.tags.get(ALARM_TAG)
    if in_event is None:
        match seen.alarm_tags:
            case Unknown() | NotRead() as unseen:
                return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE)
            case Absent():
                in_event = ""
            case tags:
                in_event = tags.get(ALARM_TAG, "")
    if in_event == "none":
        return objected("opt-in", Reason.ACTION_NONE, f"the alarm says {ALARM_TAG}=none")
    if in_event not in {"", request.action} and not request.incident_id:
        # Without tags in its event an alarm is routed by its symptom, whatever its owner wants.
        return objected("opt-in", Reason.OTHER_ACTION, f"the alarm says {ALARM_TAG}={in_event!r}")
    return _target_opted_in(seen)


def _target_opted_in(seen: Snapshot) -> Check:
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE)
        case Absent():
            return objected("opt-in", Reason.TARGET_MISSING, "the target does not exist")
        case tags if tags.get(OPT_IN_TAG) == "true":
            return passed("opt-in", f"{OPT_IN_TAG}=true")
        case tags:
            return objected(
                "opt-in", Reason.NOT_OPTED_IN, f"{OPT_IN_TAG} is {tags.get(OPT_IN_TAG, 'not set')!r}"
            )


def muted(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """CloudWatch's own brakes: a mute window, suppression, or disabled actions."""
    del rules
    mute, suppressed = request.alarm.mute, request.alarm.suppressed_by
    fresh = request.kind is _K.ALARM
    if mute and (mute.until > seen.now if mute.until else fresh):
        ends = f"until {clock(mute.until)}" if mute.until else "with no readable end"
        return objected("muted", Reason.MUTED, f"muted by {mute.by} {ends}", mute.until)
    if suppressed and fresh:
        return objected("muted", Reason.SUPPRESSED, f"actions suppressed by {suppressed}")
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("muted", unseen, Reason.MUTE_UNREADABLE)
        case Absent():
            return passed("muted", "the alarm is gone, so nothing mutes it")
        case alarm if not alarm.actions_enabled:
            return objected("muted", Reason.ACTIONS_DISABLED, "the alarm's actions are disabled")
        case _:
            return passed("muted", "not muted, actions enabled")


def wrong_direction(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Routed by symptom, the alarm must fire on a high metric: low CPU must not scale out."""
    del rules
    if not request.by_symptom:
        return Check("wrong direction", Result.NOT_APPLICABLE, "the alarm's tag names the action")
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("wrong direction", unseen, Reason.DIRECTION_UNREADABLE)
        case Absent():
            return objected("wrong direction", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.comparison.startswith("Greater"):
            return passed("wrong direction", alarm.comparison)
        case alarm:
            return objected(
                "wrong direction", Reason.WRONG_DIRECTION, f"comparison is {alarm.comparison or 'not stated'}"
            )


def stale(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The request must be young, the newest of its alarm, and the alarm red at this moment."""
    age = seen.now - request.at
    if age > rules.max_event_age:
        return objected("stale", Reason.TOO_OLD, f"{spell(age)} old, limit {spell(rules.max_event_age)}")
    if request.kind is _K.ALARM:
        match seen.transition:
            case Unknown() | NotRead() as unseen:
                return blind("stale", unseen, Reason.ALARM_UNREADABLE)
            case Absent():
                pass
            case last if last.since > request.alarm.since:
                return objected(
                    "stale", Reason.SUPERSEDED, f"{last.state} since {clock(last.since)} is newer"
                )
            case _:
                pass
    return _red_now(request, seen)


def _red_now(request: Request, seen: Snapshot) -> Check:
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("stale", unseen, Reason.ALARM_UNREADABLE)
        case Absent():
            return objected("stale", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.state is AlarmState.INSUFFICIENT_DATA:
            return objected("stale", Reason.NO_DATA_NOW, f"{alarm.state} since {clock(alarm.since)}")
        case alarm if alarm.state is not AlarmState.ALARM:
            return objected("stale", Reason.NO_LONGER_RED, f"{alarm.state} since {clock(alarm.since)}")
        case alarm:
            red = passed("stale", f"{alarm.name} is red since {clock(alarm.since)}")
    # Of an incident every member was looked at, each by its own series.
    if not request.alarm.contributor or request.incident_id:
        return red
    match seen.series_in_alarm:
        case Unknown() | NotRead() as unseen:
            return blind("stale", unseen, Reason.ALARM_UNREADABLE)
        case series if isinstance(series, Absent) or request.alarm.contributor.id not in series:
            return objected("stale", Reason.NO_LONGER_RED, "this contributor is not in ALARM any more")
        case _:
            return passed("stale", "this contributor is red now")


def duplicate(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """This very delivery was decided before."""
    del request, rules
    match seen.decided:
        case Unknown() | NotRead() as unseen:
            return blind("duplicate", unseen, Reason.DUPLICATE_UNREADABLE)
        case Absent():
            return passed("duplicate", "first delivery")
        case before:
            return objected(
                "duplicate", Reason.DUPLICATE, f"{before.outcome} at {clock(before.at)}: {before.reason}"
            )


def in_flight(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """One incident at a time works on a target; a request for an incident must find it as it was."""
    del rules
    match seen.incident:
        case Unknown() | NotRead() as unseen:
            return blind("in flight", unseen, Reason.IN_FLIGHT_UNREADABLE)
        case Absent():
            if request.incident_id:
                return objected("in flight", Reason.INCIDENT_MOVED_ON, "the incident is not in the ledger")
            return passed("in flight", "no open incident")
        case incident:
            pass
    if incident.id != request.incident_id:
        if incident.holds_target:
            return objected("in flight", Reason.IN_FLIGHT, f"incident {incident.id} is {incident.state}")
        return passed("in flight", f"incident {incident.id} is {incident.state}")
    as_asked = (incident.rung, incident.action) == (request.rung, request.action)
    if not as_asked or incident.state not in MAY_BE_ASKED:
        now_at = f"it is {incident.state} at rung {incident.rung} ({incident.action})"
        now_at += f", asked for rung {request.rung} ({request.action})"
        return objected("in flight", Reason.INCIDENT_MOVED_ON, now_at)
    return passed("in flight", f"own incident, {incident.state}")


def cooldown(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target rests between incidents."""
    if request.incident_id:
        return Check("cooldown", Result.NOT_APPLICABLE, "inside one incident the rung gap counts")
    return _rest("cooldown", Reason.COOLDOWN, rules.cooldown, seen, incident_id="")


def rung_gap(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The rungs of one incident keep a distance."""
    if not request.incident_id:
        return Check("rung gap", Result.NOT_APPLICABLE, "first response")
    return _rest("rung gap", Reason.RUNG_GAP, rules.rung_gap, seen, incident_id=request.incident_id)


def _rest(guard: str, reason: Reason, gap: timedelta, seen: Snapshot, *, incident_id: str) -> Check:
    match seen.scopes.get(Level.TARGET, NotRead("the target's history was not asked for")):
        case Unknown() | NotRead() as unseen:
            return blind(guard, unseen, Reason.HISTORY_UNREADABLE)
        case Absent():
            return passed(guard, "never acted on")
        case history:
            acts = [act.at for act in history.acts if not incident_id or act.incident_id == incident_id]
    if not acts:
        return passed(guard, "no recent action")
    until = max(acts) + gap
    told = f"last action {clock(max(acts))}, rest {spell(gap)}, over at {clock(until)}"
    return objected(guard, reason, told, until) if until > seen.now else passed(guard, told)


def budgets(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Every window at every level must have a free slot."""
    del request
    told: list[str] = []
    for level, limits in rules.budgets.items():
        match seen.scopes.get(level, NotRead("not asked for")):
            case Unknown() | NotRead() as unseen:
                return blind("budgets", unseen, Reason.HISTORY_UNREADABLE)
            case Absent():
                acts: list[datetime] = []
            case history:
                acts = [act.at for act in history.acts]
        if acts and max(acts) > seen.now:
            ahead = f"{level} history is at {clock(max(acts))}, our clock at {clock(seen.now)}"
            return objected("budgets", Reason.CLOCK_BEHIND, ahead, max(acts))
        for budget in limits:
            used = f"{level} {len(held(acts, budget, seen.now))}/{budget.acts} in {spell(budget.window)}"
            if free_at := next_slot(acts, budget, seen.now):
                detail = f"budget {used}, next slot {clock(free_at)} (window + {spell(PAD)} pad)"
                return objected("budgets", Reason.BUDGET_FULL, detail, free_at)
            told.append(used)
    return passed("budgets", ", ".join(told))


def readiness(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target, as it is now, can take the action."""
    del request, rules
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("readiness", unseen, Reason.NOT_READY_UNREADABLE)
        case Absent():
            return objected("readiness", Reason.TARGET_MISSING, "the target does not exist")
        case Obstacle(reason, detail):
            return objected("readiness", reason, detail)
        case plan:
            return passed("readiness", "; ".join((plan.summary, *plan.warnings)))


def autonomy(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """How far the policy lets Firebreak go here by itself."""
    del request, seen
    told = f"{rules.autonomy} by {rules.source}"
    match rules.autonomy:
        case Autonomy.AUTO:
            return passed("autonomy", told)
        case Autonomy.APPROVE:
            return objected("autonomy", Reason.NEEDS_APPROVAL, told)
        case Autonomy.OBSERVE:
            return objected("autonomy", Reason.OBSERVE_ONLY, told)


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard's name, the request kinds it speaks to, and how it looks."""

    name: str
    applies_to: frozenset[RequestKind]
    look: Callable[[Request, Rules, Snapshot], Check]

    def check(self, request: Request, rules: Rules, seen: Snapshot) -> Check:
        """The guard's finding, or that it does not speak to this kind of request."""
        if request.kind not in self.applies_to:
            return Check(self.name, Result.NOT_APPLICABLE, f"does not speak to {request.kind}")
        return self.look(request, rules, seen)


FIRST_AND_NEXT = frozenset({_K.ALARM, _K.CLIMB, _K.WAKE})
TAKES_A_SLOT = FIRST_AND_NEXT | {_K.APPROVAL}

# freeze, storm, breaker and share take their places here (after "in flight" and after
# "budgets"); tests/core/test_decide.py holds the order.
GUARDS: tuple[Guard, ...] = (
    Guard("switch", EVERY_KIND, switch),
    Guard("own stack", EVERY_KIND, own_stack),
    Guard("opt-in", TAKES_A_SLOT, opt_in),
    Guard("muted", FIRST_AND_NEXT, muted),
    Guard("wrong direction", frozenset({_K.ALARM, _K.WAKE}), wrong_direction),
    Guard("stale", TAKES_A_SLOT, stale),
    Guard("duplicate", EVERY_KIND, duplicate),
    Guard("in flight", EVERY_KIND, in_flight),
    Guard("cooldown", FIRST_AND_NEXT, cooldown),
    Guard("rung gap", FIRST_AND_NEXT, rung_gap),
    Guard("budgets", TAKES_A_SLOT, budgets),
    Guard("readiness", EVERY_KIND, readiness),
    Guard("autonomy", FIRST_AND_NEXT, autonomy),
)
