"""Which deployment brought what runs, what ran before it, and what became of one that was ended."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.deployments import (
    DeploymentHistory,
    RollBackObservation,
    ago,
    blamed,
    ending,
    is_recent,
    listed,
    under_way,
    was_ended,
    when,
)
from firebreak.core.model import Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.task_memory import TaskSize
from tests.builders_deployments import (
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
from tests.builders_ecs import ARN, TASK_DEFINITION, service

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
def test_blamed_is_what_brought_the_running_task_definition(
    memory: DeploymentHistory, brought: str, earlier: str | None
) -> None:
    found = blamed(memory, contents(memory))
    assert found.deployment.arn == arn_of(brought)
    assert (found.earlier.arn if found.earlier else None) == (arn_of(earlier) if earlier else None)


@pytest.mark.parametrize(
    ("memory", "way_back"),
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
def test_a_way_back_is_told_from_a_way_on(memory: DeploymentHistory, *, way_back: bool) -> None:
    found = blamed(memory, contents(memory))
    assert found.is_way_back is way_back


BROUGHT = deployed(minutes_ago=20)
RAISED = deployed("d8", NEWER)


def same(arn: str, as_of: str = TASK_DEFINITION, **changes: Any) -> TaskSize:
    """A task definition that holds what another one does."""
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
def test_more_memory_alone_does_not_hide_the_deployment_to_blame(new: TaskSize, brought: str) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    assert blamed(memory, contents(memory, new)).deployment.arn == arn_of(brought)


def test_more_memory_twice_does_not_hide_it_either() -> None:
    twice = f"{ARN}:task-definition/api:9"
    memory = history(deployed("d9", twice, 5), RAISED, BROUGHT, BEFORE)
    held = contents(memory, same(NEWER, memory=2048), same(twice, memory=3072))
    assert blamed(memory, held).tries == (BROUGHT,)


def test_less_memory_is_blamed_though_more_was_given_since() -> None:
    twice = f"{ARN}:task-definition/api:9"
    memory = history(deployed("d9", twice, 5), RAISED, BROUGHT, BEFORE)
    held = contents(memory, same(NEWER, memory=512), same(twice, memory=2048))
    assert blamed(memory, held).tries == (RAISED,)


@pytest.mark.parametrize("unread", [NEWER, TASK_DEFINITION])
def test_what_is_not_known_is_not_taken_for_the_same(unread: str) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    held = {arn: one for arn, one in contents(memory, same(NEWER)).items() if arn != unread}
    found = blamed(memory, held)
    assert (found.tries, found.is_way_back, found.only_adds_memory) == ((RAISED,), False, False)


REVERT = deployed("d8", NEWER, 5)


@pytest.mark.parametrize(
    ("held", "status", "way_back"),
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
def test_a_revert_under_a_new_number_is_a_way_back(
    held: list[TaskSize], status: str, *, way_back: bool
) -> None:
    memory = history(REVERT, BROUGHT, replace(BEFORE, status=status))
    assert under_way(memory, contents(memory, *held)).is_way_back is way_back


def test_a_revert_is_told_from_what_is_known_of_older_ones() -> None:
    older = deployed("d5", OLDER, 9 * 24 * 60)
    memory = history(REVERT, BROUGHT, older, BEFORE)
    held = contents(memory, same(NEWER, OLD))
    del held[OLDER]
    assert under_way(memory, held).is_way_back


def test_the_newest_is_blamed_with_its_tries_that_stopped_before_it() -> None:
    again, first = running("d7b", 2), deployed(status="STOPPED")
    memory = history(again, first, BEFORE)
    found = under_way(memory, contents(memory))
    assert (found.tries, found.before, found.is_way_back) == ((again, first), (BEFORE,), False)
    restart = under_way(history(again, deployed(), BEFORE), {})
    assert (restart.tries, restart.is_way_back) == ((again,), False)
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
def test_more_memory_alone_is_told_apart(new: TaskSize, *, only: bool) -> None:
    memory = history(RAISED, BROUGHT, BEFORE)
    assert under_way(memory, contents(memory, new)).only_adds_memory is only
    assert not under_way(history(RAISED), contents(memory, new)).only_adds_memory


@pytest.mark.parametrize(
    ("since", "recent"),
    [
        pytest.param(-1, False, id="before it began"),
        pytest.param(0, True, id="as it began"),
        pytest.param(2, True, id="as it ended"),
        pytest.param(12, True, id="ten minutes after its end"),
        pytest.param(13, False, id="later"),
    ],
)
def test_an_alarm_is_its_fault_from_its_beginning_to_some_time_after_its_end(
    since: int, *, recent: bool
) -> None:
    one = deployed(began=RED, ended=RED + 2 * MINUTE)
    assert is_recent(one, RED + since * MINUTE, 10 * MINUTE) is recent


def test_where_no_end_is_known_the_time_runs_from_the_beginning() -> None:
    one = deployed(began=RED, ended=None)
    assert is_recent(one, RED + 10 * MINUTE, 10 * MINUTE)
    assert not is_recent(one, RED + 11 * MINUTE, 10 * MINUTE)


@pytest.mark.parametrize(
    ("since", "blame", "told"),
    [
        (-3, None, "deployment d7 began 3 min after the alarm turned red"),
        (0, None, "the alarm turned red during deployment d7"),
        (1, None, "the alarm turned red during deployment d7"),
        (2, None, "the alarm turned red 0 s after deployment d7"),
        (5, None, "the alarm turned red 3 min after deployment d7"),
        (45, 30, "the alarm turned red 43 min after deployment d7, the policy blames for 30 min"),
    ],
)
def test_how_deployment_and_alarm_stand_in_time_is_told(since: int, blame: int | None, told: str) -> None:
    one = deployed(began=RED, ended=RED + 2 * MINUTE)
    assert when(one, RED + since * MINUTE, blame * MINUTE if blame else None) == told


def test_a_deployment_whose_end_is_not_known_is_told_by_its_beginning() -> None:
    told = when(deployed(began=RED, ended=None), RED + MINUTE)
    assert told == "the alarm turned red 1 min after deployment d7"


@pytest.mark.parametrize(("seconds", "told"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "61 min")])
def test_a_length_of_time_is_told_in_minutes_or_seconds(seconds: int, told: str) -> None:
    assert ago(timedelta(seconds=seconds)) == told


def test_a_deployment_is_found_by_its_arn() -> None:
    memory = history(deployed(), BEFORE)
    assert listed(memory, BEFORE.arn) == BEFORE
    assert listed(memory, memory.deployments[0].arn, newest=True) == memory.deployments[0]


@pytest.mark.parametrize(
    ("memory", "newest", "why"),
    [
        pytest.param(history(deployed()), False, "deployment d6 is not listed any more", id="forgotten"),
        pytest.param(history(deployed(), BEFORE), True, "another deployment began after d6", id="followed"),
        pytest.param(Unknown("x"), False, "the history of its deployments could not be read: x", id="blind"),
        pytest.param(NotRead("x"), False, "the history of its deployments was not read: x", id="not read"),
        pytest.param(ABSENT, False, "the history of its deployments does not exist", id="absent"),
    ],
)
def test_a_deployment_that_cannot_be_found_is_unknown(memory: Any, why: str, *, newest: bool) -> None:
    assert listed(memory, BEFORE.arn, newest=newest) == Unknown(why)


@pytest.mark.parametrize(
    ("status", "arrived", "settled"),
    [
        ("PENDING", False, Settled.NOT_YET),
        ("IN_PROGRESS", False, Settled.NOT_YET),
        ("SUCCESSFUL", False, Settled.FAILED),
        ("STOP_REQUESTED", True, Settled.NOT_YET),
        ("ROLLBACK_REQUESTED", True, Settled.NOT_YET),
        ("ROLLBACK_IN_PROGRESS", True, Settled.NOT_YET),
        ("ROLLBACK_SUCCESSFUL", True, Settled.YES),
        ("ROLLBACK_FAILED", True, Settled.FAILED),
    ],
)
def test_every_status_says_whether_the_ending_arrived_and_came_to_rest(
    status: str, settled: Settled, *, arrived: bool
) -> None:
    one = deployed(status=status)
    assert (was_ended(one), ending(one)) == (arrived, settled)


@pytest.mark.parametrize("status", ["STOPPED", "PAUSED"])
def test_a_status_that_says_neither_is_unknown(status: str) -> None:
    why = Unknown(f"deployment d7 is {status}, not rolled back")
    assert (was_ended(deployed(status=status)), ending(deployed(status=status))) == (why, why)


def test_the_tags_are_those_of_the_service_as_far_as_it_was_read() -> None:
    def seen(now: Any) -> RollBackObservation:
        return RollBackObservation(service=now, history=history(), contents={}, earlier=NotRead("x"))

    assert seen(service()).tags == {"firebreak:enabled": "true"}
    assert seen(Unknown("x")).tags == Unknown("x")


def test_a_memory_tells_its_newest_and_its_defaults() -> None:
    memory = history(deployed(), BEFORE)
    assert (memory.newest, memory.paused_hook, memory.replaces) == (deployed(), "", True)
    assert DeploymentHistory(deployments=()).newest is None
    assert {TASK_DEFINITION, OLD, OLDER} >= {one.task_definition for one in memory.deployments}
