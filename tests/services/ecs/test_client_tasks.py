"""Single tasks: looking at all of them, their protection, and stopping one."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import AwsError, Denied, NotFound, OutcomeUnknown, Rejected, Throttled
from firebreak.services.ecs.client_tasks import TaskReader, TaskWriter
from firebreak.services.ecs.tasks import TargetHealth
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders_ecs import ACCOUNT, REGION, TARGET, session
from tests.support.builders_tasks import BAD, arn_of, raw_task, task

LIST: dict[str, Any] = {"cluster": "prod", "serviceName": "api", "maxResults": 100}


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def no_balancing() -> Any:
    pytest.fail("no load balancer is asked")


def read(stubs: Stubs) -> Any:
    return TaskReader(stubs.reader._ecs, no_balancing).tasks(TARGET)


def answer(stubs: Stubs, *tasks: dict[str, Any], token: str = "", asked: str = "", lost: int = 0) -> None:
    """One page of tasks, of which some are not described."""
    arns = [one["taskArn"] for one in tasks]
    page: dict[str, Any] = {"taskArns": arns} | ({"nextToken": token} if token else {})
    stubs.for_ecs.add_response("list_tasks", page, LIST | ({"nextToken": asked} if asked else {}))
    if arns:
        stubs.for_ecs.add_response(
            "describe_tasks",
            {"tasks": list(tasks[lost:]), "failures": [{"reason": "MISSING"}] * lost},
            {"cluster": "prod", "tasks": arns, "include": ["TAGS"]},
        )


def test_every_task_of_every_page_is_read(stubs: Stubs) -> None:
    answer(stubs, raw_task("t1"), raw_task("bad", "UNHEALTHY"), token="more")
    answer(stubs, raw_task("t2"), asked="more")
    assert read(stubs) == (task("t1"), BAD, task("t2"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param({"tags": []}, task(tags={}), id="no tags"),
        pytest.param({"lastStatus": "PENDING"}, task(status="PENDING"), id="coming up"),
        pytest.param({"group": "family:api"}, task(group="family:api"), id="nobody's"),
    ],
)
def test_a_task_is_read_as_it_is(stubs: Stubs, raw: dict[str, Any], expected: object) -> None:
    answer(stubs, raw_task(**raw))
    assert read(stubs) == (expected,)


def test_a_task_without_a_health_check_has_no_known_health(stubs: Stubs) -> None:
    raw = raw_task()
    del raw["healthStatus"]
    answer(stubs, raw)
    assert read(stubs)[0].health == "UNKNOWN"


def test_a_service_without_tasks_has_none(stubs: Stubs) -> None:
    answer(stubs)
    assert read(stubs) == ()


def test_a_task_that_is_listed_and_not_described_makes_the_look_unknown(stubs: Stubs) -> None:
    answer(stubs, raw_task("t1"), raw_task("t2"), lost=1)
    assert read(stubs) == Unknown("DescribeTasks: 1 of 2 tasks are not in the answer")


def test_a_very_large_service_is_not_looked_through(stubs: Stubs) -> None:
    full = [raw_task(f"t{n}") for n in range(100)]
    answer(stubs, *full, token="0")
    for page in range(9):
        answer(stubs, *full, token=str(page + 1), asked=str(page))
    assert read(stubs) == Unknown("more than 1000 tasks")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("ServiceNotFoundException", ABSENT, id="no service"),
        pytest.param("ClusterNotFoundException", ABSENT, id="no cluster"),
        pytest.param("AccessDeniedException", Unknown("ListTasks: AccessDeniedException"), id="denied"),
    ],
)
def test_absent_and_could_not_look_differ(stubs: Stubs, code: str, expected: object) -> None:
    stubs.for_ecs.add_client_error("list_tasks", code, SECRET, 400)
    assert expected == read(stubs)


@pytest.mark.parametrize(
    ("text", "failures", "expected"),
    [
        pytest.param([{"taskArn": arn_of("bad"), "protectionEnabled": True}], [], True, id="protected"),
        pytest.param([{"taskArn": arn_of("bad"), "protectionEnabled": False}], [], False, id="not protected"),
        pytest.param([], [], Unknown("GetTaskProtection: empty answer"), id="not a word"),
        pytest.param(
            [{"taskArn": arn_of("t1"), "protectionEnabled": False}],
            [],
            Unknown("GetTaskProtection: empty answer"),
            id="of another task",
        ),
        pytest.param(
            [],
            [{"arn": arn_of("bad"), "reason": "TASK_NOT_VALID"}],
            Unknown("GetTaskProtection: TASK_NOT_VALID"),
            id="refused",
        ),
    ],
)
def test_only_a_word_about_the_task_itself_says_whether_it_is_protected(
    stubs: Stubs, text: list[dict[str, Any]], failures: list[dict[str, str]], expected: object
) -> None:
    stubs.for_ecs.add_response(
        "get_task_protection",
        {"protectedTasks": text, "failures": failures},
        {"cluster": "prod", "tasks": [arn_of("bad")]},
    )
    assert expected == TaskReader(stubs.reader._ecs, no_balancing).protected(TARGET, arn_of("bad"))


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ClusterNotFoundException"])
def test_a_task_that_is_gone_is_not_called_unprotected(stubs: Stubs, code: str) -> None:
    stubs.for_ecs.add_client_error("get_task_protection", code, SECRET, 400)
    found = TaskReader(stubs.reader._ecs, no_balancing).protected(TARGET, arn_of("bad"))
    assert found == Unknown("GetTaskProtection: NotFound")


def test_stopping_sends_the_full_arn_and_the_reason(stubs: Stubs) -> None:
    sent = {"cluster": "prod", "task": arn_of("bad"), "reason": "Firebreak incident i-0123456789"}
    stubs.for_ecs.add_response("stop_task", {"task": raw_task("bad")}, sent)
    TaskWriter(stubs.reader._ecs).stop("prod", arn_of("bad"), "Firebreak incident i-0123456789")
    stubs.for_ecs.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("AccessDeniedException", 400, Denied, id="denied"),
        pytest.param("ClusterNotFoundException", 400, NotFound, id="gone"),
        pytest.param("InvalidParameterException", 400, Rejected, id="no such task"),
        pytest.param("ThrottlingException", 400, Throttled, id="throttled"),
        pytest.param("ServerException", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
def test_a_stop_that_fails_says_how_without_quoting_aws(
    stubs: Stubs, code: str, status: int, expected: type[AwsError]
) -> None:
    stubs.for_ecs.add_client_error("stop_task", code, SECRET, status)
    with pytest.raises(expected) as caught:
        TaskWriter(stubs.reader._ecs).stop("prod", arn_of("bad"), "why")
    assert str(caught.value) == f"StopTask: {code}"


def test_an_answer_without_the_task_is_in_doubt(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("stop_task", {})
    with pytest.raises(OutcomeUnknown, match="UnexpectedAnswer"):
        TaskWriter(stubs.reader._ecs).stop("prod", arn_of("bad"), "why")


@mock_aws
def test_a_service_of_moto_is_empty() -> None:
    """moto starts no tasks for a service: enough to see that the calls are well formed."""
    ecs = session().client("ecs")
    ecs.create_cluster(clusterName="prod")
    assert TaskReader(ecs, no_balancing).tasks(TARGET) == ()


# --- the health of targets

GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/blue/6071a0b1c2d3e4f5"


def balanced() -> tuple[TaskReader, Stubber]:
    client = reader(session(), "elbv2")
    stubber = Stubber(client)
    stubber.activate()
    return TaskReader(None, lambda: client), stubber  # type: ignore[arg-type]  # ECS is not asked


def test_the_health_of_every_target_is_read() -> None:
    tasks, stubber = balanced()
    descriptions = [
        {"Target": {"Id": "10.0.0.1", "Port": 8080}, "TargetHealth": {"State": "healthy"}},
        {"Target": {"Id": "10.0.0.2", "Port": 8080}, "TargetHealth": {"State": "unhealthy"}},
    ]
    answer = {"TargetHealthDescriptions": descriptions}
    stubber.add_response("describe_target_health", answer, {"TargetGroupArn": GROUP})
    assert tasks.target_health(GROUP) == (
        TargetHealth("10.0.0.1", "healthy"),
        TargetHealth("10.0.0.2", "unhealthy"),
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TargetGroupNotFound", ABSENT),
        ("Throttling", Unknown("DescribeTargetHealth: Throttling")),
        ("AccessDenied", Unknown("DescribeTargetHealth: AccessDenied")),
    ],
)
def test_a_group_that_cannot_be_looked_at_is_no_group_without_targets(code: str, expected: object) -> None:
    tasks, stubber = balanced()
    stubber.add_client_error("describe_target_health", code)
    assert tasks.target_health(GROUP) == expected


def test_a_task_with_its_own_interface_has_addresses(stubs: Stubs) -> None:
    details = [{"name": "subnetId", "value": "subnet-1"}, {"name": "privateIPv4Address", "value": "10.0.0.2"}]
    answer(stubs, raw_task(attachments=[{"type": "ElasticNetworkInterface", "details": details}]))
    assert read(stubs)[0].addresses == frozenset({"10.0.0.2"})
