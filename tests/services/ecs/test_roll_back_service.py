"""roll-back-service: which deployment it suspects, what it refuses, and what it sends."""

from dataclasses import replace

import pytest

from firebreak.core.model import Obstacle, Receipt, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.services.ecs.deployments import DeploymentHistory
from tests.support.builders_deployments import (
    BEFORE,
    EARLIER,
    MINUTE,
    OLD,
    OLDER,
    RED,
    FakeContents,
    FakeDeployments,
    arn_of,
    contents,
    deployed,
    history,
    holding,
    planned,
    refused,
    roll_back,
    running,
    seen,
)
from tests.support.builders_ecs import (
    ARN,
    TARGET,
    TASK_DEFINITION,
    FakeEcs,
    deployment,
    service,
)

UNPINNED = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:stable"


STOP = {"serviceDeploymentArn": arn_of("d7"), "stopType": "ROLLBACK"}
MOVE = {"cluster": "prod", "service": "api", "taskDefinition": OLD}


# --- looking


def test_it_looks_at_the_service_its_deployments_and_what_it_would_go_back_to() -> None:
    ecs = FakeEcs(service_now=service(), definition_now=EARLIER)
    deployments = FakeDeployments(history())
    assert roll_back(ecs, deployments).observe(TARGET) == seen()
    assert ecs.calls == [("service", "ecs:prod/api"), ("task_definition", OLD)]
    assert deployments.calls == [("history", "ecs:prod/api")]


def test_a_task_definition_that_cannot_be_read_is_reported_as_unknown() -> None:
    ecs = FakeEcs(service_now=service(), definition_now=EARLIER)
    blind = FakeContents(Unknown("slow"))
    found = roll_back(ecs, FakeDeployments(history()), blind).observe(TARGET)
    assert (found.contents, found.earlier) == ({}, EARLIER)
    assert found.unread == {
        TASK_DEFINITION: Unknown("task definition api:7 could not be read: slow"),
        OLD: Unknown("task definition api:6 could not be read: slow"),
    }


def test_the_content_of_an_old_deployment_is_not_read() -> None:
    memory = history(deployed(), replace(BEFORE, task_definition=""))
    found = roll_back(FakeEcs(service_now=service()), FakeDeployments(memory)).observe(TARGET)
    assert found.contents == {TASK_DEFINITION: holding(TASK_DEFINITION)}


def test_a_service_that_is_not_there_is_not_looked_into() -> None:
    deployments = FakeDeployments(history())
    found = roll_back(FakeEcs(), deployments).observe(TARGET)
    assert (ABSENT, NotRead("the service was not read")) == (found.service, found.history)
    assert deployments.calls == []


def test_where_nothing_is_to_go_back_to_no_task_definition_is_read() -> None:
    ecs = FakeEcs(service_now=service())
    found = roll_back(ecs, FakeDeployments(history(deployed()))).observe(TARGET)
    assert found.earlier == NotRead("there is none to go back to")
    assert ecs.calls == [("service", "ecs:prod/api")]


# --- a deployment that runs


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_a_running_deployment_is_stopped_and_rolled_back_by_ecs(status: str) -> None:
    under_way = (deployment("ecs-svc/2", rollout="IN_PROGRESS"), deployment(status="ACTIVE"))
    found = planned(seen(history(running(status=status), BEFORE), service(deployments=under_way)))
    assert (found.change, found.patience_seconds) == (STOP, 600)
    assert found.before["status"] == status
    assert found.summary == (
        "roll back ecs:prod/api: end deployment d7 of api:7, begun 3 min before the alarm turned red"
    )


def test_a_deployment_that_waits_at_a_hook_gets_the_action_rollback() -> None:
    found = planned(seen(history(running(), BEFORE, paused_hook="hook-1")))
    assert found.change == {
        "serviceDeploymentArn": arn_of("d7"),
        "hookId": "hook-1",
        "action": "ROLLBACK",
    }


def test_a_running_deployment_of_a_new_image_behind_an_old_tag_is_stopped_too() -> None:
    assert planned(seen(history(running(), deployed("d6b", minutes_ago=900), BEFORE))).change == STOP


def test_a_deployment_that_runs_for_long_is_suspected_while_it_runs() -> None:
    assert planned(seen(history(running(minutes_ago=600), BEFORE)), suspect_within=MINUTE).change == STOP


