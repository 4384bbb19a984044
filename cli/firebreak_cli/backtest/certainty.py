"""How far a history carries a decision, and the decision in one word."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from firebreak.core.incident.states import PURPOSE_OF
from firebreak.core.ledger import DecisionRecord
from firebreak.core.model import AlarmKind
from firebreak.core.reasons import Reason
from firebreak_cli.backtest.facts import Facts

PUT_BACK, UNKNOWN = "put_back", "unknown"


class Certainty(StrEnum):
    """How far the history carries a decision."""

    CERTAIN = "certain"
    MAYBE = "maybe"
    NOT_REPLAYED = "not_replayed"


class Decided(NamedTuple):
    """A decision as it is counted: its outcome in one word, its reason and its certainty."""

    word: str
    reason: Reason
    certainty: Certainty


# The replay had no reading for one of the guards, so the real decision is not known.
UNREADABLE = frozenset(
    reason for reason in Reason if reason.name.endswith("UNREADABLE") or reason is Reason.NOT_LOOKED_AT
)
# They rest on the event, the alarm's configuration and its tags. All others rest on the target as well, or on
# acts before them, of which none is certain.
_BY_ALARM = frozenset(
    {
        Reason.ROUTED_TO_HUMANS,
        Reason.UNKNOWN_ACTION_TAG,
        Reason.ACTION_NONE,
        Reason.UNKNOWN_KIND,
        Reason.PARENT_OF_CONTRIBUTORS,
        Reason.TARGET_NONE,
        Reason.TARGET_MALFORMED,
        Reason.TARGET_UNSUPPORTED,
        Reason.OTHER_ACCOUNT,
        Reason.SUPPRESSED,
    }
)


def certainty_of(record: DecisionRecord, at: datetime, facts: Facts) -> Certainty:
    """The certainty of a decision that was made at that time."""
    reason, alarm = record.decision.reason, record.alarm
    if reason in UNREADABLE:
        return Certainty.NOT_REPLAYED
    known = facts.alarms.get(alarm.name) if alarm else None
    as_today = known is None or known.configured_at is None or known.configured_at <= at
    by_itself = alarm is None or alarm.kind is not AlarmKind.COMPOSITE  # its children name its target
    return Certainty.CERTAIN if reason in _BY_ALARM and as_today and by_itself else Certainty.MAYBE


def decided_as(record: DecisionRecord, at: datetime, facts: Facts) -> Decided:
    """The decision as it is counted. One that could not be replayed has no known outcome."""
    certainty, word = certainty_of(record, at, facts), record.decision.word
    if certainty is Certainty.NOT_REPLAYED:
        word = UNKNOWN
    elif record.kind in PURPOSE_OF and word == "act":
        word = PUT_BACK
    return Decided(word, record.decision.reason, certainty)
