"""replace-task for an alarm on unhealthy hosts: the task is the one its load balancer finds bad."""

from dataclasses import replace

import pytest

from firebreak.core.model import Metric, Obstacle, Plan
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs.tasks import TargetHealth, TaskLive, TasksObservation
from tests.support import builders as a
from tests.support.builders_ecs import ACCOUNT, REGION, TARGET, FakeEcs
from tests.support.builders_tasks import REQUEST, FakeTasks, arn_of, replacer, spare, task

BLUE, GREEN = (f"targetgroup/{name}/6071a0b1c2d3e4f5" for name in ("blue", "green"))
ARNS = {name: f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{name}" for name in (BLUE, GREEN)}
HOSTS = Metric("AWS/ApplicationELB", "UnHealthyHostCount", {"TargetGroup": BLUE})
ASKED = replace(
    REQUEST, alarm=replace(REQUEST.alarm, metrics=(HOSTS,)), groups=frozenset({BLUE}), unhealthy_hosts=True
)
REGISTERED = spare(target_groups=frozenset({ARNS[BLUE]}))


def at(name: str, address: str, **changes: object) -> TaskLive:
    """A task without a container health check, with a network interface of its own."""
    return task(name, "UNKNOWN", addresses=frozenset({address}), **changes)


FOUR = (at("t1", "10.0.0.1"), at("bad", "10.0.0.2"), at("t2", "10.0.0.3"), at("t3", "10.0.0.4"))


def health(**states: str) -> tuple[TargetHealth, ...]:
    """Four healthy targets, but for those said; `t2=...` is the target at 10.0.0.2."""
    return tuple(
        TargetHealth(f"10.0.0.{n}", state) for n in range(1, 5) if (state := states.get(f"t{n}", "healthy"))
    )


ONE_BAD = health(t2="unhealthy")


def seen(
    tasks: Reading[tuple[TaskLive, ...]] = FOUR,
    targets: Reading[tuple[TargetHealth, ...]] = ONE_BAD,
    guarded: Reading[bool] = False,
    service: object = REGISTERED,
) -> TasksObservation:
    fakes = FakeTasks(tasks, guarded, {ARNS[BLUE]: targets, ARNS[GREEN]: ()})
    return replacer(FakeEcs(service_now=service), fakes).observe(TARGET)  # type: ignore[arg-type]


def planned(observation: TasksObservation) -> object:
    return replacer().plan(ASKED, observation, a.rules())


def test_the_task_at_the_unhealthy_address_is_replaced() -> None:
    plan = planned(seen())
    assert isinstance(plan, Plan)
    assert plan.change["task"] == arn_of("bad")
    assert plan.summary == (
        "replace task bad of ecs:prod/api: its load balancer finds it unhealthy, 3 others are healthy"
    )


@pytest.mark.parametrize(
    ("targets", "tasks", "reason"),
    [
        pytest.param(health(), FOUR, Reason.NO_SINGLE_BAD_TASK, id="none is unhealthy any more"),
        pytest.param(health(t2="unhealthy", t3="unhealthy"), FOUR, Reason.NO_SINGLE_BAD_TASK, id="several"),
        pytest.param(
            health(**{f"t{n}": "unhealthy" for n in range(1, 5)}), FOUR, Reason.NO_SINGLE_BAD_TASK, id="all"
        ),
        pytest.param(
            health(t2="unhealthy", t3="initial"), FOUR, Reason.NO_SINGLE_BAD_TASK, id="another is coming up"
        ),
        pytest.param(
            health(t2="unhealthy", t3=""), FOUR, Reason.NO_SINGLE_BAD_TASK, id="another is not registered"
        ),
        pytest.param(
            (*ONE_BAD, TargetHealth("10.0.0.9", "unhealthy")),
            FOUR,
            Reason.NO_SINGLE_BAD_TASK,
            id="a stranger",
        ),
        pytest.param(
            (TargetHealth("i-0123456789abcdef0", "unhealthy"),),
            FOUR,
            Reason.NO_SINGLE_BAD_TASK,
            id="an instance",
        ),
        pytest.param(
            ONE_BAD,
            (*FOUR[:3], replace(FOUR[3], health="UNHEALTHY")),
            Reason.NO_SINGLE_BAD_TASK,
            id="another fails its own check",
        ),
        pytest.param(
            ONE_BAD, (*FOUR[:3], replace(FOUR[3], status="PENDING")), Reason.NOT_READY, id="ECS replaces one"
        ),
    ],
)
def test_anything_but_one_bad_among_healthy_ones_is_left_alone(
    targets: tuple[TargetHealth, ...], tasks: tuple[TaskLive, ...], reason: Reason
) -> None:
    found = planned(seen(tasks, targets))
    assert isinstance(found, Obstacle)
    assert found.reason is reason


def test_a_draining_target_of_a_task_that_is_gone_says_nothing() -> None:
    assert isinstance(planned(seen(targets=(*ONE_BAD, TargetHealth("10.0.0.9", "draining")))), Plan)


def test_one_port_of_a_task_that_is_unhealthy_makes_the_task_so() -> None:
    both = (*health(), TargetHealth("10.0.0.2", "unhealthy"))
    plan = planned(seen(targets=both))
    assert isinstance(plan, Plan)
    assert plan.change["task"] == arn_of("bad")


def test_the_other_group_of_a_blue_green_pair_does_not_hide_it() -> None:
    pair = spare(target_groups=frozenset(ARNS.values()))
    assert isinstance(planned(seen(service=pair)), Plan)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(seen(targets=Unknown("denied")), id="targets could not be read"),
        pytest.param(seen(service=spare()), id="the service is behind no group"),
        pytest.param(seen(guarded=Unknown("denied")), id="protection could not be read"),
        pytest.param(seen(tasks=Unknown("denied")), id="tasks could not be read"),
    ],
)
def test_a_task_that_could_not_be_read_is_not_stopped(found: TasksObservation) -> None:
    assert isinstance(planned(found), Unknown)


def test_a_service_that_left_the_alarms_group_is_left_alone() -> None:
    moved = spare(target_groups=frozenset({ARNS[GREEN]}))
    found = planned(seen(service=moved))
    assert found == Obstacle(Reason.NO_SINGLE_BAD_TASK, f"the service is not registered with {BLUE}")


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (seen(guarded=True), Reason.TASK_PROTECTED),
        (seen(service=replace(REGISTERED, minimum_healthy=100)), Reason.TOO_FEW_HEALTHY),
    ],
)
def test_the_rules_of_replacing_a_task_count_as_ever(observation: TasksObservation, reason: Reason) -> None:
    found = planned(observation)
    assert isinstance(found, Obstacle)
    assert found.reason is reason


def test_without_a_load_balancer_no_target_is_asked_for() -> None:
    fakes = FakeTasks(FOUR)
    found = replacer(FakeEcs(service_now=spare()), fakes).observe(TARGET)
    assert found.targets == NotRead("the service is behind no target group")
    assert not any(call[0] == "target_health" for call in fakes.calls)


def test_other_alarms_still_go_by_the_containers_health() -> None:
    found = replacer().plan(REQUEST, seen(), a.rules())
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.NO_SINGLE_BAD_TASK
