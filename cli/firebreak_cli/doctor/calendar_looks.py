"""The look at the Change Calendars of the policy: FB403."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import assert_never

from firebreak.core.limits.calendars import CalendarAnswer, ChangeCalendar, UnusableCalendar
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.services.ssm.client_calendars import CalendarReader
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen

ARNS = "ChangeCalendarArns"
_SHARE = (
    "correct freeze.calendars in the policy, or have the owner share it (aws ssm modify-document-permission)"
)


def calendars_can_be_read(seen: Examination) -> Looked:
    """FB403. The state is read as this caller; the rights of the actions come from the stack's parameter."""
    calendars = [one.calendar for one in seen.policy.calendars]
    if not calendars:
        return Looked("the policy names no Change Calendar")
    reader = CalendarReader(partial(seen.stack.reader, "ssm"), seen.stack.region)
    allowed = [one.strip() for one in seen.deployment().parameters.get(ARNS, "").split(",")]
    found: list[Finding] = []
    for one in calendars:
        found += [*_not_allowed(one, allowed), *_state(reader, one, seen)]
    return Looked(f"calendars {', '.join(one.name for one in calendars)}", tuple(found))


def _not_allowed(calendar: ChangeCalendar, allowed: list[str]) -> Iterator[Finding]:
    if not any(fnmatchcase(calendar.arn, pattern) for pattern in allowed):
        yield bad(f"the roles of the actions may not read it: {ARNS} lacks {calendar.arn}", calendar.name)


def _state(reader: CalendarReader, calendar: ChangeCalendar, seen: Examination) -> Iterator[Finding]:
    match reader.state(calendar.arn, seen.now):
        case CalendarAnswer():
            return
        case Absent():
            detail = f"it does not exist, or is not shared with this account: {calendar.arn}"
            yield bad(detail, calendar.name, mend=_SHARE)
        case UnusableCalendar(why):
            yield bad(f"it cannot be used: {why}: {calendar.arn}", calendar.name, mend=_SHARE)
        case Unknown(why) | NotRead(why):
            yield unseen(f"it could not be read: {why}", calendar.name)
        case never:
            assert_never(never)
