"""`explain --alarm`: the event is built from the live alarm; on moto."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.model import AlarmKind, AlarmState
from firebreak_cli.queries.live_alarms import red_event
from tests.cli.running import STACK_ID, Calls, cli_environment, described, error_lines, run, run_in
from tests.cli.test_explain_live import red
from tests.support import builders as a
from tests.support.world import World, eventbridge

__all__ = ["red"]  # the fixture: a red memory alarm, as stored in moto

MINUTE = timedelta(minutes=1)


MOTOS_ACCOUNT = "123456789012"


def in_motos_account(stubber: Stubber) -> None:
    """The stack is where moto's alarms are."""
    stubber.add_response("describe_stacks", described(StackId=STACK_ID.replace(a.ACCOUNT, MOTOS_ACCOUNT)))


def explained(*more: str, calls: Calls | None = None, now: datetime | None = None) -> dict[str, Any]:
    at = now or datetime.now(UTC)  # moto's alarms change state by the real clock
    environment = cli_environment(lambda: at, program=in_motos_account, calls=calls)
    result = run("explain", "--alarm", "api-memory-high", "--json", *more, environment=environment)
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def cloudwatch() -> Any:
    import boto3

    return boto3.session.Session(region_name=a.REGION).client("cloudwatch")


def named(world: World) -> None:
    """The alarm names its service."""
    dimensions = [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}]
    cloudwatch().put_metric_alarm(
        AlarmName="api-memory-high",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=dimensions,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=80,
        Period=60,
        Statistic="Average",
    )


def test_a_red_alarm_is_explained_as_of_its_turning_red_and_nothing_is_changed(
    world: World, red: str
) -> None:
    named(world)
    cloudwatch().set_alarm_state(AlarmName="api-memory-high", StateValue="ALARM", StateReason="test")
    calls = Calls()

    found = explained(calls=calls)

    assert (found["alarm"]["state"], found["target"], found["clock"]) == ("ALARM", "ecs:prod/api", "real")
    assert found["notes"][0] == "The event was built from the live alarm, as of its turning red"
    assert "stale" not in {check["guard"] for check in found["checks"] if check["result"] == "objected"}
    assert calls.changes == []


def test_an_alarm_that_is_ok_is_explained_as_if_it_turned_red_now(world: World, red: str) -> None:
    named(world)
    cloudwatch().set_alarm_state(AlarmName="api-memory-high", StateValue="OK", StateReason="test")

    found = explained()

    assert (found["alarm"]["state"], found["target"]) == ("ALARM", "ecs:prod/api")
    assert found["notes"][0] == "The alarm is OK: explained as if it turned red now"
    assert "stale" not in {check["guard"] for check in found["checks"] if check["result"] == "objected"}


def test_an_alarm_whose_silence_is_the_symptom_is_explained_as_it_is(world: World, red: str) -> None:
    named(world)
    cloudwatch().set_alarm_state(
        AlarmName="api-memory-high", StateValue="INSUFFICIENT_DATA", StateReason="test"
    )
    arn = f"arn:aws:cloudwatch:{a.REGION}:{MOTOS_ACCOUNT}:alarm:api-memory-high"
    tags = {"firebreak:action": "restart-service", "firebreak:missing-data": "symptom"}
    cloudwatch().tag_resource(
        ResourceARN=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )

    found = explained()

    assert (found["alarm"]["state"], found["route"]) == ("INSUFFICIENT_DATA", "restart-service")
    assert found["notes"][0] == "The event was built from the live alarm, as of its turning red"
    assert found["reason"] != "not_in_alarm"


def test_a_live_alarm_can_be_tried_at_another_time(world: World, red: str) -> None:
    named(world)

    found = explained("--at", "2031-01-01T00:00:00Z")

    assert (found["now"], found["clock"]) == ("2031-01-01T00:00:00+00:00", "given")
    assert "stale" not in {check["guard"] for check in found["checks"] if check["result"] == "objected"}


class OneComposite:
    """CloudWatch with one composite alarm, which moto cannot have."""

    def describe_alarms(self, **_: object) -> dict[str, object]:
        arn = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:all-of-it"
        alarm = {"AlarmArn": arn, "AlarmName": "all-of-it", "AlarmRule": "ALARM(api)", "StateValue": "OK"}
        return {"MetricAlarms": [], "CompositeAlarms": [alarm]}


def test_a_composite_can_be_asked_about() -> None:
    event = red_event(OneComposite(), "all-of-it", {"firebreak:action": "page"}, a.NOW, red=False)

    assert (event.kind, event.state, event.children) == (AlarmKind.COMPOSITE, AlarmState.ALARM, ("api",))
    assert (event.since, event.tags) == (a.NOW, {"firebreak:action": "page"})


def test_an_alarm_that_does_not_exist_is_one_line(world: World) -> None:
    result = run("explain", "--alarm", "nothing", environment=cli_environment())

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert "there is no alarm nothing" in result.stderr


def test_a_policy_that_is_not_the_deployed_one_is_said(world: World, red: str) -> None:
    world.send(world.red())  # decided by the world's policy, which is not the one that ships

    result = run("explain", "-", "--json", stdin=red)
    found = json.loads(result.stdout)

    assert found["policy"]["deployed_hash"] == world.policy.hash != found["policy"]["hash"]
    assert f"was made with policy {world.policy.hash}" in found["notes"][-1]
    assert "The deployed policy is not this machine's copy" in run("explain", "-", stdin=red).stdout


def test_a_policy_that_is_the_deployed_one_is_not_news(world: World, red: str) -> None:
    assert json.loads(run("explain", "-", "--json", stdin=red).stdout)["notes"] == []


def test_the_headline_s_own_objection_is_shown_first(world: World) -> None:
    event = json.dumps(eventbridge(world.red()))
    world.clock.pass_time(30 * MINUTE)

    lines = run("explain", "-", environment=cli_environment(world.clock.now), stdin=event).stdout.splitlines()

    first = next(line for line in lines if line.startswith(("stops", "not looked")))
    headline = next(line for line in lines if line.startswith(("DO NOTHING", "CANNOT SAY")))
    # The target is looked at before an alarm is refused for its age: it does not exist in this world.
    assert "(target_missing)" in headline
    assert "opt-in" in first


def test_an_earlier_decision_is_named_with_its_id(world: World, red: str) -> None:
    alarm = world.red()
    done = world.send(alarm)
    event = json.dumps(eventbridge(alarm))

    result = run_in(world, "show", done.incident_id)
    text = run("explain", "-", environment=cli_environment(world.clock.now), stdin=event).stdout

    assert result.exit_code == 0
    assert f"firebreak show {done.incident_id}" in " ".join(text.split())


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_an_sns_message_takes_the_tags_that_the_alarm_has_now(world: World, red: str, how: list[str]) -> None:
    arn = f"arn:aws:cloudwatch:{a.REGION}:{MOTOS_ACCOUNT}:alarm:api-memory-high"
    cloudwatch().tag_resource(ResourceARN=arn, Tags=[{"Key": "firebreak:action", "Value": "page"}])
    message = {"AlarmArn": arn, "AlarmName": "api-memory-high", "NewStateValue": "ALARM"}
    message |= {"StateChangeTime": "2026-11-20T10:00:00.412+0000", "OldStateValue": "OK"}

    environment = cli_environment(program=in_motos_account)
    text = run("explain", "-", *how, environment=environment, stdin=json.dumps(message)).stdout

    assert "those that it has now were taken" in " ".join(text.split())
    assert "page" in text
