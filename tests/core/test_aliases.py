"""Which alias a function's callers use, and whether a new version may be put behind it."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Metric, Obstacle
from firebreak.core.readings import (
    ABSENT,
    NotRead,
    Unknown,
)
from firebreak.core.reasons import Reason
from firebreak.services.lambda_.functions import (
    LATEST,
    AliasCallers,
    FunctionObservation,
    UnqualifiedCallers,
    callers,
    qualifier,
    ready,
    shifting,
    unreleasable,
)
from firebreak.services.lambda_.versions import version_before
from tests.support import builders as a
from tests.support.builders_functions import OPTED_IN, OTHER_CODE, TARGET, alias, function, request, seen

BLIND = Unknown("no")
LIVE = AliasCallers(alias(), function("7"))
TAGGED = OPTED_IN | {"firebreak:alias": "live"}


def about(*resources: str) -> Any:
    """An alarm on metrics with these values of Resource."""
    metrics = [
        Metric("AWS/Lambda", "Errors", {"FunctionName": "orders", "Resource": one}) for one in resources
    ]
    return a.alarm(metrics=tuple(metrics))


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        (("orders:live",), "live"),
        (("orders:7",), "7"),
        (("orders:$LATEST",), LATEST),
        (("orders",), LATEST),
        (("",), ""),
        ((), ""),
        (("orders:live", "orders:live"), "live"),
        (("orders:live", "orders:next"), ""),
    ],
    ids=str,
)
def test_the_only_resource_of_an_alarm_names_its_qualifier(resources: tuple[str, ...], named: str) -> None:
    assert qualifier(about(*resources)) == named


def test_an_alarm_without_the_dimension_names_nothing() -> None:
    assert qualifier(request().alarm) == ""


@pytest.mark.parametrize(
    ("observation", "resource", "used"),
    [
        pytest.param(seen(), "", UnqualifiedCallers(), id="no alias"),
        pytest.param(seen(alias()), "", LIVE, id="the only one"),
        pytest.param(seen(alias()), "orders", UnqualifiedCallers(), id="called without it"),
        pytest.param(seen(alias(version=LATEST)), "", UnqualifiedCallers(), id="an alias on $LATEST"),
        pytest.param(seen(alias("blue", "6"), alias()), "orders:live", LIVE, id="named by the alarm"),
        pytest.param(
            seen(alias("blue", "6"), alias(), function_tags=TAGGED), "", LIVE, id="named by the tag"
        ),
        pytest.param(
            seen(alias("blue", "6"), alias(), function_tags=TAGGED), "orders:live", LIVE, id="named by both"
        ),
        pytest.param(
            seen(alias(), function_tags=TAGGED), "orders:7", LIVE, id="the alarm names a version of it"
        ),
        pytest.param(seen(alias(), function_tags=TAGGED), "orders", LIVE, id="the alarm names no alias"),
    ],
)
def test_the_callers_use(observation: FunctionObservation, resource: str, used: object) -> None:
    assert callers(about(resource), observation) == used


@pytest.mark.parametrize(
    ("observation", "resource", "text"),
    [
        (seen(alias("b"), alias("a")), "", "its callers may use a, b: tag it firebreak:alias with the one"),
        (seen(alias()), "orders:next", "it has no alias next"),
        (seen(), "orders:next", "it has no alias next"),
        (seen(alias(), versions={"7": ABSENT}), "", "version 7 of alias live is gone"),
        (
            seen(alias("blue", "6"), alias(), function_tags=TAGGED),
            "orders:blue",
            "its tag firebreak:alias says live, and the alarm is about alias blue",
        ),
    ],
    ids=["several", "another", "none", "no version", "tag against alarm"],
)
def test_callers_that_cannot_be_determined_are_an_obstacle(
    observation: FunctionObservation, resource: str, text: str
) -> None:
    assert callers(about(resource), observation) == Obstacle(Reason.UNSAFE_ALIAS, text)


@pytest.mark.parametrize(
    ("observation", "text"),
    [
        (seen(aliases=BLIND), "the list of its aliases could not be read: no"),
        (seen(aliases=ABSENT), "the list of its aliases does not exist"),
        (seen(function_tags=BLIND), "its tags could not be read: no"),
        (seen(alias(), versions={"7": BLIND}), "version 7 could not be read: no"),
        (seen(alias(), versions={}), "version 7 was not read: no alias pointed at it"),
    ],
    ids=["aliases", "no aliases", "tags", "version", "another version"],
)
def test_callers_are_not_known_where_it_could_not_be_looked(
    observation: FunctionObservation, text: str
) -> None:
    assert callers(about(), observation) == Unknown(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"managed": True}, "it runs on a capacity provider, where memory and versions follow other rules"),
        ({"state": "Pending"}, "its state is Pending"),
        ({"state": ""}, "its state is not given"),
        ({"update": "InProgress"}, "its last update is InProgress"),
        ({"update": "Failed"}, "its last update is Failed"),
    ],
    ids=str,
)
def test_a_busy_function_is_an_obstacle(changes: dict[str, Any], text: str) -> None:
    found = ready(TARGET, seen(function=function(**changes)))
    assert isinstance(found, Obstacle)
    assert found.detail == text
    assert found.reason is (Reason.MANAGED_ELSEWHERE if changes.get("managed") else Reason.NOT_READY)


def test_a_function_at_rest_is_ready_and_one_that_is_not_there_is_missing() -> None:
    assert ready(TARGET, seen()) == function()
    assert ready(TARGET, seen(function=ABSENT)) == Obstacle(
        Reason.TARGET_MISSING, "lambda:orders does not exist"
    )
    assert ready(TARGET, seen(function=BLIND)) == Unknown("the function could not be read: no")


@pytest.mark.parametrize(
    ("changes", "at_rest"),
    [
        ({}, True),
        ({"update": ""}, True),
        ({"update": "InProgress"}, False),
        ({"update": "Failed"}, False),
        ({"state": "Pending"}, False),
        ({"state": "Inactive"}, False),
    ],
    ids=str,
)
def test_at_rest_is_active_and_done(changes: dict[str, Any], at_rest: bool) -> None:
    assert function(**changes).at_rest is at_rest


def test_weights_are_an_obstacle_that_names_the_versions() -> None:
    assert shifting(alias()) is None
    assert shifting(alias("live", "7", weighted={"8": 0.1, "9": 0.1})) == Obstacle(
        Reason.UNSAFE_ALIAS,
        "alias live sends a part of its calls to version 8, 9: stop or finish that deployment "
        "(CodeDeploy, if it runs one)",
    )


@pytest.mark.parametrize(
    "provisioned", [frozenset[str](), frozenset({"other", "8"}), ABSENT], ids=["none", "others", "not said"]
)
def test_the_same_in_latest_may_be_released(provisioned: Any) -> None:
    assert unreleasable(function(), LIVE, seen(alias(), provisioned=provisioned)) is None


@pytest.mark.parametrize(
    ("latest", "found", "provisioned", "text"),
    [
        (
            function(),
            LIVE,
            frozenset({"live"}),
            "live has provisioned concurrency, which a move would lose until it is provisioned again",
        ),
        (
            function(),
            LIVE,
            frozenset({"7"}),
            "7 has provisioned concurrency, which a move would lose until it is provisioned again",
        ),
        (
            function(snap_start=True),
            LIVE,
            frozenset(),
            "SnapStart: a new version takes minutes to be published",
        ),
        (
            function(code=OTHER_CODE),
            LIVE,
            frozenset(),
            "the code of $LATEST is not that of version 7: publishing would release it",
        ),
        (
            function(settings={"Timeout": "31", "Environment": "e3b0c442", "Role": "1"}),
            LIVE,
            frozenset(),
            "$LATEST differs from version 7 in Role, Timeout: publishing would release that",
        ),
        (
            function(settings={}),
            LIVE,
            frozenset(),
            "$LATEST differs from version 7 in Environment, Timeout: publishing would release that",
        ),
    ],
    ids=["alias warm", "version warm", "snap start", "code", "settings", "settings taken away"],
)
def test_publishing_that_would_break_or_release_something_else_is_an_obstacle(
    latest: Any, found: AliasCallers, provisioned: Any, text: str
) -> None:
    assert unreleasable(latest, found, seen(alias(), provisioned=provisioned)) == Obstacle(
        Reason.UNSAFE_ALIAS, text
    )


@pytest.mark.parametrize(
    ("latest", "live"),
    [
        (function(hidden=("Environment",)), function("7")),
        (function(), function("7", hidden=("Environment",))),
    ],
    ids=["in $LATEST", "in the version"],
)
def test_a_hidden_environment_is_not_known_to_be_equal(latest: Any, live: Any) -> None:
    assert unreleasable(latest, AliasCallers(alias(), live), seen(alias())) == Unknown(
        "Environment cannot be compared: Firebreak may not read it (a key of its own?)"
    )


def test_everything_that_is_hidden_is_named_once() -> None:
    live = AliasCallers(alias(), function("7", hidden=("Environment",)))
    found = unreleasable(function(hidden=("ImageConfigResponse", "Environment")), live, seen(alias()))
    assert isinstance(found, Unknown)
    assert found.why.startswith("Environment, ImageConfigResponse cannot be compared")


@pytest.mark.parametrize(
    ("provisioned", "text"),
    [
        (BLIND, "provisioned concurrency could not be read: no"),
        (NotRead("no"), "provisioned concurrency was not read: no"),
    ],
    ids=["blind", "not read"],
)
def test_provisioned_concurrency_that_was_not_seen_is_not_none(provisioned: Any, text: str) -> None:
    assert unreleasable(function(), LIVE, seen(alias(), provisioned=provisioned)) == Unknown(text)


def test_tags_are_those_of_the_function_as_far_as_it_could_be_read() -> None:
    assert seen().tags == OPTED_IN
    assert seen(function=BLIND).tags == BLIND
    assert seen(function=ABSENT).tags == ABSENT


@pytest.mark.parametrize(
    ("version", "existing", "before"),
    [(7, {6, 7, 8}, 6), (7, {2, 3, 7}, 3), (7, {7, 8}, None), (1, set[int](), None)],
    ids=str,
)
def test_the_version_before_is_the_nearest_that_exists(
    version: int, existing: set[int], before: int | None
) -> None:
    assert version_before(version, existing) == before


def test_a_function_never_shows_its_settings() -> None:
    assert "e3b0c442" not in repr(replace(function(), memory=1))
