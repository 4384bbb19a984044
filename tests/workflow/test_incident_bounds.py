"""An incident has room for so many alarms: the rest is counted, and with it nothing is said to be over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.incident.states import IncidentState, Member
from firebreak.core.incident.transitions import MOST_MEMBERS, joined
from firebreak.core.incident.verdict import judge_alarms
from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState, Verdict
from firebreak.core.observed import Series
from firebreak.ledger.incident_items import incident_item, read_incident
from firebreak.remediation.alarm_status import read_states
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

MINUTE = timedelta(minutes=1)
# As long as CloudWatch takes, of a character that JSON writes in twelve bytes.
LONGEST = "\N{FIRE}" * 250


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


@pytest.mark.parametrize("name", ["api", LONGEST], ids=["short", "longest"])
def test_however_many_alarms_join_the_incident_stays_far_below_what_dynamodb_takes(name: str) -> None:
    incident = a.incident()
    for n in range(150):
        incident = joined(incident, a.alarm(f"{name}-{n:03}"))
    item = incident_item(incident)
    assert sum(len(key) + len(str(value)) for key, value in item.items()) < 250_000
    assert len(incident.members) + incident.left_out == 151
    assert len(incident.members) <= MOST_MEMBERS
    assert read_incident(item) == incident


def test_an_item_of_the_release_before_left_nobody_out() -> None:
    item = incident_item(a.incident())
    assert "left_out" not in item
    assert read_incident(item).left_out == 0


def test_an_alarm_that_is_a_member_already_is_never_left_out() -> None:
    incident = a.incident()
    for n in range(120):
        incident = joined(incident, a.alarm(f"api-{n:03}"))
    again = joined(incident, a.alarm("api-000"))
    assert (again.left_out, again.members) == (incident.left_out, incident.members)


@given(
    states=some.lists(some.sampled_from(AlarmState), max_size=5),
    left_out=some.integers(0, 3),
)
def test_an_incident_whose_alarms_were_cut_never_recovers_by_those_that_were_kept(
    states: list[AlarmState], left_out: int
) -> None:
    found = judge_alarms([(Member(f"a{n}", ""), state) for n, state in enumerate(states)], left_out)
    recovered = bool(states) and set(states) == {AlarmState.OK} and not left_out
    assert (found.verdict is Verdict.RECOVERED) is recovered
    assert (f"{left_out} more alarms joined than are looked at" in found.why) is (
        bool(left_out) and AlarmState.ALARM not in states
    )


def test_very_many_red_alarms_make_no_endless_sentence() -> None:
    found = judge_alarms([(Member(f"alarm-{n}", ""), AlarmState.ALARM) for n in range(100)])
    assert found.why.endswith("alarm-19 is still red; and 80 more")


def test_an_incident_whose_alarms_were_cut_goes_to_humans_and_is_not_resolved_for_them(world: World) -> None:
    done = world.remediator().handle(eventbridge(world.red()))
    world.deliver()
    incident = world.incident(done.incident_id)
    cut = replace(incident, left_out=23)
    world.dynamodb.put_item(TableName="ledger", Item=incident_item(cut))
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(40 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert "23 more alarms joined than are looked at" in world.pager.sent[-1][1]
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert not any("RESOLVED" in subject for subject in world.subjects)


def test_alarms_left_out_are_named_to_humans_and_never_resolved_by_the_page() -> None:
    incident = joined(a.incident(), a.alarm("api-5xx"))
    cut = replace(incident, left_out=23)
    said = incident_messages.given_to_humans(cut, a.NOW, "every rung was tried", AlarmState.ALARM)
    assert "its alarms: api-memory-high, api-5xx, and 23 more alarms, not watched" in said.facts
    assert incident_messages.expired(cut, a.NOW, "too old").unwatched == 23


@pytest.mark.parametrize("state", IncidentState)
def test_only_what_nothing_more_comes_after_has_an_end(state: IncidentState) -> None:
    item = incident_item(replace(a.incident(), state=state))
    ended = state in (IncidentState.CLOSED, IncidentState.REFUSED)
    assert ("expires_at" in item) is ended
    if ended:
        assert item["expires_at"] == {
            "N": str(int((a.incident().opened_at + timedelta(days=180)).timestamp()))
        }


def test_a_line_of_history_has_an_end(world: World) -> None:
    done = world.remediator().handle(eventbridge(world.red()))
    world.ledger.note(done.incident_id, world.clock.at, "late news")
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    lines = [item for item in items if item["sk"]["S"].startswith("E#")]
    assert len(lines) == 3
    assert all(int(line["expires_at"]["N"]) == int(line["at"]["N"]) // 1000 + 180 * 86_400 for line in lines)


def test_hundreds_of_series_of_one_alarm_cost_two_calls_a_look(world: World) -> None:
    calls: list[str] = []
    inner = world.alarms

    class Counting:
        def describe_all(self, names: list[str]) -> object:
            calls.append("describe")
            return inner.describe_all(names)

        def series_in_alarm(self, name: str) -> object:
            calls.append("series")
            return {"s1": Series()}

    world.red("fleet")
    wanted = [WatchedAlarm("fleet", f"s{n}") for n in range(300)]
    found = read_states(Counting(), wanted)  # type: ignore[arg-type]  # what is needed of it
    assert calls == ["describe", "series"]
    assert [one.contributor for one, state in found.items() if state is AlarmState.ALARM] == ["s1"]
