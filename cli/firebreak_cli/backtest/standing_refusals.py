"""Refusals that stand: what an alarm that turns red again gets while nothing that was looked at has changed.

An alarm that flaps is refused for one cause thousands of times. Each of those decisions is the first one over
again until a time passes that the first one names, or the ledger changes; so they are counted without being
made again. tests/cli/backtest holds both ways of a replay to the same counts.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from firebreak.core.decision import Refuse
from firebreak.core.guards.consent import refuses
from firebreak.core.guards.table import GUARDS
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import Level, Scope, short_key
from firebreak.core.limits.storm import (
    CALM,
    RedAlarm,
    Storm,
    StormRules,
    outdated,
    renews,
    worth_remembering,
)
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Target
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.intake.names import read_target
from firebreak.ledger.memory.state import Held
from firebreak.ledger.memory.storms import MemoryStorms
from firebreak.policy.policy import Policy
from firebreak_cli.backtest.certainty import UNREADABLE
from firebreak_cli.backtest.tally import Repeat
from firebreak_cli.backtest.transitions import Transition

NEVER = datetime.max.replace(tzinfo=UTC)

# They rest on the alarm and the target, which stay as they are today for the whole of a replay.
LASTING = frozenset(
    {
        Reason.NOT_OPTED_IN,
        Reason.ALARM_NOT_ALLOWED,
        Reason.OTHER_STACK,
        Reason.OWN_STACK,
        Reason.ACTION_NONE,
        Reason.OTHER_ACTION,
        Reason.TARGET_NONE,
        Reason.TARGET_AMBIGUOUS,
        Reason.TARGET_MALFORMED,
        Reason.TARGET_UNSUPPORTED,
        Reason.OTHER_ACCOUNT,
        Reason.UNKNOWN_KIND,
        Reason.PARENT_OF_CONTRIBUTORS,
        Reason.ROUTED_TO_HUMANS,
        Reason.UNKNOWN_ACTION_TAG,
    }
)
# They come of a look at the alarm, which is left out once the ledger objects.
LOOKED_AT = frozenset({Reason.WRONG_DIRECTION, Reason.OTHER_CONTROLLER, Reason.ACTIONS_DISABLED})
# A refusal for one of these ends at the time that its check names.
TIMED = frozenset({Reason.COOLDOWN, Reason.BREAKER_OPEN, Reason.BUDGET_FULL, Reason.FROZEN})

_PLACES = {guard.name: place for place, guard in enumerate(GUARDS)}
# The guards from and to these look at the target, the action and the dependencies, and at no other limit.
_FIRST_OF_THE_FIRST = _PLACES["in flight"]
_LAST_OF_THE_FIRST = _PLACES["cooldown"]
# Verdicts are written into these (core/limits/scopes.py, judged_in).
_JUDGED = frozenset({Level.TARGET, Level.GROUP, Level.ACTION})
_FIRST_SCOPES = frozenset({Level.TARGET, Level.ACTION, Level.DEPENDENCY})


class Shape(NamedTuple):
    """The number of points of an evaluation, and its words: they decide whether data is missing."""

    points: int
    values: int
    numbers: int
    sentence: bool


def shape_of(transition: Transition) -> Shape:
    """The shape of a transition's evaluation."""
    data = transition.reason_data
    words = "missing" in transition.reason or "no datapoint" in transition.reason
    return Shape(data.count(b'timestamp"'), data.count(b'value"'), data.count(b","), words)


@dataclass(frozen=True, slots=True)
class Standing:
    """A refusal, until when it stands, and what must still be as it was."""

    repeat: Repeat
    until: datetime
    shape: Shape
    versions: Mapping[Scope, tuple[int, str, int] | None]
    red: RedAlarm | None
    tripped_at: datetime | None


