"""The outcome of an act: a success held, was the act's, and is not counted too early."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Verdict
from firebreak.core.readings import Unknown
from firebreak_cli.statistics.outcomes import IN_TIME, Outcome, outcomes_of, recovered_in_time
from firebreak_cli.statistics.summary import summarize
from tests.cli.statistics.records import DAY, FIRST, HOUR, MINUTE, UNTIL, act, decided, record, red

AT = FIRST + DAY
JUDGED = AT + 10 * MINUTE


def outcome(reds: Any = (), decisions: Any = (), **changes: Any) -> Outcome:
    [(_, found)] = outcomes_of(record(acts=(act(AT, **changes),), reds=reds, decisions=decisions))
    return found


@pytest.mark.parametrize(
    ("verdict", "came"),
    [
        (Verdict.RECOVERED, Outcome.HELD),
        (Verdict.NOT_RECOVERED, Outcome.NOT_RECOVERED),
        (Verdict.WORSE, Outcome.WORSE),
        (Verdict.UNKNOWN, Outcome.UNKNOWN),
        (Verdict.TOO_EARLY, Outcome.OPEN),
        (None, Outcome.OPEN),
    ],
)
def test_each_verdict_has_its_outcome(verdict: Verdict | None, came: Outcome) -> None:
    assert outcome(verdict=verdict) is came


@pytest.mark.parametrize(
    ("after", "came"),
    [
        (timedelta(), Outcome.HELD),
        (MINUTE, Outcome.CAME_BACK),
        (HOUR, Outcome.CAME_BACK),
        (HOUR + MINUTE, Outcome.HELD),
    ],
)
def test_an_alarm_that_is_red_again_within_the_hour_came_back(after: timedelta, came: Outcome) -> None:
    assert outcome(reds=(red(JUDGED + after),)) is came
    assert outcome(reds=(red(JUDGED + after, alarm="another"),)) is Outcome.HELD


def test_without_cloudwatch_a_decision_about_the_alarm_says_that_it_came_back() -> None:
    unread = Unknown("no")
    again = decided(JUDGED + MINUTE, "refuse", "cooldown")
    assert outcome(reds=unread, decisions=(again,)) is Outcome.CAME_BACK
    late = decided(JUDGED + MINUTE, "refuse", "duplicate")
    assert outcome(reds=unread, decisions=(late,)) is Outcome.HELD
    assert outcome(reds=(), decisions=(again,)) is Outcome.HELD


def test_a_recovery_that_somebody_helped_is_no_success() -> None:
    assert outcome(acknowledged=True) is Outcome.SOMEBODY_HELPED
    assert outcome(acknowledged=True, verdict=Verdict.NOT_RECOVERED) is Outcome.NOT_RECOVERED
    found = summarize(record(acts=(act(AT, acknowledged=True),)))
    assert (found.actions[0].success.count, found.actions[0].success.total) == (0, 1)


def test_a_recovery_is_open_until_it_has_held() -> None:
    assert outcome(judged_at=UNTIL - HOUR) is Outcome.HELD
    assert outcome(judged_at=UNTIL - HOUR + MINUTE) is Outcome.OPEN


@given(st.lists(st.tuples(st.sampled_from([*Verdict, None]), st.booleans()), max_size=30))
def test_every_act_has_one_outcome_and_open_ones_are_in_no_share(
    cases: list[tuple[Verdict | None, bool]],
) -> None:
    acts = tuple(
        act(FIRST + n * 5 * HOUR, verdict=verdict, acknowledged=helped)
        for n, (verdict, helped) in enumerate(cases)
    )
    found = summarize(record(acts=acts))
    counts = [count for one in found.actions for count in one.outcomes.values()]
    assert sum(counts) == len(acts)
    opened = sum(one.outcomes.get(Outcome.OPEN, 0) for one in found.actions)
    assert sum(one.success.total for one in found.actions) == len(acts) - opened
    helped = sum(held and verdict is Verdict.RECOVERED for verdict, held in cases)
    assert sum(one.success.count for one in found.actions) <= len(acts) - helped


@pytest.mark.parametrize(
    ("minutes", "again", "in_time"),
    [
        (30, None, True),
        (31, None, False),
        (10, 60, False),
        (10, 61, True),
        (None, None, False),
    ],
)
def test_a_time_red_recovered_in_time_or_did_not(
    minutes: float | None, again: int | None, in_time: bool
) -> None:
    begin = UNTIL - 3 * HOUR
    later = [] if again is None else [begin + (minutes or 0) * MINUTE + again * MINUTE]
    assert recovered_in_time(red(begin, minutes), later, UNTIL) is in_time


def test_a_time_red_is_open_while_it_may_still_recover_in_time_or_come_back() -> None:
    assert recovered_in_time(red(UNTIL - IN_TIME, None), (), UNTIL) is None
    assert recovered_in_time(red(UNTIL - IN_TIME - MINUTE, None), (), UNTIL) is False
    assert recovered_in_time(red(UNTIL - 70 * MINUTE, 10), (), UNTIL) is True
    assert recovered_in_time(red(UNTIL - 69 * MINUTE, 10), (), UNTIL) is None
