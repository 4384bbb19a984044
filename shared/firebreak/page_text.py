"""What a page says: one harmless text for every channel, made from what is announced and what was found."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.guards import clock
from firebreak.core.harmless_text import one_line
from firebreak.core.page import Phase, Severity
from firebreak.core.questions import read_question
from firebreak.core.reasons import Reason
from firebreak.core.threads import CALL_ID, THREAD_ID

# SNS: subjects are ASCII, at most 100 characters, no line breaks
# (docs.aws.amazon.com/sns/latest/api/API_Publish.html).
SUBJECT_LENGTH = 100
LINE_LENGTH = 600

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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a page tells beside the announcement itself. Its texts may be untrusted.

    `note` says why it comes now and to whom, `after` who is told next and when, `held` which kill
    switches hold, `errors` are lines of `log_group`, `call` is what `firebreak ack` takes.
    """

    severity: Severity | None = None
    phase: Phase = Phase.TRIGGER
    note: str = ""
    after: str = ""
    held: Sequence[str] = ()
    runbook: str = ""
    errors: Sequence[str] = ()
    log_group: str = ""
    call: str = ""


NOTHING_AROUND = Around()


def plain(text: str, limit: int = LINE_LENGTH) -> str:
    """Untrusted text made harmless: one line, no control characters, bounded."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def subject_of(told: Announcement) -> str:
    """The subject line: what it is about first, for phones cut it off."""
    about = source_of(told) or told.action or "Firebreak"
    line = plain(f"[Firebreak] {_mark(told)} {about}: {told.headline}", 2 * SUBJECT_LENGTH)
    ascii_line = line.encode("ascii", "replace").decode()
    return ascii_line if len(ascii_line) <= SUBJECT_LENGTH else ascii_line[: SUBJECT_LENGTH - 3] + "..."


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


def body_of(told: Announcement, stack_name: str, around: Around = NOTHING_AROUND) -> str:
    """The message: what is red, what was done and why, what comes next, and the commands."""
    lines = [f"{_mark(told)}: {plain(told.headline)}"]
    lines += [f"({plain(around.note)})"] if around.note else []
    lines += ["", *_about(told, around)]
    lines += [f"  - {plain(fact)}" for fact in told.facts]
    lines += _log(around)
    lines += ["", f"Next:     {plain(told.next)}"] if told.next else []
    lines += [f"Then:     {plain(around.after)}"] if around.after else []
    lines += [f"Held:     {plain(switch)}" for switch in around.held]
    lines += [f"Runbook:  {plain(around.runbook)}"] if around.runbook else []
    lines += ["", f"At:       {told.at:%Y-%m-%d} {clock(told.at)}", *_commands(told, stack_name, around)]
    return "\n".join(lines) + "\n"


def _about(told: Announcement, around: Around) -> list[str]:
    lines = [f"Severity: {around.severity}"] if around.severity else []
    if told.alarm_name:
        lines.append(f"Alarm:    {plain(told.alarm_name)}{_since(told.alarm_since)}")
    if told.alarm_description:
        lines.append(f"          {plain(told.alarm_description)}")
    if told.target:
        lines.append(f"Target:   {plain(told.target)} ({plain(f'{told.account} {told.region}')})")
    if told.action:
        lines.append(f"Response: {plain(told.action)}")
    return lines


def _log(around: Around) -> list[str]:
    """The last errors; on a channel that may not carry them, where to look."""
    if around.errors:
        return ["", "Last errors:", *(f"  | {plain(line)}" for line in around.errors)]
    if around.log_group:
        return ["", f"Log group: {plain(around.log_group)} (no lines of it on this channel)"]
    return []


def _since(since: datetime | None) -> str:
    return f" since {since:%Y-%m-%d} {clock(since)}" if since else ""


def _commands(told: Announcement, stack_name: str, around: Around) -> list[str]:
    """Ids become part of commands that are copied, so only what looks like one of ours does."""
    lines = []
    if THREAD_ID.fullmatch(told.incident_id):
        lines.append(f"Show:     firebreak show {told.incident_id} --stack {stack_name}")
    if read_question(told.question):
        lines.append(f"Say yes:  firebreak approve {told.question} --stack {stack_name}")
        lines.append(f'Say no:   firebreak deny {told.question} --reason "..." --stack {stack_name}')
    if around.phase is Phase.TRIGGER and (CALL_ID.fullmatch(around.call) or THREAD_ID.fullmatch(around.call)):
        lines.append(f"I have it: firebreak ack {around.call} --stack {stack_name}")
    if told.kind in (AnnouncementKind.DIGEST, AnnouncementKind.HOLD_OVER):
        lines.append(f"List:     firebreak incidents --stack {stack_name}")
    if told.kind is AnnouncementKind.STORM:
        lines.append(f'End it:   firebreak storm --end --reason "..." --stack {stack_name}')
    lines += _retries(told.retry, stack_name)
    lines.append(f'Stop all: firebreak pause --reason "..." --for 1h --stack {stack_name}')
    return lines


def _retries(names: Sequence[str], stack_name: str) -> list[str]:
    """Each name as it is, for another spelling would be another alarm; behind `--` none is an option."""
    exact = [name for name in names if name.isprintable() and 0 < len(name) <= LINE_LENGTH]
    lines = [f"Retry:    firebreak retry --stack {stack_name} -- {shlex.quote(name)}" for name in exact]
    if odd := len(names) - len(exact):
        lines.append(f"Retry:    {odd} more with odd names: firebreak incidents --stack {stack_name}")
    return lines
