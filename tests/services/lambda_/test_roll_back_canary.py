"""Rolling a function's alias back while a new version gets only a part of its calls."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.lambda_.actions.roll_back_function import RollBackFunction
from firebreak.services.lambda_.functions import AliasLive, FunctionLive, FunctionObservation
from tests.support.builders_functions import (
    OLD,
    OTHER_CODE,
    PUBLISHED,
    TARGET,
    FakeLambda,
    alias,
    as_stored,
    deployed,
    function,
    request,
    rules,
)

CANARY = function("7", modified=PUBLISHED)


def on(aws: FakeLambda) -> RollBackFunction:
    return RollBackFunction(aws, aws)


IDLE = on(FakeLambda())


def seen(*versions: FunctionLive, version: str = "6", weighted: Mapping[str, float]) -> FunctionObservation:
    """All versions that exist; the alias is at version 6 unless given."""
    known = {one.version: one for one in versions}
    return deployed(
        aliases=(alias(version=version, weighted=weighted),),
        versions=known,
        published={int(number): one for number, one in known.items()},
    )


def found(
    observation: FunctionObservation, after: timedelta = timedelta(minutes=5)
) -> Reading[Plan | Obstacle]:
    asked = request("roll-back-function")
    asked = replace(asked, alarm=replace(asked.alarm, since=PUBLISHED + after))
    return IDLE.plan(asked, observation, rules("roll-back-function"))


def planned(observation: FunctionObservation) -> Plan:
    plan = found(observation)
    assert isinstance(plan, Plan), plan
    return plan


def shifting() -> FakeLambda:
    """A Lambda whose alias just began to give version 7 a tenth of its calls."""
    return FakeLambda(
        aliases_now={"live": alias(version="6", weighted={"7": 0.1})}, versions={"6": OLD, "7": CANARY}
    )


def cleared(aws: FakeLambda) -> tuple[RollBackFunction, Plan]:
    action = on(aws)
    asked = request("roll-back-function")
    asked = replace(asked, alarm=replace(asked.alarm, since=PUBLISHED))
    plan = action.plan(asked, action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(plan, Plan), plan
    action.execute(as_stored(plan))
    return action, as_stored(plan)


def test_the_newer_versions_part_is_taken_and_the_alias_stays() -> None:
    plan = planned(seen(OLD, CANARY, weighted={"7": 0.1}))
    assert (
        plan.summary
        == "send all calls of alias live of lambda:orders to version 6, also the 10% of version 7"
    )
    assert plan.change == {
        "UpdateAlias": {
            "FunctionName": "orders",
            "Name": "live",
            "FunctionVersion": "6",
            "RevisionId": "revision-of-live",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        }
    }
    assert (plan.before["version"], plan.before["weighted"]) == ("6", {"7": 0.1})


def test_a_deployment_of_codedeploy_that_would_set_it_again_is_named() -> None:
    assert planned(seen(OLD, CANARY, weighted={"7": 0.1})).warnings == (
        "if CodeDeploy moves alias live, stop its deployment too: its next step sets the parts again",
    )


def test_it_goes_to_the_aliass_own_version_and_not_to_the_nearest_number() -> None:
    skipped = function("6", code="third")
    plan = planned(seen(replace(OLD, version="5"), skipped, CANARY, version="5", weighted={"7": 0.5}))
    change = plan.change["UpdateAlias"]
    assert isinstance(change, dict)
    assert change["FunctionVersion"] == "5"


@pytest.mark.parametrize(
    ("observation", "reason", "text"),
    [
        pytest.param(
            seen(OLD, CANARY, version="7", weighted={"6": 0.1}),
            Reason.UNSAFE_ALIAS,
            "alias live sends a part of its calls to version 6 already, next to 7: finish that move",
            id="the older version gets the part",
        ),
        pytest.param(
            seen(OLD, CANARY, function("8"), weighted={"7": 0.1}),
            Reason.ROLLED_BACK_BEFORE,
            "alias live is at 7 and 8 exists: it was rolled back before, or 8 is not released yet",
            id="a still newer one exists",
        ),
        pytest.param(
            seen(function("6"), function("7", memory=2048), weighted={"7": 0.1}),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 7 runs what version 6 runs, which gets the other calls",
            id="only more memory",
        ),
        pytest.param(
            seen(function("5"), function("6", code=OTHER_CODE), CANARY, weighted={"7": 0.1}),
            Reason.ROLLED_BACK_BEFORE,
            "version 7 runs what version 5 ran: it is a roll back from version 6 already",
            id="the part is somebody's roll back",
        ),
        pytest.param(
            seen(replace(OLD, state="Failed"), CANARY, weighted={"7": 0.1}),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 6 cannot be invoked: it is Failed",
            id="the other version is broken",
        ),
    ],
)
def test_an_obstacle_is_named(observation: FunctionObservation, reason: Reason, text: str) -> None:
    assert found(observation) == Obstacle(reason, text)


def test_a_part_with_less_memory_may_be_suspected() -> None:
    assert (
        planned(seen(function("6", memory=2048), function("7"), weighted={"7": 0.1})).before["version"] == "6"
    )


def test_an_old_part_is_not_what_the_alarm_is_about() -> None:
    text = "version 7 was made 0:31:00 before the alarm turned red, limit 30m"
    expected = Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)
    assert found(seen(OLD, CANARY, weighted={"7": 0.1}), timedelta(minutes=31)) == expected


def test_a_part_whose_version_was_published_since_is_not_known() -> None:
    assert isinstance(found(seen(OLD, weighted={"7": 0.1})), Unknown)


def test_the_part_is_taken_and_known_to_be_taken() -> None:
    aws = shifting()
    action, plan = cleared(aws)
    assert (aws.aliases_now["live"].version, aws.aliases_now["live"].weighted) == ("6", {})
    now = action.observe(TARGET)
    assert action.outcome(plan, now) is True
    assert action.settled(plan, Receipt(summary=""), now) is Settled.YES


def test_a_part_that_somebody_sets_again_is_noticed() -> None:
    aws = shifting()
    action, plan = cleared(aws)
    aws.aliases_now["live"] = alias(version="6", weighted={"7": 0.1})
    assert action.outcome(plan, action.observe(TARGET)) is False
    assert isinstance(action.settled(plan, Receipt(summary=""), action.observe(TARGET)), Unknown)
    aws.aliases_now["live"] = alias(version="6", weighted={"7": 0.5})
    text = "alias live is at version 6 with 1024 MB, 50% at 7: neither as before nor as planned"
    assert action.outcome(plan, action.observe(TARGET)) == Unknown(text)


def test_the_part_is_not_given_back_by_a_machine() -> None:
    action, plan = cleared(shifting())
    back = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert back == Obstacle(Reason.NOT_REVERSIBLE, "rolling forward would deploy the faulty version again")


def test_undo_from_a_version_that_cannot_be_invoked_gives_back_the_exact_part() -> None:
    aws = shifting()
    action, plan = cleared(aws)
    aws.versions["6"] = replace(OLD, state="Failed")
    back = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(back, Plan)
    assert back.summary == (
        "leave alias live of lambda:orders at version 6, and give back the 10% of version 7"
    )
    action.execute(as_stored(back))
    assert (aws.aliases_now["live"].version, aws.aliases_now["live"].weighted) == ("6", {"7": 0.1})
    assert action.outcome(as_stored(back), action.observe(TARGET)) is True


@pytest.mark.parametrize(
    "now", [alias(version="7"), alias(version="6", weighted={"7": 0.5})], ids=["moved", "divided"]
)
def test_undo_refuses_when_somebody_changed_the_alias_since(now: AliasLive) -> None:
    aws = shifting()
    action, plan = cleared(aws)
    aws.aliases_now["live"] = now
    back = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(back, Obstacle)
    assert back.reason is Reason.CHANGED_SINCE


def test_a_part_is_not_taken_twice() -> None:
    action, _ = cleared(shifting())
    again = action.plan(request("roll-back-function"), action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(again, Obstacle)
    assert again.reason is Reason.ROLLED_BACK_BEFORE


def test_an_alias_whose_version_is_gone_is_left_alone() -> None:
    blind = replace(seen(OLD, CANARY, weighted={"7": 0.1}), versions={"6": ABSENT})
    assert isinstance(found(blind), Obstacle)
