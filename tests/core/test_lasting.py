"""Causes that last: their episodes, when one is over, and when the next event is news."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core import keys
from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.paging.digests import (
    LASTING_LOOK_EVERY,
    LASTING_LOOK_FOR,
    MOST_NAMES,
    STANDING_STAYS_OK,
    STAYS_OK,
    Digest,
    earlier_look,
    ended,
    is_time,
    stayed_ok,
    summed_up,
)
from firebreak.core.paging.threads import LOOK_EVERY, LOOK_FOR
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Lasting
from tests.core.thread_fixtures import announced
from tests.support import builders as a

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
API = WatchedAlarm("api")
LONG_OK = a.NOW - timedelta(days=30)


def first(lasting: Lasting = Lasting.TARGET, cause: str = "cooldown") -> Announcement:
    return announced(
        AnnouncementKind.REFUSED, a.NOW, cause=cause, event="e", headline="Resting.", lasting=lasting
    )


def found(lasting: Lasting = Lasting.TARGET, **changes: object) -> Digest:
    base = Digest(key="k", first=first(lasting), since=a.NOW, count=3, names=("api", "web"), last_at=a.NOW)
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def ok(name: str, since: datetime = LONG_OK) -> DescribedAlarm:
    return a.described(name, state=AlarmState.OK, since=since)


readings = some.one_of(
    some.sampled_from([ABSENT, Unknown("503"), NotRead("not asked for"), None]),
    some.builds(
        lambda state, since: a.described("x", state=state, since=since),
        some.sampled_from(AlarmState),
        some.sampled_from([LONG_OK, a.NOW - STAYS_OK + MOMENT, a.NOW]),
    ),
)


@given(some.lists(readings, min_size=1, max_size=4), some.sampled_from([Lasting.ALARM, Lasting.TARGET]))
def test_over_only_when_every_alarm_exists_and_stayed_ok(
    of: list[Reading[DescribedAlarm] | None], lasting: Lasting
) -> None:
    names = tuple(f"alarm-{n}" for n in range(len(of)))
    states = {WatchedAlarm(name): one for name, one in zip(names, of, strict=True) if one is not None}
    well = [isinstance(one, DescribedAlarm) and one.state is AlarmState.OK for one in of]
    long = [isinstance(one, DescribedAlarm) and one.since == LONG_OK for one in of]
    digest = found(lasting, names=names, since=LONG_OK, last_at=None)
    assert stayed_ok(digest, states, a.NOW) is (all(well) and all(long))


@pytest.mark.parametrize(
    ("lasting", "after"),
    [
        (Lasting.ALARM, STAYS_OK),
        (Lasting.TARGET, STAYS_OK),
        (Lasting.STANDING, STANDING_STAYS_OK),
    ],
)
def test_how_long_ok_is_long_enough(lasting: Lasting, after: timedelta) -> None:
    digest = found(lasting, names=("api",), last_at=a.NOW - after)
    assert stayed_ok(digest, {API: ok("api", a.NOW - after)}, a.NOW)
    assert not stayed_ok(digest, {API: ok("api", a.NOW - after + MOMENT)}, a.NOW)


def test_a_series_that_was_red_a_short_while_ago_did_not_stay_ok_however_old_its_alarm_is() -> None:
    series = WatchedAlarm("api", "c-1")
    digest = found(names=("api",), series=(series,), last_at=a.NOW - STAYS_OK + MOMENT)
    assert not stayed_ok(digest, {series: ok("api")}, a.NOW)
    assert stayed_ok(digest, {series: ok("api")}, a.NOW + MOMENT)


def test_a_digest_that_names_no_alarm_or_too_many_is_never_known_to_be_over() -> None:
    old: dict[str, Any] = {"since": LONG_OK, "last_at": LONG_OK, "count": MOST_NAMES + 1}
    assert not stayed_ok(found(names=(), **old), {}, a.NOW)
    names = tuple(map(str, range(MOST_NAMES)))
    states = {WatchedAlarm(name): ok(name) for name in names}
    assert not stayed_ok(found(names=names, **old), states, a.NOW)
    assert stayed_ok(found(names=names[1:], **old), states, a.NOW)


@pytest.mark.parametrize(
    ("lasting", "after"), [(Lasting.ALARM, DAY), (Lasting.TARGET, DAY), (Lasting.STANDING, 7 * DAY)]
)
def test_after_so_long_without_a_refusal_the_next_is_news_again(lasting: Lasting, after: timedelta) -> None:
    digest = found(lasting, last_at=a.NOW + HOUR)
    assert not digest.is_stale(a.NOW + HOUR + after - MOMENT)
    assert digest.is_stale(a.NOW + HOUR + after)
    assert found(lasting, last_at=None).is_stale(a.NOW + after)


def test_a_cause_that_does_not_last_is_never_stale_and_its_announcements_stay_as_they_are() -> None:
    digest = found(Lasting.NO)
    assert not digest.is_stale(a.NOW + 100 * DAY)
    assert digest.first_as_paged == digest.first
    assert (digest.lasts, digest.stays_ok) == (False, timedelta())


def test_an_episode_is_one_thread_in_which_each_reason_is_paged_once() -> None:
    digest = found()
    cooldown, budget = digest.part_of(first()), digest.part_of(first(cause="budget_full"))
    assert (cooldown.thread, cooldown.counted_as) == (budget.thread, "k")
    assert cooldown.key != budget.key
    assert digest.part_of(replace(first(), event="other")).key == cooldown.key
    later = replace(digest, since=a.NOW + MINUTE).part_of(first())
    assert (later.thread == cooldown.thread, later.key == cooldown.key) == (False, False)
    assert digest.first_as_paged == cooldown
    assert cooldown.thread == keys.digest("episode", "k", "2026-11-20T10:00:30+00:00")


def test_when_it_is_over_its_thread_says_how_often_it_came_and_of_which_alarms() -> None:
    page = ended(found(), a.NOW + HOUR)
    assert (page.kind, page.thread) == (AnnouncementKind.RECOVERED, found().first_as_paged.thread)
    assert page.headline == "Each of its 2 alarms has been OK for 15m. Paged before: Resting."
    assert page.facts == ("3 times since 10:00:30Z", "api", "web")
    assert (page.lasting, page.cause, page.event) == (Lasting.NO, "", "")
    once = ended(found(count=1, names=("api",)), a.NOW + HOUR)
    assert (once.headline, once.facts) == ("The alarm has been OK for 15m. Paged before: Resting.", ())
    assert page.key != ended(replace(found(), since=a.NOW + MINUTE), a.NOW + HOUR).key


def test_alarms_that_repeat_are_not_summed_up_and_another_one_is() -> None:
    assert not is_time(found(names=("api",), count=30), HOUR, a.NOW + DAY)
    assert not is_time(found(count=30, named=2), HOUR, a.NOW + DAY)
    assert is_time(found(count=30, names=("api", "cart", "web"), named=2), HOUR, a.NOW + HOUR)
    assert is_time(found(), HOUR, a.NOW + HOUR)
    assert not is_time(found(), HOUR, a.NOW + HOUR - MOMENT)
    summary = summed_up(found(), a.NOW + HOUR)
    assert (summary.thread, summary.lasting) == (found().first_as_paged.thread, Lasting.NO)


@pytest.mark.parametrize("lasting", [Lasting.ALARM, Lasting.TARGET])
def test_its_alarms_are_looked_at_often_for_a_day_and_hourly_for_a_week(lasting: Lasting) -> None:
    digest = found(lasting, since=a.NOW - 9 * DAY)
    for now, every in ((a.NOW + LOOK_FOR - MOMENT, LOOK_EVERY), (a.NOW + LOOK_FOR, LASTING_LOOK_EVERY)):
        assert digest.looked_at_next(now) == now + every
    assert digest.looked_at_next(a.NOW + LASTING_LOOK_FOR) is None


@pytest.mark.parametrize(
    ("lasting", "ok_since", "next_look"),
    [
        pytest.param(Lasting.ALARM, [-4 * MINUTE], -4 * MINUTE + STAYS_OK, id="when it will have stayed OK"),
        pytest.param(Lasting.TARGET, [-9 * MINUTE, -8 * MINUTE], LOOK_EVERY, id="not before the usual time"),
        pytest.param(Lasting.TARGET, [-14 * MINUTE, -11 * MINUTE], 4 * MINUTE, id="the last of them"),
        pytest.param(Lasting.STANDING, [-DAY + 30 * MINUTE], 30 * MINUTE, id="a standing state"),
    ],
)
def test_the_look_that_finds_that_its_alarms_stayed_ok_comes_at_that_moment(
    lasting: Lasting, ok_since: list[timedelta], next_look: timedelta
) -> None:
    names = ("api", "web")[: len(ok_since)]
    now = a.NOW + 2 * DAY
    states = {WatchedAlarm(name): ok(name, now + since) for name, since in zip(names, ok_since, strict=True)}
    digest = found(lasting, names=names, last_at=now - DAY + LOOK_EVERY)
    expected = now + (min(next_look, LOOK_EVERY) if lasting is not Lasting.STANDING else next_look)
    assert earlier_look(digest, states, digest.looked_at_next(now)) == expected


@pytest.mark.parametrize(
    "counted",
    [
        {"since": a.NOW - DAY, "last_at": a.NOW - 12 * MINUTE},
        {"since": a.NOW - 12 * MINUTE, "last_at": None},
    ],
    ids=["the newest", "the only one, by an older release"],
)
def test_an_announcement_counted_after_its_alarm_was_ok_postpones_that_look(counted: dict[str, Any]) -> None:
    digest, states = found(names=("api",), **counted), {API: ok("api", a.NOW - 14 * MINUTE)}
    assert earlier_look(digest, states, a.NOW + LOOK_EVERY) == a.NOW + 3 * MINUTE


@pytest.mark.parametrize("state", [ABSENT, Unknown("503"), NotRead("x"), a.described("web")], ids=str)
def test_while_one_of_its_alarms_is_not_known_to_be_ok_the_next_look_has_time(
    state: Reading[DescribedAlarm],
) -> None:
    digest = found(last_at=a.NOW)
    states = {API: ok("api", a.NOW - 14 * MINUTE), WatchedAlarm("web"): state}
    usual = digest.looked_at_next(a.NOW)
    assert earlier_look(digest, states, usual) == usual


def test_a_digest_that_is_no_longer_watched_stays_so() -> None:
    assert earlier_look(found(), {API: ok("api"), WatchedAlarm("web"): ok("web")}, None) is None


def test_a_standing_state_is_looked_at_hourly() -> None:
    assert found(Lasting.STANDING).looked_at_next(a.NOW) == a.NOW + LASTING_LOOK_EVERY
