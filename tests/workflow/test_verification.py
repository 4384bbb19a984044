"""Verify: looks for itself, speaks once, counts nothing but a seen recovery, and never falls silent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import Claim, IncidentChange
from firebreak.core.model import AlarmState, Target
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError, NobodyNotified, Throttled, Unavailable
from firebreak.services.ecs.model import ServiceLive
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World, check_event, eventbridge

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DARK = Unknown("ThrottlingException")
SWEEP = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}
S = IncidentState


def acted(world: World) -> str:
    done = world.send(world.red())
    assert done.outcome == "act"
    return done.incident_id


def labels(world: World) -> list[str]:
    return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects]


def spoil(world: World, incident_id: str, **fields: Any) -> None:
    """Damage the stored incident."""
    item = world.dynamodb.get_item(
        TableName=TABLE, Key={"pk": {"S": f"INC#{incident_id}"}, "sk": {"S": "META"}}
    )["Item"]
    world.dynamodb.put_item(TableName=TABLE, Item=item | fields)


def test_an_ok_that_lasts_closes_the_incident_and_frees_the_target(world: World) -> None:
    incident_id = acted(world)
    world.pass_time(MINUTE)
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(20 * MINUTE)
    assert (world.incident(incident_id).state, labels(world)) == (S.CLOSED, ["ACTED", "RESOLVED"])
    assert world.send(world.red()).outcome == "act"


def test_a_relapse_while_holding_climbs(world: World) -> None:
    incident_id = acted(world)
    alarm = a.alarm(since=world.clock.at)
    world.pass_time(MINUTE)
    world.green(alarm)
    assert world.incident(incident_id).state is S.HOLDING
    world.pass_time(MINUTE)
    world.alarms.turn("api-memory-high", AlarmState.ALARM, world.clock.at)
    world.pass_time(5 * MINUTE)
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(DARK, id="unreadable"),
        pytest.param(ABSENT, id="gone"),
        pytest.param(a.described(state=AlarmState.INSUFFICIENT_DATA), id="no data"),
    ],
)
def test_an_alarm_that_cannot_be_read_is_looked_at_a_few_times_and_then_given_to_humans(
    world: World, seen: Any
) -> None:
    incident_id = acted(world)
    world.alarms.described["api-memory-high"] = seen
    world.pass_time(5 * MINUTE)
    assert world.incident(incident_id).state is S.VERIFYING
    world.pass_time(30 * MINUTE)
    assert world.incident(incident_id).state is S.PAGED
    assert labels(world) == ["ACTED", "NEEDS YOU"]
    assert "it is not known whether it helped" in world.pager.sent[-1][1]
    assert len(world.ecs.writes) == 1


def test_a_target_that_is_worse_off_goes_to_humans_at_once(world: World) -> None:
    incident_id = acted(world)
    live = world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    world.ecs.services[a.TARGET.display] = replace(live, running=0)
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(5 * MINUTE)
    assert (world.incident(incident_id).state, len(world.ecs.writes)) == (S.PAGED, 1)
    assert "worse" in world.pager.sent[-1][1]


def test_two_looks_at_the_same_moment_speak_once(world: World) -> None:
    incident_id = acted(world)
    world.clock.pass_time(4 * MINUTE)
    sound = world.ledger
    verifier = world.verifier()

    def rival(name: str) -> None:
        if name == "move" and world.ledger is not sound:
            world.ledger = sound
            world.verifier().handle(check_event(incident_id, 0, 0))

    world.ledger = wrapped(sound, before=rival)
    late = replace(verifier, ledger=world.ledger).handle(check_event(incident_id, 0, 0))
    assert late.outcome == "superseded"
    world.deliver()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]
    assert labels(world) == ["ACTED", "ACTED"]


def wrapped(inner: Any, **disturb: Any) -> Any:
    return Wrapped(inner, **disturb)


def test_a_check_that_was_overtaken_says_nothing(world: World) -> None:
    incident_id = acted(world)
    world.alarms.described["api-memory-high"] = DARK
    world.pass_time(5 * MINUTE)
    assert world.verifier().handle(check_event(incident_id, 0, 0)).outcome == "stale_check"


@pytest.mark.parametrize("state", sorted({S.PAGED, S.CLOSED, S.NOT_EXECUTED, S.REFUSED}), ids=str)
def test_an_incident_that_awaits_no_verdict_is_left_alone(world: World, state: IncidentState) -> None:
    incident_id = acted(world)
    spoil(world, incident_id, state={"S": state.value})
    world.clock.pass_time(10 * MINUTE)
    pages = len(world.pager.sent)
    world.verifier().handle(check_event(incident_id, 0, 9))
    world.deliver()
    assert world.incident(incident_id).state is state
    assert (len(world.ecs.writes), len(world.pager.sent)) == (1, pages)


def test_a_young_claim_is_left_to_its_function_and_looked_at_later(world: World) -> None:
    incident_id = acted(world)
    spoil(world, incident_id, state={"S": "claimed"})
    due = a.NOW + 81 * SECOND
    assert world.verifier().handle(check_event(incident_id, 0, 0)).outcome == "claim_is_young"
    assert world.schedules.checks[(incident_id, 0, 1)] == due
    assert world.incident(incident_id).state is S.CLAIMED


def test_a_claim_whose_function_died_is_uncertain_and_judged_by_what_is_there(world: World) -> None:
    incident_id = acted(world)
    spoil(world, incident_id, state={"S": "claimed"})
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(5 * MINUTE)
    assert world.incident(incident_id).state is S.HOLDING
    assert labels(world) == ["ACTED", "UNCERTAIN"]
    assert "The request is not sent again" in world.pager.sent[-1][1]


def test_the_sweeper_looks_at_what_no_schedule_woke(world: World) -> None:
    incident_id = acted(world)
    world.schedules.checks.clear()
    world.clock.pass_time(4 * MINUTE + 80 * SECOND)
    world.sweep()
    assert world.incident(incident_id).state is S.ACTED
    world.clock.pass_time(20 * SECOND)
    world.sweep()
    assert world.incident(incident_id).rung == 1


@pytest.mark.parametrize("field", ["alarm", "members", "state"])
def test_an_incident_that_cannot_be_read_is_a_page_and_not_only_a_log_line(world: World, field: str) -> None:
    """An act nobody can verify must not end in silence; the sweeper says so once in 15 minutes."""
    incident_id = acted(world)
    spoil(world, incident_id, **{field: {"S": "\\odd"}})
    world.pass_time(5 * MINUTE)
    assert world.subjects[1:] == [
        "[Firebreak] BLIND: action needed. It is not known whether an incident is in progress on the target."
    ]
    assert incident_id in world.pager.sent[-1][1]
    world.sweep()
    assert len(world.pager.sent) == 2


def test_one_incident_that_cannot_be_looked_at_does_not_keep_the_others_waiting(world: World) -> None:
    web = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")
    world.ecs.services[web.display] = a.service(name="web")
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/web"}
    first, second = acted(world), world.send(world.red("web-memory-high", tags=tags)).incident_id
    world.clock.pass_time(10 * MINUTE)
    sound = world.ledger
    world.alarms.described["api-memory-high"] = DARK
    world.alarms.described["web-memory-high"] = DARK

    def fails_for_first(change: IncidentChange) -> bool:
        if change.before.id == first:
            raise Throttled("TransactWriteItems", "ThrottlingError")
        return sound.move(change)

    broken: Any = Wrapped(sound)
    broken.move = fails_for_first
    world.ledger = broken
    with pytest.raises(Throttled):
        world.verifier().handle(SWEEP)
    assert world.incident(first).state is S.ACTED
    assert world.incident(second).state is S.VERIFYING


@pytest.mark.parametrize("state", [S.CLIMBING, S.DEFERRED], ids=str)
def test_a_climb_that_never_comes_about_goes_to_humans_in_the_end(world: World, state: IncidentState) -> None:
    incident_id = acted(world)
    due = {"N": str(int(world.clock.at.timestamp() * 1000))}
    spoil(world, incident_id, state={"S": state.value}, due_at=due, attention={"S": "due"}, attention_at=due)
    world.clock.pass_time(timedelta(hours=6, minutes=1))
    world.sweep()
    assert world.incident(incident_id).state is S.PAGED
    assert "was asked for, and nothing came in 6 h" in world.pager.sent[-1][1]
    assert len(world.ecs.writes) == 1


def test_a_climb_that_finds_the_alarm_without_data_is_no_recovery(world: World) -> None:
    incident_id = acted(world)
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    world.alarms.turn("api-memory-high", AlarmState.INSUFFICIENT_DATA, world.clock.at)
    world.deliver()
    assert (world.incident(incident_id).state, labels(world)) == (S.PAGED, ["ACTED", "NEEDS YOU"])


def test_a_climb_that_finds_its_alarm_well_closes_when_it_is_the_only_one(world: World) -> None:
    incident_id = acted(world)
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.deliver()
    assert (world.incident(incident_id).state, labels(world)) == (S.CLOSED, ["ACTED", "RESOLVED"])


def test_a_climb_goes_on_for_a_member_that_is_red_though_the_first_alarm_is_well(world: World) -> None:
    incident_id = acted(world)
    world.send(world.red("api-5xx"))
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.deliver()
    assert world.incident(incident_id).state is S.ACTED
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_a_climb_that_finds_every_member_well_closes(world: World) -> None:
    incident_id = acted(world)
    world.send(world.red("api-5xx"))
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    for name in ("api-memory-high", "api-5xx"):
        world.alarms.turn(name, AlarmState.OK, world.clock.at)
    world.deliver()
    assert (world.incident(incident_id).state, labels(world)) == (S.CLOSED, ["ACTED", "RESOLVED"])


@pytest.mark.parametrize("lost", ["unreadable", "still red for a moment"])
def test_an_ok_that_could_not_be_seen_is_seen_by_the_sweeper(world: World, lost: str) -> None:
    alarm = world.red()
    incident_id = world.send(alarm).incident_id
    world.pass_time(10 * MINUTE)
    assert world.incident(incident_id).state is S.PAGED
    green = replace(alarm, state=AlarmState.OK, since=world.clock.at)
    if lost == "unreadable":
        world.alarms.described[alarm.name] = DARK
    world.verifier().handle(eventbridge(green))
    assert world.incident(incident_id).state is S.PAGED
    world.alarms.described[alarm.name] = a.described(alarm.name, AlarmState.OK)
    world.sweep()
    assert (world.incident(incident_id).state, labels(world)[-1]) == (S.CLOSED, "RESOLVED")


def test_an_incident_given_to_humans_does_not_stay_open_for_good(world: World) -> None:
    alarm = world.red()
    incident_id = world.send(alarm).incident_id
    world.pass_time(10 * MINUTE)
    del world.alarms.described[alarm.name]
    world.clock.pass_time(7 * 60 * MINUTE)
    world.sweep()
    assert (world.incident(incident_id).state, labels(world)[-1]) == (S.CLOSED, "EXPIRED")


def test_an_action_this_release_does_not_know_goes_to_humans_and_blocks_nobody(world: World) -> None:
    incident_id = acted(world)
    spoil(world, incident_id, action={"S": "of-a-later-release"})
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert (world.incident(incident_id).state, labels(world)[-1]) == (S.PAGED, "NEEDS YOU")


def test_an_ok_between_observe_and_claim_stops_a_climb(world: World) -> None:
    incident_id = acted(world)
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    alarm = world.incident(incident_id).alarm
    sound = world.ledger

    def ok_first(claim: Claim) -> Any:
        sound.record_transition(replace(alarm, state=AlarmState.OK, since=world.clock.at), a.LATER)
        world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
        return sound.claim(claim)

    late: Any = Wrapped(sound)
    late.claim = ok_first
    world.ledger = late
    world.deliver()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert world.incident(incident_id).state is S.CLOSED


def test_an_ok_of_an_alarm_without_an_incident_is_remembered_and_no_more(world: World) -> None:
    alarm = world.red()
    world.clock.pass_time(SECOND)
    assert world.green(alarm).reason is Reason.NOT_IN_ALARM
    assert world.send(alarm).reason is Reason.SUPERSEDED


def test_an_ok_of_a_claim_under_way_leaves_it_alone(world: World) -> None:
    alarm = world.red()
    seen: list[str] = []

    def recover(_: str) -> None:
        seen.append(world.green(alarm).outcome)

    world.ecs.before_write = recover
    assert world.send(alarm).outcome == "act"
    assert seen == ["claim_is_young"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="empty"),
        pytest.param({"detail-type": "Firebreak Check", "detail": {"v": 1}}, id="no incident"),
        pytest.param(
            {
                "source": "firebreak",
                "detail-type": "Firebreak Check",
                "detail": {"v": 2, "incident": "i-1", "attempt": 0},
            },
            id="a later version",
        ),
    ],
)
def test_an_event_that_verify_does_not_understand_is_recorded_and_paged_once(
    world: World, event: object
) -> None:
    for _ in range(2):
        assert world.verifier().handle(event).reason is Reason.UNUSABLE_EVENT
    world.deliver()
    assert len(world.pager.sent) == 1


DOWN = [
    pytest.param(lambda world: check_event("i-0123456789", 0, 0), id="check"),
    pytest.param(lambda world: SWEEP, id="sweep"),
    pytest.param(lambda world: eventbridge(a.alarm(state=AlarmState.OK)), id="ok"),
]


@pytest.mark.parametrize("event", DOWN)
def test_with_the_ledger_down_verify_fails_so_that_it_is_called_again(world: World, event: Any) -> None:
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION)))
    with pytest.raises(AwsError):
        dark.verifier().handle(event(world))


def test_a_lost_climb_request_is_no_lost_climb(world: World) -> None:
    incident_id = acted(world)
    world.clock.pass_time(4 * MINUTE)
    world.bus.broken = Unavailable("PutEvents", "503")
    world.verifier().handle(check_event(incident_id, 0, 0))
    assert world.incident(incident_id).state is S.CLIMBING
    world.bus.broken = None
    world.clock.pass_time(5 * MINUTE)
    world.sweep()
    assert len(world.ecs.writes) == 2


def test_an_unreadable_incident_that_cannot_be_announced_raises(world: World) -> None:
    incident_id = acted(world)
    spoil(world, incident_id, state={"S": "odd"})
    world.bus.broken = Unavailable("PutEvents", "503")
    with pytest.raises(NobodyNotified):
        world.verifier().handle(check_event(incident_id, 0, 0))


def test_verify_has_no_hand_in_any_change(world: World) -> None:
    """It only requests changes; the function of an action makes them."""
    incident_id = acted(world)
    world.ecs.before_write = fail(AssertionError("Verify changed something"))
    world.clock.pass_time(4 * MINUTE)
    world.verifier().handle(check_event(incident_id, 0, 0))
    assert [(asked.kind.value, asked.action) for asked in world.bus.asked] == [("climb", "scale-service")]
