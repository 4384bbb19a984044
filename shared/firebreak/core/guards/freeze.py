"""Guard: a change freeze, by the policy's windows and by Change Calendars, and its override by a named human.

An override lifts this guard alone, for one request: that of a human, who is named and gives a reason. It
lifts a calendar that could not be read as well, for that one is OPEN, or CLOSED and lifted anyway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.formats import quarter_hour
from firebreak.core.guards.findings import objected, passed
from firebreak.core.incident.states import Incident
from firebreak.core.limits.calendars import (
    NOT_READ_YET,
    CalendarAnswer,
    CalendarReading,
    CalendarState,
    ChangeCalendar,
    UnusableCalendar,
)
from firebreak.core.limits.freeze import HORIZON, Free, Frozen, ending, find_freeze, stamp
from firebreak.core.model import Request, RequestKind
from firebreak.core.people import person
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules

# A freeze that is certain comes before one that is only possible: it is announced once, and its end is known.
_ORDER = (
    Reason.FROZEN,
    Reason.OUTSIDE_WINDOW,
    Reason.CALENDAR_CLOSED,
    Reason.CALENDAR_UNUSABLE,
    Reason.CALENDAR_UNREADABLE,
)


@dataclass(frozen=True, slots=True)
class _Held:
    """A freeze that holds; `firm` says that the policy lets no human override it."""

    reason: Reason
    detail: str
    until: datetime | None
    cause: str
    firm: bool


def freeze(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """No freeze window is open, one of the only-windows is, and every Change Calendar is OPEN."""
    windows = find_freeze(rules.never, rules.only, seen.now)
    readings = [(one, seen.calendars.get(one.arn, NOT_READ_YET)) for one in calendars_for(request, rules)]
    held = [*_by_windows(windows, rules, seen.now), *_by_calendars(readings, rules, seen.now)]
    answers = request.kind is RequestKind.APPROVAL
    lifted = answers or overrides(request)
    if objections := [one for one in held if one.firm or not lifted]:
        return _objection(objections)
    if unread := next((found for _, found in readings if isinstance(found, NotRead)), None):
        return Check("freeze", Result.NOT_LOOKED_AT, f"not looked at: {unread.why}")
    words = "; ".join(one.detail for one in held)
    if held and answers:
        return _answered(seen, words)
    if held:
        detail = f"{words}; overridden by {person(request.by)}: {request.despite_freeze}"
        return replace(passed("freeze", detail), overridden=True)
    return passed("freeze", "; ".join([windows.detail, *_open(readings, seen.now)]))


def calendars_for(request: Request, rules: Rules) -> tuple[ChangeCalendar, ...]:
    """The calendars that bind this request: an approval is bound by those alone that nobody may override."""
    if request.kind is not RequestKind.APPROVAL:
        return rules.calendars
    return tuple(one for one in rules.calendars if one.name in rules.no_override)


def _answered(seen: Snapshot, words: str) -> Check:
    """A freeze that an approval passes: one that was overridden when it was asked for stays overridden."""
    if isinstance(seen.incident, Incident) and seen.incident.override:
        return replace(passed("freeze", seen.incident.override), overridden=True)
    return passed("freeze", f"{words}; it does not bind an approval")


def overrides(request: Request) -> bool:
    """Whether a named human asks for this very act in spite of a freeze.

    Of an incident only a restore may be: no act of a later rung, and no request that Firebreak makes itself.
    """
    match request.kind:
        case RequestKind.MANUAL | RequestKind.RESTORE:
            by_human = True
        case RequestKind.WAKE:
            by_human = not (request.incident_id or request.refused)
        case RequestKind.ALARM | RequestKind.CLIMB | RequestKind.APPROVAL | RequestKind.UNDO:
            by_human = False
        case never:
            assert_never(never)
    return by_human and bool(request.by and request.verified and request.despite_freeze)


def _objection(held: Sequence[_Held]) -> Check:
    """One check for all that holds; it ends with the last of them, if all their ends are known."""
    first = min(held, key=lambda one: _ORDER.index(one.reason))
    ends = [one.until for one in held if one.until]
    until = max(ends) if len(ends) == len(held) else None
    details = [f"{one.detail}, which nobody may override" if one.firm else one.detail for one in held]
    return objected("freeze", first.reason, "; ".join(details), until, cause=first.cause)


def _by_windows(found: Free | Frozen, rules: Rules, now: datetime) -> Iterator[_Held]:
    if isinstance(found, Free):
        return
    reason = Reason.OUTSIDE_WINDOW if found.no_window_open else Reason.FROZEN
    yield _Held(reason, found.detail, found.until, found.frozen_by, _windows_are_firm(rules, now))


def _windows_are_firm(rules: Rules, now: datetime) -> bool:
    """Whether a window holds that nobody may override. One only-window of that kind makes all of them so."""
    never = [one for one in rules.never if one.name in rules.no_override]
    only = rules.only if any(one.name in rules.no_override for one in rules.only) else ()
    return isinstance(find_freeze(never, only, now), Frozen)


def _by_calendars(
    readings: Sequence[tuple[ChangeCalendar, CalendarReading]], rules: Rules, now: datetime
) -> Iterator[_Held]:
    for calendar, found in readings:
        if held := _by_calendar(calendar, found, now, firm=calendar.name in rules.no_override):
            yield held


def _by_calendar(
    calendar: ChangeCalendar, found: CalendarReading, now: datetime, *, firm: bool
) -> _Held | None:
    name, arn = f"calendar {calendar.name}", calendar.arn
    match found:
        case NotRead() | CalendarAnswer(state=CalendarState.OPEN):
            return None
        case CalendarAnswer(until=until):
            end = until or now + HORIZON
            detail, cause = f"{name} is CLOSED {ending(end, now)}", f"{arn}/until/{stamp(end, now)}"
            return _Held(Reason.CALENDAR_CLOSED, detail, until, cause, firm)
        case Absent():
            detail = f"{name} does not exist, or is not shared with this account: {arn}"
            return _Held(Reason.CALENDAR_UNUSABLE, detail, None, f"{arn} {quarter_hour(now)}", firm)
        case UnusableCalendar(why):
            detail, cause = f"{name} cannot be used: {why}: {arn}", f"{arn} {why} {quarter_hour(now)}"
            return _Held(Reason.CALENDAR_UNUSABLE, detail, None, cause, firm)
        case Unknown(why):
            detail, cause = f"{name} could not be read: {why}", f"{arn} {why} {quarter_hour(now)}"
            return _Held(Reason.CALENDAR_UNREADABLE, detail, None, cause, firm)
        case never:
            assert_never(never)


def _open(readings: Sequence[tuple[ChangeCalendar, CalendarReading]], now: datetime) -> Iterator[str]:
    for calendar, found in readings:
        if isinstance(found, CalendarAnswer):
            end = f" {ending(found.until, now)}" if found.until else ""
            yield f"calendar {calendar.name} is OPEN{end}"
