"""Keys and records to the last character: a later release must find items under the same keys."""

import hashlib
from datetime import timedelta

import pytest

from firebreak.core.decide import refuse
from firebreak.core.decision import Inputs
from firebreak.core.incident.states import IncidentState
from firebreak.core.keys import digest
from firebreak.core.ledger import (
    DecisionRecord,
    IncidentChange,
    alarm_key,
    delivery_key,
    incident_name,
    record_of,
    untargeted,
)
from firebreak.core.model import Alarm, Request, RequestKind
from firebreak.core.reasons import Reason
from tests.support import builders as a

SINCE = int((a.NOW - timedelta(seconds=30)).timestamp() * 1000)


def named(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


ALARM_KEY = named(f"alarm|{a.arn_of('api-memory-high')}|ALARM|{SINCE}|restart-service")


def test_a_digest_is_the_first_half_of_a_hash_over_the_parts() -> None:
    assert digest("a", 1, "b") == named("a|1|b")
    assert len(digest()) == 32


def test_the_key_of_a_transition_names_alarm_state_millisecond_and_action() -> None:
    assert alarm_key(a.alarm(), "restart-service") == ALARM_KEY


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(a.request(), ALARM_KEY, id="alarm"),
        pytest.param(
            a.request(RequestKind.CLIMB, incident_id="i-0123456789", rung=1, attempt=2),
            named("climb|i-0123456789|1|2|restart-service"),
            id="of an incident",
        ),
        pytest.param(
            a.request(RequestKind.APPROVAL, incident_id="i-0123456789", rung=1, attempt=2, question="0a1b2c"),
            named("approval|i-0123456789|1|2|restart-service|0a1b2c"),
            id="an answer to a question",
        ),
        pytest.param(
            a.request(RequestKind.WAKE),
            named(f"wake|{ALARM_KEY}|0|0|restart-service"),
            id="before there is an incident",
        ),
    ],
)
def test_the_key_of_a_delivery(request_: Request, expected: str) -> None:
    assert delivery_key(request_) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(a.request(), f"i-{ALARM_KEY[:10]}", id="a new one"),
        pytest.param(a.request(incident_id="i-0123456789"), "i-0123456789", id="the one asked for"),
    ],
)
def test_the_name_of_an_incident(request_: Request, expected: str) -> None:
    assert incident_name(request_) == expected


@pytest.mark.parametrize("alarm", [a.alarm(), None], ids=["an alarm", "no alarm"])
def test_a_decision_about_no_target_is_kept_whole_under_its_key(alarm: Alarm | None) -> None:
    decision = refuse(Reason.UNUSABLE_EVENT, "no alarm name")
    assert untargeted("0123456789abcdef", alarm, "restart-service", decision, a.NOW) == DecisionRecord(
        key="0123456789abcdef",
        at=a.NOW,
        kind=RequestKind.ALARM,
        action="restart-service",
        incident_id="i-0123456789",
        target="",
        alarm=alarm,
        decision=decision,
    )


def test_a_move_that_the_machine_knows_can_be_asked_for() -> None:
    before, after = a.incident(IncidentState.CLAIMED), a.incident(IncidentState.ACTED)
    change = IncidentChange(before=before, after=after, at=a.NOW, what="acted")
    assert (change.message, change.record) == (None, None)


@pytest.mark.parametrize("given", [(), ("i-1234567890",)], ids=["an incident to open", "an open one"])
def test_a_record_holds_what_was_asked_decided_and_seen(given: tuple[str, ...]) -> None:
    request = a.request(RequestKind.APPROVAL, by="ada", at=a.NOW - timedelta(minutes=3))
    decision, inputs = refuse(Reason.COOLDOWN, "rest 15m"), Inputs(request, a.snapshot())
    assert record_of(request, decision, a.NOW, inputs, *given) == DecisionRecord(
        key=delivery_key(request),
        at=a.NOW,
        kind=RequestKind.APPROVAL,
        action="restart-service",
        incident_id=given[0] if given else incident_name(request),
        target=a.TARGET.key,
        alarm=a.alarm(),
        decision=decision,
        by="ada",
        verified=True,
        inputs=inputs,
    )
