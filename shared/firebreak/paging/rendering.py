"""What a page says: one harmless text for every channel, made from what is announced and what was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.formats import format_date_time, format_span, format_time
from firebreak.core.incident.rechecks import next_of
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import STAYS
from firebreak.core.model import AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.harmless_text import one_line
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.paused import holder_of
from firebreak.core.paging.threads import TRIGGERS
from firebreak.core.paging.transliteration import LEFT_OUT, ascii_words
from firebreak.core.reasons import Reason
from firebreak.paging.page_commands import command_lines, page_id

# SNS: subjects are ASCII, at most 100 characters, no line breaks
# (docs.aws.amazon.com/sns/latest/api/API_Publish.html). Other channels carry every letter.
ASCII_SUBJECT_LENGTH = 100
SUBJECT_LENGTH = 140
LINE_LENGTH = 600

# An announcement that is sent within this time of what it announces is sent at once.
AT_ONCE = timedelta(minutes=1)

OBSERVING = (
    "OBSERVE MODE: Firebreak changes nothing and wakes nobody. Keep the alarm's own actions (SNS, PagerDuty):"
    " they are what wakes somebody."
)

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
    AnnouncementKind.ACKNOWLEDGED: "ACKNOWLEDGED",
    AnnouncementKind.DIGEST: "SUMMED UP",
    AnnouncementKind.HOLD_OVER: "STILL RED",
    AnnouncementKind.NO_LONGER_WATCHED: "NOT WATCHED",
    AnnouncementKind.HELD_BACK: "HELD BACK",
    AnnouncementKind.LOOKED_AGAIN: "LOOKED AGAIN",
}


# Where the reader's part is not plain from the first words: calls ask for somebody, news asks for nothing.
_IN_ITS_WORDS = frozenset({AnnouncementKind.GIVEN_TO_HUMANS, AnnouncementKind.APPROVAL})
_NEWS = frozenset(
    {
        AnnouncementKind.ACTED,
        AnnouncementKind.UNCERTAIN,
        AnnouncementKind.RECOVERED,
        AnnouncementKind.RESTORED,
        AnnouncementKind.KEPT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a page tells beside the announcement itself. Its texts may be untrusted.

    `note` says why it comes now and to whom, `after` who is told next and when, `held` which kill switches
    hold. `reason` is the alarm's state reason without what looks like a secret. `errors` are lines of
    `log_group`, `looked` is what the look at it came to where it has none. `thread` is the id of the page,
    `call` what `firebreak ack` takes, `now` when it is sent.
    """

    severity: Severity | None = None
    phase: Phase = Phase.TRIGGER
    note: str = ""
    after: str = ""
    held: Sequence[str] = ()
    reason: str = ""
    errors: Sequence[str] = ()
    log_group: str = ""
    looked: str = ""
    thread: str = ""
    call: str = ""
    now: datetime | None = None
    links: tuple[tuple[str, str], ...] = ()


NOTHING_AROUND = Around()


