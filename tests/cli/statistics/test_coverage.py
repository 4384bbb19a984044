"""Each moment is watched, not watched or not known; without a heartbeat it is never the first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak_cli.statistics.coverage import LATE, LONGEST, Coverage, Expected, Stretch, Watch, coverage
from tests.cli.statistics.records import DAY, FIRST, HOUR, MINUTE, UNTIL
from tests.contracts.template import template

EVERY = 15 * MINUTE
LONG_AGO = FIRST - 300 * DAY
NOTHING = timedelta()


def expected(
    every: timedelta = EVERY, same_since: datetime = LONG_AGO, known_from: datetime = LONG_AGO
) -> Expected:
    return Expected(every=every, same_since=same_since, known_from=known_from)


def beating(begin: datetime, end: datetime, every: timedelta = EVERY) -> list[datetime]:
    """Heartbeats from begin until just before end."""
    return [begin + n * every for n in range((end - begin) // every)]


def down(begin: datetime, end: datetime) -> list[datetime]:
    """Heartbeats of four weeks and an hour, but for that time."""
    return [at for at in beating(FIRST - HOUR, UNTIL) if not begin <= at < end]


def seen(beats: Sequence[datetime], due: Expected | None = None) -> Coverage:
    return coverage(beats, FIRST, UNTIL, due or expected())


def missed(found: Coverage) -> list[tuple[datetime, datetime]]:
    return [(one.begin, one.end) for one in found.of(Watch.NOT_WATCHED)]


def test_with_every_heartbeat_it_was_watching_all_the_time() -> None:
    assert seen(down(FIRST, FIRST)).stretches == (Stretch(FIRST, UNTIL, Watch.WATCHED),)


@pytest.mark.parametrize("every", [5, 15, 30, 60])
def test_an_hour_in_which_it_was_down_is_not_watched_from_the_first_that_was_due_to_the_next_that_came(
    every: int,
) -> None:
    distance = every * MINUTE
    off = FIRST + 24 * HOUR
    beats = [at for at in beating(FIRST - HOUR, UNTIL, distance) if not off <= at < off + HOUR]
    assert missed(seen(beats, expected(distance))) == [(off, off + HOUR)]


def test_a_heartbeat_that_is_late_by_ten_minutes_is_none_that_is_missing() -> None:
    off = FIRST + DAY
    assert missed(seen([at + LATE if at == off else at for at in down(FIRST, FIRST)])) == []
    later = [*down(off, off + EVERY), off + LATE + MINUTE]
    assert missed(seen(later)) == [(off, off + LATE + MINUTE)]


def test_a_stack_without_any_heartbeat_was_not_watching() -> None:
    assert missed(seen([])) == [(FIRST, UNTIL)]


def test_an_outage_that_goes_on_reaches_to_the_end_and_one_from_before_begins_with_the_range() -> None:
    assert missed(seen(down(UNTIL - 3 * HOUR, UNTIL))) == [(UNTIL - 3 * HOUR, UNTIL)]
    assert missed(seen(down(FIRST - HOUR, FIRST + HOUR))) == [(FIRST, FIRST + HOUR)]


def test_before_the_stack_was_made_nothing_is_known_and_its_first_heartbeat_may_take_its_time() -> None:
    made = FIRST + 10 * DAY
    found = seen(beating(made + 12 * MINUTE, UNTIL), expected(known_from=made, same_since=made))
    assert [one.watch for one in found.stretches] == [Watch.NOT_KNOWN, Watch.WATCHED]
    assert found.stretches[0].end == made + 12 * MINUTE


def test_a_new_stack_whose_heartbeat_never_came_was_not_watching_since_the_first_was_due() -> None:
    made = UNTIL - DAY
    found = seen([], expected(known_from=made, same_since=made))
    assert missed(found) == [(made + EVERY, UNTIL)]
    assert found.stretches[0] == Stretch(FIRST, made + EVERY, Watch.NOT_KNOWN)


def test_points_that_cloudwatch_no_longer_keeps_are_no_outage() -> None:
    kept = UNTIL - 14 * DAY
    found = seen(down(FIRST, kept), expected(known_from=kept))
    assert [one.watch for one in found.stretches] == [Watch.NOT_KNOWN, Watch.WATCHED]


def test_a_heartbeat_that_was_rarer_or_off_before_the_last_deployment_is_no_outage() -> None:
    deployed = UNTIL - DAY
    rarer = beating(FIRST - HOUR, deployed, HOUR)
    found = seen([*rarer, *beating(deployed, UNTIL)], expected(same_since=deployed))
    assert missed(found) == []
    assert found.total(Watch.NOT_KNOWN) == 27 * DAY * 3 / 4
    off = [at for at in rarer if not FIRST + DAY <= at < FIRST + 2 * DAY]
    cut = seen([*off, *beating(deployed, UNTIL)], expected(same_since=deployed))
    assert missed(cut) == []
    assert cut.at(FIRST + 2 * DAY - MINUTE) is Watch.NOT_KNOWN


def test_a_heartbeat_that_the_last_deployment_switched_on_is_no_outage_that_it_ended() -> None:
    deployed = UNTIL - DAY
    found = seen(beating(deployed + 5 * MINUTE, UNTIL), expected(same_since=deployed))
    assert [one.watch for one in found.stretches] == [Watch.NOT_KNOWN, Watch.WATCHED]


@pytest.mark.parametrize(
    ("minutes", "late"),
    [
        pytest.param(24, False, id="the next came in time"),
        pytest.param(26, True, id="the next was late"),
    ],
)
def test_an_outage_that_reaches_over_the_last_deployment_counts_from_the_first_that_was_due_after_it(
    minutes: int, *, late: bool
) -> None:
    off, deployed = FIRST + DAY, FIRST + 2 * DAY
    beats = [*(at for at in down(off, UNTIL) if at < off), *beating(deployed + minutes * MINUTE, UNTIL)]
    found = seen(beats, expected(same_since=deployed))
    assert missed(found) == ([(deployed + EVERY, deployed + minutes * MINUTE)] if late else [])
    assert found.at(off + HOUR) is found.at(deployed) is Watch.NOT_KNOWN


def test_the_first_heartbeat_of_a_stack_may_be_late_and_rarer_as_any_other() -> None:
    made = FIRST + DAY
    late = beating(made + EVERY + LATE, UNTIL)
    assert missed(seen(late, expected(known_from=made, same_since=made))) == []
    rarer = beating(made + HOUR, UNTIL)
    assert missed(seen(rarer, expected(known_from=made, same_since=made + DAY))) == []
    assert missed(seen(rarer, expected(known_from=made, same_since=made))) == [(made + EVERY, made + HOUR)]


def test_a_stretch_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    off = FIRST + DAY
    found = seen(down(off, off + HOUR))
    times = (FIRST, off - MINUTE, off, off + HOUR - MINUTE, off + HOUR, UNTIL - MINUTE, UNTIL, FIRST - MINUTE)
    assert [found.at(one) for one in times] == [
        *[Watch.WATCHED] * 2,
        *[Watch.NOT_WATCHED] * 2,
        *[Watch.WATCHED] * 2,
        *[Watch.NOT_KNOWN] * 2,
    ]


def test_the_longest_distance_is_the_longest_that_the_template_takes() -> None:
    values = template()["Parameters"]["HeartbeatMinutes"]["AllowedValues"]
    assert max(map(int, values)) * MINUTE == LONGEST


def test_the_watched_time_of_a_range_and_of_each_hour_leaves_the_outage_out() -> None:
    found = seen(down(FIRST + DAY, FIRST + DAY + 90 * MINUTE))
    week = found.watched_between(FIRST, FIRST + 7 * DAY)
    assert week == 7 * DAY - 90 * MINUTE
    hours, lost = found.watched_by_hour(), FIRST + DAY
    assert sum(hours, NOTHING) == found.total(Watch.WATCHED)
    assert hours[(lost.hour + 12) % 24] == 28 * HOUR
    assert hours[(lost + HOUR).hour] < 28 * HOUR


# --- for any heartbeats at all

minutes = st.integers(-200, 29 * 24 * 60)
BEATS = st.lists(minutes.map(lambda n: FIRST + n * MINUTE), max_size=60)
DUE = st.builds(
    expected,
    every=st.sampled_from([5, 15, 30, 60]).map(lambda n: n * MINUTE),
    same_since=minutes.map(lambda n: FIRST + n * MINUTE),
    known_from=minutes.map(lambda n: FIRST + n * MINUTE),
)


@given(BEATS, DUE)
def test_the_stretches_cover_the_range_in_order_without_gap_or_overlap(
    beats: list[datetime], due: Expected
) -> None:
    found = seen(beats, due).stretches
    assert (found[0].begin, found[-1].end) == (FIRST, UNTIL)
    assert all(one.begin < one.end for one in found)
    assert all(one.end == other.begin and one.watch is not other.watch for one, other in pairwise(found))


@given(BEATS, DUE)
def test_nothing_before_a_heartbeat_could_be_due_is_an_outage(beats: list[datetime], due: Expected) -> None:
    assert all(begin >= due.known_from + due.every for begin, _ in missed(seen(beats, due)))


@given(BEATS, DUE)
def test_what_is_watched_has_a_heartbeat_right_before_and_what_is_not_has_none_in_it(
    beats: list[datetime], due: Expected
) -> None:
    found = seen(beats, due)
    known = [at for at in beats if due.known_from <= at]
    for one in found.stretches:
        if one.watch is Watch.WATCHED:
            assert any(at <= one.begin <= at + due.every + LATE for at in known)
        else:
            assert not [at for at in known if one.begin <= at < one.end]


@given(BEATS, DUE, minutes)
def test_one_heartbeat_more_never_makes_an_outage_longer(
    beats: list[datetime], due: Expected, more: int
) -> None:
    before, after = seen(beats, due), seen([*beats, FIRST + more * MINUTE], due)
    assert after.total(Watch.NOT_WATCHED) <= before.total(Watch.NOT_WATCHED)
    assert after.total(Watch.WATCHED) >= before.total(Watch.WATCHED)


@given(BEATS, DUE)
def test_hours_of_the_day_and_kinds_of_time_add_up_to_all_of_it(beats: list[datetime], due: Expected) -> None:
    found = seen(beats, due)
    assert sum((found.total(watch) for watch in Watch), NOTHING) == UNTIL - FIRST
    assert sum(found.watched_by_hour(), NOTHING) == found.total(Watch.WATCHED)
    assert found.watched_between(FIRST, UNTIL) == found.total(Watch.WATCHED)
