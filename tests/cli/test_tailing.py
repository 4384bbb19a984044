"""`firebreak tail` prints each decision once and each change of an incident; no test waits."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import Result

from firebreak_cli.environment import Environment
from firebreak_cli.incidents.tailing import EVERY, OVERLAP
from tests.cli.exports import METER, refuse
from tests.cli.running import cli_environment, run
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.world import World

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def followed(
    world: World,
    *between: Callable[[], object],
    more: tuple[str, ...] = (),
    environment: Environment | None = None,
) -> Result:
    """A tail, with what happens between its looks; Ctrl-C comes in the pause after the last one."""
    left = list(between)

    def sleep(seconds: float) -> None:
        world.clock.pass_time(timedelta(seconds=seconds))
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    here = replace(environment or cli_environment(world.clock.now), sleep=sleep)
    return run("tail", *more, environment=here)


def nothing() -> None: ...


def alarms(result: Result) -> list[str]:
    return [json.loads(line)["alarm"] for line in result.stdout.splitlines()]


def test_a_decision_and_each_change_of_an_incident_are_a_line_each(world: World) -> None:
    alarm = world.red()

    def recover() -> None:
        world.green(alarm)
        world.pass_time(2 * MINUTE)

    sent: list[str] = []
    result = followed(
        world,
        lambda: sent.append(world.send(alarm).incident_id),
        nothing,
        recover,
        lambda: world.pass_time(30 * MINUTE),
        nothing,
    )

    lines = result.stdout.splitlines()
    about = f"{sent[0]} %s ecs:prod/api api-memory-high 1. restart-service"
    assert lines[0] == (
        f"2026-11-20T10:00:35Z decision {sent[0]} act clear_to_act ecs:prod/api api-memory-high"
        " restart-service"
    )
    assert [line.partition(": ")[0] for line in lines[1:]] == [
        f"2026-11-20T10:00:35Z incident {about % 'acted'}",
        f"2026-11-20T10:02:45Z incident {about % 'holding'}",
        f"2026-11-20T10:32:50Z incident {about % 'closed'}",
    ]


def test_the_document_shows_the_lines_as_they_are_and_the_interval(world: World) -> None:
    sent: list[str] = []
    result = followed(world, lambda: sent.append(world.send(world.red()).incident_id))

    shown = [line.replace(sent[0], "i-4b1c9d02e7") for line in result.stdout.splitlines()]
    code, prose = document("docs/operations.md").code, document("docs/operations.md").prose
    assert shown[0] in code
    assert f"{shown[1].partition(': ')[0]}: ..." in code
    assert f"`firebreak tail` looks every {EVERY} s " in prose
    assert OVERLAP == 6 * MINUTE
    assert "Each look reads the last six minutes again" in prose


def test_ctrl_c_ends_it_as_it_ends_any_command(world: World) -> None:
    result = followed(world)
    assert (result.exit_code, result.stdout) == (130, "")


def test_it_begins_now_or_as_far_back_as_is_asked(world: World) -> None:
    refuse(world, "before")
    done = world.send(world.red())
    world.clock.pass_time(5 * MINUTE)

    assert followed(world, lambda: refuse(world, "after"), more=("--json",)).stdout.count("\n") == 1
    found = alarms(followed(world, more=("--json", "--since", "10m")))
    assert found == ["before", "api-memory-high", "after", "api-memory-high"]
    incident = json.loads(followed(world, more=("--json", "--since", "10m")).stdout.splitlines()[-1])
    assert (incident["type"], incident["id"]) == ("incident", done.incident_id)


def test_an_incident_of_before_is_a_line_when_it_changes(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(MINUTE)

    result = followed(world, nothing, lambda: world.pass_time(30 * MINUTE))

    lines = result.stdout.splitlines()
    assert [line.split()[1:4] for line in lines if " incident " in line] == [
        ["incident", done.incident_id, "paged"]
    ]


def test_json_lines_are_decisions_and_incidents_with_a_version(world: World) -> None:
    result = followed(world, lambda: world.send(world.red()), more=("--json",))

    decision, incident = map(json.loads, result.stdout.splitlines())
    assert (decision["version"], decision["type"], decision["decision"]) == (1, "decision", "act")
    assert isinstance(decision["checks"], list)
    assert (incident["version"], incident["type"], incident["state"]) == (1, "incident", "acted")
    assert (incident["severity"], incident["seen_at"]) == ("warning", (a.NOW + 5 * SECOND).isoformat())


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (["--alarm", "less-1"], ["nameless-1"]),
        (["--reason", "target_none"], ["nameless-0", "nameless-1"]),
        (["--reason", "frozen"], []),
        (["--target", "ecs:prod"], ["api-memory-high", "api-memory-high"]),
        ([], ["nameless-0", "nameless-1", "api-memory-high", "api-memory-high"]),
    ],
    ids=" ".join,
)
def test_it_takes_the_filters_of_incidents(world: World, more: list[str], found: list[str]) -> None:
    def happen() -> None:
        refuse(world, "nameless-0", "nameless-1")
        world.send(world.red())

    assert alarms(followed(world, happen, more=("--json", *more))) == found


def test_good_news_and_heartbeats_come_only_where_everything_is_asked_for(world: World) -> None:
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}

    def happen() -> None:
        alarm = world.red("nameless", metrics=(METER,))
        world.send(alarm)
        world.green(alarm)
        world.send(world.red("firebreak-heartbeat", tags=tags))

    def reasons(*more: str) -> list[str]:
        text = followed(world, happen, more=("--json", *more)).stdout
        return sorted(json.loads(line)["reason"] for line in text.splitlines())

    assert reasons() == ["target_none"]
    world.clock.pass_time(10 * MINUTE)
    assert reasons("--all") == ["heartbeat", "not_in_alarm", "target_none"]
    world.clock.pass_time(10 * MINUTE)
    assert reasons("--reason", "heartbeat") == ["heartbeat"]
