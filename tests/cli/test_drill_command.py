"""`firebreak drill`: what it shows, and all that keeps it from turning an alarm red."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from botocore.stub import Stubber
from rich.console import Console as Screen

from firebreak.core.model import AlarmState, Metric
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.snapshot import Observer
from firebreak.services.registry import ACTIONS
from firebreak_cli.drill import drill_screen, drills
from firebreak_cli.drill.times import Scenario
from firebreak_cli.exit_codes import Ending
from firebreak_cli.explain.sources import LiveSources
from firebreak_cli.stack import Stack, find
from tests.cli.consoles import Console
from tests.cli.drilled import MINUTE, NAME, SECOND, WorldAlarm, drill
from tests.cli.running import error_lines, run
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.world import World, eventbridge

DRILL = ("drill", "recovers", "--alarm", NAME, "--yes")


def described(state: str = "OK", **changes: Any) -> dict[str, Any]:
    """DescribeAlarms' answer about the test alarm."""
    alarm = {
        "AlarmName": NAME,
        "AlarmArn": a.arn_of(NAME),
        "ActionsEnabled": True,
        "StateValue": state,
        "StateUpdatedTimestamp": a.NOW,
        "StateTransitionedTimestamp": a.NOW,
        "Namespace": "AWS/ECS",
        "MetricName": "MemoryUtilization",
        "Dimensions": [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 80.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {"MetricAlarms": [alarm | changes], "CompositeAlarms": []}


def tagged(**tags: str) -> dict[str, Any]:
    """ListTagsForResource's answer."""
    return {"Tags": [{"Key": f"firebreak:{key}", "Value": value} for key, value in tags.items()]}


def seeing(
    alarm: dict[str, Any] | None, tags: dict[str, Any] | None = None, metric: dict[str, Any] | None = None
) -> Callable[[Stubber], object]:
    def program(stubber: Stubber) -> None:
        stubber.add_response("describe_alarms", alarm or {"MetricAlarms": [], "CompositeAlarms": []})
        if tags is not None:
            stubber.add_response("list_tags_for_resource", tags)
        if metric is not None:
            stubber.add_response("describe_alarms", metric)

    return program


def denied(operation: str, *before: tuple[str, dict[str, Any]]) -> Callable[[Stubber], object]:
    def program(stubber: Stubber) -> None:
        for name, answer in before:
            stubber.add_response(name, answer)
        stubber.add_client_error(operation, "AccessDenied", "nobody reads this", 403)

    return program


NO_METRIC: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
REFUSALS = {
    "no such alarm": (seeing(None), 2, "there is no alarm drill-memory"),
    "not tagged": (
        seeing(described(), tagged(action="restart-service")),
        2,
        "alarm drill-memory is not tagged firebreak:drill=true: a drill turns a test alarm red",
    ),
    "tagged otherwise": (seeing(described(), tagged(drill="yes")), 2, "is not tagged firebreak:drill=true"),
    "red already": (seeing(described("ALARM"), tagged(drill="true")), 2, "is ALARM since 10:00:30Z"),
    "no data": (seeing(described("INSUFFICIENT_DATA"), tagged(drill="true")), 2, "is INSUFFICIENT_DATA"),
    "no metric alarm": (
        seeing(described(), tagged(drill="true"), NO_METRIC),
        2,
        "alarm drill-memory is no metric alarm",
    ),
    "alarm unreadable": (denied("describe_alarms"), 3, "alarm drill-memory could not be read"),
    "tags unreadable": (
        denied("list_tags_for_resource", ("describe_alarms", described())),
        3,
        "the tags of alarm drill-memory could not be read",
    ),
}


@pytest.fixture
def console(world: World) -> Console:
    return Console.over(world)


@pytest.mark.parametrize(("cloudwatch", "code", "line"), REFUSALS.values(), ids=REFUSALS)
def test_an_alarm_that_must_not_be_drilled_is_left_alone(
    console: Console, cloudwatch: Callable[[Stubber], object], code: int, line: str
) -> None:
    """CloudWatch has no answer prepared for SetAlarmState: a call would fail the test."""
    console.cloudwatch = cloudwatch

    result = run(*DRILL, environment=console.environment)

    assert (result.exit_code, result.stdout) == (code, "")
    assert len(error_lines(result)) == 1
    assert line in result.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("drill", "explode", "--alarm", NAME), "there are recovers, stays-red, observe"),
        (("drill", "recovers"), "--alarm"),
        ((*DRILL, "--timeout", "soon"), "--timeout soon: expected a duration"),
        ((*DRILL, "--timeout", "5s"), "--timeout 5s: expected at least 60s"),
    ],
    ids=["scenario", "no alarm", "no length", "too short"],
)
def test_wrong_arguments_are_named(console: Console, arguments: tuple[str, ...], line: str) -> None:
    result = run(*arguments, environment=console.environment)
    assert result.exit_code == 2
    assert line in " ".join(result.stderr.replace("│", " ").split())


