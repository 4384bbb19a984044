"""What an incident carries from one rung to the next, and what it must not."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.incident import Incident, IncidentState, Member
from firebreak.core.ledger import incident_name
from firebreak.core.model import Receipt, RequestKind
from firebreak.core.opening import claimed, climbing, opened
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
        members=(Member("api-memory-high", a.arn_of("api-memory-high")),),
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
    )
