"""The deployment that brought the running version, the one before it, and the rollback target."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.repeated_rollback import RollbackTarget
from firebreak.services.ecs.deployments import DeploymentHistory, ServiceDeployment
from firebreak.services.ecs.suspect_deployment import Suspects, as_far_as, suspects, under_way
from firebreak.services.ecs.task_memory import TaskSize
from tests.support.builders_deployments import (
    BEFORE,
    MINUTE,
    OLD,
    OLDER,
    RED,
    arn_of,
    contents,
    deployed,
    history,
    holding,
    running,
)
from tests.support.builders_ecs import ARN, TASK_DEFINITION

NEWER = f"{ARN}:task-definition/api:8"
OTHER_FAMILY = f"{ARN}:task-definition/web:3"
RESTART = deployed("d7b", minutes_ago=5)


@pytest.mark.parametrize(
    ("memory", "brought", "earlier"),
    [
        pytest.param(history(deployed(), BEFORE), "d7", "d6", id="the newest"),
        pytest.param(history(RESTART, deployed(), BEFORE), "d7", "d6", id="the one before a restart"),
        pytest.param(history(deployed()), "d7", None, id="the first"),
        pytest.param(
            history(RESTART, deployed(status="STOPPED"), BEFORE), "d7b", "d6", id="a try that failed first"
        ),
        pytest.param(
            history(RESTART, deployed("d7a", status="STOPPED"), deployed(minutes_ago=60), BEFORE),
            "d7",
            "d6",
            id="a restart that stopped in between",
        ),
        pytest.param(
            history(deployed("d7b", status="STOPPED"), deployed(status="STOPPED"), BEFORE),
            "d7b",
            "d6",
            id="none that succeeded",
        ),
        pytest.param(
            history(deployed(), deployed("d8", NEWER, 60, status="STOPPED"), BEFORE),
            "d7",
            "d6",
            id="in between",
        ),
        pytest.param(
            history(deployed(), deployed("d?", "", 60), BEFORE), "d7", None, id="what ran before is not known"
        ),
        pytest.param(
            history(RESTART, deployed(status="ROLLBACK_FAILED"), deployed("d7a", minutes_ago=60), BEFORE),
            "d7b",
            None,
            id="the same ran before",
        ),
    ],
)
def test_the_suspect_is_the_deployment_that_brought_the_running_task_definition(
    memory: DeploymentHistory, brought: str, earlier: str | None
) -> None:
    found = suspects(memory, contents(memory))
    assert found.deployment.arn == arn_of(brought)
    assert (found.earlier.arn if found.earlier else None) == (arn_of(earlier) if earlier else None)


@pytest.mark.parametrize(
    ("memory", "rollback_target"),
    [
        pytest.param(history(deployed(), BEFORE), False, id="a new revision"),
        pytest.param(history(deployed()), False, id="the first"),
        pytest.param(history(deployed(), deployed("d8", NEWER, 60)), True, id="an older revision"),
        pytest.param(
            history(deployed(), deployed("d8", NEWER, 60, status="STOPPED")), True, id="after one that failed"
        ),
        pytest.param(history(deployed(), deployed("web", OTHER_FAMILY, 60)), False, id="another family"),
        pytest.param(
            history(deployed(), deployed("web", OTHER_FAMILY, 60), deployed("d7a", minutes_ago=90)),
            True,
            id="back to the family before",
        ),
        pytest.param(
            history(deployed(), deployed("d7a", status="ROLLBACK_SUCCESSFUL", minutes_ago=60)),
            True,
            id="again what ECS rolled back",
        ),
        pytest.param(
            history(RESTART, deployed(status="STOPPED"), BEFORE), False, id="after a try that stopped"
        ),
        pytest.param(
            history(
                RESTART, deployed(status="STOPPED"), deployed("d7a", status="ROLLBACK_SUCCESSFUL"), BEFORE
            ),
            True,
            id="after a try that stopped, again what ECS rolled back",
        ),
        pytest.param(
            history(
                deployed(task_definition=f"{ARN}:task-definition/api:10"),
                deployed("d9", f"{ARN}:task-definition/api:9", 60),
            ),
            False,
            id="numbers, not letters",
        ),
        pytest.param(
            history(deployed(task_definition=f"{ARN}:task-definition/api:x"), deployed("d9", NEWER, 60)),
            False,
            id="no number at all",
        ),
    ],
)
def test_a_rollback_is_distinguished_from_a_new_release(
    memory: DeploymentHistory, *, rollback_target: bool
) -> None:
    found = suspects(memory, contents(memory))
    assert found.is_rollback_target is rollback_target


BROUGHT = deployed(minutes_ago=20)
RAISED = deployed("d8", NEWER)


def same(arn: str, as_of: str = TASK_DEFINITION, **changes: Any) -> TaskSize:
    """A task definition with the contents of another one."""
    return replace(holding(as_of), arn=arn, **changes)


@pytest.mark.parametrize(
    ("new", "brought"),
    [
        pytest.param(same(NEWER, memory=2048), "d7", id="more memory"),
        pytest.param(same(NEWER), "d7", id="the same under a new number"),
        pytest.param(same(NEWER, memory=512), "d8", id="less memory"),
        pytest.param(holding(NEWER, memory=2048), "d8", id="more memory and something else"),
    ],
)
def test_more_memory_alone_does_not_hide_the_suspect(new: TaskSize, brought: str) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    assert suspects(memory, contents(memory, new)).deployment.arn == arn_of(brought)


def test_more_memory_twice_does_not_hide_it_either() -> None:
    twice = f"{ARN}:task-definition/api:9"
    memory = history(deployed("d9", twice, 5), RAISED, BROUGHT, BEFORE)
    held = contents(memory, same(NEWER, memory=2048), same(twice, memory=3072))
    assert suspects(memory, held).tries == (BROUGHT,)


def test_less_memory_is_suspected_although_more_was_given_since() -> None:
    twice = f"{ARN}:task-definition/api:9"
    memory = history(deployed("d9", twice, 5), RAISED, BROUGHT, BEFORE)
    held = contents(memory, same(NEWER, memory=512), same(twice, memory=2048))
    assert suspects(memory, held).tries == (RAISED,)


@pytest.mark.parametrize("unread", [NEWER, TASK_DEFINITION])
def test_unknown_contents_are_not_taken_for_the_same(unread: str) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    held = {arn: one for arn, one in contents(memory, same(NEWER)).items() if arn != unread}
    found = suspects(memory, held)
    assert (found.tries, found.is_rollback_target, found.only_adds_memory) == ((RAISED,), False, False)


REVERT = deployed("d8", NEWER, 5)


@pytest.mark.parametrize(
    ("held", "status", "rollback_target"),
    [
        pytest.param([same(NEWER, OLD)], "SUCCESSFUL", True, id="all of it"),
        pytest.param([holding(NEWER, images=holding(OLD).images)], "SUCCESSFUL", True, id="the images"),
        pytest.param(
            [same(NEWER, OLD, images=("x",)), holding(TASK_DEFINITION, images=("x",))],
            "SUCCESSFUL",
            True,
            id="the settings",
        ),
        pytest.param([holding(NEWER)], "SUCCESSFUL", False, id="neither"),
        pytest.param([same(NEWER, OLD)], "ROLLBACK_SUCCESSFUL", False, id="of what never ran well"),
        pytest.param(
            [holding(arn, images=("x",)) for arn in (NEWER, TASK_DEFINITION, OLD)],
            "SUCCESSFUL",
            False,
            id="images that never changed",
        ),
        pytest.param(
            [holding(arn, rest="x") for arn in (NEWER, TASK_DEFINITION, OLD)],
            "SUCCESSFUL",
            False,
            id="settings that never changed",
        ),
    ],
)
def test_a_revert_under_a_new_number_is_a_rollback(
    held: list[TaskSize], status: str, *, rollback_target: bool
) -> None:
    memory = history(REVERT, BROUGHT, replace(BEFORE, status=status))
    assert under_way(memory, contents(memory, *held)).is_rollback_target is rollback_target


def test_a_revert_is_recognized_by_the_known_contents_of_older_ones() -> None:
    older = deployed("d5", OLDER, 9 * 24 * 60)
    memory = history(REVERT, BROUGHT, older, BEFORE)
    held = contents(memory, same(NEWER, OLD))
    del held[OLDER]
    assert under_way(memory, held).is_rollback_target


def test_the_newest_is_suspected_with_its_tries_that_stopped_before_it() -> None:
    again, first = running("d7b", 2), deployed(status="STOPPED")
    memory = history(again, first, BEFORE)
    found = under_way(memory, contents(memory))
    assert (found.tries, found.before, found.is_rollback_target) == ((again, first), (BEFORE,), False)
    restart = under_way(history(again, deployed(), BEFORE), {})
    assert (restart.tries, restart.is_rollback_target) == ((again,), False)
    other = under_way(history(again, deployed("d6b", OLD, status="STOPPED"), BEFORE), {})
    assert other.tries == (again,)


def test_an_alarm_is_the_fault_of_the_newest_of_the_tries_that_it_followed() -> None:
    again, first = deployed("d7b", minutes_ago=1), deployed(status="STOPPED", minutes_ago=10)
    found = under_way(history(again, first, BEFORE), {})
    assert found.recent(RED, 30 * MINUTE) is again
    assert found.recent(RED - 2 * MINUTE, 30 * MINUTE) is first
    assert found.recent(RED - 2 * MINUTE, 5 * MINUTE) is None


@pytest.mark.parametrize(
    ("new", "only"),
    [
        pytest.param(same(NEWER, memory=1025), True, id="more"),
        pytest.param(same(NEWER), False, id="as much"),
        pytest.param(holding(NEWER, memory=2048), False, id="more and something else"),
    ],
)
def test_more_memory_alone_is_recognized(new: TaskSize, *, only: bool) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    assert under_way(memory, contents(memory, new)).only_adds_memory is only
    assert not under_way(history(RAISED), contents(memory, new)).only_adds_memory


@pytest.mark.parametrize(
    ("new", "only"),
    [
        pytest.param({"limits": {"api": 256}}, False, id="a limit where there was none"),
        pytest.param({"limits": {}, "memory": 2048}, True, id="more for the task"),
        pytest.param({"limits": {"side": 256}, "memory": 2048}, False, id="more, and a new limit"),
    ],
)
def test_a_new_limit_is_no_raise(new: dict[str, Any], *, only: bool) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    held = contents(memory, holding(TASK_DEFINITION, limits={}), same(NEWER, **{"limits": {}, **new}))
    found = under_way(memory, held)
    assert (found.only_adds_memory, suspects(memory, held).deployment is BROUGHT) == (only, only)


ELSEWHERE = deployed("d7b", minutes_ago=5, settings="other subnets")


@pytest.mark.parametrize(
    ("memory", "only"),
    [
        pytest.param(history(ELSEWHERE, deployed(), BEFORE), True, id="the same task definition"),
        pytest.param(history(RESTART, deployed(), BEFORE), False, id="a restart"),
        pytest.param(
            history(replace(ELSEWHERE, task_definition=NEWER), deployed()), False, id="new code too"
        ),
        pytest.param(history(ELSEWHERE, deployed(status="ROLLBACK_SUCCESSFUL")), False, id="it never ran"),
        pytest.param(history(ELSEWHERE), False, id="the first"),
    ],
)
def test_other_settings_of_the_service_are_no_restart(memory: DeploymentHistory, *, only: bool) -> None:
    found = suspects(memory, contents(memory))
    assert found.only_changes_the_service is only
    assert (found.deployment is memory.newest) is (memory.deployments[0] is not RESTART)


def test_a_raise_is_compared_with_what_ran_last() -> None:
    memory = history(RAISED, BROUGHT, replace(BEFORE, settings="other"))
    assert under_way(memory, contents(memory, same(NEWER, memory=2048))).only_adds_memory


def test_more_memory_with_other_settings_changes_the_service_too() -> None:
    memory = history(replace(RAISED, settings="other"), BROUGHT, BEFORE)
    found = under_way(memory, contents(memory, same(NEWER, memory=2048)))
    assert (found.only_changes_the_service, found.only_adds_memory) == (True, False)


@pytest.mark.parametrize(
    ("newest", "older", "restarts"),
    [
        pytest.param({}, {}, True, id="deployed again"),
        pytest.param({"task_definition": NEWER}, {}, False, id="another one"),
        pytest.param({"settings": "x"}, {}, False, id="other settings"),
        pytest.param({}, {"status": "ROLLBACK_SUCCESSFUL"}, False, id="what ECS took back"),
    ],
)
def test_a_restart_is_distinguished_from_a_change(
    newest: dict[str, Any], older: dict[str, Any], *, restarts: bool
) -> None:
    memory = history(running("d7b", **newest), deployed(**older), BEFORE)
    found = under_way(memory, contents(memory)).restarts
    assert (found is not None) is restarts
    assert found is None or found.deployment is memory.deployments[1]
    assert under_way(history(running()), {}).restarts is None


# --- the rollback target

C, B, A = deployed("dC", NEWER, 4), deployed("dB", minutes_ago=12), BEFORE


def test_a_success_that_is_repeated_brought_the_rollback_target() -> None:
    memory = history(C, replace(B, arn=arn_of("dB2"), began=RED - 8 * MINUTE), B, A)
    found = suspects(memory, contents(memory))
    assert found.brought_before
    assert (found.earlier, found.brought_before.deployment) == (memory.deployments[1], B)
    assert found.rollback_target == RollbackTarget(suspected_since=C.began, newest=(B.began, C.began))


def test_a_failure_since_then_ends_the_time_of_the_rollback_target() -> None:
    failed = deployed("dX", f"{ARN}:task-definition/api:9", 8, status="ROLLBACK_SUCCESSFUL")
    memory = history(C, failed, B, A)
    assert suspects(memory, contents(memory)).rollback_target.newest == (B.began, failed.began)


def test_the_first_of_its_tries_says_since_when_it_is_there() -> None:
    again, first = running("d7b", 2), deployed(status="STOPPED")
    found = under_way(history(again, first), {})
    assert (found.rollback_target, found.brought_before) == (
        RollbackTarget(suspected_since=first.began, newest=None),
        None,
    )


E = deployed("dE", OLDER, 9 * 24 * 60)
LAST = deployed("dF", f"{ARN}:task-definition/api:4", 10 * 24 * 60)


@pytest.mark.parametrize(
    ("memory", "first", "second"),
    [
        pytest.param((C, B, A, E), 2, 3, id="one after the other"),
        pytest.param((C, replace(B, status="STOPPED"), A, E, LAST), 3, 4, id="failures do not count"),
        pytest.param((RESTART, B, A, E, LAST), 3, 4, id="a newer one than the suspect belongs to it"),
        pytest.param((C, B), 2, 2, id="all where there are fewer"),
        pytest.param((C,), 1, 1, id="the only one"),
    ],
)
def test_how_far_back_a_success_lies(memory: tuple[ServiceDeployment, ...], first: int, second: int) -> None:
    whole = history(*memory)
    found = suspects(whole, contents(whole))
    for success, reach in ((1, first), (2, second)):
        expected = {one.task_definition for one in memory[:reach]}
        assert as_far_as(whole, found, success) == expected


def test_a_version_tried_since_the_success_that_is_neither_it_nor_the_suspect_was_leaving_it() -> None:
    left = deployed("d8", NEWER, 50, status="STOPPED")
    tried = (
        deployed("d7a", minutes_ago=40, status="STOPPED"),
        left,
        deployed("d6b", OLD, 60, status="STOPPED"),
    )
    never = deployed("d5", OLDER, 200, status="STOPPED")
    assert Suspects((deployed(),), (*tried, BEFORE, never), {}).left_between == [left]


def test_where_nothing_succeeded_before_nobody_was_leaving_it() -> None:
    tried = deployed("d8", NEWER, 50, status="STOPPED")
    assert Suspects((deployed(),), (tried,), {}).left_between == []
