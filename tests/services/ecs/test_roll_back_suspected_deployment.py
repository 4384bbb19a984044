"""roll-back-service: which deployment that came to rest it suspects, and what it goes back to."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from firebreak.services.ecs.deployments import DeploymentHistory
from tests.support.builders_deployments import (
    BEFORE,
    EARLIER,
    MINUTE,
    OLD,
    OLDER,
    REQUEST,
    contents,
    deployed,
    history,
    holding,
    planned,
    refused,
    roll_back,
    rules,
    seen,
)
from tests.support.builders_ecs import (
    ARN,
    TASK_DEFINITION,
    definition,
    deployment,
    service,
)

UNPINNED = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:stable"


MOVE = {"cluster": "prod", "service": "api", "taskDefinition": OLD}


def test_after_a_deployment_the_service_goes_back_to_the_full_arn_of_what_ran_before() -> None:
    assert planned() == Plan(
        summary="roll back ecs:prod/api: from api:7 to api:6 "
        "(the alarm turned red 8 min after deployment d7)",
        change=MOVE,
        before={
            "taskDefinition": TASK_DEFINITION,
            "deployments": ["ecs-svc/1"],
            "desired": 4,
            "running": 4,
        },
        patience_seconds=600,
        rollback_target=RollbackTarget(
            suspected_since=deployed().began, newest=(BEFORE.began, deployed().began)
        ),
        stays="task definition api:6 (was api:7); to take it back, deploy api:7",
    )


def test_a_deployment_that_was_stopped_half_way_is_taken_back_as_well() -> None:
    assert planned(seen(history(deployed(status="STOPPED"), BEFORE))).change == MOVE


def test_a_deployment_that_a_circuit_breaker_left_half_way_is_rolled_back_as_well() -> None:
    """Without a roll back of its own ECS leaves both sets of tasks where they are."""
    left = (deployment("b", rollout="FAILED"), deployment("a", status="ACTIVE", task_definition=OLD))
    memory = history(deployed(status="STOPPED"), BEFORE)
    assert planned(seen(memory, service(deployments=left))).change == MOVE


def test_a_deployment_that_failed_in_between_is_passed_over() -> None:
    failed = deployed("d6b", OLDER, 60, status="STOPPED")
    assert planned(seen(history(deployed(), failed, BEFORE))).change == MOVE


def test_a_restart_since_does_not_hide_the_suspect_deployment() -> None:
    restart = deployed("d7b", minutes_ago=-2)
    assert planned(seen(history(restart, deployed(), BEFORE))).change == MOVE


def test_a_blue_green_service_gets_its_bake_time() -> None:
    assert planned(seen(now=service(strategy="BLUE_GREEN", bake_minutes=30))).patience_seconds == 2400


def test_an_image_that_is_not_pinned_may_bring_no_older_code() -> None:
    found = planned(seen(earlier=replace(definition(UNPINNED), arn=OLD)))
    assert found.warnings == (
        f"image {UNPINNED} is not pinned to a digest: what its tag means now is deployed",
    )


def test_the_tool_that_will_deploy_the_suspect_version_again_is_named() -> None:
    tags = {"firebreak:enabled": "true", "aws:cloudformation:stack-name": "shop"}
    assert planned(seen(now=service(tags=tags))).reset_by == (
        "the next deploy of stack shop will reset the task definition: the lasting fix is in its template"
    )


@pytest.mark.parametrize(
    ("minutes_ago", "suspect_within", "suspected"),
    [
        pytest.param(10, 30, True, id="eight minutes after its end"),
        pytest.param(32, 30, True, id="at the very end of the window"),
        pytest.param(33, 30, False, id="a minute later"),
        pytest.param(1, 30, True, id="while it ran"),
        pytest.param(0, 30, True, id="as it began"),
        pytest.param(-1, 30, False, id="before it began"),
        pytest.param(4, 1, False, id="a short window of the policy"),
    ],
)
def test_a_deployment_is_suspected_from_its_beginning_to_the_policys_time_after_its_end(
    minutes_ago: int, suspect_within: int, *, suspected: bool
) -> None:
    found = roll_back().plan(
        REQUEST, seen(history(deployed(minutes_ago=minutes_ago), BEFORE)), rules(suspect_within * MINUTE)
    )
    assert (Plan if suspected else Reason.NO_RECENT_DEPLOYMENT) in (type(found), getattr(found, "reason", ""))


@pytest.mark.parametrize(
    ("memory", "reason", "detail"),
    [
        pytest.param(
            DeploymentHistory(deployments=(), replaces=False),
            Reason.NO_RECENT_DEPLOYMENT,
            "ECS lists no deployment of the service",
            id="none that ECS remembers",
        ),
        pytest.param(
            history(deployed(minutes_ago=600), BEFORE),
            Reason.NO_RECENT_DEPLOYMENT,
            "the alarm turned red 598 min after deployment d7, limit 30 min",
            id="long ago",
        ),
        pytest.param(
            history(deployed(minutes_ago=-5), BEFORE),
            Reason.NO_RECENT_DEPLOYMENT,
            "deployment d7 began 5 min after the alarm turned red",
            id="after the alarm",
        ),
        pytest.param(
            history(deployed("d7b"), deployed(minutes_ago=900), BEFORE),
            Reason.NOTHING_TO_ROLL_BACK,
            "api:7 was deployed again: only what an image tag means can have changed",
            id="only an image tag",
        ),
        pytest.param(
            history(deployed()),
            Reason.NOTHING_TO_ROLL_BACK,
            "no earlier successful deployment of another task definition than api:7 is known",
            id="the first of the service",
        ),
        pytest.param(
            history(deployed(), replace(BEFORE, task_definition="")),
            Reason.NOTHING_TO_ROLL_BACK,
            "no earlier successful deployment of another task definition than api:7 is known",
            id="what ran before is not known",
        ),
        pytest.param(
            history(deployed(status="ROLLBACK_SUCCESSFUL"), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "deployment d7 is ROLLBACK_SUCCESSFUL",
            id="rolled back by ECS",
        ),
        pytest.param(
            history(deployed(status="ROLLBACK_IN_PROGRESS", ended=None), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "deployment d7 is ROLLBACK_IN_PROGRESS",
            id="being rolled back",
        ),
        pytest.param(
            history(deployed(), deployed("d8", f"{ARN}:task-definition/api:8", 60), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "api:7 came by a roll back, or was rolled back before",
            id="itself a roll back",
        ),
        pytest.param(
            history(
                deployed("d7b", minutes_ago=5),
                deployed(),
                deployed("d8", f"{ARN}:task-definition/api:8", 60),
                BEFORE,
            ),
            Reason.ROLLED_BACK_BEFORE,
            "api:7 came by a roll back, or was rolled back before",
            id="a roll back, restarted since",
        ),
        pytest.param(
            history(deployed(), deployed("d6b", OLD, 60), deployed("d7a", minutes_ago=90), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "api:7 came by a roll back, or was rolled back before",
            id="deployed again after it was rolled back",
        ),
        pytest.param(
            history(deployed(), deployed("d7a", status="ROLLBACK_SUCCESSFUL", minutes_ago=60), BEFORE),
            Reason.ROLLED_BACK_BEFORE,
            "api:7 came by a roll back, or was rolled back before",
            id="deployed again after ECS rolled it back",
        ),
    ],
)
def test_the_deployments_that_it_does_not_roll_back(
    memory: DeploymentHistory, reason: Reason, detail: str
) -> None:
    assert refused(seen(memory)) == Obstacle(reason, detail)


def test_a_deregistered_task_definition_is_nothing_to_go_back_to() -> None:
    gone = replace(EARLIER, active=False)
    assert refused(seen(earlier=gone)) == Obstacle(Reason.NOTHING_TO_ROLL_BACK, "api:6 was deregistered")


def test_its_own_roll_back_is_never_repeated() -> None:
    """The state after the plan is refused the next time, however soon the alarm is back."""
    back = deployed("d-back", OLD, minutes_ago=2)
    after = seen(history(back, deployed(), BEFORE), service(task_definition=OLD))
    assert refused(after).reason is Reason.ROLLED_BACK_BEFORE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "DRAINING"}, Reason.NOT_ACTIVE, id="draining"),
        pytest.param({"desired": 0}, Reason.SCALED_TO_ZERO, id="scaled to zero"),
        pytest.param({"managed_by": "ECS"}, Reason.MANAGED_ELSEWHERE, id="express-managed"),
        pytest.param({"controller": "CODE_DEPLOY"}, Reason.UNSUPPORTED_CONTROLLER, id="CodeDeploy's"),
        pytest.param({"controller": "EXTERNAL"}, Reason.UNSUPPORTED_CONTROLLER, id="somebody else's"),
        pytest.param(
            {"deployments": (deployment("b", rollout="IN_PROGRESS"),)},
            Reason.DEPLOYMENT_RUNNING,
            id="a deployment the history does not show yet",
        ),
    ],
)
def test_it_refuses_a_service_that_cannot_or_must_not_be_deployed(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert refused(seen(now=service(**changes))).reason is reason


def test_it_refuses_a_service_that_does_not_exist() -> None:
    assert refused(seen(now=ABSENT)).reason is Reason.TARGET_MISSING


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(now=Unknown("denied")), "the service could not be read: denied", id="the service"),
        pytest.param(
            seen(Unknown("denied")),
            "the history of its deployments could not be read: denied",
            id="deployments",
        ),
        pytest.param(seen(ABSENT), "the history of its deployments does not exist", id="gone since"),
        pytest.param(
            seen(earlier=Unknown("slow")), "the earlier task definition could not be read: slow", id="earlier"
        ),
        pytest.param(
            seen(history(deployed(task_definition=""), BEFORE)),
            "what d7 deployed is not known",
            id="the newest",
        ),
        pytest.param(
            seen(history(deployed(status="PAUSED"), BEFORE)),
            "deployment d7 is in an unknown state: PAUSED",
            id="a status to come",
        ),
        pytest.param(
            seen(now=service(task_definition=f"{ARN}:task-definition/api:9")),
            "the service runs api:9, its newest deployment brought api:7",
            id="a history that lags behind",
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: Any, why: str) -> None:
    assert roll_back().plan(REQUEST, observation, rules()) == Unknown(why)


# --- what deployments hold, whatever their numbers

NEWER = f"{ARN}:task-definition/api:8"
NOW_NEWER = service(task_definition=NEWER)


def test_a_raise_of_memory_since_does_not_hide_the_suspect_deployment() -> None:
    memory = history(deployed("d8", NEWER, 5), deployed(), BEFORE)
    held = contents(memory, replace(holding(TASK_DEFINITION), arn=NEWER, memory=2048))
    found = planned(seen(memory, NOW_NEWER, held=held))
    assert found.change == MOVE
    assert found.summary == (
        "roll back ecs:prod/api: from api:8 to api:6 (the alarm turned red 8 min after deployment d7)"
    )


def test_where_only_memory_was_raised_of_late_nothing_is_taken_back() -> None:
    memory = history(deployed("d8", NEWER, 5), deployed(minutes_ago=900), BEFORE)
    held = contents(memory, replace(holding(TASK_DEFINITION), arn=NEWER, memory=2048))
    assert refused(seen(memory, NOW_NEWER, held=held)) == Obstacle(
        Reason.NOTHING_TO_ROLL_BACK,
        "api:8 is api:7 but for more memory: else only what an image tag means can have changed",
    )


def test_a_revert_by_a_new_revision_is_not_taken_back_to_the_bad_code() -> None:
    memory = history(deployed("d8", NEWER, 5), deployed(), BEFORE)
    held = contents(memory, holding(NEWER, images=holding(OLD).images))
    assert refused(seen(memory, NOW_NEWER, held=held)) == Obstacle(
        Reason.ROLLED_BACK_BEFORE, "api:8 came by a roll back, or was rolled back before"
    )


def test_a_redeploy_half_way_does_not_make_the_deployment_a_rollback_target() -> None:
    memory = history(deployed("d7b", minutes_ago=5), deployed(status="STOPPED", minutes_ago=8), BEFORE)
    found = planned(seen(memory))
    assert found.change == MOVE
    assert "(the alarm turned red 3 min after deployment d7b)" in found.summary


def test_an_alarm_red_since_the_try_before_is_dated_from_that_try() -> None:
    memory = history(deployed("d7b", minutes_ago=-2), deployed(status="STOPPED", minutes_ago=8), BEFORE)
    assert "(the alarm turned red 6 min after deployment d7)" in planned(seen(memory)).summary


def test_without_a_word_of_what_was_deployed_nothing_is_planned() -> None:
    found = roll_back().plan(REQUEST, seen(held=Unknown("slow")), rules())
    assert found == Unknown("what its deployments brought could not be read: slow")
