"""All statistics of a record, in one value that every output shows."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.statistics.coverage import Coverage, Watch
from firebreak_cli.statistics.durations import Distribution, Lasted
from firebreak_cli.statistics.outcomes import Outcome, outcomes_of
from firebreak_cli.statistics.proportions import Share
from firebreak_cli.statistics.record import Act, Record
from firebreak_cli.statistics.recovery import Recoveries, recoveries_of

WEEK = timedelta(days=7)
# A target with so many acts is listed: it may be kept alive by automation.
REPEATED = 3

# The outcomes of decisions that change nothing.
_NOT_ACTED = frozenset({"refuse", "propose", "defer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAction:
    """The acts of one action by what came of them. `success` counts those that recovered and held.

    Open ones are not in its total; those that somebody helped are, and are no success.
    """

    action: str
    outcomes: Mapping[Outcome, int]

    @property
    def success(self) -> Share:
        """The share of acts after which the alarms recovered and stayed so."""
        total = sum(count for outcome, count in self.outcomes.items() if outcome is not Outcome.OPEN)
        return Share(self.outcomes.get(Outcome.HELD, 0), total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The calls of seven days from `begin`; `whole` is False where the range ends before they do.

    `watched` is how long Firebreak was watching of them; None where that is not known of any time.
    """

    begin: datetime
    calls: int
    whole: bool
    watched: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offender:
    """A target that was acted on again and again."""

    target: str
    acts: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTarget:
    """The times red and the acts of a target; `red` is None where the times red are not known."""

    target: str
    red: int | None
    acts: int
    held: int
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The numbers of a record. `target_of` names the target of each alarm that has one.

    `reasons` counts decisions that changed nothing, by outcome and reason. `watched_hours` is how long
    Firebreak was watching in each hour of the day; None where that is not known. `calls_per_watched_week`
    is None as well where it was watching for less than a week. `decided_unwatched` counts the decisions of
    times in which no heartbeat came. `despite_freeze` counts the acts for which a human overrode a freeze.
    """

    record: Record
    acts: tuple[tuple[Act, Outcome], ...]
    targets: tuple[OfTarget, ...]
    target_of: Mapping[str, str]
    actions: tuple[OfAction, ...]
    time_to_act: Distribution
    recovery: Recoveries | NotRead | Unknown
    weeks: tuple[Week, ...]
    hours: tuple[int, ...]
    severities: Mapping[str, int]
    offenders: tuple[Offender, ...]
    decisions: Mapping[str, int]
    reasons: tuple[tuple[str, str, int], ...]
    watched_hours: tuple[timedelta, ...] | None
    calls_per_watched_week: float | None
    decided_unwatched: int
    despite_freeze: int


def summarize(record: Record) -> Statistics:
    """The statistics of the record."""
    acts, target_of = outcomes_of(record), _target_of(record)
    watched = record.coverage if isinstance(record.coverage, Coverage) else None
    return Statistics(
        record=record,
        acts=acts,
        targets=_targets(record, acts, target_of),
        target_of=target_of,
        actions=_actions(acts),
        time_to_act=_time_to_act(record),
        recovery=recoveries_of(record),
        weeks=_weeks(record, watched),
        hours=_hours(record),
        severities=Counter(call.severity for call in record.calls),
        offenders=_offenders(acts),
        decisions=Counter(one.outcome for one in record.decisions),
        reasons=_reasons(record),
        watched_hours=watched.watched_by_hour() if watched else None,
        calls_per_watched_week=_calls_per_week(record, watched) if watched else None,
        decided_unwatched=_decided_unwatched(record, watched) if watched else 0,
        despite_freeze=sum(one.overrode and one.outcome == "act" for one in record.decisions),
    )


def _target_of(record: Record) -> Mapping[str, str]:
    return {one.alarm: one.target for one in record.decisions if one.alarm and one.target}


def _targets(
    record: Record, acts: Sequence[tuple[Act, Outcome]], target_of: Mapping[str, str]
) -> tuple[OfTarget, ...]:
    """Every target with an act or an alarm, those with the most acts first."""
    red = _reds_by_target(record, target_of)
    mine: dict[str, list[tuple[Act, Outcome]]] = defaultdict(list)
    for act, outcome in acts:
        mine[act.target].append((act, outcome))
    rows = [
        OfTarget(
            target=name,
            red=None if red is None else red[name],
            acts=len(mine[name]),
            held=sum(outcome is Outcome.HELD for _, outcome in mine[name]),
            last=max((act.at for act, _ in mine[name]), default=None),
        )
        for name in {*mine, *target_of.values()}
    ]
    return tuple(sorted(rows, key=lambda one: (-one.acts, -(one.red or 0), one.target)))


def _reds_by_target(record: Record, target_of: Mapping[str, str]) -> Counter[str] | None:
    if not isinstance(record.reds, tuple):
        return None
    return Counter(target_of[red.alarm] for red in record.reds if red.alarm in target_of)


def _actions(acts: tuple[tuple[Act, Outcome], ...]) -> tuple[OfAction, ...]:
    found: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for act, outcome in acts:
        found[act.action][outcome] += 1
    return tuple(OfAction(action=name, outcomes=found[name]) for name in sorted(found))


def _time_to_act(record: Record) -> Distribution:
    """From red to the first act of each incident; those that still wait for one are open."""
    first: dict[str, Act] = {}
    for act in sorted(record.acts, key=lambda one: one.at):
        first.setdefault(act.incident, act)
    done = [
        Lasted(max(timedelta(), act.at - act.red_since))
        for act in first.values()
        if act.red_since is not None
    ]
    waiting = [Lasted(record.until - at, ended=False) for at in record.waiting if at <= record.until]
    return Distribution.of([*done, *waiting])


def _weeks(record: Record, watched: Coverage | None) -> tuple[Week, ...]:
    """Seven days each from the beginning of the range; a week without a call is there, with none."""
    number = -(-(record.until - record.first) // WEEK)
    counts = Counter(min(number - 1, (call.at - record.first) // WEEK) for call in record.calls)
    begins = [record.first + n * WEEK for n in range(number)]
    return tuple(
        Week(
            begin=begin,
            calls=counts[n],
            whole=begin + WEEK <= record.until,
            watched=watched.watched_between(begin, begin + WEEK) if watched else None,
        )
        for n, begin in enumerate(begins)
    )


def _calls_per_week(record: Record, watched: Coverage) -> float | None:
    """The calls of the times in which it was watching, for each week of them; None for less than a week."""
    length = watched.total(Watch.WATCHED)
    calls = sum(watched.at(call.at) is Watch.WATCHED for call in record.calls)
    return calls * (WEEK / length) if length >= WEEK else None


def _decided_unwatched(record: Record, watched: Coverage) -> int:
    return sum(watched.at(one.at) is Watch.NOT_WATCHED for one in record.decisions)


def _hours(record: Record) -> tuple[int, ...]:
    counts = Counter(call.at.hour for call in record.calls)
    return tuple(counts[hour] for hour in range(24))


def _offenders(acts: tuple[tuple[Act, Outcome], ...]) -> tuple[Offender, ...]:
    total, held = Counter(act.target for act, _ in acts), Counter[str]()
    held.update(act.target for act, outcome in acts if outcome is Outcome.HELD)
    rows = [Offender(target=name, acts=n, held=held[name]) for name, n in total.items() if n >= REPEATED]
    return tuple(sorted(rows, key=lambda one: (-one.acts, one.target)))


def _reasons(record: Record) -> tuple[tuple[str, str, int], ...]:
    found = Counter((one.outcome, one.reason) for one in record.decisions if one.outcome in _NOT_ACTED)
    return tuple((outcome, reason, n) for (outcome, reason), n in found.most_common())
