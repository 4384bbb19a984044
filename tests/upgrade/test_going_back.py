"""Going back to release 0.1.0: it reads what this release writes, and goes on with it.

`v0_1_0/reads.json` has the rules of its readers, from its source, for a checkout without history. Where the
history is there, its own functions go on with what this release leaves behind.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firebreak.ledger.items import Item
from tests.support.world import world_on_moto
from tests.upgrade.checkout import check_out
from tests.upgrade.moments import MOMENTS
from tests.upgrade.record import keep, left_behind
from tests.workflow.test_acting_by_hand import act, asked

V0_1_0 = Path(__file__).parent / "v0_1_0"
READS: dict[str, Any] = json.loads((V0_1_0 / "reads.json").read_text(encoding="utf-8"))
OUTCOMES: dict[str, Any] = json.loads((V0_1_0 / "outcomes.json").read_text(encoding="utf-8"))


@cache
def left_now(moment: str) -> dict[str, Any]:
    """The recording of this release."""
    with world_on_moto() as world:
        MOMENTS[moment](world)
        return left_behind(world, moment)


def kind_of(item: Mapping[str, Any]) -> str:
    """The kind of an item by its key, as it is named in reads.json."""
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    head, mark, _ = pk.partition("#")
    known = (*READS["items"], *READS["ignores"])
    names = (
        [f"{pk}/{sk}", pk] if pk in known else [f"{head}{mark}/{sk}", f"{head}{mark}/{sk[:2]}", head + mark]
    )
    return next((name for name in names if name in known), f"{pk} {sk}")


def refusals(item: Item) -> Iterator[str]:
    """The reasons for which the readers of 0.1.0 would not take an item."""
    kind = kind_of(item)
    if kind in READS["ignores"]:
        return
    if (rules := READS["items"].get(kind)) is None:
        yield f"{kind}: an item that 0.1.0 neither reads nor ignores"
        return
    yield from (
        f"{kind}: {name}"
        for name, attribute in {"v": "N", **rules["needs"]}.items()
        if list(item.get(name, {})) != [attribute]
    )
    yield from (
        f"{kind}: {name} {item[name]}"
        for name, words in rules.get("words", {}).items()
        if name in item and item[name].get("S") not in words
    )
    for name, what in rules.get("packed", {}).items():
        yield from packed_refusals(what, json.loads(item[name]["S"]))


def packed_refusals(what: str, data: Mapping[str, Any]) -> Iterator[str]:
    """The same for a JSON document within an item."""
    if what == "request":
        if data["detail-type"] != "Firebreak Request":
            yield f"request: detail-type {data['detail-type']}"
        data = data["detail"]
        yield from packed_refusals("alarm", data["alarm"])
    rules = READS["packed"][what]
    yield from (f"{what}: {name}" for name in rules["needs"] if not data.get(name))
    yield from (
        f"{what}: {name} {data.get(name)}"
        for name, words in rules.get("words", {}).items()
        if data.get(name) not in words
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_item_is_read_or_ignored_by_the_release_before(moment: str) -> None:
    assert [why for item in left_now(moment)["items"] for why in refusals(item)] == []


def test_the_rules_take_every_item_that_the_release_before_wrote_itself() -> None:
    for moment in MOMENTS:
        left = json.loads((V0_1_0 / "left" / f"{moment}.json").read_text(encoding="utf-8"))
        assert [why for item in left["items"] for why in refusals(item)] == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"state": {"S": "quarantined"}}, "INC#/META: state {'S': 'quarantined'}"),
        ({"rung": {"S": "1"}}, "INC#/META: rung"),
        ({"purpose": {"S": "tidy"}}, "INC#/META: purpose {'S': 'tidy'}"),
        ({"v": {"S": "1"}}, "INC#/META: v"),
        ({"alarm": {"S": '{"v": 1}'}}, "alarm: name"),
        ({"sk": {"S": "META2"}}, "INC#i-061b83fd08 META2: an item that 0.1.0 neither reads nor ignores"),
    ],
)
def test_the_rules_find_what_the_release_before_would_not_read(change: Item, found: str) -> None:
    (incident,) = [item for item in left_now("acted")["items"] if item["sk"]["S"] == "META"]

    assert found in list(refusals({**incident, **change}))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of 0.1.0 with this folder in its tests."""
    checkout = check_out(tmp_path_factory.mktemp("before"))
    shutil.copytree(Path(__file__).parent, checkout / "tests" / "upgrade")
    return checkout


def outcomes_of(checkout: Path, left: Path) -> dict[str, Any]:
    """How 0.1.0 ends what a folder of recordings holds."""
    environment = {**os.environ, "PYTHONPATH": f"{checkout / 'shared'}{os.pathsep}{checkout}"}
    command = [sys.executable, "-m", "tests.upgrade.outcomes", str(left)]
    ran = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_release_0_1_0_itself_ends_everything_that_this_release_left(before: Path, tmp_path: Path) -> None:
    for moment in MOMENTS:
        keep(tmp_path, moment, left_now(moment))

    found = outcomes_of(before, tmp_path)

    # It does not know that this release looks again quietly: it says once more that it does not act.
    assert found["refused"]["stays red"]["pages"] == ["NOT ACTING"]
    found["refused"]["stays red"]["pages"] = []
    assert found == OUTCOMES


def test_release_0_1_0_keeps_and_announces_an_incident_in_a_state_that_it_does_not_know(
    before: Path, tmp_path: Path
) -> None:
    left = left_now("acted")
    items = [
        {**item, "state": {"S": "quarantined"}} if item["sk"]["S"] == "META" else item
        for item in left["items"]
    ]
    keep(tmp_path, "quarantined", {**left, "items": items})

    found = outcomes_of(before, tmp_path)["quarantined"]["heals"]

    assert (found["states"], set(found["pages"]), found["acts"]) == ([], {"BLIND"}, [])


def test_release_0_1_0_gives_an_act_by_hand_to_humans_and_closes_it(before: Path, tmp_path: Path) -> None:
    """It reads what the act left behind, and finds no alarm that could say whether it helped."""
    with world_on_moto() as world:
        act(world, asked(world))
        keep(tmp_path, "by_hand", left_behind(world, "acted"))

    assert outcomes_of(before, tmp_path)["by_hand"]["heals"] == {
        "states": ["closed"],
        "pages": ["NEEDS YOU", "RESOLVED"],
        "acts": [],
    }
