"""adjust-task-memory: what it refuses, what it plans and sends, and how it goes back."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Failed, Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.services.ecs.task_memory import NewSize, TaskSize
from tests.support.builders_ecs import (
    OTHER_TASK_DEFINITION,
    TARGET,
    TASK_DEFINITION,
    FakeEcs,
    deployment,
    service,
)
from tests.support.builders_task_memory import (
    REGISTERED,
    REQUEST,
    REST,
    FakeDefinitions,
    adjuster,
    on_ec2,
    planned,
    refused,
    rules,
    seen,
    size,
)

NEW = deployment("ecs-svc/2", task_definition=REGISTERED, rollout="IN_PROGRESS")
OLD_ONE = deployment(status="ACTIVE")
LARGER = size(arn=REGISTERED, memory=2048, limits={"api": 1024})
STAYED = "deployment ecs-svc/2 of api:9 FAILED and ECS did not go back: it starts no more tasks"
RECEIPT = Receipt(summary="began", after={"deployment": "ecs-svc/2", "taskDefinition": REGISTERED})
LOST = Receipt(summary="")


def after_raise(**changes: Any) -> Any:
    """The observation once the service runs the revision of Firebreak."""
    done = replace(NEW, rollout="COMPLETED")
    return seen(service(**{"task_definition": REGISTERED, "deployments": (done,), **changes}), LARGER)


# --- looking and planning


def test_it_looks_at_the_service_and_at_the_size_of_its_tasks() -> None:
    ecs, definitions = FakeEcs(service_now=service()), FakeDefinitions(size())
    assert adjuster(ecs, definitions).observe(TARGET) == seen()
    assert definitions.calls == [("size", TASK_DEFINITION)]


@pytest.mark.parametrize("reading", [ABSENT, Unknown("denied"), service(task_definition="")])
def test_it_does_not_look_for_a_definition_nobody_names(reading: Any) -> None:
    definitions = FakeDefinitions(size())
    found = adjuster(FakeEcs(service_now=reading), definitions).observe(TARGET)
    assert found.size == NotRead("the service names no task definition")
    assert definitions.calls == []


def test_the_plan_names_the_source_and_the_numbers_and_nothing_a_container_is_given() -> None:
    assert planned() == Plan(
        summary="raise the memory of ecs:prod/api: 1024 to 2048 MiB a task of api:7, 4 GiB more for 4 tasks",
        change={
            "cluster": "prod",
            "service": "api",
            "source": TASK_DEFINITION,
            "memory": 2048,
            "limits": {"api": 1024},
        },
        before={
            "taskDefinition": TASK_DEFINITION,
            "deployments": ["ecs-svc/1"],
            "desired": 4,
            "running": 4,
            "memory": 1024,
            "limits": {"api": 512},
            "rest": REST,
        },
        patience_seconds=600,
        stays="memory 2048 MiB a task (was 1024); to take it back, deploy api:7",
    )


def test_the_policys_factor_counts() -> None:
    assert planned(seen(found=size(cpu=1024, memory=2048)), factor=2.5).change["memory"] == 5120


def test_at_the_ceiling_it_climbs_with_the_numbers() -> None:
    assert refused(seen(), ceiling=1024) == Obstacle(
        Reason.CEILING_REACHED,
        "memory is 1024 MiB, the most for 512 CPU units is 4096, the policy's ceiling 1024",
    )


def test_possible_surprises_are_warnings() -> None:
    found = planned(seen(found=on_ec2(images=("example.com/api:1",))))
    assert found.warnings == (
        "image example.com/api:1 is not pinned to a digest: the deployment is then one of new code",
        "the tasks need instances with so much memory free",
    )


def test_the_tool_that_will_reset_the_value_is_named() -> None:
    tags = {"firebreak:enabled": "true", "terraform": "true"}
    assert planned(seen(service(tags=tags))).reset_by == (
        "the next deploy of Terraform will reset the memory of its tasks: "
        "the lasting fix is in its configuration"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "DRAINING"}, Reason.NOT_ACTIVE, id="draining"),
        pytest.param({"desired": 0}, Reason.SCALED_TO_ZERO, id="scaled to zero"),
        pytest.param({"managed_by": "ECS"}, Reason.MANAGED_ELSEWHERE, id="express-managed"),
        pytest.param({"controller": "CODE_DEPLOY"}, Reason.UNSUPPORTED_CONTROLLER, id="CodeDeploy's"),
        pytest.param({"controller": "EXTERNAL"}, Reason.UNSUPPORTED_CONTROLLER, id="somebody else's"),
        pytest.param(
            {"deployments": (deployment("a"), deployment("b", status="ACTIVE"))},
            Reason.DEPLOYMENT_RUNNING,
            id="two deployments",
        ),
    ],
)
def test_it_refuses_a_service_that_cannot_or_must_not_be_deployed(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert refused(seen(service(**changes))).reason is reason


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(Unknown("denied")), "the service could not be read: denied", id="the service"),
        pytest.param(
            seen(found=Unknown("slow")), "the task definition could not be read: slow", id="its tasks"
        ),
        pytest.param(
            seen(found=size(cpu=65536)), "no Fargate sizes are known for 65536 CPU units", id="an odd size"
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: Any, why: str) -> None:
    assert adjuster().plan(REQUEST, observation, rules()) == Unknown(why)


def test_it_refuses_a_service_that_does_not_exist() -> None:
    assert refused(seen(ABSENT)).reason is Reason.TARGET_MISSING


# --- acting


def test_it_registers_what_was_planned_and_then_moves_the_service_to_its_full_arn() -> None:
    ecs = FakeEcs(after=service(task_definition=REGISTERED, deployments=(NEW, OLD_ONE)))
    definitions = FakeDefinitions()
    plan = planned()
    stored = dict(plan.change) | {"memory": 2048, "limits": {"api": 1024}}
    receipt = adjuster(ecs, definitions).execute(replace(plan, change=stored))
    assert definitions.calls == [("register_with", TASK_DEFINITION, REST, NewSize(2048, {"api": 1024}))]
    assert ecs.calls == [("use_task_definition", "prod", "api", REGISTERED)]
    assert receipt == Receipt(
        summary="deployment ecs-svc/2 of api:9 began",
        after={"deployment": "ecs-svc/2", "taskDefinition": REGISTERED},
    )


def test_an_accepted_move_that_shows_no_new_deployment_is_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: NoNewDeployment$"):
        adjuster(FakeEcs(after=service())).execute(planned())


def test_a_deployment_that_it_replaced_without_reading_it_is_reported() -> None:
    stranger = deployment("ecs-svc/x", status="ACTIVE", task_definition=OTHER_TASK_DEFINITION)
    ecs = FakeEcs(after=service(deployments=(NEW, stranger, OLD_ONE)))
    assert (
        adjuster(ecs)
        .execute(planned())
        .summary.endswith("; it replaced ecs-svc/x, begun since Firebreak looked")
    )


GOOD = {
    "cluster": "prod",
    "service": "api",
    "source": TASK_DEFINITION,
    "memory": 2048,
    "limits": {"api": 1024},
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="empty"),
        pytest.param(GOOD | {"source": 7}, id="no source"),
        pytest.param(GOOD | {"memory": "2048"}, id="a text for a number"),
        pytest.param(GOOD | {"limits": [1024]}, id="limits without names"),
        pytest.param(GOOD | {"limits": {"api": True}}, id="a truth for a limit"),
        pytest.param(GOOD | {"cluster": None}, id="no cluster"),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing_and_is_not_taken_back(change: dict[str, Any]) -> None:
    ecs, definitions = FakeEcs(), FakeDefinitions()
    broken = replace(planned(), change=change)
    with pytest.raises(Rejected, match="UnusablePlan"):
        adjuster(ecs, definitions).execute(broken)
    assert ecs.calls == definitions.calls == []
    assert not isinstance(adjuster().undo(broken, after_raise(), RequestKind.UNDO), Plan)


# --- judging


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        pytest.param(after_raise(), True, id="it runs the new revision"),
        pytest.param(after_raise(deployments=(NEW, OLD_ONE)), True, id="the deployment is under way"),
        pytest.param(seen(), False, id="registered at most: the service runs what it ran"),
        pytest.param(
            seen(
                service(
                    task_definition=OTHER_TASK_DEFINITION,
                    deployments=(deployment("ecs-svc/3", task_definition=OTHER_TASK_DEFINITION),),
                ),
                size(arn=OTHER_TASK_DEFINITION, rest="b" * 64),
            ),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="somebody deployed",
        ),
        pytest.param(seen(ABSENT), Unknown("the service does not exist"), id="gone"),
    ],
)
def test_whether_a_raise_without_a_reply_happened(observation: Any, expected: object) -> None:
    assert expected == adjuster().outcome(planned(), observation)


@pytest.mark.parametrize("receipt", [RECEIPT, LOST], ids=["named by the receipt", "reply lost"])
@pytest.mark.parametrize(
    ("rollout", "expected"),
    [("COMPLETED", Settled.YES), ("IN_PROGRESS", Settled.NOT_YET), ("FAILED", Failed(STAYED))],
)
def test_whether_a_raise_has_come_to_rest(receipt: Receipt, rollout: str, expected: object) -> None:
    now = after_raise(deployments=(replace(NEW, rollout=rollout),))
    assert expected == adjuster().settled(planned(), receipt, now)


def test_a_raise_that_ecs_rolled_back_has_failed() -> None:
    back = deployment("ecs-svc/3", rollout="IN_PROGRESS")
    failed = replace(NEW, rollout="FAILED", status="ACTIVE")
    now = seen(service(deployments=(back, failed)))
    went_back = "deployment ecs-svc/2 of api:9 FAILED; ecs-svc/3 of api:7 took its place"
    assert adjuster().settled(planned(), RECEIPT, now) == Failed(went_back)
    assert adjuster().worse(planned(), now) is True


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        pytest.param(after_raise(), False, id="as many run"),
        pytest.param(after_raise(running=3), True, id="fewer for good"),
        pytest.param(
            after_raise(running=3, deployments=(NEW, OLD_ONE)), False, id="fewer while they are exchanged"
        ),
        pytest.param(
            after_raise(running=3, deployments=(replace(NEW, failed=2), OLD_ONE)),
            True,
            id="they do not come up",
        ),
        pytest.param(seen(Unknown("x")), Unknown("the service could not be read: x"), id="could not look"),
    ],
)
def test_whether_the_service_is_worse_off(observation: Any, expected: object) -> None:
    assert expected == adjuster().worse(planned(), observation)


def test_a_service_that_is_gone_is_not_judged() -> None:
    assert adjuster().settled(planned(), RECEIPT, seen(ABSENT)) == Unknown("the service does not exist")


# --- going back


def back() -> Plan:
    found = adjuster().undo(planned(), after_raise(), RequestKind.UNDO)
    assert isinstance(found, Plan), found
    return found


def test_going_back_restores_the_exact_revision() -> None:
    assert (back().summary, back().change) == (
        "put back ecs:prod/api: api:9 with 2048 MiB to api:7",
        {"cluster": "prod", "service": "api", "taskDefinition": TASK_DEFINITION},
    )
    returned = deployment("ecs-svc/4", rollout="IN_PROGRESS")
    ecs, definitions = FakeEcs(after=service(deployments=(returned,))), FakeDefinitions()
    adjuster(ecs, definitions).execute(back())
    assert ecs.calls == [("use_task_definition", "prod", "api", TASK_DEFINITION)]
    assert definitions.calls == []


def test_going_back_is_judged_by_the_revision_it_names() -> None:
    returned = deployment("ecs-svc/4")
    now = seen(service(deployments=(returned,)))
    assert adjuster().outcome(back(), now) is True
    assert adjuster().outcome(back(), after_raise()) is False
    assert adjuster().settled(back(), LOST, now) is Settled.YES


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        pytest.param(size(), "it runs api:7, not what Firebreak deployed", id="back already"),
        pytest.param(
            replace(LARGER, memory=4096), "it runs api:9, not what Firebreak deployed", id="other memory"
        ),
        pytest.param(
            replace(LARGER, limits={"api": 900}),
            "it runs api:9, not what Firebreak deployed",
            id="another limit",
        ),
        pytest.param(
            replace(LARGER, rest="b" * 64), "it runs api:9, not what Firebreak deployed", id="a new image"
        ),
    ],
)
def test_going_back_is_refused_once_somebody_deployed(found: TaskSize, detail: str) -> None:
    now = seen(service(task_definition=found.arn), found)
    refusal = adjuster().undo(planned(), now, RequestKind.UNDO)
    assert refusal == Obstacle(Reason.CHANGED_SINCE, detail)


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        pytest.param(seen(ABSENT), Obstacle(Reason.TARGET_MISSING, "the service does not exist"), id="gone"),
        pytest.param(seen(Unknown("x")), Unknown("the service could not be read: x"), id="the service"),
        pytest.param(
            seen(found=Unknown("x")), Unknown("the task definition could not be read: x"), id="its tasks"
        ),
    ],
)
def test_going_back_needs_to_see(observation: Any, expected: object) -> None:
    assert adjuster().undo(planned(), observation, RequestKind.UNDO) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            size(active=False),
            Obstacle(
                Reason.TASK_DEFINITION_INACTIVE,
                "api:7 is INACTIVE (deregistered): register it again and deploy that revision",
            ),
            id="deregistered since",
        ),
        pytest.param(
            Unknown("x"),
            Unknown("the task definition before Firebreak's could not be read: x"),
            id="not to be read",
        ),
    ],
)
def test_a_revision_that_cannot_be_deployed_any_more_is_not_put_back(
    before: Reading[TaskSize], expected: object
) -> None:
    definitions = FakeDefinitions(found=before)
    assert adjuster(definitions=definitions).undo(planned(), after_raise(), RequestKind.UNDO) == expected
    assert definitions.calls == [("size", TASK_DEFINITION)]


def test_more_memory_is_not_taken_away_after_the_trouble() -> None:
    assert adjuster().spec.temporary is False
