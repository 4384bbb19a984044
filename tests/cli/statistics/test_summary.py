"""The summary counts every call and every decision, and an open wait as open."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Verdict
from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.report.plain_text import lines_of
from firebreak_cli.statistics.plain import as_json
from firebreak_cli.statistics.summary import summarize
from tests.cli.statistics.records import (
    ALARM,
    DAY,
    FIRST,
    HOUR,
    MINUTE,
    TARGET,
    UNTIL,
    act,
    call,
    decided,
    record,
    red,
    watching,
)


@given(st.lists(st.integers(0, 28 * 24 * 60 - 1), max_size=50))
def test_every_call_is_in_one_week_and_one_hour(minutes: list[int]) -> None:
    found = summarize(record(calls=tuple(call(FIRST + n * MINUTE) for n in minutes)))
    assert sum(week.calls for week in found.weeks) == len(minutes)
    assert (len(found.hours), sum(found.hours)) == (24, len(minutes))
    assert all(week.whole for week in found.weeks)


def test_a_week_that_the_range_cuts_is_marked() -> None:
    found = summarize(record(first=UNTIL - 10 * DAY, calls=(call(UNTIL - DAY),)))
    assert [(week.calls, week.whole) for week in found.weeks] == [(0, True), (1, False)]


def test_the_time_to_act_is_that_of_the_first_act_of_an_incident_and_a_wait_is_open() -> None:
    acts = (
        act(FIRST + HOUR, incident="i-1", red_since=FIRST + 58 * MINUTE),
        act(FIRST + 2 * HOUR, incident="i-1", red_since=FIRST + 58 * MINUTE, rung=1),
        act(FIRST + 3 * HOUR, incident="i-2", red_since=None),
    )
    found = summarize(record(acts=acts, waiting=(UNTIL - 4 * HOUR,))).time_to_act
    assert [(one.length, one.ended) for one in found.lengths] == [(2 * MINUTE, True), (4 * HOUR, False)]


def test_a_target_is_an_offender_from_its_third_act_on() -> None:
    many = tuple(act(FIRST + n * DAY) for n in range(3))
    few = tuple(act(FIRST + n * DAY, target="ecs:prod/web") for n in range(2))
    found = summarize(record(acts=(*many, *few)))
    assert [(one.target, one.acts, one.held) for one in found.offenders] == [(TARGET, 3, 3)]


def test_a_target_shows_its_times_red_or_that_they_are_not_known() -> None:
    decisions = (decided(FIRST, "refuse", "cooldown"), decided(FIRST, target="", alarm="no target"))
    known = summarize(record(decisions=decisions, reds=(red(FIRST), red(FIRST, alarm="no target"))))
    assert [(one.target, one.red, one.acts) for one in known.targets] == [(TARGET, 1, 0)]
    unread = summarize(record(decisions=decisions, reds=Unknown("denied")))
    assert [(one.target, one.red) for one in unread.targets] == [(TARGET, None)]


def test_reasons_are_those_of_decisions_that_changed_nothing() -> None:
    decisions = (
        decided(FIRST),
        decided(FIRST, "refuse", "cooldown"),
        decided(FIRST, "propose", "observe_only"),
        decided(FIRST, "refuse", "cooldown"),
        decided(FIRST, "ask_approval", "needs_approval"),
    )
    found = summarize(record(decisions=decisions))
    assert found.reasons == (("refuse", "cooldown", 2), ("propose", "observe_only", 1))
    assert found.decisions == {"act": 1, "refuse": 2, "propose": 1, "ask_approval": 1}


def test_of_an_empty_record_nothing_is_zero_per_cent() -> None:
    plain = json.loads(json.dumps(as_json(summarize(record()))))
    assert (plain["actions"], plain["targets"], plain["budgets"]) == ([], [], [])
    nothing = {"count": 0, "open": 0, "median": None, "p90": None}
    assert plain["time_to_act"] == nothing
    assert set(map(str, plain["recovery"]["times"].values())) == {str(nothing)}


def test_in_json_few_have_no_proportion_and_what_was_not_read_says_why() -> None:
    acts = tuple(act(FIRST + n * DAY) for n in range(9))
    few = as_json(summarize(record(acts=acts, reds=Unknown("denied"), budgets=NotRead("another policy"))))
    assert few["actions"][0]["success"] == {"count": 9, "total": 9, "proportion": None, "interval": None}
    assert (few["recovery"], few["budgets"]) == ({"unknown": "denied"}, {"not_read": "another policy"})
    enough = as_json(summarize(record(acts=(*acts, act(FIRST + 9 * DAY, verdict=Verdict.WORSE)))))
    assert enough["actions"][0]["success"]["proportion"] == 0.9


def test_pages_for_a_week_are_those_of_the_time_watched_and_of_less_than_a_week_there_are_none() -> None:
    off = (FIRST, FIRST + 7 * DAY)
    calls = (*(call(FIRST + n * DAY) for n in range(7)), *(call(UNTIL - n * DAY) for n in range(1, 7)))
    found = summarize(record(calls=calls, coverage=watching(off)))
    assert found.calls_per_watched_week == 2.0
    assert [week.watched for week in found.weeks] == [timedelta(), *[7 * DAY] * 3]
    short = summarize(record(calls=calls, coverage=watching((FIRST, UNTIL - 6 * DAY))))
    assert short.calls_per_watched_week is None


def test_a_decision_while_no_heartbeat_came_is_counted_apart_and_one_that_is_not_known_is_none() -> None:
    decisions = tuple(decided(FIRST + n * DAY + HOUR) for n in range(4))
    coverage = watching((FIRST + 2 * DAY, FIRST + 4 * DAY), since=FIRST + DAY)
    found = summarize(record(decisions=decisions, coverage=coverage))
    assert found.decided_unwatched == 2
    assert found.decisions == {"act": 4}


def test_of_a_replay_and_where_nobody_looked_no_time_is_watched_or_not() -> None:
    found = as_json(summarize(record(replayed=True)))
    assert found["coverage"] == {"not_read": "nobody looked for heartbeats"}
    assert {week["watched"] for week in found["pages"]["by_week"]} == {None}


def test_a_call_and_a_red_know_their_times() -> None:
    one = red(FIRST, 10)
    assert [one.covers(FIRST + timedelta(minutes=n)) for n in (-1, 0, 10, 11)] == [False, True, True, False]
    assert red(FIRST, None).covers(UNTIL)
    assert call(FIRST).alarm == ALARM


def test_acts_despite_a_freeze_are_counted_and_decisions_that_did_not_act_are_not() -> None:
    decisions = (
        replace(decided(FIRST, outcome="act", reason="clear_to_act"), overrode=True),
        replace(decided(FIRST, outcome="refuse", reason="cooldown"), overrode=True),
        decided(FIRST, outcome="act", reason="clear_to_act"),
    )
    found = summarize(record(acts=(act(FIRST),), decisions=decisions))
    assert (found.despite_freeze, as_json(found)["despite_freeze"]) == (1, 1)
    line = "For 1 act a named human overrode a freeze."
    assert line in list(lines_of(found))
    assert line not in list(lines_of(summarize(record(acts=(act(FIRST),)))))
