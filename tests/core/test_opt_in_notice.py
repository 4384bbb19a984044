"""The notice of a target that is not opted in, and the announcements about alarms that nobody tagged."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decide import decide, refuse
from firebreak.core.decision import Snapshot
from firebreak.core.intake import is_asked_for
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord, alarm_key, delivery_key, untargeted
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_announcement import announcement_of, announcement_of_unresolved
from firebreak.core.messages.decision_messages import announcement, of_decision
from firebreak.core.messages.opt_in_notice import is_notice
from firebreak.core.model import Autonomy, Request, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

K = AnnouncementKind
OUT = a.snapshot(target_tags={})
TAGGED = a.request()
UNTAGGED = a.request(alarm=a.alarm(tags={}), by_symptom=True)


def record(request: Request, seen: Snapshot, autonomy: Autonomy) -> DecisionRecord:
    return DecisionRecord(
        key=delivery_key(request),
        at=a.NOW,
        kind=request.kind,
        action=request.action,
        incident_id="i-0123456789",
        target=request.target.key,
        alarm=request.alarm,
        decision=decide(request, a.rules(autonomy=autonomy), seen),
        by=request.by,
    )


def announced(request: Request, seen: Snapshot, autonomy: Autonomy = Autonomy.AUTO) -> Announcement | None:
    return announcement_of(record(request, seen, autonomy), request, a.rules(autonomy=autonomy))


def announcement_for(request: Request, seen: Snapshot, autonomy: Autonomy = Autonomy.AUTO) -> Announcement:
    found = announced(request, seen, autonomy)
    assert found
    return found


ENABLE = (
    "Firebreak does nothing here. Tag the target firebreak:enabled=true, or remove firebreak:action from the "
    "alarm. This is announced once, until the target is opted in."
)
ALLOW = (
    "Firebreak does nothing here. Add the alarm's name to the target's tag firebreak:alarms, or remove "
    "firebreak:action from the alarm. This is announced once, until an alarm of this name may act."
)
OTHERS = a.snapshot(target_tags={"firebreak:enabled": "true", "firebreak:alarms": "other-alarm"})


@pytest.mark.parametrize(
    ("seen", "name", "why", "next_"),
    [
        pytest.param(OUT, "not opted in", "its target is not opted in", ENABLE, id="not opted in"),
        pytest.param(
            OTHERS,
            "alarm not allowed",
            "its target's tag firebreak:alarms does not name it",
            ALLOW,
            id="not this alarm",
        ),
    ],
)
@pytest.mark.parametrize(
    "mode", [(Autonomy.AUTO, K.REFUSED, ""), (Autonomy.OBSERVE, K.OBSERVED, "not_opted_in")]
)
def test_a_tagged_alarm_that_its_targets_owner_did_not_allow_is_a_notice(
    seen: Snapshot, name: str, why: str, next_: str, mode: tuple[Autonomy, AnnouncementKind, str]
) -> None:
    autonomy, kind, cause = mode
    found = announcement_for(TAGGED, seen, autonomy)
    # Keys are stored: they stay what they were in earlier releases.
    key = digest(name, kind.value, a.ACCOUNT, a.REGION, a.TARGET.display, "api-memory-high")
    decided = announcement(record(TAGGED, seen, autonomy), a.TARGET)
    assert found == replace(
        decided,
        kind=kind,
        key=key,
        thread=key,
        headline=f"The alarm is tagged with restart-service, but {why}.",
        next=next_,
        cause=cause,
    )
    assert is_notice(found)


def test_in_observe_mode_it_calls_nobody_and_has_a_key_of_its_own() -> None:
    found = announcement_for(TAGGED, OUT, Autonomy.OBSERVE)
    assert (found.kind, found.cause, is_notice(found)) == (K.OBSERVED, "not_opted_in", True)
    assert found.key != announcement_for(TAGGED, OUT).key


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param({"at": a.NOW}, True, id="another transition"),
        pytest.param({"target": replace(a.TARGET, name="web")}, False, id="another target"),
        pytest.param({"alarm": a.alarm("api-5xx")}, False, id="another alarm"),
        pytest.param({"alarm": a.alarm(account="444455556666")}, False, id="another account"),
        pytest.param({"alarm": a.alarm(region="us-east-1")}, False, id="another region"),
    ],
)
def test_a_notice_is_one_a_target_and_alarm(other: dict[str, Any], same: bool) -> None:
    assert (announcement_for(a.request(**other), OUT).key == announcement_for(TAGGED, OUT).key) is same


SILENT: list[Any] = [
    pytest.param(OUT, id="not opted in"),
    pytest.param(a.snapshot(target_tags=ABSENT, plan=ABSENT), id="no such target"),
    pytest.param(a.snapshot(target_tags={}, storm=Unknown("503")), id="not opted in, and more"),
]


@pytest.mark.parametrize("seen", SILENT)
@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_an_untagged_alarm_on_a_target_that_is_not_opted_in_is_only_recorded(
    seen: Snapshot, autonomy: Autonomy
) -> None:
    assert announced(UNTAGGED, seen, autonomy) is None


def test_a_live_tag_that_says_none_is_only_recorded() -> None:
    assert announced(UNTAGGED, a.snapshot(alarm_tags={"firebreak:action": "none"})) is None


def test_an_untagged_alarm_on_an_opted_in_target_or_one_that_cannot_be_read_is_announced() -> None:
    assert announced(UNTAGGED, a.snapshot(storm=Unknown("503"), alarm_tags={}))
    assert announced(UNTAGGED, a.snapshot(target_tags=Unknown("503"), alarm_tags={}))


def test_a_retry_for_a_target_that_is_gone_is_announced() -> None:
    asked = replace(UNTAGGED, kind=RequestKind.WAKE, by="ana")
    assert announced(asked, a.snapshot(target_tags=ABSENT, plan=ABSENT, alarm_tags={}))


def test_the_next_rung_of_an_incident_is_no_notice() -> None:
    climb = a.request(RequestKind.CLIMB, incident_id="i-0123456789", by_symptom=False)
    assert announced(climb, OUT) is None


def test_an_old_request_of_an_incident_that_moved_on_is_not_announced() -> None:
    old = a.request(RequestKind.CLIMB, incident_id="i-0123456789", at=a.NOW - timedelta(hours=3))
    decided = replace(record(old, a.snapshot(), Autonomy.AUTO), decision=refuse(Reason.TOO_OLD, "old"))
    assert announcement_of(decided, old, a.rules()) is None
    first = replace(old, incident_id="", kind=RequestKind.ALARM)
    assert announcement_of(decided, first, a.rules())


@pytest.mark.parametrize("autonomy", list(Autonomy))
@pytest.mark.parametrize(
    ("request_", "of_an_incident"),
    [
        pytest.param(
            a.request(RequestKind.APPROVAL, incident_id="i-0123456789", by="ana"), True, id="answer"
        ),
        pytest.param(a.request(RequestKind.APPROVAL, by="ana"), False, id="answer outside of an incident"),
    ],
)
def test_a_human_gets_the_whole_refusal_under_any_autonomy(
    request_: Request, of_an_incident: bool, autonomy: Autonomy
) -> None:
    decided = refused(request_)
    expected = of_decision(decided, a.TARGET, of_an_incident=of_an_incident)
    assert expected
    assert announcement_of(decided, request_, a.rules(autonomy=autonomy)) == expected


@pytest.mark.parametrize("incident_id", ["", "i-0123456789"], ids=["a first request", "an incident's"])
def test_where_the_policy_acts_a_refusal_is_announced_with_every_field(incident_id: str) -> None:
    asked = a.request(RequestKind.CLIMB if incident_id else RequestKind.ALARM, incident_id=incident_id)
    expected = of_decision(refused(asked), a.TARGET, of_an_incident=bool(incident_id))
    assert expected
    assert announcement_of(refused(asked), asked, a.rules(autonomy=Autonomy.AUTO)) == expected
    assert bool(expected.watches) is not bool(incident_id)


def refused(request: Request) -> DecisionRecord:
    """The record of a refusal that is announced."""
    decision = refuse(Reason.UNSUPPORTED_CONTROLLER, "why")
    return replace(record(request, a.snapshot(), Autonomy.AUTO), decision=decision)


# --- alarms that name no single target


def unresolved(reason: Reason) -> DecisionRecord:
    alarm = a.alarm()
    return untargeted(
        alarm_key(alarm, "restart-service"), alarm, "restart-service", refuse(reason, "why"), a.NOW
    )


def test_an_unresolved_alarm_that_asks_for_nothing_is_only_recorded() -> None:
    for observes in (True, False):
        assert (
            announcement_of_unresolved(unresolved(Reason.TARGET_NONE), asked=False, observes=observes) is None
        )


def test_an_unresolved_request_is_a_page_unless_the_policy_only_observes() -> None:
    found = unresolved(Reason.TARGET_NONE)
    assert announcement_of_unresolved(found, asked=True, observes=False) == of_decision(found, None)
    observed = announcement_of_unresolved(found, asked=True, observes=True)
    assert observed
    assert (observed.kind, observed.cause) == (K.OBSERVED, "target_none")
    later = replace(found, at=a.NOW + timedelta(hours=1), key="another")
    again = announcement_of_unresolved(later, asked=True, observes=True)
    assert again
    assert again.key == observed.key
    elsewhere = replace(found, alarm=a.alarm("api-5xx"))
    other = announcement_of_unresolved(elsewhere, asked=True, observes=True)
    assert other
    assert other.key != observed.key


def test_a_ledger_that_cannot_be_read_is_a_page_under_every_policy() -> None:
    found = announcement_of_unresolved(unresolved(Reason.IN_FLIGHT_UNREADABLE), asked=True, observes=True)
    assert found
    assert found.kind is K.REFUSED


ASKED: list[Any] = [
    pytest.param({"firebreak:action": "restart-service"}, {}, True, id="in the event"),
    pytest.param({}, {"firebreak:action": "restart-service"}, True, id="on the alarm"),
    pytest.param({}, {"firebreak:action": "page"}, True, id="page"),
    pytest.param({}, {"firebreak:target": "ecs:prod"}, True, id="a target alone"),
    pytest.param({}, {"firebreak:target": "ecs:prod", "firebreak:action": "none"}, False, id="none"),
    pytest.param({}, {"team": "shop"}, False, id="other tags"),
    pytest.param({}, ABSENT, False, id="no such alarm"),
    pytest.param({}, Unknown("503"), True, id="unreadable"),
    pytest.param({}, NotRead("offline"), True, id="not read"),
]


@pytest.mark.parametrize(("in_event", "live", "asked"), ASKED)
def test_whether_an_alarms_owner_wants_something(in_event: Any, live: Any, asked: bool) -> None:
    assert is_asked_for(a.alarm(tags=in_event), live) is asked


def test_lost_tags_may_have_wanted_something() -> None:
    assert is_asked_for(a.alarm(tags={}, tags_lost=True), {})
