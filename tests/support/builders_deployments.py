"""Service deployments for tests: values, the API's raw shapes, and a fake memory of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.action_spec import RollBackSettings
from firebreak.core.model import Obstacle, Plan, Target
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.rules import Rules
from firebreak.services.ecs.actions.roll_back_service import RollBackService
from firebreak.services.ecs.deployments import DeploymentHistory, RollBackObservation, ServiceDeployment
from firebreak.services.ecs.model import ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.task_memory import TaskSize
from tests.support import builders as a
from tests.support.builders_ecs import ARN, TARGET, TASK_DEFINITION, FakeEcs, definition, service
from tests.support.builders_task_memory import size

OLD = f"{ARN}:task-definition/api:6"
OLDER = f"{ARN}:task-definition/api:5"
MINUTE = timedelta(minutes=1)
RED = a.NOW - MINUTE
REQUEST = a.request(
    action="roll-back-service", target=TARGET, alarm=a.alarm("api-5xx-high", since=RED, sent_at=RED)
)
EARLIER = replace(definition(), arn=OLD)


def arn_of(name: str) -> str:
    """The ARN of a service deployment."""
    return f"{ARN}:service-deployment/prod/api/{name}"


def deployed(
    name: str = "d7", task_definition: str = TASK_DEFINITION, minutes_ago: int = 10, **changes: Any
) -> ServiceDeployment:
    """A deployment that took two minutes and succeeded, so long before the alarm turned red."""
    began = RED - minutes_ago * MINUTE
    one = ServiceDeployment(
        arn=arn_of(name),
        status="SUCCESSFUL",
        began=began,
        ended=began + 2 * MINUTE,
        task_definition=task_definition,
    )
    return replace(one, **changes)


def running(name: str = "d7", minutes_ago: int = 3, **changes: Any) -> ServiceDeployment:
    """A deployment under way, so long before the alarm turned red."""
    return deployed(name, minutes_ago=minutes_ago, **{"status": "IN_PROGRESS", "ended": None, **changes})


# The deployment before, much older than any that may be suspected.
BEFORE = deployed("d6", OLD, 3 * 24 * 60)


def history(*deployments: ServiceDeployment, **changes: Any) -> DeploymentHistory:
    """A memory of these, newest first; by default api:7 ten minutes before the alarm, after api:6."""
    return DeploymentHistory(deployments=deployments or (deployed(), BEFORE), **changes)


def holding(arn: str, **changes: Any) -> TaskSize:
    """The contents of a task definition: images and settings of its own, and by default one GiB."""
    whole: dict[str, Any] = {"images": (f"image of {arn}",), "rest": f"hash of {arn}", **changes}
    return size(arn=arn, **whole)


def contents(memory: Reading[DeploymentHistory], *known: TaskSize) -> dict[str, TaskSize]:
    """The contents of each task definition of the memory; by default no two are the same."""
    named = memory.deployments if isinstance(memory, DeploymentHistory) else ()
    each = {one.task_definition: holding(one.task_definition) for one in named if one.task_definition}
    return each | {one.arn: one for one in known}


def seen(
    memory: Reading[DeploymentHistory] | None = None,
    now: Reading[ServiceLive] | None = None,
    earlier: Reading[TaskDefinitionLive] = EARLIER,
    held: Reading[Mapping[str, TaskSize]] | None = None,
) -> RollBackObservation:
    """The observation of a roll back, by default of a service at rest on api:7."""
    memory = history() if memory is None else memory
    return RollBackObservation(
        service=service() if now is None else now,
        history=memory,
        contents=contents(memory) if held is None else held,
        earlier=earlier,
    )


@dataclass
class FakeDeployments:
    """Returns the given history, and notes the calls."""

    memory: Reading[DeploymentHistory] = ABSENT
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def history(self, target: Target) -> Reading[DeploymentHistory]:
        self.calls.append(("history", target.display))
        return self.memory

    def stop_and_roll_back(self, deployment: str) -> None:
        self.calls.append(("stop_and_roll_back", deployment))

    def roll_back_at_hook(self, deployment: str, hook: str) -> None:
        self.calls.append(("roll_back_at_hook", deployment, hook))


class FakeContents:
    """Gives each task definition contents that no other has."""

    def __init__(self, reading: Reading[TaskSize] | None = None) -> None:
        self._reading = reading

    def size(self, arn: str) -> Reading[TaskSize]:
        return holding(arn) if self._reading is None else self._reading


def roll_back(
    ecs: FakeEcs | None = None,
    deployments: FakeDeployments | None = None,
    definitions: FakeContents | None = None,
) -> RollBackService:
    """The action on these fakes."""
    ecs, deployments = ecs or FakeEcs(), deployments or FakeDeployments()
    return RollBackService(ecs, ecs, deployments, deployments, definitions or FakeContents())


def rules(suspect_within: timedelta = 30 * MINUTE) -> Rules:
    """The policy for one request, with the time for which a deployment is suspected."""
    return replace(a.rules(), settings=RollBackSettings(suspect_within=suspect_within))


def planned(observation: Any = None, **policy: Any) -> Plan:
    """The plan where there is no objection."""
    found = roll_back().plan(REQUEST, observation or seen(), rules(**policy))
    assert isinstance(found, Plan), found
    return found


def refused(observation: Any, **policy: Any) -> Obstacle:
    """The obstacle."""
    found = roll_back().plan(REQUEST, observation, rules(**policy))
    assert isinstance(found, Obstacle), found
    return found


def raw_brief(
    name: str = "d7", revision: str = "r7", at: datetime = RED, status: str = "SUCCESSFUL", **changes: Any
) -> dict[str, Any]:
    """A deployment in the format of ListServiceDeployments."""
    return {
        "serviceDeploymentArn": arn_of(name),
        "serviceArn": f"{ARN}:service/prod/api",
        "clusterArn": f"{ARN}:cluster/prod",
        "createdAt": at,
        "startedAt": at,
        "finishedAt": at + 2 * MINUTE,
        "targetServiceRevisionArn": revision_arn(revision),
        "status": status,
    } | changes


def raw_described(name: str = "d7", status: str = "SUCCESSFUL", **changes: Any) -> dict[str, Any]:
    """A deployment in the format of DescribeServiceDeployments."""
    return {
        "serviceDeploymentArn": arn_of(name),
        "status": status,
        "createdAt": RED,
        "sourceServiceRevisions": [{"arn": revision_arn("r6"), "runningTaskCount": 4}],
        "targetServiceRevision": {"arn": revision_arn("r7"), "runningTaskCount": 0},
    } | changes


def raw_revision(name: str, task_definition: str) -> dict[str, Any]:
    """A revision in the format of DescribeServiceRevisions."""
    return {"serviceRevisionArn": revision_arn(name), "taskDefinition": task_definition}


def revision_arn(name: str) -> str:
    """The ARN of a service revision."""
    return f"{ARN}:service-revision/prod/api/{name}"
