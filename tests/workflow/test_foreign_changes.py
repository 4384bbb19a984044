"""Somebody else changes the target while Firebreak works on it: Firebreak holds, and does not fight."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import target_scope
from firebreak.core.model import Target
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.services.ecs.model import Deployment, ServiceLive
from tests.support import builders as a
from tests.support.fakes import FakeEcs, FakeSchedules
from tests.support.world import World

LADDER = a.AUTO_POLICY.replace(
    'ladder = ["scale-service", "page"]', 'ladder = ["scale-service", "restart-service", "page"]'
)
MINE = "arn:aws:ecs:eu-west-1:111122223333:task-definition/api:99"
HUMAN = Deployment(
    id="ecs-svc/0000000000000000042",
    status="PRIMARY",
    rollout="IN_PROGRESS",
    task_definition=MINE,
    desired=4,
    running=0,
    failed=0,
)


@dataclass
class BeforeTheClaim(FakeSchedules):
    """Somebody does something between the decision and the claim: once the check is scheduled."""

    happens: Callable[[], None] = lambda: None

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        super().check(incident_id, rung, attempt, at)
        self.happens()


def deploy(world: World) -> None:
    """A human deploys another task definition."""
    live = world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    older = tuple(replace(one, status="ACTIVE") for one in live.deployments)
    world.ecs.services[a.TARGET.display] = replace(live, task_definition=MINE, deployments=(HUMAN, *older))


def acts_in_budget(world: World) -> int:
    scope = target_scope(a.TARGET)
    found = world.ledger.look(a.request(alarm=world.red()), [scope]).scopes[scope]
    return len(found.acts) if isinstance(found, ScopeHistory) else 0


def test_a_deployment_by_a_human_between_decision_and_act_is_not_overwritten(world: World) -> None:
    world.schedules = BeforeTheClaim(happens=lambda: deploy(world))
    done = world.send(world.red())
    assert (done.outcome, done.reason) == ("not_executed", Reason.CHANGED_SINCE)
    assert world.ecs.writes == []
    incident = world.incident(done.incident_id)
    assert incident.state is IncidentState.NOT_EXECUTED
    assert incident.note == (
        "Somebody changed the target since, so its values stay as they are. "
        "Right before the act: 2 deployments are under way"
    )
    assert acts_in_budget(world) == 0, "nothing was sent, so no act counts"


def test_a_human_is_paged_about_it_and_about_the_end(world: World) -> None:
    world.schedules = BeforeTheClaim(happens=lambda: deploy(world))
    alarm = world.red()
    world.send(alarm)
    [(subject, body)] = world.pager.sent
    assert "This step could not be carried out and changed nothing" in subject
    assert "Somebody changed the target since" in body
    world.green(alarm)
    world.deliver()
    assert len(world.pager.sent) == 2


@dataclass
class Blind(FakeEcs):
    """A service that can be read so many times."""

    looks: int = 1

    def service(self, target: Target) -> Reading[ServiceLive]:
        self.looks -= 1
        return super().service(target) if self.looks >= 0 else Unknown("DescribeServices: Throttled")


def test_an_act_without_a_second_look_is_not_made(world: World) -> None:
    world.ecs = Blind(services=world.ecs.services)
    done = world.send(world.red())
    assert (done.outcome, done.reason) == ("not_executed", Reason.NOT_READY_UNREADABLE)
    assert world.ecs.writes == []


@dataclass
class Slow(FakeEcs):
    """An ECS whose second look lasts as long as `lasts`."""

    world: World | None = None
    lasts: timedelta = timedelta()
    looks: int = 0

    def service(self, target: Target) -> Reading[ServiceLive]:
        self.looks += 1
        if self.looks == 2 and self.world:
            self.world.clock.pass_time(self.lasts)
        return super().service(target)


@pytest.mark.parametrize(("seconds", "outcome"), [(10, "act"), (11, "not_executed")])
def test_the_second_look_counts_towards_the_time_that_an_act_may_wait(
    world: World, seconds: int, outcome: str
) -> None:
    world.ecs = Slow(services=world.ecs.services, world=world, lasts=timedelta(seconds=seconds))
    assert world.send(world.red()).outcome == outcome
    assert len(world.ecs.writes) == (outcome == "act")


def test_a_deployment_by_a_human_after_the_act_ends_the_climb(world: World) -> None:
    """More tasks did not help, and by then a human deploys: the next rung would be a restart of that."""
    world.policy = parse_policy(LADDER, "ladder.toml")
    alarm = world.red(tags={"firebreak:action": "scale-service"})
    done = world.send(alarm, "scale-service")
    assert done.outcome == "act"
    deploy(world)
    world.pass_time(timedelta(minutes=20))
    assert [name for name, _, _ in world.ecs.writes] == ["set_desired_count"]
    incident = world.incident(done.incident_id)
    assert (incident.state, incident.rung) == (IncidentState.PAGED, 0)
    assert any("somebody else began deployment" in body for _, body in world.pager.sent)


def test_without_a_change_by_others_the_next_rung_follows(world: World) -> None:
    world.policy = parse_policy(LADDER, "ladder.toml")
    world.send(world.red(tags={"firebreak:action": "scale-service"}), "scale-service")
    world.pass_time(timedelta(minutes=20))
    assert [name for name, _, _ in world.ecs.writes] == ["set_desired_count", "force_deployment"]


def test_a_deployment_by_a_human_after_a_restart_is_not_followed_by_another_act(world: World) -> None:
    world.policy = parse_policy(LADDER, "ladder.toml")
    done = world.send(world.red())
    deploy(world)
    world.pass_time(timedelta(hours=1))
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert world.incident(done.incident_id).state is IncidentState.PAGED
