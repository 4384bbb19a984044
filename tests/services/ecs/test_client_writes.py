"""Changing ECS: what is sent, to the letter, and what each failure is called."""

from collections.abc import Callable, Iterator

import pytest

from firebreak.errors import AwsError, Conflict, Denied, NotFound, OutcomeUnknown, Rejected, Throttled
from firebreak.services.ecs.client import EcsWriter
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders_ecs import OTHER_TASK_DEFINITION, TASK_DEFINITION, raw_deployment, raw_service


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def test_forcing_a_deployment_sends_the_full_arn_and_returns_the_service_after_it(stubs: Stubs) -> None:
    after = [raw_deployment("ecs-svc/2", rolloutState="IN_PROGRESS"), raw_deployment(status="ACTIVE")]
    sent = {
        "cluster": "prod",
        "service": "api",
        "taskDefinition": TASK_DEFINITION,
        "forceNewDeployment": True,
    }
    stubs.for_ecs.add_response("update_service", {"service": raw_service(deployments=after)}, sent)
    found = stubs.writer.force_deployment("prod", "api", TASK_DEFINITION)
    assert tuple(one.id for one in found.deployments) == ("ecs-svc/2", "ecs-svc/1")


def test_moving_to_another_task_definition_sends_nothing_but_its_full_arn(stubs: Stubs) -> None:
    after = [
        raw_deployment("ecs-svc/2", taskDefinition=OTHER_TASK_DEFINITION),
        raw_deployment(status="ACTIVE"),
    ]
    sent = {"cluster": "prod", "service": "api", "taskDefinition": OTHER_TASK_DEFINITION}
    stubs.for_ecs.add_response("update_service", {"service": raw_service(deployments=after)}, sent)
    found = stubs.writer.use_task_definition("prod", "api", OTHER_TASK_DEFINITION)
    assert found.deployments[0].task_definition == OTHER_TASK_DEFINITION


def test_setting_the_desired_count_sends_nothing_that_starts_a_deployment(stubs: Stubs) -> None:
    sent = {"cluster": "prod", "service": "api", "desiredCount": 6}
    stubs.for_ecs.add_response("update_service", {"service": raw_service(desiredCount=6)}, sent)
    assert stubs.writer.set_desired_count("prod", "api", 6).desired == 6


def test_raising_the_floor_sends_nothing_but_the_floor(stubs: Stubs) -> None:
    sent = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/api",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 6,
    }
    stubs.for_scaling.add_response("register_scalable_target", {}, sent)
    stubs.writer.set_min_capacity("prod", "api", 6)
    stubs.for_scaling.assert_no_pending_responses()


type Write = Callable[[EcsWriter], object]

WRITES = [
    pytest.param(
        "update_service", lambda writer: writer.force_deployment("prod", "api", TASK_DEFINITION), id="restart"
    ),
    pytest.param(
        "update_service", lambda writer: writer.use_task_definition("prod", "api", TASK_DEFINITION), id="move"
    ),
    pytest.param(
        "update_service", lambda writer: writer.set_desired_count("prod", "api", 6), id="desired count"
    ),
    pytest.param(
        "register_scalable_target", lambda writer: writer.set_min_capacity("prod", "api", 6), id="floor"
    ),
]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("AccessDeniedException", 400, Denied, id="denied"),
        pytest.param("ThrottlingException", 400, Throttled, id="throttled"),
        pytest.param("ServiceNotFoundException", 400, NotFound, id="gone"),
        pytest.param("ServiceNotActiveException", 400, Conflict, id="not active any more"),
        pytest.param("ConcurrentUpdateException", 400, Conflict, id="changed at the same time"),
        pytest.param("InvalidParameterException", 400, Rejected, id="refused"),
        pytest.param("ServerException", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
@pytest.mark.parametrize(("operation", "write"), WRITES)
def test_a_change_that_fails_says_how_without_quoting_aws(
    stubs: Stubs, *, operation: str, write: Write, code: str, status: int, expected: type[AwsError]
) -> None:
    stubber = stubs.for_ecs if operation == "update_service" else stubs.for_scaling
    stubber.add_client_error(operation, code, SECRET, status)
    with pytest.raises(expected) as caught:
        write(stubs.writer)
    name = "".join(part.capitalize() for part in operation.split("_"))
    assert f"{name}: {code}" == str(caught.value)


def test_an_answer_to_a_change_that_shows_no_service_is_in_doubt(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("update_service", {})
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: UnexpectedAnswer$"):
        stubs.writer.set_desired_count("prod", "api", 6)
