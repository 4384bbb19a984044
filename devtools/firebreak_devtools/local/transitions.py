"""Carries alarm state changes to the deployed rules, as CloudWatch and EventBridge do on AWS.

The emulator keeps the alarms and their history but sends nothing to EventBridge. Here the history
is read, the event is built in AWS's shape, and the emulator's own `TestEventPattern` says which of
the deployed rules match. Their functions are invoked asynchronously, as EventBridge invokes them.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from boto3.session import Session

from firebreak_cli.queries.state_change import Event, Transition, state_change_event


@dataclass(frozen=True, slots=True)
class Carried:
    """A transition, the event made of it, and the rules that took it."""

    transition: Transition
    event: Event
    rules: tuple[str, ...]


def deliver(session: Session, event: Event) -> list[str]:
    """Invokes what the enabled rules of the default bus route the event to; returns those rules' names."""
    events, functions = session.client("events"), session.client("lambda")
    rules = list(matching(session, event))
    for rule in rules:
        for target in events.list_targets_by_rule(Rule=rule)["Targets"]:
            functions.invoke(
                FunctionName=target["Arn"], InvocationType="Event", Payload=json.dumps(event).encode()
            )
    return rules


def matching(session: Session, event: Event) -> Iterable[str]:
    """The names of the enabled rules of the default bus that match the event; nothing is invoked."""
    events, text = session.client("events"), json.dumps(event)
    for page in events.get_paginator("list_rules").paginate(EventBusName="default"):
        for rule in page["Rules"]:
            pattern = rule.get("EventPattern") if rule.get("State") == "ENABLED" else None
            if pattern and events.test_event_pattern(EventPattern=pattern, Event=text)["Result"]:
                yield rule["Name"]


@dataclass(slots=True)
class Carrier:
    """Follows all alarms and delivers each transition once, leaving out those before `since`."""

    session: Session
    since: datetime
    _seen: Counter[Transition] = field(default_factory=Counter)

    def poll(self) -> list[Carried]:
        """Deliver what happened since the last poll, oldest first."""
        happened = list(self._history())
        counted: Counter[Transition] = Counter()
        carried = []
        for transition in happened:
            counted[transition] += 1
            if counted[transition] > self._seen[transition]:
                carried.append(self._carry(transition))
        self._seen = counted
        return [one for one in carried if one is not None]

    def run(self, stop: threading.Event, every: timedelta) -> None:
        """Polls until `stop` is set."""
        while not stop.wait(every.total_seconds()):
            self.poll()

    def _history(self) -> Iterable[Transition]:
        # The emulator's history is exact to the second only.
        start = self.since.replace(microsecond=0)
        pages = self.session.client("cloudwatch").get_paginator("describe_alarm_history")
        for page in pages.paginate(
            HistoryItemType="StateUpdate",
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            StartDate=start,
            ScanBy="TimestampAscending",
        ):
            for item in page["AlarmHistoryItems"]:
                transition = _transition(item)
                # The emulator writes down an alarm's creation as a change from nothing to nothing.
                if transition.before != transition.after:
                    yield transition

    def _carry(self, transition: Transition) -> Carried | None:
        client = self.session.client("cloudwatch")
        found = client.describe_alarms(
            AlarmNames=[transition.alarm], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms: list[Any] = [*found["MetricAlarms"], *found["CompositeAlarms"]]
        if not alarms:
            return None
        tags = client.list_tags_for_resource(ResourceARN=alarms[0]["AlarmArn"])["Tags"]
        event = state_change_event(transition, alarms[0], {tag["Key"]: tag["Value"] for tag in tags})
        return Carried(transition, event, tuple(deliver(self.session, event)))


def _transition(item: Mapping[str, Any]) -> Transition:
    data = json.loads(item["HistoryData"])
    return Transition(
        alarm=item["AlarmName"],
        at=item["Timestamp"],
        before=data["oldState"]["stateValue"],
        after=data["newState"]["stateValue"],
        reason=data["newState"].get("stateReason", ""),
        reason_data=data["newState"].get("stateReasonData"),
    )
