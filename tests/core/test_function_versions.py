"""Which version brought what a function runs, and whether it is a way back already."""

from typing import Any

import pytest

from firebreak.core.functions import FunctionLive, ran_before, released_as
from tests.builders_functions import OTHER_CODE, function

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
        (HIDDEN, {}),
        ({}, HIDDEN),
        (HIDDEN, HIDDEN),
    ],
    ids=["code", "settings", "less memory", "hidden before", "hidden now", "hidden"],
)
def test_any_other_version_is_a_release(older: Any, newer: Any) -> None:
    assert released_as(7, published(v6=older, v7=newer)) == 7


def test_the_first_version_is_a_release() -> None:
    assert released_as(7, published(v7={}, v8={})) == 7


def test_several_raises_are_stepped_over_and_deleted_versions_with_them() -> None:
    existing = published(
        v2={"code": OTHER_CODE}, v3={"memory": 256}, v5={"memory": 512}, v7={}, v9={"code": OTHER_CODE}
    )
    assert {one: released_as(one, existing) for one in existing} == {2: 2, 3: 3, 5: 3, 7: 3, 9: 9}


def test_a_raise_is_stepped_over_only_up_to_what_is_no_raise() -> None:
    assert released_as(7, published(v4={}, v5={"memory": 2048}, v6={}, v7={"memory": 1536})) == 6


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
def test_a_version_that_has_what_an_older_one_had_is_a_way_back(
    older: Any, left: Any, used: Any, found: int | None
) -> None:
    assert ran_before(7, 6, published(v5=older, v6=left, v7=used)) == found


def test_of_several_the_latest_before_the_target_is_named() -> None:
    existing = published(v1={}, v3={}, v4={"code": OTHER_CODE}, v5={"code": OTHER_CODE}, v7={}, v8={})
    assert ran_before(7, 5, existing) == 3


def test_neither_the_target_nor_what_is_newer_counts() -> None:
    assert ran_before(7, 6, published(v6={}, v7={}, v8={})) is None
