"""The chain from an event to a human, link by link: each has a way past it that needs no code of Firebreak.

    event -> rule or schedule -> function -> Page -> topic
                 |                  |         |
                 v                  v         v
            dead letters       Page, dead   topic, dead
                 |              letters      letters
                 v
          plain alarm -> topic

Each assertion is on everything of its kind, so whatever is added cannot miss one.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from firebreak.core.watchdog import HEARTBEAT_METRIC, METRICS_NAMESPACE
from tests.contracts.template import (
    TOPIC,
    always_made,
    description,
    functions,
    resource,
    statements,
    template,
)
from tests.contracts.written_logs import written_metrics

DEAD_LETTERS = {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
RULES_OF_THE_ACCOUNT = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"
WAYS_IN = {"EventBridgeRule", "ScheduleV2"}


def of_type(kind: str) -> dict[str, Any]:
    """The properties of every resource of this type."""
    found = template()["Resources"].items()
    return {name: one["Properties"] for name, one in found if one["Type"] == kind}


def ways_in() -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that invokes something: rules and schedules, those of functions and those of their own."""
    for name, function in functions().items():
        for event, one in function["Events"].items():
            yield f"{name}.{event}", one["Properties"]
    for name, schedule in of_type("AWS::Scheduler::Schedule").items():
        yield name, schedule["Target"]
    for name, rule in of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            yield name, target


def roles_of_schedules() -> set[str]:
    """The roles by which schedules deliver."""
    named = [way["RoleArn"]["Fn::GetAtt"][0] for _, way in ways_in() if "RoleArn" in way]
    return set(named)


def alarms() -> dict[str, dict[str, Any]]:
    """Those that notify, and the heartbeat; of gradual deployments: test_gradual_deployments.py."""
    return {name: one["Properties"] for name, one in always_made("AWS::CloudWatch::Alarm").items()}


every_way_in = pytest.mark.parametrize(
    "way", [pytest.param(way, id=name) for name, way in sorted(ways_in(), key=lambda one: one[0])]
)
every_function = pytest.mark.parametrize("name", sorted(functions()))
every_alarm = pytest.mark.parametrize("name", sorted(set(alarms()) - {"HeartbeatAlarm"}))


def test_no_other_kind_of_thing_invokes_a_function() -> None:
    assert {one["Type"] for f in functions().values() for one in f["Events"].values()} == WAYS_IN
    senders = {one["Type"] for one in template()["Resources"].values()}
    assert {kind for kind in senders if "EventSourceMapping" in kind or kind == "AWS::Pipes::Pipe"} == set()
    assert len(list(ways_in())) > 30, "the search finds nothing any more"


@every_way_in
def test_an_event_that_cannot_be_delivered_becomes_a_dead_letter(way: dict[str, Any]) -> None:
    assert way["DeadLetterConfig"] == DEAD_LETTERS
    assert way["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 900


def test_rules_of_both_buses_may_leave_dead_letters() -> None:
    (statement,) = resource("DeadLettersPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", DEAD_LETTERS["Arn"])
    # A star goes over slashes: the rules of every bus (tests/contracts/test_names.py).
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": [{"Fn::Sub": RULES_OF_THE_ACCOUNT}, {"Fn::GetAtt": ["Bus", "Arn"]}]}
    }
    buses = {json.dumps(way["EventBusName"]) for _, way in ways_in() if "EventBusName" in way}
    assert buses == {json.dumps({"Ref": "Bus"})}


@pytest.mark.parametrize("role", sorted(roles_of_schedules()))
def test_schedules_may_leave_dead_letters(role: str) -> None:
    granted = [one["PolicyDocument"] for one in resource(role)["Policies"]]
    allowed = [(one["Action"], one["Resource"]) for one in statements(granted)]
    assert ("sqs:SendMessage", DEAD_LETTERS["Arn"]) in allowed
    assert any(action == ["kms:Decrypt", "kms:GenerateDataKey"] for action, _ in allowed)


@every_function
def test_a_failed_function_is_reported_by_page_and_page_by_the_topic(name: str) -> None:
    ways = {"Page": {"Type": "SNS", "Destination": TOPIC}}
    by_page = {"Type": "Lambda", "Destination": {"Ref": "Page.Alias"}}
    config = functions()[name]["EventInvokeConfig"]
    assert config["DestinationConfig"] == {"OnFailure": ways.get(name, by_page)}
    assert config["MaximumRetryAttempts"] == 2
    assert functions()[name]["DeadLetterQueue"] == {"Type": "SQS", "TargetArn": DEAD_LETTERS["Arn"]}


