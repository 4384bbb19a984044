"""Other alarms of the same target: what turns red after an act is its fault, what was red before is not."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold, ScopeHistory
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Alarm, AlarmState, Verdict
from firebreak.core.reasons import Reason
from tests.support import builders as a
from tests.support.world import World

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EVENTS = Path(__file__).parent.parent.parent / "events"
SCALE = {"firebreak:action": "scale-service"}
S = IncidentState
RESTARTED, SCALED = "force_deployment", "set_desired_count"


def restarted(world: World) -> tuple[Alarm, str]:
    alarm = world.red()
    done = world.send(alarm)
    assert done.outcome == "act"
    return alarm, done.incident_id


def joins(world: World, name: str = "api-5xx") -> Alarm:
    """A sibling turns red now, and its event comes."""
    sibling = world.red(name)
    assert world.send(sibling).reason is Reason.IN_FLIGHT
    return sibling


def labels(world: World) -> list[str]:
    return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects]


def writes(world: World) -> list[str]:
    return [name for name, _, _ in world.ecs.writes]


def verdict(world: World) -> Verdict | None:
    history = world.ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(history, ScopeHistory)
    judged = history.acts[-1].judged
    return judged.verdict if judged else None


@pytest.mark.parametrize("own", [AlarmState.OK, AlarmState.ALARM], ids=["well", "red"])
def test_after_a_restart_a_sibling_that_turns_red_calls_humans_instead_of_the_next_rung(
    world: World, own: AlarmState
) -> None:
    alarm, incident_id = restarted(world)
    world.pass_time(MINUTE)
    joins(world)
    world.alarms.turn(alarm.name, own, world.clock.at)

    world.pass_time(2 * MINUTE)
    assert world.incident(incident_id).state is S.ACTED, "a deployment shakes things for a while"
    world.pass_time(2 * MINUTE)

    assert (world.incident(incident_id).state, writes(world)) == (S.PAGED, [RESTARTED])
    assert (labels(world), verdict(world)) == (["ACTED", "NEEDS YOU"], Verdict.WORSE)
    page = world.pager.sent[-1][1]
    assert "api-5xx turned red after the action; check it first. It was not undone: a restart cannot" in page
    assert "its alarms: api-memory-high, api-5xx" in page


def test_a_sibling_that_turns_red_under_a_pause_is_held_against_the_act_all_the_same(world: World) -> None:
    alarm, incident_id = restarted(world)
    world.pass_time(MINUTE)
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + 60 * MINUTE))
    sibling = world.red("api-5xx")
    assert world.send(sibling).reason is Reason.SWITCHED_OFF
    assert [member.name for member in world.incident(incident_id).members] == [alarm.name, "api-5xx"]
    world.green(alarm)
    world.pass_time(5 * MINUTE)
    assert (verdict(world), world.incident(incident_id).state) == (Verdict.WORSE, S.PAGED)
    assert labels(world) == ["ACTED", "NEEDS YOU"]
    assert world.send(sibling).reason is Reason.SWITCHED_OFF
    assert len(world.subjects) == 2


def test_a_sibling_whose_event_comes_too_late_counts_against_the_act_and_has_no_page_of_its_own(
    world: World,
) -> None:
    world.policy = replace(world.policy, defaults=replace(world.policy.defaults, max_event_age=2 * MINUTE))
    alarm, incident_id = restarted(world)
    world.clock.pass_time(10 * SECOND)
    sibling = world.red("api-5xx")
    world.clock.pass_time(3 * MINUTE)
    assert world.send(sibling).reason is Reason.TOO_OLD
    assert [member.name for member in world.incident(incident_id).members] == [alarm.name, "api-5xx"]
    world.pass_time(5 * MINUTE)
    assert (verdict(world), labels(world)) == (Verdict.WORSE, ["ACTED", "NEEDS YOU"])


def test_after_scaling_no_task_is_taken_away_while_the_sibling_is_red(world: World) -> None:
    done = world.send(world.red(tags=SCALE), "scale-service")
    world.pass_time(MINUTE)
    joins(world)

    world.pass_time(4 * MINUTE)

    assert (world.incident(done.incident_id).state, writes(world)) == (S.PAGED, [SCALED])
    page = world.pager.sent[-1][1]
    assert (
        "api-5xx turned red after the action; check it first. It was not undone: desired count stays" in page
    )


def test_a_sibling_that_was_red_before_the_act_is_not_its_fault_however_late_its_event(world: World) -> None:
    sibling = world.red("api-5xx")
    world.clock.pass_time(SECOND)
    _, incident_id = restarted(world)
    world.pass_time(MINUTE)
    assert world.send(sibling).reason is Reason.IN_FLIGHT

    world.pass_time(4 * MINUTE)

    assert (world.incident(incident_id).rung, writes(world)) == (1, [RESTARTED, SCALED])


def test_the_alarm_of_an_act_is_never_its_fault_although_cloudwatchs_clock_is_ahead(world: World) -> None:
    ahead = world.clock.at + SECOND
    alarm = replace(world.red(), since=ahead)

    done = world.send(alarm)
    world.pass_time(5 * MINUTE)

    assert (world.incident(done.incident_id).rung, writes(world)) == (1, [RESTARTED, SCALED])


def test_a_sibling_that_is_well_again_when_the_act_is_judged_is_held_against_nobody(world: World) -> None:
    alarm, incident_id = restarted(world)
    world.pass_time(MINUTE)
    sibling = joins(world)
    world.pass_time(MINUTE)
    for one in (alarm, sibling):
        world.green(one)

    world.pass_time(20 * MINUTE)

    assert (world.incident(incident_id).state, labels(world)) == (S.CLOSED, ["ACTED", "RESOLVED"])
    assert verdict(world) is Verdict.RECOVERED


def test_an_alarm_red_under_the_rung_before_does_not_count_against_the_next_rung(world: World) -> None:
    _, incident_id = restarted(world)
    world.pass_time(MINUTE)
    sibling = joins(world)
    world.pass_time(MINUTE)
    world.green(sibling)
    world.pass_time(3 * MINUTE)
    assert world.incident(incident_id).rung == 1
    joins(world, sibling.name)

    world.pass_time(5 * MINUTE)

    assert (world.incident(incident_id).state, verdict(world)) == (S.PAGED, Verdict.NOT_RECOVERED)
    assert "nothing is left to try: api-memory-high is still red" in world.pager.sent[-1][1]


def test_a_sibling_that_turns_red_while_a_recovery_has_to_hold_is_seen_at_once(world: World) -> None:
    alarm, incident_id = restarted(world)
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(3 * MINUTE)
    assert world.incident(incident_id).state is S.HOLDING
    joins(world)

    world.pass_time(MINUTE)

    assert (world.incident(incident_id).state, labels(world)) == (S.PAGED, ["ACTED", "NEEDS YOU"])
    assert verdict(world) is Verdict.WORSE


def test_an_alarm_red_during_a_rest_does_not_count_against_the_act(world: World) -> None:
    alarm = world.red(tags=SCALE)
    done = world.send(alarm, "scale-service")
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(10 * MINUTE)
    assert world.incident(done.incident_id).state is S.RESTING
    joins(world)

    world.pass_time(2 * MINUTE)

    assert (world.incident(done.incident_id).state, verdict(world)) == (S.PAGED, Verdict.RECOVERED)
    assert "turned red after the action" not in world.pager.sent[-1][1]


def both_well(world: World) -> tuple[str, Alarm, datetime]:
    """An incident of two alarms that are well since two minutes after the act; its recovery has to hold."""
    alarm, incident_id = restarted(world)
    sibling = joins(world)
    world.pass_time(2 * MINUTE)
    for one in (alarm, sibling):
        world.green(one)
    assert world.incident(incident_id).state is S.HOLDING
    return incident_id, sibling, world.clock.at


def test_a_relapse_of_a_sibling_that_nobody_looked_at_restarts_the_hold(world: World) -> None:
    incident_id, sibling, well = both_well(world)
    world.pass_time(3 * MINUTE)
    world.alarms.turn(sibling.name, AlarmState.OK, world.clock.at)  # red and green again, both events lost

    world.pass_time(well + 8 * MINUTE - SECOND - world.clock.at)
    assert world.incident(incident_id).state is S.HOLDING
    world.pass_time(MINUTE)
    assert world.incident(incident_id).state is S.CLOSED


SERIES = json.loads((EVENTS / "contributor_alarm.json").read_text(encoding="utf-8"))


def series_turns_red(world: World) -> Any:
    """One series of a multi-series alarm turns red now; the alarm itself may have been red for long."""
    at = f"{world.clock.at:%Y-%m-%dT%H:%M:%S}"
    event = {**SERIES, "time": f"{at}Z"}
    event["detail"] = {**SERIES["detail"], "state": {"value": "ALARM", "timestamp": f"{at}.000+0000"}}
    name, contributor = SERIES["detail"]["alarmName"], SERIES["detail"]["alarmContributor"]["id"]
    world.alarms.described.setdefault(name, a.described(name, since=a.NOW - 60 * MINUTE))
    world.alarms.series[name] = a.series(contributor, "of another service")
    return world.remediator().handle(event)


def series_is_well(world: World) -> None:
    world.alarms.series[SERIES["detail"]["alarmName"]] = a.series("of another service")


def test_a_relapse_of_a_series_whose_alarm_stays_red_restarts_the_hold(world: World) -> None:
    """The times of such an alarm say nothing about its series; only the second join does."""
    alarm, incident_id = restarted(world)
    assert series_turns_red(world).reason is Reason.IN_FLIGHT
    world.pass_time(2 * MINUTE)
    series_is_well(world)
    world.green(alarm)
    assert world.incident(incident_id).state is S.HOLDING
    world.pass_time(3 * MINUTE)
    assert series_turns_red(world).reason is Reason.IN_FLIGHT
    relapsed = world.clock.at
    series_is_well(world)

    world.pass_time(5 * MINUTE - SECOND)
    assert world.incident(incident_id).state is S.HOLDING
    world.pass_time(2 * MINUTE)

    assert world.incident(incident_id).state is S.CLOSED
    assert world.clock.at - relapsed < 8 * MINUTE
