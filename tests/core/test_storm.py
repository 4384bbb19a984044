"""The beginning and the end of a storm of alarms."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.alarm_readings import NOT_LOOKED_AT, AlarmReading, WatchedAlarm
from firebreak.core.limits.storm import (
    CALM,
    MOST_REMEMBERED,
    RedAlarm,
    Storm,
    StormRules,
    begins,
    ends,
    fullest_window,
    may_renew,
    not_ok,
    numbers,
    outdated,
    quiet_until,
    red_alarm,
    red_alarm_of,
    renews,
    still_red,
    with_red,
    worth_remembering,
)
from firebreak.core.model import AlarmState, Contributor, Mute, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RULES = StormRules(alarms=3, within=5 * MINUTE, quiet=10 * MINUTE, late=10 * MINUTE)


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
    assert begins(storm(red("a"), red("b", MINUTE), red("c", 4 * MINUTE)), RULES, a.NOW)


def test_one_alarm_less_is_none() -> None:
    assert not begins(storm(red("a"), red("b")), RULES, a.NOW)


def test_alarms_further_apart_than_the_window_are_none() -> None:
    assert not begins(storm(red("a"), red("b", MINUTE), red("c", 5 * MINUTE)), RULES, a.NOW)
    assert begins(storm(red("a"), red("b", MINUTE), red("c", 5 * MINUTE - SECOND)), RULES, a.NOW)


def test_late_and_shuffled_events_make_the_same_storm() -> None:
    late = [red(name, 10 * MINUTE) for name in "abc"]
    assert begins(storm(*late), RULES, a.NOW)
    assert begins(storm(red("newer", MINUTE), *late), RULES, a.NOW)


def test_alarms_too_old_for_any_event_make_no_storm() -> None:
    almost = [red(name, 15 * MINUTE - SECOND) for name in "abc"]
    assert begins(storm(*almost), RULES, a.NOW)
    assert not begins(storm(*(red(name, 15 * MINUTE) for name in "abc")), RULES, a.NOW)


def test_a_storm_that_was_declared_does_not_begin_again() -> None:
    assert not begins(storm(red("a"), red("b"), red("c"), tripped=MINUTE), RULES, a.NOW)


@pytest.mark.parametrize(
    ("here", "other_storm", "is_one"),
    [
        pytest.param(storm(red("a")), storm(red("b"), red("c")), True, id="enough together"),
        pytest.param(storm(red("a")), storm(red("b")), False, id="too few together"),
        pytest.param(storm(red("a")), storm(red("a"), red("b")), False, id="one is counted by both"),
        pytest.param(storm(red("a")), storm(tripped=MINUTE), True, id="one while the other lasts"),
        pytest.param(CALM, storm(red("b"), red("c"), red("d")), False, id="none, enough in the other"),
        pytest.param(CALM, storm(red("b"), tripped=MINUTE), False, id="none while the other lasts"),
        pytest.param(storm(red("a", 15 * MINUTE)), storm(tripped=MINUTE), False, id="none that is young"),
        pytest.param(storm(red("a"), tripped=MINUTE), storm(tripped=MINUTE), False, id="it was declared"),
    ],
)
def test_the_alarms_of_the_other_storm_are_counted_as_well(
    here: Storm, other_storm: Storm, *, is_one: bool
) -> None:
    assert begins(here, RULES, a.NOW, other_storm) is is_one


def test_an_alarm_that_both_storms_know_counts_as_this_one_knows_it() -> None:
    here = storm(red("a"), red("b", 5 * MINUTE), red("c", 5 * MINUTE))
    assert not begins(here, RULES, a.NOW, storm(red("a", 5 * MINUTE)))


def test_each_series_of_one_alarm_counts_separately() -> None:
    assert begins(storm(*(red("fleet", contributor=one) for one in ("s1", "s2", "s3"))), RULES, a.NOW)


def test_a_red_alarm_is_counted_under_its_series_and_never_in_the_future() -> None:
    alarm = a.alarm(since=a.NOW + MINUTE, contributor=Contributor("s1", {}))
    counted = red_alarm(alarm, a.NOW)
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
        pytest.param(storm(red("a", MINUTE), tripped=MINUTE, last=MINUTE), red("a"), False, id="known in it"),
        pytest.param(storm(red("b"), tripped=MINUTE), red("a"), True, id="nobody knows when the last came"),
    ],
)
def test_an_alarm_that_adds_nothing_is_not_written(known: Storm, alarm: RedAlarm, *, worth: bool) -> None:
    assert worth_remembering(known, alarm) is worth


FULL = tuple(red(f"a{n}", 9 * MINUTE) for n in range(MOST_REMEMBERED))


def test_in_a_storm_only_so_many_alarms_are_remembered() -> None:
    assert not worth_remembering(storm(*FULL, tripped=MINUTE), red("one more"))
    assert worth_remembering(storm(*FULL[1:], tripped=MINUTE), red("one more"))
    assert worth_remembering(storm(*FULL), red("one more"))


@pytest.mark.parametrize(
    ("known", "alarm", "does"),
    [
        pytest.param(storm(red("a", 9 * MINUTE), tripped=MINUTE), red("a"), True, id="red again"),
        pytest.param(storm(red("a", 9 * MINUTE), tripped=MINUTE), red("b"), False, id="new, and written"),
        pytest.param(storm(*FULL, tripped=MINUTE), red("b"), True, id="new to a full memory"),
        pytest.param(storm(red("a", 9 * MINUTE)), red("a"), False, id="there is no storm"),
        pytest.param(storm(red("a"), tripped=MINUTE - SECOND), red("a"), False, id="just declared"),
        pytest.param(storm(red("a"), tripped=9 * MINUTE, last=MINUTE), red("a"), True, id="a minute later"),
        pytest.param(
            storm(red("a"), tripped=9 * MINUTE, last=MINUTE - SECOND), red("a"), False, id="before a minute"
        ),
        pytest.param(
            replace(storm(red("a"), tripped=9 * MINUTE), renewed_at=a.NOW - MINUTE + SECOND),
            red("a"),
            False,
            id="another did",
        ),
        pytest.param(
            storm(red("a"), tripped=9 * MINUTE, last=MINUTE), red("a", SECOND), False, id="an old event"
        ),
        pytest.param(storm(red("a"), tripped=HOUR), red("a"), True, id="an hour after its beginning"),
        pytest.param(storm(red("a"), tripped=HOUR + SECOND), red("a"), False, id="after more than an hour"),
        pytest.param(
            storm(red("a"), tripped=9 * HOUR, last=HOUR), red("a"), True, id="an hour after the last new one"
        ),
        pytest.param(
            storm(red("a"), tripped=9 * HOUR, last=HOUR + SECOND), red("a"), False, id="and after more"
        ),
    ],
)
def test_an_alarm_that_turns_red_again_prolongs_a_storm_once_a_minute(
    known: Storm, alarm: RedAlarm, *, does: bool
) -> None:
    assert renews(known, alarm) is does


@pytest.mark.parametrize(
    ("known", "may"),
    [
        pytest.param(storm(red("a"), tripped=MINUTE), True, id="nobody did"),
        pytest.param(storm(red("a")), False, id="there is no storm any more"),
        pytest.param(
            replace(storm(red("a"), tripped=HOUR), renewed_at=a.NOW - MINUTE), True, id="a minute ago"
        ),
        pytest.param(
            replace(storm(red("a"), tripped=HOUR), renewed_at=a.NOW - MINUTE + SECOND), False, id="just now"
        ),
    ],
)
def test_a_storm_is_renewed_if_nobody_did_for_a_minute(known: Storm, *, may: bool) -> None:
    assert may_renew(known, a.NOW) is may


@given(st.lists(st.integers(0, 3600), min_size=1, max_size=40))
def test_a_storm_ends_no_more_than_a_minute_before_it_was_quiet_for_so_long(seconds: list[int]) -> None:
    """For every alarm that turns red again; an event of it that comes twice prolongs nothing."""
    known, writes = storm(red("a"), tripped=timedelta()), 0
    for second in [again for one in sorted(seconds) for again in (one, one)]:
        at = a.NOW + second * SECOND
        if renews(known, red("a", a.NOW - at)):
            known, writes = replace(known, renewed_at=at), writes + 1
    last, end = a.NOW + max(seconds) * SECOND, quiet_until(known, RULES)
    assert end is not None
    assert last - MINUTE < end - RULES.quiet <= last
    assert writes <= max(seconds) // 60


def test_an_alarm_that_is_too_old_may_be_forgotten_unless_there_is_a_storm() -> None:
    old, young = red("old", 15 * MINUTE), red("young", 15 * MINUTE - SECOND)
    assert outdated(storm(old, young), RULES, a.NOW) == (old,)
    assert outdated(storm(old, young, tripped=MINUTE), RULES, a.NOW) == ()


def test_one_more_alarm_replaces_its_older_self_and_declares_the_storm_it_makes() -> None:
    two = storm(red("a", MINUTE), red("b"))
    again = with_red(two, red("a"), RULES, a.NOW)
    assert (set(again.red), again.tripped_at, again.last_red_at) == ({red("a"), red("b")}, None, a.NOW)
    assert with_red(two, red("c"), RULES, a.NOW).tripped_at == a.NOW


def test_only_a_storm_stands_for_an_alarm_and_only_for_one_that_it_remembers() -> None:
    one, other = red("api"), red("web")
    calm = Storm(red=(one,), version=1)
    declared = replace(calm, tripped_at=a.NOW)
    assert declared.stands_for(replace(one, since=a.NOW + timedelta(hours=1)))
    assert not declared.stands_for(other)
    assert not calm.stands_for(one)


def test_the_numbers_of_a_storm_show_its_count_and_its_limit() -> None:
    some = storm(red("a"), red("b"), red("old", 9 * MINUTE))
    assert numbers(some, RULES, a.NOW) == "2/3 routed alarms red within 5m"
    assert fullest_window(some, RULES, a.NOW) == [red("a"), red("b")]


@pytest.mark.parametrize(
    ("state", "is_red"),
    [
        pytest.param(AlarmState.ALARM, True, id="red"),
        pytest.param(AlarmState.INSUFFICIENT_DATA, False, id="no data"),
        pytest.param(Unknown("503"), True, id="unreadable"),
        pytest.param(NotRead("not asked"), True, id="not read"),
        pytest.param(ABSENT, False, id="deleted"),
        pytest.param(AlarmState.OK, False, id="well"),
    ],
)
def test_an_alarm_without_data_or_deleted_holds_no_storm(state: Reading[AlarmState], *, is_red: bool) -> None:
    one = red("a")
    assert still_red(storm(one, tripped=MINUTE), {one.watched: state}) == ([one] if is_red else [])
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


def counted_one_by_one(reds: list[RedAlarm], now: datetime = a.NOW) -> Storm:
    known = CALM
    for one in reds:
        if worth_remembering(known, one):
            known = with_red(known, one, RULES, now)
    return known


@given(reds_at)
def test_it_is_declared_as_soon_as_any_window_holds_enough_of_the_remembered(reds: list[RedAlarm]) -> None:
    seen: dict[str, RedAlarm] = {}
    expected = False
    for one in reds:
        known = seen.get(one.series)
        seen[one.series] = max(one, known) if known else one
        young = [r.since for r in seen.values() if r.since > a.NOW - RULES.within - RULES.late]
        counts = [sum(1 for at in young if start <= at < start + RULES.within) for start in young]
        expected = expected or max(counts, default=0) >= RULES.alarms
    assert (counted_one_by_one(reds).tripped_at is not None) is expected


@given(st.lists(st.builds(lambda n, s: red(f"a{n}", s * SECOND), st.integers(0, 9), st.integers(0, 800))))
def test_the_order_in_which_alarms_are_heard_of_does_not_matter(reds: list[RedAlarm]) -> None:
    once = list({one.series: one for one in reds}.values())
    forward, backward = counted_one_by_one(once), counted_one_by_one(once[::-1])
    assert (forward.tripped_at is None) == (backward.tripped_at is None)


@given(reds_at)
def test_duplicates_change_nothing(reds: list[RedAlarm]) -> None:
    twice = [one for one in reds for _ in range(2)]
    assert counted_one_by_one(twice).red == counted_one_by_one(reds).red


@pytest.mark.parametrize(
    "changes",
    [{"mute": Mute("rule", a.NOW + MINUTE)}, {"suppressed_by": "WaitPeriod"}],
    ids=["muted", "suppressed"],
)
def test_an_alarm_that_cloudwatch_holds_back_does_not_count(changes: dict[str, Any]) -> None:
    assert red_alarm(a.alarm(**changes), a.NOW) is None
    assert red_alarm_of(a.request(alarm=a.alarm(**changes)), a.NOW) is None


def test_an_alarm_counts_again_when_its_mute_window_ends() -> None:
    muted = a.alarm(mute=Mute("rule", a.NOW))
    woken = red_alarm_of(a.request(RequestKind.WAKE, alarm=muted, at=a.NOW), a.NOW)
    assert woken == RedAlarm(a.NOW, muted.series, muted.name)


@pytest.mark.parametrize("kind", [kind for kind in RequestKind if kind is not RequestKind.ALARM], ids=str)
def test_a_request_of_an_incident_does_not_count(kind: RequestKind) -> None:
    assert red_alarm_of(a.request(kind, incident_id="i-0123456789"), a.NOW) is None


def test_a_retry_by_a_human_does_not_count() -> None:
    assert red_alarm_of(a.request(RequestKind.WAKE, at=a.NOW, by="ana"), a.NOW) is None


def test_a_second_look_after_a_refusal_does_not_count() -> None:
    assert red_alarm_of(a.request(), a.NOW)
    assert red_alarm_of(a.request(refused="resting"), a.NOW) is None


def test_alarms_that_are_not_known_to_be_ok_come_in_order_with_their_readings() -> None:
    first, second, third, fourth = (
        red(name, ago * MINUTE) for name, ago in zip("dcba", (4, 3, 2, 1), strict=True)
    )
    read: dict[WatchedAlarm, AlarmReading] = {
        first.watched: AlarmState.ALARM,
        second.watched: AlarmState.OK,
        third.watched: ABSENT,
    }
    assert not_ok(storm(fourth, third, second, first), read) == [
        (first, AlarmState.ALARM),
        (third, ABSENT),
        (fourth, NOT_LOOKED_AT),
    ]
    assert still_red(storm(fourth, third, second, first), read) == [first, fourth]
