"""The version that brought the code a function runs, and whether it is a rollback already."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.readings import Unknown
from firebreak.services.lambda_.functions import FunctionLive
from firebreak.services.lambda_.versions import ran_before, released_as, version_before
from tests.support.builders_functions import OTHER_CODE, function

HIDDEN = {"hidden": ("Environment",)}
SETTINGS = {"settings": {"Timeout": "3"}}


def published(**versions: dict[str, Any]) -> dict[int, FunctionLive]:
    """Versions by number; `v7={}` is one like `$LATEST`."""
    return {int(name[1:]): function(name[1:], **changes) for name, changes in versions.items()}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({}, {}),
        ({"memory": 1023}, {}),
        ({"description": "other"}, {}),
        ({"revision": "other", "modified": function().modified.replace(year=2025)}, {}),
    ],
    ids=["the same", "raised", "restarted", "a version by itself"],
)
def test_a_version_that_repeats_the_one_before_brought_nothing(older: Any, newer: Any) -> None:
    assert released_as(7, published(v6=older, v7=newer)) == 6


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"code": OTHER_CODE}, {}),
        (SETTINGS, {}),
        ({"memory": 1025}, {}),
        (HIDDEN | {"code": OTHER_CODE}, HIDDEN),
        (HIDDEN | SETTINGS, HIDDEN),
        (HIDDEN | {"memory": 1025}, HIDDEN),
    ],
    ids=[
        "code",
        "settings",
        "less memory",
        "hidden, other code",
        "hidden, other settings",
        "hidden, less memory",
    ],
)
def test_any_other_version_is_a_release(older: Any, newer: Any) -> None:
    assert released_as(7, published(v6=older, v7=newer)) == 7


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (HIDDEN, {}),
        ({}, HIDDEN),
        (HIDDEN, HIDDEN),
        (HIDDEN | {"settings": {"Timeout": "30", "Environment": "other"}}, HIDDEN),
        (HIDDEN | {"settings": {"Timeout": "30"}}, {"memory": 2048}),
    ],
    ids=["before", "now", "both", "both, in different words", "before, and raised since"],
)
def test_a_hidden_environment_may_be_the_only_change_of_a_version(older: Any, newer: Any) -> None:
    why = "Environment of versions 6 and 7 cannot be compared: Firebreak may not read it (a key of its own?)"
    assert released_as(7, published(v6=older, v7=newer)) == Unknown(why)


def test_all_that_is_hidden_is_named() -> None:
    both = {"hidden": ("ImageConfig", "Environment")}
    found = released_as(7, published(v6=both, v7={}))
    assert isinstance(found, Unknown)
    assert found.why.startswith("Environment, ImageConfig of versions 6 and 7")


def test_a_setting_that_only_one_has_is_a_difference() -> None:
    more = {"settings": {**function().settings, "Layers": "x"}}
    assert released_as(7, published(v6=more, v7={})) == 7


def test_a_hidden_environment_before_a_raise_is_not_known_either() -> None:
    assert isinstance(released_as(8, published(v6=HIDDEN, v7={}, v8={})), Unknown)


def test_the_first_version_is_a_release() -> None:
    assert released_as(7, published(v7={}, v8={})) == 7


def test_several_raises_are_stepped_over_and_deleted_versions_with_them() -> None:
    existing = published(
        v2={"code": OTHER_CODE}, v3={"memory": 256}, v5={"memory": 512}, v7={}, v9={"code": OTHER_CODE}
    )
    assert {one: released_as(one, existing) for one in existing} == {2: 2, 3: 3, 5: 3, 7: 3, 9: 9}


def test_a_raise_is_stepped_over_only_up_to_a_version_that_is_no_raise() -> None:
    assert released_as(7, published(v4={}, v5={"memory": 2048}, v6={}, v7={"memory": 1536})) == 6


@given(existing=some.sets(some.integers(1, 50)), version=some.integers(1, 50))
def test_the_version_before_is_the_nearest_that_exists(existing: set[int], version: int) -> None:
    before = version_before(version, existing)
    nearer = {number for number in existing if number < version and (before is None or number > before)}
    assert nearer == set()
    assert before is None or before in existing


@pytest.mark.parametrize(
    ("older", "left", "used", "found"),
    [
        ({}, {"code": OTHER_CODE}, {}, 5),
        (SETTINGS, {"code": OTHER_CODE}, {}, 5),
        ({"memory": 512}, {"code": OTHER_CODE}, {}, 5),
        ({"code": OTHER_CODE}, {}, {"code": "third"}, None),
        ({"code": OTHER_CODE}, {"code": OTHER_CODE}, {}, None),
        ({}, SETTINGS, {}, 5),
        ({"memory": 512}, SETTINGS, {}, 5),
        ({"settings": {}}, SETTINGS, {}, None),
        ({"code": OTHER_CODE}, SETTINGS, {}, None),
    ],
    ids=[
        "reverted",
        "reverted with other settings",
        "reverted with other memory",
        "three releases",
        "new code",
        "settings reverted",
        "settings reverted with other memory",
        "three settings",
        "settings of other code",
    ],
)
def test_a_version_that_equals_an_older_one_is_a_rollback(
    older: Any, left: Any, used: Any, found: int | None
) -> None:
    assert ran_before(7, 6, published(v5=older, v6=left, v7=used)) == found


def test_of_several_the_latest_before_the_target_is_named() -> None:
    existing = published(v1={}, v3={}, v4={"code": OTHER_CODE}, v5={"code": OTHER_CODE}, v7={}, v8={})
    assert ran_before(7, 5, existing) == 3


def test_neither_the_target_nor_a_newer_version_counts() -> None:
    assert ran_before(7, 6, published(v6={}, v7={}, v8={})) is None
