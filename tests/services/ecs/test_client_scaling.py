"""The scalable target of a service, and raising its minimum."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.client import EcsReader, EcsWriter
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders_ecs import ACCOUNT, TARGET, owner, session


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


ASKED_SCALING = {
    "ServiceNamespace": "ecs",
    "ResourceIds": ["service/prod/api"],
    "ScalableDimension": "ecs:service:DesiredCount",
}


def raw_target(**changes: Any) -> dict[str, Any]:
    """A scalable target in the format of the API."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/api",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 2,
        "MaxCapacity": 10,
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/autoscaling",
        "CreationTime": 0,
    } | changes


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        pytest.param([], ABSENT, id="none registered"),
        pytest.param([raw_target()], owner(2, 10), id="one registered"),
        pytest.param(
            [raw_target(SuspendedState={"DynamicScalingOutSuspended": True})],
            owner(2, 10, suspended=True),
            id="scale-out suspended",
        ),
        pytest.param(
            [raw_target(SuspendedState={"DynamicScalingInSuspended": True})],
            owner(2, 10),
            id="only scale-in suspended",
        ),
    ],
)
def test_a_scalable_target_is_read(stubs: Stubs, targets: list[dict[str, Any]], expected: object) -> None:
    stubs.for_scaling.add_response("describe_scalable_targets", {"ScalableTargets": targets}, ASKED_SCALING)
    assert expected == stubs.reader.scalable_target(TARGET)


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        pytest.param("AccessDeniedException", 400, "AccessDeniedException", id="denied"),
        pytest.param("ThrottlingException", 400, "ThrottlingException", id="throttled"),
        pytest.param("InternalServiceException", 500, "InternalServiceException", id="AWS failed"),
        pytest.param("ObjectNotFoundException", 400, "NotFound", id="an error that sounds like absence"),
        pytest.param("400", 400, "400", id="a local AWS without this service"),
    ],
)
def test_a_scalable_target_that_could_not_be_read_is_never_taken_for_absent(
    stubs: Stubs, code: str, status: int, why: str
) -> None:
    stubs.for_scaling.add_client_error("describe_scalable_targets", code, SECRET, status)
    assert Unknown(f"DescribeScalableTargets: {why}") == stubs.reader.scalable_target(TARGET)


@mock_aws
def test_raising_the_floor_leaves_the_maximum_alone() -> None:
    ecs, scaling = session().client("ecs"), session().client("application-autoscaling")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "example.com/api:1", "memory": 128}]
    )
    ecs.create_service(cluster="prod", serviceName="api", taskDefinition="api", desiredCount=2)
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/prod/api",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=9,
    )
    EcsWriter(ecs, scaling).set_min_capacity("prod", "api", 4)
    assert EcsReader(ecs, scaling).scalable_target(TARGET) == owner(4, 9)
