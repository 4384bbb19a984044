"""`firebreak act`: an action by hand, previewed, requested in the caller's name, and waited for."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NoReturn

import boto3
import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.people import person
from firebreak.errors import Denied, OutcomeUnknown
from firebreak.policy.compiler import parse_policy
from firebreak.services.ecs.model import ServiceLive
from firebreak_cli.acting.red_alarms import MOST_LOOKED_AT
from firebreak_cli.acting.waiting import LONGEST
from firebreak_cli.environment import Environment
from tests.cli.running import StackSession, cli_environment, deployed, error_lines, run
from tests.support import builders as a
from tests.support.world import World

CALLER = "arn:aws:sts::123456789012:user/moto"
RESTART = ("act", "restart-service", "ecs:prod/api", "--reason", "it hangs")
S = IncidentState


def settled(parsed: Mapping[str, Any], **_: object) -> None:
    """To moto the first deployment of a service runs for ever; here it has ended."""
    for service in parsed.get("services", ()):
        service["runningCount"] = service["desiredCount"]
        for deployment in service["deployments"]:
            deployment |= {"rolloutState": "COMPLETED", "runningCount": service["desiredCount"]}


def at_home(parsed: Mapping[str, Any], **_: object) -> None:
    """The alarms of moto's account are in that of the stack."""
    for alarm in parsed.get("MetricAlarms", ()):
        alarm["AlarmArn"] = a.arn_of(alarm["AlarmName"])


@dataclass
class Desk:
    """A caller's machine; while the command waits, the functions take up what is on the bus."""

    world: World
    sent: list[dict[str, Any]] = field(default_factory=list)
    functions_work: bool = True
    meanwhile: Callable[[], None] | None = None
    waited: int = 0

    def session(self) -> StackSession:
        made = StackSession(deployed)
        made.events.register("after-call.ecs.DescribeServices", settled, unique_id="settled")
        made.events.register("after-call.cloudwatch.DescribeAlarms", at_home, unique_id="at_home")
        made.events.register("after-call.cloudwatch.DescribeAlarms", self._meanwhile, unique_id="meanwhile")
        made.events.register(
            "before-parameter-build.events.PutEvents",
            lambda params, **_: self.sent.extend(params["Entries"]),
            unique_id="entries",
        )
        return made

    def _meanwhile(self, **_: object) -> None:
        """Lets something happen once while the command looks."""
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()

    def sleep(self, seconds: float) -> None:
        self.waited += 1
        self.world.clock.pass_time(timedelta(seconds=seconds))
        if self.functions_work:
            self.carry()

    def carry(self) -> None:
        taken, self.sent = self.sent, []
        for entry in taken:
            detail = json.loads(entry["Detail"])
            event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
            self.world.remediator(detail["action"]).handle(event)

    @property
    def environment(self) -> Environment:
        return replace(cli_environment(self.world.clock.now), session=self.session, sleep=self.sleep)

    def act(self, *more: str, stdin: str = "") -> Any:
        return run(*RESTART, *more, environment=self.environment, stdin=stdin)

    def answer(self, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.act("--yes", "--json", *more).stdout)
        return found


@pytest.fixture
def desk(world: World) -> Desk:
    """A service that opted in, as the command sees it in moto, and the functions in the world."""
    session = boto3.session.Session(region_name=a.REGION)
    session.client("events").create_event_bus(Name="firebreak")
    ecs: Any = session.client("ecs")
    ecs.create_cluster(clusterName="prod")
    container = {"name": "api", "image": "api@sha256:" + "0" * 64, "memory": 512}
    definition = ecs.register_task_definition(family="api", containerDefinitions=[container])
    ecs.create_service(
        cluster="prod",
        serviceName="api",
        taskDefinition="api",
        desiredCount=2,
        tags=[{"key": "firebreak:enabled", "value": "true"}],
    )
    live = world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    arn = definition["taskDefinition"]["taskDefinitionArn"]
    world.ecs.services[a.TARGET.display] = replace(live, task_definition=arn)
    return Desk(world)