@pytest.mark.parametrize(
    ("memory", "reason", "detail"),
    [
        pytest.param(
            history(running(began=RED + 2 * MINUTE), deployed("d6b", OLD), BEFORE),
            Reason.DEPLOYMENT_RUNNING,
            "deployment d7 began 2 min after the alarm turned red",
            id="begun since, perhaps the cure",
        ),
        pytest.param(
            history(running(), replaces=False),
            Reason.NOTHING_TO_ROLL_BACK,
            "deployment d7 is the service's first",
            id="the first of the service",
        ),
        pytest.param(
            history(running(task_definition=OLDER), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "deployment d7 itself goes back to what ran before",
            id="itself a roll back",
        ),
        pytest.param(
            history(running(status="STOP_REQUESTED"), BEFORE),
            Reason.DEPLOYMENT_RUNNING,
            "deployment d7 is being stopped",
            id="being stopped by somebody",
        ),
    ],
)
def test_a_running_deployment_it_leaves_alone(memory: DeploymentHistory, reason: Reason, detail: str) -> None:
    found = refused(seen(memory))
    assert (found.reason, found.detail) == (reason, detail)


def test_a_redeploy_while_a_bad_one_ran_is_stopped_too() -> None:
    memory = history(running("d7b"), deployed(status="STOPPED"), BEFORE)
    assert planned(seen(memory)).change == STOP | {"serviceDeploymentArn": arn_of("d7b")}


def test_a_redeploy_begun_since_is_not_the_cure_of_what_the_same_had_done() -> None:
    memory = history(running("d7b", minutes_ago=-2), deployed(status="STOPPED"), BEFORE)
    found = planned(seen(memory))
    assert found.change == STOP | {"serviceDeploymentArn": arn_of("d7b")}
    assert found.summary == (
        "roll back ecs:prod/api: end deployment d7b of api:7, begun 10 min before the alarm turned red"
    )
    assert refused(seen(memory), suspect_within=MINUTE).reason is Reason.DEPLOYMENT_RUNNING


NEWER = f"{ARN}:task-definition/api:8"


def test_a_revert_under_a_new_number_is_not_stopped() -> None:
    memory = history(running("d8", task_definition=NEWER), deployed(), BEFORE)
    held = contents(memory, holding(NEWER, images=holding(OLD).images))
    assert refused(seen(memory, held=held)) == Obstacle(
        Reason.ROLLED_BACK_BEFORE, "deployment d8 itself goes back to what ran before"
    )


def test_a_raise_of_memory_under_way_is_not_stopped() -> None:
    memory = history(running("d8", task_definition=NEWER), deployed(), BEFORE)
    held = contents(memory, replace(holding(TASK_DEFINITION), arn=NEWER, memory=2048))
    assert refused(seen(memory, held=held)) == Obstacle(
        Reason.NOTHING_TO_ROLL_BACK, "deployment d8 only gives the tasks more memory"
    )


# --- acting


def test_it_stops_the_deployment_once() -> None:
    deployments = FakeDeployments()
    receipt = roll_back(deployments=deployments).execute(planned(seen(history(running(), BEFORE))))
    assert deployments.calls == [("stop_and_roll_back", arn_of("d7"))]
    assert receipt == Receipt(
        summary="ECS rolls back deployment d7", after={"serviceDeployment": arn_of("d7")}
    )


def test_it_answers_the_hook_once() -> None:
    deployments = FakeDeployments()
    roll_back(deployments=deployments).execute(
        planned(seen(history(running(), BEFORE, paused_hook="hook-1")))
    )
    assert deployments.calls == [("roll_back_at_hook", arn_of("d7"), "hook-1")]


def test_it_moves_the_service_once() -> None:
    new = deployment("ecs-svc/2", task_definition=OLD, rollout="IN_PROGRESS")
    ecs = FakeEcs(after=service(deployments=(new, deployment(status="ACTIVE"))))
    receipt = roll_back(ecs).execute(planned())
    assert ecs.calls == [("use_task_definition", "prod", "api", OLD)]
    assert receipt == Receipt(
        summary="deployment ecs-svc/2 of api:6 began",
        after={"deployment": "ecs-svc/2", "taskDefinition": OLD},
    )


def test_an_accepted_move_that_shows_no_new_deployment_is_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: NoNewDeployment$"):
        roll_back(FakeEcs(after=service())).execute(planned())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="empty"),
        pytest.param({"serviceDeploymentArn": arn_of("d7")}, id="no word of what to do"),
        pytest.param({"serviceDeploymentArn": arn_of("d7"), "stopType": "ABORT"}, id="another way to stop"),
        pytest.param(
            {"serviceDeploymentArn": arn_of("d7"), "hookId": "h", "action": "CONTINUE"}, id="going on"
        ),
        pytest.param({"cluster": "prod", "taskDefinition": OLD}, id="no service"),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing(change: dict[str, object]) -> None:
    ecs, deployments = FakeEcs(), FakeDeployments()
    with pytest.raises(Rejected, match="UnusablePlan"):
        roll_back(ecs, deployments).execute(replace(planned(), change=change))
    assert ecs.calls == deployments.calls == []


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_no_machine_rolls_forward_again(kind: RequestKind) -> None:
    assert roll_back().undo(planned(), seen(), kind).reason is Reason.NOT_REVERSIBLE
    assert roll_back().spec.temporary is False
