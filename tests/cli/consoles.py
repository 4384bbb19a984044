"""An operator's console for the tests of a command that looks at CloudWatch and asks on the bus."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from botocore.stub import Stubber

from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmKind, Contributor
from firebreak.core.reasons import Reason
from firebreak.remediation.decision_recorder import Summary
from firebreak_cli.environment import Environment
from tests.cli.running import StackSession, cli_environment, deployed, run
from tests.support import builders as a
from tests.support.world import World, eventbridge

MINUTE = timedelta(minutes=1)
NAME = "api-memory-high"
# The caller that moto reports.
CALLER = "arn:aws:sts::123456789012:user/moto"


def described(name: str = NAME, state: str = "ALARM", since: datetime = a.NOW) -> dict[str, Any]:
    """DescribeAlarms' answer about one metric alarm."""
    alarm = {
        "AlarmName": name,
        "AlarmArn": a.arn_of(name),
        "ActionsEnabled": True,
        "StateValue": state,
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {"MetricAlarms": [alarm], "CompositeAlarms": []}


def series_in_alarm(*ids: str) -> dict[str, Any]:
    """DescribeAlarmContributors' answer."""
    contributors = [
        {"ContributorId": one, "ContributorAttributes": {"ServiceName": one}, "StateReason": "red"}
        for one in ids
    ]
    return {"AlarmContributors": contributors}


@dataclass
class Console:
    """An operator's machine: CloudWatch gives the programmed answers, and the bus keeps its entries."""

    world: World
    cloudwatch: Callable[[Stubber], object]
    sent: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def over(cls, world: World) -> Self:
        """A console on a world whose bus is there; the usual alarm is red since it began."""
        StackSession(deployed).client("events").create_event_bus(Name="firebreak")
        return cls(world, seeing(described()))

    def session(self) -> StackSession:
        console = self

        class Session(StackSession):
            def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
                made = super().client(service_name, *args, **kwargs)
                if service_name == "cloudwatch":
                    stubber = Stubber(made)
                    console.cloudwatch(stubber)
                    stubber.activate()
                return made

        made = Session(deployed)
        made.events.register(
            "before-parameter-build.events.PutEvents",
            lambda params, **_: self.sent.extend(params["Entries"]),
            unique_id="entries",
        )
        return made

    @property
    def environment(self) -> Environment:
        return replace(cli_environment(self.world.clock.now), session=self.session)

    def retry(self, *arguments: str) -> Any:
        return run("retry", *arguments, environment=self.environment)

    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.sent]

    def carry(self) -> list[Summary]:
        """Bring what is on the bus to the actions' functions."""
        taken, self.sent = self.sent, []
        done = []
        for entry in taken:
            detail = json.loads(entry["Detail"])
            event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
            done.append(self.world.remediator(detail["action"]).handle(event))
        self.world.deliver()
        return done


def seeing(
    *answers: dict[str, Any],
    tags: Mapping[str, str] | None = None,
    series: Mapping[str, Any] | None = None,
) -> Callable[[Stubber], object]:
    def program(stubber: Stubber) -> None:
        for answer in answers:
            stubber.add_response("describe_alarms", answer)
        if tags is not None:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            stubber.add_response("list_tags_for_resource", {"Tags": pairs})
        if series is not None:
            stubber.add_response("describe_alarm_contributors", series)

    return program


def pause(world: World, length: timedelta = 60 * MINUTE) -> None:
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + length))


def refused_in_a_pause(world: World, **changes: Any) -> Alarm:
    """An alarm that turned red during a pause, and is still red some minutes after its end."""
    pause(world, 20 * MINUTE)
    alarm = world.red(**changes)
    assert world.send(alarm).reason is Reason.SWITCHED_OFF
    world.clock.pass_time(30 * MINUTE)
    return alarm


def event_of(alarm: Alarm) -> dict[str, Any]:
    event = eventbridge(alarm)
    if alarm.suppressed_by:
        event["detail"]["state"]["actionsSuppressedBy"] = alarm.suppressed_by
    if alarm.contributor:
        event["detail-type"] = "CloudWatch Alarm Contributor State Change"
        event["detail"]["alarmContributor"] = {
            "id": alarm.contributor.id,
            "attributes": dict(alarm.contributor.attributes),
        }
    return event


def contributor_alarm(series: str, since: datetime) -> Alarm:
    return a.alarm(
        "many-series",
        kind=AlarmKind.CONTRIBUTOR,
        contributor=Contributor(series, {"ClusterName": "prod", "ServiceName": series}),
        since=since,
        sent_at=since,
        metrics=(),
        previous=None,
    )
