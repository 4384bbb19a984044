"""A temporary change at rest: when it is looked at, when it is restored, and the report when it cannot be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState, Purpose
from firebreak.core.incident.temporary_changes import after_rest, judge_rest
from firebreak.core.incident.verdict import (
    NO_ALARM,
    Climb,
    Evidence,
    GiveToHumans,
    Judgement,
    Keep,
    Rest,
    Reversals,
    Step,
    TakeBack,
)
from firebreak.core.manual import stand_in
from firebreak.core.model import AlarmState, Obstacle, Plan, Settled, Verdict
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Verification
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RULES = Verification(
    after=4 * MINUTE,
    healthy_for=5 * MINUTE,
    retry_every=2 * MINUTE,
    attempts=3,
    restore_after=30 * MINUTE,
)
BACK = Plan(summary="put back 3 to 2", change={"desiredCount": 2}, before={"desired": 3})
NO_WAY = Obstacle(Reason.NOT_REVERSIBLE, "a restart cannot be taken back")
BOTH_WAYS = Reversals(undo=BACK, restore=BACK)
RED, OK = AlarmState.ALARM, AlarmState.OK


def seen(state: AlarmState = OK, *, after: timedelta = 5 * MINUTE, **changes: Any) -> Evidence:
    usual = Evidence(
        now=a.NOW + after,
        alarms=[(a.member("alarm-0"), state)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(usual, **changes)


RESTING = a.incident(IncidentState.RESTING, healthy_since=a.NOW)


def rested(after: timedelta, state: Any = OK, restore: Any = BACK, **changes: Any) -> Step:
    ways = Reversals(undo=BACK, restore=restore)
    evidence = seen(state, after=after, ways=ways, **changes)
    return after_rest(RESTING, evidence, RULES, evidence.now, timedelta(hours=6))


class TestRest:
    def test_it_is_looked_at_every_few_minutes_and_at_its_end(self) -> None:
        end = a.NOW + 30 * MINUTE

        assert rested(5 * MINUTE) == Rest(a.NOW + 10 * MINUTE, a.NOW, end)
        assert rested(27 * MINUTE) == Rest(end, a.NOW, end)
        assert rested(30 * MINUTE - SECOND) == Rest(a.NOW + 32 * MINUTE - SECOND, a.NOW, end)
        assert rested(30 * MINUTE) == TakeBack(Purpose.RESTORE)

    def test_a_hold_longer_than_the_rest_counts_for_both(self) -> None:
        rules = replace(RULES, healthy_for=40 * MINUTE)
        evidence = seen(after=35 * MINUTE, ways=BOTH_WAYS)

        found = after_rest(RESTING, evidence, rules, evidence.now, timedelta(hours=6))

        assert found == Rest(a.NOW + 40 * MINUTE, a.NOW, a.NOW + 40 * MINUTE)

    def test_a_relapse_between_two_looks_begins_it_again(self) -> None:
        green = a.NOW + 20 * MINUTE

        assert rested(30 * MINUTE, green_since=green) == Rest(a.NOW + 35 * MINUTE, green, green + 30 * MINUTE)

    def test_an_alarm_that_is_red_again_goes_on_with_the_next_rung(self) -> None:
        assert rested(10 * MINUTE, RED) == Climb(1)

    @pytest.mark.parametrize("settled", [Settled.FAILED, Settled.NOT_YET, Unknown("lowered")], ids=str)
    def test_later_changes_of_the_target_do_not_count_against_the_act(self, settled: Any) -> None:
        found = rested(10 * MINUTE, settled=settled, worse=True)

        assert found == Rest(a.NOW + 15 * MINUTE, a.NOW, a.NOW + 30 * MINUTE)

    def test_a_change_that_cannot_be_restored_stays(self) -> None:
        assert rested(30 * MINUTE, restore=NO_WAY) == Keep("a restart cannot be taken back")
        assert rested(29 * MINUTE, restore=NO_WAY) == Rest(a.NOW + 31 * MINUTE, a.NOW, a.NOW + 30 * MINUTE)

    @pytest.mark.parametrize(
        ("state", "restore"),
        [
            (AlarmState.INSUFFICIENT_DATA, BACK),
            (Unknown("dark"), BACK),
            (ABSENT, BACK),
            (OK, Unknown("dark")),
            (OK, NotRead("no")),
        ],
        ids=str,
    )
    def test_an_unknown_state_waits_and_is_reported_in_the_end(self, state: Any, restore: Any) -> None:
        last = 6 * 60 * MINUTE + 30 * MINUTE

        assert rested(30 * MINUTE, state, restore) == Rest(a.NOW + 32 * MINUTE, a.NOW, a.NOW + 30 * MINUTE)
        assert rested(last, state, restore) == Rest(a.NOW + last + 2 * MINUTE, a.NOW, a.NOW + 30 * MINUTE)
        assert rested(last + SECOND, state, restore) == GiveToHumans()

    def test_with_a_joined_alarm_that_is_not_looked_at_the_restore_waits(self) -> None:
        evidence = seen(after=30 * MINUTE, ways=BOTH_WAYS)
        unseen = replace(RESTING, left_out=1)

        found = after_rest(unseen, evidence, RULES, evidence.now, timedelta(hours=6))

        assert found == Rest(a.NOW + 32 * MINUTE, a.NOW, a.NOW + 30 * MINUTE)

    def test_a_rest_whose_beginning_is_lost_begins_now(self) -> None:
        lost = replace(RESTING, healthy_since=None)
        evidence = seen(ways=BOTH_WAYS)

        found = after_rest(lost, evidence, RULES, evidence.now, timedelta(hours=6))

        assert found == Rest(a.NOW + 10 * MINUTE, a.NOW + 5 * MINUTE, a.NOW + 35 * MINUTE)


def test_without_any_alarm_nothing_speaks_against_the_rest() -> None:
    by_hand = a.incident(IncidentState.RESTING, alarm=stand_in(a.TARGET, "it hangs", a.NOW), members=())
    assert judge_rest(by_hand, seen(RED)) == Judgement(Verdict.RECOVERED, NO_ALARM)
