"""The bench of the scenario tests: alarms that turn one by one, and everything that came of it.

Other tests use the same local AWS at the same time, so a bench turns its own alarms by hand
(SetAlarmState) and carries just those to the deployed rules.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self

from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak_cli.operations.approvals import ApprovalDesk
from firebreak_cli.queries.state_change import Transition, state_change_event
from firebreak_cli.stack import Stack as OperatorsStack
from firebreak_devtools.demo.demo_stack import DemoStack, Inbox
from firebreak_devtools.local.paths import ACCOUNT, REGION
from firebreak_devtools.local.stack import STACK
from firebreak_devtools.local.transitions import Carried, deliver
from firebreak_devtools.local.up import LocalAws
from firebreak_devtools.local.workload import PlayedService, Workload

RESTART = {"firebreak:action": "restart-service"}


class NothingToCarry:
    """The bench delivers by itself."""

    def poll(self) -> list[Carried]:
        return []


@dataclass
class Bench(DemoStack):
    """A test bench whose alarms are turned one by one."""

    said: list[tuple[str, str]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    @classmethod
    def on(cls, local: LocalAws, inbox_name: str) -> Self:
        session = local.running.session()
        inbox = Inbox(session, local.stack.page_topic)
        inbox.open(inbox_name)
        said: list[tuple[str, str]] = []
        return cls(
            session=session,
            stack=local.stack,
            workload=Workload(session, cluster=f"run{time.time_ns() // 1_000_000 % 1_000_000_000}"),
            carrier=NothingToCarry(),
            inbox=inbox,
            say=lambda kind, text: said.append((kind, text)),
            said=said,
        )

    def about(self, name: str) -> str:
        """The name on pages of a service of this bench."""
        return f"ecs:{self.workload.cluster}/{name}"

    def alarm(self, name: str, metric: str = "memory") -> str:
        """The name of a service's alarm; like the cluster, new in each run on the same local AWS."""
        return f"{self.workload.cluster}-{name}-{metric}"

    def service_with_alarm(
        self,
        name: str,
        *,
        tags: Mapping[str, str] | None = None,
        opted_in: bool = True,
        propagate: bool = True,
    ) -> PlayedService:
        """A running service and its memory alarm."""
        service = self.workload.service(name, opted_in=opted_in)
        self.workload.alarm(
            self.alarm(name), service, tags=RESTART if tags is None else tags, propagate=propagate
        )
        return service

    def operator(self) -> OperatorsStack:
        """The stack as the `firebreak` command sees it."""
        return OperatorsStack(
            name=STACK,
            account=ACCOUNT,
            region=REGION,
            partition="aws",
            ledger_table=self.stack.ledger_table,
            policy_file="policies/demo.toml",
            bus_name=STACK,
            session=self.session,
        )

    def approve(self, incident_id: str, by: str = "arn:aws:iam::111122223333:user/ana") -> None:
        """Approve the plan, as `firebreak approve` does."""
        desk, now = ApprovalDesk(self.operator()), datetime.now(UTC)
        desk.approve(desk.open_question(self.question(incident_id), "approve", now), by, now)

    def question(self, incident_id: str) -> str:
        """The id that the page prints behind `firebreak approve` and `firebreak deny`."""
        found = DynamoLedger(self.session.client("dynamodb"), self.stack.ledger_table).incident(incident_id)
        assert isinstance(found, Incident)
        return question_id(found)

    def turn(self, alarm: str, state: str) -> dict[str, Any]:
        """Turn the alarm and carry the transition to the rules; returns the event."""
        event = self.event_of(alarm, state)
        deliver(self.session, event)
        return event

    def event_of(self, alarm: str, state: str) -> dict[str, Any]:
        """Turn the alarm; the event CloudWatch would send is returned, not delivered."""
        cloudwatch = self.session.client("cloudwatch")
        before = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="turned by a scenario")  # type: ignore[arg-type]  # a state's name
        described = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
        found = cloudwatch.list_tags_for_resource(ResourceARN=described["AlarmArn"])["Tags"]
        change = Transition(alarm, datetime.now(UTC), before, state, "turned by a scenario")
        return state_change_event(change, described, {tag["Key"]: tag["Value"] for tag in found})

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """Invoke a deployed function and wait for its answer."""
        reply = self.session.client("lambda").invoke(
            FunctionName=self.stack.functions[function], Payload=json.dumps(event).encode()
        )
        answer: dict[str, Any] = json.loads(reply["Payload"].read())
        return answer
