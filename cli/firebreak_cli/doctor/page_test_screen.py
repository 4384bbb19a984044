"""A test page as people and programs read it (docs/doctor.md)."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from rich.console import Console

from firebreak.core.paging.page_tests import PageTest, PageTestState
from firebreak.core.paging.rules import ChannelKind
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.paging.rendering import plain
from firebreak_cli import screen
from firebreak_cli.doctor.page_looks import Subscriptions
from firebreak_cli.doctor.page_testing import Result, Tested, minutes_until_too_late
from firebreak_cli.stack import Stack

VERSION = 1

_HEADLINES: Mapping[Result, tuple[str, str]] = {
    Result.CONFIRMED: ("SENT, and the channel took it", "bold green"),
    Result.NOT_CONFIRMED: ("NOT CONFIRMED: requested, and not known to have arrived", "bold yellow"),
    Result.REFUSED: ("NOT DELIVERED", "bold red"),
}

# The rest of the way, which nothing here can look at.
_NOT_SEEN: Mapping[ChannelKind, str] = {
    ChannelKind.TOPIC: "whether a subscription filters it out and a phone rang; its owner knows",
    ChannelKind.SLACK: "whether anybody saw the message; its readers know",
    ChannelKind.PAGERDUTY: "whom PagerDuty called; they know. Resolve its incident there",
    ChannelKind.WEBHOOK: "what the receiver did with it",
}


def show(found: Tested, stack: Stack, console: Console) -> None:
    """Print the outcome, what the channel said, and what cannot be seen from here."""
    headline, style = _HEADLINES[found.result]
    console.print(screen.line_of(headline, style))
    console.print(screen.facts(_rows(found, stack)))


def _rows(found: Tested, stack: Stack) -> Iterator[screen.Row]:
    channel = found.channel
    yield "Channel", f"{channel.name} ({channel.kind}), {stack.place}"
    yield "Answer", answer_of(found)
    if isinstance(found.answer, PageTest) and found.answer.severity:
        yield "Severity", f"{found.answer.severity}, the worst that a route sends there"
    if _was_taken(found):
        yield "Not seen", _NOT_SEEN[channel.kind]
    elif _was_refused(found) and channel.otherwise != channel.name:
        yield "Meanwhile", f"a real page goes to {channel.otherwise}"
    if found.result is not Result.CONFIRMED:
        yield "Look", stack.command("doctor", "--only", _next_check(found))
    yield "Id", found.request.id


def _was_taken(found: Tested) -> bool:
    return isinstance(found.answer, PageTest) and found.answer.state is PageTestState.ACCEPTED


def _was_refused(found: Tested) -> bool:
    return isinstance(found.answer, PageTest) and found.answer.state is PageTestState.NOT_ACCEPTED


def _next_check(found: Tested) -> str:
    """The check that says more: of Page itself, of the topic, or of the channel's secret."""
    if not isinstance(found.answer, PageTest):
        return "FB104"
    return "FB301" if found.channel.kind is ChannelKind.TOPIC else "FB302"


def answer_of(found: Tested) -> str:
    """The answer in one line."""
    match found.answer:
        case PageTest() as test:
            return _state_in_words(test, found)
        case Absent():
            return (
                "none: Page did not take it up (throttled, stopped, or a release without test pages);"
                f" it is sent if that happens within {minutes_until_too_late()} minutes"
            )
        case Unknown(why) | NotRead(why):
            return f"not known: the ledger could not be read: {why}"
        case never:
            assert_never(never)


def _state_in_words(test: PageTest, found: Tested) -> str:
    detail = plain(test.detail)
    match test.state:
        case PageTestState.SENDING:
            return "none: Page took it up and recorded no result, so it may have been sent"
        case PageTestState.ACCEPTED:
            return _accepted(found)
        case PageTestState.NOT_ACCEPTED:
            return f"it did not take the page: {detail}"
        case PageTestState.HELD_BACK:
            return f"nothing was sent: {detail}"
        case PageTestState.UNKNOWN_CHANNEL:
            known = ", ".join(map(plain, test.channels))
            return f"the deployed policy has no such channel; it has {known}"
        case PageTestState.TOO_LATE:
            return f"nothing was sent, so late: {detail}"
        case never:
            assert_never(never)


def _accepted(found: Tested) -> str:
    match found.heard:
        case Subscriptions(confirmed=confirmed, pending=pending):
            waiting = f", {pending} not confirmed yet" if pending else ""
            return f"SNS took it; {confirmed} confirmed subscriptions{waiting}"
        case Unknown(why):
            return f"SNS took it; its subscriptions could not be read: {why}"
        case NotRead():
            return "it took the page"
        case never:
            assert_never(never)


def as_json(found: Tested, stack: Stack) -> Mapping[str, object]:
    """The outcome as plain values; what is not known is null."""
    test = found.answer if isinstance(found.answer, PageTest) else None
    heard = found.heard if isinstance(found.heard, Subscriptions) else None
    return {
        "version": VERSION,
        "stack": stack.name,
        "id": found.request.id,
        "channel": found.channel.name,
        "kind": found.channel.kind.value,
        "by": found.request.by,
        "requested_at": found.request.at.isoformat(),
        "result": found.result.value,
        "state": test.state.value if test else None,
        "answered_at": test.at.isoformat() if test else None,
        "severity": (test.severity or None) if test else None,
        "answer": answer_of(found),
        "subscriptions": {"confirmed": heard.confirmed, "pending": heard.pending} if heard else None,
        "not_seen": _NOT_SEEN[found.channel.kind] if _was_taken(found) else None,
    }