def test_a_scenario_that_would_not_go_its_way_turns_nothing_red(console: Console) -> None:
    """The explanation is shown all the same: it says why."""
    tags = tagged(drill="true", action="restart-service")

    def program(stubber: Stubber) -> None:
        for _ in range(4):
            stubber.add_response("describe_alarms", described())
            stubber.add_response("list_tags_for_resource", tags)
            stubber.add_response("describe_alarms", described())

    console.cloudwatch = program

    result = run(*DRILL, environment=console.environment)

    assert result.exit_code == 2
    assert "DO NOTHING" in result.stdout
    assert "scenario recovers needs the decision to be act, and it would be refuse" in result.stderr
    assert "nothing was changed" in result.stderr


def live_sources_of(world: World) -> LiveSources:
    return LiveSources(
        account=a.ACCOUNT,
        region=a.REGION,
        ledger=world.ledger,
        alarms=world.alarms,
        observer=lambda name: Observer(ACTIONS[name](world.services()), world.alarms, "firebreak"),
    )


def test_the_predicted_decision_is_the_one_that_is_made(world: World) -> None:
    alarm = WorldAlarm(world)
    now = world.clock.at
    red = replace(a.alarm(NAME), since=now, sent_at=now)

    explanation = drills.predicted(red, world.policy, live_sources_of(world), world.clock.now)

    assert (explanation.decision.word, explanation.decision.reason) == ("act", Reason.CLEAR_TO_ACT)
    assert explanation.incident_id == ""
    assert drills.require_fitting_rules(Scenario.RECOVERS, explanation).action == "restart-service"
    found = world.alarms.describe(NAME)
    assert getattr(found, "state", None) is AlarmState.OK, "looking changed nothing"
    alarm.turn(AlarmState.ALARM)
    assert world.remediator().handle(eventbridge(red)).reason is Reason.CLEAR_TO_ACT


def test_an_act_of_others_during_the_prediction_is_not_taken_for_a_wrong_clock(world: World) -> None:
    WorldAlarm(world)
    world.ecs.services["ecs:prod/web"] = a.service(name="web")
    asked: list[datetime] = []

    def now() -> datetime:
        asked.append(world.clock.at)
        if len(asked) == 1:
            other = (Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "web"}),)
            world.clock.pass_time(SECOND)
            assert world.send(world.red("web-memory", metrics=other)).outcome == "act"
        return asked[-1]

    explanation = drills.predicted(
        a.alarm(NAME, since=world.clock.at), world.policy, live_sources_of(world), now
    )

    assert (explanation.decision.word, len(asked)) == ("act", 2)


