"""The guards: each looks at one thing and returns its finding, never a bare yes or no.

The order of GUARDS is the order of the explanation; the first objection names the reason.
"""

# long because: the whole policy is read here, in its order, one screen a guard

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeIs

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.evaluation import Missing, MissingData
from firebreak.core.guards.consent import ALARMS_TAG, OPT_IN_TAG, allows
from firebreak.core.guards.controllers import EFFECT_OF, Controller, Effect, controllers_of, names_of
from firebreak.core.guards.own_deployments import origin
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import ASKED_IN, IN_FLIGHT, Incident
from firebreak.core.limits import storm as storms
from firebreak.core.limits.breaker import (
    Closed,
    Open,
    Trying,
    backed_off,
    breaker,
    failures_in_a_row,
    with_overdue_judged,
)
from firebreak.core.limits.budgets import CLOCK_SKEW, PAD, held, is_ahead, next_slot, readable, spell
from firebreak.core.limits.disruption_budget import GroupCount, allowed, left_healthy, touched
from firebreak.core.limits.freeze import Free, Frozen, find_freeze
from firebreak.core.limits.history import Act, Hold, Transition
from firebreak.core.limits.scopes import (
    Level,
    Scope,
    action_scope,
    group_scope,
    switch_scope_words,
    target_scope,
)
from firebreak.core.missing_data import (
    CannotTell,
    data_of,
    of_event,
    of_event_alone,
    owners_word,
    told_by_event,
)
from firebreak.core.model import (
    Alarm,
    AlarmState,
    Autonomy,
    Obstacle,
    Plan,
    Request,
    RequestKind,
    same_change,
)
from firebreak.core.observed import DescribedAlarm
from firebreak.core.people import claimed, person
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.watchdog import is_heartbeat

_K = RequestKind
EVERY_KIND = frozenset(RequestKind)
ALARM_TAG = "firebreak:action"
STACK_TAG = "aws:cloudformation:stack-name"
# Memory that has to be raised more often than the policy says within a month is leaking.
RATCHET_WINDOW = timedelta(days=30)


def clock(at: datetime) -> str:
    """A time as operators read it: UTC, seconds, no date noise."""
    return f"{at:%H:%M:%S}Z"


def format_date_time(at: datetime, now: datetime) -> str:
    """The same with its date, unless it is today."""
    return clock(at) if at.date() == now.date() else f"{at:%Y-%m-%d} {clock(at)}"


def quarter(at: datetime) -> str:
    """The quarter of an hour in which one cause is told once."""
    return f"{at:%Y-%m-%dT%H}:{at.minute // 15 * 15:02d}"


def passed(guard: str, detail: str) -> Check:
    """The guard looked and has nothing against acting."""
    return Check(guard, Result.PASSED, detail)


def objected(
    guard: str, reason: Reason, detail: str, until: datetime | None = None, *, cause: str = ""
) -> Check:
    """The guard is against acting; `cause` is what it shares with other objections, if anything."""
    return Check(guard, Result.OBJECTED, detail, reason, until, cause)


def blind(guard: str, reading: Unknown | NotRead, reason: Reason, now: datetime) -> Check:
    """The guard could not look (which objects), or was not asked to (which is told apart).

    What keeps one from looking often keeps all: that is told once a quarter of an hour.
    """
    match reading:
        case Unknown(why):
            return objected(guard, reason, f"could not look: {why}", cause=f"{why} {quarter(now)}")
        case NotRead(why):
            return Check(guard, Result.NOT_LOOKED_AT, f"not looked at: {why}")


