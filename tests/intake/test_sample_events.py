from typing import NamedTuple

import pytest

from firebreak.core.model import Alarm, AlarmKind, AlarmState, OwnEvent, RequestKind, Target
from firebreak.core.readings import NotRead
from firebreak.core.reasons import Reason
from firebreak.core.routing import primary, route
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse, placed
from firebreak.intake.lookups import Lookups
from firebreak.intake.names import Home
from firebreak.intake.target_resolution import resolve
from firebreak.services.registry import CATALOG
from tests.support import builders as a
from tests.support.fakes import FakeAlarms
from tests.support.sample_events import load, unusable, usable

ACCOUNT = "111122223333"
REGION = "eu-west-1"


class Expected(NamedTuple):
    kind: AlarmKind
    state: AlarmState
    target: str | Reason
    functions: tuple[str, ...]


K, RED, OK = AlarmKind, AlarmState.ALARM, AlarmState.OK
RESTART, SCALE, PAGE, VERIFY = ("restart-service",), ("scale-service",), ("page",), ("verify",)
ROLL_BACK = ("roll-back-service",)
# No action tag came with the event, so its live tags are looked up.
ROUTE = ("route",)
ADJUST_TASKS = ("adjust-task-memory",)
REPLACE = ("replace-task",)
MEMORY = ("adjust-function-memory",)
API = "ecs:prod/api"
SHOP = "beanstalk:shop-prod"

