"""Rolling a function's alias back where another version may be at fault, or was taken out before."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.decision import Act, AskApproval
from firebreak.core.model import Metric, Obstacle, Plan, Request, RequestKind
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS, RollbackTarget
from firebreak.services.lambda_.actions.roll_back_function import RollBackFunction
from firebreak.services.lambda_.functions import FunctionLive, FunctionObservation
from tests.support.builders_functions import (
    OLD,
    OPTED_IN,
    OTHER_CODE,
    PUBLISHED,
    TARGET,
    FakeLambda,
    alias,
    as_stored,
    deployed,
    function,
    history,
    request,
    rules,
)
from tests.support.builders_roll_back import decided

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
THIRD = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
IDLE = RollBackFunction(FakeLambda(), FakeLambda())


def red(after: timedelta = 5 * MINUTE, *dimensions: Mapping[str, str]) -> Request:
    """The alarm turned red so long after version 7 was made; with a metric for each of these."""
    asked = request("roll-back-function")
    metrics = tuple(Metric("AWS/Lambda", "Errors", {"FunctionName": "orders", **one}) for one in dimensions)
    return replace(
        asked,
        alarm=replace(asked.alarm, since=PUBLISHED + after, metrics=metrics or asked.alarm.metrics),
    )


def found(observation: FunctionObservation, asked: Request | None = None) -> Reading[Plan | Obstacle]:
    return IDLE.plan(asked or red(), observation, rules("roll-back-function"))


def planned(observation: FunctionObservation, asked: Request | None = None) -> Plan:
    plan = found(observation, asked)
    assert isinstance(plan, Plan), plan
    return plan


def canary(*versions: FunctionLive, weight: float = 0.1, **changes: Any) -> FunctionObservation:
    """The alias is at the first but one, and gives the last a part of its calls."""
    last, stable = versions[-1].version, versions[-2].version
    return replace(history(*versions), aliases=(alias(version=stable, weighted={last: weight}),), **changes)


def version(number: int, code: str, before: timedelta, **changes: Any) -> FunctionLive:
    """A version made so long before version 7 usually is."""
    return function(str(number), code=code, modified=PUBLISHED - before, **changes)


BY_NUMBER = "only its number says that version 6 ran behind alias live before: Lambda keeps no record of it"
GOOD, BAD, FIX = version(5, "five", 9 * DAY), version(6, OTHER_CODE, 12 * MINUTE), function("7")


# --- two suspects


@pytest.mark.parametrize(
    ("observation", "also"),
    [
        pytest.param(history(GOOD, BAD, FIX), (BY_NUMBER,), id="all"),
        pytest.param(canary(GOOD, BAD, FIX), (), id="part"),
    ],
)
def test_where_the_version_before_is_as_new_a_human_is_asked(
    observation: FunctionObservation, also: tuple[str, ...]
) -> None:
    plan = planned(observation)
    assert plan.doubts == (TWO_SUSPECTS, *also)
    assert plan.warnings[0] == TWO_SUSPECTS
    assert decided(red(), plan).outcome == AskApproval(plan)


@pytest.mark.parametrize(
    ("after", "doubts"), [(18 * MINUTE, (TWO_SUSPECTS,)), (19 * MINUTE, ())], ids=["at the end", "later"]
)
def test_the_suspect_window_decides_which_version_is_as_new(
    after: timedelta, doubts: tuple[str, ...]
) -> None:
    assert planned(canary(GOOD, BAD, FIX), red(after)).doubts == doubts


def test_a_raise_lately_of_what_ran_for_days_is_no_second_suspect() -> None:
    raised = version(6, "five", 12 * MINUTE, memory=2048)
    assert planned(canary(GOOD, raised, FIX)).doubts == ()


def test_without_a_doubt_it_acts_by_itself() -> None:
    plan = planned(canary(OLD, FIX))
    assert plan.doubts == ()
    assert isinstance(decided(red(), plan).outcome, Act)


def test_a_version_supported_only_by_its_number_is_not_deployed_without_a_human() -> None:
    plan = planned(deployed())
    assert plan.doubts == (BY_NUMBER,)
    assert decided(red(), plan).outcome == AskApproval(plan)


def test_between_a_canary_and_the_rest_no_number_is_missing() -> None:
    observation = canary(version(3, "three", DAY), FIX)
    assert planned(observation).doubts == ()


# --- never twice


def test_a_plan_says_when_the_old_and_the_new_version_were_made() -> None:
    raised = version(6, "five", 2 * DAY, memory=2048)
    again = function("8", modified=PUBLISHED + MINUTE, memory=2048)
    assert planned(history(GOOD, raised, FIX, again)).rollback_target == RollbackTarget(
        suspected_since=PUBLISHED, newest=(GOOD.modified, PUBLISHED)
    )
    skipped = version(6, OTHER_CODE, DAY)
    to_five = replace(canary(GOOD, skipped, FIX), aliases=(alias(version="5", weighted={"7": 0.1}),))
    assert planned(to_five).rollback_target == RollbackTarget(
        suspected_since=PUBLISHED, newest=(GOOD.modified, skipped.modified)
    )


def lived(aws: FakeLambda, asked: Request) -> tuple[RollBackFunction, Plan]:
    """An action that looked, planned and acted."""
    action = RollBackFunction(aws, aws)
    plan = action.plan(asked, action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(plan, Plan), plan
    action.execute(as_stored(plan))
    return action, plan


def again(action: RollBackFunction, asked: Request, *acts: datetime) -> Reason:
    """The decision the next time."""
    plan = action.plan(asked, action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(plan, Plan), plan
    return decided(asked, plan, *acts).reason


ACTED = PUBLISHED + 6 * MINUTE


def test_a_version_that_was_restored_is_not_rolled_back_again() -> None:
    aws = FakeLambda(aliases_now={"live": alias()}, versions={"6": OLD, "7": FIX})
    action, plan = lived(aws, red())
    aws.versions["6"] = replace(OLD, state="Failed")
    undo = action.undo(as_stored(plan), action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(undo, Plan)
    aws.versions["6"] = OLD
    assert (undo.doubts, undo.rollback_target) == ((), None)
    action.execute(as_stored(undo))
    assert again(action, red(25 * MINUTE), ACTED) is Reason.ROLLED_BACK_BEFORE


def test_the_next_step_of_codedeploy_is_not_taken_again() -> None:
    aws = FakeLambda(
        aliases_now={"live": alias(version="6", weighted={"7": 0.1})}, versions={"6": OLD, "7": FIX}
    )
    action, _ = lived(aws, red())
    aws.aliases_now["live"] = alias(version="6", weighted={"7": 0.2})
    assert again(action, red(20 * MINUTE), ACTED) is Reason.ROLLED_BACK_BEFORE


def test_a_version_that_was_rolled_back_is_never_a_rollback_target() -> None:
    aws = FakeLambda(aliases_now={"live": alias()}, versions={"6": OLD, "7": FIX})
    action, _ = lived(aws, red())
    aws.versions["8"] = function("8", code=THIRD, modified=PUBLISHED + 2 * DAY)
    aws.aliases_now["live"] = alias(version="8")
    later = red(2 * DAY + 5 * MINUTE)
    assert again(action, later, ACTED) is Reason.ROLLED_BACK_BEFORE
    assert again(action, later, PUBLISHED - MINUTE) is Reason.NEEDS_APPROVAL


# --- what the alarm is about

NEWEST = "and 7 is the newest that gets calls"
V6, V7 = {"ExecutedVersion": "6"}, {"ExecutedVersion": "7"}


@pytest.mark.parametrize(
    ("dimensions", "text"),
    [
        pytest.param((V6,), f"the alarm is about version 6, {NEWEST}", id="another"),
        pytest.param(
            (V6, V7),
            f"the alarm is about version 6 and 7, {NEWEST}",
            id="also another",
        ),
        pytest.param(
            ({}, V6),
            f"the alarm is about version 6, {NEWEST}",
            id="one of two metrics",
        ),
    ],
)
@pytest.mark.parametrize("observation", [deployed(), canary(OLD, FIX)], ids=["all", "part"])
def test_an_alarm_about_another_version_is_not_this_ones_fault(
    observation: FunctionObservation, dimensions: tuple[dict[str, str], ...], text: str
) -> None:
    asked = red(5 * MINUTE, *dimensions)
    assert found(observation, asked) == Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)


@pytest.mark.parametrize("dimensions", [(V7,), ({}, V7), ({},)], ids=["it", "it and all", "all"])
def test_an_alarm_about_the_suspect_version_leads_to_a_roll_back(
    dimensions: tuple[dict[str, str], ...],
) -> None:
    assert "UpdateAlias" in planned(canary(OLD, FIX), red(5 * MINUTE, *dimensions)).change


def test_a_part_that_gets_no_calls_is_not_suspected() -> None:
    text = "alias live is at 6 and 7 exists: it was rolled back before, or 7 is not released yet"
    assert found(canary(GOOD, BAD, FIX, weight=0.0)) == Obstacle(Reason.ROLLED_BACK_BEFORE, text)


def test_a_part_of_nothing_is_given_back_all_the_same() -> None:
    aws = FakeLambda(
        aliases_now={"live": alias(version="7", weighted={"6": 0.0})}, versions={"6": OLD, "7": FIX}
    )
    action, plan = lived(aws, red())
    assert plan.summary == "point alias live of lambda:orders at version 6 instead of 7"
    aws.versions["6"] = replace(OLD, state="Failed")
    undo = action.undo(as_stored(plan), action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(undo, Plan)
    action.execute(as_stored(undo))
    assert (aws.aliases_now["live"].version, aws.aliases_now["live"].weighted) == ("7", {"6": 0.0})


def test_a_tag_against_the_alarm_moves_neither_alias() -> None:
    observation = deployed(
        aliases=(alias(), alias("beta", "5")), function_tags=OPTED_IN | {"firebreak:alias": "live"}
    )
    obstacle = found(observation, red(5 * MINUTE, {"Resource": "orders:beta"}))
    assert isinstance(obstacle, Obstacle)
    assert obstacle.reason is Reason.UNSAFE_ALIAS