@dataclass(slots=True)
class StandingRefusals:
    """The standing refusals of a replay, and the red alarms that they have not counted for a storm yet."""

    policy: Policy
    storms: MemoryStorms
    account: str
    region: str
    _known: dict[tuple[str, str], Standing] = field(default_factory=dict)
    _uncounted: dict[str, RedAlarm] = field(default_factory=dict)
    _recent: deque[tuple[datetime, str]] = field(default_factory=deque)
    _in_window: dict[str, datetime] = field(default_factory=dict)

    def again(self, transition: Transition) -> Repeat | None:
        """The refusal that a transition gets once more; None where it has to be decided."""
        known = self._known.get(transition.subject)
        held = self.storms.memory.held
        storm = held.storm or CALM
        if known is None or transition.at >= known.until or storm.tripped_at != known.tripped_at:
            return None
        if transition.after is not AlarmState.ALARM or transition.suppressed_by:
            return None
        if known.shape != shape_of(transition) or known.versions != _versions(held, known.versions):
            return None
        if known.red and not self._counted(storm, replace(known.red, since=transition.at)):
            return None
        return known.repeat

    def _counted(self, storm: Storm, red: RedAlarm) -> bool:
        """Whether the alarm could be counted for a storm, or is to be counted before the next look at it."""
        if storm.tripped_at:
            if worth_remembering(storm, red):
                return False
            if renews(storm, red):
                self.storms.renew(red.since)
            return True
        if not self._is_calm_with(red):
            return False
        self._uncounted[red.series] = red
        return True

    def _is_calm_with(self, red: RedAlarm) -> bool:
        """Whether one more red alarm is too few for a storm, however the windows lie."""
        rules, now = self.policy.storm, red.since
        self._recent.append((now, red.series))
        self._in_window[red.series] = now
        while self._recent and self._recent[0][0] + rules.within + rules.late <= now:
            at, series = self._recent.popleft()
            if self._in_window.get(series) == at:
                del self._in_window[series]
        return len(self._in_window) < rules.alarms

    def notice(self, alarm: Alarm) -> None:
        """Takes a red alarm into account that is decided in full."""
        self._is_calm_with(RedAlarm.of(alarm, alarm.since))

    def count(self, now: datetime) -> None:
        """Counts the red alarms of repeated refusals, before anything looks at the storm."""
        for red in self._uncounted.values():
            if not _is_old(red, self.policy.storm, now):
                known = self.storms.memory.held.storm or CALM
                self.storms.remember(red, outdated(known, self.policy.storm, now), red.since)
        self._uncounted.clear()

    def keep(
        self,
        transition: Transition,
        alarm: Alarm,
        record: DecisionRecord,
        message: Announcement | None,
        tags: Reading[Mapping[str, str]],
    ) -> None:
        """Keeps a refusal that was just recorded, if it stands for a while."""
        self._known.pop(transition.subject, None)
        until = self._until(record)
        if alarm.kind is AlarmKind.COMPOSITE:  # its children, which may be others each time, name its target
            return
        if until is None or not isinstance(record.decision.outcome, Refuse) or transition.suppressed_by:
            return
        target = self._target(record)
        rules = self.policy.rules(record.action, target) if target else None
        if target and rules:
            until = min(until, _before_a_window(rules, record.at))
        scopes = rules.scopes(target) if target and rules else ()
        held = self.storms.memory.held
        if any(_is_open(held, scope) for scope in scopes):
            return
        each = message is not None and message.key == digest("decision", record.key)
        self._known[transition.subject] = Standing(
            repeat=Repeat(record, message, each=each),
            until=until,
            shape=shape_of(transition),
            versions=_versions(held, dict.fromkeys(self._looked_at(record, scopes))),
            tripped_at=(held.storm or CALM).tripped_at,
            red=RedAlarm.of(alarm, alarm.since) if target and not refuses(tags, alarm.name, "") else None,
        )

    def _until(self, record: DecisionRecord) -> datetime | None:
        """When the refusal may end by itself; None where that is not known."""
        reason, deciding = record.decision.reason, record.decision.deciding
        if reason in UNREADABLE:
            return None
        if (
            reason in LASTING | LOOKED_AT or reason is Reason.STORM
        ):  # a storm's end is a change of what is looked at
            return NEVER
        return deciding.until if reason in TIMED and deciding else None

    def _looked_at(self, record: DecisionRecord, scopes: tuple[Scope, ...]) -> list[Scope]:
        if not record.target:
            return []
        deciding = record.decision.deciding
        place = _PLACES.get(deciding.guard, len(GUARDS)) if deciding else len(GUARDS)
        first = _FIRST_OF_THE_FIRST <= place <= _LAST_OF_THE_FIRST
        return [scope for scope in scopes if not first or scope.level in _FIRST_SCOPES]

    def _target(self, record: DecisionRecord) -> Target | None:
        if not record.target:
            return None
        found = read_target(short_key(record.target), self.account, self.region)
        return found if isinstance(found, Target) else None


def _is_old(red: RedAlarm, rules: StormRules, now: datetime) -> bool:
    return red.since + rules.within + rules.late <= now


def _versions(held: Held, scopes: Mapping[Scope, object]) -> Mapping[Scope, tuple[int, str, int] | None]:
    """The ledger's values of each scope: its version, its incident, and that one's version."""
    return {scope: _version(held, held.scopes.get(scope)) for scope in scopes}


def _version(held: Held, history: ScopeHistory | None) -> tuple[int, str, int] | None:
    if history is None:
        return None
    incident = held.incidents.get(history.incident_id) if history.incident_id else None
    return history.version, history.incident_id, incident.version if incident else 0


def _is_open(held: Held, scope: Scope) -> bool:
    """Whether an act of the scope is not judged yet: time alone may then change what a breaker says."""
    history = held.scopes.get(scope)
    acts = history.acts if history and scope.level in _JUDGED else ()
    return any(act.judged is None for act in acts)


def _before_a_window(rules: Rules, now: datetime) -> datetime:
    """The next time at which a window of the policy begins or ends."""
    windows = (*rules.never, *rules.only)
    times = [at for one in windows for at in (one.next_start(now), one.covering(now)) if at]
    return min(times, default=NEVER)
