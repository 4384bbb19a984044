"""`firebreak status` shows what stops Firebreak, what is open, who has it, and what it could not see."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import pytest
from botocore.stub import Stubber
from typer.testing import Result

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState, Metric
from firebreak.ledger.incident_items import incident_item
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from firebreak_cli.queries.heartbeats import SWITCHED_OFF_BY
from firebreak_cli.status.status_screen import LISTED
from tests.cli.running import StackSession, cli_environment, deployed, described, run
from tests.contracts.template import template
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.world import TABLE, World
from tests.workflow.test_who_is_paged import PAGING, announce

MINUTE = timedelta(minutes=1)
QUEUE = "firebreak-DeadLetters"


def stack_with(
    outputs: Mapping[str, str], parameters: Mapping[str, str] | None = None
) -> Callable[[Stubber], object]:
    """CloudFormation's answer about a stack that has these outputs and parameters as well."""
    found = described()["Stacks"][0]
    named = {"LedgerTable": TABLE, **outputs}
    changes = {
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in named.items()],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in {"HeartbeatMinutes": "15", **(parameters or {})}.items()
        ],
    }
    return lambda stubber: stubber.add_response("describe_stacks", {"Stacks": [found | changes]})


def queue(*messages: str) -> str:
    """The address of a queue of dead letters with these messages."""
    sqs = StackSession(deployed).client("sqs")
    url: str = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    for message in messages:
        sqs.send_message(QueueUrl=url, MessageBody=message)
    return url


def status(world: World, *more: str, **outputs: str) -> Result:
    named = outputs or {"DeadLettersUrl": queue(), "Version": "0.1.0"}
    return run("status", *more, environment=cli_environment(world.clock.now, program=stack_with(named)))


def values(world: World, **outputs: str) -> dict[str, Any]:
    result = status(world, "--json", **outputs)
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def rows(world: World, **outputs: str) -> dict[str, str]:
    """The labels of the screen and what they say, of lines that are not folded."""
    result = status(world, **outputs)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = " ".join(result.stdout.split())
    labels = ["Stopped", "Heartbeat", "Dead letters", "Policy", "Version", "Open"]
    found = sorted((lines.index(f" {label} "), label) for label in labels if f" {label} " in lines)
    ends = [*(at for at, _ in found[1:]), len(lines)]
    return {label: lines[at + len(label) + 2 : end] for (at, label), end in zip(found, ends, strict=True)}


def beat(world: World) -> None:
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
    world.send(world.red("firebreak-heartbeat", tags=tags))


def test_a_quiet_stack_is_one_screen_on_which_nothing_is_red(world: World) -> None:
    beat(world)
    world.clock.pass_time(4 * MINUTE)

    assert rows(world) == {
        "Stopped": "no: no pause, no storm, no other switch",
        "Heartbeat": "10:00:30Z, 4m ago; one is due every 15m",
        "Dead letters": "none",
        "Policy": f"{world.policy.hash}, by the decision of 10:00:30Z",
        "Version": f"command {version('firebreak')}, stack 0.1.0, deployed 10:00:30Z",
        "Open": "nothing",
    }


def test_the_document_names_every_key_of_the_json(world: World) -> None:
    rows = document("docs/operations.md").table("key of the status")
    named = [key.strip("` ") for row in rows for key in row[0].split(",")]
    assert sorted(values(world)) == sorted(named)