def red(name: str, *, cluster: str = "prod", service: str = "api") -> None:
    cloudwatch: Any = boto3.session.Session(region_name=a.REGION).client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=80,
        Period=60,
        Statistic="Average",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")


def test_a_request_is_previewed_made_and_waited_for_in_the_callers_name(desk: Desk) -> None:
    result = desk.act("--yes")

    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "Plan restart ecs:prod/api: force a new deployment of api:1" in words
    assert f"By {CALLER}" in words
    assert "Autonomy observe by defaults: your request lifts it" in words
    assert "ACTED Done deployment ecs-svc/0000000000000000101 of api:1 began" in words
    assert [name for name, _, _ in desk.world.ecs.writes] == ["force_deployment"]


def test_the_page_of_the_act_names_the_caller_and_the_reason(desk: Desk) -> None:
    desk.act("--yes")
    desk.world.deliver()
    page = desk.world.pager.sent[0][1]
    assert f"requested by {person(CALLER)}" in page
    assert "reason given: it hangs" in page


def test_its_json_has_the_preview_and_the_decision_and_the_id_of_the_incident(desk: Desk) -> None:
    found = desk.answer()
    incident = desk.world.incident(found["incident"])
    assert (found["version"], found["result"], found["state"]) == (1, "acted", "acted")
    assert (found["by"], found["reason"], found["target"]) == (CALLER, "it hangs", "ecs:prod/api")
    assert (found["preview"]["decision"], found["decision"]["decision"]) == ("act", "act")
    assert (found["decision"]["kind"], found["decision"]["by"]) == ("manual", CALLER)
    assert (incident.state, incident.ladder, incident.members) == (S.ACTED, ("restart-service", "page"), ())


def test_red_alarms_of_the_target_become_members_and_those_of_others_do_not(desk: Desk) -> None:
    red("api-memory-high")
    red("web-memory-high", service="web")

    found = desk.answer()

    assert (found["red_alarms"], found["red_alarms_unread"]) == (["api-memory-high"], None)
    assert [one.name for one in desk.world.incident(found["incident"]).members] == ["api-memory-high"]


def test_more_red_alarms_than_are_looked_at_are_said_to_be_missing(desk: Desk) -> None:
    for number in range(MOST_LOOKED_AT + 1):
        red(f"web-{number}", service="web")
    found = desk.answer("--dry-run")
    assert found["red_alarms_unread"] == "more alarms are red than were looked at"


def test_an_act_elsewhere_while_it_looks_is_no_clock_that_is_behind(
    desk: Desk,
) -> None:
    def another() -> None:
        desk.world.clock.pass_time(timedelta(seconds=2))
        desk.world.ecs.services["ecs:prod/web"] = replace(
            a.service(name="web"), tags={"firebreak:enabled": "true"}
        )
        tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/web"}
        assert desk.world.send(desk.world.red("web-memory", tags=tags)).outcome == "act"
        desk.world.clock.pass_time(timedelta(seconds=1))

    desk.world.policy = parse_policy(a.AUTO_POLICY, "policy.toml")
    desk.meanwhile = another
    # The other act uses the disruption budget that both share, which is a true reason and the only one.
    checks = desk.answer("--dry-run")["preview"]["checks"]
    assert [check["reason"] for check in checks if check["reason"]] == ["share_reached"]


def test_without_a_yes_nothing_is_requested(desk: Desk) -> None:
    result = desk.act(stdin="n\n")
    assert (result.exit_code, desk.sent, desk.world.ecs.writes) == (2, [], [])
    assert "nobody said yes: nothing was changed" in result.stderr


def test_the_question_comes_after_the_preview_and_a_yes_acts(desk: Desk) -> None:
    result = desk.act(stdin="y\n")
    assert result.exit_code == 0
    assert len(desk.world.ecs.writes) == 1


