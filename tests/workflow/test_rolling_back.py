"""Rolling a service back through all functions, on botocore's real model: local AWS has not the calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.builders_deployments import OLD, arn_of, raw_brief, raw_described, raw_revision
from tests.support.builders_ecs import ARN, TASK_DEFINITION, raw_deployment, raw_service
from tests.support.simulated_ecs import EcsWorld, SimulatedEcs, ecs_world
from tests.workflow.approving import approve

MINUTE = timedelta(minutes=1)
REVERT = f"{ARN}:task-definition/api:8"
TAGS = {"firebreak:action": "roll-back-service", "firebreak:target": "ecs:prod/api"}
POLICY = parse_policy(
    a.AUTO_POLICY.replace('cooldown = "15m"', 'cooldown = "1m"')
    + '[actions.roll-back-service]\nladder = ["roll-back-service", "page"]\n',
    "rolling.toml",
)


@dataclass
class Service:
    """A service that deployed api:7 over api:6; it carries out each request."""

    began: datetime
    before: timedelta = timedelta(days=3)
    status: str = "SUCCESSFUL"
    hooks: list[dict[str, str]] = field(default_factory=list)
    task_definition: str = TASK_DEFINITION
    later: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(
        default_factory=lambda: [raw_revision("r7", TASK_DEFINITION), raw_revision("r6", OLD)]
    )
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answers(self) -> dict[str, Any]:
        return {
            "DescribeServices": lambda _: {"services": [self.service()], "failures": []},
            "DescribeClusters": lambda _: {"clusters": [{"activeServicesCount": 5}], "failures": []},
            "ListServiceDeployments": lambda _: {"serviceDeployments": self.deployments()},
            "DescribeServiceDeployments": self.describe,
            "DescribeServiceRevisions": lambda _: {"serviceRevisions": self.revisions, "failures": []},
            "DescribeTaskDefinition": self.task_definitions,
            "StopServiceDeployment": self.end,
            "ContinueServiceDeployment": self.end,
            "UpdateService": self.update,
        }

    def service(self) -> dict[str, Any]:
        rollout = "IN_PROGRESS" if self.status == "IN_PROGRESS" else "COMPLETED"
        newest = raw_deployment(
            f"ecs-svc/{len(self.later) + 7}", taskDefinition=self.task_definition, rolloutState=rollout
        )
        return raw_service(taskDefinition=self.task_definition, deployments=[newest])

    def deployments(self) -> list[dict[str, Any]]:
        first = raw_brief("d6", "r6", self.began - self.before)
        return [first, raw_brief("d7", "r7", self.began, self.status), *self.later]

    def describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["serviceDeploymentArns"][0].rsplit("/", 1)[-1]
        status = self.status if name == "d7" else "SUCCESSFUL"
        return {"serviceDeployments": [raw_described(name, status, lifecycleHookDetails=self.hooks)]}

    def task_definitions(self, asked: dict[str, Any]) -> dict[str, Any]:
        arn = asked["taskDefinition"]
        image = {"name": "api", "image": "example.com/api@sha256:" + arn[-1] * 64}
        containers = [image | self.holds.get(arn, {})]
        return {
            "taskDefinition": {
                "taskDefinitionArn": arn,
                "status": "ACTIVE",
                "containerDefinitions": containers,
            }
        }

    def end(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.status, self.task_definition = "ROLLBACK_SUCCESSFUL", OLD
        return {"serviceDeploymentArn": asked["serviceDeploymentArn"]}

    def update(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.task_definition = asked["taskDefinition"]
        self.later.append(raw_brief("d-back", "r6", self.began + 8 * MINUTE))
        return {"service": self.service()}


@pytest.fixture
def service() -> Service:
    """It deployed eight minutes ago."""
    return Service(began=a.NOW - 8 * MINUTE)


@pytest.fixture
def world(service: Service) -> Iterator[EcsWorld]:
    with ecs_world(SimulatedEcs(answers=service.answers()), policy=POLICY) as fresh:
        yield fresh


def red(world: EcsWorld) -> Any:
    return world.red("api-5xx-high", tags=TAGS)


def recover(world: EcsWorld, alarm: Any) -> None:
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)


def test_after_a_deployment_the_service_goes_back_once_and_never_again(world: EcsWorld) -> None:
    alarm = red(world)
    done = world.send(alarm, "roll-back-service")
    sent = {"cluster": "prod", "service": "api", "taskDefinition": OLD}
    assert world.simulated.changes == [("UpdateService", sent)]
    recover(world, alarm)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED
    world.pass_time(MINUTE)
    again = world.send(red(world), "roll-back-service")
    assert again.reason is Reason.ROLLED_BACK_BEFORE
    assert len(world.simulated.changes) == 1


@pytest.mark.parametrize(
    ("hooks", "operation", "said"),
    [
        pytest.param([], "StopServiceDeployment", {"stopType": "ROLLBACK"}, id="runs"),
        pytest.param(
            [{"hookId": "h1", "targetType": "PAUSE", "status": "AWAITING_ACTION"}],
            "ContinueServiceDeployment",
            {"hookId": "h1", "action": "ROLLBACK"},
            id="waits at a hook",
        ),
    ],
)
def test_a_running_deployment_is_ended_and_the_recovery_closes_the_incident(
    world: EcsWorld, service: Service, hooks: list[dict[str, str]], operation: str, said: dict[str, str]
) -> None:
    service.status, service.hooks = "IN_PROGRESS", hooks
    alarm = red(world)
    done = world.send(alarm, "roll-back-service")
    assert world.simulated.changes == [(operation, {"serviceDeploymentArn": arn_of("d7")} | said)]
    recover(world, alarm)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED


def test_where_ecs_takes_our_roll_back_back_itself_it_is_not_repeated(
    world: EcsWorld, service: Service
) -> None:
    """The history alone would allow it: the suspect deployment runs, and nothing else is left."""
    alarm = red(world)
    world.send(alarm, "roll-back-service")
    recover(world, alarm)
    service.later[-1]["status"] = "ROLLBACK_SUCCESSFUL"
    service.task_definition = TASK_DEFINITION
    world.pass_time(MINUTE)
    again = world.send(red(world), "roll-back-service")
    assert (again.outcome, again.reason) == ("refuse", Reason.ROLLED_BACK_BEFORE)
    assert len(world.simulated.changes) == 1


def test_a_hotfix_under_way_over_a_bad_deployment_is_ended_only_by_a_human(
    world: EcsWorld, service: Service
) -> None:
    service.before = timedelta(minutes=6)
    service.status = "IN_PROGRESS"
    asked = world.send(red(world), "roll-back-service")
    assert (asked.outcome, asked.reason) == ("ask_approval", Reason.NEEDS_APPROVAL)
    assert "it is not known which one is" in world.pager.sent[0][1]
    assert world.simulated.changes == []
    world.pass_time(MINUTE)
    approve(world, world.incident(asked.incident_id))
    assert [operation for operation, _ in world.simulated.changes] == ["StopServiceDeployment"]


@pytest.mark.parametrize("turned", [False, True], ids=["as it was", "in another order"])
def test_a_configuration_revert_is_not_rolled_back_to_what_it_left(
    world: EcsWorld, service: Service, *, turned: bool
) -> None:
    good, bad = [{"name": "MODE", "value": "safe"}, {"name": "POOL", "value": "9"}], [{"name": "MODE"}]
    image = {"image": "example.com/api@sha256:" + "1" * 64}
    service.holds = {
        OLD: image | {"environment": good},
        TASK_DEFINITION: image | {"environment": bad},
        REVERT: image | {"environment": good[::-1] if turned else good},
    }
    service.began, service.task_definition = a.NOW - timedelta(hours=3), REVERT
    service.later = [raw_brief("d8", "r8", a.NOW - 8 * MINUTE)]
    service.revisions.append(raw_revision("r8", REVERT))
    refused = world.send(red(world), "roll-back-service")
    assert refused.reason is Reason.ROLLED_BACK_BEFORE
    assert world.simulated.changes == []


def test_an_alarm_without_a_recent_deployment_changes_nothing(world: EcsWorld, service: Service) -> None:
    service.began = a.NOW - timedelta(hours=5)
    refused = world.send(red(world), "roll-back-service")
    assert refused.reason is Reason.NO_RECENT_DEPLOYMENT
    assert world.simulated.changes == []


def test_a_service_that_did_not_opt_in_is_left_alone(world: EcsWorld, service: Service) -> None:
    untagged = service.service() | {"tags": []}
    world.simulated.answers["DescribeServices"] = lambda _: {"services": [untagged], "failures": []}
    refused = world.send(red(world), "roll-back-service")
    assert refused.reason is Reason.NOT_OPTED_IN
    assert world.simulated.changes == []
