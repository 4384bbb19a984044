"""scale-service: what it refuses, how far up it goes and in which number, and what it sends."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt, Request
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.services.ecs.actions.scale_service import ScaleService
from firebreak.services.ecs.model import EcsObservation, ScalableTarget
from tests.support.builders_ecs import (
    REQUEST,
    TARGET,
    TASK_DEFINITION,
    FakeEcs,
    definition,
    deployment,
    owner,
    planned,
    refused,
    rules,
    seen,
    service,
)

RECEIPT = Receipt(summary="scaled")


def action(ecs: FakeEcs | None = None) -> ScaleService:
    ecs = ecs or FakeEcs()
    return ScaleService(ecs, ecs)


def count_plan() -> Plan:
    """Four tasks to six, by desired count."""
    return planned(action(), seen(service(), definition()))


def floor_plan() -> Plan:
    """A minimum of two to six, by MinCapacity."""
    return planned(action(), seen(service(), definition(), owner(2, 10)))


def test_it_looks_at_the_service_its_owner_and_its_task_definition() -> None:
    ecs = FakeEcs(service_now=service(), definition_now=definition(), scaling_now=owner())
    found = action(ecs).observe(TARGET)
    assert seen(service(), definition(), owner()) == found
    assert {
        ("service", "ecs:prod/api"),
        ("scalable_target", "ecs:prod/api"),
        ("task_definition", TASK_DEFINITION),
    } == set(ecs.calls)


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(ABSENT, id="no service"),
        pytest.param(Unknown("denied"), id="a service it could not read"),
        pytest.param(service(task_definition=""), id="a service of task sets"),
    ],
)
def test_it_does_not_look_for_a_task_definition_nobody_names(reading: Any) -> None:
    ecs = FakeEcs(service_now=reading, scaling_now=owner())
    found = action(ecs).observe(TARGET)
    assert (reading, NotRead("the service names none"), owner()) == (
        found.service,
        found.task_definition,
        found.scalable_target,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "DRAINING"}, Reason.NOT_ACTIVE, id="draining"),
        pytest.param({"desired": 0}, Reason.SCALED_TO_ZERO, id="scaled to zero"),
        pytest.param({"managed_by": "ECS"}, Reason.MANAGED_ELSEWHERE, id="express-managed"),
        pytest.param({"scheduling": "DAEMON"}, Reason.UNSUPPORTED_CONTROLLER, id="a daemon service"),
        pytest.param({"controller": "NEW"}, Reason.UNSUPPORTED_CONTROLLER, id="a controller to come"),
        pytest.param(
            {"deployments": (deployment("a"), deployment("b", status="ACTIVE"))},
            Reason.DEPLOYMENT_RUNNING,
            id="two deployments",
        ),
        pytest.param(
            {"deployments": (deployment(rollout="IN_PROGRESS"),)}, Reason.DEPLOYMENT_RUNNING, id="one running"
        ),
    ],
)
@pytest.mark.parametrize("scaling", [ABSENT, owner()], ids=["by count", "by floor"])
def test_it_refuses_a_service_that_cannot_or_must_not_be_scaled(
    changes: dict[str, Any], reason: Reason, scaling: Any
) -> None:
    assert refused(action(), seen(service(**changes), definition(), scaling)).reason == reason


def test_it_refuses_a_service_that_does_not_exist() -> None:
    assert refused(action(), seen(ABSENT)).reason == Reason.TARGET_MISSING


@pytest.mark.parametrize("controller", ["ECS", "CODE_DEPLOY", "EXTERNAL"])
def test_every_known_controller_lets_the_desired_count_be_set(controller: str) -> None:
    assert planned(action(), seen(service(controller=controller), definition())).change["desiredCount"] == 6


OWNER_UNKNOWN = "whether Application Auto Scaling owns the service could not be read: 400"


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(Unknown("denied")), "the service could not be read: denied", id="the service"),
        pytest.param(seen(service(), definition(), Unknown("400")), OWNER_UNKNOWN, id="who owns the count"),
        pytest.param(
            seen(service(), definition(), NotRead("later")),
            "whether Application Auto Scaling owns the service was not read: later",
            id="who owns the count, not looked at",
        ),
        pytest.param(
            seen(service(), Unknown("throttled")),
            "the task definition could not be read: throttled",
            id="the task definition",
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: Any, why: str) -> None:
    assert action().plan(REQUEST, observation, rules()) == Unknown(why)


@pytest.mark.parametrize(
    ("desired", "step", "ceiling", "new"),
    [
        pytest.param(4, 2, 10, 6, id="a whole step"),
        pytest.param(9, 2, 10, 10, id="as far as the ceiling"),
        pytest.param(1, 1, 2, 2, id="the smallest step"),
    ],
)
def test_the_desired_count_goes_up_by_a_step_to_the_ceiling(
    desired: int, step: int, ceiling: int, new: int
) -> None:
    found = planned(action(), seen(service(desired=desired), definition()), step=step, ceiling=ceiling)
    assert {"cluster": "prod", "service": "api", "desiredCount": new} == found.change


@pytest.mark.parametrize("desired", [10, 11, 50], ids=["at", "just above", "far above"])
def test_a_desired_count_at_or_above_the_ceiling_stays_as_it_is(desired: int) -> None:
    obstacle = refused(action(), seen(service(desired=desired), definition()))
    assert (Reason.CEILING_REACHED, f"desired count is {desired}, the policy's ceiling 10") == (
        obstacle.reason,
        obstacle.detail,
    )


@pytest.mark.parametrize(
    ("desired", "scaling", "ceiling", "new"),
    [
        pytest.param(4, owner(2, 20), 10, 6, id="a step above what runs"),
        pytest.param(4, owner(4, 20), 10, 6, id="a step above the floor"),
        pytest.param(3, owner(5, 20), 10, 7, id="the floor is above what is desired just now"),
        pytest.param(4, owner(2, 5), 10, 5, id="as far as the maximum"),
        pytest.param(4, owner(2, 20), 5, 5, id="as far as the policy's ceiling"),
    ],
)
def test_where_somebody_owns_the_count_its_floor_goes_up_instead(
    desired: int, scaling: ScalableTarget, ceiling: int, new: int
) -> None:
    found = planned(action(), seen(service(desired=desired), definition(), scaling), ceiling=ceiling)
    assert {"cluster": "prod", "service": "api", "minCapacity": new} == found.change


@pytest.mark.parametrize(
    ("desired", "scaling", "ceiling"),
    [
        pytest.param(10, owner(2, 10), 20, id="at the maximum: a higher floor adds no task"),
        pytest.param(4, owner(10, 10), 20, id="the floor is the maximum"),
        pytest.param(6, owner(2, 20), 6, id="at the policy's ceiling"),
        pytest.param(9, owner(2, 20), 6, id="above the policy's ceiling"),
        pytest.param(4, owner(2, 3), 20, id="above the maximum"),
    ],
)
def test_it_never_sets_a_floor_that_adds_no_task(desired: int, scaling: ScalableTarget, ceiling: int) -> None:
    obstacle = refused(action(), seen(service(desired=desired), definition(), scaling), ceiling=ceiling)
    detail = (
        f"desired count is {desired} (minimum {scaling.minimum}), "
        f"the scalable target's maximum {scaling.maximum}, the policy's ceiling {ceiling}"
    )
    assert (Reason.CEILING_REACHED, detail) == (obstacle.reason, obstacle.detail)


def test_it_refuses_while_scale_out_is_suspended() -> None:
    obstacle = refused(action(), seen(service(), definition(), owner(suspended=True)))
    assert obstacle.reason == Reason.SCALING_SUSPENDED


@pytest.mark.parametrize("desired", range(1, 13))
@pytest.mark.parametrize("minimum", [0, 1, 4, 9])
@pytest.mark.parametrize("maximum", [9, 12])
@pytest.mark.parametrize("ceiling", [1, 6, 20])
def test_whatever_the_numbers_a_plan_only_ever_raises(
    desired: int, minimum: int, maximum: int, ceiling: int
) -> None:
    for scaling in (ABSENT, owner(minimum, maximum)):
        found = action().plan(
            REQUEST, seen(service(desired=desired), definition(), scaling), rules(ceiling=ceiling)
        )
        if isinstance(found, Plan):
            new = found.change["desiredCount" if scaling == ABSENT else "minCapacity"]
            assert isinstance(new, int)
            assert max(desired, minimum if scaling != ABSENT else 0) < new <= ceiling
            assert scaling == ABSENT or new <= maximum


def test_the_plan_by_count_shows_numbers_cost_and_pre_image() -> None:
    assert count_plan() == Plan(
        summary="scale ecs:prod/api: desired count 4 to 6, 2 more tasks asking for 1 vCPU and 2 GiB",
        change={"cluster": "prod", "service": "api", "desiredCount": 6},
        before={
            "taskDefinition": TASK_DEFINITION,
            "deployments": ["ecs-svc/1"],
            "desired": 4,
            "running": 4,
        },
        patience_seconds=600,
        stays="desired count 6 (was 4); to take it back, set it to 4",
    )


def test_the_plan_by_floor_keeps_the_old_bounds_for_a_restore() -> None:
    found = floor_plan()
    assert found.summary == (
        "scale ecs:prod/api: minimum capacity 2 to 6 (desired count 4), "
        "2 more tasks asking for 1 vCPU and 2 GiB"
    )
    assert (found.before["minimum"], found.before["maximum"], found.before["desired"]) == (2, 10, 4)


@pytest.mark.parametrize(
    ("reading", "summary"),
    [
        pytest.param(
            definition(cpu=256, memory=512), "1 more task asking for 0.25 vCPU and 0.5 GiB", id="one"
        ),
        pytest.param(definition(cpu=0, memory=512), "1 more task asking for 0 vCPU and 0.5 GiB", id="no cpu"),
    ],
)
def test_the_cost_of_one_more_task(reading: Any, summary: str) -> None:
    assert planned(action(), seen(service(), reading), step=1).summary.endswith(f", {summary}")


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(definition(cpu=0, memory=0), id="no size given"),
        pytest.param(NotRead("the service names none"), id="none named"),
        pytest.param(ABSENT, id="gone"),
    ],
)
def test_a_size_that_nobody_states_is_a_warning(reading: Any) -> None:
    found = planned(action(), seen(service(), reading))
    assert found.summary.endswith("desired count 4 to 6, 2 more tasks")
    assert found.warnings == ("what a task asks for in vCPU and memory is not known",)


def test_it_sets_the_desired_count_once() -> None:
    ecs = FakeEcs(after=service(desired=6))
    receipt = action(ecs).execute(count_plan())
    assert ecs.calls == [("set_desired_count", "prod", "api", 6)]
    assert receipt == Receipt(summary="desired count is 6", after={"desiredCount": 6})


def test_it_sets_the_floor_once_and_never_the_count() -> None:
    ecs = FakeEcs()
    receipt = action(ecs).execute(floor_plan())
    assert ecs.calls == [("set_min_capacity", "prod", "api", 6)]
    assert receipt == Receipt(summary="minimum capacity is 6", after={"minCapacity": 6})


def test_an_accepted_count_that_does_not_show_is_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: DesiredCountNotTaken$"):
        action(FakeEcs(after=service(desired=4))).execute(count_plan())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="empty"),
        pytest.param({"cluster": "prod", "service": "api"}, id="no number"),
        pytest.param({"cluster": "prod", "service": "api", "desiredCount": "6"}, id="a text for a number"),
        pytest.param({"cluster": "prod", "service": "api", "desiredCount": True}, id="a truth for a number"),
        pytest.param({"cluster": "prod", "service": "api", "minCapacity": 1.5}, id="half a task"),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing_and_judges_nothing(change: dict[str, object]) -> None:
    ecs = FakeEcs()
    broken = replace(count_plan(), change=change)
    with pytest.raises(Rejected, match="UnusablePlan"):
        action(ecs).execute(broken)
    assert ecs.calls == []
    assert isinstance(action().outcome(broken, seen(service())), Unknown)
    assert isinstance(action().settled(broken, RECEIPT, seen(service())), Unknown)


TAGGED = replace(REQUEST, alarm=replace(REQUEST.alarm, tags={"firebreak:action": "scale-service"}))
AT_ZERO = seen(service(desired=0, running=0), definition(), owner(0, 10))


@pytest.mark.parametrize("incident", ["", "i-1"])
def test_from_zero_it_goes_to_one_where_zero_is_normal_and_the_alarm_asks_for_it(incident: str) -> None:
    plan = action().plan(replace(TAGGED, incident_id=incident), AT_ZERO, rules())
    assert isinstance(plan, Plan)
    assert plan.change["minCapacity"] == 1
    assert plan.before["minimum"] == 0


@pytest.mark.parametrize(
    ("request_made", "found"),
    [
        pytest.param(replace(REQUEST, by_symptom=True), AT_ZERO, id="by symptom"),
        pytest.param(replace(REQUEST, incident_id="i-1", rung=1), AT_ZERO, id="the next rung of a symptom"),
        pytest.param(TAGGED, seen(service(desired=0), definition(), ABSENT), id="nobody scales it"),
        pytest.param(TAGGED, seen(service(desired=0), definition(), owner(1, 10)), id="minimum one"),
        pytest.param(TAGGED, seen(service(desired=0), definition(), Unknown("400")), id="not known"),
    ],
)
def test_otherwise_a_service_at_zero_stays_at_zero(request_made: Request, found: EcsObservation) -> None:
    plan = action().plan(request_made, found, rules())
    assert isinstance(plan, Obstacle)
    assert plan.reason is Reason.SCALED_TO_ZERO


def test_from_zero_a_running_deployment_is_waited_for_as_ever() -> None:
    deploying = service(desired=0, deployments=(deployment(rollout="IN_PROGRESS"),))
    plan = action().plan(TAGGED, seen(deploying, definition(), owner(0, 10)), rules())
    assert isinstance(plan, Obstacle)
    assert plan.reason is Reason.DEPLOYMENT_RUNNING


def test_from_zero_a_maximum_of_zero_lets_nothing_start() -> None:
    plan = action().plan(TAGGED, seen(service(desired=0), definition(), owner(0, 0)), rules())
    assert isinstance(plan, Obstacle)
    assert plan.reason is Reason.CEILING_REACHED
