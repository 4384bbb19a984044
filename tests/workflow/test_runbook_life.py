"""A runbook through all functions: started once, judged by its own status, announced with its history."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.questions import approval_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.model import Alarm, Metric
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.builders_runbooks import GUARD
from tests.support.fakes import FakeServices
from tests.support.simulated_ssm import SimulatedSsm
from tests.support.world import World, world_on_moto
from tests.workflow.test_red_without_data import SILENT

MINUTE = timedelta(minutes=1)
TAGS = {"firebreak:action": "run-runbook", "firebreak:target": "runbook:drain-orders"}
METRICS = (Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "orders-dead"}),)
POLICY = f"""{a.AUTO_POLICY}
[actions.run-runbook]
autonomy = "auto"
[actions.run-runbook.runbooks.drain-orders]
document = "Firebreak-DrainQueue"
version = "3"
parameters = {{ QueueUrl = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders" }}
guard = "{GUARD}"
patience = "20m"
"""


def policy(text: str = POLICY) -> Policy:
    return parse_policy(text, "runbooks.toml")


@dataclass
class RunbookWorld(World):
    """The world whose actions get these services."""

    played: FakeServices = field(default_factory=FakeServices)

    def services(self) -> FakeServices:
        return self.played


@dataclass
class Harness:
    """The world, with SSM played behind the action's own adapters."""

    world: World
    ssm: SimulatedSsm

    def red(self) -> Alarm:
        return self.world.red("orders-stuck", metrics=METRICS, tags=TAGS)

    def send(self, alarm: Alarm) -> Any:
        return self.world.send(alarm, "run-runbook")

    @property
    def labels(self) -> list[str]:
        """The first word of every page."""
        return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in self.world.subjects]

    @property
    def last_page(self) -> str:
        return self.world.pager.sent[-1][1]


@contextmanager
def harness_with(ssm: SimulatedSsm, under: Policy | None = None) -> Iterator[Harness]:
    chosen = under or policy()
    with ssm.clients() as (reads, writes), world_on_moto() as plain:
        services = FakeServices(
            listed=lambda name: chosen.runbook(name) or ABSENT, runbook_reads=reads, runbook_writes=writes
        )
        yield Harness(RunbookWorld(plain.dynamodb, policy=chosen, played=services), ssm)


@pytest.fixture
def harness() -> Iterator[Harness]:
    with harness_with(SimulatedSsm()) as harness:
        yield harness


def test_a_red_alarm_starts_the_runbook_and_its_success_with_a_green_alarm_closes_it(
    harness: Harness,
) -> None:
    alarm = harness.red()
    done = harness.send(alarm)
    (sent,) = harness.ssm.started
    assert (sent["DocumentName"], sent["DocumentVersion"]) == ("Firebreak-DrainQueue", "3")
    assert {"Key": "firebreak:incident", "Value": done.incident_id} in sent["Tags"]
    harness.world.pass_time(4 * MINUTE)
    assert harness.world.incident(done.incident_id).state is IncidentState.VERIFYING
    harness.ssm.become("Success")
    harness.world.green(alarm)
    harness.world.pass_time(8 * MINUTE)
    assert harness.world.incident(done.incident_id).state is IncidentState.CLOSED
    assert harness.labels == ["ACTED", "RESOLVED"]


def test_a_run_that_failed_goes_to_humans(harness: Harness) -> None:
    done = harness.send(harness.red())
    harness.ssm.become("Failed", "Step 1 fails: AccessDenied")
    harness.world.pass_time(5 * MINUTE)
    assert harness.world.incident(done.incident_id).state is IncidentState.PAGED
    assert harness.labels == ["ACTED", "NEEDS YOU"]
    assert len(harness.ssm.started) == 1


def test_a_green_alarm_over_a_run_that_still_runs_is_no_success_yet(harness: Harness) -> None:
    alarm = harness.red()
    done = harness.send(alarm)
    harness.world.green(alarm)
    harness.world.pass_time(10 * MINUTE)
    assert harness.world.incident(done.incident_id).state is IncidentState.VERIFYING


def test_a_guard_that_turned_red_calls_humans_with_what_the_run_says(harness: Harness) -> None:
    harness.send(harness.red())
    harness.ssm.guard = "ALARM"
    harness.ssm.become("Cancelled", "Alarm orders-lost is in ALARM")
    harness.world.pass_time(5 * MINUTE)
    assert harness.labels == ["ACTED", "NEEDS YOU"]
    assert "worse off" in harness.last_page
    assert "is Cancelled: Alarm orders-lost is in ALARM" in harness.last_page


def test_a_guard_that_is_red_because_no_data_came_does_not_say_that_it_is_worse(harness: Harness) -> None:
    harness.send(harness.red())
    harness.ssm.guard, harness.ssm.guard_reason = "ALARM", SILENT
    harness.ssm.become("Cancelled", "Alarm orders-lost is in ALARM")
    harness.world.pass_time(20 * MINUTE)
    assert harness.labels == ["ACTED", "NEEDS YOU"]
    assert "worse off" not in harness.last_page
    assert "it is not known whether it helped: the guard alarm orders-lost is red without data" in (
        harness.last_page
    )


def test_a_silent_guard_whose_owner_says_that_silence_is_the_symptom_is_worse(harness: Harness) -> None:
    harness.send(harness.red())
    harness.ssm.guard, harness.ssm.guard_reason = "ALARM", SILENT
    harness.ssm.guard_tags = {"firebreak:missing-data": "symptom"}
    harness.ssm.become("Cancelled", "Alarm orders-lost is in ALARM")
    harness.world.pass_time(5 * MINUTE)
    assert harness.labels == ["ACTED", "NEEDS YOU"]
    assert "worse off" in harness.last_page


def test_a_lost_reply_is_found_again_by_its_token() -> None:
    with harness_with(SimulatedSsm(loses_replies=True)) as harness:
        alarm = harness.red()
        done = harness.send(alarm)
        assert harness.world.incident(done.incident_id).state is IncidentState.UNCERTAIN
        harness.ssm.become("Success")
        harness.world.green(alarm)
        harness.world.pass_time(12 * MINUTE)
        assert harness.world.incident(done.incident_id).state is IncidentState.CLOSED
        assert len(harness.ssm.started) == 1


def test_a_run_of_somebody_else_after_a_lost_reply_is_not_taken_for_that_of_firebreak() -> None:
    with harness_with(SimulatedSsm(loses_replies=True)) as harness:
        done = harness.send(harness.red())
        harness.ssm.run_tags.clear()
        harness.ssm.become("Success")
        harness.world.pass_time(5 * MINUTE)
        assert harness.world.incident(done.incident_id).state is IncidentState.PAGED
        assert "did not reach AWS" in harness.last_page


def test_a_run_that_ssm_refuses_was_not_executed() -> None:
    with harness_with(SimulatedSsm(refuses="AccessDeniedException")) as harness:
        done = harness.send(harness.red())
        assert harness.world.incident(done.incident_id).state is IncidentState.NOT_EXECUTED


@pytest.mark.parametrize(
    ("ssm", "reason"),
    [
        (SimulatedSsm(tags={}), Reason.NOT_OPTED_IN),
        (SimulatedSsm(guard="ALARM"), Reason.RUNBOOK_UNUSABLE),
    ],
    ids=["document not opted in", "guard is red"],
)
def test_a_runbook_that_must_not_run_does_not_run(ssm: SimulatedSsm, reason: Reason) -> None:
    with harness_with(ssm) as harness:
        done = harness.send(harness.red())
        assert (done.outcome, done.reason) == ("refuse", reason)
        assert ssm.started == []


def test_a_runbook_that_is_running_already_is_not_started_again(harness: Harness) -> None:
    harness.ssm.runs.append(
        {
            "AutomationExecutionId": "0" * 36,
            "DocumentName": "Firebreak-DrainQueue",
            "AutomationExecutionStatus": "Waiting",
        }
    )
    assert harness.send(harness.red()).reason is Reason.NOT_READY
    assert harness.ssm.started == []


def test_a_runbook_that_the_policy_does_not_list_is_refused_with_its_name() -> None:
    with harness_with(SimulatedSsm(), a.auto_policy()) as harness:
        done = harness.send(harness.red())
        assert done.reason is Reason.RUNBOOK_UNUSABLE
        assert "names no runbook drain-orders" in harness.last_page


def test_with_auto_in_the_defaults_alone_a_human_is_asked() -> None:
    with harness_with(
        SimulatedSsm(), policy(POLICY.replace('[actions.run-runbook]\nautonomy = "auto"\n', ""))
    ) as harness:
        assert harness.send(harness.red()).outcome == "ask_approval"
        assert harness.ssm.started == []


def test_the_approved_runbook_is_the_one_that_runs() -> None:
    with harness_with(
        SimulatedSsm(), policy(POLICY.replace('autonomy = "auto"', 'autonomy = "approve"'))
    ) as harness:
        alarm = harness.red()
        done = harness.send(alarm)
        asked = harness.world.incident(done.incident_id)
        yes = approval_of(asked, "arn:aws:sts::111122223333:assumed-role/oncall/ana", harness.world.clock.at)
        assert asked.plan
        assert harness.world.remediator("run-runbook").handle(request_event(yes)).outcome == "act"
        assert harness.ssm.started == [asked.plan.change]
