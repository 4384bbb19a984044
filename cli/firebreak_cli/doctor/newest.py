"""The newest decision and the newest heartbeat of the ledger, by its index by time."""

from dataclasses import dataclass
from typing import Any

from firebreak.core.reasons import Reason
from firebreak.ledger.items import LISTED_DECISION, LISTED_HEARTBEAT
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries import by_time, ledger_queries
from firebreak_cli.queries.by_time import NoIndex
from firebreak_cli.queries.ledger_queries import BEGINNING, Found, StoredDecision
from firebreak_cli.stack import Stack

# A few, for one that is damaged or does not count must not hide the one before it.
_LINES = 5


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest decision that names its policy, and the newest heartbeat that counts; None for none.

    `damaged` counts the newest heartbeats that are there and cannot be read.
    """

    decision: StoredDecision | None
    heartbeat: StoredDecision | None
    damaged: int


def newest_of(stack: Stack) -> Newest:
    """Both, as the ledger has them now. Raises AwsError, or Ending where there is no index by time."""
    client = stack.reader("dynamodb")
    try:
        decisions = _lines(client, stack, LISTED_DECISION)
        beats = _lines(client, stack, LISTED_HEARTBEAT)
    except NoIndex as error:
        line = "the ledger's index by_time is not there or may not be queried (dynamodb:Query)"
        raise Ending(NO_AWS, line) from error
    made = sorted((*decisions.decisions, *beats.decisions), key=lambda one: one.at, reverse=True)
    return Newest(
        next((one for one in made if one.policy), None),
        next((one for one in made if one.reason == Reason.HEARTBEAT), None),
        beats.damaged,
    )


def _lines(client: Any, stack: Stack, kind: str) -> Found:
    listed = by_time.newest(client, stack.ledger_table, kind, BEGINNING, pages=1, page_items=_LINES)
    return ledger_queries.at_places(client, stack.ledger_table, [line.place for line in listed.lines])
