"""The time that each step of a drill took, against the policy's limits: pure functions of what was seen.

The policy says how soon an alarm must be answered (`respond_within`), when an act is looked at, how
long a recovery must hold and how far apart rungs are. The lateness of a wake-up is not the policy's:
EventBridge Scheduler fires within its minute, and the sweep leaves what is due alone for its grace.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import HistoryLine
from firebreak.core.limits.budgets import ACT_TIMEOUT, ACT_WITHIN
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.rules import Rules
from firebreak.remediation.sweeper import SWEEP_GRACE

# docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: a precision of a minute.
SCHEDULE_PRECISION = timedelta(minutes=1)
LATE_WAKE = SCHEDULE_PRECISION + SWEEP_GRACE

type Milestone = tuple[AnnouncementKind, int]


class Scenario(StrEnum):
    """The scenario of a drill."""

    RECOVERS = "recovers"
    STAYS_RED = "stays-red"
    OBSERVE = "observe"


class Timing(StrEnum):
    """The result of a step."""

    OK = "ok"
    LATE = "late"
    MISSING = "did not happen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that is known of a drill so far.

    `outcome` and `reason` are the decision's, as the ledger stores them. `lines` is the incident's
    history, `patience` how long the effect of a rung's act may take (rungs count from 0), `announced` when
    humans were notified of a kind and rung. `ok_at` is when the alarm was set back.
    """

    red_at: datetime
    decided_at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    incident_id: str = ""
    state: IncidentState | None = None
    rung: int = 0
    lines: tuple[HistoryLine, ...] = ()
    patience: Mapping[int, timedelta] = field(default_factory=dict)
    announced: Mapping[Milestone, datetime] = field(default_factory=dict)
    ok_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: `at` is when it happened (None: not), counted from `since`, of what `of` names."""

    name: str
    of: str
    since: datetime
    at: datetime | None
    allowed: timedelta

    @property
    def took(self) -> timedelta | None:
        """The time that it took; never less than nothing, for clocks differ."""
        return max(self.at - self.since, timedelta()) if self.at else None

    @property
    def timing(self) -> Timing:
        """Whether it happened in time."""
        if self.took is None:
            return Timing.MISSING
        return Timing.OK if self.took <= self.allowed else Timing.LATE


class EventKind(StrEnum):
    """The kind of event that a line of an incident's history reports."""

    CLAIMED = "claimed"
    ACTED = "acted"
    FAILED = "failed"
    CLIMBING = "climbing"
    ASKED = "asked"
    HUMANS = "humans"
    WELL = "well"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One line of the history, understood; `rung` counts from 0."""

    what: EventKind
    at: datetime
    rung: int


_BEGINS: Mapping[str, EventKind] = {
    "claimed rung ": EventKind.CLAIMED,
    "uncertain: ": EventKind.FAILED,
    "not executed: ": EventKind.FAILED,
    "the function that claimed it ": EventKind.FAILED,
    "climbing": EventKind.CLIMBING,
    "asks for approval: ": EventKind.ASKED,
    "given to humans: ": EventKind.HUMANS,
    "closed: ": EventKind.WELL,
    "resting: ": EventKind.WELL,
}
_JOINED = ("joined by alarm ", "superseded result: ")


def history_events(lines: Sequence[HistoryLine]) -> tuple[HistoryEvent, ...]:
    """The history as steps. The line that follows a claim, and is no failure, is the result of the act."""
    found: list[HistoryEvent] = []
    rung, claimed = -1, False
    for line in lines:
        if line.what.startswith(_JOINED):
            continue
        what = next((what for words, what in _BEGINS.items() if line.what.startswith(words)), EventKind.OTHER)
        if what is EventKind.CLAIMED and (" to undo: " in line.what or " to restore: " in line.what):
            what = EventKind.OTHER
        if what is EventKind.CLAIMED:
            rung = int(line.what.removeprefix("claimed rung ").partition(":")[0]) - 1
        if claimed and what is not EventKind.FAILED:
            what = EventKind.ACTED
        found.append(HistoryEvent(what, line.at, rung))
        claimed = what is EventKind.CLAIMED
    return tuple(found)


def settles_within(rules: Rules, patience: timedelta) -> timedelta:
    """The time from a claim to the look at which its effect has come to rest, or is known not to."""
    look = rules.verification
    return look.after if patience <= look.after else patience + look.retry_every


def steps(scenario: Scenario, rules: Rules, seen: Seen) -> tuple[Step, ...]:
    """The steps that the scenario expects, as far as they are known by now; missing ones come last."""
    match scenario:
        case Scenario.OBSERVE:
            return tuple(_observed(rules, seen))
        case Scenario.RECOVERS:
            return tuple(_recovering(rules, seen))
        case Scenario.STAYS_RED:
            return tuple(_staying_red(rules, seen))


def complete(found: Sequence[Step]) -> bool:
    """Whether everything happened, in time or not."""
    return all(step.at for step in found)


def in_time(found: Sequence[Step]) -> bool:
    """Whether everything happened in time."""
    return all(step.timing is Timing.OK for step in found)


def hopeless(scenario: Scenario, seen: Seen) -> str:
    """Why the missing steps will not come any more; empty while they may."""
    wanted = WANTED[scenario]
    if seen.outcome and seen.outcome != wanted:
        reason = f" ({seen.reason})" if seen.reason else ""
        return f"it was decided to {seen.outcome}{reason}, not to {wanted}"
    if any(event.what is EventKind.FAILED for event in history_events(seen.lines)):
        return "an act was claimed, and is not known to have been made"
    if scenario is Scenario.RECOVERS and any(
        event.what is EventKind.HUMANS for event in history_events(seen.lines)
    ):
        return "it was given to humans"
    if scenario is Scenario.STAYS_RED and any(
        event.what is EventKind.WELL for event in history_events(seen.lines)
    ):
        return "it was found to be well, although it was to stay red"
    return ""


# The decision that each scenario needs.
WANTED: Mapping[Scenario, str] = {
    Scenario.RECOVERS: "act",
    Scenario.STAYS_RED: "act",
    Scenario.OBSERVE: "propose",
}


def _observed(rules: Rules, seen: Seen) -> Iterator[Step]:
    yield _decided(rules, seen)
    proposed = seen.decided_at if seen.outcome == WANTED[Scenario.OBSERVE] else None
    yield Step(name="nothing done", of="red", since=seen.red_at, at=proposed, allowed=rules.respond_within)


def _decided(rules: Rules, seen: Seen) -> Step:
    return Step(name="decided", of="red", since=seen.red_at, at=seen.decided_at, allowed=rules.respond_within)


def _answered(rules: Rules, seen: Seen) -> Iterator[Step]:
    """From red to the first act and its page."""
    known = history_events(seen.lines)
    yield _decided(rules, seen)
    for name, what in (("claimed", EventKind.CLAIMED), ("acted", EventKind.ACTED)):
        at = _first(known, what)
        yield Step(name=name, of="red", since=seen.red_at, at=at, allowed=rules.respond_within)
    milestone, since = (AnnouncementKind.ACTED, 0), _first(known, EventKind.ACTED)
    yield from _page(rules, seen, milestone, name="announced", of="acted", since=since)


def _page(
    rules: Rules, seen: Seen, milestone: Milestone, *, name: str, of: str, since: datetime | None
) -> Iterator[Step]:
    if since:
        yield Step(
            name=name, of=of, since=since, at=seen.announced.get(milestone), allowed=rules.respond_within
        )


def _recovering(rules: Rules, seen: Seen) -> Iterator[Step]:
    yield from _answered(rules, seen)
    known = history_events(seen.lines)
    claimed_at, acted_at = _first(known, EventKind.CLAIMED), _first(known, EventKind.ACTED)
    if claimed_at is None or acted_at is None:
        return
    yield Step(name="set OK", of="acted", since=acted_at, at=seen.ok_at, allowed=rules.respond_within)
    if seen.ok_at:
        yield from _recovered(rules, seen, known, claimed_at, seen.ok_at)


def _recovered(
    rules: Rules, seen: Seen, known: Sequence[HistoryEvent], claimed_at: datetime, ok_at: datetime
) -> Iterator[Step]:
    well_at = _first(known, EventKind.WELL)
    yield Step(
        name="looked again",
        of="set OK",
        since=ok_at,
        at=_look_after(known, ok_at),
        allowed=_woken_within(rules, claimed_at, ok_at),
    )
    look, patience = rules.verification, seen.patience.get(0, timedelta())
    at_rest = max(look.after, patience) + look.retry_every + LATE_WAKE
    held = look.healthy_for + LATE_WAKE
    yield Step(name="recovered", of="claimed", since=claimed_at, at=well_at, allowed=at_rest + held)
    page = (AnnouncementKind.RECOVERED, seen.rung)
    yield from _page(rules, seen, page, name="recovery announced", of="recovered", since=well_at)


def _woken_within(rules: Rules, claimed_at: datetime, ok_at: datetime) -> timedelta:
    """An OK must wake Verify before its schedule would have, where there is time for that."""
    left = claimed_at + rules.verification.after - ok_at
    return min(rules.respond_within, left) if left > timedelta() else rules.respond_within


def _look_after(known: Sequence[HistoryEvent], ok_at: datetime) -> datetime | None:
    looks = [
        event.at
        for event in known
        if event.what not in (EventKind.CLAIMED, EventKind.ACTED, EventKind.FAILED)
    ]
    return next((at for at in looks if at >= ok_at), None)


def _staying_red(rules: Rules, seen: Seen) -> Iterator[Step]:
    yield from _answered(rules, seen)
    known = history_events(seen.lines)
    start = next((n for n, event in enumerate(known) if event.what is EventKind.CLAIMED), None)
    if start is not None:
        yield from _climb(rules, seen, known[start:])
    humans = _first(known, EventKind.HUMANS)
    page = (AnnouncementKind.GIVEN_TO_HUMANS, seen.rung)
    yield from _page(rules, seen, page, name="humans notified", of="given to humans", since=humans)


def _climb(rules: Rules, seen: Seen, known: Sequence[HistoryEvent]) -> Iterator[Step]:
    """Each step that another one has to follow, with that one or without."""
    for place, event in enumerate(known):
        later, rung = known[place + 1 :], f"rung {event.rung + 1}"
        at = next((one.at for one in later if one.what in _FOLLOWS.get(event.what, ())), None)
        match event.what:
            case EventKind.CLAIMED:
                yield from _acted_above(event, later)
                allowed = settles_within(rules, seen.patience.get(event.rung, timedelta())) + LATE_WAKE
                yield Step(name=f"{rung} judged", of="claimed", since=event.at, at=at, allowed=allowed)
            case EventKind.CLIMBING:
                allowed = _gap_left(rules, known[: place + 1]) + rules.respond_within
                yield Step(name=f"next after {rung}", of="climbing", since=event.at, at=at, allowed=allowed)
            case EventKind.ASKED:
                allowed = rules.approve_within + LATE_WAKE
                yield Step(name="nobody's yes", of="asked", since=event.at, at=at, allowed=allowed)
            case EventKind.ACTED | EventKind.FAILED | EventKind.HUMANS | EventKind.WELL | EventKind.OTHER:
                pass
            case never:
                assert_never(never)


def _acted_above(claim: HistoryEvent, later: Sequence[HistoryEvent]) -> Iterator[Step]:
    """The result of a claim above the first rung; that of the first counts from red."""
    if claim.rung:
        at = _first(later[:1], EventKind.ACTED)
        name, allowed = f"rung {claim.rung + 1} acted", ACT_WITHIN + ACT_TIMEOUT
        yield Step(name=name, of="claimed", since=claim.at, at=at, allowed=allowed)


_FOLLOWS: Mapping[EventKind, tuple[EventKind, ...]] = {
    EventKind.CLAIMED: (EventKind.CLIMBING, EventKind.HUMANS),
    EventKind.CLIMBING: (EventKind.CLAIMED, EventKind.CLIMBING, EventKind.ASKED, EventKind.HUMANS),
    EventKind.ASKED: (EventKind.CLAIMED, EventKind.CLIMBING, EventKind.HUMANS),
}


def _gap_left(rules: Rules, known: Sequence[HistoryEvent]) -> timedelta:
    """The rest of the rung gap at the last mark, with the delay of the schedule that ends the wait."""
    acts = [event.at for event in known if event.what is EventKind.CLAIMED]
    left = acts[-1] + rules.rung_gap - known[-1].at if acts else timedelta()
    return left + LATE_WAKE if left > timedelta() else timedelta()


def _first(known: Sequence[HistoryEvent], what: EventKind) -> datetime | None:
    return next((event.at for event in known if event.what is what), None)
