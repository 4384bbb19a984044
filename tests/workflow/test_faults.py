"""Every outside call failing: nothing is changed without a claim, nothing twice, and never in silence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.model import AlarmState
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import (
    AwsError,
    Conflict,
    Denied,
    NobodyNotified,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from tests.support import builders as a
from tests.support.faults import CONNECT_TIMEOUT, NO_CONNECTION, READ_TIMEOUT, Wrapped, answer, fail
from tests.support.world import World, eventbridge

MINUTE = timedelta(minutes=1)
DARK = Unknown("ThrottlingException")
S = IncidentState


def wrapped(inner: Any, **disturb: Any) -> Any:
    return Wrapped(inner, **disturb)


def on_client(world: World, **disturb: Any) -> World:
    return replace(world, dynamodb=wrapped(world.dynamodb, **disturb))


DOWN = [
    pytest.param(NO_CONNECTION, id="unreachable"),
    pytest.param(CONNECT_TIMEOUT, id="connect timeout"),
    pytest.param(READ_TIMEOUT, id="reply lost"),
    pytest.param(answer("ThrottlingException"), id="throttled"),
    pytest.param(answer("AccessDeniedException"), id="denied"),
    pytest.param(answer("InternalServerError", 500), id="500"),
]


@pytest.mark.parametrize("error", DOWN)
def test_with_the_ledger_down_nothing_is_changed_and_one_page_says_so(world: World, error: Exception) -> None:
    dark = on_client(world, before=fail(error))
    for name in ("api-memory-high", "api-5xx", "api-latency"):
        done = dark.remediator().handle(eventbridge(dark.red(name)))
        assert (done.outcome, done.reason) == ("refuse", Reason.LEDGER_UNAVAILABLE)
    assert dark.ecs.writes == []
    world.deliver()
    assert len(world.pager.sent) == 1
    assert "BLIND" in world.subjects[0]


@pytest.mark.parametrize("error", DOWN)
def test_with_only_the_claim_failing_nothing_is_changed_and_a_human_hears(
    world: World, error: Exception
) -> None:
    broken = on_client(world, before=fail(error, on={"transact_write_items"}))
    broken.remediator().handle(eventbridge(broken.red()))
    world.deliver()
    assert broken.ecs.writes == []
    assert len(world.pager.sent) == 1


def test_with_ledger_and_bus_down_the_invocation_fails_loudly(world: World) -> None:
    dark = on_client(world, before=fail(NO_CONNECTION))
    dark.bus.broken = Unavailable("PutEvents", "503")
    event = eventbridge(dark.red())
    with pytest.raises(NobodyNotified):
        dark.remediator().handle(event)
    assert dark.ecs.writes == []


def test_with_the_bus_down_the_outbox_keeps_the_announcement_and_the_sweeper_publishes_it(
    world: World,
) -> None:
    world.bus.broken = Unavailable("PutEvents", "503")
    assert world.send(world.red()).outcome == "act"
    assert (len(world.ecs.writes), world.pager.sent) == (1, [])
    world.bus.broken = None
    world.sweep()
    assert world.pager.sent == [], "it is given a moment before it is announced again"
    world.clock.pass_time(2 * MINUTE)
    world.sweep()
    world.sweep()
    assert [subject.split("] ")[1][:5] for subject in world.subjects] == ["ACTED"]


REFUSED = [
    pytest.param(Denied("UpdateService", "AccessDeniedException"), id="denied"),
    pytest.param(Throttled("UpdateService", "ThrottlingException"), id="throttled"),
    pytest.param(Conflict("UpdateService", "ServiceNotActiveException"), id="conflict"),
    pytest.param(NotFound("UpdateService", "ServiceNotFoundException"), id="not found"),
    pytest.param(Rejected("UpdateService", "InvalidParameterException"), id="rejected"),
    pytest.param(Unavailable("UpdateService", "ConnectTimeoutError"), id="not reached"),
]


@pytest.mark.parametrize("error", REFUSED)
def test_an_act_that_aws_refused_is_not_executed_and_gives_its_slot_back(
    world: World, error: AwsError
) -> None:
    world.ecs.before_write = fail(error)
    done = world.send(world.red())
    assert (done.outcome, world.incident(done.incident_id).state) == ("not_executed", S.NOT_EXECUTED)
    view = world.ledger.look(a.request(), a.SCOPES)
    assert all(getattr(seen, "acts", ()) == () for seen in view.scopes.values())
    assert f"UpdateService answered {error.code}" in world.pager.sent[0][1]
    world.pass_time(30 * MINUTE)
    world.sweep()
    assert (world.ecs.writes, len(world.pager.sent)) == ([], 1)


def uncertain(world: World, *, happened: bool) -> str:
    lost = OutcomeUnknown("UpdateService", "ReadTimeoutError")
    if happened:
        world.ecs.reply_lost = lost
    else:
        world.ecs.before_write = fail(lost)
    done = world.send(world.red())
    world.ecs.reply_lost, world.ecs.before_write = None, lambda _: None
    assert (done.outcome, world.incident(done.incident_id).state) == ("uncertain", S.UNCERTAIN)
    assert "UNCERTAIN" in world.subjects[0]
    return done.incident_id


def test_an_act_whose_reply_was_lost_keeps_its_slot_and_is_never_sent_again(world: World) -> None:
    uncertain(world, happened=False)
    assert world.send(world.red("api-5xx")).reason is Reason.IN_FLIGHT
    assert world.ecs.writes == []


def test_verify_finds_out_that_a_lost_act_happened_and_that_it_helped(world: World) -> None:
    incident_id = uncertain(world, happened=True)
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(10 * MINUTE)
    assert world.incident(incident_id).state is S.CLOSED
    assert len(world.ecs.writes) == 1


def test_verify_finds_out_that_a_lost_act_did_not_happen_and_climbs(world: World) -> None:
    incident_id = uncertain(world, happened=False)
    world.pass_time(5 * MINUTE)
    assert [name for name, _, _ in world.ecs.writes] == ["set_desired_count"]
    assert world.incident(incident_id).rung == 1


def test_a_lost_act_of_unknown_outcome_goes_to_humans(world: World) -> None:
    incident_id = uncertain(world, happened=True)
    world.ecs.services[a.TARGET.display] = DARK
    world.pass_time(30 * MINUTE)
    assert world.incident(incident_id).state is S.PAGED
    assert "NEEDS YOU" in world.subjects[-1]
    assert len(world.ecs.writes) == 1


def test_an_act_that_could_not_be_recorded_is_announced_without_the_ledger_and_verified(world: World) -> None:
    sound = world.dynamodb
    broken = on_client(world)

    def cut(_: str) -> None:
        broken.dynamodb.before = fail(NO_CONNECTION)

    broken.ecs.before_write = cut
    done = broken.remediator().handle(eventbridge(broken.red()))
    assert (done.outcome, len(broken.ecs.writes)) == ("act", 1)
    world = replace(broken, dynamodb=sound)
    world.deliver()
    # Nothing in the ledger confirms it, so the page says that, with the text of the event.
    assert "BLIND" in world.subjects[0]
    assert "it says (acted): restart-service: deployment" in world.pager.sent[0][1]
    assert world.incident(done.incident_id).state is S.CLAIMED
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(20 * MINUTE)
    assert world.incident(done.incident_id).state is S.CLOSED
    assert len(world.ecs.writes) == 1
