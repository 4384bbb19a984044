"""The policies for people allow what the commands call, and nothing that no command calls.

The commands run in this process; the emulator's check of permissions is asked about every call that they
send, for somebody who holds only the policy that goes with them.
"""

# long because: each command and the policy that goes with it are read together.
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import pytest
from boto3.session import Session
from botocore.stub import Stubber
from typer.main import get_command

from firebreak.core.incident.questions import question_id
from firebreak.ledger.policies import DynamoPolicies
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import hash_of
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import NOT_DONE, NOT_KNOWN
from firebreak_cli.export.kinds import Kind
from firebreak_cli.main import app
from tests.cli.consoles import NAME, described, refused_in_a_pause, seeing
from tests.cli.reports import histories
from tests.cli.rights import (
    ADMINISTRATOR,
    ALWAYS,
    ON_CALL,
    POLICIES,
    VIEWER,
    Right,
    own_statements,
    parts_of,
    refused,
    rights_of,
)
from tests.cli.running import StackSession, cli_environment, deployed, run
from tests.cli.test_acknowledging import thread
from tests.cli.test_acting import settled
from tests.cli.test_approving import ASKING
from tests.cli.test_pause_scopes import moto_service
from tests.cli.test_status_command import queue, stack_with
from tests.cli.test_storm_command import declare, gather_pages
from tests.contracts.template import iam_actions
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.world import TABLE, World, eventbridge, world_on_moto
from tests.workflow.test_who_is_paged import PAGING, announce


