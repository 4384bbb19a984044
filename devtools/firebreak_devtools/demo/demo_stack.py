"""The environment of a scene: local AWS, its workload, the pages that arrive, and the timeline."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from boto3.session import Session

from firebreak.aws.clients import reader
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.switches import Switches
from firebreak_devtools.local.calls import calls
from firebreak_devtools.local.stack import DeployedStack
from firebreak_devtools.local.transitions import Carried
from firebreak_devtools.local.workload import Workload

TIMEOUT = timedelta(seconds=60)
BETWEEN_LOOKS = 0.25
# After so many seconds without a word a person wonders whether anything happens.
SILENCE = 1.0


class Carries(Protocol):
    """Brings alarm transitions to the rules."""

    def poll(self) -> list[Carried]:
        """Bring what happened since the last time."""


class SceneFailed(Exception):
    """A scene did not end as it should; the message says what was waited for and what was there."""


@dataclass(frozen=True, slots=True)
class Page:
    """One message a human got."""

    subject: str
    body: str

    @property
    def incident_id(self) -> str:
        """The id in the page's own `firebreak show` command."""
        commands = [line for line in self.body.splitlines() if line.startswith("Show:")]
        return commands[0].split()[3] if commands else ""


@dataclass
class Inbox:
    """A human's inbox: a queue subscribed to the stack's topic."""

    session: Session
    topic: str
    pages: list[Page] = field(default_factory=list)
    _queue: str = ""

    def open(self, name: str = "oncall-inbox") -> None:
        """Subscribe, as an operator's mail address would be."""
        sqs, sns = self.session.client("sqs"), self.session.client("sns")
        self._queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def fetch(self) -> list[Page]:
        """The pages that arrived since the last look."""
        sqs = self.session.client("sqs")
        fresh: list[Page] = []
        while messages := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                fresh.append(Page(body.get("Subject", ""), body["Message"]))
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        self.pages += fresh
        return fresh


@dataclass
class DemoStack:
    """Everything a scene needs; `say` writes one line of the timeline."""

    session: Session
    stack: DeployedStack
    workload: Workload
    carrier: Carries
    inbox: Inbox
    say: Callable[[str, str], None]

    def __post_init__(self) -> None:
        dynamodb = reader(self.session, "dynamodb")
        self.ledger = DynamoLedger(dynamodb, self.stack.ledger_table)
        self.switches = Switches(dynamodb, self.stack.ledger_table)
        self._dynamodb = dynamodb
        self._read: dict[str, int] = {}

    def wait[T](self, what: str, look: Callable[[], T | None], timeout: timedelta = TIMEOUT) -> T:
        """Look until there is something to see, carrying alarm transitions meanwhile."""
        started, reported = time.monotonic(), False
        while True:
            self.carry()
            found = look()
            if found:
                return found
            waited = time.monotonic() - started
            if waited > SILENCE and not reported:
                reported = True
                self.say("wait", f"for {what}")
            if waited > timeout.total_seconds():
                raise SceneFailed(
                    f"waited {timeout.total_seconds():.0f} s for {what}; pages: {self._subjects()}"
                )
            time.sleep(BETWEEN_LOOKS)

    def carry(self) -> list[Carried]:
        """Carries the alarms' transitions to the rules, and reports what followed."""
        carried = self.carrier.poll()
        for one in carried:
            change = one.transition
            rules = ", ".join(short_rule(rule) for rule in one.rules) or "no rule"
            self.say("alarm", f"{change.alarm}: {change.before} -> {change.after}   (matched {rules})")
        for page in self.inbox.fetch():
            self.say("page", page.subject.removeprefix("[Firebreak] "))
        for line in self.history():
            self.say("ledger", line)
        return carried

    def expect_page(self, mark: str, about: str) -> Page:
        """Wait for a page with this mark about this target or alarm."""

        def look() -> Page | None:
            return next(
                (p for p in self.inbox.pages if f"] {mark}:" in p.subject and about in p.subject), None
            )

        return self.wait(f"a page {mark} about {about}", look)

    def expect_state(self, incident_id: str, state: IncidentState) -> Incident:
        """Wait until the incident is in this state."""

        def look() -> Incident | None:
            found = self.ledger.incident(incident_id)
            return found if isinstance(found, Incident) and found.state is state else None

        return self.wait(f"incident {incident_id} to be {state}", look)

    def expect_decision(self, alarm: str, reason: str) -> dict[str, Any]:
        """Wait until the ledger holds a decision about the alarm with this reason."""

        def look() -> dict[str, Any] | None:
            return next((d for d in self.decisions(alarm) if d["reason"] == reason), None)

        return self.wait(f"a decision {reason} about {alarm}", look)

    def decisions(self, alarm: str) -> list[dict[str, Any]]:
        """Every recorded decision about an alarm."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self.stack.ledger_table,
            FilterExpression="begins_with(pk, :decision)",
            ExpressionAttributeValues={":decision": {"S": "DECISION#"}},
            ConsistentRead=True,
        )
        items = [
            {name: next(iter(value.values())) for name, value in item.items()}
            for p in pages
            for item in p["Items"]
        ]
        return [item for item in items if (json.loads(item["alarm"]) or {}).get("name") == alarm]

    def service(self, name: str) -> dict[str, Any]:
        """A service of the workload as AWS shows it."""
        found = self.session.client("ecs").describe_services(cluster=self.workload.cluster, services=[name])
        return dict(found["services"][0])

    def updates_of(self, name: str) -> list[dict[str, Any]]:
        """The newest UpdateService calls that reached AWS for a service, by the emulator's record."""
        return [
            c.parameters for c in calls(self.session, "UpdateService") if c.parameters.get("service") == name
        ]

    def history(self) -> list[str]:
        """The ledger's lines about the incidents that were paged so far, only those not seen before."""
        fresh: list[str] = []
        for incident_id in {page.incident_id for page in self.inbox.pages} - {""}:
            for line in self.ledger.history(incident_id)[self._read.get(incident_id, 0) :]:
                self._read[incident_id] = line.sequence + 1
                fresh.append(f"{incident_id} {line.what}")
        return fresh

    def check(self, claim: str, holds: bool) -> None:  # noqa: FBT001  # reads as a sentence at the call
        """A scene's claim about the end state."""
        if not holds:
            raise SceneFailed(f"not true: {claim}")
        self.say("check", claim)

    def _subjects(self) -> str:
        return "; ".join(page.subject for page in self.inbox.pages[-5:]) or "none"


def short_rule(name: str) -> str:
    """A deployed rule's name without stack and random suffix."""
    parts = name.removeprefix("firebreak-").split("-")
    return parts[0] if parts else name
