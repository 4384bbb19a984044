"""The first look after a refusal of something that ends by itself: who gets one, and what it asks for."""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decide import refuse
from firebreak.core.incident.rechecks import after_humans, after_refusal
from firebreak.core.incident.states import Purpose
from firebreak.core.model import OwnEvent, RequestKind
from firebreak.core.reasons import Reason
from tests.support import builders as a

BUSY, FULL = refuse(Reason.DEPLOYMENT_RUNNING, "a deployment runs"), refuse(Reason.BUDGET_FULL, "3 of 3")
QUARTER = timedelta(minutes=15)


def the_look(**changes: Any) -> OwnEvent:
    fields: dict[str, Any] = {"incident_id": "", "rung": 0, "at": a.NOW + QUARTER, "alarm": a.alarm()}
    return OwnEvent(kind=RequestKind.WAKE, action="restart-service", **(fields | changes))


@pytest.mark.parametrize("kind", [RequestKind.ALARM, RequestKind.WAKE])
@pytest.mark.parametrize("attempt", [0, 3])
def test_a_refused_first_request_is_looked_at_again_for_its_page(kind: RequestKind, attempt: int) -> None:
    again = after_refusal(a.request(kind, attempt=attempt, rung=2), BUSY, "cause", a.NOW)
    assert again == the_look(attempt=attempt + 1, refused="cause")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(RequestKind.WAKE, {"incident_id": "i-1"}, id="of an incident"),
        pytest.param(RequestKind.WAKE, {"refused": "cause"}, id="a look itself"),
        pytest.param(RequestKind.ALARM, {"by": "arn:aws:iam::123456789012:user/ada"}, id="of a human"),
        pytest.param(RequestKind.CLIMB, {}, id="of another rung"),
        pytest.param(RequestKind.MANUAL, {}, id="by hand"),
        pytest.param(RequestKind.UNDO, {}, id="to take an act back"),
    ],
)
def test_no_other_request_is_looked_at_again(kind: RequestKind, changes: dict[str, Any]) -> None:
    assert after_refusal(a.request(kind, **changes), BUSY, "cause", a.NOW) is None


def test_what_does_not_end_by_itself_is_not_looked_at_again() -> None:
    assert after_refusal(a.request(), FULL, "cause", a.NOW) is None
    assert after_humans(a.incident(), FULL, a.NOW) is None


@pytest.mark.parametrize("rung", [0, 2])
def test_an_incident_with_humans_is_looked_at_again_by_a_first_request_of_its_alarm(rung: int) -> None:
    incident = a.incident(rung=rung)
    again = after_humans(incident, BUSY, a.NOW)
    assert again == the_look(attempt=1_000 + rung, refused=incident.id, alarm=incident.alarm)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.ACT])
def test_a_refused_undo_or_restore_is_not_looked_at_again(purpose: Purpose) -> None:
    assert after_humans(a.incident(purpose=purpose), BUSY, a.NOW) is None
