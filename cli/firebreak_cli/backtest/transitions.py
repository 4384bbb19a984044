"""The transitions in an alarm history, and a count of every item that is none.

No item is dropped in silence: what cannot be replayed is counted under the reason.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from firebreak.core.evaluation import Evaluation
from firebreak.core.model import AlarmState
from firebreak.wire.reason_data import evaluation_of
from firebreak_cli.backtest.history_file import ItemLine

STATE_UPDATES = frozenset({"StateUpdate", "AlarmContributorStateUpdate"})
# Items of these types say nothing about a state (docs: AlarmHistoryItem, HistoryItemType).
NO_STATE = frozenset({"Action", "AlarmContributorAction"})
CONFIGURATION = "ConfigurationUpdate"


class Skipped(StrEnum):
    """Why an item of the history is not replayed."""

    DUPLICATE = "the same transition a second time"
    UNCHANGED = "from a state to itself"
    OUT_OF_ORDER = "older than the item before it"
    UNREADABLE = "its HistoryData cannot be read"
    UNKNOWN_TYPE = "an unknown type of item"
    DELETED_ALARM = "its alarm does not exist any more"
    UNUSABLE = "no function could read its event"
    OUTSIDE = "outside the time that was asked for"


class _State(msgspec.Struct, frozen=True, rename="camel"):
    state_value: AlarmState
    state_reason: str = ""
    state_reason_data: msgspec.Raw = msgspec.Raw(b"")
    actions_suppressed_by: str = ""


class _Before(msgspec.Struct, frozen=True, rename="camel"):
    state_value: str = ""


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    new_state: _State
    old_state: _Before = _Before()


_DECODE = msgspec.json.Decoder(_Data).decode


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition of an alarm, or of one of its series.

    `reason_data` is the JSON that CloudWatch evaluated, an object or a text that holds one; empty for none.
    """

    alarm: str
    contributor: str
    attributes: dict[str, str]
    at: datetime
    before: str
    after: AlarmState
    reason: str
    reason_data: bytes
    suppressed_by: str

    @property
    def subject(self) -> tuple[str, str]:
        """The alarm and its series."""
        return self.alarm, self.contributor

    @property
    def evaluation(self) -> Evaluation | None:
        """The evaluation that led to it."""
        raw = self.reason_data
        return evaluation_of(msgspec.json.decode(raw, type=str) if raw[:1] == b'"' else raw.decode())


@dataclass(slots=True)
class TransitionReader:
    """Reads transitions from items in order.

    `skipped` counts what was left out, `gaps` the transitions whose earlier state is not the one that the
    history had before it: something between them is missing. `changed` has the time of the last change of
    an alarm's configuration.
    """

    start: datetime
    end: datetime
    items: int = 0
    no_state: int = 0
    skipped: Counter[Skipped] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    changed: dict[str, datetime] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    _latest: dict[tuple[str, str], tuple[datetime, AlarmState]] = field(default_factory=dict)

    def read(self, items: Iterable[ItemLine]) -> Iterator[Transition]:
        """The transitions among the items."""
        for item in items:
            self.items += 1
            if item.history_item_type in STATE_UPDATES:
                found = self._transition(item)
                if isinstance(found, Skipped):
                    self.skipped[found] += 1
                else:
                    yield found
            else:
                self._other(item)

    def _other(self, item: ItemLine) -> None:
        if item.history_item_type == CONFIGURATION:
            self.changed[item.alarm_name] = item.timestamp
            self.no_state += 1
        elif item.history_item_type in NO_STATE:
            self.no_state += 1
        else:
            self.skipped[Skipped.UNKNOWN_TYPE] += 1
            self.unknown_types[item.history_item_type[:60]] += 1

    def _transition(self, item: ItemLine) -> Transition | Skipped:
        at = item.timestamp if item.timestamp.tzinfo else item.timestamp.replace(tzinfo=UTC)
        if not self.start <= at <= self.end:
            return Skipped.OUTSIDE
        if self.last and at < self.last:
            return Skipped.OUT_OF_ORDER
        try:
            data = _DECODE(item.history_data)
        except msgspec.MsgspecError:
            return Skipped.UNREADABLE
        return self._placed(item, data, at)

    def _placed(self, item: ItemLine, data: _Data, at: datetime) -> Transition | Skipped:
        """The transition, compared with the one before it of the same series."""
        subject, after, before = (
            (item.alarm_name, item.alarm_contributor_id),
            data.new_state.state_value,
            data.old_state.state_value,
        )
        known = self._latest.get(subject)
        if known == (at, after):
            return Skipped.DUPLICATE
        if before == after:
            return Skipped.UNCHANGED
        if known and before and known[1] != before:
            self.gaps[item.alarm_name] += 1
        self._latest[subject] = (at, after)
        self.first, self.last = self.first or at, at
        return Transition(
            alarm=item.alarm_name,
            contributor=item.alarm_contributor_id,
            attributes=item.alarm_contributor_attributes,
            at=at,
            before=before,
            after=after,
            reason=data.new_state.state_reason,
            reason_data=bytes(data.new_state.state_reason_data),
            suppressed_by=data.new_state.actions_suppressed_by,
        )
