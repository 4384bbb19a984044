"""The text of a page: one harmless text for every channel, from the announcement and its context."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.formats import format_date_time, format_span, format_time
from firebreak.core.incident.rechecks import next_of
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.measurements import RULE_NAMES
from firebreak.core.model import AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.harmless_text import one_line
from firebreak.core.paging.needs import need_of
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.transliteration import LEFT_OUT, ascii_words
from firebreak.core.reasons import Reason
from firebreak.paging.page_commands import command_lines, page_id

# SNS: subjects are ASCII, at most 100 characters, no line breaks
# (docs.aws.amazon.com/sns/latest/api/API_Publish.html). Other channels carry every letter.
ASCII_SUBJECT_LENGTH = 100
SUBJECT_LENGTH = 140
LINE_LENGTH = 600

# An announcement that is sent within this time of its event is sent at once.
AT_ONCE = timedelta(minutes=1)

OBSERVING = (
    "OBSERVE MODE: Firebreak changes nothing and calls nobody. Keep the alarm's own actions (SNS, PagerDuty):"
    " only they call somebody."
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """The context of a page, without the announcement itself. Its texts may be untrusted.

    `note` says why it comes now and to whom, `after` who is notified next and when, `held` which kill
    switches hold. `reason` is the alarm's state reason without text that looks like a secret. `errors` are
    lines of `log_group`, `looked` is the result of reading it where it has none. `thread` is the id of the
    page, `call` the id that `firebreak ack` takes, `now` the time of sending.
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


NO_CONTEXT = PageContext()


def plain(text: str, limit: int = LINE_LENGTH) -> str:
    """Untrusted text made harmless: one line, no control characters, bounded."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def subject_of(message: Announcement, context: PageContext = NO_CONTEXT) -> str:
    """The text of a notification: what is needed and what is red first, because phones cut it off."""
    return plain(_subject(message, source_of(message) or _unnamed(message, context), context), SUBJECT_LENGTH)


def ascii_subject_of(message: Announcement, context: PageContext = NO_CONTEXT) -> str:
    """The same in ASCII: a name with other letters is replaced by the id, under which everything is found."""
    about = ascii_words(source_of(message))
    if not about or LEFT_OUT in about:
        about = _unnamed(message, context)
    return ascii_subject(_subject(message, about, context))


def ascii_subject(text: str) -> str:
    """A subject that SNS takes: harmless, in ASCII, and short enough once it is."""
    line = ascii_words(plain(text, 2 * SUBJECT_LENGTH))
    return line if len(line) <= ASCII_SUBJECT_LENGTH else line[: ASCII_SUBJECT_LENGTH - 3] + "..."


def _subject(message: Announcement, about: str, context: PageContext) -> str:
    return f"[Firebreak] {_first_words(message, context)} {_said(message, about, context)}"


def _unnamed(message: Announcement, context: PageContext) -> str:
    """The words in place of a name that is missing, or that the subject cannot carry; empty without any."""
    name = page_id(message, context.thread) if message.alarm_name or message.target else ""
    return f"alarm {name}" if name else plain(message.action)


def _first_words(message: Announcement, context: PageContext) -> str:
    """The event, and whether anything is needed of the reader."""
    need = plain(need_of(message, context.phase, context.severity))
    return f"{_mark(message)}: {need}." if need else f"{_mark(message)}:"


def _said(message: Announcement, about: str, context: PageContext) -> str:
    """The red numbers, then the headline; an alarm that is over is not described by its old numbers."""
    red = message.red_briefly if message.alarm_state == AlarmState.ALARM else ""
    numbers = f"{red}{_read_at(message, context.now or message.at)}; " if red else ""
    return f"{about}: {numbers}{message.headline}" if about else f"{numbers}{message.headline}"


def _read_at(message: Announcement, now: datetime) -> str:
    """When the numbers were read, unless that was just now: they are those of the alarm's event."""
    since = message.alarm_since
    if since is None or now - since <= AT_ONCE or message.red.startswith(RULE_NAMES):
        return ""
    return f" at {format_date_time(since, now)}"