def test_a_dry_run_says_what_would_happen_and_requests_nothing(desk: Desk) -> None:
    found = desk.act("--dry-run", "--json")
    answer = json.loads(found.stdout)
    assert (found.exit_code, answer["result"], answer["incident"]) == (0, "would_act", None)
    assert (desk.sent, desk.world.ecs.writes) == ([], [])


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_what_a_guard_refuses_already_is_not_requested_and_exits_with_11(desk: Desk, more: list[str]) -> None:
    hold = Hold("global", "kim", "migration", a.NOW, a.NOW + timedelta(hours=1))
    desk.world.switches.pause(hold)

    result = desk.act("--yes", *more)

    assert (result.exit_code, desk.sent, desk.world.ecs.writes) == (11, [], [])
    assert "kim" in result.stdout
    assert "switched_off" in result.stdout


def test_a_refusal_after_the_preview_is_shown_with_its_check(desk: Desk) -> None:
    """The function decides; a pause that comes after the preview holds all the same."""
    pause = Hold("global", "kim", "migration", a.NOW, a.NOW + timedelta(hours=1))

    def sleep(seconds: float) -> None:
        desk.world.switches.pause(pause)
        desk.sleep(seconds)

    here = replace(desk.environment, sleep=sleep)
    result = run(*RESTART, "--yes", environment=here)

    assert (result.exit_code, desk.world.ecs.writes) == (11, [])
    assert "REFUSED: nothing was changed" in result.stdout
    assert "global by kim" in " ".join(result.stdout.split())


def test_a_result_that_does_not_come_exits_with_12_and_says_where_to_look(desk: Desk) -> None:
    desk.functions_work = False

    result = desk.act("--yes")

    assert (result.exit_code, desk.waited) == (12, LONGEST.total_seconds())
    assert "NOT KNOWN" in result.stdout
    assert "firebreak show i-" in result.stdout


def test_without_waiting_it_exits_with_0_once_the_request_is_on_the_bus(desk: Desk) -> None:
    found = desk.answer("--no-wait")
    assert (found["result"], len(desk.sent), desk.waited) == ("requested", 1, 0)
    assert desk.sent[0]["DetailType"] == "Firebreak Manual Request"
    desk.carry()
    assert desk.world.incident(found["incident"]).state is S.ACTED


def test_a_lost_reply_of_aws_is_not_known(desk: Desk) -> None:
    desk.world.ecs.reply_lost = OutcomeUnknown("UpdateService", "ReadTimeoutError")
    found = desk.act("--yes", "--json")
    assert (found.exit_code, json.loads(found.stdout)["state"]) == (12, "uncertain")


def test_what_aws_refuses_is_not_done(desk: Desk) -> None:
    desk.world.ecs.before_write = refuse
    found = desk.act("--yes", "--json")
    assert (found.exit_code, json.loads(found.stdout)["result"]) == (11, "not_executed")


def refuse(_: str) -> NoReturn:
    raise Denied("UpdateService", "AccessDeniedException")


@pytest.mark.parametrize(
    ("action", "target", "said"),
    [
        ("restart-srevice", "ecs:prod/api", "there is no action restart-srevice: expected one of"),
        ("restart-service", "ecs:prod", "is not of the form ecs:ClusterName/ServiceName"),
        ("restart-service", "lambda:api", "restart-service is for ecs targets, and lambda:api is none"),
        ("restart-service", "api", "restart-service is for ecs targets, and api is none"),
    ],
)
def test_a_wrong_name_is_one_line_and_changes_nothing(
    desk: Desk, action: str, target: str, said: str
) -> None:
    result = run("act", action, target, "--reason", "x", "--yes", environment=desk.environment)
    assert (result.exit_code, len(error_lines(result)), desk.sent) == (2, 1, [])
    assert said in error_lines(result)[0]


def test_an_empty_reason_is_refused(desk: Desk) -> None:
    result = run("act", "restart-service", "ecs:prod/api", "--reason", " ", environment=desk.environment)
    assert (result.exit_code, desk.sent) == (2, [])


def test_show_prints_the_incident_of_an_act_without_a_link_to_an_alarm(desk: Desk) -> None:
    found = desk.answer()
    result = run("show", found["incident"], environment=desk.environment)
    assert result.exit_code == 0
    assert "Open target" in result.stdout
    assert "Open alarm" not in result.stdout