def test_one_dead_letter_is_an_alarm_and_so_is_nobody_who_counts_them() -> None:
    alarm = alarms()["DeadLettersAlarm"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "breaching")
    assert "Condition" not in template()["Resources"]["DeadLettersAlarm"]


def test_the_function_that_sweeps_counts_the_dead_letters_of_this_stack_and_may_do_no_more_with_them() -> (
    None
):
    verify = functions()["Verify"]
    assert verify["Environment"]["Variables"]["DEAD_LETTERS_URL"] == {"Ref": "DeadLetters"}
    asked = [one for one in statements(verify["Policies"]) if "sqs:" in json.dumps(one["Action"])]
    (granted,) = [(one["Action"], one["Resource"]) for one in asked]
    assert granted == ("sqs:GetQueueAttributes", DEAD_LETTERS["Arn"])


def test_alarms_may_publish_to_the_topic() -> None:
    (statement,) = resource("PageTopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": "PageTopic"})


@every_alarm
def test_an_alarm_goes_straight_to_the_topic_says_what_to_do_and_asks_nothing_of_firebreak(name: str) -> None:
    alarm = alarms()[name]
    assert alarm["AlarmActions"] == [TOPIC]
    assert alarm.get("OKActions", alarm["AlarmActions"]) == alarm["AlarmActions"]
    assert alarm["Tags"] == [{"Key": "firebreak:action", "Value": "none"}]
    assert alarm.get("ActionsEnabled", True) is True
    assert len(description(alarm)) > 100, "a human at 3 a.m. reads this and nothing else"


