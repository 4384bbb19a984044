"""Lambda's reports of failed functions: their subject, and the announcement that is made of each.

All alarms that one function fails on under one condition are one cause: one thread of pages, counted. All
functions that somebody stopped are one cause, but what a human asked of one is a page of its own. The
decision that was not made is recorded for each alarm, so that one that is only counted can be found.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decide import refuse
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord, alarm_key, delivery_key, incident_name, untargeted
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import given_reason
from firebreak.core.model import Alarm, OwnEvent, RequestKind
from firebreak.core.people import claimed
from firebreak.core.reasons import Lasting, Reason
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events
from firebreak.wire.lenient_json import text

# Lambda's condition for a function whose reserved concurrency is 0: it was stopped, and all its events fail.
STOPPED = "ZeroReservedConcurrency"

_INCIDENT = re.compile(r"i-[0-9a-f]{10}")
_NAME_IN_ARN = 6
# A report about no single alarm is announced again this often (seconds) while it lasts; a schedule's daily.
AGAIN_AFTER, SCHEDULES_AGAIN_AFTER = 900, 86_400


STOPPED_BY_HAND = "its function is stopped (its reserved concurrency is 0)"
# The wishes of humans in words, by the kind of the request.
_ASKED: Mapping[RequestKind, str] = {
    RequestKind.APPROVAL: "The approved act",
    RequestKind.WAKE: "The retry",
    RequestKind.UNDO: "The undo",
    RequestKind.RESTORE: "The restore",
}
SUMMED_UP = "Further failures of this function are summed up."
SUMMED_UP_WHILE_STOPPED = "Alarms that come to stopped functions meanwhile are summed up."


@dataclass(frozen=True, slots=True)
class _Scheduled:
    """The work of a schedule: its name in keys, the words for its failure, and when it is tried again."""

    name: str
    undone: str
    next: str


_SCHEDULES = {
    "Firebreak Sweep": _Scheduled(
        "sweep",
        "Not everything that is overdue was checked: the sweeper failed",
        "The sweeper runs again every five minutes.",
    ),
    "Firebreak Doctor": _Scheduled(
        "doctor",
        "Nobody looked today at what would keep Firebreak from acting: the doctor failed",
        "It looks again tomorrow. Alarms are answered all the same.",
    ),
    "Firebreak Weekly Mail": _Scheduled(
        "weekly-mail",
        "The mail of this week was not sent: the function that writes it failed",
        "The next one comes in a week; the command prints its numbers at any time.",
    ),
}


@dataclass(frozen=True, slots=True)
class Crash:
    """A function that failed, under a condition that Lambda names, on a payload."""

    function: str
    condition: str
    payload: object

    def reported(self, now: datetime) -> tuple[Announcement, DecisionRecord | None]:
        """The announcement; for an alarm also the record of the decision that was not made."""
        if by_schedule := _by_schedule(self.payload):
            return self._on_schedule(by_schedule, now), None
        asked = _parsed(self.payload)
        if self.stopped and isinstance(asked, OwnEvent) and asked.by and asked.kind in _ASKED:
            return self._on_request_of_a_human(asked, now)
        incident_id, found = _incident_in(self.payload), _alarm_in(asked)
        # Sweeps repeat the requests of incidents: while the functions are stopped that is no news.
        if isinstance(found, Alarm) and (not incident_id or (self.stopped and not found.manual)):
            return self._on_alarm(found, incident_id, now)
        return self._on_something(incident_id, found, now), None

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped the function, so that it did not even begin."""
        return self.condition == STOPPED

    def _on_alarm(self, alarm: Alarm, incident_id: str, now: datetime) -> tuple[Announcement, DecisionRecord]:
        shared = self.stopped and not alarm.manual
        key = digest("crash", STOPPED) if shared else digest("crash", self.function, self.condition)
        failed = STOPPED_BY_HAND if self.stopped else f"its function failed ({self.condition})"
        further = SUMMED_UP_WHILE_STOPPED if shared else SUMMED_UP
        # Not the key of the decision: a redelivered event would count as decided.
        event = digest("crash", alarm_key(alarm, self.function), self.condition)
        decision = refuse(Reason.FUNCTION_FAILED, f"{self.function}: {self.condition}")
        record = untargeted(event, alarm, self.function, decision, now)
        message = Announcement(
            key=key,
            thread=key,
            kind=AnnouncementKind.CRASHED,
            at=now,
            incident_id=record.incident_id,
            action="",
            headline=_undecided(failed),
            facts=(
                f"function: {self.function}",
                *([f"incident: {incident_id}"] if incident_id else []),
                *given_reason(alarm),
            ),
            next=f"{incident_messages.NOTHING_LOOKS_AGAIN} {further}",
            alarm_name="" if alarm.manual else alarm.name,
            alarm_since=None if alarm.manual else alarm.since,
            account=alarm.account,
            region=alarm.region,
            event=event,
            cause=Reason.FUNCTION_FAILED.value,
            watches=() if alarm.manual else (WatchedAlarm.of(alarm),),
            lasting=Lasting.ALARM,
        )
        return message, record

    def _on_request_of_a_human(self, asked: OwnEvent, now: datetime) -> tuple[Announcement, DecisionRecord]:
        """One page for each request: the human who made it counts on the act."""
        incident, alarm = incident_name(asked), asked.alarm
        key = digest("crash", STOPPED, delivery_key(asked))
        decision = refuse(Reason.FUNCTION_FAILED, f"{self.function}: {self.condition}")
        record = untargeted(key, alarm, self.function, decision, now)
        message = Announcement(
            key=key,
            thread="",
            kind=AnnouncementKind.CRASHED,
            at=now,
            incident_id=incident,
            action="",
            headline=(
                f"{_ASKED[asked.kind]} of incident {incident} was not carried out: {STOPPED_BY_HAND}. "
                "Handle it yourself."
            ),
            facts=(f"function: {self.function}", f"requested by {claimed(asked.by)}"),
            next=incident_messages.NOTHING_LOOKS_AGAIN,
            alarm_name="" if alarm.manual else alarm.name,
            alarm_since=None if alarm.manual else alarm.since,
            account=alarm.account,
            region=alarm.region,
            event=key,
            cause=Reason.FUNCTION_FAILED.value,
            watches=() if alarm.manual else (WatchedAlarm.of(alarm),),
            lasting=Lasting.ALARM,
        )
        return message, replace(record, incident_id=incident, kind=asked.kind, by=asked.by)

    def _on_something(self, incident_id: str, found: Alarm | str, now: datetime) -> Announcement:
        alarm = found if isinstance(found, Alarm) else None
        cause = (
            f"the function that handles incident {incident_id} failed ({self.condition})"
            if incident_id
            else f"the event was unusable: {found}"
        )
        about = (
            ("crash", incident_id) if incident_id else ("crash", self.function, self.condition, "unusable")
        )
        return Announcement(
            key=digest(*about, int(now.timestamp()) // AGAIN_AFTER),
            thread="" if incident_id else digest(*about),
            kind=AnnouncementKind.CRASHED,
            at=now,
            incident_id=incident_id,
            action="",
            headline=_undecided(cause),
            next=incident_messages.NOTHING_LOOKS_AGAIN,
            alarm_name=alarm.name if alarm else "",
            alarm_since=alarm.since if alarm else None,
            account=alarm.account if alarm else "",
            region=alarm.region if alarm else "",
        )

    def _on_schedule(self, one: "_Scheduled", now: datetime) -> Announcement:
        return Announcement(
            key=digest("crash", one.name, int(now.timestamp()) // SCHEDULES_AGAIN_AFTER),
            thread=digest("crash", one.name),
            kind=AnnouncementKind.CRASHED,
            at=now,
            incident_id="",
            action="",
            headline=f"{one.undone} ({self.condition}).",
            next=one.next,
        )


def crash_in(event: object) -> Crash | None:
    """The failure that Lambda reports with this event, if it is such a report."""
    match event:
        case {"requestContext": {"condition": str(condition), **context}, "requestPayload": payload}:
            arn = context.get("functionArn")
            parts = text(arn).split(":") if isinstance(arn, str) else [""]
            function = parts[_NAME_IN_ARN] if len(parts) > _NAME_IN_ARN else parts[-1]
            return Crash(function or "a function", text(condition), payload)
        case _:
            return None


def _undecided(cause: str) -> str:
    return f"Firebreak did not decide about this: {cause}. Handle it yourself."


def _incident_in(payload: object) -> str:
    """The incident that a check or one of Firebreak's own requests was about, if it names one."""
    match payload:
        case {"source": "firebreak", "detail": {"incident": str(name)}} if _INCIDENT.fullmatch(name):
            return name
        case _:
            return ""


def _by_schedule(payload: object) -> _Scheduled | None:
    match payload:
        case {"detail-type": str(kind)}:
            return _SCHEDULES.get(kind)
        case _:
            return None


def _parsed(payload: object) -> Alarm | OwnEvent | str:
    """The alarm or the request that a failed function was called for; else why the event is none."""
    try:
        return alarm_events.parse(payload)
    except UnusableEvent as error:
        return str(error)


def _alarm_in(asked: Alarm | OwnEvent | str) -> Alarm | str:
    """The alarm that it is about; else why there is none."""
    return asked.alarm if isinstance(asked, OwnEvent) else asked
