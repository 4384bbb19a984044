"""restart-service: what it refuses, what it plans and what it sends."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.services.ecs.actions.restart_service import RestartService
from tests.support.builders_ecs import (
    DIGEST,
    OTHER_TASK_DEFINITION,
    REQUEST,
    TARGET,
    TASK_DEFINITION,
    FakeEcs,
    definition,
    deployment,
    planned,
    refused,
    rules,
    seen,
    service,
)

OLD = deployment("ecs-svc/1")
NEW = deployment("ecs-svc/2", rollout="IN_PROGRESS", running=1)
DRAINING = replace(OLD, status="ACTIVE", running=3)
RECEIPT = Receipt(summary="began", after={"deployment": "ecs-svc/2"})
NO_RECEIPT = Receipt(summary="uncertain")


def action(ecs: FakeEcs | None = None) -> RestartService:
    ecs = ecs or FakeEcs()
    return RestartService(ecs, ecs)


def plan(**changes: Any) -> Plan:
    return planned(action(), seen(service(**changes), definition()))


def test_it_looks_at_the_service_and_then_at_the_task_definition_it_names() -> None:
    ecs = FakeEcs(service_now=service(), definition_now=definition())
    found = action(ecs).observe(TARGET)
    assert ecs.calls == [("service", "ecs:prod/api"), ("task_definition", TASK_DEFINITION)]
    assert (service(), definition()) == (found.service, found.task_definition)
    assert isinstance(found.scalable_target, NotRead)


def test_it_does_not_look_for_a_task_definition_when_there_is_no_service() -> None:
    ecs = FakeEcs(service_now=Unknown("DescribeServices: AccessDeniedException"))
    found = action(ecs).observe(TARGET)
    assert ecs.calls == [("service", "ecs:prod/api")]
    assert found.task_definition == NotRead("the service was not read")
    assert found.tags == Unknown("DescribeServices: AccessDeniedException")


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        pytest.param({"status": "DRAINING"}, Reason.NOT_ACTIVE, "the service is DRAINING", id="draining"),
        pytest.param({"status": "INACTIVE", "desired": 0}, Reason.NOT_ACTIVE, "INACTIVE", id="deleted"),
        pytest.param({"desired": 0}, Reason.SCALED_TO_ZERO, "desired count is 0", id="scaled to zero"),
        pytest.param(
            {"controller": "CODE_DEPLOY"}, Reason.UNSUPPORTED_CONTROLLER, "CODE_DEPLOY", id="CodeDeploy"
        ),
        pytest.param({"controller": "EXTERNAL"}, Reason.UNSUPPORTED_CONTROLLER, "EXTERNAL", id="external"),
        pytest.param({"controller": "NEW"}, Reason.UNSUPPORTED_CONTROLLER, "NEW", id="a controller to come"),
        pytest.param({"managed_by": "ECS"}, Reason.MANAGED_ELSEWHERE, "ECS", id="express-managed"),
        pytest.param(
            {"deployments": (NEW, DRAINING)},
            Reason.DEPLOYMENT_RUNNING,
            "2 deployments are under way",
            id="two deployments",
        ),
        pytest.param(
            {"deployments": (NEW,)},
            Reason.DEPLOYMENT_RUNNING,
            "deployment ecs-svc/2 is in progress",
            id="one in progress",
        ),
    ],
)
def test_it_refuses_a_service_that_cannot_or_must_not_be_restarted(
    changes: dict[str, Any], reason: Reason, detail: str
) -> None:
    obstacle = refused(action(), seen(service(**changes), definition()))
    assert obstacle.reason == reason
    assert detail in obstacle.detail


def test_it_refuses_a_service_that_does_not_exist() -> None:
    obstacle = refused(action(), seen(ABSENT))
    assert (obstacle.reason, obstacle.detail) == (Reason.TARGET_MISSING, "ecs:prod/api does not exist")


def test_it_refuses_a_service_whose_task_definition_is_gone() -> None:
    obstacle = refused(action(), seen(service(), ABSENT))
    assert (obstacle.reason, obstacle.detail) == (Reason.TARGET_MISSING, "api:7 does not exist")


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(Unknown("denied")), "the service could not be read: denied", id="service"),
        pytest.param(seen(NotRead("later")), "the service was not read: later", id="service not looked at"),
        pytest.param(
            seen(service(), Unknown("throttled")),
            "the task definition could not be read: throttled",
            id="task definition",
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: Any, why: str) -> None:
    assert action().plan(REQUEST, observation, rules()) == Unknown(why)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"scheduling": "DAEMON", "minimum_healthy": 50}, id="a daemon service"),
        pytest.param({"strategy": "BLUE_GREEN", "deployments": (replace(OLD, rollout=""),)}, id="blue/green"),
        pytest.param({"deployments": (replace(OLD, rollout="FAILED"),)}, id="after a failed deployment"),
        pytest.param({"running": 0}, id="nothing runs any more"),
    ],
)
def test_it_does_restart(changes: dict[str, Any]) -> None:
    assert plan(**changes).change["service"] == "api"


def test_the_plan_holds_exactly_what_will_be_sent_and_what_it_replaces() -> None:
    assert plan() == Plan(
        summary="restart ecs:prod/api: force a new deployment of api:7 (4 of 4 tasks run)",
        change={
            "cluster": "prod",
            "service": "api",
            "taskDefinition": TASK_DEFINITION,
            "forceNewDeployment": True,
        },
        before={
            "taskDefinition": TASK_DEFINITION,
            "deployments": ["ecs-svc/1"],
            "desired": 4,
            "running": 4,
        },
        patience_seconds=600,
    )


def test_it_is_patient_for_as_long_as_a_strategy_bakes() -> None:
    assert plan(strategy="BLUE_GREEN", bake_minutes=30).patience_seconds == 600 + 1800


@pytest.mark.parametrize(
    ("image", "warned"),
    [
        pytest.param("example.com/api:latest", True, id="latest"),
        pytest.param("example.com/api:1.4.2", True, id="a tag that looks fixed"),
        pytest.param("example.com/api", True, id="no tag at all"),
        pytest.param(f"example.com/api@{DIGEST}", False, id="a digest"),
        pytest.param(f"example.com/api:1.4.2@{DIGEST}", False, id="a tag and a digest"),
    ],
)
def test_it_warns_when_the_same_tag_may_be_new_code(image: str, *, warned: bool) -> None:
    found = planned(action(), seen(service(), definition(image))).warnings
    text = f"image {image} is not pinned to a digest: a restart is then a deploy of new code"
    assert found == ((text,) if warned else ())


def test_it_warns_once_for_each_image() -> None:
    images = ("example.com/api:1", "example.com/api:1", f"example.com/x@{DIGEST}", "example.com/proxy:2")
    assert len(planned(action(), seen(service(), definition(*images))).warnings) == 2


def test_it_forces_one_deployment_and_names_it_in_the_receipt() -> None:
    ecs = FakeEcs(after=service(deployments=(NEW, DRAINING)))
    receipt = action(ecs).execute(plan())
    assert ecs.calls == [("force_deployment", "prod", "api", TASK_DEFINITION)]
    assert receipt == Receipt(
        summary="deployment ecs-svc/2 of api:7 began",
        after={"deployment": "ecs-svc/2", "taskDefinition": TASK_DEFINITION},
    )


def test_the_receipt_says_when_it_replaced_a_deployment_nobody_had_seen() -> None:
    stranger = deployment("ecs-svc/9", status="ACTIVE", task_definition=OTHER_TASK_DEFINITION)
    ecs = FakeEcs(after=service(deployments=(NEW, stranger, DRAINING)))
    summary = action(ecs).execute(plan()).summary
    assert (
        summary == "deployment ecs-svc/2 of api:7 began; it replaced ecs-svc/9, begun since Firebreak looked"
    )


@pytest.mark.parametrize(
    "deployments",
    [
        pytest.param((OLD,), id="nothing new"),
        pytest.param((), id="none at all"),
        pytest.param((replace(NEW, task_definition=OTHER_TASK_DEFINITION), DRAINING), id="not what we asked"),
        pytest.param(
            (
                replace(OLD, id="ecs-svc/3", task_definition=OTHER_TASK_DEFINITION),
                replace(NEW, status="ACTIVE"),
            ),
            id="replaced at once",
        ),
    ],
)
def test_an_accepted_restart_that_shows_no_new_deployment_is_in_doubt(deployments: Any) -> None:
    ecs = FakeEcs(after=service(deployments=deployments))
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: NoNewDeployment$"):
        action(ecs).execute(plan())


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(replace(plan(), change={}), id="what to send"),
        pytest.param(replace(plan(), before={}), id="what was before"),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing(broken: Plan) -> None:
    ecs = FakeEcs()
    with pytest.raises(Rejected, match="UnusablePlan"):
        action(ecs).execute(broken)
    assert ecs.calls == []


def test_an_alarm_on_unhealthy_hosts_never_restarts_the_healthy_ones_as_well() -> None:
    request_made = replace(REQUEST, unhealthy_hosts=True)
    found = action().plan(request_made, seen(service(), definition()), rules())
    assert found == Obstacle(
        Reason.HOSTS_UNHEALTHY,
        "tag the alarm firebreak:action=replace-task, or roll-back-service after a deployment",
    )
