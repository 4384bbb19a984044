"""Reading ECS: botocore's Stubber (checked against the real model), and moto for round trips."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

import pytest
from moto import mock_aws

from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.client import EcsReader, EcsWriter
from firebreak.services.ecs.model import Deployment, ServiceLive, TaskDefinitionLive
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders import NOW
from tests.support.builders_ecs import (
    TARGET,
    TASK_DEFINITION,
    deployment,
    raw_deployment,
    raw_service,
    service,
    session,
    without,
)

ASKED = {"cluster": "prod", "services": ["api"], "include": ["TAGS"]}


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def live(stubs: Stubs, raw: dict[str, Any]) -> ServiceLive:
    """The service as the reader sees this raw answer."""
    stubs.for_ecs.add_response("describe_services", {"services": [raw], "failures": []}, ASKED)
    found = stubs.reader.service(TARGET)
    assert isinstance(found, ServiceLive), found
    return found


def test_a_service_is_read_with_its_tags_and_deployments(stubs: Stubs) -> None:
    assert service() == live(stubs, raw_service())


def test_fields_that_a_service_leaves_out_have_the_apis_defaults(stubs: Stubs) -> None:
    left_out = [
        "deploymentController",
        "deploymentConfiguration",
        "resourceManagementType",
        "schedulingStrategy",
    ]
    assert service(tags={}) == live(stubs, without(raw_service(), [*left_out, "tags"]))


def test_a_rollout_state_that_is_not_reported_is_empty(stubs: Stubs) -> None:
    raw = without(raw_deployment(), ["rolloutState"])
    assert live(stubs, raw_service(deployments=[raw])).deployments == (deployment(rollout=""),)


def test_task_sets_stand_in_for_deployments_under_other_controllers(stubs: Stubs) -> None:
    def task_set(name: str, status: str, running: int) -> dict[str, Any]:
        return {
            "id": f"ecs-svc/{name}",
            "status": status,
            "taskDefinition": TASK_DEFINITION,
            "computedDesiredCount": 4,
            "runningCount": running,
        }

    raw = raw_service(
        deploymentController={"type": "CODE_DEPLOY"},
        deployments=[],
        taskSets=[task_set("blue", "PRIMARY", 4), task_set("green", "ACTIVE", 1)],
    )
    expected = (
        deployment("ecs-svc/blue", rollout=""),
        deployment("ecs-svc/green", status="ACTIVE", rollout="", running=1),
    )
    assert expected == live(stubs, without(raw, ["taskDefinition"])).deployments


@pytest.mark.parametrize(
    ("configuration", "percent"),
    [
        pytest.param({}, 100, id="left out"),
        pytest.param({"minimumHealthyPercent": 50}, 50, id="half"),
        pytest.param({"minimumHealthyPercent": 0}, 0, id="none"),
    ],
)
def test_how_many_tasks_must_stay_up_is_read(
    stubs: Stubs, configuration: dict[str, Any], percent: int
) -> None:
    assert live(stubs, raw_service(deploymentConfiguration=configuration)).minimum_healthy == percent


@pytest.mark.parametrize(
    ("raw", "percents"),
    [
        pytest.param({}, (100, 200), id="left out"),
        pytest.param({"schedulingStrategy": "DAEMON"}, (0, 100), id="left out for a daemon"),
        pytest.param(
            {"deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 134}},
            (50, 134),
            id="both set",
        ),
    ],
)
def test_how_many_tasks_may_run_during_a_deployment_is_read(
    stubs: Stubs, raw: dict[str, Any], percents: tuple[int, int]
) -> None:
    found = live(stubs, raw_service(**({"deploymentConfiguration": {}} | raw)))
    assert (found.minimum_healthy, found.maximum_percent) == percents


def test_when_a_deployment_began_and_what_ecs_says_of_it_is_read(stubs: Stubs) -> None:
    raw = raw_deployment(createdAt=NOW.astimezone(timezone(timedelta(hours=2))), rolloutStateReason="failed.")
    (found,) = live(stubs, raw_service(deployments=[raw])).deployments
    assert (found.began, found.why) == (NOW, "failed.")


@pytest.mark.parametrize(
    ("configuration", "minutes"),
    [
        pytest.param({}, 0, id="nothing said"),
        pytest.param({"strategy": "ROLLING", "bakeTimeInMinutes": 9}, 0, id="rolling ignores it"),
        pytest.param({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30}, 30, id="blue/green"),
        pytest.param({"strategy": "BLUE_GREEN"}, 0, id="blue/green without a bake time"),
        pytest.param(
            {
                "strategy": "CANARY",
                "bakeTimeInMinutes": 5,
                "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 15},
            },
            20,
            id="canary: its own and the final one",
        ),
        pytest.param({"strategy": "CANARY"}, 10, id="canary by default"),
        pytest.param(
            {
                "strategy": "LINEAR",
                "bakeTimeInMinutes": 5,
                "linearConfiguration": {"stepPercent": 30.0, "stepBakeTimeInMinutes": 7},
            },
            26,
            id="linear: three waits between four steps",
        ),
        pytest.param({"strategy": "LINEAR"}, 54, id="linear by default"),
    ],
)
def test_bake_minutes_are_all_the_time_a_strategy_waits_on_purpose(
    stubs: Stubs, configuration: dict[str, Any], minutes: int
) -> None:
    assert live(stubs, raw_service(deploymentConfiguration=configuration)).bake_minutes == minutes


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"services": [], "failures": [{"reason": "MISSING"}]}, ABSENT, id="missing"),
        pytest.param(
            {"services": [], "failures": [{"reason": "ACCESS"}]},
            Unknown("DescribeServices: ACCESS"),
            id="failed for another reason",
        ),
        pytest.param(
            {"services": [], "failures": [{"arn": "x"}]},
            Unknown("DescribeServices: no reason"),
            id="failed for no reason",
        ),
        pytest.param(
            {"services": [], "failures": []}, Unknown("DescribeServices: empty answer"), id="nothing at all"
        ),
        pytest.param(
            {"services": [{"serviceName": "api"}], "failures": []},
            Unknown("DescribeServices: unexpected answer"),
            id="a service full of holes",
        ),
    ],
)
def test_a_service_that_is_not_in_the_answer(stubs: Stubs, answer: dict[str, Any], expected: object) -> None:
    stubs.for_ecs.add_response("describe_services", answer, ASKED)
    assert expected == stubs.reader.service(TARGET)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("ClusterNotFoundException", 400, ABSENT, id="no such cluster"),
        pytest.param(
            "AccessDeniedException", 400, Unknown("DescribeServices: AccessDeniedException"), id="denied"
        ),
        pytest.param(
            "ThrottlingException", 400, Unknown("DescribeServices: ThrottlingException"), id="throttled"
        ),
        pytest.param("ServerException", 500, Unknown("DescribeServices: ServerException"), id="AWS failed"),
        pytest.param("ClientException", 400, Unknown("DescribeServices: ClientException"), id="refused"),
    ],
)
def test_a_service_that_could_not_be_read_is_unknown_without_quoting_aws(
    stubs: Stubs, code: str, status: int, expected: object
) -> None:
    # A reader asks throttled calls again; the stub has one answer, so retries are left to test_clients.
    stubs.for_ecs.add_client_error("describe_services", code, SECRET, status)
    assert expected == stubs.reader.service(TARGET)


def raw_definition(**changes: Any) -> dict[str, Any]:
    """A task definition full of things nobody may see."""
    container = {
        "name": "api",
        "image": "example.com/api:latest",
        "cpu": 100,
        "memory": 300,
        "environment": [{"name": "PASSWORD", "value": "hunter2"}],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/t0ken"}],
        "command": ["--key=s3cr3t"],
    }
    sidecar = {"name": "proxy", "image": "example.com/proxy:1", "memoryReservation": 200}
    return {
        "taskDefinitionArn": TASK_DEFINITION,
        "status": "ACTIVE",
        "containerDefinitions": [container, sidecar],
        "cpu": "512",
        "memory": "1024",
    } | changes


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        pytest.param({}, (512, 1024), id="of the task"),
        pytest.param({"cpu": "", "memory": ""}, (100, 500), id="of its containers"),
        pytest.param({"cpu": "1 vCPU"}, (100, 1024), id="an unknown format"),
    ],
)
def test_a_task_definition_is_read_for_images_and_size(
    stubs: Stubs, changes: dict[str, Any], size: tuple[int, int]
) -> None:
    raw = raw_definition(**changes)
    stubs.for_ecs.add_response(
        "describe_task_definition", {"taskDefinition": raw}, {"taskDefinition": TASK_DEFINITION}
    )
    expected = TaskDefinitionLive(
        arn=TASK_DEFINITION,
        images=("example.com/api:latest", "example.com/proxy:1"),
        cpu=size[0],
        memory=size[1],
    )
    assert expected == stubs.reader.task_definition(TASK_DEFINITION)


def test_a_deregistered_task_definition_is_not_active(stubs: Stubs) -> None:
    stubs.for_ecs.add_response(
        "describe_task_definition", {"taskDefinition": raw_definition(status="INACTIVE")}
    )
    found = stubs.reader.task_definition(TASK_DEFINITION)
    assert isinstance(found, TaskDefinitionLive)
    assert found.active is False


def test_no_setting_of_a_container_leaves_the_reader(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("describe_task_definition", {"taskDefinition": raw_definition()})
    text = repr(stubs.reader.task_definition(TASK_DEFINITION))
    assert [secret for secret in ("hunter2", "PASSWORD", "TOKEN", "t0ken", "s3cr3t") if secret in text] == []


def test_a_task_definition_that_ecs_does_not_give_is_unknown(stubs: Stubs) -> None:
    stubs.for_ecs.add_client_error("describe_task_definition", "ClientException", SECRET)
    assert stubs.reader.task_definition(TASK_DEFINITION) == Unknown("DescribeTaskDefinition: ClientException")


@mock_aws
def test_a_service_made_through_the_api_is_read_scaled_and_redeployed() -> None:
    ecs = session().client("ecs")
    ecs.create_cluster(clusterName="prod")
    arn = ecs.register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "example.com/api:1", "memory": 128}]
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="prod",
        serviceName="api",
        taskDefinition=arn,
        desiredCount=2,
        tags=[{"key": "firebreak:enabled", "value": "true"}],
    )
    scaling = session().client("application-autoscaling")
    reader, writer = EcsReader(ecs, scaling), EcsWriter(ecs, scaling)
    before = reader.service(TARGET)
    assert isinstance(before, ServiceLive)
    assert (2, arn, {"firebreak:enabled": "true"}) == (before.desired, before.task_definition, before.tags)
    assert reader.scalable_target(TARGET) == ABSENT
    assert writer.set_desired_count("prod", "api", 3).desired == 3
    redeployed: tuple[Deployment, ...] = writer.force_deployment("prod", "api", arn).deployments
    assert redeployed[0].id not in {one.id for one in before.deployments}


@mock_aws
def test_a_service_that_was_never_created_is_absent() -> None:
    ecs, scaling = session().client("ecs"), session().client("application-autoscaling")
    reader = EcsReader(ecs, scaling)
    assert reader.service(TARGET) == ABSENT
    ecs.create_cluster(clusterName="prod")
    assert reader.service(TARGET) == ABSENT
