"""An upgrade at any moment: this release goes on with what release 0.1.0 left behind, and loses nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import IncidentState
from firebreak.core.reasons import Reason
from firebreak.ledger.outbox_items import read_announcement
from firebreak.policy.compiler import parse_policy
from tests.cli.running import run_in
from tests.support import builders as a
from tests.support.world import TABLE, World, announced, eventbridge, world_on_moto
from tests.upgrade.moments import MOMENTS
from tests.upgrade.outcomes import outcome
from tests.upgrade.resumption import Left, deliver, go_on, heal, incidents, left_by, resume
from tests.workflow.approving import approve

MINUTE = timedelta(minutes=1)
V0_1_0 = Path(__file__).parent / "v0_1_0"
LEFT = {moment: left_by(V0_1_0 / "left" / f"{moment}.json") for moment in MOMENTS}
OUTCOMES: dict[str, Any] = json.loads((V0_1_0 / "outcomes.json").read_text(encoding="utf-8"))
UNDERWAY = [moment for moment, left in LEFT.items() if left.schedules or left.on_the_bus]


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


@pytest.mark.parametrize("heals", [True, False], ids=["heals", "stays red"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_everything_ends_as_it_would_have_without_the_upgrade(
    world: World, moment: str, *, heals: bool
) -> None:
    expected = OUTCOMES[moment]["heals" if heals else "stays red"]

    assert outcome(world, LEFT[moment], heals=heals) == expected


@pytest.mark.parametrize("moment", UNDERWAY)
def test_it_also_does_when_schedules_and_events_are_lost_during_the_deployment(
    world: World, moment: str
) -> None:
    """The old functions' schedules name a role that the upgrade replaces: the sweep takes them up."""
    assert outcome(world, LEFT[moment], heals=False, lost=True) == OUTCOMES[moment]["stays red"]


def test_the_moments_reach_every_state_that_is_stored() -> None:
    """An incident is `open` only until its first claim is written, and `refused` is kept for old items."""
    stored = {
        item["state"]["S"] for left in LEFT.values() for item in left.items if item["sk"]["S"] == "META"
    }

    assert stored == set(IncidentState) - {IncidentState.OPEN, IncidentState.REFUSED}


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_item_of_the_release_before_is_lost(world: World, moment: str) -> None:
    """Only what waited is taken out when it was published or made."""
    resume(world, LEFT[moment])
    go_on(world, LEFT[moment], 30 * MINUTE)

    kept = {(item["pk"]["S"], item["sk"]["S"]) for item in world.dynamodb.scan(TableName=TABLE)["Items"]}
    left = {(item["pk"]["S"], item["sk"]["S"]) for item in LEFT[moment].items}
    assert {pk.partition("#")[0] for pk, _ in left - kept} <= {"DEFER"}


@pytest.mark.parametrize(
    ("moment", "writes"),
    [
        ("muted", ["force_deployment"]),
        ("deferred", ["set_desired_count"]),
        ("acted", ["set_desired_count"]),
        ("claimed", ["set_desired_count"]),
    ],
)
def test_a_schedule_of_the_release_before_is_understood(world: World, moment: str, writes: list[str]) -> None:
    """By what it delivers alone: no sweep runs here."""
    resume(world, LEFT[moment])
    before = len(world.ecs.writes)

    for at, event in LEFT[moment].schedules:
        world.clock.pass_time(at - world.clock.at)
        deliver(world, event)

    assert [name for name, _, _ in world.ecs.writes[before:]] == writes


def test_a_request_of_the_release_before_that_is_still_on_the_bus_is_understood(world: World) -> None:
    resume(world, LEFT["undoing"])

    for event in LEFT["undoing"].on_the_bus:
        deliver(world, event)

    assert [count for name, _, count in world.ecs.writes if name == "set_desired_count"] == [3, 2]


def test_a_switch_that_was_held_holds_until_its_end(world: World) -> None:
    resume(world, LEFT["paused"])

    assert world.send(world.red("api-5xx")).reason is Reason.SWITCHED_OFF
    assert [(hold.holder, hold.why) for hold in world.switches.held()] == [("ana", "migration")]
    world.clock.pass_time(121 * MINUTE)
    assert world.send(world.red("api-latency")).outcome == "act"


