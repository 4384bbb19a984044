"""How deployment and alarm stand to each other in time, and the result of one that was ended."""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.model import Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.services.ecs.deployments import (
    DeploymentHistory,
    RollBackObservation,
    ago,
    is_recent,
    listed,
    rollback_outcome,
    was_ended,
    when,
)
from tests.support.builders_deployments import (
    BEFORE,
    MINUTE,
    OLD,
    OLDER,
    RED,
    deployed,
    history,
)
from tests.support.builders_ecs import TASK_DEFINITION, service


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
    ("since", "suspect_within", "text"),
    [
        (-3, None, "deployment d7 began 3 min after the alarm turned red"),
        (0, None, "the alarm turned red during deployment d7"),
        (1, None, "the alarm turned red during deployment d7"),
        (2, None, "the alarm turned red 0 s after deployment d7"),
        (5, None, "the alarm turned red 3 min after deployment d7"),
        (45, 30, "the alarm turned red 43 min after deployment d7, limit 30 min"),
    ],
)
def test_the_text_says_how_deployment_and_alarm_stand_in_time(
    since: int, suspect_within: int | None, text: str
) -> None:
    one = deployed(began=RED, ended=RED + 2 * MINUTE)
    assert when(one, RED + since * MINUTE, suspect_within * MINUTE if suspect_within else None) == text


def test_a_deployment_whose_end_is_not_known_is_described_by_its_beginning() -> None:
    text = when(deployed(began=RED, ended=None), RED + MINUTE)
    assert text == "the alarm turned red 1 min after deployment d7"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "61 min")])
def test_a_length_of_time_is_given_in_minutes_or_seconds(seconds: int, text: str) -> None:
    assert ago(timedelta(seconds=seconds)) == text


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
    assert (was_ended(one), rollback_outcome(one)) == (arrived, settled)


@pytest.mark.parametrize("status", ["STOPPED", "PAUSED"])
def test_a_status_that_says_neither_is_unknown(status: str) -> None:
    why = Unknown(f"deployment d7 is {status}, not rolled back")
    assert (was_ended(deployed(status=status)), rollback_outcome(deployed(status=status))) == (why, why)


def test_the_tags_are_those_of_the_service_as_far_as_it_was_read() -> None:
    def seen(now: Any) -> RollBackObservation:
        return RollBackObservation(service=now, history=history(), contents={}, earlier=NotRead("x"))

    assert seen(service()).tags == {"firebreak:enabled": "true"}
    assert seen(Unknown("x")).tags == Unknown("x")


def test_a_memory_has_its_newest_deployment_and_its_defaults() -> None:
    memory = history(deployed(), BEFORE)
    assert (memory.newest, memory.paused_hook, memory.replaces) == (deployed(), "", True)
    assert DeploymentHistory(deployments=()).newest is None
    assert {TASK_DEFINITION, OLD, OLDER} >= {one.task_definition for one in memory.deployments}


@pytest.mark.parametrize(
    ("statuses", "left"),
    [
        pytest.param(("ROLLBACK_SUCCESSFUL", "SUCCESSFUL"), 1, id="one that ECS rolled back"),
        pytest.param(("ROLLBACK_SUCCESSFUL",) * 2 + ("SUCCESSFUL",), 1, id="two of them"),
        pytest.param(("SUCCESSFUL", "SUCCESSFUL"), 2, id="none"),
        pytest.param(("ROLLBACK_SUCCESSFUL", "STOPPED"), 2, id="nothing that succeeded behind it"),
        pytest.param(("ROLLBACK_IN_PROGRESS", "SUCCESSFUL"), 2, id="one that is being rolled back"),
        pytest.param(("ROLLBACK_FAILED", "SUCCESSFUL"), 2, id="one whose roll back failed"),
        pytest.param(("ROLLBACK_SUCCESSFUL",), 1, id="nothing behind it"),
    ],
)
def test_a_deployment_that_ecs_rolled_back_does_not_hide_the_one_that_runs_again(
    statuses: tuple[str, ...], left: int
) -> None:
    memory = history(*(deployed(f"d{n}", status=status) for n, status in enumerate(statuses)))
    assert memory.without_rolled_back(TASK_DEFINITION).deployments == memory.deployments[-left:]
    assert memory.without_rolled_back(OLD) == memory or statuses[0] == "SUCCESSFUL"
    assert DeploymentHistory(deployments=()).without_rolled_back(OLD).newest is None
