"""`firebreak drill init`: makes the test alarm that drills turn red, for a target that opted in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.translate import translated
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.tags import ACTION_TAG, TARGET_TAG
from firebreak.services.registry import CATALOG
from firebreak_cli.drill.drills import DRILL_TAG, DRILL_VALUE
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.operations.pause_scopes import doubt_about, read_scope
from firebreak_cli.stack import Stack

# A metric that nobody writes, so that only SetAlarmState turns the alarm; `ignore` leaves it so.
NAMESPACE, METRIC = "Firebreak/Drill", "Drilled"
DESCRIPTION = "A test alarm of `firebreak drill`: nobody needs to do anything about it."

# One minute's value turns it, and its tags ride in its events.
TURNS_AT_ONCE: Mapping[str, Any] = {
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True}},
}


@dataclass(frozen=True, slots=True)
class TestAlarm:
    """A test alarm as it was asked for."""

    __test__ = False  # pytest takes the name for a test's

    name: str
    target: str
    action: str

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the alarm."""
        return {DRILL_TAG: DRILL_VALUE, ACTION_TAG: self.action, TARGET_TAG: self.target}


def asked(name: str, target: str, action: str) -> TestAlarm:
    """A test alarm, if target and action go together. Raises Ending."""
    if not target:
        raise Ending(BAD_INPUT, "drill init: name what drills may change, with --target ecs:CLUSTER/SERVICE")
    placed = read_scope("target", target).target
    if action not in CATALOG:
        raise Ending(BAD_INPUT, f"--action {action}: expected one of {', '.join(CATALOG)}")
    if (service := CATALOG.service_of(action)) != placed.service:
        raise Ending(BAD_INPUT, f"--action {action}: is for {service}: targets, not for {target}")
    return TestAlarm(name, target, action)


def check(wanted: TestAlarm, stack: Stack, now: datetime) -> None:
    """Look whether the target opted in, and that no other alarm has the name. Raises Ending."""
    match doubt_about(read_scope("target", wanted.target), stack, now):
        case Unknown(why):
            raise Ending(NO_AWS, f"{wanted.target} could not be looked at: {why}")
        case "":
            pass
        case doubt:
            raise Ending(BAD_INPUT, f"{doubt}: nothing was changed")
    alarms = CloudWatchAlarms(stack.reader("cloudwatch"))
    match alarms.describe(wanted.name):
        case DescribedAlarm(arn=arn):
            tags = alarms.tags(arn)
            if not isinstance(tags, Mapping) or tags.get(DRILL_TAG) != DRILL_VALUE:
                text = f"alarm {wanted.name} exists and is not tagged {DRILL_TAG}={DRILL_VALUE}"
                raise Ending(BAD_INPUT, f"{text}: nothing was changed; choose another name")
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"alarm {wanted.name} could not be read: {why}")
        case Absent():
            pass


def make(wanted: TestAlarm, client: Any) -> None:
    """Make the alarm, tag it, let its tags ride, and set it OK. Raises AwsError."""
    tags = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
    with translated("PutMetricAlarm", mutates=True):
        client.put_metric_alarm(
            AlarmName=wanted.name,
            AlarmDescription=DESCRIPTION,
            Namespace=NAMESPACE,
            MetricName=METRIC,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
            Tags=tags,
            **TURNS_AT_ONCE,
        )
    # Tags go along only when PutMetricAlarm makes an alarm, not when it changes one.
    found = CloudWatchAlarms(client).describe(wanted.name)
    if isinstance(found, DescribedAlarm):
        with translated("TagResource", mutates=True):
            client.tag_resource(ResourceARN=found.arn, Tags=tags)
    with translated("SetAlarmState", mutates=True):
        client.set_alarm_state(
            AlarmName=wanted.name, StateValue=AlarmState.OK.value, StateReason="firebreak drill init"
        )


def rows(wanted: TestAlarm, stack: Stack) -> Iterator[tuple[str, str]]:
    """The rows about the alarm that was made, and the next step."""
    yield "Made", f"alarm {wanted.name}, {stack.place}; it is OK"
    yield "Target", f"{wanted.target}, which a drill changes for real"
    yield "Tags", ", ".join(f"{key}={value}" for key, value in wanted.tags.items())
    yield "Next", next_command(wanted, stack)


def as_json(wanted: TestAlarm, stack: Stack) -> Mapping[str, object]:
    """The alarm that was made, as plain values."""
    return {
        "stack": stack.name,
        "alarm": wanted.name,
        "state": AlarmState.OK.value,
        "target": wanted.target,
        "tags": dict(wanted.tags),
        "next": next_command(wanted, stack),
    }


def next_command(wanted: TestAlarm, stack: Stack) -> str:
    """The command that drills the new alarm."""
    return stack.command("drill", "observe", "--alarm", wanted.name)
