"""How long a fault lasts until an alarm of the stack is red, by its properties and CloudWatch's rules.

docs/operations.md states these times. Each fault is played at many moments of the clock and of the sweeps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.aws.own_measures import LOOKED_BACK, SETTLED_AFTER
from firebreak.remediation.sweeper import SWEEP_EVERY, SWEEP_GRACE
from tests.contracts.template import functions, own_alarms, template
from tests.docs.documents import document
from tests.support.cloudwatch_alarms import BEYOND_OF_THE_EXAMPLES, Count, Rule, State, states

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
HEARTBEATS = "15"
HEARTBEAT_EVERY = int(HEARTBEATS) * MINUTE
# A schedule fires within its minute, and a count can be seen within two: the assumptions of the document.
LATE, SEEN_AFTER = MINUTE, 2 * MINUTE
# How many periods more CloudWatch looks at: none, as in the examples of AWS, more than anybody reported.
READINGS = (0, BEYOND_OF_THE_EXAMPLES, 5)

# The next sweep is a schedule's interval away at most, and may be late.
WAITS = tuple(n * 30 * SECOND - SECOND for n in range(1, int((SWEEP_EVERY + LATE) / (30 * SECOND)) + 1))

# The counts around a fault until some time. The next sweep comes after a wait, and every other one early or
# late, so that each gap between two of them is as long as a gap can be.
type Played = Callable[[datetime, datetime, timedelta, timedelta], Sequence[Count]]


def number(value: Any) -> float:
    """A property that may be looked up in the template's mapping, for the default heartbeat."""
    match value:
        case {"Fn::FindInMap": ["Heartbeat", {"Ref": "HeartbeatMinutes"}, str(field)]}:
            return float(template()["Mappings"]["Heartbeat"][HEARTBEATS][field])
        case _:
            return float(value)


@cache
def rule_of(alarm: str) -> Rule:
    return Rule.of(template()["Resources"][alarm]["Properties"], number)


def count(at: datetime, value: float = 1) -> Count:
    return Count(at=at, seen_at=at + SEEN_AFTER, value=value)


def gauge(value: Callable[[datetime, datetime], float]) -> Played:
    """The gauges of sweeps, by the time of the fault and their own."""

    def played(fault: datetime, until: datetime, wait: timedelta, every_other: timedelta) -> Sequence[Count]:
        after = fault + wait
        sweeps = range(-30, ceil((until - after) / SWEEP_EVERY))
        times = [after + n * SWEEP_EVERY + every_other * (n % 2) for n in sweeps]
        return [count(at, value(fault, at)) for at in times]

    return played


def ends(every: timedelta, value: float = 1) -> Played:
    """The last count is that of the moment of the fault."""
    return lambda fault, *_: [count(fault - n * every, value) for n in range(40)]


def is_there(fault: datetime, at: datetime) -> float:
    return at >= fault


def waited(fault: datetime, at: datetime) -> float:
    """For how many seconds something has waited, as a sweep finds it."""
    return (at - fault).total_seconds() if at - fault >= SWEEP_GRACE else 0


def is_stuck(fault: datetime, at: datetime) -> float:
    return waited(fault, at) > 0


def is_lost(fault: datetime, at: datetime) -> float:
    """Whether the span that a sweep compares holds the event that was lost."""
    until = at - SETTLED_AFTER
    until -= timedelta(seconds=until.timestamp() % 300)
    return until - LOOKED_BACK <= fault < until


def heartbeat_age(last: datetime, at: datetime) -> float:
    """Heartbeats came until `last`, and none came after it."""
    return (at - last if at >= last else (at - last) % HEARTBEAT_EVERY).total_seconds()


