import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.cli.running import Calls, StackSession, cli_environment, deployed, error_lines, run, run_in
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)

# The services of `world` are not known to moto, whom the command asks.
PAUSE = ("pause", "--even-if-unknown")

SCOPES = {
    "global": ["--scope", "global"],
    "action": ["--scope", "action", "restart-service"],
    "group": ["--scope", "group", "ecs:prod"],
    "target": ["--scope", "target", "ecs:prod/api"],
    "target in quotes": ["--scope", "target ecs:prod/api"],
}


def held(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run_in(world, "switches", "--json").stdout)["switches"]
    return found


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
def test_a_pause_stops_the_action_and_a_resume_lets_it_act(world: World, scope: list[str]) -> None:
    assert run_in(world, *PAUSE, "--reason", "migration", "--holder", "ana", *scope).exit_code == 0
    assert world.send(world.red()).reason is Reason.SWITCHED_OFF
    assert run_in(world, "resume", "--holder", "ana", *scope).exit_code == 0
    world.clock.pass_time(2 * MINUTE)
    assert world.send(world.red()).outcome == "act"


@pytest.mark.parametrize(
    "scope",
    [["action", "scale-service"], ["group", "ecs:dev"], ["target", "ecs:prod/worker"]],
    ids=lambda scope: scope[0],
)
def test_a_pause_of_something_else_stops_nothing_here(world: World, scope: list[str]) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--scope", *scope)

    assert world.send(world.red()).outcome == "act"


@pytest.mark.parametrize(("name", "stopped"), [("shop", True), ("billing", False)])
def test_an_application_is_paused_by_the_value_of_its_tag(world: World, name: str, *, stopped: bool) -> None:
    text = a.AUTO_POLICY.replace('cooldown = "15m"', 'cooldown = "15m"\napplication_tag = "app"')
    world.policy = parse_policy(text, "tagged.toml")
    tags = {"firebreak:enabled": "true", "app": "shop"}
    world.ecs.services["ecs:prod/api"] = replace(a.service(), tags=tags)
    assert run_in(world, *PAUSE, "--reason", "sale", "--scope", "application", name).exit_code == 0
    assert (world.send(world.red()).reason is Reason.SWITCHED_OFF) is stopped


def test_a_pause_says_who_what_until_when_and_how_to_end_it(world: World) -> None:
    result = run_in(
        world,
        *PAUSE,
        "--reason",
        "db move",
        "--for",
        "2h",
        "--scope",
        "group",
        "ecs:prod",
        "--holder",
        "ana b",
    )

    text = " ".join(result.stdout.split())
    for words in (
        "group ecs:prod, stack firebreak",
        "ana b",
        "db move",
        "2026-11-20 12:00:30Z (2h)",
        "10:00:50Z",
    ):
        assert words in text
    assert f'firebreak resume --scope group ecs:prod --holder "..." {a.ON_STACK}' in text


@pytest.mark.parametrize(
    "scope",
    [
        ["global"],
        ["action", "restart-service"],
        ["group", "ecs:prod"],
        ["application", "shop"],
        ["target", "ecs:prod/a-service-whose-name-is-longer-than-a-line"],
    ],
    ids=" ".join,
)
def test_the_command_that_a_pause_prints_is_one_line_and_ends_it(world: World, scope: list[str]) -> None:
    scope = ["--scope", *scope]
    text = run_in(world, *PAUSE, "--reason", "x", *scope, "--holder", "ana").stdout
    printed = next(line for line in text.splitlines() if "firebreak resume" in line)

    done = run_in(world, *shlex.split(printed[printed.index("firebreak resume") :])[1:])

    assert done.exit_code == 0
    assert held(world) == []


def test_a_name_that_some_shell_would_read_in_its_own_way_is_not_printed(world: World) -> None:
    done = run_in(
        world, *PAUSE, "--reason", "x", "--scope", "application", "the shop's floor/2", "--holder", "ana"
    )

    assert "firebreak resume --scope application the" in done.stdout
    assert "shop's" not in done.stdout.split("Resume")[1]


def test_an_application_is_listed_as_it_is_written(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "sale", "--scope", "application", "shop", "--holder", "ana")

    assert [hold["scope"] for hold in held(world)] == ["application shop"]
    assert "application shop" in run_in(world, "switches").stdout


