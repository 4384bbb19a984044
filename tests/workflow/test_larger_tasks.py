"""More memory for a service's tasks through all functions, on botocore's real model: there and back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.events import UndoRequested
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.states import IncidentState
from firebreak.core.model import AlarmState
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.builders_ecs import ARN, TASK_DEFINITION, raw_deployment, raw_service
from tests.support.builders_task_memory import raw_definition
from tests.support.simulated_ecs import EcsWorld, SimulatedEcs, ecs_world

MINUTE = timedelta(minutes=1)
TAGS = {"firebreak:action": "adjust-task-memory"}
POLICY = parse_policy(
    a.AUTO_POLICY + '[actions.adjust-task-memory]\nladder = ["adjust-task-memory", "page"]\nceiling = 2048\n',
    "memory.toml",
)
CHANGING = ["RegisterTaskDefinition", "UpdateService"]


@dataclass
class Service:
    """A service and the revisions of its task definition; it carries out each request."""

    revisions: dict[str, dict[str, Any]] = field(default_factory=lambda: {TASK_DEFINITION: raw_definition()})
    task_definition: str = TASK_DEFINITION
    rollout: str = "COMPLETED"
    deployments: int = 1
    running: int = 4

    def answers(self) -> dict[str, Any]:
        return {
            "DescribeServices": lambda _: {"services": [self.service()], "failures": []},
            "DescribeClusters": lambda _: {"clusters": [{"activeServicesCount": 5}], "failures": []},
            "DescribeTaskDefinition": lambda one: {
                "taskDefinition": self.revisions[one["taskDefinition"]],
                "tags": [{"key": "team", "value": "checkout"}] if one.get("include") else [],
            },
            "RegisterTaskDefinition": self.register,
            "UpdateService": self.update,
        }

    def service(self) -> dict[str, Any]:
        newest = raw_deployment(
            f"ecs-svc/{self.deployments}", taskDefinition=self.task_definition, rolloutState=self.rollout
        )
        return raw_service(
            taskDefinition=self.task_definition, deployments=[newest], runningCount=self.running
        )

    def register(self, asked: dict[str, Any]) -> dict[str, Any]:
        arn = f"{ARN}:task-definition/api:{7 + len(self.revisions)}"
        self.revisions[arn] = {
            **{key: value for key, value in asked.items() if key != "tags"},
            "taskDefinitionArn": arn,
            "status": "ACTIVE",
        }
        return {"taskDefinition": self.revisions[arn]}

    def update(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.task_definition, self.rollout = asked["taskDefinition"], "COMPLETED"
        self.deployments += 1
        return {"service": self.service()}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def world(service: Service) -> Iterator[EcsWorld]:
    with ecs_world(SimulatedEcs(answers=service.answers()), policy=POLICY) as fresh:
        yield fresh


def raised(world: EcsWorld) -> Any:
    """The memory was raised because of this alarm."""
    alarm = world.red(tags=TAGS)
    done = world.send(alarm, "adjust-task-memory")
    assert done.outcome == "act", done
    return alarm, done.incident_id


def test_a_human_who_requests_it_gets_the_earlier_memory_back_while_the_act_is_watched(
    world: EcsWorld, service: Service
) -> None:
    _, incident_id = raised(world)
    moved = advance(world.incident(incident_id), UndoRequested("ana", "it swaps"), world.clock.at)
    assert world.ledger.move(moved.change)
    assert moved.request
    sent = request_event(replace(moved.request, by="ana"), by_human=True)

    done = world.remediator("adjust-task-memory").handle(sent)

    assert (done.outcome, service.task_definition) == ("act", TASK_DEFINITION)
    again = world.remediator("adjust-task-memory").handle(sent)
    assert again.reason is Reason.DUPLICATE
    world.deliver()
    page = world.pager.sent[-1]
    assert "UNDONE" in page[0]
    assert "why: requested by ana: it swaps" in page[1]


def test_the_tasks_get_more_memory_and_everything_else_goes_with_them(
    world: EcsWorld, service: Service
) -> None:
    alarm, incident_id = raised(world)
    assert [name for name, _ in world.simulated.changes] == CHANGING
    registered = world.simulated.changes[0][1]
    api, proxy = registered["containerDefinitions"]
    whole = raw_definition()
    assert (registered["memory"], api["memory"]) == ("2048", 1024)
    assert api | {"memory": 512} == whole["containerDefinitions"][0]
    assert proxy == whole["containerDefinitions"][1]
    assert registered["tags"] == [{"key": "team", "value": "checkout"}]
    assert service.task_definition == f"{ARN}:task-definition/api:8"
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    assert world.incident(incident_id).state is IncidentState.CLOSED
    assert service.task_definition == f"{ARN}:task-definition/api:8", "more memory is no loan"


def test_no_setting_of_a_container_is_stored_or_disclosed(world: EcsWorld) -> None:
    raised(world)
    world.pass_time(5 * MINUTE)
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    everything = repr((items, world.pager.sent, world.log.events))
    assert "api:7" in everything, "the search looks in the wrong place"
    assert [one for one in ("hunter2", "PASSWORD", "t0ken") if one in everything] == []


def test_tasks_that_do_not_come_up_bring_the_revision_before_back(world: EcsWorld, service: Service) -> None:
    raised(world)
    service.rollout = "FAILED"
    world.pass_time(5 * MINUTE)
    assert [name for name, _ in world.simulated.changes] == [*CHANGING, "UpdateService"]
    assert world.simulated.changes[-1][1]["taskDefinition"] == TASK_DEFINITION
    assert service.task_definition == TASK_DEFINITION
    worse = next(body for subject, body in world.pager.sent if "MADE WORSE" in subject)
    assert "deployment ecs-svc/2 of api:8 FAILED and ECS did not go back" in worse


def test_a_sibling_alarm_that_turns_red_after_the_raise_brings_the_revision_before_back(
    world: EcsWorld, service: Service
) -> None:
    alarm, incident_id = raised(world)
    world.pass_time(MINUTE)
    assert world.send(world.red("api-5xx", tags=TAGS), "adjust-task-memory").reason is Reason.IN_FLIGHT
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    world.pass_time(3 * MINUTE)
    assert [name for name, _ in world.simulated.changes] == [*CHANGING, "UpdateService"]
    assert service.task_definition == TASK_DEFINITION
    worse = next(body for subject, body in world.pager.sent if "MADE WORSE" in subject)
    assert "api-5xx turned red after the action: Firebreak restores the previous values." in worse
    world.pass_time(6 * MINUTE)
    assert world.incident(incident_id).state is IncidentState.PAGED


def test_a_deployment_by_somebody_else_since_is_not_taken_back(world: EcsWorld, service: Service) -> None:
    raised(world)
    mended = service.register({**raw_definition(), "memory": "2048", "cpu": "1024"})["taskDefinition"]
    service.update({"taskDefinition": mended["taskDefinitionArn"]})
    service.running = 2
    world.pass_time(5 * MINUTE)
    assert [name for name, _ in world.simulated.changes] == CHANGING
    assert service.task_definition == mended["taskDefinitionArn"]


def test_at_the_ceiling_nothing_is_registered(world: EcsWorld, service: Service) -> None:
    service.revisions[TASK_DEFINITION]["memory"] = "2048"
    refused = world.send(world.red(tags=TAGS), "adjust-task-memory")
    assert refused.reason is Reason.CEILING_REACHED
    assert world.simulated.changes == []
