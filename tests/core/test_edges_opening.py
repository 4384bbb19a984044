"""What an incident carries from one rung to the next, and what it must not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident import Incident, IncidentState, Member
from firebreak.core.ledger import incident_name
from firebreak.core.model import Contributor, Receipt, RequestKind
from firebreak.core.opening import claimed, climbing, joined, opened
from tests import builders as a

MINUTE = timedelta(minutes=1)
OTHER_PLAN = replace(a.PLAN, summary="scale ecs:prod/api to 3")

# Every field that belongs to a rung is set to something that the next rung must not see.
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
    assert claimed(USED, OTHER_PLAN, "mine", at, at + 4 * MINUTE, kind=RequestKind.ALARM) == replace(
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


def test_whoever_is_a_member_at_the_claim_was_red_before_the_act() -> None:
    """CloudWatch's clock, which says since when, may be ahead of ours."""
    at = a.NOW + 5 * MINUTE
    early, late = (a.member(name, since=at + n * MINUTE) for n, name in ((-1, "early"), (1, "late")))
    before = replace(USED, members=(a.member("old"), early, late))
    after = claimed(before, a.PLAN, "mine", at, at, kind=RequestKind.CLIMB)
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
def test_a_recovery_begins_anew_when_an_alarm_joins(state: IncidentState) -> None:
    assert joined(replace(USED, state=state), a.alarm()).healthy_since is None


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
