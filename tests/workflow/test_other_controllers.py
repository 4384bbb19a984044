"""Alarms whose own actions change something: through the functions, and explained."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from firebreak.core.reasons import Reason
from firebreak.intake import alarm_events
from firebreak.remediation.snapshot import Observer
from firebreak.services.registry import ACTIONS
from firebreak_cli.explain.explainer import Explainer
from firebreak_cli.explain.sources import LiveSources
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

POLICY = "scalingPolicy:6d8972f3:resource/ecs/service/prod/api:policyName/out"
SCALING = f"arn:aws:autoscaling:eu-west-1:111122223333:{POLICY}"
NAMED = "scaling policy out of ecs/service/prod/api"


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def red(world: World, action: str = "") -> dict[str, object]:
    alarm = world.red("api-memory-scale-out", tags={"firebreak:action": action} if action else {})
    world.alarms.described[alarm.name] = a.described(alarm.name, since=world.clock.at, actions=(SCALING,))
    return eventbridge(alarm)


def test_a_step_scaling_alarm_on_memory_restarts_nothing_and_pages_nobody(world: World) -> None:
    done = world.remediator().handle(red(world))
    world.deliver()
    assert (done.reason, world.ecs.writes, world.subjects) == (Reason.OTHER_CONTROLLER, [], [])


def test_tagged_for_a_restart_it_restarts_and_the_page_names_the_policy(world: World) -> None:
    assert world.remediator().handle(red(world, "restart-service")).outcome == "act"
    world.deliver()
    [(_, body)] = world.pager.sent
    assert f"the alarm also starts {NAMED}" in body


def test_tagged_for_scaling_it_does_not_scale_twice(world: World) -> None:
    done = world.remediator("scale-service").handle(red(world, "scale-service"))
    world.deliver()
    assert (done.reason, world.ecs.writes) == (Reason.SAME_EFFECT, [])
    [(subject, body)] = world.pager.sent
    assert "NOT ACTING" in subject
    assert NAMED in body


def test_the_explanation_names_the_controller(world: World) -> None:
    sources = LiveSources(
        account=a.ACCOUNT,
        region=a.REGION,
        ledger=world.ledger,
        alarms=world.alarms,
        observer=lambda name: Observer(ACTIONS[name](world.services()), world.alarms, "firebreak"),
    )
    explainer = Explainer(policy=world.policy, sources=sources, clock="real", offline=False)
    text = explainer.explain(alarm_events.parse(red(world)), world.clock.now())
    assert text.decision.reason is Reason.OTHER_CONTROLLER
    assert text.decision.deciding
    assert text.decision.deciding.detail == f"it starts {NAMED}"


def test_a_climb_does_not_scale_while_any_red_alarm_of_the_incident_scales_already(world: World) -> None:
    restart = {"firebreak:action": "restart-service"}
    opened = world.send(world.red("api-memory-high", tags=restart))
    joining = world.red("api-cpu-scale-out", tags=restart)
    world.alarms.described[joining.name] = a.described(joining.name, since=world.clock.at, actions=(SCALING,))
    world.send(joining)
    members = {member.watched.name for member in world.incident(opened.incident_id).members}
    assert members == {"api-memory-high", "api-cpu-scale-out"}
    world.pass_time(timedelta(hours=1))
    assert [name for name, *_ in world.ecs.writes] == ["force_deployment"]
    assert any(NAMED in body for _, body in world.pager.sent)
