"""Guards: what the alarm means, and whether it is still so."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeIs

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.evaluation import Missing, MissingData
from firebreak.core.formats import format_time
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.incident.states import Incident
from firebreak.core.limits.budgets import format_duration, is_ahead, readable
from firebreak.core.limits.history import Transition
from firebreak.core.missing_data import (
    CannotTell,
    data_of,
    missing_data_in_event,
    of_event,
    of_event_alone,
    owners_word,
)
from firebreak.core.model import (
    Alarm,
    AlarmState,
    Request,
    RequestKind,
)
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def alarm_muted(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """CloudWatch's own brakes: a mute window, suppression, or disabled actions."""
    del rules
    mute, suppressed = request.alarm.mute, request.alarm.suppressed_by
    # A human asks with the alarm's event: no other one shows if the mute or suppression in it has ended.
    fresh = request.kind is RequestKind.ALARM or bool(request.by)
    if mute and (mute.until > seen.now if mute.until else fresh):
        ends = f"until {format_time(mute.until)}" if mute.until else "with no readable end"
        reason = Reason.MUTED if mute.until else Reason.MUTED_WITHOUT_END
        return objected("alarm muted", reason, f"muted by {mute.by} {ends}", mute.until)
    if suppressed and fresh:
        return objected("alarm muted", Reason.SUPPRESSED, f"actions suppressed by {suppressed}")
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("alarm muted", unseen, Reason.MUTE_UNREADABLE, seen.now)
        case Absent():
            return passed("alarm muted", "the alarm is gone, so nothing mutes it")
        case alarm if not alarm.actions_enabled:
            return objected("alarm muted", Reason.ACTIONS_DISABLED, "the alarm's actions are disabled")
        case _:
            return passed("alarm muted", "not muted, actions enabled")


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
                "wrong direction", Reason.WRONG_DIRECTION, f"comparison is {alarm.comparison or 'not given'}"
            )


def stale(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The request must be young, the newest of its alarm, and the alarm red at this moment.

    Of a request by hand only the age counts: it needs no alarm.
    """
    last, age = seen.transition, seen.now - request.at
    if _is_newer(last, request.alarm, seen.now) and _gives_way(request, last):
        return objected("stale", Reason.SUPERSEDED, f"{last.state} since {format_time(last.since)} is newer")
    if age > rules.max_event_age and _ages(request):
        detail = f"{readable(age)} old, limit {format_duration(rules.max_event_age)}"
        return objected("stale", Reason.TOO_OLD, detail)
    if request.by_hand:
        return passed("stale", f"requested {readable(age)} ago")
    if request.kind is RequestKind.ALARM and isinstance(last, Unknown | NotRead):
        return blind("stale", last, Reason.ALARM_UNREADABLE, seen.now)
    return _red_now(request, seen)


def _is_newer(seen: Reading[Transition], alarm: Alarm, now: datetime) -> TypeIs[Transition]:
    """Whether a later transition of the alarm is known; one that has not happened yet is none."""
    return isinstance(seen, Transition) and seen.since > alarm.since and not is_ahead(seen.since, now)


def _gives_way(request: Request, newer: Transition) -> bool:
    """Whether that newer transition of the alarm replaces this request.

    An alarm that turned red again while its first request waited makes a request of its own; a human who
    asks means the alarm as it is now.
    """
    if request.kind is RequestKind.ALARM:
        return True
    waited = request.kind is RequestKind.WAKE and not request.incident_id and not request.by
    return waited and newer.state is AlarmState.ALARM


def _ages(request: Request) -> bool:
    """Whether the request's own time counts.

    An approval has a time of its own, by the clock of the approver. An alarm that was put off waited for
    this one look, and nobody would look again: its state now counts.
    """
    if request.kind is RequestKind.WAKE:
        return bool(request.incident_id)
    return request.kind is not RequestKind.APPROVAL


def _red_now(request: Request, seen: Snapshot) -> Check:
    red = _alarm_red_now(seen)
    # For an incident every member was looked at, each by its own series.
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
            detail = f"{alarm.name} is {alarm.shown} since {format_time(alarm.since)}, without data"
            return passed("stale", detail)
        case alarm if alarm.state is AlarmState.INSUFFICIENT_DATA:
            return objected("stale", Reason.NO_DATA_NOW, f"{alarm.state} since {format_time(alarm.since)}")
        case alarm if alarm.state is not AlarmState.ALARM:
            return objected("stale", Reason.NO_LONGER_RED, f"{alarm.state} since {format_time(alarm.since)}")
        case alarm:
            return passed("stale", f"{alarm.name} is red since {format_time(alarm.since)}")


def missing_data(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Red because no data came is no symptom, unless the alarm's owner says that silence is one."""
    if request.by_hand:
        return Check("missing data", Result.NOT_APPLICABLE, "a human asked for it, not an alarm")
    match seen.alarm:
        case NotRead() if seen.only_event and (sent := of_event_alone(request.alarm, rules.missing_data)):
            return _judged(replace(sent, detail=f"by its event {sent.detail}"))
        case Unknown() | NotRead() as unseen:
            check = blind("missing data", unseen, Reason.ALARM_UNREADABLE, seen.now)
            detail = missing_data_in_event(request.alarm)
            return replace(check, detail=f"{check.detail}; by its event {detail}") if detail else check
        case Absent():
            return passed("missing data", "the alarm does not exist")
        case alarm:
            missing = _missing_of(request, rules, seen, alarm)
    if missing:
        return _judged(missing)
    found = data_of(alarm)
    detail = f"whether data came is not known: {found.why}" if isinstance(found, CannotTell) else "data came"
    return passed("missing data", detail)


def _judged(missing: Missing) -> Check:
    """The finding on missing data, by the meaning that the alarm's owner set."""
    match missing.meaning:
        case MissingData.SYMPTOM:
            return passed("missing data", f"{missing.detail}; a symptom, by {missing.source}")
        case MissingData.IGNORE:
            detail = f"{missing.detail}; ignored, by {missing.source}"
            return objected("missing data", Reason.NO_DATA_IGNORED, detail)
        case None:
            detail = f"{missing.detail}; {missing.source}"
            return objected("missing data", Reason.NO_DATA, detail)


def _missing_of(request: Request, rules: Rules, seen: Snapshot, alarm: DescribedAlarm) -> Missing | None:
    """The missing data of the alarm; at a first response its own series and its event count."""
    if request.incident_id:
        return alarm.missing
    contributor = request.alarm.contributor
    if contributor and isinstance(seen.series_in_alarm, Mapping):
        series = seen.series_in_alarm.get(contributor.id)
        if series and series.missing:
            return series.missing
    word = owners_word(request.alarm.name, seen.alarm_tags, rules.missing_data)
    return of_event(request.alarm, alarm, word)


def alarms_still_ok(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A temporary change is only taken back while every alarm of the incident is well."""
    del request, rules
    if isinstance(seen.incident, Incident) and seen.incident.has_no_alarm:
        return passed("alarms still OK", "no alarm belongs to the incident")
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("alarms still OK", unseen, Reason.ALARM_UNREADABLE, seen.now)
        case Absent():
            return objected("alarms still OK", Reason.ALARM_GONE, "the alarm does not exist")
        case alarm if alarm.state is not AlarmState.OK:
            detail = f"{alarm.name} is {alarm.state} since {format_time(alarm.since)}"
            return objected("alarms still OK", Reason.RED_AGAIN, detail)
        case alarm:
            return passed(
                "alarms still OK", f"{alarm.name} is {alarm.state} since {format_time(alarm.since)}"
            )
