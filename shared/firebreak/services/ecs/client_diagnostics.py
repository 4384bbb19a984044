"""The state of a service and of its tasks that a deployment or a stop destroys, read before it.

Of a task definition only the log configuration leaves this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from firebreak.aws.translate import look
from firebreak.core.diagnostics import headed
from firebreak.core.readings import ABSENT, Absent, NotRead
from firebreak.services.ecs.readiness import short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from types_boto3_ecs.type_defs import (
        ContainerTypeDef,
        DeploymentTypeDef,
        LogConfigurationOutputTypeDef,
        TaskTypeDef,
    )

    from firebreak.core.model import Plan, Target
    from firebreak.core.readings import Reading

type Lines = tuple[str, ...]

DEPLOYMENTS, STOPPED, LOGS = "deployments and events", "stopped tasks", "last log lines"

# The newest events, stopped tasks and containers: a start for a human, within a few calls.
MOST_EVENTS, MOST_STOPPED, MOST_STREAMS, LINES_OF_A_STREAM = 6, 8, 3, 4
# ECS shows a stopped task for an hour.
STOPPED_LATELY = timedelta(minutes=30)
# ListTasks gives, and DescribeTasks takes, at most 100 (see client_tasks.py).
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Stream:
    """The log stream of one container: its group and name, and which container of which task it is of."""

    of: str
    group: str
    name: str


class TaskDiagnostics:
    """remediation.diagnostics.DiagnosticSources on ECS and CloudWatch Logs.

    `connect` returns a client that gives up early, the same one for the same service.
    """

    def __init__(self, connect: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now

    def of(self, target: Target, plan: Plan) -> Mapping[str, Callable[[], Reading[Lines]]]:
        """Deployments and events, tasks that stopped lately, and the last lines of tasks that will end."""
        task = plan.change.get("task")
        ending = task if isinstance(task, str) else ""
        return {
            DEPLOYMENTS: partial(look, "DescribeServices", partial(self._service, target)),
            STOPPED: partial(look, "ListTasks", partial(self._stopped, target)),
            LOGS: partial(look, "GetLogEvents", partial(self._log_lines, target, ending)),
        }

    def _service(self, target: Target) -> Lines | Absent:
        answer = self._connect("ecs").describe_services(cluster=target.group, services=[target.name])
        if not answer["services"]:
            return ABSENT
        [service] = answer["services"]
        events = reversed(service.get("events", ())[:MOST_EVENTS])  # the API gives the newest first
        return (
            *(f"{_time(event['createdAt'])} {event['message']}" for event in events),
            *map(_deployment, service.get("deployments", ())),
        )

    def _stopped(self, target: Target) -> Lines:
        tasks = self._tasks(target, "STOPPED")
        since = self._now() - STOPPED_LATELY
        lately = [one for one in tasks if "stoppedAt" in one and one["stoppedAt"] >= since]
        lately.sort(key=lambda one: one["stoppedAt"])
        return tuple(map(_stopped, lately[-MOST_STOPPED:]))

    def _tasks(self, target: Target, status: str) -> Sequence[TaskTypeDef]:
        ecs = self._connect("ecs")
        arns = ecs.list_tasks(
            cluster=target.group, serviceName=target.name, desiredStatus=status, maxResults=AT_ONCE
        )["taskArns"]
        return self._described(target, arns)

    def _described(self, target: Target, arns: Sequence[str]) -> Sequence[TaskTypeDef]:
        if not arns:
            return ()
        described: Sequence[TaskTypeDef] = self._connect("ecs").describe_tasks(
            cluster=target.group, tasks=list(arns)
        )["tasks"]
        return described

    def _log_lines(self, target: Target, ending: str) -> Reading[Lines]:
        """The last lines of the one task that ends, or else of a few, unhealthy ones first."""
        tasks = self._described(target, [ending]) if ending else self._tasks(target, "RUNNING")
        worst = sorted(tasks, key=_health)[:MOST_STREAMS]
        streams = [stream for task in worst for stream in self._streams(task, target.region)]
        if not streams:
            return NotRead("no container of its tasks logs to CloudWatch Logs here with a stream prefix")
        newest = streams[:MOST_STREAMS]
        return headed((one.of, look("GetLogEvents", partial(self._last_of, one))) for one in newest)

    def _streams(self, task: TaskTypeDef, region: str) -> Sequence[_Stream]:
        """The stream of each container that logs to CloudWatch Logs."""
        ecs = self._connect("ecs")
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
        own = short(task["taskArn"])
        return [
            _Stream(f"{one['name']} {own[:8]}", options["awslogs-group"], f"{prefix}/{one['name']}/{own}")
            for one in definition["containerDefinitions"]
            if (options := _awslogs(one.get("logConfiguration"), region))
            and (prefix := options["awslogs-stream-prefix"])
        ]

    def _last_of(self, stream: _Stream) -> Lines:
        answer = self._connect("logs").get_log_events(
            logGroupName=stream.group, logStreamName=stream.name, limit=LINES_OF_A_STREAM, startFromHead=False
        )
        return tuple(event["message"] for event in answer["events"] if event.get("message", "").strip())


def _awslogs(configured: LogConfigurationOutputTypeDef | None, region: str) -> Mapping[str, str]:
    """The options of a container that logs to CloudWatch Logs in this region; empty for any other."""
    if not configured or configured["logDriver"] != "awslogs":
        return {}
    options = configured.get("options", {})
    named = options.get("awslogs-group") and options.get("awslogs-stream-prefix")
    return options if named and options.get("awslogs-region", region) == region else {}


def _health(task: TaskTypeDef) -> int:
    """Unhealthy tasks first."""
    return 0 if task.get("healthStatus") == "UNHEALTHY" else 1


def _deployment(raw: DeploymentTypeDef) -> str:
    why = raw.get("rolloutStateReason", "")
    counts = f"{raw.get('runningCount', 0)} of {raw.get('desiredCount', 0)} running"
    failed = f", {raw['failedTasks']} failed" if raw.get("failedTasks") else ""
    state = " ".join(filter(None, (raw["status"], raw.get("rolloutState", ""))))
    because = f" ({why})" if why else ""
    return f"deployment {raw['id']} of {short(raw['taskDefinition'])}: {state}, {counts}{failed}{because}"


def _stopped(raw: TaskTypeDef) -> str:
    code, reason = raw.get("stopCode", "no stop code"), raw.get("stoppedReason", "")
    containers = "".join(map(_ended, raw.get("containers", ())))
    return f"{_time(raw['stoppedAt'])} task {short(raw['taskArn'])[:8]} {code}: {reason}{containers}"


def _ended(raw: ContainerTypeDef) -> str:
    code = f" exit {raw['exitCode']}" if "exitCode" in raw else " no exit code"
    reason = f" ({raw['reason']})" if raw.get("reason") else ""
    return f"; {raw.get('name', 'container')}{code}{reason}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}Z"