def heartbeat(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The alarm is Firebreak's own heartbeat, which is only recorded, and counts if all the ledger was read.

    It comes first: no kill switch, freeze or missing target may hide that an alarm got this far.
    """
    del rules
    if not is_heartbeat(request.alarm, seen.stack_name, request.target.account, request.target.region):
        return Check("heartbeat", Result.NOT_APPLICABLE, "another alarm")
    of_ledger = (seen.holds, seen.decided, seen.transition, seen.incident, seen.beside, seen.storm)
    blind_to = [one.why for one in (*of_ledger, *seen.scopes.values()) if isinstance(one, Unknown | NotRead)]
    if blind_to:
        return objected("heartbeat", Reason.HEARTBEAT_BLIND, f"could not look: {blind_to[0]}")
    return objected("heartbeat", Reason.HEARTBEAT, f"the heartbeat of stack {seen.stack_name}")


def switch_words(hold: Hold) -> str:
    """A held kill switch in one line, with people by the names that others know them by."""
    by = replace(hold, holder=person(hold.holder), claimed_by=person(hold.claimed_by))
    return f"{switch_scope_words(hold.scope)} by {by.shown_holder} until {clock(hold.until)}: {hold.why}"


def switch(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A kill switch holds over the target, its group, the action or everything."""
    del rules
    match seen.holds:
        case Unknown() | NotRead() as unseen:
            return blind("switch", unseen, Reason.SWITCH_UNREADABLE, seen.now)
        case Absent():
            return passed("switch", "no kill switch is held")
        case holds:
            # The claim compares against our clock less the skew, so the guard does too.
            active = [hold for hold in holds if hold.until + CLOCK_SKEW > seen.now]
    if not active:
        return passed("switch", "no kill switch is held")
    last = max(active, key=lambda hold: hold.until)
    told = "; ".join(map(switch_words, active))
    if request.despite_switch:
        return passed("switch", f"{told}; overruled by {request.despite_switch}")
    held = ", ".join(f"{hold.scope} {hold.holder} {hold.since:%FT%TZ}" for hold in active)
    found = objected("switch", Reason.SWITCHED_OFF, told, last.until + CLOCK_SKEW, cause=held)
    return replace(found, by=last.holder)


def own_stack(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target belongs to Firebreak itself."""
    del request, rules
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("own stack", unseen, Reason.OWN_STACK_UNREADABLE, seen.now)
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
                return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE, seen.now)
            case Absent():
                in_event = ""
            case tags:
                in_event = tags.get(ALARM_TAG, "")
    if in_event == "none":
        return objected("opt-in", Reason.ACTION_NONE, f"the alarm says {ALARM_TAG}=none")
    # A second look is for the action that was refused, to which the ladder of the tag's action had led.
    if in_event not in {"", request.action} and not (request.incident_id or request.refused):
        # Without tags in its event an alarm is routed by its symptom, whatever its owner wants.
        return objected("opt-in", Reason.OTHER_ACTION, f"the alarm says {ALARM_TAG}={in_event!r}")
    return _target_opted_in(request, seen)


def _target_opted_in(request: Request, seen: Snapshot) -> Check:
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE, seen.now)
        case Absent():
            return objected("opt-in", Reason.TARGET_MISSING, "the target does not exist")
        case tags if tags.get(OPT_IN_TAG) == "true" and not allows(tags, request.alarm.name):
            told = f"the target's tag {ALARMS_TAG} is {tags.get(ALARMS_TAG)!r}"
            return objected("opt-in", Reason.ALARM_NOT_ALLOWED, told)
        case tags if tags.get(OPT_IN_TAG) == "true":
            return passed("opt-in", f"{OPT_IN_TAG}=true")
        case tags:
            return objected(
                "opt-in", Reason.NOT_OPTED_IN, f"{OPT_IN_TAG} is {tags.get(OPT_IN_TAG, 'not set')!r}"
            )


def load_balancer(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The live service is behind every target group that led to it.

    Which service that is may have been looked up minutes ago.
    """
    del rules
    if not request.groups:
        return Check("load balancer", Result.NOT_APPLICABLE, "no target group led to the target")
    match seen.target_groups:
        case Unknown() | NotRead() as unseen:
            return blind("load balancer", unseen, Reason.TARGET_UNREADABLE, seen.now)
        case Absent():
            return objected("load balancer", Reason.TARGET_MISSING, "the target does not exist")
        case registered:
            gone = sorted(request.groups - registered)
    if gone:
        told = f"it is not registered with {', '.join(gone)}"
        return objected("load balancer", Reason.NOT_REGISTERED, told)
    return passed("load balancer", f"it is registered with {', '.join(sorted(request.groups))}")


def muted(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """CloudWatch's own brakes: a mute window, suppression, or disabled actions."""
    del rules
    mute, suppressed = request.alarm.mute, request.alarm.suppressed_by
    # A human asks with the alarm's event: whether what it told has ended is told by no other.
    fresh = request.kind is _K.ALARM or bool(request.by)
    if mute and (mute.until > seen.now if mute.until else fresh):
        ends = f"until {clock(mute.until)}" if mute.until else "with no readable end"
        reason = Reason.MUTED if mute.until else Reason.MUTED_WITHOUT_END
        return objected("muted", reason, f"muted by {mute.by} {ends}", mute.until)
    if suppressed and fresh:
        return objected("muted", Reason.SUPPRESSED, f"actions suppressed by {suppressed}")
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("muted", unseen, Reason.MUTE_UNREADABLE, seen.now)
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
            return blind("wrong direction", unseen, Reason.DIRECTION_UNREADABLE, seen.now)
        case Absent():
            return objected("wrong direction", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.comparison.startswith("Greater"):
            return passed("wrong direction", alarm.comparison)
        case alarm:
            return objected(
                "wrong direction", Reason.WRONG_DIRECTION, f"comparison is {alarm.comparison or 'not stated'}"
            )


def controllers_seen(seen: Snapshot) -> tuple[Controller, ...]:
    """What else acts on the alarm, as far as it was looked at; Firebreak's own functions are nothing else."""
    if not isinstance(seen.alarm, DescribedAlarm):
        return ()
    own = (f"{seen.stack_name}-{function}" for function in (*EFFECT_OF, "page", "verify"))
    return controllers_of(seen.alarm.actions, own)


def other_controller(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Something else acts on the alarm: without a tag it is left to that, and nothing is ever done twice."""
    del rules
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("other controller", unseen, Reason.CONTROLLER_UNREADABLE, seen.now)
        case Absent():
            return passed("other controller", "the alarm is gone, so it starts nothing")
        case _:
            others = controllers_seen(seen)
    if not others:
        return passed("other controller", "its own actions change nothing")
    if request.by_symptom:
        return objected("other controller", Reason.OTHER_CONTROLLER, f"it starts {names_of(others)}")
    effect = EFFECT_OF.get(request.action)
    same = [one for one in others if one.effect is effect is not Effect.OTHER]
    if same:
        told = f"it starts {names_of(same)}, whose effect is {effect} as well"
        cause = f"{request.target.key} {request.action} {told}"
        return objected("other controller", Reason.SAME_EFFECT, told, cause=cause)
    return passed("other controller", f"it starts {names_of(others)} as well; its tag asks for this action")


def stale(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The request must be young, the newest of its alarm, and the alarm red at this moment."""
    last, age = seen.transition, seen.now - request.at
    if _is_newer(last, request.alarm, seen.now) and _gives_way(request, last):
        return objected("stale", Reason.SUPERSEDED, f"{last.state} since {clock(last.since)} is newer")
    if age > rules.max_event_age and _ages(request):
        told = f"{readable(age)} old, limit {spell(rules.max_event_age)}"
        return objected("stale", Reason.TOO_OLD, told)
    if request.kind is _K.ALARM and isinstance(last, Unknown | NotRead):
        return blind("stale", last, Reason.ALARM_UNREADABLE, seen.now)
    return _red_now(request, seen)


def _is_newer(seen: Reading[Transition], alarm: Alarm, now: datetime) -> TypeIs[Transition]:
    """Whether a later transition of the alarm is known; one that has not happened yet is none."""
    return isinstance(seen, Transition) and seen.since > alarm.since and not is_ahead(seen.since, now)


def _gives_way(request: Request, newer: Transition) -> bool:
    """Whether that newer transition of the alarm speaks instead.

    An alarm that turned red anew while its first request waited asks for itself; a human means it as it is.
    """
    if request.kind is _K.ALARM:
        return True
    waited = request.kind is _K.WAKE and not request.incident_id and not request.by
    return waited and newer.state is AlarmState.ALARM


def _ages(request: Request) -> bool:
    """Whether the request's own time counts.

    A yes has one of its own, and comes by the clock of whoever said it. An alarm that was put off waited for
    this one look, and nobody would look again: what counts is whether it is red now.
    """
    if request.kind is _K.WAKE:
        return bool(request.incident_id)
    return request.kind is not _K.APPROVAL


def _red_now(request: Request, seen: Snapshot) -> Check:
    red = _alarm_red_now(seen)
    # Of an incident every member was looked at, each by its own series.
    if red.result is not Result.PASSED or not request.alarm.contributor or request.incident_id:
        return red
    return _series_red_now(request.alarm.contributor.id, seen)


def _series_red_now(contributor: str, seen: Snapshot) -> Check:
    match seen.series_in_alarm:
        case Unknown() | NotRead() as unseen:
            return blind("stale", unseen, Reason.ALARM_UNREADABLE, seen.now)
        case Absent():
            return objected("stale", Reason.ALARM_GONE, "the alarm does not exist")
        case series if contributor not in series:
            return objected("stale", Reason.NO_LONGER_RED, "this contributor is not in ALARM any more")
        case _:
            return passed("stale", "this contributor is red now")


def _alarm_red_now(seen: Snapshot) -> Check:
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("stale", unseen, Reason.ALARM_UNREADABLE, seen.now)
        case Absent():
            return objected("stale", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.missing:
            told = f"{alarm.name} is {alarm.shown} since {clock(alarm.since)}, without data"
            return passed("stale", told)
        case alarm if alarm.state is AlarmState.INSUFFICIENT_DATA:
            return objected("stale", Reason.NO_DATA_NOW, f"{alarm.state} since {clock(alarm.since)}")
        case alarm if alarm.state is not AlarmState.ALARM:
            return objected("stale", Reason.NO_LONGER_RED, f"{alarm.state} since {clock(alarm.since)}")
        case alarm:
            return passed("stale", f"{alarm.name} is red since {clock(alarm.since)}")


def missing_data(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Red because no data came is no symptom, unless the alarm's owner says that silence is one."""
    match seen.alarm:
        case NotRead() if seen.only_event and (sent := of_event_alone(request.alarm, rules.missing_data)):
            return _judged(replace(sent, detail=f"by its event {sent.detail}"))
        case Unknown() | NotRead() as unseen:
            check = blind("missing data", unseen, Reason.ALARM_UNREADABLE, seen.now)
            told = told_by_event(request.alarm)
            return replace(check, detail=f"{check.detail}; by its event {told}") if told else check
        case Absent():
            return passed("missing data", "the alarm does not exist")
        case alarm:
            missing = _missing_of(request, rules, seen, alarm)
    if missing:
        return _judged(missing)
    found = data_of(alarm)
    told = f"whether data came is not known: {found.why}" if isinstance(found, CannotTell) else "data came"
    return passed("missing data", told)


def _judged(missing: Missing) -> Check:
    """What follows from missing data by the word of the alarm's owner."""
    match missing.meaning:
        case MissingData.SYMPTOM:
            return passed("missing data", f"{missing.detail}; a symptom, by {missing.source}")
        case MissingData.IGNORE:
            told = f"{missing.detail}; ignored, by {missing.source}"
            return objected("missing data", Reason.NO_DATA_IGNORED, told)
        case None:
            told = f"{missing.detail}; {missing.source}"
            return objected("missing data", Reason.NO_DATA, told)


def _missing_of(request: Request, rules: Rules, seen: Snapshot, alarm: DescribedAlarm) -> Missing | None:
    """Of the alarm asked about; at a first response its own series counts, and what its event says."""
    if request.incident_id:
        return alarm.missing
    contributor = request.alarm.contributor
    if contributor and isinstance(seen.series_in_alarm, Mapping):
        series = seen.series_in_alarm.get(contributor.id)
        if series and series.missing:
            return series.missing
    word = owners_word(request.alarm.name, seen.alarm_tags, rules.missing_data)
    return of_event(request.alarm, alarm, word)


def still_well(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A temporary change is only taken back while every alarm of the incident is well."""
    del request, rules
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("still well", unseen, Reason.ALARM_UNREADABLE, seen.now)
        case Absent():
            return objected("still well", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.state is not AlarmState.OK:
            told = f"{alarm.name} is {alarm.state} since {clock(alarm.since)}"
            return objected("still well", Reason.RED_AGAIN, told)
        case alarm:
            return passed("still well", f"{alarm.name} is {alarm.state} since {clock(alarm.since)}")


def duplicate(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """This very delivery was decided before."""
    del request, rules
    match seen.decided:
        case Unknown() | NotRead() as unseen:
            return blind("duplicate", unseen, Reason.DUPLICATE_UNREADABLE, seen.now)
        case Absent():
            return passed("duplicate", "first delivery")
        case before:
            return objected(
                "duplicate", Reason.DUPLICATE, f"{before.outcome} at {clock(before.at)}: {before.reason}"
            )


def in_flight(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """One incident at a time works on a target, and on what it shares with others.

    A request for an incident must find it as it was.
    """
    del rules
    match seen.incident:
        case Unknown() | NotRead() as unseen:
            return blind("in flight", unseen, Reason.IN_FLIGHT_UNREADABLE, seen.now)
        case Absent() if request.incident_id:
            return objected("in flight", Reason.INCIDENT_MOVED_ON, "the incident is not in the ledger")
        case Absent():
            return _beside(request, seen, "no open incident")
        case incident:
            pass
    if incident.id != request.incident_id:
        if incident.holds_target:
            return objected("in flight", Reason.IN_FLIGHT, f"incident {incident.id} is {incident.state}")
        return _beside(request, seen, f"incident {incident.id} is {incident.state}")
    as_asked = (incident.rung, incident.action) == (request.rung, request.action)
    if not as_asked or incident.state not in ASKED_IN[request.kind]:
        now_at = f"it is {incident.state} at rung {incident.rung} ({incident.action})"
        now_at += f", asked for rung {request.rung} ({request.action})"
        return objected("in flight", Reason.INCIDENT_MOVED_ON, now_at)
    if request.kind is _K.APPROVAL and request.question != question_id(incident):
        answered = request.question or "no question at all"
        other = f"{answered} was answered; {question_id(incident)} is asked now"
        return objected("in flight", Reason.INCIDENT_MOVED_ON, other)
    return _beside(request, seen, f"own incident, {incident.state}")


def _beside(request: Request, seen: Snapshot, own: str) -> Check:
    """The target itself is free; a shared dependency must be, too."""
    match seen.beside:
        case Unknown() | NotRead() as unseen:
            return blind("in flight", unseen, Reason.IN_FLIGHT_UNREADABLE, seen.now)
        case Absent():
            return passed("in flight", own)
        case others:
            busy = [i for i in others if i.id != request.incident_id and i.state in IN_FLIGHT]
    if not busy:
        return passed("in flight", own)
    told = f"incident {busy[0].id} of {busy[0].target.display}, which shares a dependency, is {busy[0].state}"
    return objected("in flight", Reason.DEPENDENCY_IN_FLIGHT, told)


def freeze(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """No change-freeze window is open, and where acts are kept to windows, one of those is."""
    del request
    match find_freeze(rules.never, rules.only, seen.now):
        case Free(detail):
            return passed("freeze", detail)
        case Frozen() as frozen:
            reason = Reason.OUTSIDE_WINDOW if frozen.outside else Reason.FROZEN
            return objected("freeze", reason, frozen.detail, frozen.until, cause=frozen.frozen_by)


def storm(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Too many routed alarms turned red at once for one restart to be the cure."""
    del request
    match seen.storm:
        case Unknown() | NotRead() as unseen:
            return blind("storm", unseen, Reason.STORM_UNREADABLE, seen.now)
        case Absent():
            return passed("storm", f"0/{rules.storm.alarms} routed alarms red")
        case seen_storm:
            pass
    if seen_storm.tripped_at:
        told = f"a storm since {clock(seen_storm.tripped_at)}, {len(seen_storm.red)} alarms; it ends"
        told += f" {spell(rules.storm.quiet)} after the last turned red, once fewer than"
        return objected("storm", Reason.STORM, f"{told} {rules.storm.alarms} are")
    told = storms.numbers(seen_storm, rules.storm, seen.now)
    if storms.begins(seen_storm, rules.storm, seen.now):
        return objected("storm", Reason.STORM, f"{told}: a storm that is not declared yet")
    return passed("storm", told)


def breaker_closed(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The action has been helping: on this target, and over the whole stack."""
    told: list[str] = []
    for scope in (target_scope(request.target), action_scope(request.target, request.action)):
        match seen.scopes.get(scope, NotRead("not asked for")):
            case Unknown() | NotRead() as unseen:
                return blind("breaker", unseen, Reason.HISTORY_UNREADABLE, seen.now)
            case Absent():
                acts: list[Act] = []
            case history:
                acts = _tried_before(request, history.acts, rules, seen.now)
        match breaker(acts, request.target.key, rules.breakers[scope.level], seen.now):
            case Closed(detail):
                told.append(f"{scope} {detail}")
            case Open(detail, until):
                held_by = f"{scope} {detail}, open until {clock(until)}"
                cause = _beyond_the_target(scope, f"{until:%FT%TZ}")
                return objected("breaker", Reason.BREAKER_OPEN, held_by, until, cause=cause)
            case Trying(detail, since):
                cause = _beyond_the_target(scope, f"tried after {since:%FT%TZ}")
                return objected("breaker", Reason.BREAKER_OPEN, f"{scope} {detail}", cause=cause)
    return passed("breaker", ", ".join(told))


def _beyond_the_target(scope: Scope, what: str) -> str:
    """What the refusals of several targets share; those of one are one thread by their reason."""
    return "" if scope.level is Level.TARGET else f"{scope.level} {scope.key} {what}"


def _tried_before(request: Request, acts: tuple[Act, ...], rules: Rules, now: datetime) -> list[Act]:
    """The acts of the same action, but for those of this very incident."""
    same = [a for a in acts if a.action == request.action and a.incident_id != (request.incident_id or None)]
    return with_overdue_judged(same, now, rules.max_incident_age)


def cooldown(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target rests between incidents, twice as long after each that was not helped."""
    if request.incident_id:
        return Check("cooldown", Result.NOT_APPLICABLE, "inside one incident the rung gap counts")
    acts = _acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("cooldown", acts, Reason.HISTORY_UNREADABLE, seen.now)
    failed = len(failures_in_a_row(with_overdue_judged(acts, seen.now, rules.max_incident_age)))
    rest = backed_off(rules.cooldown, failed, rules.max_cooldown)
    by = f" by {rules.sources['cooldown']}" + (f", doubled {failed} times" if failed else "")
    return _rest("cooldown", Reason.COOLDOWN, rest, acts, seen.now, by=by)


def rung_gap(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The rungs of one incident keep a distance."""
    if not request.incident_id:
        return Check("rung gap", Result.NOT_APPLICABLE, "first response")
    acts = _acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("rung gap", acts, Reason.HISTORY_UNREADABLE, seen.now)
    own = tuple(act for act in acts if act.incident_id == request.incident_id)
    return _rest("rung gap", Reason.RUNG_GAP, rules.rung_gap, own, seen.now)


def ratchet(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """What has to be raised again and again is a leak, which more memory only feeds."""
    limit = rules.settings.raises
    if not limit:
        return Check("ratchet", Result.NOT_APPLICABLE, "this action raises nothing for good")
    acts = _acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("ratchet", acts, Reason.HISTORY_UNREADABLE, seen.now)
    raised = [act.at for act in acts if act.action == request.action and act.at > seen.now - RATCHET_WINDOW]
    told = f"raised {len(raised)}/{limit} times in {spell(RATCHET_WINDOW)}"
    if len(raised) < limit:
        return passed("ratchet", told)
    free_at = sorted(raised)[-limit] + RATCHET_WINDOW
    return objected("ratchet", Reason.RAISED_TOO_OFTEN, told, free_at)


def once(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A deployment is rolled back once, and nothing goes back to what a roll back took out."""
    del rules
    way = seen.plan.way_back if isinstance(seen.plan, Plan) else None
    if way is None:  # without any plan the readiness guard says why
        return Check("once", Result.NOT_APPLICABLE, "no roll back is planned")
    acts = _acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("once", acts, Reason.HISTORY_UNREADABLE, seen.now)
    repeats = way.repeats(act.at for act in acts if act.action == request.action)
    if repeats:
        return objected("once", Reason.ROLLED_BACK_BEFORE, repeats)
    return passed("once", "neither it nor what it goes back to was rolled back lately")


def _acts_in(scope: Scope, seen: Snapshot) -> tuple[Act, ...] | Unknown | NotRead:
    match seen.scopes.get(scope, NotRead(f"the {scope}'s history was not asked for")):
        case Unknown() | NotRead() as unseen:
            return unseen
        case Absent():
            return ()
        case history:
            return history.acts


def _rest(
    guard: str, reason: Reason, gap: timedelta, acts: tuple[Act, ...], now: datetime, *, by: str = ""
) -> Check:
    if not acts:
        return passed(guard, "no recent action")
    last = max(act.at for act in acts)
    told = f"last action {clock(last)}, rest {spell(gap)}{by}, over at {clock(last + gap)}"
    return objected(guard, reason, told, last + gap) if last + gap > now else passed(guard, told)


def budgets(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Every window at every level must have a free slot."""
    told: list[str] = []
    # What was asked for must be there; what the target's tags added is there as well.
    for scope in dict.fromkeys((*rules.scopes(request.target), *seen.scopes)):
        match seen.scopes.get(scope, NotRead("not asked for")):
            case Unknown() | NotRead() as unseen:
                return blind("budgets", unseen, Reason.HISTORY_UNREADABLE, seen.now)
            case Absent():
                acts: list[datetime] = []
            case history:
                acts = [act.at for act in history.acts]
        if acts and max(acts) > seen.now:
            ahead = f"{scope} history is at {clock(max(acts))}, our clock at {clock(seen.now)}"
            return objected("budgets", Reason.CLOCK_BEHIND, ahead, max(acts), cause=quarter(seen.now))
        for budget in rules.limits(scope):
            used = f"{scope} {len(held(acts, budget, seen.now))}/{budget.acts} in {spell(budget.window)}"
            if free_at := next_slot(acts, budget, seen.now):
                pad = f"the window and {spell(PAD)} for clocks that differ"
                detail = f"budget {used}, next slot {clock(free_at)}, {pad}"
                cause = _beyond_the_target(scope, f"{budget} {free_at:%FT%TZ}")
                return objected("budgets", Reason.BUDGET_FULL, detail, free_at, cause=cause)
            told.append(used)
    return passed("budgets", ", ".join(told))


def share(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Only so much of a group may be touched, and enough of it must stay healthy."""
    if not request.target.group:
        return Check("share", Result.NOT_APPLICABLE, "the target is in no group")
    match seen.group:
        case Unknown() | NotRead() as unseen:
            return blind("share", unseen, Reason.GROUP_UNREADABLE, seen.now)
        case Absent():
            return objected("share", Reason.GROUP_UNREADABLE, "the group does not exist")
        case group:
            acts = _acts_in(group_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("share", acts, Reason.HISTORY_UNREADABLE, seen.now)
    acts = tuple(with_overdue_judged(acts, seen.now, rules.max_incident_age))
    hit = touched(acts, rules.share, seen.now) | {request.target.key}
    limit = allowed(group.total, rules.share)
    age = readable(seen.now - group.counted_at)
    told = f"{len(hit)}/{limit} of {group.total} in {spell(rules.share.within)} (counted {age} ago)"
    told += f" by {rules.sources['share']}"
    if len(hit) > limit:
        return objected("share", Reason.SHARE_REACHED, told)
    return (
        _above_floor(request, rules, group, acts, told, now=seen.now)
        if rules.share.healthy_floor
        else passed("share", told)
    )


def _above_floor(
    request: Request, rules: Rules, group: GroupCount, acts: tuple[Act, ...], told: str, *, now: datetime
) -> Check:
    match group.healthy:
        case Unknown() | NotRead() as unseen:
            return blind("share", unseen, Reason.GROUP_UNREADABLE, now)
        case Absent():
            return objected("share", Reason.GROUP_UNREADABLE, "the group does not exist")
        case healthy:
            left = left_healthy(healthy, acts, request.target.key)
    told += f"; {left} would stay healthy, floor {rules.share.healthy_floor}"
    if left < rules.share.healthy_floor:
        return objected("share", Reason.HEALTHY_FLOOR_REACHED, told)
    return passed("share", told)


def readiness(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target, as it is now, can take the action."""
    del rules
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("readiness", unseen, Reason.NOT_READY_UNREADABLE, seen.now)
        case Absent():
            return objected("readiness", Reason.TARGET_MISSING, "the target does not exist")
        case Obstacle(reason, detail) as obstacle:
            acts = _acts_in(target_scope(request.target), seen)
            started_by = origin(obstacle, seen.incident, acts if isinstance(acts, tuple) else ())
            return objected("readiness", reason, f"{detail}{started_by}")
        case plan:
            return passed("readiness", "; ".join((plan.summary, *plan.warnings)))


def approved(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """What a human said yes to is what would be done now, and it was said in time."""
    if not request.by or rules.autonomy is Autonomy.OBSERVE:
        told = "the policy says observe here by now" if request.by else "nobody's name came with it"
        return objected("approved", Reason.NOT_APPROVED, told)
    if not isinstance(seen.incident, Incident):  # the in-flight guard says why
        return Check("approved", Result.NOT_LOOKED_AT, "not looked at: the incident is not known")
    asked, until = seen.incident.plan, seen.incident.due_at
    if until is None or seen.now > until:
        told = f"it could be approved until {clock(until)}" if until else "nothing waits for approval"
        return objected("approved", Reason.APPROVAL_EXPIRED, told)
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("approved", unseen, Reason.NOT_READY_UNREADABLE, seen.now)
        case Plan() as plan if asked and same_change(asked, plan):
            return passed("approved", f"by {claimed(request.by)}: {plan.summary}")
        case Plan() as plan:
            told = f"approved: {asked.summary if asked else 'nothing'}; now it would be: {plan.summary}"
            return objected("approved", Reason.PLAN_CHANGED, told)
        case Obstacle() | Absent():
            return objected("approved", Reason.PLAN_CHANGED, "it cannot be done any more")


def autonomy(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """How far the policy lets Firebreak go here by itself; with a doubt it never goes alone."""
    del request
    told = f"{rules.autonomy} by {rules.sources['autonomy']}"
    doubts = seen.plan.doubts if isinstance(seen.plan, Plan) else ()
    match rules.autonomy:
        case Autonomy.AUTO if doubts:
            told += f", but a human must say yes: {'; '.join(doubts)}"
            return objected("autonomy", Reason.NEEDS_APPROVAL, told)
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
        """The guard's finding, or that it is not for this kind of request."""
        if request.kind not in self.applies_to:
            return Check(self.name, Result.NOT_APPLICABLE, f"not for a request of kind {request.kind}")
        return self.look(request, rules, seen)


FIRST_AND_NEXT = frozenset({_K.ALARM, _K.CLIMB, _K.WAKE})
TAKES_A_SLOT = FIRST_AND_NEXT | {_K.APPROVAL}
# Taking capacity back is a change like any other, so it keeps still where acts do.
NOT_IN_A_STORM = FIRST_AND_NEXT | {_K.RESTORE}

# tests/core/test_decide.py holds the order.
GUARDS: tuple[Guard, ...] = (
    Guard("heartbeat", EVERY_KIND, heartbeat),
    Guard("switch", EVERY_KIND, switch),
    Guard("own stack", EVERY_KIND, own_stack),
    Guard("opt-in", TAKES_A_SLOT, opt_in),
    Guard("load balancer", FIRST_AND_NEXT, load_balancer),
    Guard("muted", FIRST_AND_NEXT, muted),
    Guard("wrong direction", frozenset({_K.ALARM, _K.WAKE}), wrong_direction),
    Guard("other controller", TAKES_A_SLOT, other_controller),
    Guard("stale", TAKES_A_SLOT, stale),
    Guard("missing data", TAKES_A_SLOT, missing_data),
    Guard("still well", frozenset({_K.RESTORE}), still_well),
    Guard("duplicate", EVERY_KIND, duplicate),
    Guard("in flight", EVERY_KIND, in_flight),
    Guard("freeze", NOT_IN_A_STORM, freeze),
    Guard("storm", NOT_IN_A_STORM, storm),
    Guard("breaker", FIRST_AND_NEXT, breaker_closed),
    Guard("cooldown", FIRST_AND_NEXT, cooldown),
    Guard("rung gap", FIRST_AND_NEXT, rung_gap),
    Guard("ratchet", TAKES_A_SLOT, ratchet),
    Guard("once", TAKES_A_SLOT, once),
    Guard("budgets", TAKES_A_SLOT, budgets),
    Guard("share", TAKES_A_SLOT, share),
    Guard("readiness", EVERY_KIND, readiness),
    Guard("approved", frozenset({_K.APPROVAL}), approved),
    Guard("autonomy", FIRST_AND_NEXT, autonomy),
)
