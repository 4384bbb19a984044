"""The transitions in an alarm history, and a count of every item that is none.

No item is dropped in silence: what cannot be replayed is counted under the reason.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from firebreak.core.evaluation import Evaluation
from firebreak.core.model import AlarmState
from firebreak.wire.reason_data import evaluation_of
from firebreak_cli.backtest.history_file import ItemLine, in_utc
from firebreak_cli.backtest.mute_windows import MuteWindows

STATE_UPDATES = frozenset({"StateUpdate", "AlarmContributorStateUpdate"})
# So many unknown types are counted by name.
MOST_TYPES = 20
# Items of these types say nothing about a state (docs: AlarmHistoryItem, HistoryItemType).
ACTIONS = frozenset({"Action", "AlarmContributorAction"})
NO_STATE = ACTIONS | {"ConfigurationUpdate"}
# An action that was muted has the end of the window in its data, all others null.
MUTED_ACTION = re.compile(r'"muteWindowEndTimestamp"\s*:\s*[^\sn]')


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
    state_reason: str | None = None
    state_reason_data: msgspec.Raw = msgspec.Raw(b"")
    actions_suppressed_by: str | None = None


class _Before(msgspec.Struct, frozen=True, rename="camel"):
    state_value: str | None = None


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    new_state: _State
    old_state: _Before | None = None


_DECODE = msgspec.json.Decoder(_Data).decode


class Transition(msgspec.Struct, frozen=True):
    """One transition of an alarm, or of one of its series; `subject` is both.

    `reason_data` is the JSON that CloudWatch evaluated, an object or a text that holds one; empty for none.
    """

    subject: tuple[str, str]
    attributes: dict[str, str]
    at: datetime
    before: str
    after: AlarmState
    reason: str = ""
    reason_data: bytes = b""
    suppressed_by: str = ""

    @property
    def alarm(self) -> str:
        """The name of the alarm."""
        return self.subject[0]

    @property
    def contributor(self) -> str:
        """The id of the series; empty for the alarm as a whole."""
        return self.subject[1]

    @property
    def evaluation(self) -> Evaluation | None:
        """The evaluation that led to it."""
        raw = self.reason_data
        return evaluation_of(msgspec.json.decode(raw, type=str) if raw[:1] == b'"' else raw.decode())


@dataclass(slots=True)
class TransitionReader:
    """Reads transitions from items in order.

    `skipped` counts what was left out, `gaps` the transitions whose earlier state is not the one that the
    history had before it: something between them is missing. `muted_otherwise` counts those whose actions
    CloudWatch muted, as the history says, while no rule of `mutes` was over them. Transitions before `start`
    are read as well: they say in what state alarms were then.
    """

    start: datetime
    end: datetime
    mutes: MuteWindows
    items: int = 0
    no_state: int = 0
    skipped: Counter[Skipped] = field(default_factory=Counter)
    muted_otherwise: Counter[str] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    _latest: dict[tuple[str, str], tuple[datetime, AlarmState]] = field(default_factory=dict)
    _muted: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def read(self, items: Iterable[ItemLine]) -> Iterator[Transition]:
        """The transitions among the items."""
        for item in items:
            self.items += 1
            if item.history_item_type not in STATE_UPDATES:
                self._other(item)
                continue
            found = self._transition(item)
            if isinstance(found, Transition):
                yield found
            else:
                self.skipped[found] += 1

    def _other(self, item: ItemLine) -> None:
        if item.history_item_type in NO_STATE:
            self.no_state += 1
            if item.history_item_type in ACTIONS and MUTED_ACTION.search(item.history_data):
                self._muted_action(item)
        else:
            self.skipped[Skipped.UNKNOWN_TYPE] += 1
            if len(self.unknown_types) < MOST_TYPES or item.history_item_type[:60] in self.unknown_types:
                self.unknown_types[item.history_item_type[:60]] += 1

    def _muted_action(self, item: ItemLine) -> None:
        """Counts the newest transition as muted, once whatever the number of its actions."""
        subject = (item.alarm_name, item.alarm_contributor_id)
        turned_at, _ = self._latest.get(subject, (None, None))
        if turned_at is None or turned_at < self.start or self._muted.get(subject) == turned_at:
            return
        self._muted[subject] = turned_at
        if self.mutes.over(item.alarm_name, turned_at) is None:
            self.muted_otherwise[item.alarm_name] += 1

    def _transition(self, item: ItemLine) -> Transition | Skipped:
        """The transition, compared with the one before it of the same series."""
        at = in_utc(item.timestamp)
        if at > self.end:
            return Skipped.OUTSIDE
        if self.last and at < self.last:
            return Skipped.OUT_OF_ORDER
        try:
            data = _DECODE(item.history_data)
        except (msgspec.MsgspecError, RecursionError):
            return Skipped.UNREADABLE
        new, before = data.new_state, (data.old_state and data.old_state.state_value) or ""
        subject, after = (item.alarm_name, item.alarm_contributor_id), new.state_value
        known = self._latest.get(subject)
        if known == (at, after):
            return Skipped.DUPLICATE
        if before == after:
            return Skipped.UNCHANGED
        if known and before and known[1] != before:
            self.gaps[item.alarm_name] += 1
        self._latest[subject] = (at, after)
        if at >= self.start:
            self.first = self.first or at
        self.last = at
        return Transition(
            subject,
            item.alarm_contributor_attributes,
            at,
            before,
            after,
            new.state_reason or "",
            raw if (raw := bytes(new.state_reason_data)) != b"null" else b"",
            new.actions_suppressed_by or "",
        )
