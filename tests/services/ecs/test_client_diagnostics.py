"""The traces that tasks leave behind, in the shapes of ECS and CloudWatch Logs."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.aws.clients import fail_fast
from firebreak.core.model import Plan
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.services.ecs.client_diagnostics import DEPLOYMENTS, LOGS, STOPPED, TaskDiagnostics
from tests.support import builders as a
from tests.support.builders_ecs import ARN, TARGET, TASK_DEFINITION, raw_deployment, raw_service, session

TASK = f"{ARN}:task/prod/1a2b3c4d5e6f"
OTHER = f"{ARN}:task/prod/9z8y7x6w5v4u"
RESTART = Plan(summary="restart", change={"service": "api"}, before={})
REPLACE = Plan(summary="replace", change={"task": TASK}, before={})
STREAM = {"logGroupName": "/ecs/api", "logStreamName": "web/app/1a2b3c4d5e6f"}


@dataclass
class Aws:
    """Both clients with the answers that they still have to give, in order."""

    clients: dict[str, Any] = field(default_factory=dict)
    stubs: dict[str, Stubber] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)

    def connect(self, service: str) -> Any:
        self.connected.append(service)
        return self.clients[service]

    def read(self, source: str, plan: Plan = RESTART) -> Reading[tuple[str, ...]]:
        found = TaskDiagnostics(self.connect, lambda: a.NOW).of(TARGET, plan)[source]()
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    with ExitStack() as open_:
        for service in ("ecs", "logs"):
            made.clients[service] = fail_fast(session(), service)
            made.stubs[service] = open_.enter_context(Stubber(made.clients[service]))
        yield made


def raw_task(arn: str = TASK, **changes: Any) -> dict[str, Any]:
    return {"taskArn": arn, "taskDefinitionArn": TASK_DEFINITION, "lastStatus": "RUNNING"} | changes


def raw_stopped(arn: str, minutes_ago: int, **changes: Any) -> dict[str, Any]:
    return raw_task(arn, lastStatus="STOPPED", stoppedAt=a.NOW - timedelta(minutes=minutes_ago)) | changes


def awslogs(**options: str) -> dict[str, Any]:
    usual = {"awslogs-group": "/ecs/api", "awslogs-stream-prefix": "web", "awslogs-region": "eu-west-1"}
    return {"logDriver": "awslogs", "options": usual | options}


def lists(aws: Aws, status: str, *tasks: dict[str, Any]) -> None:
    asked = {"cluster": "prod", "serviceName": "api", "desiredStatus": status, "maxResults": 100}
    arns = [task["taskArn"] for task in tasks]
    aws.stubs["ecs"].add_response("list_tasks", {"taskArns": arns}, asked)
    if arns:
        aws.stubs["ecs"].add_response(
            "describe_tasks", {"tasks": list(tasks)}, {"cluster": "prod", "tasks": arns}
        )


def defines(aws: Aws, *containers: dict[str, Any]) -> None:
    found = {"taskDefinition": {"containerDefinitions": list(containers)}}
    aws.stubs["ecs"].add_response("describe_task_definition", found, {"taskDefinition": TASK_DEFINITION})


def logs(aws: Aws, *lines: str, **stream: str) -> None:
    asked = STREAM | stream | {"limit": 4, "startFromHead": False}
    events = [{"message": line, "timestamp": 1, "ingestionTime": 1} for line in lines]
    aws.stubs["logs"].add_response("get_log_events", {"events": events}, asked)


def test_deployments_in_flight_and_the_newest_events_are_shown_oldest_first(aws: Aws) -> None:
    flight = raw_deployment(
        "ecs-svc/2",
        rolloutState="IN_PROGRESS",
        runningCount=1,
        failedTasks=3,
        rolloutStateReason="ECS deployment ecs-svc/2 in progress.",
    )
    events = [
        {"id": str(n), "createdAt": a.NOW - timedelta(minutes=n), "message": f"event {n}"} for n in range(9)
    ]
    answer = {"services": [raw_service(deployments=[flight], events=events)], "failures": []}
    aws.stubs["ecs"].add_response("describe_services", answer, {"cluster": "prod", "services": ["api"]})
    found = aws.read(DEPLOYMENTS)
    assert isinstance(found, tuple)
    assert found[0] == "09:55:30Z event 5"
    assert found[5] == "10:00:30Z event 0"
    assert found[6:] == (
        (
            "deployment ecs-svc/2 of api:7: PRIMARY IN_PROGRESS, 1 of 4 running, 3 failed "
            "(ECS deployment ecs-svc/2 in progress.)"
        ),
    )


def test_a_service_that_is_gone_is_absent(aws: Aws) -> None:
    gone = {"services": [], "failures": [{"arn": TARGET.name, "reason": "MISSING"}]}
    aws.stubs["ecs"].add_response("describe_services", gone)
    assert aws.read(DEPLOYMENTS) == ABSENT


def test_tasks_that_stopped_lately_are_shown_with_code_reason_and_exit(aws: Aws) -> None:
    died = raw_stopped(
        TASK,
        2,
        stopCode="EssentialContainerExited",
        stoppedReason="Essential container in task exited",
        containers=[
            {
                "name": "app",
                "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            },
            {"name": "proxy"},
        ],
    )
    old = raw_stopped(OTHER, 31, stopCode="UserInitiated")
    earlier = raw_stopped(
        OTHER, 5, stopCode="TaskFailedToStart", stoppedReason="CannotPullContainerError: 403"
    )
    lists(aws, "STOPPED", died, old, earlier)
    assert aws.read(STOPPED) == (
        "09:55:30Z task 9z8y7x6w TaskFailedToStart: CannotPullContainerError: 403",
        (
            "09:58:30Z task 1a2b3c4d EssentialContainerExited: Essential container in task exited; app exit "
            "137 (OutOfMemoryError: Container killed due to memory usage); proxy no exit code"
        ),
    )


def test_no_stopped_task_is_none_and_not_unknown(aws: Aws) -> None:
    lists(aws, "STOPPED")
    assert aws.read(STOPPED) == ()


def test_the_last_lines_of_the_unhealthy_task_come_first(aws: Aws) -> None:
    lists(aws, "RUNNING", raw_task(OTHER, healthStatus="HEALTHY"), raw_task(healthStatus="UNHEALTHY"))
    defines(aws, {"name": "app", "logConfiguration": awslogs()})
    defines(aws, {"name": "app", "logConfiguration": awslogs()})
    logs(aws, "heap is full", " ", "dying")
    logs(aws, "fine", logStreamName="web/app/9z8y7x6w5v4u")
    assert aws.read(LOGS) == ("app 1a2b3c4d:", "heap is full", "dying", "app 9z8y7x6w:", "fine")


def test_of_one_task_that_is_stopped_only_its_own_lines_are_read(aws: Aws) -> None:
    aws.stubs["ecs"].add_response(
        "describe_tasks", {"tasks": [raw_task()]}, {"cluster": "prod", "tasks": [TASK]}
    )
    defines(aws, {"name": "app", "logConfiguration": awslogs()})
    logs(aws, "dying")
    assert aws.read(LOGS, REPLACE) == ("app 1a2b3c4d:", "dying")


@pytest.mark.parametrize(
    "configured",
    [
        None,
        {"logDriver": "awsfirelens", "options": {}},
        {"logDriver": "awslogs"},
        {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api"}},
        awslogs(**{"awslogs-region": "us-east-1"}),
    ],
    ids=["no log", "another driver", "no options", "no stream prefix", "another region"],
)
def test_a_task_whose_log_cannot_be_found_is_not_read_and_says_so(
    aws: Aws, configured: dict[str, Any] | None
) -> None:
    lists(aws, "RUNNING", raw_task())
    defines(aws, {"name": "app"} | ({"logConfiguration": configured} if configured else {}))
    assert aws.read(LOGS) == NotRead(
        "no container of its tasks logs to CloudWatch Logs here with a stream prefix"
    )
    assert {*aws.connected} == {"ecs"}


def test_a_stream_that_is_missing_hides_none_that_is_there(aws: Aws) -> None:
    lists(aws, "RUNNING", raw_task())
    defines(
        aws,
        {"name": "app", "logConfiguration": awslogs()},
        {"name": "proxy", "logConfiguration": awslogs()},
    )
    aws.stubs["logs"].add_client_error("get_log_events", "ResourceNotFoundException")
    logs(aws, "bye", logStreamName="web/proxy/1a2b3c4d5e6f")
    assert aws.read(LOGS) == ("app 1a2b3c4d: no log stream", "proxy 1a2b3c4d:", "bye")


def test_a_role_that_may_not_read_the_log_is_unknown(aws: Aws) -> None:
    lists(aws, "RUNNING", raw_task())
    defines(aws, {"name": "app", "logConfiguration": awslogs()})
    aws.stubs["logs"].add_client_error("get_log_events", "AccessDeniedException")
    assert aws.read(LOGS) == Unknown("GetLogEvents: AccessDeniedException")


@pytest.mark.parametrize("source", [DEPLOYMENTS, STOPPED, LOGS])
def test_a_refused_look_is_unknown(aws: Aws, source: str) -> None:
    operation = "describe_services" if source == DEPLOYMENTS else "list_tasks"
    aws.stubs["ecs"].add_client_error(operation, "ThrottlingException")
    found = aws.read(source)
    assert isinstance(found, Unknown)
    assert found.why.endswith("ThrottlingException")


def test_a_hundred_tasks_cost_no_more_calls_than_three(aws: Aws) -> None:
    lists(aws, "RUNNING", *(raw_task(f"{ARN}:task/prod/{n:032d}") for n in range(100)))
    for n in range(3):
        defines(aws, {"name": "app", "logConfiguration": awslogs()})
        logs(aws, "line", logStreamName=f"web/app/{n:032d}")
    found = aws.read(LOGS)
    assert isinstance(found, tuple)
    assert len(found) == 6