@dataclass
class Recorder:
    """The calls of a command. CloudWatch answers as `cloudwatch` says, everything else is moto's."""

    rights: set[Right] = field(default_factory=set)
    cloudwatch: Callable[[Stubber], object] | None = None
    environ: Mapping[str, str] | None = None
    program: Callable[[Stubber], object] = deployed

    @property
    def needed(self) -> set[Right]:
        return {right for right in self.rights if right.action != ALWAYS}

    def context_of(self, world: World) -> Environment:
        return replace(cli_environment(world.clock.now, environ=self.environ), session=self._session)

    def _session(self) -> StackSession:
        recorder = self

        class Answering(StackSession):
            def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
                made = super().client(service_name, *args, **kwargs)
                if service_name == "cloudwatch" and recorder.cloudwatch:
                    stubber = Stubber(made)
                    recorder.cloudwatch(stubber)
                    stubber.activate()
                return made

        made = Answering(self.program)
        made.events.register("before-parameter-build", self._sent, unique_id="rights")
        return made

    def _sent(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        self.rights |= set(rights_of(model.service_model.signing_name, model.name, params))


def rights_for(world: World, *arguments: str, **text: Any) -> set[Right]:
    """The permissions that a successful command uses; with --json it prints one object."""
    recorder = Recorder(**text)
    result = run(*arguments, "--json", environment=recorder.context_of(world))
    assert result.exit_code == 0, result.output
    assert isinstance(json.loads(result.stdout), dict)
    return recorder.needed


def bus() -> None:
    StackSession(deployed).client("events").create_event_bus(Name="firebreak")


def interrupted(_: float) -> NoReturn:
    raise KeyboardInterrupt


def lines(world: World, code: int, *arguments: str) -> set[Right]:
    """The permissions of a command that prints line by line, and is interrupted when it waits."""
    recorder = Recorder()
    here = replace(recorder.context_of(world), sleep=interrupted)
    assert run(*arguments, environment=here).exit_code == code
    return recorder.needed


def looks(world: World) -> set[Right]:
    cost = rights_for(world, "stats", "--cost")  # nothing is decided yet, so no alarm's history is read
    done = world.send(world.red())
    moto_service("api", **{"firebreak:enabled": "true"})
    words = (["incidents"], ["incidents", "--all"], ["show", done.incident_id], ["show", NAME], ["switches"])
    DynamoPolicies(world.dynamodb, TABLE).keep(hash_of(a.AUTO_POLICY), a.AUTO_POLICY, a.NOW)
    found = {
        right
        for one in (*words, ["storm"], ["replay", done.incident_id])
        for right in rights_for(world, *one)
    }
    found |= rights_for(world, "switches", environ={"FIREBREAK_LEDGER_TABLE": TABLE})
    found |= rights_for(world, "status", program=stack_with({"DeadLettersUrl": queue()}))
    found |= lines(world, 130, "tail", "--since", "1h", "--all")
    for kind in Kind:
        found |= lines(world, 0, "export", kind)
    with TemporaryDirectory() as folder:
        for one in (["stats"], ["report", "--out", f"{folder}/report.html"]):
            found |= rights_for(world, *one, cloudwatch=histories(world, {NAME: ()}))
    # Another test checks the answer, and with it the exit code.
    recorder = Recorder(cloudwatch=seeing(described(), tags={}))
    run("explain", "-", environment=recorder.context_of(world), stdin=json.dumps(eventbridge(a.alarm())))
    return found | cost | recorder.needed | heartbeats(world)


def heartbeats(world: World) -> set[Right]:
    """The rights of a report on a stack with a heartbeat; nothing was decided in its time."""
    world.clock.pass_time(timedelta(days=1))
    found = rights_for(world, "stats", "--since", "1h", program=stack_with({}))
    assert Right("cloudwatch:GetMetricData") in found
    return found


def answers(world: World) -> set[Right]:
    bus()
    world.policy = parse_policy(ASKING + PAGING, "people.toml")
    question = question_id(world.incident(world.send(world.red()).incident_id))
    found = rights_for(world, "approve", question) | rights_for(world, "deny", question, "--reason", "x")
    announce(world)
    found |= rights_for(world, "ack", thread(world).call_id)
    found |= page_tests(world)
    moto_service("api", **{"firebreak:enabled": "true"})
    found |= undoes(world)
    for scope in (["global"], ["target", "ecs:prod/api"]):
        found |= rights_for(world, "pause", "--reason", "x", "--scope", *scope)
        found |= rights_for(world, "resume", "--scope", *scope)
    rights_for(world, "pause", "--reason", "x")
    return found | rights_for(world, "resume", "--all")


def page_tests(world: World) -> set[Right]:
    recorder = Recorder()

    def pass_time(seconds: float) -> None:
        world.clock.pass_time(timedelta(seconds=seconds))

    here = replace(recorder.context_of(world), sleep=pass_time)
    result = run("doctor", "--page-test", "topic", "--yes", environment=here)
    assert result.exit_code == NOT_KNOWN, result.output  # no Page takes it up here
    return recorder.needed


def undoes(world: World) -> set[Right]:
    """The rights of an undo; its incident is one of a change that its action can put back."""
    world.policy = a.auto_policy()
    world.ecs.services["ecs:prod/web"] = a.service(name="web")
    alarm = world.red(
        "web-cpu-high", tags={"firebreak:action": "scale-service", "firebreak:target": "ecs:prod/web"}
    )
    done = world.send(alarm, "scale-service")
    assert done.outcome == "act"
    recorder = Recorder()
    words = ("undo", done.incident_id, "--reason", "x", "--yes", "--no-wait", "--json")
    result = run(*words, environment=recorder.context_of(world))
    assert result.exit_code == NOT_DONE, result.output  # more tasks are not taken away before the alarm is OK
    return recorder.needed


def retries(world: World) -> set[Right]:
    bus()
    refused_in_a_pause(world)
    red = seeing(described(), tags={})
    found = rights_for(world, "retry", NAME, cloudwatch=red)
    return found | rights_for(world, "retry", "--all", world.pager.pages[0][1].thread, cloudwatch=red)


def ends(world: World) -> set[Right]:
    declare(world, "one", "two")
    found = rights_for(world, "storm", "--end", "--reason", "x")
    gather_pages(world, "disk")
    return found | rights_for(world, "storm", "--pages", "--end", "--reason", "x")


def drills(world: World) -> set[Right]:
    moto_service("api", **{"firebreak:enabled": "true"})
    return rights_for(world, "drill", "init", "--alarm", "drill-api", "--target", "ecs:prod/api", "--yes")


def adopts(world: World) -> set[Right]:
    moto_service("api")
    cloudwatch = StackSession(deployed).client("cloudwatch")
    watched = ("AWS/ECS MemoryUtilization", "AWS/ApplicationELB TargetResponseTime")
    for name, metric in enumerate(watched):
        namespace, _, metric_name = metric.partition(" ")
        cloudwatch.put_metric_alarm(
            AlarmName=str(name),
            Namespace=namespace,
            MetricName=metric_name,
            Dimensions=[{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}]
            if name == 0
            else [{"Name": "TargetGroup", "Value": "targetgroup/api/0123456789abcdef"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=3,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    return rights_for(world, "adopt")


def acts(world: World) -> set[Right]:
    bus()
    moto_service("api", **{"firebreak:enabled": "true"})
    recorder = Recorder()
    here = recorder.context_of(world)

    def session() -> Session:
        made = here.session()
        made.events.register("after-call.ecs.DescribeServices", settled, unique_id="settled")
        return made

    def pass_time(seconds: float) -> None:
        world.clock.pass_time(timedelta(seconds=seconds))

    words = ("act", "restart-service", "ecs:prod/api", "--reason", "x", "--yes", "--json")
    result = run(*words, environment=replace(here, session=session, sleep=pass_time))
    assert result.exit_code == NOT_KNOWN, result.output  # no function takes it up here
    return recorder.needed


@dataclass(frozen=True, slots=True)
class Of:
    """The commands that a function runs, and the one policy that their caller holds."""

    rights: Callable[[World], set[Right]]
    policy: str
    commands: frozenset[str]


def of(rights: Callable[[World], set[Right]], policy: str, *commands: str) -> Of:
    return Of(rights, policy, frozenset(commands))


LOOKS = ("status", "incidents", "show", "tail", "export", "stats", "report", "replay", "switches", "storm")
COMMANDS = {
    "looks": of(looks, VIEWER, *LOOKS, "explain"),
    "adopts": of(adopts, VIEWER, "adopt"),
    "answers": of(
        answers, ON_CALL, "approve", "deny", "undo", "ack", "pause", "resume", "doctor --page-test"
    ),
    "retries": of(retries, ON_CALL, "retry"),
    "acts": of(acts, ADMINISTRATOR, "act"),
    "ends": of(ends, ADMINISTRATOR, "storm --end"),
    "drills": of(drills, ADMINISTRATOR, "drill init"),
}
# The doctor has an account of its own (tests/cli/test_doctor_command.py), a drill the deployed stack
# (tests/scenarios/test_people.py).
# So does what is about a policy in AppConfig (tests/contracts/test_policy_in_appconfig.py).
ELSEWHERE = {
    "doctor": VIEWER,
    "drill": ADMINISTRATOR,
    "policy show": VIEWER,
    "policy push": "PolicyAuthorPolicy",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_policy_of_a_command_allows_by_itself_all_that_it_calls(world: World, command: str) -> None:
    of_it = COMMANDS[command]
    called = of_it.rights(world)
    assert refused(of_it.policy, called) == set()
    before = POLICIES[: POLICIES.index(of_it.policy)]
    assert [one for one in before if not refused(one, called)] == []


def test_no_policy_allows_what_none_of_its_commands_calls() -> None:
    """Neither a call, nor a partition of the ledger, nor a type of event, for those who may write."""
    for policy in (ON_CALL, ADMINISTRATOR):
        called: set[Right] = set()
        for of_it in COMMANDS.values():
            if of_it.policy == policy:
                with world_on_moto() as world:
                    called |= of_it.rights(world)
        needless = [
            (action, part)
            for statement in own_statements(policy)
            for action in iam_actions(statement)
            for part in parts_of(statement)
            if not any(right.action == action and fnmatchcase(right.of, part) for right in called)
        ]
        assert needless == []


def commands() -> Iterator[str]:
    """The commands that talk to AWS; those on files and on local AWS are nobody's right."""
    group: Any = get_command(app)
    for name, command in group.commands.items():
        of_it = getattr(command, "commands", {"": command}).values()
        if any("--region" in parameter.opts for one in of_it for parameter in one.params):
            yield name


def test_the_document_names_the_policy_of_every_command() -> None:
    rows = document("docs/operations.md").table("policy")
    said = {name.strip("`"): row[0] for row in rows for name in row[2].split(", ")}
    assert said == {name: one.policy for one in COMMANDS.values() for name in one.commands} | ELSEWHERE
    # A backtest needs no stack.
    assert {name.partition(" ")[0] for name in said} == {*commands()} - {"backtest", "local"}
