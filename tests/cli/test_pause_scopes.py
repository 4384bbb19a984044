"""The refusals of a pause before and after AWS is asked, how long it lasts, and `resume` for all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.cli.running import Calls, StackSession, cli_environment, deployed, error_lines, run, run_in
from tests.cli.test_pausing import held, no_reply
from tests.support import builders as a

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import TagTypeDef

    from tests.support.world import World


# The services in moto's ECS; the world's own services are not in moto.
def moto_service(name: str, **tags: str) -> None:
    ecs = boto3.session.Session(region_name=a.REGION).client("ecs")
    ecs.create_cluster(clusterName="prod")
    definition = ecs.register_task_definition(
        family=name, containerDefinitions=[{"name": "main", "image": "shop:1", "memory": 64}]
    )["taskDefinition"]["taskDefinitionArn"]
    written: list[TagTypeDef] = [{"key": key, "value": value} for key, value in tags.items()]
    ecs.create_service(
        cluster="prod", serviceName=name, desiredCount=1, taskDefinition=definition, tags=written
    )


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        pytest.param(["target", "ecs:prod/paymnet"], "ecs:prod/paymnet does not exist", id="target misspelt"),
        pytest.param(["target", "ecs:prod/batch"], "not tagged firebreak:enabled=true", id="not opted in"),
        pytest.param(["group", "ecs:prdo"], "group ecs:prdo does not exist", id="group misspelt"),
        pytest.param(["application", "shop"], "the policy names no application_tag", id="no tag for it"),
    ],
)
def test_a_pause_that_would_stop_nothing_is_refused_without_the_option_for_it(
    world: World, scope: list[str], said: str
) -> None:
    moto_service("batch")
    refused = run_in(world, "pause", "--reason", "x", "--scope", *scope)
    assert (refused.exit_code, refused.stdout, held(world)) == (2, "", [])
    assert "NOT PAUSED" in error_lines(refused)[0]
    assert said in error_lines(refused)[0]
    assert "--even-if-unknown" in error_lines(refused)[1]

    allowed = run_in(world, "pause", "--reason", "x", "--even-if-unknown", "--scope", *scope)
    assert (allowed.exit_code, len(held(world))) == (0, 1)


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        (["target", "ecs:prod/btach"], "ecs:prod/batch"),
        (["target", "ecs:prdo/batch"], "ecs:prod/batch"),
        (["group", "ecs:prdo"], "ecs:prod"),
        (["action", "restart-servise"], "restart-service or restart-environment or scale-service"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else given,
)
def test_a_misspelt_name_is_answered_with_what_was_meant(world: World, scope: list[str], meant: str) -> None:
    moto_service("batch")
    refused = run_in(world, "pause", "--reason", "x", "--scope", *scope)
    assert (refused.exit_code, held(world)) == (2, [])
    assert error_lines(refused)[0].endswith(f"; did you mean {meant}?")


def test_a_service_that_opted_in_is_paused_without_a_warning(world: World) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    done = run_in(world, "pause", "--reason", "x", "--scope", "target", "ecs:prod/api")
    assert (done.exit_code, "Unchecked" in done.stdout) == (0, False)
    assert run_in(world, "pause", "--reason", "x", "--scope", "group", "ecs:prod").exit_code == 0


def test_nobody_is_kept_from_pausing_because_aws_could_not_be_asked_for_the_name(world: World) -> None:
    class Deaf(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "ecs":
                made.meta.events.register("before-send", no_reply)
            return made

    environment = type(cli_environment())({}, world.clock.now, lambda: Deaf(deployed))
    done = run("pause", "--reason", "x", "--scope", "target", "ecs:prod/api", environment=environment)
    assert (done.exit_code, len(held(world))) == (0, 1)
    assert "could not be looked up" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("named", "advice"),
    [
        ("kestrel", "--scope group kestrel"),
        ("ecs:prod/api", "--scope target ecs:prod/api"),
        ("ecs:prod", "--scope group ecs:prod"),
        ("restart-service", "--scope action restart-service"),
    ],
)
def test_a_name_without_its_kind_is_answered_with_the_kind(world: World, named: str, advice: str) -> None:
    said = error_lines(run_in(world, "pause", named, "--reason", "x"))
    expected = "one of global, action NAME" if named == "kestrel" else advice
    assert said[0].startswith(f"firebreak: {named}: say what it is, with ")
    assert expected in said[0]


@pytest.mark.parametrize(
    ("options", "until"),
    [
        (["--for", "1h30m"], "2026-11-20 11:30:30Z (90m)"),
        (["--for", "1d2h"], "2026-11-21 12:00:30Z (26h)"),
        (["--until", "12:00"], "2026-11-20 12:00:00Z"),
        (["--until", "09:00"], "2026-11-21 09:00:00Z"),
        (["--until", "2026-11-20T14:00+02:00"], "2026-11-20 12:00:00Z"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else given,
)
def test_a_pause_lasts_as_long_as_was_said(world: World, options: list[str], until: str) -> None:
    text = " ".join(run_in(world, "pause", "--reason", "x", *options).stdout.split())
    assert f"Until {until}" in text


@pytest.mark.parametrize(
    "options",
    [
        ["--for", "60d"],
        ["--for", "2h", "--until", "12:00"],
        ["--until", "tomorrow"],
        ["--until", "2026-11-20T14:00"],
        ["--until", "2026-11-20T09:00Z"],
        ["--until", "2027-11-20T09:00Z"],
    ],
    ids=" ".join,
)
def test_malformed_options_are_refused_before_aws_is_asked(world: World, options: list[str]) -> None:
    calls = Calls()
    refused = run_in(world, "pause", "--reason", "x", *options, calls=calls)
    assert (refused.exit_code, len(error_lines(refused)), calls.made) == (2, 1, [])
    if options == ["--for", "60d"]:
        assert "at most 30d" in refused.stderr


def test_resume_all_releases_every_switch_of_one_holder(world: World) -> None:
    for scope in (["global"], ["action", "scale-service"]):
        run_in(world, "pause", "--reason", "x", "--holder", "ana", "--scope", *scope)
    run_in(world, "pause", "--reason", "x", "--holder", "bo")

    done = run_in(world, "resume", "--all", "--holder", "ana", "--json")

    assert [hold["holder"] for hold in held(world)] == ["bo"]
    said = json.loads(done.stdout)
    assert sorted(said["released"]) == ["action scale-service", "global"]
    assert [hold["holder"] for hold in said["still_held"]] == ["bo"]
    again = run_in(world, "resume", "--all", "--holder", "ana")
    assert (again.exit_code, error_lines(again)[0]) == (
        2,
        f"firebreak: ana holds no switch in stack firebreak ({a.ACCOUNT} {a.REGION})",
    )
    assert run_in(world, "resume", "--all", "--scope", "global").exit_code == 2


def test_a_pause_is_printed_as_one_json_object(world: World) -> None:
    said = json.loads(run_in(world, "pause", "--reason", "x", "--holder", "ana", "--json").stdout)
    assert said["switch"]["scope"] == "global"
    assert said["resume"] == f"firebreak resume --holder ana {a.ON_STACK}"
