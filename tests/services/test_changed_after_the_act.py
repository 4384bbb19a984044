"""A change that somebody else made after the act is seen by Verify, and nothing is put back over it."""

from dataclasses import replace

import pytest

from firebreak.core.model import Plan, Receipt, RequestKind
from firebreak.core.readings import Unknown
from firebreak.services.action import Observation
from firebreak.services.registry import ACTIONS
from tests.services.test_changed_before_the_act import FIRST, built, plan_of
from tests.services.test_sent_once import Way, by_way
from tests.support import builders_beanstalk as beanstalk
from tests.support import builders_deployments as deployments
from tests.support import builders_ecs as ecs
from tests.support import builders_functions as functions
from tests.support import builders_ses as ses
from tests.support import builders_task_memory as memory
from tests.support import builders_tasks as tasks

OWN = Receipt(summary="began", after={"deployment": "ecs-svc/2"})
NONE = Receipt(summary="")
THEIRS = ecs.deployment("ecs-svc/3", task_definition=ecs.OTHER_TASK_DEFINITION)
REPLACED = ecs.service(task_definition=ecs.OTHER_TASK_DEFINITION, deployments=(THEIRS,), desired=6, running=6)
EDITED = functions.function(code=functions.OTHER_CODE, memory=1536, revision="revision-of-a-human")
RESTARTED = functions.function(
    code=functions.OTHER_CODE,
    description=f"Takes orders [restarted, red since {functions.request().alarm.since:%Y-%m-%dT%H:%M:%SZ}]",
)

# By the action: what its act gave, and the target after somebody else changed it as well.
CHANGES: dict[str, tuple[Receipt, Observation]] = {
    "restart-service": (OWN, ecs.seen(REPLACED, ecs.definition())),
    "scale-service": (NONE, ecs.seen(REPLACED, ecs.definition())),
    "roll-back-service": (OWN, deployments.seen(now=REPLACED)),
    "replace-task": (NONE, tasks.seen((tasks.task("t1"),), now=REPLACED)),
    "adjust-task-memory": (OWN, memory.seen(REPLACED, memory.size(arn=ecs.OTHER_TASK_DEFINITION))),
    "restart-environment": (NONE, beanstalk.seen(beanstalk.environment(version="v43"), beanstalk.event())),
    "roll-back-environment": (NONE, beanstalk.deployed(environment=beanstalk.environment(version="v43"))),
    "pause-sending": (NONE, ses.seen()),
    "adjust-function-memory": (NONE, functions.seen(function=EDITED)),
    "restart-function": (NONE, functions.seen(function=RESTARTED)),
    "roll-back-function": (
        NONE,
        functions.deployed(aliases=(functions.alias(version="8"),), versions={"8": functions.function("8")}),
    ),
}
# Their own number still stands there, and is put back without anything of the other change.
OWN_NUMBERS = {"scale-service", "adjust-function-memory"}
NOT_THE_TARGETS = {"run-runbook"}  # a run changes what its document says, which nothing here can know


def test_every_action_is_in_the_table() -> None:
    assert set(CHANGES) == set(ACTIONS) - NOT_THE_TARGETS


@pytest.mark.parametrize("name", CHANGES)
def test_verify_sees_the_change_and_names_it(name: str) -> None:
    action, plan = built(name), plan_of(name, FIRST[name], FIRST[name].seen)
    receipt, after = CHANGES[name]
    settled = action.settled(plan, receipt, after)
    assert isinstance(settled, Unknown) or action.changed_by_others(plan, after)


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - OWN_NUMBERS))
@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_nothing_is_put_back_over_it(name: str, kind: RequestKind) -> None:
    plan = plan_of(name, FIRST[name], FIRST[name].seen)
    assert not isinstance(built(name).undo(plan, CHANGES[name][1], kind), Plan)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("scale-service", ecs.seen(replace(REPLACED, desired=9), ecs.definition())),
        ("adjust-function-memory", functions.seen(function=replace(EDITED, memory=2048))),
    ],
)
@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_a_number_that_somebody_else_set_stays(name: str, after: Observation, kind: RequestKind) -> None:
    plan = plan_of(name, FIRST[name], FIRST[name].seen)
    assert not isinstance(built(name).undo(plan, after, kind), Plan)


@by_way
def test_a_target_as_it_was_before_shows_no_change_by_others(name: str, way: Way) -> None:
    assert built(name).changed_by_others(plan_of(name, way, way.seen), way.seen) == ""