def test_a_pause_and_a_storm_come_first(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 2"), "storm.toml")
    world.send(world.red())
    world.send(world.red("another"))
    world.switches.pause(Hold("global", "ana", "migration", world.clock.at, world.clock.at + 60 * MINUTE))

    lines = status(world).stdout.splitlines()
    found = values(world)

    assert lines[0] == "PAUSED until 11:00:30Z by ana: migration"
    assert lines[1].startswith("STORM since 10:00:30Z: nothing is acted on")
    assert lines[2] == "Stack firebreak (111122223333 eu-west-1) at 10:00:30Z"
    assert "Stopped" not in rows(world)
    assert (found["paused"], found["storm_since"]) == (True, a.NOW.isoformat())
    assert found["switches"][0]["holder"] == "ana"


def test_a_switch_over_a_part_is_no_pause_of_everything(world: World) -> None:
    world.switches.pause(Hold("action verify", "ana", "x", world.clock.at, world.clock.at + 60 * MINUTE))

    assert values(world)["paused"] is False
    assert status(world).stdout.startswith("1 other switch is held")


def test_an_incident_is_open_since_it_opened_and_firebreak_has_it(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(2 * MINUTE)

    (found,) = values(world)["incidents"]

    assert (found["id"], found["state"], found["holder"]) == (done.incident_id, "acted", "Firebreak")
    assert found["opened_at"] == a.NOW.isoformat()
    assert rows(world)["Open"].startswith(
        "1 incident, 0 pages about no incident; somebody has each of them incident since"
    )
    assert "10:00:30Z, 2m acted" in " ".join(status(world).stdout.split())


def give_to_humans(world: World) -> str:
    """An incident that ended with humans."""
    done = world.send(world.red())
    world.pass_time(40 * MINUTE)
    assert world.incident(done.incident_id).state == "paged"
    return done.incident_id


def test_an_incident_that_needs_a_human_is_with_nobody_until_somebody_acknowledges_it(world: World) -> None:
    about = give_to_humans(world)

    assert [one["holder"] for one in values(world)["incidents"]] == ["nobody yet"]
    assert "1 of them with nobody yet" in rows(world)["Open"]

    threads = DynamoThreads(world.dynamodb, TABLE)
    thread: Any = threads.thread(about)
    assert threads.save(thread, replace(thread, acknowledged_by="kim"), world.clock.at)
    assert [one["holder"] for one in values(world)["incidents"]] == ["kim"]
    assert "kim" in status(world).stdout


def put(world: World, n: int, **changes: Any) -> None:
    """An open incident."""
    item = incident_item(replace(a.incident(), id=f"i-00000000{n:02d}", due_at=a.LATER, **changes))
    world.dynamodb.put_item(TableName=TABLE, Item=item)


def test_what_nobody_has_comes_first_then_the_oldest(world: World) -> None:
    put(world, 1, opened_at=a.NOW - 2 * MINUTE)
    put(world, 2, opened_at=a.NOW - 3 * MINUTE)
    put(world, 3, opened_at=a.NOW, state=IncidentState.PAGED)
    put(world, 4, opened_at=a.NOW - MINUTE, state=IncidentState.AWAITING_APPROVAL)

    found = values(world)["incidents"]

    assert [(one["id"][-1], one["holder"]) for one in found] == [
        ("4", "nobody yet"),
        ("3", "nobody yet"),
        ("2", "Firebreak"),
        ("1", "Firebreak"),
    ]


def test_the_page_of_an_open_incident_is_not_listed_twice(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    about = give_to_humans(world)
    assert [one["id"] for one in values(world)["incidents"]] == [about]
    assert values(world)["pages"] == []


def test_a_page_about_no_incident_is_listed_with_who_has_it(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    announce(world, AnnouncementKind.BLIND, incident_id="", thread="0" * 32)

    (found,) = values(world)["pages"]

    assert (found["id"], found["state"], found["severity"]) == ("0" * 32, "open", "critical")
    assert (found["kind"], found["holder"]) == ("blind", "nobody yet")
    assert "0 incidents, 1 page about no incident; 1 of them with nobody yet" in rows(world)["Open"]


@pytest.mark.parametrize("paging", ["", PAGING], ids=["looked at by its digest", "with a step to come"])
def test_a_page_is_open_until_it_is_over(world: World, paging: str) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + paging, "paging.toml")
    alarm = world.red(metrics=(Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"}),))
    world.send(alarm)
    assert len(values(world)["pages"]) == 1
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    for _ in range(16):
        world.clock.pass_time(MINUTE)
        world.page_sweep()

    assert values(world)["pages"] == []


def test_dead_letters_are_counted(world: World) -> None:
    url = queue("one", "two")

    assert values(world, DeadLettersUrl=url)["dead_letters"] == 2
    assert rows(world, DeadLettersUrl=url)["Dead letters"].startswith("2 WAIT: an event had no answer")


@pytest.mark.parametrize(
    ("minutes", "passed", "late", "words"),
    [
        ("15", 45, False, "45m ago; one is due every 15m"),
        ("15", 46, True, "46m ago; one is due every 15m"),
        ("0", 46, False, "switched off (HeartbeatMinutes=0)"),
    ],
)
def test_a_heartbeat_is_late_when_the_last_three_did_not_come(
    world: World, minutes: str, passed: int, late: bool, words: str
) -> None:
    beat(world)
    world.clock.pass_time(passed * MINUTE)
    program = stack_with({"Version": "0.1.0"}, {"HeartbeatMinutes": minutes})
    here = cli_environment(world.clock.now, program=program)

    found = json.loads(run("status", "--json", environment=here).stdout)["heartbeat"]
    text = " ".join(run("status", environment=here).stdout.split())

    assert (found["age_seconds"], found["late"]) == (passed * 60, late)
    assert words in text
    assert ("LATE" in text) == late


@pytest.mark.parametrize(("parameter", "value"), SWITCHED_OFF_BY.items())
def test_a_stack_without_a_heartbeat_by_design_is_not_late(world: World, parameter: str, value: str) -> None:
    here = cli_environment(world.clock.now, program=stack_with({"Version": "0.1.0"}, {parameter: value}))

    found = json.loads(run("status", "--json", environment=here).stdout)["heartbeat"]
    text = " ".join(run("status", environment=here).stdout.split())

    assert (found["every_seconds"], found["late"]) == (0, False)
    assert f"none in the last day; switched off ({parameter}={value})" in text
    assert "LATE" not in text


def test_a_heartbeat_is_switched_off_by_what_the_template_makes_none_with() -> None:
    conditions = template()["Conditions"]["HasHeartbeat"]["Fn::And"]
    enabled = {"Ref": "RestartServiceByTag"}, "ENABLED"

    assert conditions[1] == {"Fn::Equals": [*enabled]}
    assert template()["Parameters"]["RestartServiceByTag"]["AllowedValues"] == ["ENABLED", "DISABLED"]
    refused = [one["Fn::Not"][0]["Fn::Equals"] for one in (conditions[0], conditions[2])]
    assert {
        **{ref["Ref"]: str(value) for ref, value in refused},
        "RestartServiceByTag": "DISABLED",
    } == SWITCHED_OFF_BY
    assert len(conditions) == len(SWITCHED_OFF_BY)


def test_a_heartbeat_that_never_came_is_late_once_three_were_due_since_the_stack_was_deployed(
    world: World,
) -> None:
    world.clock.pass_time(45 * MINUTE)
    assert values(world)["heartbeat"]["late"] is False
    assert rows(world)["Heartbeat"].startswith("none yet, 45m after the stack was deployed; one is due every")

    world.clock.pass_time(MINUTE)
    assert values(world)["heartbeat"] == {"at": None, "age_seconds": None, "every_seconds": 900, "late": True}
    assert rows(world)["Heartbeat"].startswith("LATE: none in the last day")


def test_a_name_cannot_draw_on_the_screen(world: World) -> None:
    world.send(world.red("[red]x[/red]"))

    assert "[red]x[/red]" in status(world).stdout


def test_more_than_a_screenful_is_counted(world: World) -> None:
    for n in range(LISTED + 2):
        put(world, n)

    result = status(world)

    assert len([line for line in result.stdout.splitlines() if line.startswith("i-")]) == LISTED
    assert f"2 more incidents: firebreak incidents {a.ON_STACK}" in result.stdout
    assert len(values(world)["incidents"]) == LISTED + 2
