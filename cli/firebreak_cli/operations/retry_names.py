"""The argument of `firebreak retry`: the id of a page or decision, or an alarm's name as it is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.threads import THREAD_ID, Thread
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.ledger.threads import DynamoThreads
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Named:
    """The names of alarms that an id stands for; `id` is empty for a name that was typed."""

    id: str
    names: Sequence[str]


def named(written: str, stack: Stack, bounds: Bounds, *, all_of_them: bool) -> Named:
    """The alarms in question. A text that is the id of no page and no decision is an alarm's name.

    Raises Ending where an id stands for several and not all of them are wanted, or AwsError.
    """
    if not THREAD_ID.fullmatch(written):
        return Named("", (written,))
    names = _of_page(written, stack) or _of_decision(written, stack, bounds)
    if len(names) > 1 and not all_of_them:
        everything = stack.command("retry", "--all", written)
        raise Ending(BAD_INPUT, f"{written} stands for {len(names)} alarms; for all of them: {everything}")
    return Named(written, names) if names else Named("", (written,))


def _of_page(written: str, stack: Stack) -> Sequence[str]:
    found = DynamoThreads(stack.reader("dynamodb"), stack.ledger_table).thread(written)
    match found:
        case Thread():
            return _alarms(found.latest)
        case Absent():
            return ()
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"page {written} could not be read: {why}")
        case _:
            assert_never(found)


def _alarms(message: Announcement) -> Sequence[str]:
    return message.retry or tuple(filter(None, (message.alarm_name,)))


def _of_decision(written: str, stack: Stack, bounds: Bounds) -> Sequence[str]:
    found = ledger_queries.decisions_of(stack.reader("dynamodb"), stack.ledger_table, written, bounds)
    return tuple(dict.fromkeys(decision.alarm for decision in found.decisions if decision.alarm))
