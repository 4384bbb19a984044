"""A change of a function in a stored plan, and its result."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from firebreak.core.model import Plan, Settled
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.lambda_.function_changes import (
    Change,
    Compared,
    Move,
    PreImage,
    Publish,
    Update,
    came,
    compare,
    redeployed,
    settled,
    worse,
)
from firebreak.services.lambda_.functions import LATEST, AliasCallers, FunctionObservation, UnqualifiedCallers
from tests.support.builders_functions import CODE, OTHER_CODE, alias, as_stored, function, raised, seen

BLIND = Unknown("no")
OTHERS_CODE = "somebody else deployed other code since"
SAID = "Firebreak: memory 1024 to 1536 MB, code of version 7"
MORE = Change(function="orders", update=Update(memory=1536, revision="r1"))
WORDS = Change(function="orders", update=Update(description="new", revision="r1"))
RELEASE = Change(
    function="orders",
    update=Update(memory=1536, revision="r1"),
    publish=Publish(CODE, SAID, "r1"),
    move=Move("live", "", "r2"),
)
BACK = Change(function="orders", move=Move("live", "6", "r2"))
PARTLY = Change(function="orders", move=Move("live", "6", "r2", {"7": 0.1}))
UNQUALIFIED = PreImage.of(UnqualifiedCallers(), function())
ALIASED = PreImage.of(AliasCallers(alias(), function("7")), function())
DIVIDED = PreImage.of(AliasCallers(alias(weighted={"8": 0.1}), function("7")), function())


def plan(change: Change, before: PreImage) -> Plan:
    """The plan as the ledger returns it."""
    return as_stored(Plan(summary="", change=change.stored(), before=before.stored()))


@pytest.mark.parametrize(
    "change", [MORE, WORDS, RELEASE, BACK, PARTLY, replace(RELEASE, update=None)], ids=str
)
def test_a_change_survives_the_ledger(change: Change) -> None:
    assert Change.read(plan(change, UNQUALIFIED).change) == change


@pytest.mark.parametrize("before", [UNQUALIFIED, ALIASED, DIVIDED], ids=["unqualified", "alias", "divided"])
def test_a_pre_image_survives_the_ledger(before: PreImage) -> None:
    assert PreImage.read(plan(MORE, before).before) == before


def test_a_release_is_stored_as_the_arguments_of_its_calls() -> None:
    assert RELEASE.stored() == {
        "UpdateFunctionConfiguration": {"FunctionName": "orders", "MemorySize": 1536, "RevisionId": "r1"},
        "PublishVersion": {
            "FunctionName": "orders",
            "CodeSha256": CODE,
            "Description": SAID,
            "RevisionId": "r1",
        },
        "UpdateAlias": {
            "FunctionName": "orders",
            "Name": "live",
            "RevisionId": "r2",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        },
    }


def test_the_pre_image_is_the_version_that_the_callers_run() -> None:
    live = function("7", memory=512, code=OTHER_CODE, description="seven")
    behind = {"alias": "live", "version": "7", "memory": 512, "description": "seven", "code": OTHER_CODE}
    direct = {"alias": "", "version": LATEST, "memory": 1024, "description": "Takes orders", "code": CODE}
    assert PreImage.of(AliasCallers(alias(), live), function()).stored() == behind
    assert PreImage.of(UnqualifiedCallers(), function()).stored() == direct


def test_an_update_is_taken_back_in_the_same_thing_under_the_same_revision() -> None:
    more, words = Update(memory=1536, revision="r1"), Update(description="new", revision="r1")
    assert more.taken_back(UNQUALIFIED) == Update(memory=1024, revision="r1")
    assert words.taken_back(UNQUALIFIED) == Update(description="Takes orders", revision="r1")


USUAL = {"FunctionName": "orders", "RevisionId": "r1"}


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ({}, "the stored plan has no usable calls"),
        ({"UpdateFunctionConfiguration": 1}, "the stored plan has no usable UpdateFunctionConfiguration"),
        ({"UpdateFunctionConfiguration": {}}, "the stored plan has no usable FunctionName"),
        (
            {"UpdateFunctionConfiguration": USUAL | {"MemorySize": Decimal("1.5")}},
            "the stored plan has no usable MemorySize",
        ),
        (
            {"UpdateFunctionConfiguration": USUAL | {"MemorySize": True}},
            "the stored plan has no usable MemorySize",
        ),
        (
            {"UpdateFunctionConfiguration": USUAL | {"Description": 1}},
            "the stored plan has no usable Description",
        ),
        ({"UpdateFunctionConfiguration": {"FunctionName": "x"}}, "the stored plan has no usable RevisionId"),
        ({"PublishVersion": USUAL}, "the stored plan has no usable calls"),
        ({"UpdateAlias": USUAL | {"Name": "live"}}, "the stored plan has no usable FunctionVersion"),
        (
            {"PublishVersion": USUAL, "UpdateAlias": USUAL | {"FunctionVersion": "7"}},
            "the stored plan has no usable FunctionVersion",
        ),
        (
            {
                "UpdateFunctionConfiguration": USUAL,
                "UpdateAlias": USUAL | {"FunctionName": "x", "FunctionVersion": "7"},
            },
            "the stored plan is about several functions",
        ),
        ({"UpdateAlias": USUAL | {"FunctionVersion": "7"}}, "the stored plan has no usable Name"),
        ({"PublishVersion": USUAL, "UpdateAlias": USUAL}, "the stored plan has no usable CodeSha256"),
    ],
    ids=str,
)
def test_a_stored_change_that_cannot_be_read_names_the_missing_part(stored: Any, text: str) -> None:
    assert Change.read(stored) == Unknown(text)


@pytest.mark.parametrize("key", ["alias", "version", "memory", "description", "code"])
def test_a_stored_pre_image_needs_every_value(key: str) -> None:
    stored = {name: value for name, value in UNQUALIFIED.stored().items() if name != key}
    assert PreImage.read(stored) == Unknown(f"the stored plan has no usable {key}")


@pytest.mark.parametrize(
    ("change", "before", "now", "expected"),
    [
        pytest.param(MORE, UNQUALIFIED, seen(function=function(memory=1536)), True, id="memory set"),
        pytest.param(
            MORE, UNQUALIFIED, seen(function=function(description="x")), False, id="memory as before"
        ),
        pytest.param(MORE, UNQUALIFIED, seen(function=function(memory=1)), None, id="another memory"),
        pytest.param(WORDS, UNQUALIFIED, seen(function=function(description="new")), True, id="words set"),
        pytest.param(WORDS, UNQUALIFIED, seen(function=function(memory=1)), False, id="words as before"),
        pytest.param(WORDS, UNQUALIFIED, seen(function=function(description="x")), None, id="other words"),
        pytest.param(RELEASE, ALIASED, raised(), True, id="released"),
        pytest.param(RELEASE, ALIASED, seen(alias()), False, id="not released"),
        pytest.param(
            RELEASE,
            ALIASED,
            replace(raised(), versions={"8": function("8", description=SAID, code=OTHER_CODE)}),
            None,
            id="released by somebody",
        ),
        pytest.param(
            RELEASE, ALIASED, replace(raised(), versions={"8": function("8")}), None, id="said otherwise"
        ),
        pytest.param(
            RELEASE,
            ALIASED,
            seen(alias(), versions={"7": function("7", description=SAID)}),
            False,
            id="the same version is no release",
        ),
        pytest.param(BACK, ALIASED, seen(alias(version="6")), True, id="back"),
        pytest.param(BACK, ALIASED, seen(alias(version="7")), False, id="not back"),
        pytest.param(BACK, ALIASED, seen(alias(version="9")), None, id="elsewhere"),
        pytest.param(BACK, ALIASED, seen(alias(version=LATEST)), None, id="on $LATEST"),
    ],
)
def test_the_version_that_the_callers_run_says_whether_a_change_arrived(
    change: Change, before: PreImage, now: FunctionObservation, expected: bool | None
) -> None:
    found = came(plan(change, before), now)
    assert (None if isinstance(found, Unknown) else found) is expected


def test_a_third_state_is_described_with_its_numbers() -> None:
    assert came(plan(BACK, ALIASED), seen(alias(version="9"))) == Unknown(
        "alias live is at version 9 with 1024 MB: neither as before nor as planned"
    )
    assert came(plan(MORE, UNQUALIFIED), seen(function=function(memory=1))) == Unknown(
        "it runs $LATEST with 1 MB: neither as before nor as planned"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Settled.YES),
        ({"update": "InProgress"}, Settled.NOT_YET),
        ({"state": "Pending"}, Settled.NOT_YET),
        ({"update": "Failed"}, Settled.FAILED),
        ({"state": "Failed"}, Settled.FAILED),
    ],
    ids=str,
)
def test_settled_follows_lambdas_own_word(changes: Any, expected: Settled) -> None:
    now = seen(function=function(memory=1536, **changes))
    assert settled(plan(MORE, UNQUALIFIED), now) is expected
    assert worse(plan(MORE, UNQUALIFIED), now) is (changes.get("state") == "Failed")


def test_a_change_that_was_put_back_or_replaced_is_not_settled() -> None:
    assert settled(plan(MORE, UNQUALIFIED), seen()) == Unknown(
        "it runs $LATEST with 1024 MB as before: somebody put it back"
    )
    assert isinstance(settled(plan(MORE, UNQUALIFIED), seen(function=function(memory=1))), Unknown)


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (seen(function=BLIND), "the function could not be read: no"),
        (seen(function=ABSENT), "the function does not exist"),
        (seen(aliases=BLIND), "the list of its aliases could not be read: no"),
        (seen(alias("other")), "alias live does not exist any more"),
        (seen(alias(), versions={"7": BLIND}), "version 7 could not be read: no"),
        (seen(alias(), versions={}), "version 7 does not exist"),
    ],
    ids=["function", "no function", "aliases", "no alias", "version", "no version"],
)
def test_a_state_that_cannot_be_read_is_not_judged(now: FunctionObservation, text: str) -> None:
    released = plan(RELEASE, ALIASED)
    assert compare(released, now) == Unknown(text)
    assert came(released, now) == settled(released, now) == worse(released, now) == Unknown(text)


def test_a_plan_that_cannot_be_read_is_not_judged() -> None:
    good = plan(MORE, UNQUALIFIED)
    assert isinstance(compare(replace(good, change={}), seen()), Unknown)
    assert isinstance(compare(replace(good, before={}), seen()), Unknown)


def test_an_alias_on_latest_runs_what_latest_is() -> None:
    now = seen(alias(version=LATEST), function=function(memory=77), versions={})
    assert came(plan(BACK, ALIASED), now) == Unknown(
        "alias live is at version $LATEST with 77 MB: neither as before nor as planned"
    )


def test_the_callers_are_those_of_the_plans_own_alias() -> None:
    found = compare(plan(RELEASE, ALIASED), seen(alias("other", "3"), alias()))
    assert isinstance(found, Compared)
    assert (found.live.version, found.latest.version) == ("7", LATEST)


def test_the_pre_image_keeps_the_parts_of_an_alias_and_has_none_without_one() -> None:
    divided = AliasCallers(alias(weighted={"8": 0.1}), function("7"))
    assert PreImage.of(divided, function()).weighted == {"8": 0.1}
    assert PreImage.of(UnqualifiedCallers(), function()).weighted == {}


def test_the_callers_are_described_with_each_part_in_the_order_of_versions() -> None:
    divided = AliasCallers(alias(weighted={"9": 0.25, "8": 0.1}), function("7"))
    found = Compared(BACK, PreImage.of(divided, function()), divided, function())
    assert found.description == "alias live is at version 7 with 1024 MB, 10% at 8, 25% at 9"


def test_a_part_that_gets_no_calls_is_none() -> None:
    assert alias(weighted={"8": 0.1, "9": 0.0}).parts == {"8": 0.1}


@pytest.mark.parametrize(
    ("planned", "now", "said"),
    [
        pytest.param(
            plan(MORE, UNQUALIFIED), seen(function=function(code=OTHER_CODE)), OTHERS_CODE, id="other code"
        ),
        pytest.param(plan(MORE, UNQUALIFIED), seen(function=function(memory=1)), "", id="the same code"),
        pytest.param(plan(MORE, UNQUALIFIED), seen(function=BLIND), "", id="not read"),
        pytest.param(
            plan(BACK, ALIASED),
            seen(alias(version="6"), versions={"6": function("6", code=OTHER_CODE)}),
            "",
            id="an alias that moved",
        ),
    ],
)
def test_other_code_is_seen_where_the_callers_have_no_alias(
    planned: Plan, now: FunctionObservation, said: str
) -> None:
    assert redeployed(planned, now) == said