def test_changes_under_way_are_counted_from_when_the_pause_was_written(world: World) -> None:
    def take_long(model: Any, **_: object) -> None:
        if model.name == "PutItem":
            world.clock.pass_time(timedelta(seconds=7, milliseconds=100))

    class Slow(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "dynamodb":
                made.meta.events.register("before-call", take_long)
            return made

    environment = type(cli_environment())({}, world.clock.now, lambda: Slow(deployed))
    text = " ".join(run("pause", "--reason", "x", "--holder", "ana", environment=environment).stdout.split())

    assert "may still reach AWS until 10:00:58Z" in text
    assert "2026-11-20 11:00:30Z (1h)" in text


def test_a_shorter_pause_of_the_same_holder_keeps_the_longer_and_says_so(world: World) -> None:
    first = run_in(world, *PAUSE, "--reason", "migration", "--holder", "ci", "--for", "4h").stdout
    world.clock.pass_time(MINUTE)
    second = " ".join(
        run_in(world, *PAUSE, "--reason", "smoke test", "--holder", "ci", "--for", "15m").stdout.split()
    )

    assert "the longer pause of this holder stays" not in " ".join(first.split())
    assert "the longer pause of this holder stays" in second
    assert "2026-11-20 14:00:30Z (4h)" in second
    assert [(hold["reason"], hold["until"]) for hold in held(world)] == [
        ("migration", "2026-11-20T14:00:30+00:00")
    ]


def test_one_resumes_first_to_pause_for_less(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "migration", "--holder", "ci", "--for", "4h")
    run_in(world, "resume", "--holder", "ci")
    text = run_in(world, *PAUSE, "--reason", "smoke test", "--holder", "ci", "--for", "15m").stdout

    assert "2026-11-20 10:15:30Z (15m)" in " ".join(text.split())
    assert [hold["reason"] for hold in held(world)] == ["smoke test"]


def test_a_resume_drops_what_others_held_long_ago_and_nothing_else(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--holder", "old")
    world.clock.pass_time(timedelta(days=1, hours=2))
    run_in(
        world,
        *PAUSE,
        "--reason",
        "x",
        "--holder",
        "bo",
        "--for",
        "30d",
        "--scope",
        "group",
        "ecs:dev",
    )
    run_in(world, *PAUSE, "--reason", "x", "--holder", "ana")
    run_in(world, "resume", "--holder", "ana")

    assert [hold.holder for hold in world.switches.held()] == ["bo"]


def test_a_resume_on_a_machine_whose_clock_is_days_ahead_drops_nobody_elses_hold(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--holder", "bo")
    run_in(world, *PAUSE, "--reason", "x", "--holder", "ana")
    ahead = timedelta(days=3)

    def days_behind(parsed: Any, **_: object) -> None:
        reported = format_datetime(datetime.now(UTC) - ahead, usegmt=True)
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = reported

    class LateStack(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "dynamodb":
                made.meta.events.register("after-call", days_behind)
            return made

    environment = type(cli_environment())({}, lambda: world.clock.now() + ahead, lambda: LateStack(deployed))
    assert run("resume", "--holder", "ana", environment=environment).exit_code == 0
    assert [hold.holder for hold in world.switches.held()] == ["bo"]


def test_a_pause_is_over_by_itself(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--for", "15m")
    world.clock.pass_time(17 * MINUTE)

    assert held(world) == []
    assert world.send(world.red()).outcome == "act"


def test_two_holders_hold_independently(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--holder", "ana")
    run_in(world, *PAUSE, "--reason", "y", "--holder", "bo", "--for", "2h")

    result = run_in(world, "resume", "--holder", "ana")

    assert "STILL HELD by bo (claimed by moto) until 12:00:30Z" in " ".join(result.stdout.split())
    assert [hold["holder"] for hold in held(world)] == ["bo"]


def test_resuming_what_one_does_not_hold_says_who_does(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--holder", "bo")

    result = run_in(world, "resume", "--holder", "ana")

    assert (result.exit_code, error_lines(result)) == (
        2,
        ["firebreak: ana does not hold global; held by bo (claimed by moto)"],
    )
    assert len(held(world)) == 1


def test_the_holder_is_who_aws_says_is_calling(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x")

    # The caller that moto's STS reports for every request: arn:aws:sts::...:user/moto
    assert [hold["holder"] for hold in held(world)] == ["moto"]
    assert run_in(world, "resume").exit_code == 0


def no_sts(environ: dict[str, str], world: World) -> list[str]:
    """Pause where STS does not answer, and return who holds."""

    class Deaf(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "sts":
                made.meta.events.register("before-send", no_reply)
            return made

    environment = cli_environment(world.clock.now, environ=environ)
    deaf = type(environment)(environ, world.clock.now, lambda: Deaf(deployed))
    assert run("pause", "--reason", "x", environment=deaf).exit_code == 0
    return [hold["holder"] for hold in held(world)]


def no_reply(**_: object) -> None:
    raise ReadTimeoutError(endpoint_url="https://sts.eu-west-1.amazonaws.com")


def test_without_sts_the_local_user_holds(world: World) -> None:
    assert no_sts({"USER": "kim"}, world) == ["kim"]


def test_nobody_is_kept_from_pausing_for_want_of_a_name(world: World) -> None:
    assert no_sts({}, world) == ["unknown"]


BAD = {
    "scope unknown": ["--scope", "planet"],
    "scope empty": ["--scope", ""],
    "global with a name": ["--scope", "global", "x"],
    "action missing": ["--scope", "action"],
    "action unknown": ["--scope", "action", "reboot"],
    "group missing": ["--scope", "group"],
    "group of another kind": ["--scope", "group", "rds:prod"],
    "group too long": ["--scope", "group", "ecs:prod/api"],
    "group empty": ["--scope", "group", "ecs:"],
    "target is a group": ["--scope", "target", "ecs:prod"],
    "target empty": ["--scope", "target", "ecs:/"],
    "reason blank": ["--reason", " \n"],
    "duration odd": ["--for", "soon"],
    "duration none": ["--for", "0s"],
    "duration over before it began": ["--for", "59s"],
    "duration too long": ["--for", "31d"],
    "stack name odd": ["--stack", "no/such name"],
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD.keys())
def test_a_pause_that_is_not_clear_is_refused_in_one_line(world: World, given: list[str]) -> None:
    result = run_in(world, *PAUSE, "--reason", "x", *given)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert held(world) == []


def test_a_pause_without_a_reason_is_refused(world: World) -> None:
    assert run_in(world, "pause").exit_code == 2
    assert held(world) == []


def test_the_longest_pause_is_allowed(world: World) -> None:
    assert run_in(world, *PAUSE, "--reason", "x", "--for", "30d").exit_code == 0


def test_a_pause_whose_reply_is_lost_says_so(world: World) -> None:
    def lose_the_write(model: Any, **_: object) -> None:
        if model.name == "PutItem":
            raise ReadTimeoutError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com")

    class Losing(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "dynamodb":
                made.meta.events.register("before-call", lose_the_write)
            return made

    environment = type(cli_environment())({}, world.clock.now, lambda: Losing(deployed))
    result = run("pause", "--reason", "x", "--holder", "ana", environment=environment)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "NOT KNOWN TO BE PAUSED" in result.stderr


def test_a_pause_that_never_reached_aws_says_that_nothing_is_paused(world: World) -> None:
    class Unreachable(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "dynamodb":
                made.meta.events.register("before-call", unreachable)
            return made

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com")

    environment = type(cli_environment())({}, world.clock.now, lambda: Unreachable(deployed))
    result = run("pause", "--reason", "x", "--holder", "ana", environment=environment)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "NOT PAUSED" in result.stderr
    assert "ReservedConcurrency=0" in result.stderr


def test_a_damaged_switch_is_one_line(world: World) -> None:
    world.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "SWITCH#global"}, "sk": {"S": "-"}})

    for command in (["switches"], ["pause", "--reason", "x"], ["resume"]):
        result = run_in(world, *command)
        assert (result.exit_code, len(error_lines(result))) == (3, 1)
        assert "damaged" in result.stderr


def test_held_switches_are_listed_for_people(world: World) -> None:
    assert "No switch is held" in run_in(world, "switches").stdout
    run_in(
        world,
        *PAUSE,
        "--reason",
        "[b]move[/b]",
        "--scope",
        "target",
        "ecs:prod/api",
        "--holder",
        "ana",
    )

    text = run_in(world, "switches").stdout

    assert "target ecs:prod/api" in text
    assert "[b]move[/b]" in text


def test_the_key_of_a_switch_is_the_one_that_a_claim_checks(world: World) -> None:
    run_in(world, *PAUSE, "--reason", "x", "--scope", "target", "ecs:prod/api")
    run_in(world, *PAUSE, "--reason", "x", "--scope", "group", "ecs:prod")

    assert {hold["key"] for hold in held(world)} == {f"target {a.TARGET.key}", f"group {a.TARGET.group_key}"}


def test_pausing_writes_one_item_and_nothing_else(world: World) -> None:
    calls = Calls()

    run_in(world, *PAUSE, "--reason", "x", calls=calls)

    assert calls.changes == ["PutItem"]
