"""Switches are listed without reading the whole ledger, and none that is held is missing."""

import json
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.model import Metric
from firebreak.ledger.items import LISTED_SWITCH, number, stamped, text
from firebreak.services.registry import ACTIONS
from firebreak.wire.epoch import ms
from firebreak_cli.operations import switches
from tests.cli.running import Calls, error_lines, run_in
from tests.support import builders as a
from tests.support.world import TABLE, World

DAY = timedelta(days=1)
METER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})
TARGET = f"target {a.TARGET.key}"


def hold(world: World, scope: str, *, days: int = 1) -> None:
    world.switches.pause(Hold(scope, "ana", "migration", world.clock.at, world.clock.at + days * DAY))


def scopes(world: World, calls: Calls) -> list[str]:
    result = run_in(world, "switches", "--json", calls=calls)
    assert (result.exit_code, result.stderr) == (0, "")
    return [one["scope"] for one in json.loads(result.stdout)["switches"]]


@pytest.fixture
def old(world: World) -> World:
    """A stack on which this release has decided for longer than the longest pause."""
    world.send(world.red("nameless", metrics=(METER,)))
    world.clock.pass_time(31 * DAY)
    return world


def test_switches_are_found_by_the_index_and_only_while_they_are_held(old: World) -> None:
    for scope, days in (("global", 1), (TARGET, 1), ("group 1/eu-west-1/ecs/prod", 3), ("action verify", 3)):
        hold(old, scope, days=days)
    calls = Calls()

    assert len(scopes(old, calls)) == 4
    old.clock.pass_time(2 * DAY)
    assert len(scopes(old, calls)) == 2
    assert "Scan" not in calls.made


def test_a_switch_over_everything_or_an_action_is_seen_though_the_index_is_behind(old: World) -> None:
    wanted = [*(f"action {name}" for name in sorted(ACTIONS)), "global"]
    for scope in wanted:
        hold(old, scope)
    unlist(old)
    calls = Calls()

    assert (scopes(old, calls), "Scan" in calls.made) == (wanted, False)


@pytest.mark.parametrize("indexed", [True, False], ids=["by the index", "by a scan"])
def test_a_damaged_switch_is_named_and_the_others_are_listed(
    indexed: bool, world: World, request: pytest.FixtureRequest
) -> None:
    if indexed:
        request.getfixturevalue("old")
    hold(world, "global")
    world.dynamodb.put_item(TableName=TABLE, Item={**stamped("SWITCH#action#verify"), **listed_until(world)})

    result, as_json = run_in(world, "switches"), run_in(world, "switches", "--json")

    assert (result.exit_code, as_json.exit_code, as_json.stdout) == (3, 3, "")
    assert "migration" in result.stdout
    assert error_lines(result) == error_lines(as_json)
    (line,) = error_lines(result)
    assert line.startswith(
        "firebreak: the switch action verify could not be read: the ledger item is damaged"
    )


def listed_until(world: World) -> dict[str, Any]:
    """The fields by which the index by time lists a switch, without those of its holders."""
    return {"listed": text(LISTED_SWITCH), "at": number(ms(world.clock.at + DAY))}


@pytest.mark.parametrize(("since_its_end", "listed"), [(59, ["target ecs:prod/api"]), (60, [])])
def test_a_switch_is_listed_until_no_clock_may_hold_it(
    old: World, since_its_end: int, listed: list[str]
) -> None:
    hold(old, TARGET)
    old.clock.pass_time(DAY + timedelta(seconds=since_its_end))

    assert scopes(old, Calls()) == listed


def test_an_index_that_is_not_read_to_its_end_leaves_it_to_a_scan(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(old, TARGET)
    monkeypatch.setattr(switches, "MAX_PAGES", 0)
    calls = Calls()

    assert scopes(old, calls) == ["target ecs:prod/api"]
    assert "Scan" in calls.made


def test_until_the_index_is_older_than_the_longest_pause_the_table_is_scanned(world: World) -> None:
    hold(world, TARGET, days=30)
    unlist(world)
    world.send(world.red("nameless", metrics=(METER,)))
    world.clock.pass_time(29 * DAY)
    calls = Calls()

    assert scopes(world, calls) == ["target ecs:prod/api"]
    assert "Scan" in calls.made


def test_a_released_switch_is_listed_no_more(old: World) -> None:
    hold(old, TARGET)
    run_in(old, "resume", "--scope", "target", "ecs:prod/api", "--holder", "ana")

    assert scopes(old, Calls()) == []


def unlist(world: World) -> None:
    """The switches as the release before wrote them."""
    for item in world.dynamodb.scan(TableName=TABLE)["Items"]:
        if item["pk"]["S"].startswith("SWITCH#"):
            earlier = {name: value for name, value in item.items() if name not in {"listed", "at"}}
            world.dynamodb.put_item(TableName=TABLE, Item=earlier)
