"""Rolling a function's alias back where raises, restarts and reverts are among its versions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.services.lambda_.actions.roll_back_function import RollBackFunction
from firebreak.services.lambda_.functions import FunctionObservation
from tests.support.builders_functions import (
    OLD,
    OTHER_CODE,
    PUBLISHED,
    TARGET,
    FakeLambda,
    function,
    history,
    request,
    rules,
)

THIRD_CODE = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="


def on(aws: FakeLambda) -> RollBackFunction:
    return RollBackFunction(aws, aws)


IDLE = on(FakeLambda())


def found(
    observation: FunctionObservation, after: timedelta = timedelta(minutes=5)
) -> Reading[Plan | Obstacle]:
    """The plan when the alarm turned red so long after version 7 was made."""
    asked = request("roll-back-function")
    asked = replace(asked, alarm=replace(asked.alarm, since=PUBLISHED + after))
    return IDLE.plan(asked, observation, rules("roll-back-function"))


def planned(observation: FunctionObservation) -> Plan:
    plan = found(observation)
    assert isinstance(plan, Plan), plan
    return plan


LATER = PUBLISHED + timedelta(minutes=20)
SAID = "Firebreak: memory 1024 to 1536 MB, code of version 7"


@pytest.mark.parametrize(
    "changes",
    [{"memory": 1536, "description": SAID}, {"description": "[restarted, red since 2026-11-20T09:55:00Z]"}],
    ids=["raise", "restart"],
)
def test_a_raise_or_a_restart_does_not_hide_the_release_that_it_repeats(changes: dict[str, Any]) -> None:
    observation = history(OLD, function("7"), function("8", modified=LATER, **changes))
    plan = planned(observation)
    assert plan.summary == "point alias live of lambda:orders at version 6 instead of 8"
    assert plan.before["version"] == "8"
    late = found(observation, timedelta(minutes=31))
    text = "version 7 was made 0:31:00 before the alarm turned red, limit 30m"
    assert late == Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)


def test_the_version_before_the_release_is_looked_at() -> None:
    aws = FakeLambda.with_alias("8")
    aws.versions |= {"6": OLD, "7": function("7"), "8": function("8", memory=1536)}
    assert set(on(aws).observe(TARGET).versions) == {"6", "8"}


def test_a_revert_to_older_code_is_not_rolled_back_to_what_it_left() -> None:
    bad = function("6", code=OTHER_CODE)
    text = "version 7 runs what version 5 ran: it is a roll back from version 6 already"
    observation = history(function("5"), bad, function("7"))
    assert found(observation) == Obstacle(Reason.ROLLED_BACK_BEFORE, text)


def test_a_revert_that_was_given_more_memory_is_still_a_revert() -> None:
    bad, more = function("6", code=OTHER_CODE), function("8", memory=1536)
    text = "version 8 runs what version 5 ran: it is a roll back from version 6 already"
    observation = history(function("5"), bad, function("7"), more)
    assert found(observation) == Obstacle(Reason.ROLLED_BACK_BEFORE, text)


def test_that_a_version_ran_before_is_known_by_its_number_alone_and_said() -> None:
    rolled_back, fix = replace(OLD, code=THIRD_CODE), function("7")
    plan = planned(history(function("5", code=OTHER_CODE), rolled_back, fix))
    assert plan.warnings == (
        "only its number says that version 6 ran behind alias live before: Lambda keeps no record of it",
    )
