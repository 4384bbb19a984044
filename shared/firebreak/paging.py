"""Pages: what a human reads at 3 a.m., told once, and told even when the ledger is gone."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from firebreak import alarms
from firebreak.announcement_wire import announcement_from_wire
from firebreak.concluding import Summary
from firebreak.core import telling
from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.budgets import CLOCK_SKEW
from firebreak.core.decide import refuse
from firebreak.core.guards import clock, switch_words
from firebreak.core.intake import why_human
from firebreak.core.ledger import DecisionRecord, alarm_key, digest, untargeted
from firebreak.core.model import Alarm, Target
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError, Conflict, UnusableEvent
from firebreak.ports import Clock, Deliveries, HeldSwitches, Ledger, Log, Pager
from firebreak.targets import read_target

# SNS: subjects are ASCII, at most 100 characters, no line breaks
# (docs.aws.amazon.com/sns/latest/api/API_Publish.html).
SUBJECT_LENGTH = 100
LINE_LENGTH = 600

_INCIDENT = re.compile(r"i-[0-9a-f]{10}")

_MARKS = {
    AnnouncementKind.ACTED: "ACTED",
    AnnouncementKind.UNCERTAIN: "UNCERTAIN",
    AnnouncementKind.NOT_EXECUTED: "FAILED",
    AnnouncementKind.GIVEN_TO_HUMANS: "NEEDS YOU",
    AnnouncementKind.RECOVERED: "RESOLVED",
    AnnouncementKind.EXPIRED: "EXPIRED",
    AnnouncementKind.REFUSED: "NOT ACTING",
    AnnouncementKind.OBSERVED: "WOULD ACT",
    AnnouncementKind.APPROVAL: "APPROVE?",
    AnnouncementKind.DENIED: "DENIED",
    AnnouncementKind.UNDOING: "MADE WORSE",
    AnnouncementKind.UNDONE: "UNDONE",
    AnnouncementKind.RESTORED: "RESTORED",
    AnnouncementKind.KEPT: "KEPT",
    AnnouncementKind.BLIND: "BLIND",
    AnnouncementKind.CRASHED: "CRASHED",
    AnnouncementKind.STORM: "STORM",
    AnnouncementKind.STORM_OVER: "STORM OVER",
}


def plain(text: str, limit: int = LINE_LENGTH) -> str:
    """Untrusted text made harmless: one line, no control characters, bounded."""
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def subject_of(told: Announcement) -> str:
    """The subject line: what it is about first, for phones cut it off."""
    about = told.target or told.alarm_name or told.action or "Firebreak"
    line = plain(f"[Firebreak] {_MARKS[told.kind]} {about}: {told.headline}", 2 * SUBJECT_LENGTH)
    ascii_line = line.encode("ascii", "replace").decode()
    return ascii_line if len(ascii_line) <= SUBJECT_LENGTH else ascii_line[: SUBJECT_LENGTH - 3] + "..."


def body_of(told: Announcement, stack_name: str, held: Sequence[str] = ()) -> str:
    """The message: red what, done what and why, next what, which switches hold, and the two commands."""
    lines = [f"{_MARKS[told.kind]}: {plain(told.headline)}", ""]
    if told.alarm_name:
        since = f" since {told.alarm_since:%Y-%m-%d} {clock(told.alarm_since)}" if told.alarm_since else ""
        lines.append(f"Alarm:    {plain(told.alarm_name)}{since}")
    if told.alarm_description:
        lines.append(f"          {plain(told.alarm_description)}")
    if told.target:
        lines.append(f"Target:   {plain(told.target)} ({plain(f'{told.account} {told.region}')})")
    if told.action:
        lines.append(f"Response: {plain(told.action)}")
    lines += [f"  - {plain(fact)}" for fact in told.facts]
    lines += ["", f"Next:     {plain(told.next)}"] if told.next else []
    lines += [f"Held:     {plain(switch)}" for switch in held]
    lines += ["", f"At:       {told.at:%Y-%m-%d} {clock(told.at)}"]
    if _INCIDENT.fullmatch(told.incident_id):  # it becomes part of a command that is copied
        lines.append(f"Show:     firebreak show {told.incident_id} --stack {stack_name}")
        if told.kind is AnnouncementKind.APPROVAL:
            lines.append(f"Say yes:  firebreak approve {told.incident_id} --stack {stack_name}")
            lines.append(f'Say no:   firebreak deny {told.incident_id} --reason "..." --stack {stack_name}')
    if told.kind is AnnouncementKind.STORM:
        lines.append(f'End it:   firebreak storm --end --reason "..." --stack {stack_name}')
    lines.append(f'Stop all: firebreak pause --reason "..." --for 1h --stack {stack_name}')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDesk:
    """Handles announcements, alarms routed to humans, and reports of crashed functions."""

    ledger: Ledger
    deliveries: Deliveries
    pager: Pager
    switches: HeldSwitches
    clock: Clock
    log: Log
    stack_name: str
    account: str
    region: str

    def handle(self, event: object) -> Summary:
        """Tell a human. Raises when nobody could be told, so that the event is delivered again."""
        match event:
            case {"detail-type": "Firebreak Announcement", "detail": detail}:
                told = announcement_from_wire(detail)
            case {"requestContext": {"condition": str(condition)}, "requestPayload": payload}:
                told = self._crash(condition, payload)
            case _:
                return self._alarm(alarms.parse(event))
        self._tell(told)
        return Summary("told", Reason.CLEAR_TO_ACT, told.incident_id)

    def _alarm(self, alarm: object) -> Summary:
        if not isinstance(alarm, Alarm):
            raise UnusableEvent("a request for an action", "an announcement or an alarm")
        alarm = alarms.placed(alarm, self.account, self.region)
        why = why_human(alarm)
        decision = refuse(why.reason, why.detail)
        key = alarm_key(alarm, "page")
        record = untargeted(key, alarm, "page", decision, self.clock.now())
        told = telling.of_decision(record, None)
        self._remember(record)
        if told:
            self._tell(told)
        return Summary(decision.word, why.reason, record.incident_id)

    def _remember(self, record: DecisionRecord) -> None:
        """May fail without stopping the page: pages fail open."""
        try:
            self.ledger.record(record, None)
        except AwsError as error:
            self.log.event("page.unrecorded", incident=record.incident_id, error=str(error))

    def _crash(self, condition: str, payload: object) -> Announcement:
        now = self.clock.now()
        incident_id = _incident_in(payload)
        alarm, cause = _crashed_on(condition, payload, incident_id)
        sweep = _is_sweep(payload)
        about = "sweep" if sweep else incident_id or (alarm.series if alarm else cause)
        undecided = f"Firebreak did not decide about this: {cause}. Handle it yourself."
        return Announcement(
            key=digest("crash", about, int(now.timestamp()) // 900),
            kind=AnnouncementKind.CRASHED,
            at=now,
            incident_id=incident_id,
            action="",
            headline=f"Not everything that is past due was looked at: {cause}." if sweep else undecided,
            next="The sweeper runs again every five minutes." if sweep else telling.NOTHING_LOOKS_AGAIN,
            alarm_name=alarm.name if alarm else "",
            alarm_since=alarm.since if alarm else None,
            account=alarm.account if alarm else "",
            region=alarm.region if alarm else "",
        )

    def _tell(self, told: Announcement) -> None:
        if not self._begin(told):
            self.log.event("page.told_before", key=told.key, kind=told.kind.value)
            return
        self.pager.send(subject_of(told), body_of(told, self.stack_name, self._held(told)))
        self.log.event("page.sent", key=told.key, kind=told.kind.value, incident=told.incident_id)
        self._done(told)

    def _held(self, told: Announcement) -> list[str]:
        """The kill switches that hold over what it is about; not knowing them stops no page."""
        target = read_target(told.target, told.account, told.region)
        match self.switches.holding(told.action, target if isinstance(target, Target) else None):
            case Unknown(why) | NotRead(why):
                return [f"the kill switches could not be read: {why}"]
            case Absent():
                return []
            case holds:
                now = self.clock.now()
                return [switch_words(hold) for hold in holds if hold.until + CLOCK_SKEW > now]

    def _begin(self, told: Announcement) -> bool:
        """Whether to tell. When the ledger cannot say, tell: twice is better than never."""
        try:
            return self.deliveries.begin(told.key, self.clock.now())
        except Conflict:
            raise
        except AwsError as error:
            self.log.event("page.undeduplicated", key=told.key, error=str(error))
            return True

    def _done(self, told: Announcement) -> None:
        """May fail without harm: the page may be told again, never lost."""
        try:
            self.deliveries.done(told.key, self.clock.now())
        except AwsError as error:
            self.log.event("page.unmarked", key=told.key, error=str(error))


def _incident_in(payload: object) -> str:
    """The incident that a check or a request of our own was about, if it names one."""
    match payload:
        case {"source": "firebreak", "detail": {"incident": str(name)}} if _INCIDENT.fullmatch(name):
            return name
        case _:
            return ""


def _is_sweep(payload: object) -> bool:
    return isinstance(payload, dict) and payload.get("detail-type") == "Firebreak Sweep"


def _crashed_on(condition: str, payload: object, incident_id: str) -> tuple[Alarm | None, str]:
    """The alarm a failed function was called about, if any, and what failed."""
    if _is_sweep(payload):
        return None, f"the sweeper failed ({condition})"
    try:
        parsed = alarms.parse(payload)
    except UnusableEvent as error:
        alarm, cause = None, f"the event was unusable: {error}"
    else:
        alarm = parsed if isinstance(parsed, Alarm) else parsed.alarm
        cause = f"its function failed ({condition})"
    if incident_id:
        cause = f"the function that looks after incident {incident_id} failed ({condition})"
    return alarm, cause
