"""Single ECS tasks, as the protocols in ports.py define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from firebreak.aws.translate import look, send
from firebreak.core.readings import Absent, Unknown
from firebreak.services.ecs.tasks import TargetHealth, TaskLive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import TaskTypeDef

    from firebreak.core.model import Target
    from firebreak.core.readings import Reading

# ListTasks gives, and DescribeTasks takes, at most 100
# (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html, API_DescribeTasks.html).
AT_ONCE: Final = 100
MOST_TASKS: Final = 1000
ADDRESSES: Final = frozenset({"privateIPv4Address", "privateIPv6Address", "ipv6Address"})
TOO_MANY: Final = Unknown(f"more than {MOST_TASKS} tasks")


class Balancing(Protocol):
    """The one call of the client `elbv2` that is needed."""

    def describe_target_health(self, *, TargetGroupArn: str) -> Mapping[str, Any]:  # noqa: N803  # AWS's name
        """DescribeTargetHealth."""


class TaskReader:
    """Looks at tasks with clients that only read; `balancing` makes that of load balancers when needed."""

    def __init__(self, ecs: ECSClient, balancing: Callable[[], Balancing]) -> None:
        self._ecs = ecs
        self._balancing = balancing

    def tasks(self, target: Target) -> Reading[tuple[TaskLive, ...]]:
        """Those that ECS means to run; one that is being stopped is not among them."""
        return look("ListTasks", lambda: self._tasks(target))

    def protected(self, target: Target, task: str) -> Reading[bool]:
        """Whether the task is protected; Unknown if the answer does not name it."""
        seen = look("GetTaskProtection", lambda: self._protected(target, task))
        return Unknown("GetTaskProtection: NotFound") if isinstance(seen, Absent) else seen

    def target_health(self, group: str) -> Reading[tuple[TargetHealth, ...]]:
        """The health of all targets of a group, from one call."""
        return look("DescribeTargetHealth", lambda: self._target_health(group))

    def _target_health(self, group: str) -> tuple[TargetHealth, ...]:
        answer = self._balancing().describe_target_health(TargetGroupArn=group)
        return tuple(
            TargetHealth(one["Target"]["Id"], one["TargetHealth"]["State"])
            for one in answer["TargetHealthDescriptions"]
        )

    def _tasks(self, target: Target) -> tuple[TaskLive, ...] | Unknown:
        found: list[TaskLive] = []
        page = self._ecs.list_tasks(cluster=target.group, serviceName=target.name, maxResults=AT_ONCE)
        while arns := page["taskArns"]:
            answer = self._ecs.describe_tasks(cluster=target.group, tasks=arns, include=["TAGS"])
            if missing := len(arns) - len(answer["tasks"]):
                return Unknown(f"DescribeTasks: {missing} of {len(arns)} tasks are not in the answer")
            found += map(_task, answer["tasks"])
            if not (token := page.get("nextToken")):
                break
            if len(found) >= MOST_TASKS:
                return TOO_MANY
            page = self._ecs.list_tasks(
                cluster=target.group, serviceName=target.name, maxResults=AT_ONCE, nextToken=token
            )
        return tuple(found)

    def _protected(self, target: Target, task: str) -> bool | Unknown:
        answer = self._ecs.get_task_protection(cluster=target.group, tasks=[task])
        mine = [one for one in answer["protectedTasks"] if one.get("taskArn") == task]
        if mine:
            return mine[0]["protectionEnabled"]
        reasons = sorted({failure.get("reason", "no reason") for failure in answer["failures"]})
        return Unknown(f"GetTaskProtection: {', '.join(reasons) or 'empty answer'}")


class TaskWriter:
    """Stops tasks. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs

    def stop(self, cluster: str, task: str, reason: str) -> None:
        """SIGTERM, and SIGKILL after the containers' stop timeout; the service starts another task."""
        send("StopTask", lambda: self._ecs.stop_task(cluster=cluster, task=task, reason=reason)["task"])


def _task(raw: TaskTypeDef) -> TaskLive:
    return TaskLive(
        arn=raw["taskArn"],
        group=raw.get("group", ""),
        status=raw["lastStatus"],
        health=raw.get("healthStatus", "UNKNOWN"),
        tags={tag["key"]: tag["value"] for tag in raw.get("tags", ())},
        addresses=_addresses(raw),
    )


def _addresses(raw: TaskTypeDef) -> frozenset[str]:
    """The addresses of the task's own network interface, which tasks in awsvpc mode have."""
    details = [one for attached in raw.get("attachments", ()) for one in attached.get("details", ())]
    found = {one.get("value", "") for one in details if one.get("name") in ADDRESSES}
    return frozenset(found) - {""}
