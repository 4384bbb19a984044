"""Raising a function's memory: whom it is for, how far, when not, and what is sent."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.action_spec import MemorySettings
from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.lambda_.actions.adjust_function_memory import (
    SPEC,
    AdjustFunctionMemory,
    raised,
)
from firebreak.services.lambda_.functions import LATEST, FunctionObservation
from tests.support.builders_functions import (
    CODE,
    OPTED_IN,
    OTHER_CODE,
    FakeLambda,
    Time,
    alias,
    function,
    planned,
    refused,
    request,
    rules,
    seen,
)

UPDATE, PUBLISH, MOVE = "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"
SAID = "Firebreak: memory 1024 to 1536 MB, code of version 7"
BLIND = Unknown("GetFunctionConfiguration: AccessDenied")


def on(aws: FakeLambda, time: Time | None = None) -> AdjustFunctionMemory:
    return AdjustFunctionMemory(aws, aws, (time or Time()).pace)


IDLE = on(FakeLambda())


def test_without_an_alias_only_the_memory_of_latest_is_set_under_its_revision() -> None:
    plan = planned(IDLE, seen())
    assert plan.change == {
        UPDATE: {"FunctionName": "orders", "MemorySize": 1536, "RevisionId": "revision-of-$LATEST"}
    }
    assert plan.before == {
        "alias": "",
        "version": LATEST,
        "memory": 1024,
        "description": "Takes orders",
        "code": CODE,
    }
    assert plan.summary == "give lambda:orders memory: 1024 to 1536 MB"


def test_behind_an_alias_the_same_code_is_published_and_the_alias_moved_each_under_its_revision() -> None:
    plan = planned(IDLE, seen(alias()))
    assert plan.change == {
        UPDATE: {"FunctionName": "orders", "MemorySize": 1536, "RevisionId": "revision-of-$LATEST"},
        PUBLISH: {
            "FunctionName": "orders",
            "CodeSha256": CODE,
            "Description": SAID,
            "RevisionId": "revision-of-$LATEST",
        },
        MOVE: {
            "FunctionName": "orders",
            "Name": "live",
            "RevisionId": "revision-of-live",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        },
    }
    assert (plan.before["alias"], plan.before["version"]) == ("live", "7")
    assert "by a new version of the code of version 7 for alias live" in plan.summary


def test_a_change_that_an_earlier_try_left_unreleased_is_only_released() -> None:
    plan = planned(IDLE, seen(alias(), function=function(memory=1536)))
    assert set(plan.change) == {PUBLISH, MOVE}


@pytest.mark.parametrize(
    ("memory", "settings", "to"),
    [
        pytest.param(1024, {}, 1536, id="one and a half times"),
        pytest.param(129, {}, 194, id="whole megabytes, upwards"),
        pytest.param(100, {"factor": 1.1}, 110, id="no rounding error"),
        pytest.param(1024, {"factor": 2}, 2048, id="a whole factor"),
        pytest.param(2048, {}, 3008, id="the policy's ceiling"),
        pytest.param(8000, {"ceiling": 20_000}, 10_240, id="AWS's own limit"),
    ],
)
def test_memory_is_raised_by_the_factor_up_to_the_ceilings(
    memory: int, settings: dict[str, Any], to: int
) -> None:
    plan = planned(IDLE, seen(function=function(memory=memory)), **settings)
    assert plan.change[UPDATE] == {
        "FunctionName": "orders",
        "MemorySize": to,
        "RevisionId": "revision-of-$LATEST",
    }


@given(
    memory=some.integers(128, SPEC.highest_ceiling),
    factor=some.floats(1.01, 10, allow_nan=False),
    ceiling=some.integers(128, SPEC.highest_ceiling),
)
def test_a_raise_stays_within_every_ceiling_and_gives_at_least_the_factor_below_it(
    memory: int, factor: float, ceiling: int
) -> None:
    to = raised(memory, MemorySettings(raises=0, factor=factor, ceiling=ceiling))
    assert to <= min(ceiling, SPEC.highest_ceiling)
    assert to == min(ceiling, SPEC.highest_ceiling) or 0 <= to - memory * Fraction(str(factor)) < 1


@pytest.mark.parametrize("memory", [3008, 3009, 10_240])
def test_at_or_above_the_ceiling_there_is_nothing_to_raise(memory: int) -> None:
    text = refused(IDLE, seen(function=function(memory=memory)))
    assert text == Obstacle(Reason.CEILING_REACHED, f"memory is {memory} MB, the policy's ceiling 3008 MB")


def test_the_owner_of_the_template_is_named() -> None:
    tags = OPTED_IN | {"aws:cloudformation:stack-name": "shop"}
    plan = planned(IDLE, seen(function_tags=tags))
    assert plan.reset_by == (
        "the next deploy of stack shop will reset the memory: the lasting fix is in its template"
    )


# --- whose callers


TWO = (alias("blue", "7"), alias("green", "8"))


@pytest.mark.parametrize(
    ("aliases", "tag", "resource", "moved"),
    [
        pytest.param((), "", "", "", id="no alias"),
        pytest.param((alias(),), "", "", "live", id="the only alias"),
        pytest.param((alias(version=LATEST),), "", "", "", id="an alias that follows $LATEST"),
        pytest.param(TWO, "green", "", "green", id="named by the tag"),
        pytest.param(TWO, "", "orders:blue", "blue", id="the alarm is about it"),
        pytest.param(TWO, "green", "orders:green", "green", id="both say so"),
        pytest.param((alias(),), "", "orders", "", id="the alarm is about calls without an alias"),
        pytest.param((alias(),), "", "orders:$LATEST", "", id="the alarm is about $LATEST"),
    ],
)
def test_the_version_that_the_callers_use_is_changed(
    aliases: Any, tag: str, resource: str, moved: str
) -> None:
    tags = OPTED_IN | ({"firebreak:alias": tag} if tag else {})
    plan = IDLE.plan(request(resource=resource), seen(*aliases, function_tags=tags), rules())
    assert isinstance(plan, Plan), plan
    move: Any = plan.change.get(MOVE, {"Name": ""})
    assert move["Name"] == moved


@pytest.mark.parametrize(
    ("aliases", "tag", "resource", "text"),
    [
        pytest.param(
            TWO, "", "", "its callers may use blue, green: tag it firebreak:alias with the one", id="several"
        ),
        pytest.param(TWO, "prod", "", "it has no alias prod", id="the tag names none"),
        pytest.param((alias(),), "", "orders:7", "it has no alias 7", id="called by version"),
        pytest.param((), "live", "", "it has no alias live", id="the alias is gone"),
    ],
)
def test_unknown_callers_are_unsafe(aliases: Any, tag: str, resource: str, text: str) -> None:
    tags = OPTED_IN | ({"firebreak:alias": tag} if tag else {})
    found = IDLE.plan(request(resource=resource), seen(*aliases, function_tags=tags), rules())
    assert found == Obstacle(Reason.UNSAFE_ALIAS, text)


# --- what stands in the way


@pytest.mark.parametrize(
    ("changes", "reason", "text"),
    [
        pytest.param({"state": "Pending"}, Reason.NOT_READY, "its state is Pending", id="being made"),
        pytest.param({"state": "Inactive"}, Reason.NOT_READY, "its state is Inactive", id="idle"),
        pytest.param({"update": "InProgress"}, Reason.NOT_READY, "its last update is InProgress", id="busy"),
        pytest.param({"update": "Failed"}, Reason.NOT_READY, "its last update is Failed", id="failed"),
        pytest.param(
            {"managed": True},
            Reason.MANAGED_ELSEWHERE,
            "it runs on a capacity provider, where memory and versions follow other rules",
            id="managed instances",
        ),
    ],
)
def test_a_function_that_is_busy_is_left_alone(changes: dict[str, Any], reason: Reason, text: str) -> None:
    assert refused(IDLE, seen(function=function(**changes))) == Obstacle(reason, text)


def test_a_function_that_does_not_exist_is_missing() -> None:
    assert refused(IDLE, seen(function=ABSENT)).reason is Reason.TARGET_MISSING


def with_version(**changes: Any) -> FunctionObservation:
    return seen(alias(), versions={"7": function("7", **changes)})


@pytest.mark.parametrize(
    ("observation", "text"),
    [
        pytest.param(
            seen(alias("live", "7", weighted={"8": 0.1})),
            "alias live sends a part of its calls to version 8: stop or finish that deployment "
            "(CodeDeploy, if it runs one)",
            id="weights",
        ),
        pytest.param(
            seen(alias(), provisioned=frozenset({"live"})),
            "live has provisioned concurrency, which a move would lose until it is provisioned again",
            id="provisioned concurrency of the alias",
        ),
        pytest.param(
            seen(alias(), provisioned=frozenset({"7"})),
            "7 has provisioned concurrency, which a move would lose until it is provisioned again",
            id="provisioned concurrency of its version",
        ),
        pytest.param(
            with_version(code=OTHER_CODE),
            "the code of $LATEST is not that of version 7: publishing would release it",
            id="unreleased code",
        ),
        pytest.param(
            with_version(settings={"Timeout": "3", "Environment": "e3b0c442", "Layers": "1"}),
            "$LATEST differs from version 7 in Layers, Timeout: publishing would release that",
            id="unreleased settings",
        ),
        pytest.param(
            with_version(memory=512),
            "$LATEST has 1024 MB, version 7 has 512 MB: publishing would release what somebody changed",
            id="unreleased memory",
        ),
        pytest.param(
            seen(alias(), function=function(snap_start=True)),
            "SnapStart: a new version takes minutes to be published",
            id="SnapStart",
        ),
        pytest.param(
            seen(alias(), versions={"7": ABSENT}), "version 7 of alias live is gone", id="no version"
        ),
    ],
)
def test_an_alias_that_cannot_be_moved_safely_is_left_alone(
    observation: FunctionObservation, text: str
) -> None:
    assert refused(IDLE, observation) == Obstacle(Reason.UNSAFE_ALIAS, text)


def test_provisioned_concurrency_of_another_alias_does_not_count() -> None:
    assert MOVE in planned(IDLE, seen(alias(), provisioned=frozenset({"blue", "3"}))).change


def test_no_provisioned_concurrency_may_be_read_as_absent() -> None:
    assert MOVE in planned(IDLE, seen(alias(), provisioned=ABSENT)).change


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(seen(function=BLIND), id="function"),
        pytest.param(seen(aliases=BLIND), id="aliases"),
        pytest.param(seen(aliases=ABSENT), id="aliases that do not exist"),
        pytest.param(seen(function_tags=BLIND), id="tags"),
        pytest.param(seen(alias(), versions={"7": BLIND}), id="version"),
        pytest.param(seen(alias(), versions={}), id="version not read"),
        pytest.param(seen(alias(), provisioned=BLIND), id="provisioned concurrency"),
        pytest.param(seen(alias(), provisioned=NotRead("no")), id="provisioned concurrency not read"),
        pytest.param(seen(alias(), function=function(hidden=("Environment",))), id="hidden environment"),
    ],
)
def test_a_failed_read_is_never_taken_for_safe(observation: FunctionObservation) -> None:
    assert isinstance(IDLE.plan(request(), observation, rules()), Unknown)
