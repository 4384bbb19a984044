"""replace-task: which task it stops, what it refuses, and what came of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.ledger import incident_name
from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.services.ecs.tasks import TaskLive
from tests.support import builders as a
from tests.support.builders_ecs import TARGET, FakeEcs, deployment
from tests.support.builders_tasks import (
    BAD,
    FOUR,
    REQUEST,
    FakeTasks,
    arn_of,
    planned,
    refused,
    replacer,
    seen,
    spare,
    task,
)

REASON = f"Firebreak incident {incident_name(REQUEST)}: the task is unhealthy"
RECEIPT = Receipt(summary="stopped")
WELL = tuple(one for one in FOUR if one is not BAD)


# --- looking


def test_it_looks_at_the_tasks_and_at_the_protection_of_the_bad_one_only() -> None:
    tasks = FakeTasks(FOUR)
    assert replacer(FakeEcs(service_now=spare()), tasks).observe(TARGET) == seen()
    assert tasks.calls == [("tasks", "ecs:prod/api"), ("protected", "ecs:prod/api", arn_of("bad"))]


def test_where_no_single_task_is_bad_nobody_asks_for_protection() -> None:
    tasks = FakeTasks(WELL)
    found = replacer(FakeEcs(service_now=spare()), tasks).observe(TARGET)
    assert found.protected == NotRead("no single task is bad")
    assert tasks.calls == [("tasks", "ecs:prod/api")]


def test_a_service_that_is_not_there_is_not_looked_into() -> None:
    tasks = FakeTasks(FOUR)
    assert replacer(FakeEcs(), tasks).observe(TARGET).tasks == NotRead("the service was not read")
    assert tasks.calls == []


# --- planning


def test_the_plan_names_the_one_bad_task_and_the_incident() -> None:
    assert planned() == Plan(
        summary="replace task bad of ecs:prod/api: it is unhealthy, 3 others are healthy",
        change={"cluster": "prod", "task": arn_of("bad"), "reason": REASON},
        before={
            "taskDefinition": spare().task_definition,
            "deployments": ["ecs-svc/1"],
            "desired": 4,
            "running": 4,
            "task": arn_of("bad"),
        },
        patience_seconds=600,
    )


def test_an_approved_plan_is_the_same_as_the_one_that_was_asked_about() -> None:
    """The incident's name is in the change, and must not make it another one."""
    again = replace(REQUEST, kind=RequestKind.APPROVAL, incident_id=incident_name(REQUEST))
    found = replacer().plan(again, seen(), a.rules())
    assert isinstance(found, Plan)
    assert found.change == planned().change


@pytest.mark.parametrize(
    ("tasks", "reason", "detail"),
    [
        pytest.param(
            WELL,
            Reason.NO_SINGLE_BAD_TASK,
            "of 3 tasks 0 unhealthy, 3 healthy, 0 without a word of health",
            id="none is bad",
        ),
        pytest.param(
            (*FOUR, task("b2", "UNHEALTHY")),
            Reason.NO_SINGLE_BAD_TASK,
            "of 5 tasks 2 unhealthy, 3 healthy, 0 without a word of health",
            id="two are bad",
        ),
        pytest.param(
            (BAD, task("t1", "UNKNOWN"), task("t2")),
            Reason.NO_SINGLE_BAD_TASK,
            "of 3 tasks 1 unhealthy, 1 healthy, 1 without a word of health",
            id="another may be bad",
        ),
        pytest.param(
            (),
            Reason.NO_SINGLE_BAD_TASK,
            "of 0 tasks 0 unhealthy, 0 healthy, 0 without a word of health",
            id="none runs",
        ),
        pytest.param(
            (*WELL, replace(BAD, group="family:api")),
            Reason.NO_SINGLE_BAD_TASK,
            "of 3 tasks 0 unhealthy, 3 healthy, 0 without a word of health",
            id="the bad one is not the service's",
        ),
        pytest.param(
            (*FOUR, task("new", "UNKNOWN", status="PROVISIONING")),
            Reason.NOT_READY,
            "1 of 5 tasks are still coming up",
            id="ECS is replacing it already",
        ),
        pytest.param(
            (*WELL, replace(BAD, tags={})),
            Reason.TASK_PROTECTED,
            "task bad lacks firebreak:enabled=true: its service must propagate its tags",
            id="IAM would not let it",
        ),
    ],
)
def test_the_tasks_that_it_does_not_stop(tasks: tuple[TaskLive, ...], reason: Reason, detail: str) -> None:
    assert refused(seen(tasks)) == Obstacle(reason, detail)


