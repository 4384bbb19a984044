"""Not red is not OK: for any readings, only alarms that exist and are OK are called so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.alarm_readings import (
    MOST_WATCHED,
    MOST_WATCHED_BYTES,
    AlarmReading,
    WatchedAlarm,
    all_ok,
    few_of,
    may_be_red,
    not_ok_words,
    within_bounds,
    words_of,
)
from firebreak.core.incident.states import Member
from firebreak.core.incident.verdict import judge_alarms
from firebreak.core.limits.storm import MOST_REMEMBERED, RedAlarm, Storm, StormRules, ends, not_ok, still_red
from firebreak.core.messages import storm_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState, Contributor, Verdict
from firebreak.core.paging.digests import Digest, over
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import LOOK_FOR, Thread, gives_up, looks, phase_of, receive, watched
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.core.thread_fixtures import ALWAYS, NIGHT, announced
from tests.support import builders as a

READINGS: tuple[AlarmReading, ...] = (
    AlarmState.OK,
    AlarmState.ALARM,
    AlarmState.INSUFFICIENT_DATA,
    ABSENT,
    Unknown("ThrottlingException"),
    NotRead("it was not asked for"),
)
NAMES = ("a", "b", "c", "d")
readings = some.dictionaries(some.sampled_from(NAMES), some.sampled_from(READINGS))
RULES = StormRules(alarms=3, within=timedelta(minutes=5), quiet=timedelta(), late=timedelta())
_K = AnnouncementKind


def is_all_ok(read: dict[str, AlarmReading], names: tuple[str, ...] = NAMES) -> bool:
    """The rule in other words: each of the alarms was read, and as OK."""
    return [read.get(name) for name in names] == [AlarmState.OK] * len(names)


def watching(read: dict[str, AlarmReading]) -> dict[WatchedAlarm, AlarmReading]:
    return {WatchedAlarm(name): reading for name, reading in read.items()}


@given(read=some.lists(some.sampled_from(READINGS)))
def test_alarms_are_ok_when_there_is_one_and_each_reads_ok(read: list[AlarmReading]) -> None:
    assert all_ok(read) is (set(map(str, read)) == {"OK"})


@given(read=readings)
def test_an_incident_is_recovered_only_when_every_alarm_reads_ok(read: dict[str, AlarmReading]) -> None:
    found = judge_alarms([(Member(name, f"arn:{name}"), reading) for name, reading in read.items()])
    assert (found.verdict is Verdict.RECOVERED) == (bool(read) and is_all_ok(read, tuple(read)))


@given(read=readings, count=some.integers(1, 400))
def test_the_end_of_a_hold_says_ok_only_of_alarms_that_all_read_ok(
    read: dict[str, AlarmReading], count: int
) -> None:
    first = announced(_K.REFUSED, cause=Reason.SWITCHED_OFF.value)
    held = Digest(key="k", first=first, since=a.NOW, count=count, names=NAMES)
    said = over(held, watching(read), a.NOW)
    known = is_all_ok(read) and count <= 200
    assert held.all_ok(watching(read)) is known
    assert (said.kind is _K.DIGEST) is known
    assert phase_of(said) is not Phase.RESOLVE
    if not known:
        assert (said.watches and not {one.name for one in said.watches} - set(NAMES)) or said.unwatched
        assert {one for one in NAMES if read.get(one) is not AlarmState.OK} <= {w.name for w in said.watches}


@given(read=readings)
def test_the_end_of_a_storm_resolves_its_page_only_when_all_that_turned_red_read_ok(
    read: dict[str, AlarmReading],
) -> None:
    storm = Storm(red=tuple(RedAlarm(a.NOW, n, n) for n in NAMES), version=3, tripped_at=a.NOW)
    left = not_ok(storm, watching(read))
    said = storm_messages.storm_ended(storm, left, a.NOW)
    assert (phase_of(said) is Phase.RESOLVE) is is_all_ok(read)
    assert {one.name for one in said.watches} == {n for n in NAMES if read.get(n) is not AlarmState.OK}
    red = still_red(storm, watching(read))
    harmless = [AlarmState.OK, AlarmState.INSUFFICIENT_DATA, ABSENT]
    assert {one.name for one in red} == {n for n in NAMES if read.get(n, Unknown("")) not in harmless}
    assert [one for one, reading in left if may_be_red(reading)] == red
    assert (phase_of(said) is Phase.TRIGGER) is bool(red)
    assert ends(storm, red, RULES, a.NOW) is (len(red) < RULES.alarms)


def test_a_storm_of_more_alarms_than_are_remembered_is_not_resolved_by_those_that_are() -> None:
    many = tuple(RedAlarm(a.NOW, f"a{n}", f"a{n}") for n in range(MOST_REMEMBERED))
    said = storm_messages.storm_ended(Storm(red=many, version=3, tripped_at=a.NOW), [], a.NOW)
    assert (phase_of(said), said.unwatched) == (Phase.UPDATE, 1)
    assert said.facts[-1].startswith("more alarms may have turned red than the 100 that are remembered")
    storm = Storm(red=many, version=3, tripped_at=a.NOW)
    left = [(one, AlarmState.ALARM) for one in many]
    by_hand = storm_messages.storm_ended_by(storm, left, "ana", "-", a.NOW)
    assert (len(by_hand.watches), by_hand.unwatched) == (MOST_REMEMBERED, 1)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (AlarmState.OK, "is OK"),
        (AlarmState.ALARM, "is still red"),
        (AlarmState.INSUFFICIENT_DATA, "has no data"),
        (ABSENT, "does not exist any more"),
        (Unknown("ThrottlingException"), "could not be read: ThrottlingException"),
        (NotRead("it was not asked for"), "could not be read: it was not asked for"),
    ],
)
def test_each_reading_has_its_words(reading: AlarmReading, words: str) -> None:
    lines = not_ok_words({WatchedAlarm("api", "web"): reading})
    assert words_of(reading) == words
    assert lines == ([] if reading is AlarmState.OK else [f"api web {words}"])


def test_an_alarm_is_watched_by_its_name_and_by_its_series() -> None:
    series = a.alarm("api", contributor=Contributor("web-1", {"host": "web-1"}))
    assert WatchedAlarm.of(series) == WatchedAlarm("api", "web-1")
    assert WatchedAlarm.of(a.alarm("api")) == WatchedAlarm("api", "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "b", "c"], ["a", "b", "and 1 more"]),
        (["a", "b", "c", "d"], ["a", "b", "and 2 more"]),
    ],
)
def test_the_first_of_many_lines_are_shown_and_the_rest_is_counted(lines: list[str], said: list[str]) -> None:
    assert few_of(lines, most=2) == said


def test_an_end_that_leaves_no_known_red_alarm_calls_nobody_and_resolves_nothing() -> None:
    end = announced(_K.STORM_OVER, watches=(WatchedAlarm("api"),), retry=())
    before = Thread(
        id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=announced(_K.STORM), calls=True, steps=2
    )
    before = replace(before, acknowledged_by="ana", notified={"ops": "1"})
    found = receive(before, end, before.severity, ALWAYS, NIGHT)
    assert found.sending
    assert found.sending.phase is Phase.UPDATE
    assert (found.thread.calls, found.thread.over, found.thread.acknowledged_by) == (True, False, "ana")
    assert watched(found.thread) == (WatchedAlarm("api"),)


def test_after_a_day_a_thread_that_looked_itself_gives_up_once() -> None:
    refused = announced(_K.REFUSED, watches=(WatchedAlarm("api"),))
    thread = Thread(id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=refused, calls=True, since=NIGHT)
    moment = timedelta(microseconds=1)
    assert (looks(thread, NIGHT + LOOK_FOR - moment), gives_up(thread, NIGHT + LOOK_FOR - moment)) == (
        True,
        False,
    )
    assert (looks(thread, NIGHT + LOOK_FOR), gives_up(thread, NIGHT + LOOK_FOR)) == (False, True)
    said = replace(thread, latest=announced(_K.NO_LONGER_WATCHED, watches=(WatchedAlarm("api"),)))
    assert not gives_up(said, NIGHT + LOOK_FOR)
    assert not gives_up(replace(thread, calls=False), NIGHT + LOOK_FOR)
    assert not gives_up(replace(thread, waiting=1), NIGHT + LOOK_FOR)


def test_with_alarms_that_are_not_looked_at_a_thread_does_not_look_at_the_others() -> None:
    refused = announced(_K.REFUSED, watches=(WatchedAlarm("api"),), unwatched=1)
    assert watched(Thread(id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=refused, calls=True)) == ()


@given(
    names=some.lists(some.text(min_size=1, max_size=255), max_size=12),
    more=some.integers(0, 600),
)
def test_the_alarms_kept_for_a_later_look_are_bounded_and_the_rest_is_counted(
    names: list[str], more: int
) -> None:
    wanted = {WatchedAlarm(name) for name in names} | {WatchedAlarm(f"{n:0255}") for n in range(more)}
    watched, left_out = within_bounds(wanted)
    assert len(watched) + left_out == len(wanted)
    assert set(watched) <= wanted
    assert len(watched) <= MOST_WATCHED
    assert sum(len(one.name) for one in watched) <= MOST_WATCHED_BYTES


def test_names_that_json_spells_out_are_bounded_by_their_bytes() -> None:
    watched, left_out = within_bounds(WatchedAlarm("\N{FIRE}" * 250 + f"{n:03}") for n in range(200))
    assert (len(watched), left_out) == (33, 167)


def test_the_alarms_kept_for_a_later_look_may_fill_their_room() -> None:
    """In JSON each of the 200 takes 500 bytes, eight of them around its name."""
    full = [WatchedAlarm(f"{n:0492}") for n in range(200)]
    assert within_bounds(full) == (tuple(full), 0)
    assert within_bounds([*full[:-1], WatchedAlarm(f"{199:0493}")])[1] == 1
