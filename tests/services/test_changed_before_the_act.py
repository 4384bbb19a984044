"""A target that somebody changes between the decision and the act is left to them, whatever the action."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, RequestKind
from firebreak.core.reasons import Reason
from firebreak.core.second_look import objection
from firebreak.services.action import AnyAction, Observation
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS
from tests.services.test_sent_once import WAYS, Way, by_way
from tests.support import builders as a
from tests.support import builders_beanstalk as beanstalk
from tests.support import builders_deployments as deployments
from tests.support import builders_ecs as ecs
from tests.support import builders_functions as functions
from tests.support import builders_runbooks as runbooks
from tests.support import builders_ses as ses
from tests.support import builders_task_memory as memory
from tests.support import builders_tasks as tasks

STARTED = (
    ecs.deployment("ecs-svc/2", rollout="IN_PROGRESS", task_definition=ecs.OTHER_TASK_DEFINITION),
    ecs.deployment("ecs-svc/1", status="ACTIVE"),
)
DEPLOYING = ecs.service(deployments=STARTED, task_definition=ecs.OTHER_TASK_DEFINITION)
DEPLOYED = ecs.service(
    deployments=(ecs.deployment("ecs-svc/2", task_definition=ecs.OTHER_TASK_DEFINITION),),
    task_definition=ecs.OTHER_TASK_DEFINITION,
)
OTHER_DEFINITION = replace(ecs.definition(), arn=ecs.OTHER_TASK_DEFINITION)
EDITED = functions.function(revision="revision-of-a-human")
MOVED = replace(functions.alias(), revision="moved-by-a-human")

# By the action, and by the change that somebody makes: the observation after it.
CHANGES: dict[tuple[str, str], Observation] = {
    ("restart-service", "deployment id"): ecs.seen(DEPLOYING, OTHER_DEFINITION),
    ("restart-service", "task definition"): ecs.seen(DEPLOYED, OTHER_DEFINITION),
    ("scale-service", "desired count"): ecs.seen(ecs.service(desired=7), ecs.definition()),
    ("scale-service", "autoscaler registered"): ecs.seen(ecs.service(), ecs.definition(), ecs.owner()),
    ("roll-back-service", "deployment ended"): deployments.seen(
        deployments.history(deployments.deployed("d8", deployments.OLD, 0), deployments.BEFORE)
    ),
    ("replace-task", "deployment id"): tasks.seen(now=tasks.spare(deployments=STARTED)),
    ("replace-task", "task stopped"): tasks.seen((tasks.task("t1"), tasks.task("t2"), tasks.task("t3"))),
    ("adjust-task-memory", "task definition"): memory.seen(
        DEPLOYED, memory.size(arn=ecs.OTHER_TASK_DEFINITION, rest=memory.real_rest())
    ),
    ("restart-environment", "environment updating"): beanstalk.seen(
        beanstalk.environment(status="Updating"), beanstalk.event()
    ),
    ("roll-back-environment", "environment version"): beanstalk.deployed(
        environment=beanstalk.environment(version="v43")
    ),
    ("pause-sending", "paused"): ses.seen(ses.sending(enabled=False)),
    ("adjust-function-memory", "function edited"): functions.seen(function=EDITED),
    ("restart-function", "function edited"): functions.seen(function=EDITED),
    ("roll-back-function", "alias moved"): functions.deployed(aliases=(MOVED,)),
    ("run-runbook", "run started"): runbooks.seen(runs=(runbooks.run("InProgress"),)),
}
FIRST: dict[str, Way] = {}
for (_name, _), _way in WAYS.items():
    FIRST.setdefault(_name, _way)


def plan_of(name: str, way: Way, seen: Observation) -> Any:
    request = replace(way.request, action=name)
    return built(name).plan(request, seen, way.rules or a.rules(name))


def built(name: str) -> AnyAction:
    nothing: Callable[[str], None] = lambda _: None  # noqa: E731
    return ACTIONS[name](Connections(nothing, nothing))


def test_every_action_has_a_change_that_stops_it() -> None:
    assert {name for name, _ in CHANGES} == set(ACTIONS)


@pytest.mark.parametrize(
    ("name", "after"),
    [pytest.param(name, after, id=f"{name}: {what}") for (name, what), after in CHANGES.items()],
)
def test_a_change_by_somebody_else_stops_the_act(name: str, after: Observation) -> None:
    way = FIRST[name]
    planned = plan_of(name, way, way.seen)
    assert isinstance(planned, Plan)
    found = objection(planned, plan_of(name, way, after))
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.CHANGED_SINCE
    assert found.detail


@by_way
def test_a_target_that_nobody_changed_is_acted_on(name: str, way: Way) -> None:
    planned = plan_of(name, way, way.seen)
    assert objection(planned, plan_of(name, way, way.seen)) is None


def test_tasks_that_come_and_go_by_themselves_stop_no_restart() -> None:
    way = FIRST["restart-service"]
    before = plan_of("restart-service", way, way.seen)
    after = plan_of("restart-service", way, ecs.seen(ecs.service(running=2, pending=2), ecs.definition()))
    assert before.summary != after.summary
    assert objection(before, after) is None


def test_a_change_since_the_decision_to_undo_stops_the_undo() -> None:
    action = built("adjust-function-memory")
    asked = functions.request()
    done: Any = action.plan(asked, functions.seen(functions.alias()), a.rules("adjust-function-memory"))
    back: Any = action.undo(done, functions.raised(), RequestKind.UNDO)
    assert objection(back, action.undo(done, functions.raised(), RequestKind.UNDO)) is None
    moved = replace(functions.raised(), aliases=(replace(MOVED, version="8"),))
    found = objection(back, action.undo(done, moved, RequestKind.UNDO))
    assert found
    assert found.reason is Reason.CHANGED_SINCE