def _mark(message: Announcement) -> str:
    """The first words of a page.

    When a hold ends and none of its alarms is known to be red, the words are not those of red alarms; an
    observation of a decision not to act is not a proposal.
    """
    if message.kind is AnnouncementKind.HOLD_OVER and not message.retry:
        return "NOT KNOWN TO BE OK"
    if message.kind is AnnouncementKind.OBSERVED and message.cause not in ("", Reason.OBSERVE_ONLY):
        return "WOULD NOT ACT"
    return _MARKS[message.kind]


def source_of(message: Announcement) -> str:
    """The subject of the page: the target, else the alarm; or empty."""
    return plain(message.target or message.alarm_name)


def body_of(message: Announcement, stack: StackAddress, context: PageContext = NO_CONTEXT) -> str:
    """The message: what is needed and what is red, what was done and why, what comes next, the commands."""
    now = context.now or message.at
    lines = [f"{_first_words(message, context)} {plain(_said(message, source_of(message), context))}"]
    lines += [OBSERVING] if message.kind is AnnouncementKind.OBSERVED else []
    lines += [f"({plain(context.note)})"] if context.note else []
    lines += ["", *_about(message, context, now)]
    lines += [f"  - {plain(fact)}" for fact in message.facts]
    lines += _log(context)
    lines += ["", f"Next:     {plain(next_of(message, now))}"] if message.next else []
    lines += [f"Then:     {plain(context.after)}"] if context.after else []
    lines += [f"Held:     {plain(switch)}" for switch in context.held]
    lines += [
        "",
        f"At:       {_sent(message, now)}",
        *command_lines(
            message, stack, context.phase, (context.thread, context.call), climbs=bool(context.after)
        ),
    ]
    return "\n".join(lines) + "\n"


def _about(message: Announcement, context: PageContext, now: datetime) -> Iterator[str]:
    if message.red:
        yield f"{_red_word(message.alarm_state):<9} {plain(message.red)}{_read_at(message, now)}"
    if message.alarm_name:
        yield f"Alarm:    {plain(message.alarm_name)}{_since(message, now)}"
    if message.alarm_description:
        yield f"          {plain(message.alarm_description)}"
    if context.reason:
        yield f"          CloudWatch: {plain(context.reason)}"
    if message.target:
        yield f"Target:   {plain(message.target)} ({plain(f'{message.account} {message.region}')})"
    if context.severity:
        yield f"Severity: {context.severity}"
    if message.action:
        yield f"Response: {plain(message.action)}"


def _red_word(alarm_state: str) -> str:
    """The label of the red numbers: a state that was not looked at is neither red now nor over."""
    match alarm_state:
        case AlarmState.ALARM:
            return "Red:"
        case "":
            return "Seen red:"
        case _:
            return "Was red:"


def _since(message: Announcement, now: datetime) -> str:
    since = message.alarm_since
    if since is None:
        return ""
    turned = format_date_time(since, now)
    match message.alarm_state:
        case AlarmState.ALARM:
            lasts = f" for {format_span(now - since)}," if now - since >= AT_ONCE else ""
            return f", red{lasts} since {turned}"
        case AlarmState.OK:
            return f", OK now; it turned red at {turned}"
        case AlarmState.INSUFFICIENT_DATA:
            return f", no data now; it turned red at {turned}"
        case _:
            return f", turned red at {turned}"


def _log(context: PageContext) -> list[str]:
    """The errors of the service, or where they are; a log that could not be read is not an error of it."""
    if context.errors:
        return ["", "Last errors:", *(f"  | {plain(line)}" for line in context.errors)]
    if context.looked:
        return ["", f"Log:      {plain(context.looked)}"]
    if context.log_group:
        return ["", f"Log group: {plain(context.log_group)} (no lines of it on this channel)"]
    return []


def _sent(message: Announcement, now: datetime) -> str:
    """The time of sending, and that of the announcement where it was earlier."""
    sent = f"{now:%Y-%m-%d} {format_time(now)}"
    if now - message.at < AT_ONCE:
        return sent
    first = format_date_time(message.at, now)
    return f"{sent} (first announced at {first})"