ALARMS = {
    "alarm_data_in_envelope": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "beanstalk_5xx_tagged": Expected(K.METRIC, RED, SHOP, ("roll-back-environment",)),
    "beanstalk_health_alarm": Expected(K.METRIC, RED, SHOP, ("restart-environment", *ROUTE)),
    "beanstalk_health_ok": Expected(K.METRIC, OK, SHOP, VERIFY),
    "composite_children_tagged": Expected(K.COMPOSITE, RED, API, RESTART),
    "composite_no_data": Expected(K.COMPOSITE, RED, API, RESTART),
    "composite_released": Expected(K.COMPOSITE, RED, API, RESTART),
    "composite_suppressed": Expected(K.COMPOSITE, RED, API, RESTART),
    "composite_tagged": Expected(K.COMPOSITE, RED, API, RESTART),
    "composite_untagged": Expected(K.COMPOSITE, RED, API, ROUTE),
    "contributor_alarm": Expected(K.CONTRIBUTOR, RED, API, RESTART),
    "contributor_no_data": Expected(K.CONTRIBUTOR, RED, API, RESTART),
    "contributor_ok": Expected(K.CONTRIBUTOR, OK, API, VERIFY),
    "contributor_untagged": Expected(K.CONTRIBUTOR, RED, API, ROUTE),
    "contributor_without_cluster": Expected(K.CONTRIBUTOR, RED, Reason.TARGET_NONE, RESTART),
    "direct_alarm_action": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "direct_by_hand": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "ecs_5xx_alarm_roll_back": Expected(K.METRIC, RED, API, ROLL_BACK),
    "ecs_and_lambda_math": Expected(K.MATH, RED, API, SCALE),
    "ecs_container_insights_alarm": Expected(K.METRIC, RED, "ecs:prod/worker", RESTART),
    "ecs_cpu_alarm": Expected(K.METRIC, RED, API, SCALE + ROUTE),
    "ecs_cpu_low_alarm": Expected(K.METRIC, RED, API, SCALE + ROUTE),
    "ecs_memory_alarm": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "ecs_memory_alarm_adjust": Expected(K.METRIC, RED, API, ADJUST_TASKS),
    "ecs_memory_alarm_bad_target": Expected(K.METRIC, RED, Reason.TARGET_MALFORMED, RESTART),
    "ecs_memory_alarm_tagged": Expected(K.METRIC, RED, API, RESTART),
    "ecs_memory_alarm_targeted": Expected(K.METRIC, RED, "ecs:prod/checkout", RESTART),
    "ecs_memory_anomaly": Expected(K.ANOMALY, RED, API, RESTART + ROUTE),
    "ecs_memory_cluster_only": Expected(K.METRIC, RED, Reason.TARGET_NONE, RESTART + ROUTE),
    "ecs_memory_empty_dimensions": Expected(K.METRIC, RED, Reason.TARGET_NONE, RESTART + ROUTE),
    "ecs_memory_empty_service": Expected(K.METRIC, RED, Reason.TARGET_MALFORMED, RESTART + ROUTE),
    "ecs_memory_insufficient_data": Expected(K.METRIC, AlarmState.INSUFFICIENT_DATA, API, ROUTE),
    "ecs_memory_insufficient_data_symptom": Expected(K.METRIC, AlarmState.INSUFFICIENT_DATA, API, RESTART),
    "ecs_memory_math": Expected(K.MATH, RED, API, RESTART + ROUTE),
    "ecs_memory_math_no_data": Expected(K.MATH, RED, API, RESTART + ROUTE),
    "ecs_memory_no_data": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "ecs_memory_no_data_symptom": Expected(K.METRIC, RED, API, RESTART),
    "ecs_memory_ok": Expected(K.METRIC, OK, API, VERIFY),
    "ecs_memory_ok_to_ok": Expected(K.METRIC, OK, API, ()),
    "ecs_memory_other_account": Expected(K.METRIC, RED, Reason.OTHER_ACCOUNT, RESTART + ROUTE),
    "ecs_memory_step_scaling": Expected(K.METRIC, RED, API, RESTART + ROUTE),
    "ecs_memory_two_services": Expected(K.MATH, RED, Reason.TARGET_AMBIGUOUS, RESTART + ROUTE),
    "ecs_target_tracking_alarm": Expected(K.METRIC, RED, API, ()),
    "ecs_two_symptoms_math": Expected(K.MATH, RED, API, RESTART + SCALE + ROUTE),
    "ecs_unhealthy_container_replace": Expected(K.METRIC, RED, API, REPLACE),
    "emf_default_dimensions": Expected(K.METRIC, RED, Reason.TARGET_NONE, ("restart-function",)),
    "insights_single_series": Expected(K.INSIGHTS, RED, Reason.TARGET_NONE, ROUTE),
    "lambda_duration_alarm": Expected(K.METRIC, RED, "lambda:orders", MEMORY + ROUTE),
    "lambda_duration_no_data": Expected(K.METRIC, RED, "lambda:orders", MEMORY + ROUTE),
    "lambda_duration_ok": Expected(K.METRIC, OK, "lambda:orders", VERIFY),
    "lambda_errors_alarm": Expected(K.METRIC, RED, "lambda:orders", ("roll-back-function", *ROUTE)),
    "lambda_errors_ok": Expected(K.METRIC, OK, "lambda:orders", VERIFY),
    "lambda_tagged_memory_alarm": Expected(K.METRIC, RED, "lambda:reports", MEMORY),
    "lambda_tagged_restart_alarm": Expected(K.METRIC, RED, "lambda:reports", ("restart-function",)),
    "lambda_throttles_alarm": Expected(K.METRIC, RED, "lambda:orders", ROUTE),
    "log_alarm": Expected(K.LOG, RED, Reason.TARGET_NONE, ROUTE),
    "multi_series_parent": Expected(K.MULTI_SERIES, RED, Reason.TARGET_NONE, RESTART),
    "muted_alarm": Expected(K.METRIC, RED, API, RESTART),
    "promql_contributor": Expected(K.CONTRIBUTOR, RED, API, RESTART),
    "promql_parent": Expected(K.PROMQL, RED, Reason.TARGET_NONE, RESTART),
    "ses_account_tagged": Expected(K.METRIC, RED, "ses:account", ("pause-sending",)),
    "ses_bounce_rate_tagged": Expected(K.METRIC, RED, "ses:newsletter", ("pause-sending",)),
    "ses_set_named_account": Expected(K.METRIC, RED, Reason.TARGET_MALFORMED, ("pause-sending",)),
    "runbook_tagged": Expected(K.METRIC, RED, "runbook:drain-orders", ("run-runbook",)),
    "tag_none": Expected(K.METRIC, RED, API, ()),
    "tag_page": Expected(K.METRIC, RED, API, PAGE),
    "tag_unknown": Expected(K.METRIC, RED, API, PAGE),
    "target_group_5xx_tagged": Expected(K.METRIC, RED, Reason.TARGET_UNREADABLE, RESTART),
    "target_group_unhealthy_replace": Expected(K.METRIC, RED, Reason.TARGET_UNREADABLE, REPLACE),
    "two_target_groups_math": Expected(K.MATH, RED, Reason.TARGET_UNREADABLE, ROLL_BACK),
    "tags_lost": Expected(K.METRIC, RED, API, PAGE),
}

