"""Between the look and the act: nothing is changed on what is not true any more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import ClaimResult
from firebreak.core.limits.history import Hold, ScopeHistory
from firebreak.core.limits.scopes import Scope
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Unavailable
from tests.support import builders as a
from tests.support.faults import Disturb, Wrapped
from tests.support.world import World, eventbridge

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def once(do: Callable[[], object], *, on: str) -> Disturb:
    """Do this before (or after) the first call of that name."""
    left = [do]

    def disturb(name: str) -> None:
        if name == on and left:
            left.pop()()

    return disturb


def always(do: Callable[[], object], *, on: str) -> Disturb:
    def disturb(name: str) -> None:
        if name == on:
            do()

    return disturb


def wrapped(inner: Any, **disturb: Any) -> Any:
    return Wrapped(inner, **disturb)


def wrap_ledger(world: World, **disturb: Any) -> None:
    world.ledger = wrapped(world.ledger, **disturb)


def slots(world: World) -> dict[Scope, int]:
    view = world.ledger.look(a.request(), a.SCOPES)
    return {
        level: len(seen.acts) if isinstance(seen, ScopeHistory) else 0 for level, seen in view.scopes.items()
    }


def test_the_loser_of_a_race_looks_again_and_joins_the_winner(world: World) -> None:
    other = world.red("api-5xx")
    sound = world.ledger

    def rival() -> None:
        world.ledger = sound
        world.send(other)

    wrap_ledger(world, before=once(rival, on="claim"))
    loser = world.send(world.red())
    assert loser.reason is Reason.IN_FLIGHT
    assert len(world.ecs.writes) == 1
    assert len(world.incident(loser.incident_id).members) == 2


def test_after_three_lost_races_it_stops_records_and_pages(world: World) -> None:
    busy = iter(range(100))

    def bump() -> None:
        world.dynamodb.put_item(
            TableName="ledger",
            Item={
                "pk": {"S": "SCOPE#stack#all"},
                "sk": {"S": "-"},
                "v": {"N": "1"},
                "version": {"N": str(100 + next(busy))},
                "acts": {"M": {}},
            },
        )

    wrap_ledger(world, before=always(bump, on="claim"))
    alarm = world.red()
    done = world.send(alarm)
    assert (done.outcome, done.reason, world.ecs.writes) == ("refuse", Reason.LOST_RACE, [])
    assert world.ledger.calls.count("claim") == 3  # type: ignore[attr-defined]  # it is wrapped
    assert "3 claims in a row were lost" in world.pager.sent[0][1]
    assert world.send(alarm).reason is Reason.DUPLICATE


def test_a_switch_thrown_between_look_and_claim_stops_the_act(world: World) -> None:
    now = world.clock.at
    hold = Hold("global", "ana", "migration", now, now + 60 * MINUTE)
    wrap_ledger(world, before=once(lambda: world.switches.pause(hold), on="claim"))
    assert world.send(world.red()).reason is Reason.SWITCHED_OFF
    assert world.ecs.writes == []


def test_an_ok_between_look_and_claim_stops_the_act(world: World) -> None:
    alarm = world.red()

    def recover() -> None:
        world.clock.pass_time(SECOND)
        world.green(alarm)

    wrap_ledger(world, before=once(recover, on="claim"))
    assert world.send(alarm).reason is Reason.SUPERSEDED
    assert world.ecs.writes == []


def slow(world: World, seconds: float) -> Callable[[], None]:
    return lambda: world.clock.pass_time(seconds * SECOND)


def test_a_plan_that_is_too_old_is_made_again(world: World) -> None:
    sources = wrapped(world.alarms, before=once(slow(world, 11), on="describe"))
    world.alarms = sources
    assert world.send(world.red()).outcome == "act"
    assert sources.calls.count("describe") == 2


def test_plans_that_are_always_too_old_change_nothing_and_page(world: World) -> None:
    sources = wrapped(world.alarms, before=always(slow(world, 11), on="describe"))
    world.alarms = sources
    done = world.send(world.red())
    assert (done.reason, world.ecs.writes) == (Reason.PLAN_EXPIRED, [])
    assert len(world.pager.sent) == 1


@pytest.mark.parametrize("call", ["transact_write_items", "check"])
@pytest.mark.parametrize(
    ("seconds", "acts"), [pytest.param(10, True, id="in time"), pytest.param(10.1, False, id="too late")]
)
def test_an_act_that_would_come_too_late_is_not_sent(
    world: World, call: str, seconds: float, *, acts: bool
) -> None:
    client, schedules = world.dynamodb, world.schedules
    delay = once(slow(world, seconds), on=call)
    world = replace(world, dynamodb=Wrapped(client, after=delay))
    world.schedules = wrapped(schedules, after=delay)
    done = world.send(world.red())
    assert done.outcome == ("act" if acts else "not_executed")
    assert len(world.ecs.writes) == acts
    state = IncidentState.ACTED if acts else IncidentState.NOT_EXECUTED
    assert world.incident(done.incident_id).state is state
    assert set(slots(world).values()) == {int(acts)}
    assert ("FAILED" in world.subjects[0]) is not acts


def test_an_act_that_was_not_executed_frees_the_target_for_the_next_alarm(world: World) -> None:
    world.schedules = wrapped(world.schedules, after=once(slow(world, 11), on="check"))
    assert world.send(world.red()).outcome == "not_executed"
    assert world.send(world.red("api-5xx")).outcome == "act"


def test_a_join_while_the_action_runs_does_not_lose_its_result(world: World) -> None:
    other = world.red("api-5xx")
    world.ecs.before_write = once(lambda: world.send(other), on="force_deployment")
    done = world.send(world.red())
    incident = world.incident(done.incident_id)
    assert (done.outcome, incident.state, len(incident.members)) == ("act", IncidentState.ACTED, 2)
    assert incident.receipt is not None


@pytest.mark.parametrize("joins", [6, 19])
def test_however_many_alarms_join_meanwhile_what_was_done_is_recorded(world: World, joins: int) -> None:
    others = [world.red(f"api-{n}") for n in range(joins)]
    sound = world.ledger

    def join(_: str) -> None:
        if others and any(name == "force_deployment" for name, _, _ in world.ecs.writes):
            other = others.pop()
            world.ledger = sound
            world.send(other)

    world.ledger = wrapped(sound, before=join)
    done = world.remediator().handle(eventbridge(world.red()))
    world.ledger = sound
    world.deliver()
    incident = world.incident(done.incident_id)
    assert (incident.state, len(incident.members)) == (IncidentState.ACTED, 1 + joins)
    assert incident.receipt is not None
    assert not any("UNCERTAIN" in subject for subject in world.subjects)


def test_a_result_that_comes_after_verify_gave_the_claim_up_is_a_note(world: World) -> None:
    """The function was frozen in the middle of its call; Verify has spoken, so it may not."""

    def frozen(_: str) -> None:
        world.clock.pass_time(2 * MINUTE)
        world.sweep()
        (incident_id,) = {key[0] for key in world.schedules.checks}
        world.verifier().handle(check(incident_id))

    world.ecs.before_write = frozen
    done = world.send(world.red())
    history = [line.what for line in world.ledger.history(done.incident_id)]
    assert "superseded result: act" in history
    assert ("remediation.superseded", {"incident": done.incident_id, "result": "act"}) in world.log.events
    assert world.incident(done.incident_id).receipt is None
    assert any("UNCERTAIN" in subject for subject in world.subjects)
    assert not any("ACTED" in subject for subject in world.subjects)


def check(incident_id: str) -> dict[str, Any]:
    detail = {"v": 1, "incident": incident_id, "rung": 0, "attempt": 0}
    return {"source": "firebreak", "detail-type": "Firebreak Check", "detail": detail}


@pytest.mark.parametrize("claimed", [True, False], ids=["it was claimed", "it was not"])
def test_after_a_claim_of_unknown_outcome_nothing_is_sent_and_a_human_is_paged(
    world: World, *, claimed: bool
) -> None:
    sound = world.ledger

    class Doubtful:
        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

        def claim(self, claim: Any) -> ClaimResult:
            if claimed:
                sound.claim(claim)
            return ClaimResult.UNKNOWN

    doubtful: Any = Doubtful()
    world.ledger = doubtful
    done = world.send(world.red())
    assert (done.reason, world.ecs.writes) == (Reason.LEDGER_UNAVAILABLE, [])
    assert "BLIND" in world.subjects[0]
    world.ledger = sound
    world.pass_time(10 * MINUTE)
    assert any("UNCERTAIN" in subject for subject in world.subjects) is claimed


def test_only_a_second_look_sits_between_the_won_claim_and_the_call(world: World) -> None:
    calls: list[str] = []
    client = Wrapped(world.dynamodb, before=calls.append)
    world = replace(world, dynamodb=client)
    world.ecs = wrapped(world.ecs, before=calls.append)
    world.bus = wrapped(world.bus, before=calls.append)
    world.schedules = wrapped(world.schedules, before=calls.append)
    world.send(world.red())
    act = calls.index("force_deployment")
    assert calls[act - 4 : act + 2] == [
        "check",
        "transact_write_items",
        "service",
        "task_definition",
        "force_deployment",
        "transact_write_items",
    ]


def test_a_climb_whose_incident_cannot_be_read_is_asked_again_and_not_forgotten(world: World) -> None:
    done = world.send(world.red())
    sound = world.ledger

    class Dim:
        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

        def look(self, request: Any, scopes: Any) -> Any:
            return replace(sound.look(request, scopes), incident=Unknown("DynamoDB did not process this key"))

    dim: Any = Dim()
    world.ledger = dim
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.CLIMBING
    assert len(world.ecs.writes) == 1
    world.ledger = sound
    world.clock.pass_time(5 * MINUTE)
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_a_slot_that_cannot_be_given_back_is_kept_and_the_page_is_sent_all_the_same(world: World) -> None:
    world.schedules = wrapped(world.schedules, after=once(slow(world, 11), on="check"))
    sound = world.ledger

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

        def give_back(self, claim: Any) -> None:
            raise Unavailable("UpdateItem", "503")

    stuck: Any = Stuck()
    world.ledger = stuck
    done = world.send(world.red())
    assert (done.outcome, set(slots(world).values())) == ("not_executed", {1})
    assert "FAILED" in world.subjects[0]


def test_the_look_that_lost_its_race_leaves_the_first_looks_check_behind_harmlessly(world: World) -> None:
    """The check is made before the claim; for a claim that was never won it finds nothing."""
    done = world.verifier().handle(check("i-9876543210"))
    assert (done.outcome, world.pager.sent) == ("nothing_claimed", [])
    assert world.ledger.incident("i-9876543210") == ABSENT