WATCHES = {
    "DeadLettersAlarm": ("DeadLetters", "breaching"),
    "HeartbeatMissing": ("HeartbeatAgeSeconds", "breaching"),
    "SweepsMissing": ("Sweeps", "breaching"),
    "PageSweepsMissing": ("PageSweeps", "breaching"),
    "UnverifiedAct": ("OldestUnverifiedActSeconds", "ignore"),
    "StuckLeases": ("StuckLeases", "ignore"),
    "UntoldAnnouncement": ("OldestAnnouncementSeconds", "ignore"),
    "DoctorFindings": ("DoctorFindings", "ignore"),
    "DoctorMissing": ("DoctorFindings", "breaching"),
    "EventsWithoutDecision": ("EventsWithoutDecision", "breaching"),
}
OWN_DIMENSION = [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def test_the_watchdog_is_these_alarms() -> None:
    assert set(alarms()) == {*WATCHES, "HeartbeatAlarm"}


@pytest.mark.parametrize(("name", "watched"), WATCHES.items())
def test_a_watchdog_alarm_watches_the_metric_that_the_functions_emit(
    name: str, watched: tuple[str, str]
) -> None:
    alarm = alarms()[name]
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == watched
    assert (alarm["Namespace"], alarm["Dimensions"]) == ("Firebreak", OWN_DIMENSION)


def test_the_metrics_carry_the_name_of_the_stack_and_nothing_else() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Firebreak"


MISSING_IS_RED = [name for name, (_, missing) in WATCHES.items() if missing == "breaching"]
ON_COUNTS = {"SweepsMissing": "Sum", "PageSweepsMissing": "Sum", "DoctorMissing": "SampleCount"}


@pytest.mark.parametrize("name", MISSING_IS_RED)
def test_an_alarm_that_is_red_without_data_waits_for_its_first_data(name: str) -> None:
    assert alarms()[name]["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"]


@pytest.mark.parametrize("name", MISSING_IS_RED)
def test_an_alarm_asks_for_a_value_that_is_too_high_unless_nothing_is_left_that_could_write_one(
    name: str,
) -> None:
    """CloudWatch finds old counts for longer than the periods say, but for those of the wall clock."""
    alarm = alarms()[name]
    if name in ON_COUNTS:
        asked = (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Statistic"])
        assert asked == ("LessThanThreshold", 1, ON_COUNTS[name])
        assert alarm["EvaluationWindow"] == {"WallClockWindow": {"Timezone": "UTC"}}
        assert alarm["Period"] in WALL_CLOCK_PERIODS
    else:
        assert (alarm["ComparisonOperator"], alarm["Statistic"]) == ("GreaterThanThreshold", "Maximum")


# The page of the User Guide on evaluation windows; PutMetricAlarm refuses others.
WALL_CLOCK_PERIODS = (60, 300, 3600, 86_400, 604_800)


def test_no_alarm_computes_with_metrics() -> None:
    """RUNNING_SUM and FILL depend on how many periods CloudWatch looks at, which it does not say."""
    assert [name for name, alarm in alarms().items() if "Metrics" in alarm] == []


def test_the_age_of_a_heartbeat_may_be_three_of_them_and_the_last_may_be_under_way() -> None:
    alarm = alarms()["HeartbeatMissing"]
    assert alarm["Threshold"] == {"Fn::FindInMap": ["Heartbeat", {"Ref": "HeartbeatMinutes"}, "Limit"]}
    lengths = template()["Mappings"]["Heartbeat"]
    allowed = template()["Parameters"]["HeartbeatMinutes"]["AllowedValues"]
    assert sorted(lengths) == sorted(allowed)
    for minutes in {int(one) for one in allowed} - {0}:
        assert lengths[str(minutes)] == {"Limit": (3 * minutes + 2) * 60, "WarmUp": 3 * minutes + 12}


def test_the_heartbeat_is_turned_red_without_code_of_firebreak_by_a_role_that_can_do_nothing_else() -> None:
    target = of_type("AWS::Scheduler::Schedule")["HeartbeatSchedule"]["Target"]
    assert target["Arn"] == {"Fn::Sub": "arn:${AWS::Partition}:scheduler:::aws-sdk:cloudwatch:setAlarmState"}
    asked = json.loads(target["Input"]["Fn::Sub"])
    assert asked == {"AlarmName": "${HeartbeatAlarm}", "StateValue": "ALARM", "StateReason": "heartbeat"}
    granted = statements([one["PolicyDocument"] for one in resource("HeartbeatRole")["Policies"]])
    allowed = {json.dumps(one["Action"]): one["Resource"] for one in granted}
    assert allowed.pop('"cloudwatch:SetAlarmState"') == {"Fn::GetAtt": ["HeartbeatAlarm", "Arn"]}
    assert set(allowed) == {'"sqs:SendMessage"', '["kms:Decrypt", "kms:GenerateDataKey"]'}
    trusted = resource("HeartbeatRole")["AssumeRolePolicyDocument"]
    assert trusted == resource("SchedulerRole")["AssumeRolePolicyDocument"]


def test_the_heartbeat_takes_the_way_of_an_alarm_and_goes_ok_by_itself() -> None:
    alarm = alarms()["HeartbeatAlarm"]
    assert alarm["AlarmName"] == {
        "Fn::Sub": "${AWS::StackName}-heartbeat"
    }  # core/watchdog.py knows the own one by that, and those of others by their metric
    assert (alarm["Namespace"], alarm["MetricName"]) == (METRICS_NAMESPACE, HEARTBEAT_METRIC)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    assert HEARTBEAT_METRIC not in written_metrics()
    tags = {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}
    assert tags == {
        "firebreak:action": "restart-service",
        "firebreak:target": {"Fn::Sub": "ecs:${AWS::StackName}/heartbeat"},
    }
    assert alarm["ActionConfiguration"] == {"AlarmTagsPropagation": {"Enabled": True}}
    assert (alarm["TreatMissingData"], alarm["Period"]) == ("notBreaching", 60)
    assert "AlarmActions" not in alarm


def test_there_is_a_heartbeat_wherever_restart_service_may_hear_it() -> None:
    resources = template()["Resources"].items()
    under = {name for name, one in resources if one.get("Condition") == "HasHeartbeat"}
    assert under == {"HeartbeatAlarm", "HeartbeatSchedule", "HeartbeatRole", "HeartbeatMissing"}
    assert template()["Parameters"]["HeartbeatMinutes"]["Default"] == "15"
    assert template()["Conditions"]["HasHeartbeat"] == {
        "Fn::And": [
            {"Fn::Not": [{"Fn::Equals": [{"Ref": "HeartbeatMinutes"}, "0"]}]},
            {"Fn::Equals": [{"Ref": "RestartServiceByTag"}, "ENABLED"]},
            {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}]},
        ]
    }
