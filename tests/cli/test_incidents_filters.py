"""`firebreak incidents` says first what stops everything, and lists what is asked for."""

import json
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.messages import incident_messages
from firebreak.core.model import Metric
from firebreak.ledger.items import stamped
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from tests.cli.running import error_lines, run_in
from tests.support import builders as a
from tests.support.world import TABLE, World

MINUTE = timedelta(minutes=1)
METER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})


def listed(world: World, *more: str) -> dict[str, Any]:
    result = run_in(world, "incidents", "--json", *more)
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def hold(world: World, scope: str = "global") -> Hold:
    return Hold(scope, "ana", "migration", world.clock.at, world.clock.at + 60 * MINUTE)


def test_a_global_pause_comes_first(world: World) -> None:
    world.switches.pause(hold(world))
    world.switches.pause(hold(world, f"target {a.TARGET.key}"))

    lines = run_in(world, "incidents").stdout.splitlines()

    assert lines[0] == "PAUSED until 11:00:30Z by ana: migration"
    assert lines[1] == f"1 other switch is held: firebreak switches {a.ON_STACK}"
    assert [one["scope"] for one in listed(world)["switches"]] == ["global", "target ecs:prod/api"]


def test_a_storm_comes_first(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 2"), "storm.toml")
    world.send(world.red())
    world.send(world.red("another"))

    assert run_in(world, "incidents").stdout.startswith("STORM since ")
    assert listed(world)["storm_since"] is not None


def test_a_storm_of_pages_comes_first_as_well(world: World) -> None:
    pages = DynamoStorms(world.dynamodb, TABLE, of_pages=True)
    assert pages.trip(world.clock.at, incident_messages.acted(a.incident(), world.clock.at))

    (first, *_) = run_in(world, "incidents").stdout.splitlines()

    assert first.startswith("STORM OF PAGES since 10:00:30Z: alarms for humans are on one page")
    assert listed(world)["storm_since"] is None
    assert listed(world)["pages_storm_since"] is not None


@pytest.mark.parametrize("odd", [{"S": "x"}, {"N": "1e99"}, {"BOOL": True}, {"L": []}], ids=str)
def test_storms_that_cannot_be_read_hide_neither_each_other_nor_the_list(
    world: World, odd: dict[str, Any]
) -> None:
    for item in ("STORM", "STORM#PAGES"):
        world.dynamodb.put_item(TableName=TABLE, Item={**stamped(item), "tripped_at": odd})

    answer = listed(world)

    assert len(answer["unread"]) == 2
    assert answer["incidents"] == []


def test_nothing_stands_before_the_list_where_nothing_stops_anything(world: World) -> None:
    assert run_in(world, "incidents").stdout.startswith("Incidents of ")


def test_an_incident_is_listed_with_alarm_age_severity_and_who_acknowledged_it(world: World) -> None:
    done = world.send(world.red())
    world.pass_time(12 * MINUTE)

    (found,) = listed(world)["incidents"]
    text = " ".join(run_in(world, "incidents").stdout.split())

    assert (found["id"], found["alarm"], found["severity"]) == (
        done.incident_id,
        "api-memory-high",
        "warning",
    )
    assert found["acknowledged_by"] is None
    assert "12m" in text


def test_good_news_does_not_fill_the_list_and_can_be_asked_for(world: World) -> None:
    alarm = world.red(metrics=(METER,))
    world.send(alarm)
    world.green(alarm)

    assert [one["reason"] for one in listed(world)["decisions"]] == ["target_none"]
    assert [one["reason"] for one in listed(world, "--reason", "not_in_alarm")["decisions"]] == [
        "not_in_alarm"
    ]


def test_all_lists_no_acts_under_what_did_not_act(world: World) -> None:
    world.send(world.red())

    assert "act" not in [one["decision"] for one in listed(world, "--all")["decisions"]]


@pytest.mark.parametrize(
    ("more", "alarms"),
    [
        (["--alarm", "less-1"], ["nameless-1"]),
        (["--reason", "target_none", "--limit", "1"], ["nameless-1"]),
        (["--since", "90s"], ["nameless-1"]),
        (["--reason", "frozen"], []),
        (["--target", "ecs:prod"], []),
        ([], ["nameless-1", "nameless-0"]),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_decisions_are_listed_by_the_filters(world: World, more: list[str], alarms: list[str]) -> None:
    for n in range(2):
        world.send(world.red(f"nameless-{n}", metrics=(METER,)))
        world.clock.pass_time(MINUTE)

    assert [one["alarm"] for one in listed(world, *more)["decisions"]] == alarms


def test_no_time_hides_what_is_open(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(30 * MINUTE)

    assert [one["id"] for one in listed(world, "--since", "1m")["incidents"]] == [done.incident_id]


@pytest.mark.parametrize(
    ("reason", "hint"), [("frozn", "did you mean frozen?"), ("xyzzy", "docs/reasons.md")]
)
def test_a_reason_that_is_none_is_one_line(world: World, reason: str, hint: str) -> None:
    result = run_in(world, "incidents", "--reason", reason)

    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert hint in result.stderr