def found_in_the_morning(fault: datetime, *_: object) -> Sequence[Count]:
    return [count(fault, 3), *(count(fault - n * DAY, 0) for n in range(1, 9))]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and the alarm that reports it."""

    alarm: str
    counts: Played
    waits: tuple[timedelta, ...] = (SECOND,)


def on_gauge(alarm: str, value: Callable[[datetime, datetime], float]) -> Fault:
    return Fault(alarm, gauge(value), WAITS)


FAULTS = {
    "an event becomes a dead letter": on_gauge("DeadLettersAlarm", is_there),
    "no heartbeat is recorded any more": on_gauge("HeartbeatMissing", heartbeat_age),
    "Page looks no more at what falls due": Fault("PageSweepsMissing", ends(MINUTE)),
    "no sweep comes to its end any more": Fault("SweepsMissing", ends(SWEEP_EVERY)),
    "an act is not judged": on_gauge("UnverifiedAct", waited),
    "a claim is held by nobody": on_gauge("StuckLeases", is_stuck),
    "the bus takes an announcement no more": on_gauge("UntoldAnnouncement", waited),
    "the look of a morning has findings": Fault("DoctorFindings", found_in_the_morning),
    "no look of a morning comes to its end any more": Fault("DoctorMissing", ends(DAY)),
    "a function is killed in the middle of an event": on_gauge("EventsWithoutDecision", is_lost),
}
# Nobody writes their gauges any more where no sweep comes to its end.
WITHOUT_SWEEPS = ("DeadLettersAlarm", "HeartbeatMissing", "EventsWithoutDecision")
ON_THE_CLOCK = [one.alarm for one in FAULTS.values() if rule_of(one.alarm).wall_clock]
every_reading = pytest.mark.parametrize("beyond", READINGS)


def times(fault: Fault, beyond: int) -> Iterator[timedelta]:
    """The time to the alarm at each moment of the clock, between two sweeps and two evaluations."""
    rule = rule_of(fault.alarm)
    period = rule.period if rule.wall_clock else SWEEP_EVERY
    for moment in range(0, int(period / MINUTE), ceil(period / MINUTE / 15)):
        for wait, every_other in product(fault.waits, (LATE, -LATE)):
            at = MIDNIGHT + 5 * HOUR + moment * MINUTE
            until = at + rule.period * (rule.periods + 8) + HOUR
            counts = fault.counts(at, until, wait, every_other)
            first = at + MINUTE - SECOND
            seen = states(rule, counts, first, until, beyond=beyond, before=State.OK)
            yield next(when for when, state in seen if state is State.ALARM) - at


@cache
def latest(fault: Fault, beyond: int = 0) -> timedelta:
    return max(times(fault, beyond))


def words(length: timedelta) -> str:
    """As the document has it: whole minutes, or hours where that is long."""
    minutes = ceil(length / MINUTE)
    return f"{minutes} min" if minutes <= 180 else f"{ceil(minutes / 60)} h"


def test_the_document_states_the_time_to_each_alarm_for_each_fault() -> None:
    rows = {
        row[0]: (row[1].strip("`"), row[2])
        for row in document("docs/operations.md").table("from the moment when")
    }
    assert rows == {name: (one.alarm, words(latest(one))) for name, one in FAULTS.items()}


def test_every_alarm_of_the_watchdog_has_its_fault() -> None:
    assert {one.alarm for one in FAULTS.values()} == own_alarms().keys()


@pytest.mark.parametrize("name", [name for name, one in FAULTS.items() if one.alarm not in ON_THE_CLOCK])
def test_an_alarm_on_a_gauge_is_as_quick_however_far_back_cloudwatch_looks(name: str) -> None:
    assert {latest(FAULTS[name], beyond) for beyond in READINGS} == {latest(FAULTS[name])}


def test_the_document_says_how_much_later_alarms_are_if_a_wall_clock_window_looks_further_back_too() -> None:
    later = {
        one.alarm: words(latest(one, BEYOND_OF_THE_EXAMPLES))
        for one in FAULTS.values()
        if one.alarm in ON_THE_CLOCK
    }
    text = " ".join(document("docs/first-deploy.md").text.split())
    assert sorted(later) == ["DoctorMissing", "PageSweepsMissing", "SweepsMissing"]
    assert [alarm for alarm, when in later.items() if f"`{alarm}` {when}" not in text] == []


@pytest.mark.parametrize("alarm", WITHOUT_SWEEPS)
def test_without_sweeps_every_alarm_that_needs_them_is_red_after_the_one_on_sweeps(alarm: str) -> None:
    found = [latest(Fault(alarm, ends(SWEEP_EVERY, value=0)), beyond) for beyond in READINGS]
    assert max(found) < 2 * HOUR
    stated = words(found[READINGS.index(BEYOND_OF_THE_EXAMPLES)])
    prose = " ".join(document("docs/operations.md").text.split())
    named = "`DeadLettersAlarm`, `HeartbeatMissing` and `EventsWithoutDecision`"
    assert f"{named} turn red as well, within {stated}" in prose


@every_reading
@pytest.mark.parametrize("alarm", ["UnverifiedAct", "StuckLeases", "UntoldAnnouncement", "DoctorFindings"])
def test_an_alarm_that_is_red_does_not_turn_green_because_nobody_counts(alarm: str, beyond: int) -> None:
    bad = [count(MIDNIGHT - n * SWEEP_EVERY, 1e6) for n in range(20)]
    seen = states(rule_of(alarm), bad, MIDNIGHT, MIDNIGHT + 9 * HOUR, beyond=beyond, before=State.ALARM)
    assert {state for _, state in seen} == {State.ALARM}


@every_reading
def test_dead_letters_that_wait_keep_their_alarm_red_while_nobody_counts_them(beyond: int) -> None:
    bad = [count(MIDNIGHT - n * SWEEP_EVERY, 1) for n in range(20)]
    rule = rule_of("DeadLettersAlarm")
    seen = states(rule, bad, MIDNIGHT, MIDNIGHT + 9 * HOUR, beyond=beyond, before=State.ALARM)
    assert {state for _, state in seen} == {State.ALARM}


@every_reading
@pytest.mark.parametrize("name", FAULTS)
def test_an_alarm_turns_green_again_once_the_counts_are_good(name: str, beyond: int) -> None:
    alarm = FAULTS[name].alarm
    healthy = 1 if alarm.endswith("sMissing") or alarm == "DoctorMissing" else 0
    every = DAY if alarm.startswith("Doctor") else SWEEP_EVERY
    good = [count(MIDNIGHT + n * every, healthy) for n in range(1 + 40 * (every < HOUR))]
    until = MIDNIGHT + 3 * HOUR
    seen = list(states(rule_of(alarm), good, MIDNIGHT, until, beyond=beyond, before=State.ALARM))
    assert seen[-1][1] is State.OK


delays = st.integers(0, int(SEEN_AFTER.total_seconds()))


@st.composite
def healthy_sweeps(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    """The sweeps of three hours, each within its minute, but for one: when each was, and could be seen."""
    late = draw(st.lists(st.integers(0, 59), min_size=36, max_size=36))
    seen = draw(st.lists(delays, min_size=36, max_size=36))
    failed = draw(st.integers(12, 35))
    phase = draw(st.integers(0, 299))
    found = [
        (at := MIDNIGHT + n * SWEEP_EVERY + (late[n] + phase) * SECOND, at + seen[n] * SECOND)
        for n in range(36)
    ]
    return [one for n, one in enumerate(found) if n != failed]


@settings(max_examples=60, deadline=None)
@given(
    sweeps=healthy_sweeps(),
    alarm=st.sampled_from([*WITHOUT_SWEEPS, "SweepsMissing"]),
    beyond=st.sampled_from(READINGS),
)
def test_one_sweep_that_fails_turns_no_alarm_red(
    sweeps: list[tuple[datetime, datetime]], alarm: str, beyond: int
) -> None:
    value = 1.0 if alarm == "SweepsMissing" else 0.0
    counts = [Count(at=at, seen_at=seen, value=value) for at, seen in sweeps]
    since, until = MIDNIGHT + HOUR, MIDNIGHT + 3 * HOUR - 5 * MINUTE
    seen_red = [
        at
        for at, state in states(rule_of(alarm), counts, since, until, beyond=beyond, before=State.OK)
        if state is State.ALARM
    ]
    assert seen_red == []


@every_reading
@pytest.mark.parametrize("alarm", [*WITHOUT_SWEEPS, "SweepsMissing"])
def test_counts_that_can_be_seen_eight_minutes_late_turn_no_alarm_red(alarm: str, beyond: int) -> None:
    value = 1.0 if alarm == "SweepsMissing" else 0.0
    rule = rule_of(alarm)
    for phase in range(0, 300, 20):
        at = [MIDNIGHT + n * SWEEP_EVERY + LATE * (n % 2) + phase * SECOND for n in range(36)]
        counts = [Count(at=one, seen_at=one + 8 * MINUTE, value=value) for one in at]
        seen = states(rule, counts, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, beyond=beyond, before=State.OK)
        assert {state for _, state in seen} == {State.OK}


@every_reading
def test_a_look_each_morning_is_never_missing(beyond: int) -> None:
    """It takes up to the quarter of an hour that its function has."""
    longest = timedelta(seconds=functions()["Report"]["Timeout"])
    looks = [count(MIDNIGHT + n * DAY + (longest if n % 2 else timedelta())) for n in range(5)]
    rule = rule_of("DoctorMissing")
    seen = states(rule, looks, MIDNIGHT + DAY, MIDNIGHT + 4 * DAY, beyond=beyond, before=State.OK)
    assert {state for _, state in seen} == {State.OK}


def test_no_function_is_at_work_any_more_on_an_event_that_a_sweep_compares() -> None:
    longest = max(one.get("Timeout", 60) for one in functions().values()) * SECOND
    assert longest + SEEN_AFTER <= SETTLED_AFTER
    assert LOOKED_BACK > 2 * (SWEEP_EVERY + LATE), "a sweep that fails loses no event"


def test_three_heartbeats_must_be_missing_and_the_last_of_them_may_be_under_way() -> None:
    rule = rule_of("HeartbeatMissing")
    assert 3 * HEARTBEAT_EVERY + LATE < timedelta(seconds=rule.threshold) <= 3 * HEARTBEAT_EVERY + 2 * MINUTE


def test_a_changed_alarm_changes_the_stated_time() -> None:
    longer = replace(rule_of("SweepsMissing"), periods=4, datapoints=4)
    counts = ends(SWEEP_EVERY)(MIDNIGHT, MIDNIGHT, SECOND, LATE)
    seen = states(longer, counts, MIDNIGHT, MIDNIGHT + HOUR, beyond=0, before=State.OK)
    assert next(at for at, state in seen if state is State.ALARM) - MIDNIGHT == 25 * MINUTE
