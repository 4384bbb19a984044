"""roll-back-service where more than one deployment may be at fault, or not all of them can be read."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from firebreak.core.decision import Act, AskApproval, Decision
from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS
from firebreak.services.ecs.deployments import DeploymentHistory, RollBackObservation, ServiceDeployment
from firebreak.services.ecs.model import ServiceLive
from tests.support.builders_deployments import (
    BEFORE,
    EARLIER,
    MINUTE,
    OLD,
    OLDER,
    RED,
    REQUEST,
    FakeDeployments,
    arn_of,
    contents,
    deployed,
    history,
    holding,
    planned,
    refused,
    roll_back,
    rules,
    running,
    seen,
)
from tests.support.builders_ecs import ARN, TARGET, TASK_DEFINITION, FakeEcs, service
from tests.support.builders_roll_back import decided as decided_on

NEWER = f"{ARN}:task-definition/api:8"
NOW_NEWER = service(task_definition=NEWER)
B = replace(EARLIER, arn=TASK_DEFINITION)
LATE = deployed("d7", minutes_ago=12)
FIX = deployed("d8", NEWER, 4)


def decided(plan: Plan, *acts: datetime) -> Decision:
    """The decision on the plan where the policy says auto, after roll backs by Firebreak at these times."""
    return decided_on(REQUEST, plan, *acts)


# --- two suspects


@pytest.mark.parametrize(
    ("memory", "now", "earlier"),
    [
        pytest.param(history(FIX, LATE, BEFORE), NOW_NEWER, B, id="at rest"),
        pytest.param(history(running("d8", 4, task_definition=NEWER), LATE, BEFORE), None, B, id="a hotfix"),
        pytest.param(
            history(running("d8", 4, task_definition=NEWER), LATE, BEFORE, paused_hook="approve-me"),
            None,
            B,
            id="at a hook, serving nobody",
        ),
    ],
)
def test_where_what_it_would_go_back_to_came_lately_a_human_is_asked(
    memory: DeploymentHistory, now: ServiceLive | None, earlier: Any
) -> None:
    found = planned(seen(memory, now, earlier=earlier))
    assert found.doubts == (TWO_SUSPECTS,)
    assert TWO_SUSPECTS in found.warnings
    assert decided(found).outcome == AskApproval(found)
    assert planned(seen(memory, now, earlier=earlier), suspect_within=5 * MINUTE).doubts == ()


def test_a_restart_lately_of_what_ran_for_days_is_no_second_suspect() -> None:
    memory = history(FIX, deployed("d7b", minutes_ago=12), deployed("d7", minutes_ago=900), BEFORE)
    assert planned(seen(memory, NOW_NEWER, earlier=B)).doubts == ()


LEFT = (
    "deployment d6b of api:6 between api:8 and api:7 did not come to its end: "
    "somebody may have been leaving api:7"
)


@pytest.mark.parametrize("status", ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"])
@pytest.mark.parametrize(
    "newest",
    [deployed("d8", NEWER, 20), running("d8", 3, task_definition=NEWER)],
    ids=["at rest", "under way"],
)
def test_a_version_that_somebody_was_replacing_is_not_deployed_without_a_human(
    newest: ServiceDeployment, status: str
) -> None:
    stopped = deployed("d6b", OLD, 25, status=status)
    memory = history(newest, stopped, deployed("d7", minutes_ago=75), BEFORE)
    found = planned(seen(memory, NOW_NEWER, earlier=B))
    assert found.doubts == (LEFT,)
    assert decided(found).outcome == AskApproval(found)


@pytest.mark.parametrize(
    ("name", "definition"), [("d8b", NEWER), ("d7b", B.arn)], ids=["its first try", "the success again"]
)
def test_a_deployment_of_either_that_stopped_between_them_is_no_leaving(name: str, definition: str) -> None:
    stopped = deployed(name, definition, 40, status="STOPPED")
    memory = history(deployed("d8", NEWER, 20), stopped, deployed("d7", minutes_ago=75), BEFORE)
    assert planned(seen(memory, NOW_NEWER, earlier=B)).doubts == ()


def test_without_a_doubt_it_acts_by_itself() -> None:
    assert isinstance(decided(planned()).outcome, Act)


# --- a restart under way


def test_a_restart_of_a_bad_deployment_is_waited_for() -> None:
    memory = history(running("d7b", minutes_ago=1), LATE, BEFORE)
    assert refused(seen(memory)) == Obstacle(
        Reason.DEPLOYMENT_RUNNING,
        "deployment d7b only restarts api:7, which d7 brought: it has to end first",
        ((arn_of("d7b"), RED - MINUTE),),
    )


def test_other_settings_under_way_are_no_restart() -> None:
    memory = history(running("d7b", minutes_ago=1, settings="other subnets"), LATE, BEFORE)
    assert planned(seen(memory)).doubts == (TWO_SUSPECTS,)


# --- what ECS rolled back


@pytest.mark.parametrize(
    ("rolled_back", "doubts"),
    [
        pytest.param(deployed("d8", NEWER, 5), (), id="before the alarm turned red"),
        pytest.param(deployed("d8", NEWER, 2), (TWO_SUSPECTS,), id="as it turned red"),
        pytest.param(deployed("d8", NEWER, -1), (), id="since"),
    ],
)
def test_the_deployment_that_runs_again_is_judged_when_ecs_rolled_the_newest_back(
    rolled_back: ServiceDeployment, doubts: tuple[str, ...]
) -> None:
    memory = history(replace(rolled_back, status="ROLLBACK_SUCCESSFUL"), LATE, BEFORE)
    found = planned(seen(memory))
    assert (found.change["taskDefinition"], found.doubts) == (OLD, doubts)


def test_the_rollback_target_is_read_behind_a_deployment_that_ecs_rolled_back() -> None:
    memory = history(deployed("d8", NEWER, 5, status="ROLLBACK_SUCCESSFUL"), LATE, BEFORE)
    ecs = FakeEcs(service_now=service(), definition_now=EARLIER)
    assert roll_back(ecs, FakeDeployments(memory)).observe(TARGET).earlier == EARLIER
    assert ("task_definition", OLD) in ecs.calls


def test_after_firebreak_ended_the_newest_deployment_the_one_before_is_not_rolled_back() -> None:
    """Both may have the same cause: a human looks."""
    memory = history(deployed("d8", NEWER, 5, status="ROLLBACK_SUCCESSFUL"), LATE, BEFORE)
    found = decided(planned(seen(memory)), RED - 4 * MINUTE)
    assert found.reason is Reason.ROLLED_BACK_BEFORE


# --- never twice


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(FIX.began, Reason.ROLLED_BACK_BEFORE, id="since the suspect deployment"),
        pytest.param(FIX.began - MINUTE, Reason.ROLLED_BACK_BEFORE, id="while the other was the newest"),
        pytest.param(RED - 900 * MINUTE, Reason.ROLLED_BACK_BEFORE, id="as the other came"),
        pytest.param(RED - 901 * MINUTE, Reason.CLEAR_TO_ACT, id="before"),
    ],
)
def test_nothing_is_rolled_back_twice_and_nothing_goes_to_what_was_rolled_back(
    at: datetime, reason: Reason
) -> None:
    memory = history(FIX, deployed("d7", minutes_ago=900), BEFORE)
    assert decided(planned(seen(memory, NOW_NEWER, earlier=B)), at).reason is reason


# --- what a deployment changed


def test_a_change_of_the_services_other_settings_is_no_restart() -> None:
    moved = deployed("d8", minutes_ago=6, settings="other subnets")
    memory = history(moved, deployed("d7", minutes_ago=22), BEFORE)
    assert refused(seen(memory)) == Obstacle(
        Reason.NOTHING_TO_ROLL_BACK,
        "deployment d8 brought no other task definition: it changed the service's other settings",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"memory": 0}, {"memory": 0, "limits": {"api": 256}}, id="a limit where there was none"),
        pytest.param(
            {"memory": 2048, "limits": {"api": 1536, "log": 256}},
            {"memory": 2048, "limits": {"api": 256, "log": 256}},
            id="less for one container",
        ),
        pytest.param(
            {"memory": 2048, "limits": {"api": 1536}},
            {"memory": 4096, "limits": {"api": 256}},
            id="more for the task, less for the container",
        ),
    ],
)
def test_less_memory_for_any_part_makes_a_deployment_suspected(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    usual = {"limits": {}, "rest": "same"}
    memory = history(deployed(), BEFORE)
    held = contents(memory, holding(OLD, **{**usual, **old}), holding(TASK_DEFINITION, **{**usual, **new}))
    assert planned(seen(memory, held=held)).change["taskDefinition"] == OLD
    assert "stopType" in planned(seen(history(running(), BEFORE), held=held)).change


# --- contents that cannot be read

BLIND = Unknown("task definition api:5 could not be read: DescribeTaskDefinition: ClientException")


def partly_read(*deployments: ServiceDeployment, unread: str) -> RollBackObservation:
    memory = history(*deployments)
    held = {arn: one for arn, one in contents(memory).items() if arn != unread}
    return replace(seen(memory, held=held), unread={unread: BLIND})


BETWEEN = deployed("d4", f"{ARN}:task-definition/api:4", 30 * 24 * 60)
OLDEST = deployed("d5", OLDER, 60 * 24 * 60)
UNREAD = f"{BLIND.why}: whether api:7 goes back to it is not known"


@pytest.mark.parametrize("newest", [deployed(), running()], ids=["at rest", "under way"])
def test_an_unknown_older_than_the_second_success_before_is_a_warning(newest: ServiceDeployment) -> None:
    found = planned(partly_read(newest, BEFORE, BETWEEN, OLDEST, unread=OLDER))
    assert (found.doubts, found.warnings) == ((), (UNREAD,))


@pytest.mark.parametrize("newest", [deployed(), running()], ids=["at rest", "under way"])
def test_a_revert_that_cannot_be_distinguished_from_a_new_version_is_for_a_human(
    newest: ServiceDeployment,
) -> None:
    found = planned(partly_read(newest, BEFORE, OLDEST, BETWEEN, unread=OLDER))
    assert (found.doubts, found.warnings) == ((UNREAD,), (UNREAD,))


@pytest.mark.parametrize("unread", [TASK_DEFINITION, OLD])
def test_the_contents_that_decide_must_be_known(unread: str) -> None:
    observation = partly_read(deployed(), BEFORE, OLDEST, unread=unread)
    assert roll_back().plan(REQUEST, observation, rules()) == BLIND
