"""Runbook things for tests: values, the API's raw shapes, and a fake SSM."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from firebreak.core.action_spec import Runbook, RunbookSettings
from firebreak.core.model import AlarmState, Obstacle, Plan, Target
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.core.rules import Rules
from firebreak.services.ssm.actions.run_runbook import RunRunbook
from firebreak.services.ssm.runbooks import DocumentLive, Run, RunbookObservation
from tests.support import builders as a

TARGET = Target(a.ACCOUNT, a.REGION, "runbook", "", "drain-orders")
ALARM = a.alarm(
    "orders-stuck",
    metrics=(),
    tags={"firebreak:action": "run-runbook", "firebreak:target": "runbook:drain-orders"},
)
REQUEST = a.request(target=TARGET, action="run-runbook", alarm=ALARM)
RUN_ID = "11111111-2222-4333-8444-555555555555"
OTHER_RUN_ID = "99999999-2222-4333-8444-555555555555"
GUARD = "orders-lost"
ROLE = "arn:aws:iam::111122223333:role/Firebreak-DrainQueue"


def runbook(**changes: Any) -> Runbook:
    """A runbook of the policy, with a guard."""
    one = Runbook(
        document="Firebreak-DrainQueue",
        version="3",
        parameters={"QueueUrl": ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders",)},
        guard=GUARD,
        patience=timedelta(minutes=20),
    )
    return replace(one, **changes)


def document(**changes: Any) -> DocumentLive:
    """The document as it is: needs a queue, takes a batch size."""
    one = DocumentLive(
        name="Firebreak-DrainQueue",
        version="3",
        status="Active",
        status_detail="",
        kind="Automation",
        parameters={"QueueUrl": None, "BatchSize": "10"},
        role=ROLE,
    )
    return replace(one, **changes)


def run(status: str = "Success", **changes: Any) -> Run:
    """A run that somebody else started."""
    return replace(Run(id=RUN_ID, version="3", status=status, token=ABSENT), **changes)


def seen(**changes: Any) -> RunbookObservation:
    """All as it should be, with no run yet."""
    one = RunbookObservation(
        runbook=runbook(),
        document=document(),
        tags={"firebreak:enabled": "true"},
        runs=(),
        guard=a.described(GUARD, AlarmState.OK),
    )
    return replace(one, **changes)


def rules(book: Runbook | None = None) -> Rules:
    """The policy for one request, with that runbook."""
    usual = a.auto_policy().rules("run-runbook", TARGET)
    return replace(usual, settings=RunbookSettings(runbooks={TARGET.name: book or runbook()}))


def planned(observation: RunbookObservation | None = None, **changes: Any) -> Plan:
    """The plan of the action that has no objection."""
    found = action().plan(replace(REQUEST, **changes), observation or seen(), rules())
    assert isinstance(found, Plan), found
    return found


def refused(observation: RunbookObservation) -> Obstacle:
    """The obstacle the action finds."""
    book = observation.runbook
    found = action().plan(REQUEST, observation, rules(book if isinstance(book, Runbook) else None))
    assert isinstance(found, Obstacle), found
    return found


@dataclass
class FakeSsm:
    """Returns the given readings, answers every start with `RUN_ID`, and notes the calls."""

    book: Reading[Runbook] = field(default_factory=runbook)
    document_now: Reading[DocumentLive] = field(default_factory=document)
    tags_now: Reading[Mapping[str, str]] = field(default_factory=lambda: {"firebreak:enabled": "true"})
    runs_now: Reading[tuple[Run, ...]] = ()
    guard_now: Reading[DescribedAlarm] = field(default_factory=lambda: a.described(GUARD, AlarmState.OK))
    calls: list[tuple[str, ...]] = field(default_factory=list)
    started: list[Mapping[str, object]] = field(default_factory=list)

    def listed(self, name: str) -> Reading[Runbook]:
        self.calls.append(("listed", name))
        return self.book

    def document(self, name: str, version: str) -> Reading[DocumentLive]:
        self.calls.append(("document", name, version))
        return self.document_now

    def tags(self, document: str) -> Reading[Mapping[str, str]]:
        self.calls.append(("tags", document))
        return self.tags_now

    def runs(self, document: str) -> Reading[tuple[Run, ...]]:
        self.calls.append(("runs", document))
        return self.runs_now

    def alarm(self, name: str) -> Reading[DescribedAlarm]:
        self.calls.append(("alarm", name))
        return self.guard_now

    def start(self, arguments: Mapping[str, object]) -> str:
        self.started.append(arguments)
        return RUN_ID


def action(ssm: FakeSsm | None = None) -> RunRunbook:
    """The action on a fake."""
    fake = ssm or FakeSsm()
    return RunRunbook(fake.listed, fake, fake)


UNREAD = NotRead("not needed here")


def raw_document(**changes: Any) -> dict[str, Any]:
    """A document in the format of the API; the same one as `document()`."""
    content = {
        "schemaVersion": "0.3",
        "assumeRole": ROLE,
        "parameters": {"QueueUrl": {"type": "String"}, "BatchSize": {"type": "String", "default": "10"}},
        "mainSteps": [{"name": "Drain", "action": "aws:executeAwsApi", "inputs": {"Secret": "hunter2"}}],
    }
    return {
        "Name": "Firebreak-DrainQueue",
        "DocumentVersion": "3",
        "Status": "Active",
        "DocumentType": "Automation",
        "DocumentFormat": "JSON",
        "Content": json.dumps(content),
    } | changes


def raw_run(number: int, **changes: Any) -> dict[str, Any]:
    """A run as the API lists it: the higher the number, the later it began."""
    return {
        "AutomationExecutionId": f"{number:08d}-2222-4333-8444-555555555555",
        "DocumentName": "Firebreak-DrainQueue",
        "DocumentVersion": "3",
        "AutomationExecutionStatus": "Success",
        "ExecutionStartTime": datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(minutes=number),
    } | changes
