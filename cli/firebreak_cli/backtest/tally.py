"""The counts of a replay: bounded by alarms, targets, scopes and reasons, not by the history."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.incident.transitions import NOT_ALLOWED
from firebreak.core.ledger import Claim, DecisionRecord, IncidentChange
from firebreak.core.limits.budgets import Budget, held
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import Scope, short_key
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, Verdict
from firebreak.core.reasons import Reason
from firebreak.policy.policy import Policy
from firebreak_cli.backtest.calls import Calls
from firebreak_cli.backtest.certainty import UNKNOWN, Certainty, Decided, decided_as
from firebreak_cli.backtest.facts import Facts
from firebreak_cli.backtest.witness import NOBODY, Witness

EXAMPLES = 3
MOST_ACTS_LISTED = 1000


@dataclass(frozen=True, slots=True)
class ReplayedAct:
    """One act of the replay."""

    at: datetime
    action: str
    target: str
    alarm: str
    incident_id: str
    rung: int


@dataclass(slots=True)
class Acts:
    """The acts of one target, by action, and when the last one was."""

    by_action: Counter[str] = field(default_factory=Counter)
    last: datetime | None = None


@dataclass(slots=True)
class Window:
    """The fullest window of one scope against one of its budgets."""

    most: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A decision that is made over and over; `each` says that each is announced, whatever was before."""

    record: DecisionRecord
    message: Announcement | None
    each: bool


@dataclass(frozen=True, slots=True)
class Made:
    """One decision: about what, and what was decided."""

    alarm: str
    action: str
    target: str
    decided: Decided


@dataclass(slots=True)
class Tally:
    """`Listener` and announcements: every count of a replay. `recent` has the decisions of the last step."""

    policy: Policy
    facts: Facts
    decisions: Counter[Decided] = field(default_factory=Counter)
    examples: dict[Decided, list[tuple[datetime, str, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    acts: dict[str, Acts] = field(default_factory=lambda: defaultdict(Acts))
    first_acts: list[ReplayedAct] = field(default_factory=list)
    windows: dict[tuple[Scope, Budget], Window] = field(default_factory=lambda: defaultdict(Window))
    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    not_opted_in: Counter[str] = field(default_factory=Counter)
    unreplayed: Counter[str] = field(default_factory=Counter)
    recent: list[Made] = field(default_factory=list)
    recovered: int = 0
    repeated: int = 0
    witness: Witness = NOBODY
    calls: Calls = field(init=False)
    _unsure: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.calls = Calls(self.policy.paging, self.witness)

    def decided(self, record: DecisionRecord, message: Announcement | None) -> None:
        """Counts a decision; an OK that changes nothing is counted as a recovery alone."""
        decision, alarm = record.decision, record.alarm
        if decision.reason is Reason.NOT_IN_ALARM:
            self.recovered += 1
            return
        found = self._count(record, record.at)
        if len(self.examples[found]) < EXAMPLES:
            detail = decision.deciding.detail if decision.deciding else ""
            name, target = alarm.name if alarm else "", short_key(record.target)
            self.examples[found].append((record.at, name, target, detail))
        if found.certainty is Certainty.NOT_REPLAYED:
            self.unreplayed[short_key(record.target) or (alarm.name if alarm else "")] += 1
            if message:
                self._unsure.add(message.waits_as)

    def again(self, repeat: Repeat, at: datetime) -> None:
        """Counts a decision that was made before, once more."""
        self.repeated += 1
        self._count(repeat.record, at)
        if repeat.message and repeat.each:
            self.calls.count(repeat.message, at)
        elif repeat.message:
            self.calls.announced(repeat.message, at)

    def not_routed(self, alarm: Alarm) -> None:
        """Counts an alarm of which nobody knows where its tags would have led it."""
        found = Decided(UNKNOWN, Reason.OPT_IN_UNREADABLE, Certainty.NOT_REPLAYED)
        self.decisions[found] += 1
        self.unreplayed[alarm.name] += 1
        self.recent.append(Made(alarm.name, "", "", found))

    def _count(self, record: DecisionRecord, at: datetime) -> Decided:
        found = decided_as(record, at, self.facts)
        self.decisions[found] += 1
        target, alarm = short_key(record.target), record.alarm
        self.recent.append(Made(alarm.name if alarm else "", record.action, target, found))
        self.witness.decided(record, found.word, at)
        if record.decision.reason in NOT_ALLOWED:
            self.not_opted_in[target] += 1
        return found

    def claimed(self, claim: Claim) -> None:
        """Counts an act, and how full its budgets were with it."""
        after = claim.after
        if claim.takes_slots:
            self._act(claim)
            self.witness.acted(claim)
            rules = self.policy.rules(after.action, after.target)
            for scope, seen in claim.seen.scopes.items():
                acts = [act.at for act in seen.acts] if isinstance(seen, ScopeHistory) else []
                for budget in rules.limits(scope):
                    self._window(scope, budget, len(held(acts, budget, claim.at)) + 1, claim.at)

    def _act(self, claim: Claim) -> None:
        after, alarm = claim.after, claim.request.alarm
        mine = self.acts[after.target.display]
        mine.by_action[after.action] += 1
        mine.last = claim.at
        if len(self.first_acts) < MOST_ACTS_LISTED:
            self.first_acts.append(
                ReplayedAct(claim.at, after.action, after.target.display, alarm.name, after.id, after.rung)
            )

    def _window(self, scope: Scope, budget: Budget, count: int, at: datetime) -> None:
        fullest = self.windows[scope, budget]
        if count > fullest.most:
            fullest.most, fullest.at = count, at

    def moved(self, change: IncidentChange) -> None:
        """Counts a verdict."""
        self.witness.moved(change)
        if change.judged:
            self.verdicts[change.before.action, change.judged.verdict] += 1

    def announced(self, message: Announcement) -> None:
        """Counts an announcement, unless it is about a decision that could not be replayed."""
        if message.waits_as in self._unsure:
            self._unsure.discard(message.waits_as)
        else:
            self.calls.announced(message, message.at)

    @property
    def made(self) -> int:
        """How many decisions there were."""
        return sum(self.decisions.values())
