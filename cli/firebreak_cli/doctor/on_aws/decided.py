"""The newest decisions of the ledger, as far as the questions need them."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.incident.states import Incident
from firebreak.core.reasons import Reason
from firebreak.ledger.items import LISTED_DECISION, LISTED_INCIDENT
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries import by_time, ledger_queries
from firebreak_cli.queries.by_time import NoIndex
from firebreak_cli.queries.ledger_queries import BEGINNING, Found, StoredDecision

# More than a first day has; further back no question has to look.
_LINES = 200
_REFUSALS = frozenset({"refuse", "defer"})
# Refusals that the saved query leaves out as well (template/dashboard.py).
LEFT_OUT = frozenset({"heartbeat", "not_in_alarm", "no_longer_red"})


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: about which alarm, in which incident, and whether it was a refusal.

    `confirmed` says whether AWS confirmed the caller of a human's request; None where it was not asked.
    """

    alarm: str
    incident: str
    refused: bool
    confirmed: bool | None = None


def decided_since(seen: Examination, since: datetime) -> list[Decided]:
    """The newest decisions since then. Raises AwsError, or Ending where there is no index by time."""
    return [
        Decided(
            one.alarm,
            one.incident_id,
            one.outcome in _REFUSALS and one.reason not in LEFT_OUT,
            True if one.verified else _denied(one),
        )
        for one in _found(seen, LISTED_DECISION, since).decisions
    ]


def _denied(one: StoredDecision) -> bool | None:
    """False where AWS answered that the signature is not the caller's."""
    said = any("SignatureDoesNotMatch" in str(check.get("detail", "")) for check in one.checks)
    return False if one.reason == Reason.CALLER_UNCONFIRMED and said else None


def incidents_of(seen: Examination, action: str) -> list[Incident]:
    """The newest incidents in which that action had its turn. Raises AwsError, or Ending as above."""
    return [one for one in _found(seen, LISTED_INCIDENT, BEGINNING).incidents if one.action == action]


def _found(seen: Examination, kind: str, since: datetime) -> Found:
    client, table = seen.stack.reader("dynamodb"), seen.stack.ledger_table
    try:
        listed = by_time.newest(client, table, kind, since, pages=1, page_items=_LINES)
    except NoIndex as error:
        line = "the ledger's index by_time is not there or may not be queried (dynamodb:Query)"
        raise Ending(NO_AWS, line) from error
    return ledger_queries.at_places(client, table, [line.place for line in listed.lines])