def test_a_protected_task_is_left_alone() -> None:
    refusal = refused(seen(protected=True))
    assert refusal == Obstacle(Reason.TASK_PROTECTED, "task bad is protected from scale-in")


@pytest.mark.parametrize(
    ("desired", "running", "percent", "spared"),
    [
        pytest.param(4, 4, 75, True, id="just enough are left"),
        pytest.param(4, 4, 76, False, id="rounded up, one too few"),
        pytest.param(4, 4, 100, False, id="none may be missing"),
        pytest.param(3, 4, 100, True, id="one more runs than is wanted"),
        pytest.param(4, 2, 50, False, id="two are missing already"),
        pytest.param(4, 4, 0, True, id="all may be missing"),
    ],
)
def test_as_many_stay_as_ecs_itself_would_leave(
    desired: int, running: int, percent: int, *, spared: bool
) -> None:
    now = spare(desired=desired, running=running, minimum_healthy=percent)
    found = replacer().plan(REQUEST, seen(FOUR, now), a.rules())
    assert (Plan if spared else Reason.TOO_FEW_HEALTHY) in (type(found), getattr(found, "reason", ""))


def test_the_only_task_of_a_service_is_not_stopped() -> None:
    now = spare(desired=1, running=1)
    assert refused(seen((BAD,), now)) == Obstacle(
        Reason.TOO_FEW_HEALTHY, "0 tasks would run, minimumHealthyPercent 50 of 1 wants 1"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "DRAINING"}, Reason.NOT_ACTIVE, id="draining"),
        pytest.param({"desired": 0}, Reason.SCALED_TO_ZERO, id="scaled to zero"),
        pytest.param({"managed_by": "ECS"}, Reason.MANAGED_ELSEWHERE, id="express-managed"),
        pytest.param({"controller": "EXTERNAL"}, Reason.UNSUPPORTED_CONTROLLER, id="somebody else's"),
        pytest.param(
            {"deployments": (deployment(rollout="IN_PROGRESS"),)}, Reason.DEPLOYMENT_RUNNING, id="deploying"
        ),
        pytest.param(
            {"deployments": (deployment("a"), deployment("b", status="ACTIVE"))},
            Reason.DEPLOYMENT_RUNNING,
            id="two deployments",
        ),
    ],
)
def test_it_refuses_a_service_that_is_not_at_rest(changes: dict[str, Any], reason: Reason) -> None:
    assert refused(seen(FOUR, spare(**changes))).reason is reason


def test_it_refuses_a_service_that_does_not_exist() -> None:
    assert refused(seen(FOUR, ABSENT)).reason is Reason.TARGET_MISSING


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(FOUR, Unknown("x")), "the service could not be read: x", id="the service"),
        pytest.param(seen(Unknown("slow")), "the list of its tasks could not be read: slow", id="its tasks"),
        pytest.param(
            seen(protected=Unknown("denied")),
            "the protection of the task could not be read: denied",
            id="the protection",
        ),
        pytest.param(
            seen(protected=NotRead("later")),
            "the protection of the task was not read: later",
            id="the protection, not looked at",
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: Any, why: str) -> None:
    assert replacer().plan(REQUEST, observation, a.rules()) == Unknown(why)


