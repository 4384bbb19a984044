"""The counts of a replay: bounded by alarms, targets, scopes and reasons, not by the history."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from firebreak.core.incident.states import PURPOSE_OF
from firebreak.core.incident.transitions import NOT_ALLOWED
from firebreak.core.ledger import Claim, DecisionRecord, IncidentChange
from firebreak.core.limits.budgets import Budget, held
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import Scope, short_key
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import Verdict
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.severities import severity_of
from firebreak.core.paging.threads import phase_of
from firebreak.core.reasons import Reason
from firebreak.policy.policy import Policy

# Announcements repeat under one key for a day at most (decision_messages.DAILY).
REMEMBERED_FOR = timedelta(days=1, hours=1)
MOST_REMEMBERED = 20_000
EXAMPLES = 3


class Certainty(StrEnum):
    """How far the history carries a decision."""

    CERTAIN = "certain"
    MAYBE = "maybe"
    NOT_REPLAYED = "not_replayed"


# An outcome in one word, its reason, and how far the history carries it.
type Decided = tuple[str, Reason, Certainty]

# The replay had no reading for one of the guards, so the real decision is not known.
UNREADABLE = frozenset(
    reason for reason in Reason if reason.name.endswith("UNREADABLE") or reason is Reason.NOT_LOOKED_AT
)
# These rest on the target as it is today.
_BY_TARGET = NOT_ALLOWED | {
    Reason.OWN_STACK,
    Reason.TARGET_MISSING,
    Reason.UNSUPPORTED_CONTROLLER,
    Reason.UNSAFE_ALIAS,
    Reason.MANAGED_ELSEWHERE,
    Reason.RUNBOOK_UNUSABLE,
    Reason.HOSTS_UNHEALTHY,
    Reason.SHARE_REACHED,
    Reason.HEALTHY_FLOOR_REACHED,
    Reason.CLEAR_TO_ACT,
    Reason.OBSERVE_ONLY,
    Reason.NEEDS_APPROVAL,
}


def word_of(record: DecisionRecord) -> str:
    """The outcome of a decision in one word; an act that puts something back is none of its own."""
    puts_back = record.kind in PURPOSE_OF and record.decision.word == "act"
    return "put_back" if puts_back else record.decision.word


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
    """A decision that is made over and over; `each` says that each is announced, not the first alone."""

    record: DecisionRecord
    message: Announcement | None
    each: bool


@dataclass(slots=True)
class Tally:
    """`Listener` and announcements: every count of a replay."""

    policy: Policy
    changed: dict[str, datetime]
    decisions: Counter[Decided] = field(default_factory=Counter)
    examples: dict[Decided, list[tuple[datetime, str, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    acts: dict[str, Acts] = field(default_factory=lambda: defaultdict(Acts))
    first_acts: list[ReplayedAct] = field(default_factory=list)
    windows: dict[tuple[Scope, Budget], Window] = field(default_factory=lambda: defaultdict(Window))
    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    calls: Counter[Severity] = field(default_factory=Counter)
    calls_by_hour: Counter[int] = field(default_factory=Counter)
    announcements: Counter[AnnouncementKind] = field(default_factory=Counter)
    storms: list[datetime] = field(default_factory=list)
    not_opted_in: Counter[str] = field(default_factory=Counter)
    latest: Decided | None = None
    recovered: int = 0
    repeated: int = 0
    unreplayed: Counter[str] = field(default_factory=Counter)
    _known: dict[str, datetime] = field(default_factory=dict)
    _unsure: set[str] = field(default_factory=set)

    def decided(self, record: DecisionRecord, message: Announcement | None) -> None:
        """Counts a decision; an OK that changes nothing is counted as a recovery alone."""
        decision, alarm = record.decision, record.alarm
        if decision.reason is Reason.NOT_IN_ALARM:
            self.recovered += 1
            return
        sure = self._certainty(record, record.at)
        key = (word_of(record), decision.reason, sure)
        self.latest = self.latest or key
        self.decisions[key] += 1
        if len(self.examples[key]) < EXAMPLES:
            detail = decision.deciding.detail if decision.deciding else ""
            self.examples[key].append(
                (record.at, alarm.name if alarm else "", short_key(record.target), detail)
            )
        if decision.reason in NOT_ALLOWED:
            self.not_opted_in[short_key(record.target)] += 1
        if sure is Certainty.NOT_REPLAYED:
            self.unreplayed[short_key(record.target) or (alarm.name if alarm else "")] += 1
            if message:
                self._unsure.add(message.waits_as)

    def again(self, repeat: Repeat, at: datetime) -> None:
        """Counts a decision that was made before, once more."""
        self.repeated += 1
        record = repeat.record
        decision = record.decision
        key = (word_of(record), decision.reason, self._certainty(record, at))
        self.latest = self.latest or key
        self.decisions[key] += 1
        if decision.reason in NOT_ALLOWED:
            self.not_opted_in[short_key(record.target)] += 1
        if repeat.each and repeat.message:
            self._count(repeat.message, at)

    def _certainty(self, record: DecisionRecord, at: datetime) -> Certainty:
        reason, alarm = record.decision.reason, record.alarm
        if reason in UNREADABLE:
            return Certainty.NOT_REPLAYED
        changed = self.changed.get(alarm.name) if alarm else None
        rests_on_today = reason in _BY_TARGET or (changed is not None and changed > at)
        return Certainty.MAYBE if rests_on_today else Certainty.CERTAIN

    def claimed(self, claim: Claim) -> None:
        """Counts an act, and how full its budgets were with it."""
        after = claim.after
        if claim.takes_slots:
            self._act(claim)
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
        if len(self.first_acts) < 1000:  # noqa: PLR2004  # a list for people and for the report
            self.first_acts.append(
                ReplayedAct(claim.at, after.action, after.target.display, alarm.name, after.id, after.rung)
            )

    def _window(self, scope: Scope, budget: Budget, count: int, at: datetime) -> None:
        fullest = self.windows[scope, budget]
        if count > fullest.most:
            fullest.most, fullest.at = count, at

    def moved(self, change: IncidentChange) -> None:
        """Counts a verdict."""
        if change.judged:
            self.verdicts[change.before.action, change.judged.verdict] += 1

    def announced(self, message: Announcement) -> None:
        """Counts an announcement once a key, and a call where it calls somebody."""
        if message.waits_as in self._unsure:
            self._unsure.discard(message.waits_as)
            return
        if message.key in self._known:
            return
        self._remember(message)
        self._count(message, message.at)

    def _count(self, message: Announcement, at: datetime) -> None:
        self.announcements[message.kind] += 1
        if message.kind is AnnouncementKind.STORM:
            self.storms.append(at)
        if phase_of(message) is Phase.TRIGGER:
            self.calls[severity_of(message, self.policy.paging)] += 1
            self.calls_by_hour[at.hour] += 1

    def _remember(self, message: Announcement) -> None:
        self._known[message.key] = message.at
        if len(self._known) > MOST_REMEMBERED:
            self._known = {key: at for key, at in self._known.items() if message.at - at < REMEMBERED_FOR}

    @property
    def made(self) -> int:
        """How many decisions there were."""
        return sum(self.decisions.values())