def plain(text: str, limit: int = LINE_LENGTH) -> str:
    """Untrusted text made harmless: one line, no control characters, bounded."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def subject_of(told: Announcement, around: Around = NOTHING_AROUND) -> str:
    """What a notification shows: what it is about first, for phones cut it off."""
    return plain(_subject(told, source_of(told) or _unnamed(told, around)), SUBJECT_LENGTH)


def ascii_subject_of(told: Announcement, around: Around = NOTHING_AROUND) -> str:
    """The same in ASCII: a name with other letters gives way to the id, under which everything is found."""
    about = ascii_words(source_of(told))
    if not about or LEFT_OUT in about:
        about = _unnamed(told, around)
    line = ascii_words(plain(_subject(told, about), 2 * SUBJECT_LENGTH))
    return line if len(line) <= ASCII_SUBJECT_LENGTH else line[: ASCII_SUBJECT_LENGTH - 3] + "..."


def _subject(told: Announcement, about: str) -> str:
    return f"[Firebreak] {_mark(told)} {about}: {_what(told)}"


def _unnamed(told: Announcement, around: Around) -> str:
    """What stands for a name that is not there, or that the place does not carry."""
    name = page_id(told, around.thread) if told.alarm_name or told.target else ""
    return f"alarm {name}" if name else plain(told.action) or "Firebreak"


def _what(told: Announcement) -> str:
    """The numbers that are red, then what is said of them; what is over is not told by its old numbers."""
    red = told.red_briefly if told.alarm_state == AlarmState.ALARM else ""
    return f"{red}; {told.headline}" if red else told.headline


def _mark(told: Announcement) -> str:
    """The first words of a page.

    A hold that ends with alarms of which none is known to be red leaves something else than red, and what
    would stop a proposal is none.
    """
    if told.kind is AnnouncementKind.HOLD_OVER and not told.retry:
        return "NOT KNOWN TO BE OK"
    if told.kind is AnnouncementKind.OBSERVED and told.cause not in ("", Reason.OBSERVE_ONLY):
        return "WOULD NOT ACT"
    return _MARKS[told.kind]


def source_of(told: Announcement) -> str:
    """What it is about: the target, else the alarm; or empty."""
    return plain(told.target or told.alarm_name)


def body_of(told: Announcement, stack: StackAddress, around: Around = NOTHING_AROUND) -> str:
    """The message: what is red and what is needed, what was done and why, what comes next, the commands."""
    now = around.now or told.at
    lines = [_first_line(told, around)]
    lines += [OBSERVING] if told.kind is AnnouncementKind.OBSERVED else []
    lines += [f"({plain(around.note)})"] if around.note else []
    lines += ["", *_about(told, around, now)]
    lines += [f"  - {plain(fact)}" for fact in told.facts]
    lines += _log(around)
    lines += ["", f"Next:     {plain(next_of(told, now))}"] if told.next else []
    lines += [f"Then:     {plain(around.after)}"] if around.after else []
    lines += [f"Held:     {plain(switch)}" for switch in around.held]
    lines += [
        "",
        f"At:       {_sent(told, now)}",
        *command_lines(told, stack, around.phase, (around.thread, around.call), climbs=bool(around.after)),
    ]
    return "\n".join(lines) + "\n"


def _first_line(told: Announcement, around: Around) -> str:
    about = source_of(told)
    said = f"{about}: {_what(told)}" if about else _what(told)
    line, needed = plain(said), _needed(told, around)
    stop = "" if not needed or line.endswith((".", "!", "?", "…")) else "."
    return f"{_mark(told)}: {line}{stop}{needed}"


def _needed(told: Announcement, around: Around) -> str:
    if told.kind in _NEWS and not any(fact.startswith(STAYS) for fact in told.facts):
        return " Nothing is needed of you."
    if holder_of(told) and around.severity is not Severity.CRITICAL:
        return ""
    called = around.phase is Phase.TRIGGER and told.kind in TRIGGERS
    return " You are needed." if called and told.kind not in _IN_ITS_WORDS else ""


def _about(told: Announcement, around: Around, now: datetime) -> Iterator[str]:
    if told.red:
        yield f"{'Red:     ' if told.alarm_state == AlarmState.ALARM else 'Was red: '} {plain(told.red)}"
    if told.alarm_name:
        yield f"Alarm:    {plain(told.alarm_name)}{_since(told, now)}"
    if told.alarm_description:
        yield f"          {plain(told.alarm_description)}"
    if around.reason:
        yield f"          CloudWatch: {plain(around.reason)}"
    if told.target:
        yield f"Target:   {plain(told.target)} ({plain(f'{told.account} {told.region}')})"
    if around.severity:
        yield f"Severity: {around.severity}"
    if told.action:
        yield f"Response: {plain(told.action)}"


def _since(told: Announcement, now: datetime) -> str:
    since = told.alarm_since
    if since is None:
        return ""
    turned = format_date_time(since, now)
    match told.alarm_state:
        case AlarmState.ALARM:
            lasts = f" for {format_span(now - since)}," if now - since >= AT_ONCE else ""
            return f", red{lasts} since {turned}"
        case AlarmState.OK:
            return f", OK now; it turned red at {turned}"
        case AlarmState.INSUFFICIENT_DATA:
            return f", no data now; it turned red at {turned}"
        case _:
            return f", turned red at {turned}"


def _log(around: Around) -> list[str]:
    """The errors of the service, or where they are; what Firebreak could not look at is none of them."""
    if around.errors:
        return ["", "Last errors:", *(f"  | {plain(line)}" for line in around.errors)]
    if around.looked:
        return ["", f"Log:      {plain(around.looked)}"]
    if around.log_group:
        return ["", f"Log group: {plain(around.log_group)} (no lines of it on this channel)"]
    return []


def _sent(told: Announcement, now: datetime) -> str:
    """When the page is sent, and when it was announced where that was earlier."""
    sent = f"{now:%Y-%m-%d} {format_time(now)}"
    if now - told.at < AT_ONCE:
        return sent
    first = format_date_time(told.at, now)
    return f"{sent} (first announced at {first})"