@given(
    st.lists(st.sampled_from(["HEALTHY", "UNHEALTHY", "UNKNOWN"]), max_size=8),
    st.integers(1, 8),
    st.integers(0, 100),
)
def test_whatever_runs_a_plan_leaves_what_the_service_needs_and_takes_the_only_bad_one(
    healths: list[str], desired: int, percent: int
) -> None:
    tasks = tuple(task(f"t{n}", health) for n, health in enumerate(healths))
    now = spare(desired=desired, running=len(tasks), minimum_healthy=percent)
    found = replacer().plan(REQUEST, seen(tasks, now), a.rules())
    if isinstance(found, Plan):
        (bad,) = [one for one in tasks if one.health != "HEALTHY"]
        assert (found.change["task"], bad.health) == (bad.arn, "UNHEALTHY")
        assert (len(tasks) - 1) * 100 >= desired * percent


# --- acting and judging


def test_it_stops_the_task_once() -> None:
    tasks = FakeTasks()
    receipt = replacer(tasks=tasks).execute(planned())
    assert tasks.calls == [("stop", "prod", arn_of("bad"), REASON)]
    assert receipt == Receipt(summary="task bad is being stopped", after={"task": arn_of("bad")})


@pytest.mark.parametrize("missing", ["cluster", "task", "reason"])
def test_a_plan_that_cannot_be_read_sends_nothing(missing: str) -> None:
    tasks = FakeTasks()
    broken = replace(planned(), change={k: v for k, v in planned().change.items() if k != missing})
    with pytest.raises(Rejected, match=r"^StopTask: UnusablePlan$"):
        replacer(tasks=tasks).execute(broken)
    assert tasks.calls == []


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param(WELL, True, id="gone"),
        pytest.param((*WELL, task("new")), True, id="replaced"),
        pytest.param(FOUR, False, id="still there"),
        pytest.param(
            Unknown("slow"), Unknown("the list of its tasks could not be read: slow"), id="could not look"
        ),
        pytest.param(ABSENT, Unknown("the list of its tasks does not exist"), id="no such service"),
    ],
)
def test_whether_a_stop_without_a_reply_happened(tasks: Any, expected: object) -> None:
    assert expected == replacer().outcome(planned(), seen(tasks))


@pytest.mark.parametrize(
    ("tasks", "running", "expected"),
    [
        pytest.param((*WELL, task("new")), 4, Settled.YES, id="another runs"),
        pytest.param(WELL, 3, Settled.NOT_YET, id="another is still to come"),
        pytest.param(FOUR, 4, Settled.NOT_YET, id="it is still there"),
        pytest.param((*WELL, task("new")), 5, Settled.NOT_YET, id="one too many runs"),
    ],
)
def test_whether_it_has_come_to_rest(tasks: Any, running: int, expected: object) -> None:
    assert expected == replacer().settled(planned(), RECEIPT, seen(tasks, spare(running=running)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"running": 3}, False, id="the one that was stopped"),
        pytest.param({"running": 2}, True, id="one more"),
        pytest.param({"running": 2, "desired": 3}, False, id="somebody wants fewer"),
        pytest.param({"running": 4}, False, id="as many"),
    ],
)
def test_whether_the_service_is_worse_off(changes: dict[str, int], *, expected: bool) -> None:
    assert replacer().worse(planned(), seen(WELL, spare(**changes))) is expected


def test_judging_what_cannot_be_seen_is_unknown() -> None:
    blind = seen(WELL, Unknown("x"))
    assert replacer().settled(planned(), RECEIPT, blind) == Unknown("the service could not be read: x")
    assert replacer().worse(planned(), blind) == Unknown("the service could not be read: x")
    nameless = replace(planned(), change={})
    assert replacer().outcome(nameless, seen()) == Unknown("the stored plan has no usable task")
    assert replacer().settled(nameless, RECEIPT, seen()) == Unknown("the stored plan has no usable task")


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_a_task_that_was_stopped_does_not_come_back(kind: RequestKind) -> None:
    assert replacer().undo(planned(), seen(), kind).reason is Reason.NOT_REVERSIBLE
    assert replacer().spec.temporary is False
