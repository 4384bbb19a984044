"""Other controllers of an alarm, by the ARNs of its own actions (those that PutMetricAlarm documents)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.action_spec import Effect
from firebreak.core.decide import decide
from firebreak.core.decision import Act, Result
from firebreak.core.guards.controllers import Controller, controllers_of, names_of
from firebreak.core.guards.ownership import other_controller
from firebreak.core.model import Request, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.registry import CATALOG
from tests.support import builders as a

ID = "6d8972f3-efc8-437c-92d1-6270f29a66e7"
POLICY = f"scalingPolicy:{ID}:resource/ecs/service/prod/api:policyName/out"
SCALING = f"arn:aws:autoscaling:eu-west-1:111122223333:{POLICY}"
REBOOT = "arn:aws:automate:eu-west-1:ec2:reboot"
NOTIFIER = "arn:aws:lambda:eu-west-1:111122223333:function:fix-it"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:ops"

KINDS: list[Any] = [
    pytest.param(
        "autoscaling:R:A:scalingPolicy:" + ID + ":resource/ecs/service/prod/api:policyName/memory-out",
        Controller("scaling policy memory-out of ecs/service/prod/api", Effect.SCALING),
        id="a policy of Application Auto Scaling",
    ),
    pytest.param(
        "autoscaling:R:A:scalingPolicy:" + ID + ":autoScalingGroupName/web:policyName/out",
        Controller("scaling policy out of web", Effect.SCALING),
        id="a policy of an Auto Scaling group",
    ),
    pytest.param(
        "autoscaling:R:A:scalingPolicy:" + ID,
        Controller(f"scaling policy {ID}", Effect.SCALING),
        id="a policy without a name",
    ),
    *(
        pytest.param(
            f"automate:R:ec2:{what}", Controller(f"EC2 action {what}", Effect.RESTART), id=f"ec2 {what}"
        )
        for what in ("stop", "terminate", "reboot", "recover")
    ),
    *(
        pytest.param(
            f"swf:R:A:action/actions/AWS_EC2.InstanceId.{what}/1.0",
            Controller(f"EC2 action {what.lower()}", Effect.RESTART),
            id=f"ec2 {what} by a role",
        )
        for what in ("Stop", "Terminate", "Reboot", "Recover")
    ),
    pytest.param("lambda:R:A:function:fix", Controller("Lambda function fix"), id="a function"),
    pytest.param("lambda:R:A:function:fix:7", Controller("Lambda function fix"), id="a version"),
    pytest.param("lambda:R:A:function:fix:live", Controller("Lambda function fix"), id="an alias"),
    pytest.param(
        "ssm-incidents::A:response-plan/checkout", Controller("response plan checkout"), id="a response plan"
    ),
    pytest.param(
        "ssm-incidents::A:responseplan/checkout",
        Controller("response plan checkout"),
        id="a response plan in the format of the reference",
    ),
    pytest.param(
        "ssm:R:A:automation-definition/Fix:1",
        Controller("Systems Manager automation-definition/Fix:1"),
        id="a document",
    ),
    pytest.param("ssm:R:A:opsitem:3#CATEGORY=Performance", None, id="an OpsItem"),
    pytest.param("ssm:R:A:opsitem:1", None, id="an OpsItem without a category"),
    pytest.param("sns:R:A:ops", None, id="a topic"),
    pytest.param("aiops:R:A:investigation-group:4c7e", None, id="an investigation"),
]


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "eu-west-1"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
    ],
)
@pytest.mark.parametrize(("rest", "controller"), KINDS)
def test_each_documented_action_of_an_alarm(
    rest: str, controller: Controller | None, partition: str, region: str
) -> None:
    arn = f"arn:{partition}:" + rest.replace(":R:", f":{region}:").replace(":A:", ":111122223333:")
    assert controllers_of([arn]) == ((controller,) if controller else ())


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "stop",
        "arn:aws:new-service:eu-west-1:111122223333:thing/1",
        "arn:aws:swf:eu-west-1:111122223333:workflow/1",
    ],
)
def test_an_unknown_alarm_action_is_taken_to_change_something(odd: str) -> None:
    assert controllers_of([odd]) == (Controller(f"alarm action {odd}"),)


@given(st.lists(st.one_of(st.text(), st.text(alphabet="arn:aws/-#. ").map("arn:{}".format)), max_size=6))
def test_any_list_of_actions_can_be_read(actions: list[str]) -> None:
    found = controllers_of(actions)
    assert len(found) <= len(actions)
    assert len(set(found)) == len(found)
    assert names_of(found).count(", ") >= len(found) - 1


def test_firebreaks_own_functions_are_no_other_controller() -> None:
    own = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-restart-service:live"
    seen = a.snapshot(alarm=a.described(actions=(own, TOPIC)))
    assert isinstance(decide(a.request(), a.rules(), seen).outcome, Act)
    assert controllers_of([own, TOPIC], ["firebreak-restart-service"]) == ()
    assert controllers_of([own.removesuffix(":live")], ["firebreak-restart-service"]) == ()
    assert controllers_of([own], ["firebreak-scale-service"]) == (
        Controller("Lambda function firebreak-restart-service"),
    )


@pytest.mark.parametrize("service", ["states", "ssm"])
def test_a_function_with_the_name_of_one_of_firebreak_is_another_controller(service: str) -> None:
    arn = f"arn:aws:{service}:eu-west-1:111122223333:function:firebreak-restart-service"
    assert len(controllers_of([arn], ["firebreak-restart-service"])) == 1


def test_controllers_are_named_in_one_line() -> None:
    assert names_of(controllers_of([SCALING, NOTIFIER])) == (
        "scaling policy out of ecs/service/prod/api, Lambda function fix-it"
    )


def asked(action: str, *, tagged: bool) -> Request:
    alarm = a.alarm(tags={"firebreak:action": action} if tagged else {})
    return a.request(action=action, alarm=alarm, by_symptom=not tagged)


@pytest.mark.parametrize(
    "arn", [SCALING, REBOOT, NOTIFIER, "arn:aws:ssm-incidents::111122223333:response-plan/x"]
)
@pytest.mark.parametrize("action", list(CATALOG))
def test_by_symptom_the_alarm_of_another_controller_is_only_recorded(action: str, arn: str) -> None:
    seen = a.snapshot(alarm=a.described(actions=(TOPIC, arn)), alarm_tags={})
    decision = decide(asked(action, tagged=False), a.rules(), seen)
    assert (decision.reason, decision.disposition.value) == (Reason.OTHER_CONTROLLER, "record")
    assert decision.deciding
    assert names_of(controllers_of([arn])) in decision.deciding.detail


SAME: list[Any] = [
    pytest.param("scale-service", SCALING, True, id="scaling together with scaling"),
    pytest.param("restart-service", SCALING, False, id="a restart together with scaling"),
    pytest.param("adjust-task-memory", SCALING, False, id="larger tasks together with scaling"),
    pytest.param("restart-environment", REBOOT, True, id="a restart together with a reboot"),
    pytest.param("run-runbook", NOTIFIER, False, id="what nobody can compare"),
]


@pytest.mark.parametrize(("action", "arn", "refused"), SAME)
def test_by_tag_only_the_same_effect_refuses(action: str, arn: str, refused: bool) -> None:
    seen = a.snapshot(alarm=a.described(actions=(arn,)))
    check = other_controller(asked(action, tagged=True), a.rules(), seen)
    assert (check.result is Result.OBJECTED, check.reason is Reason.SAME_EFFECT) == (refused, refused)
    assert names_of(controllers_of([arn])) in check.detail


def test_a_refusal_for_the_same_effect_is_announced_once_a_target_and_controller() -> None:
    seen = a.snapshot(alarm=a.described(actions=(SCALING,)))
    first, other = (
        other_controller(replace(asked("scale-service", tagged=True), target=target), a.rules(), seen)
        for target in (a.TARGET, replace(a.TARGET, name="web"))
    )
    assert first.cause
    assert first.cause != other.cause


def test_by_tag_the_plan_names_the_other_controller() -> None:
    seen = a.snapshot(alarm=a.described(actions=(SCALING, TOPIC)))
    outcome = decide(a.request(), a.rules(), seen).outcome
    assert isinstance(outcome, Act)
    assert outcome.plan.warnings == ("the alarm also starts scaling policy out of ecs/service/prod/api",)


@pytest.mark.parametrize(
    ("alarm", "result", "reason"),
    [
        pytest.param(Unknown("503"), Result.OBJECTED, Reason.CONTROLLER_UNREADABLE, id="unknown"),
        pytest.param(NotRead("offline"), Result.NOT_LOOKED_AT, None, id="not read"),
        pytest.param(ABSENT, Result.PASSED, None, id="absent"),
        pytest.param(a.described(), Result.PASSED, None, id="no action of its own"),
    ],
)
def test_an_alarm_that_could_not_be_read_refuses(
    alarm: Reading[Any], result: Result, reason: Reason | None
) -> None:
    for tagged in (True, False):
        check = other_controller(asked("restart-service", tagged=tagged), a.rules(), a.snapshot(alarm=alarm))
        assert (check.result, check.reason) == (result, reason)


def test_putting_something_back_asks_nobody_else() -> None:
    seen = a.snapshot(alarm=a.described(actions=(SCALING,)))
    decision = decide(a.request(RequestKind.UNDO, action="scale-service"), a.rules(), seen)
    assert decision.checks[[check.guard for check in decision.checks].index("other controller")].result is (
        Result.NOT_APPLICABLE
    )
