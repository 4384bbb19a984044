"""The fields that an incident carries from one rung to the next, and those it must not carry."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decision import Check, Decision, Refuse, Result
from firebreak.core.incident.states import Incident, IncidentState, Member
from firebreak.core.incident.transitions import (
    MOST_MEMBERS,
    claimed,
    climbing,
    joined,
    joins,
    look_again,
    opened,
    waits_for,
)
from firebreak.core.ledger import incident_name
from firebreak.core.model import Contributor, Receipt, RequestKind
from firebreak.core.reasons import Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
OTHER_PLAN = replace(a.PLAN, summary="scale ecs:prod/api to 3")

# Every field that belongs to a rung has a value that the next rung must not have.
USED = a.incident(
    IncidentState.VERIFYING,
    attempt=4,
    blind_looks=2,
    healthy_since=a.NOW,
    receipt=Receipt(summary="deployment 7 began"),
    note="api-memory-high is still red",
)


def test_a_new_incident_is_open_at_the_first_rung_and_nothing_is_claimed() -> None:
    assert opened(a.request(), a.rules(), a.NOW) == Incident(
        id=incident_name(a.request()),
        target=a.TARGET,
        state=IncidentState.OPEN,
        rung=0,
        action="restart-service",
        ladder=("restart-service", "scale-service", "page"),
        alarm=a.alarm(),
        members=(Member("api-memory-high", a.arn_of("api-memory-high"), since=a.alarm().since),),
        opened_at=a.NOW,
    )


def test_a_claim_changes_what_belongs_to_the_rung_and_nothing_else() -> None:
    at = a.NOW + 5 * MINUTE
    assert claimed(
        USED, OTHER_PLAN, "mine", at, at + 4 * MINUTE, request=a.request(RequestKind.ALARM)
    ) == replace(
        USED,
        state=IncidentState.CLAIMED,
        version=3,
        claim_id="mine",
        act_by=at + timedelta(seconds=10),
        acted_at=at,
        healthy_since=None,
        attempt=0,
        blind_looks=0,
        plan=OTHER_PLAN,
        receipt=None,
        due_at=at + 4 * MINUTE,
    )


def test_every_member_at_the_claim_was_red_before_the_act() -> None:
    """CloudWatch's clock, which gives `since`, may be ahead of Firebreak's."""
    at = a.NOW + 5 * MINUTE
    early, late = (a.member(name, since=at + n * MINUTE) for n, name in ((-1, "early"), (1, "late")))
    before = replace(USED, members=(a.member("old"), early, late))
    after = claimed(before, a.PLAN, "mine", at, at, request=a.request(RequestKind.CLIMB))
    assert after.members == (a.member("old"), early, replace(late, since=at))


def test_an_alarm_that_joins_is_a_member_since_it_turned_red_and_nothing_else_changes() -> None:
    alarm = a.alarm("api-5xx", since=a.NOW + MINUTE)
    assert joined(USED, alarm) == replace(
        USED, members=(*USED.members, a.member("api-5xx", since=alarm.since)), version=3
    )


def test_an_alarm_that_joins_again_keeps_the_moment_it_first_joined() -> None:
    first = replace(USED, members=(a.member("api-5xx", since=a.NOW),))
    assert joined(first, a.alarm("api-5xx", since=a.NOW + MINUTE)) == replace(first, version=3)


def test_each_series_of_an_alarm_is_a_member_of_its_own() -> None:
    series = a.alarm("fleet", since=a.NOW, contributor=Contributor("5d3e1f0a", {}))
    other = replace(series, contributor=Contributor("77aa", {}))
    both = joined(joined(joined(USED, series), other), series)
    assert [member.contributor for member in both.members] == ["", "5d3e1f0a", "77aa"]


@pytest.mark.parametrize("state", [IncidentState.HOLDING, IncidentState.RESTING])
def test_a_recovery_begins_again_when_an_alarm_joins(state: IncidentState) -> None:
    assert joined(replace(USED, state=state), a.alarm()).healthy_since is None


def full_of(*members: Member) -> Incident:
    return replace(USED, members=members, left_out=3)


def test_a_hundred_alarms_have_room_in_an_incident_and_of_more_only_their_number_is_kept() -> None:
    others = tuple(a.member(f"alarm-{n}") for n in range(MOST_MEMBERS - 1))
    before, alarm = full_of(*others), a.alarm("api-5xx")
    hundred = joined(before, alarm)
    assert hundred == replace(before, members=(*others, Member.of(alarm)), version=3)
    more = joined(hundred, a.alarm("api-slow"))
    assert (more, len(more.members)) == (replace(hundred, left_out=4, version=4), 100)
    assert joined(more, alarm) == replace(more, version=5)


@pytest.mark.parametrize(("more", "left_out"), [(0, 3), (1, 4)], ids=["just enough room", "one byte short"])
def test_the_members_of_an_incident_fill_no_more_than_100_000_bytes(more: int, left_out: int) -> None:
    """Written in JSON, where Ä takes six bytes, as two lists of three strings each."""
    punctuation = 2 * len('["", "", ""]')
    one = Member("Ä" * 10_000, "b" * 39_000, "c" * 900)
    new = Member("d", "e" * (100_000 - punctuation - 60_000 - 39_900 - 1 + more))
    after = joined(full_of(one), a.alarm(new.name, arn=new.arn))
    assert (after.left_out, len(after.members)) == (left_out, 2 - more)


def test_a_waiting_incident_is_looked_at_again_at_its_time_and_nothing_else_changes() -> None:
    assert look_again(USED, IncidentState.DEFERRED, a.NOW + MINUTE) == replace(
        USED, state=IncidentState.DEFERRED, version=3, attempt=5, due_at=a.NOW + MINUTE
    )


@pytest.mark.parametrize(
    ("changes", "state", "waits"),
    [
        pytest.param({}, IncidentState.CLIMBING, True, id="where it was asked for"),
        pytest.param({}, IncidentState.ACTED, False, id="it went on"),
        pytest.param({"incident_id": "i-9999999999"}, IncidentState.CLIMBING, False, id="another incident"),
        pytest.param({"rung": 1}, IncidentState.CLIMBING, False, id="another rung"),
        pytest.param({"action": "scale-service"}, IncidentState.CLIMBING, False, id="another action"),
        pytest.param({"kind": RequestKind.APPROVAL}, IncidentState.CLIMBING, False, id="nothing was asked"),
        pytest.param({"kind": RequestKind.APPROVAL}, IncidentState.AWAITING_APPROVAL, True, id="a yes"),
    ],
)
def test_a_request_moves_only_an_incident_that_stands_where_it_was_made(
    changes: dict[str, Any], state: IncidentState, *, waits: bool
) -> None:
    now = a.incident(state)
    asked = replace(a.request(RequestKind.CLIMB, incident_id=now.id, rung=now.rung), **changes)
    assert waits_for(asked, now) is waits


def test_a_climb_forgets_the_rung_below_and_keeps_why_it_was_left() -> None:
    assert climbing(USED, 1, a.NOW + MINUTE, "scale it") == replace(
        USED,
        state=IncidentState.CLIMBING,
        version=3,
        rung=1,
        action="scale-service",
        attempt=0,
        claim_id="",
        act_by=None,
        plan=None,
        receipt=None,
        healthy_since=None,
        due_at=a.NOW + MINUTE,
        note="scale it",
        earlier=("restart-service: deployment 7 began; scale it",),
    )


def refused(*reasons: Reason) -> Decision:
    """A decision for the first of these reasons, which its guards gave in turn."""
    checks = tuple(Check("guard", Result.OBJECTED, "detail", reason) for reason in reasons)
    return Decision(Refuse(), reasons[0], checks, "")


def test_a_request_by_hand_brings_no_alarm_that_could_join() -> None:
    by_hand = a.request(RequestKind.MANUAL)
    assert not joins(by_hand, refused(Reason.IN_FLIGHT), a.incident())


@pytest.mark.parametrize(
    ("reasons", "changes", "state", "becomes_one"),
    [
        pytest.param((Reason.IN_FLIGHT,), {}, IncidentState.ACTED, True, id="the target is taken"),
        pytest.param(
            (Reason.IN_FLIGHT,), {"kind": RequestKind.WAKE}, IncidentState.ACTED, True, id="a waiting request"
        ),
        pytest.param((Reason.SWITCHED_OFF,), {}, IncidentState.ACTED, True, id="under a pause"),
        pytest.param((Reason.TOO_OLD,), {}, IncidentState.ACTED, True, id="a late event"),
        pytest.param((Reason.TOO_OLD,), {}, IncidentState.PAGED, False, id="nothing holds the target"),
        pytest.param(
            (Reason.TOO_OLD,), {"kind": RequestKind.WAKE}, IncidentState.ACTED, False, id="a late second look"
        ),
        pytest.param(
            (Reason.TOO_OLD, Reason.DUPLICATE), {}, IncidentState.ACTED, False, id="a late event, again"
        ),
        pytest.param((Reason.FROZEN,), {}, IncidentState.ACTED, False, id="any other reason"),
        pytest.param(
            (Reason.IN_FLIGHT, Reason.NOT_OPTED_IN), {}, IncidentState.ACTED, False, id="not opted in"
        ),
        pytest.param(
            (Reason.IN_FLIGHT, Reason.ALARM_NOT_ALLOWED), {}, IncidentState.ACTED, False, id="not allowed"
        ),
    ],
)
def test_an_alarm_joins_the_incident_that_holds_its_target_where_it_may_speak_of_it(
    reasons: tuple[Reason, ...], changes: dict[str, Any], state: IncidentState, *, becomes_one: bool
) -> None:
    asked = replace(a.request(), **changes)
    assert joins(asked, refused(*reasons), a.incident(state)) is becomes_one


def test_a_series_is_watched_by_its_alarm_and_its_own_name() -> None:
    assert a.member("fleet", contributor="5d3e1f0a").watched == WatchedAlarm("fleet", "5d3e1f0a")