@pytest.mark.parametrize(
    ("autonomy", "scenario", "fits"),
    [
        ("auto", Scenario.RECOVERS, True),
        ("auto", Scenario.STAYS_RED, True),
        ("auto", Scenario.OBSERVE, False),
        ("observe", Scenario.OBSERVE, True),
        ("observe", Scenario.RECOVERS, False),
        ("approve", Scenario.RECOVERS, False),
    ],
)
def test_a_scenario_is_played_only_where_it_can_go_its_way(
    world: World, autonomy: str, scenario: Scenario, fits: bool
) -> None:
    WorldAlarm(world)
    policy = parse_policy(a.AUTO_POLICY.replace('"auto"', f'"{autonomy}"'), "some.toml")
    explanation = drills.predicted(a.alarm(NAME), policy, live_sources_of(world), world.clock.now)
    if fits:
        assert drills.require_fitting_rules(scenario, explanation).autonomy == autonomy
        return
    with pytest.raises(Ending, match="nothing was changed"):
        drills.require_fitting_rules(scenario, explanation)


def test_the_predicted_event_carries_tags_only_where_they_are_propagated(console: Console) -> None:
    tags = tagged(drill="true", action="restart-service")

    def red_of(**changes: Any) -> Any:
        console.cloudwatch = seeing(described(**changes), tags, described(**changes))
        client = console.session().client("cloudwatch")
        return drills.ready(client, NAME, a.NOW).red

    off = {"AlarmTagsPropagation": {"Enabled": False}}
    assert dict(red_of().tags) == {"firebreak:drill": "true", "firebreak:action": "restart-service"}
    assert dict(red_of(ActionConfiguration=off).tags) == {}
    some = {"AlarmTagsPropagation": {"Enabled": True, "ExcludedTagKeys": ["firebreak:action"]}}
    assert dict(red_of(ActionConfiguration=some).tags) == {"firebreak:drill": "true"}
    assert red_of().arn == a.arn_of(NAME)


def stack(world: World) -> Stack:
    return find(Console(world, lambda _: None).environment, "firebreak")


def printed(report: drills.Report, world: World) -> str:
    written = io.StringIO()
    screen = Screen(file=written, width=80, highlight=False, markup=False, emoji=False)
    drill_screen.show(report, stack(world), screen)
    return "\n".join(line.rstrip() for line in written.getvalue().strip().splitlines())


def test_the_session_in_the_document_is_a_real_one(world: World) -> None:
    report = drill(Scenario.RECOVERS, WorldAlarm(world)).run()

    assert printed(report, world) in document("docs/operations.md").text


def test_a_drill_that_went_wrong_says_what_and_why(world: World) -> None:
    alarm = WorldAlarm(world, delay=60 * MINUTE)
    text = printed(drill(Scenario.RECOVERS, alarm, timeout=5 * MINUTE).run(), world)

    for part in (
        "did not happen",
        "NOT everything happened in time",
        "the time of the drill was over",
        "AlarmTagsPropagation",
    ):
        assert part in " ".join(text.split())


def test_the_json_says_the_same(world: World) -> None:
    alarm = WorldAlarm(world)
    explanation = drills.predicted(a.alarm(NAME), world.policy, live_sources_of(world), world.clock.now)
    report = drill(Scenario.RECOVERS, alarm).run()

    found = json.loads(drill_screen.as_json(report, explanation, stack(world), "policy.toml"))

    assert (found["good"], found["scenario"], found["set_back"]) == (True, "recovers", True)
    assert [step["step"] for step in found["steps"]] == [step.name for step in report.steps]
    assert found["steps"][0] == {
        "step": "decided",
        "after": "red",
        "at": "2026-11-20T10:00:32+00:00",
        "took_seconds": 2.0,
        "allowed_seconds": 120.0,
        "timing": "ok",
    }
    assert found["foretold"]["decision"] == "act"
    assert found["history"][0]["what"] == "claimed rung 1: restart-service"


def test_a_strange_name_is_one_harmless_line(world: World) -> None:
    report = drill(Scenario.RECOVERS, WorldAlarm(world)).run()
    text = printed(replace(report, alarm="x\n\x1b[2J[bold]y"), world)
    assert "Drill recovers of x [bold]y: 111122223333" in " ".join(text.split())


def test_a_line_of_progress_says_when_and_after_what(world: World) -> None:
    report = drill(Scenario.RECOVERS, WorldAlarm(world)).run()
    assert drill_screen.line(report.steps[0]) == "10:00:32Z  decided: 2.0s after red"
