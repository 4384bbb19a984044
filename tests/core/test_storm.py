"""When many red alarms are one trouble, and when it is over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import AlarmState, Contributor
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.core.storm import (
    CALM,
    MOST_REMEMBERED,
    RedAlarm,
    Storm,
    StormRules,
    begins,
    ends,
    numbers,
    outdated,
    still_red,
    with_red,
    within_window,
    worth_remembering,
)
from tests import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RULES = StormRules(alarms=3, within=5 * MINUTE, quiet=10 * MINUTE)


def red(name: str, ago: timedelta = timedelta(), contributor: str = "") -> RedAlarm:
    return RedAlarm(a.NOW - ago, f"arn:{name}#{contributor}", name, contributor)


def storm(*reds: RedAlarm, tripped: timedelta | None = None, last: timedelta | None = None) -> Storm:
    return Storm(
        red=tuple(reds),
        version=1,
        tripped_at=None if tripped is None else a.NOW - tripped,
        last_red_at=None if last is None else a.NOW - last,
    )


def test_enough_distinct_alarms_within_the_window_are_a_storm() -> None:
    assert begins(storm(red("a"), red("b", MINUTE), red("c", 4 * MINUTE)), RULES)


def test_one_alarm_less_is_none() -> None:
    assert not begins(storm(red("a"), red("b")), RULES)


def test_alarms_further_apart_than_the_window_are_none() -> None:
    assert not begins(storm(red("a"), red("b", MINUTE), red("c", 5 * MINUTE)), RULES)
    assert begins(storm(red("a"), red("b", MINUTE), red("c", 5 * MINUTE - SECOND)), RULES)


def test_the_window_counts_back_from_the_newest_so_that_late_events_still_make_a_storm() -> None:
    assert begins(storm(*(red(name, 30 * MINUTE) for name in "abc")), RULES)


def test_a_storm_that_was_declared_does_not_begin_again() -> None:
    assert not begins(storm(red("a"), red("b"), red("c"), tripped=MINUTE), RULES)


def test_each_series_of_one_alarm_counts_by_itself() -> None:
    assert begins(storm(*(red("fleet", contributor=one) for one in ("s1", "s2", "s3"))), RULES)


def test_a_red_alarm_is_counted_under_its_series_and_never_in_the_future() -> None:
    alarm = a.alarm(since=a.NOW + MINUTE, contributor=Contributor("s1", {}))
    counted = RedAlarm.of(alarm, a.NOW)
    assert counted == RedAlarm(a.NOW, alarm.series, alarm.name, "s1")
    assert RedAlarm.of(a.alarm(), a.NOW) == RedAlarm(a.alarm().since, a.alarm().arn, a.alarm().name, "")


@pytest.mark.parametrize(
    ("known", "alarm", "worth"),
    [
        pytest.param(CALM, red("a"), True, id="the first"),
        pytest.param(storm(red("b")), red("a"), True, id="another"),
        pytest.param(storm(red("a")), red("a"), False, id="a duplicate"),
        pytest.param(storm(red("a", MINUTE)), red("a"), True, id="red again later"),
        pytest.param(storm(red("a")), red("a", MINUTE), False, id="an older transition"),
        pytest.param(storm(red("b"), tripped=MINUTE, last=MINUTE / 2), red("a"), True, id="new in a storm"),
        pytest.param(storm(red("a", MINUTE), tripped=MINUTE, last=SECOND), red("a"), False, id="known in it"),
        pytest.param(
            storm(red("a", MINUTE), tripped=MINUTE, last=MINUTE), red("a"), True, id="known, a minute later"
        ),
        pytest.param(storm(red("a"), tripped=MINUTE), red("a"), True, id="nobody knows when the last came"),
    ],
)
def test_what_adds_nothing_is_not_written(known: Storm, alarm: RedAlarm, *, worth: bool) -> None:
    assert worth_remembering(known, alarm, a.NOW) is worth


def test_in_a_storm_only_so_many_alarms_are_remembered() -> None:
    full = storm(*(red(f"a{n}") for n in range(MOST_REMEMBERED)), tripped=MINUTE, last=SECOND)
    assert not worth_remembering(full, red("one more"), a.NOW)
    assert worth_remembering(replace(full, red=full.red[1:]), red("one more"), a.NOW)
    assert worth_remembering(replace(full, last_red_at=a.NOW - MINUTE), red("one more"), a.NOW)


def test_what_lies_outside_the_window_may_be_forgotten_unless_there_is_a_storm() -> None:
    old, young = red("old", 5 * MINUTE), red("young")
    assert outdated(storm(old, young), RULES) == (old,)
    assert outdated(storm(old, young, tripped=MINUTE), RULES) == ()


def test_one_more_alarm_replaces_its_older_self_and_declares_the_storm_it_makes() -> None:
    two = storm(red("a", MINUTE), red("b"))
    again = with_red(two, red("a"), RULES, a.NOW)
    assert (set(again.red), again.tripped_at, again.last_red_at) == ({red("a"), red("b")}, None, a.NOW)
    assert with_red(two, red("c"), RULES, a.NOW).tripped_at == a.NOW


def test_its_numbers_show_what_counts_and_what_it_takes() -> None:
    some = storm(red("a"), red("b"), red("old", 9 * MINUTE))
    assert numbers(some, RULES) == "2/3 routed alarms red within 5m"
    assert within_window(some, RULES) == [red("a"), red("b")]


@pytest.mark.parametrize(
    ("state", "is_red"),
    [
        pytest.param(AlarmState.ALARM, True, id="red"),
        pytest.param(AlarmState.INSUFFICIENT_DATA, True, id="no data"),
        pytest.param(Unknown("503"), True, id="unreadable"),
        pytest.param(ABSENT, True, id="not told"),
        pytest.param(AlarmState.OK, False, id="well"),
    ],
)
def test_only_what_is_known_to_be_well_is_not_red(state: Reading[AlarmState], *, is_red: bool) -> None:
    one = red("a")
    assert still_red(storm(one, tripped=MINUTE), {one.series: state}) == ([one] if is_red else [])
    assert still_red(storm(one, tripped=MINUTE), {}) == [one]


@pytest.mark.parametrize(
    ("tripped", "last", "left", "over"),
    [
        pytest.param(None, None, 0, False, id="there is none"),
        pytest.param(10 * MINUTE, 10 * MINUTE, 2, True, id="quiet, and few are left"),
        pytest.param(10 * MINUTE, 10 * MINUTE, 3, False, id="quiet, but as many as it takes are red"),
        pytest.param(60 * MINUTE, 10 * MINUTE - SECOND, 0, False, id="not quiet for long enough"),
        pytest.param(10 * MINUTE - SECOND, None, 0, False, id="declared too lately"),
        pytest.param(10 * MINUTE, None, 0, True, id="nobody knows when the last came"),
        pytest.param(10 * MINUTE, 70 * MINUTE, 0, True, id="the last came long before it was declared"),
        pytest.param(10 * MINUTE - SECOND, 70 * MINUTE, 0, False, id="declared late"),
    ],
)
def test_it_ends_when_it_was_quiet_and_few_are_red(
    tripped: timedelta | None, last: timedelta | None, left: int, *, over: bool
) -> None:
    reds = [red(f"a{n}") for n in range(left)]
    assert ends(storm(*reds, tripped=tripped, last=last), reds, RULES, a.NOW) is over


series_names = st.sampled_from(["a", "b", "c", "d", "e"])
reds_at = st.lists(
    st.builds(lambda name, s: red(name, s * SECOND), series_names, st.integers(0, 900)), max_size=12
)


def told_one_by_one(reds: list[RedAlarm], now: datetime = a.NOW) -> Storm:
    known = CALM
    for one in reds:
        if worth_remembering(known, one, now):
            known = with_red(known, one, RULES, now)
    return known


@given(reds_at)
def test_it_is_declared_as_soon_as_any_window_holds_enough_of_the_remembered(reds: list[RedAlarm]) -> None:
    seen: dict[str, RedAlarm] = {}
    expected = False
    for one in reds:
        known = seen.get(one.series)
        seen[one.series] = max(one, known) if known else one
        newest = max(r.since for r in seen.values())
        near = [r for r in seen.values() if r.since > newest - RULES.within]
        expected = expected or len(near) >= RULES.alarms
    assert (told_one_by_one(reds).tripped_at is not None) is expected


@given(reds_at)
def test_duplicates_change_nothing(reds: list[RedAlarm]) -> None:
    twice = [one for one in reds for _ in range(2)]
    assert told_one_by_one(twice).red == told_one_by_one(reds).red