def test_the_command_lists_what_was_held_and_what_was_open(world: World) -> None:
    """Nothing that the release before wrote is in the index by time."""
    resume(world, LEFT["paused"])
    for item in LEFT["storm"].items:
        world.dynamodb.put_item(TableName=TABLE, Item=item)

    switches, listed = run_in(world, "switches", "--json"), run_in(world, "incidents", "--json")

    assert [one["holder"] for one in json.loads(switches.stdout)["switches"]] == ["ana"]
    assert {one["id"] for one in json.loads(listed.stdout)["incidents"]} == set(LEFT["storm"].incidents)


def test_a_switch_that_was_held_can_be_released(world: World) -> None:
    resume(world, LEFT["paused"])

    assert world.switches.resume("global", "ana")
    assert world.send(world.red("api-5xx")).outcome == "act"


def test_a_storm_goes_on_and_ends(world: World) -> None:
    resume(world, LEFT["storm"])
    assert world.send(world.red("api-5xx")).reason is Reason.STORM

    heal(world)
    go_on(world, LEFT["storm"], 30 * MINUTE)

    assert world.send(world.red("api-latency")).outcome == "act"


def test_a_question_is_answered_by_the_command_of_this_release(world: World) -> None:
    resume(world, LEFT["awaiting_approval"])
    (incident,) = incidents(world, LEFT["awaiting_approval"])

    assert approve(world, incident).outcome == "act"
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]


def test_the_command_on_a_page_of_the_release_before_is_refused_with_what_is_asked_now(world: World) -> None:
    resume(world, LEFT["awaiting_approval"])
    (incident,) = incidents(world, LEFT["awaiting_approval"])

    refused = run_in(world, "approve", incident.id)

    assert refused.exit_code != 0
    assert question_id(incident) in refused.stderr


def test_acts_of_the_release_before_count_for_the_cooldown(world: World) -> None:
    resume(world, LEFT["closed"])

    assert world.send(world.red("api-5xx")).reason is Reason.COOLDOWN


def test_an_alarm_that_was_decided_is_not_decided_again(world: World) -> None:
    resume(world, LEFT["acted"])
    again = a.alarm("api-memory-high", since=a.NOW, sent_at=a.NOW)

    assert world.remediator().handle(eventbridge(again)).reason is Reason.DUPLICATE
    world.deliver()
    assert world.pager.sent == []


def test_a_page_that_was_sent_is_not_sent_again(world: World) -> None:
    """Where its announcement is delivered once more after the upgrade."""
    resume(world, LEFT["unannounced"])
    world.clock.pass_time(5 * MINUTE)
    world.sweep()
    sent = list(world.pager.sent)
    (waits,) = [item for item in LEFT["unannounced"].items if item["pk"]["S"].startswith("OUT#")]

    deliver(world, announced(read_announcement(waits)))

    assert "ACTED" in [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject, _ in sent]
    assert world.pager.sent == sent


def test_the_policy_of_the_release_before_is_read(world: World) -> None:
    text = (V0_1_0 / "policy.txt").read_text(encoding="utf-8")

    world.policy = parse_policy(text, "policy.toml")

    assert world.send(world.red()).reason is Reason.OBSERVE_ONLY


def of_a_later_release(left: Left) -> Left:
    """The same, but the incident is in a state that this release does not know."""
    items = [
        {**item, "state": {"S": "quarantined"}} if item["sk"]["S"] == "META" else item for item in left.items
    ]
    return replace(left, items=tuple(items))


def test_an_incident_in_an_unknown_state_is_kept_and_announced_and_its_target_left_alone(
    world: World,
) -> None:
    left = of_a_later_release(LEFT["acted"])
    resume(world, left)
    done = list(world.ecs.writes)
    heal(world)
    go_on(world, left, 30 * MINUTE)

    (kept,) = [item for item in world.dynamodb.scan(TableName=TABLE)["Items"] if item["sk"]["S"] == "META"]
    (stored,) = [item for item in left.items if item["sk"]["S"] == "META"]
    assert {**kept, "attention_at": None} == {**stored, "attention_at": None}
    assert [subject.partition(":")[0] for subject in world.subjects] == ["[Firebreak] BLIND"]
    assert world.send(world.red("api-5xx")).reason is Reason.IN_FLIGHT_UNREADABLE
    assert world.ecs.writes == done