OWN = {
    "own_approval": (RequestKind.APPROVAL, "restart-service", 0, "alex@example.com"),
    "own_climb": (RequestKind.CLIMB, "scale-service", 1, ""),
    "own_manual": (
        RequestKind.MANUAL,
        "restart-service",
        0,
        "arn:aws:sts::111122223333:assumed-role/OnCall/alex@example.com",
    ),
    "own_undo": (RequestKind.UNDO, "scale-service", 1, ""),
    "own_wake": (RequestKind.WAKE, "restart-service", 0, ""),
}

UNUSABLE = {
    "unusable/configuration_change": 'a "CloudWatch Alarm Configuration Change" event',
    "unusable/list": "a list of 1",
    "unusable/no_state": "an alarm without a new state",
    "unusable/own_newer_version": "request with schema version 2",
    "unusable/scheduled_event": 'detail-type "Scheduled Event" from source "aws.events"',
    "unusable/sns_alarm_message": "an alarm message as SNS delivers it",
    "unusable/sns_envelope": "an SNS envelope",
    "unusable/sqs_envelope": "an SQS envelope",
    "unusable/unknown_state": 'the alarm state "BROKEN"',
}


def alarms_of(alarm: Alarm) -> FakeAlarms:
    """The alarm with its rule, and the memory alarm, the only one of its children that is red."""
    silent = any(name.endswith("-or-silent") for name in alarm.children)
    child = sample("ecs_memory_no_data" if silent else "ecs_memory_alarm")
    red = a.described(child.name, arn=child.arn, metrics=child.metrics)
    return FakeAlarms({alarm.name: a.described(alarm.name, children=alarm.children), child.name: red})


def sample(name: str) -> Alarm:
    alarm = parse(load(name))
    if not isinstance(alarm, Alarm):
        pytest.fail(f"{name} holds no alarm")
    return alarm


def test_every_usable_event_has_an_expectation() -> None:
    assert usable() == sorted([*ALARMS, *OWN])


def test_every_unusable_event_has_an_expectation() -> None:
    assert unusable() == sorted([*UNUSABLE, "unusable/not_json"])


@pytest.mark.parametrize("name", ALARMS)
def test_sample_is_parsed_to_its_kind_and_state(name: str) -> None:
    alarm = sample(name)

    assert (ALARMS[name].kind, ALARMS[name].state) == (alarm.kind, alarm.state)


@pytest.mark.parametrize("name", ALARMS)
def test_sample_resolves_to_its_target(name: str) -> None:
    alarm = sample(name)
    action = primary(route(alarm, CATALOG)) or ""

    found = resolve(alarm, NotRead("offline"), Lookups(Home(ACCOUNT, REGION), alarms_of(alarm)), action).found

    assert ALARMS[name].target == (found.display if isinstance(found, Target) else found.reason)


@pytest.mark.parametrize("name", ALARMS)
def test_sample_is_routed_to_its_functions(name: str) -> None:
    routes = route(sample(name), CATALOG)

    assert ALARMS[name].functions == tuple(found.function for found in routes)
    assert primary(routes) in {None, *ALARMS[name].functions}


@pytest.mark.parametrize("name", ALARMS)
def test_sample_belongs_to_the_invented_account(name: str) -> None:
    alarm = sample(name)

    assert (alarm.account, alarm.region) == (ACCOUNT, REGION)
    # The call of an alarm action by hand has no ARN; it is made of the place where the function runs.
    whole = placed(alarm, ACCOUNT, REGION, "aws")
    assert f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm.name}" == whole.arn


@pytest.mark.parametrize("name", OWN)
def test_own_sample_is_parsed_as_a_request(name: str) -> None:
    request = parse(load(name))

    assert isinstance(request, OwnEvent)
    assert OWN[name] == (request.kind, request.action, request.rung, request.by)
    if request.kind is RequestKind.MANUAL:
        assert (request.target, request.alarm.manual) == ("ecs:prod/api", True)
    else:
        assert sample("ecs_memory_alarm") == request.alarm


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_sample_says_what_was_found(name: str) -> None:
    with pytest.raises(UnusableEvent) as refusal:
        parse(load(name))

    assert UNUSABLE[name] == refusal.value.found
    assert refusal.value.expected
