"""Announcements as a whole: every field of them, and the keys by which they are announced once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decide import decide, refuse
from firebreak.core.decision import Decision
from firebreak.core.incident.states import Incident
from firebreak.core.keys import digest
from firebreak.core.limits.history import Hold
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import ANNOUNCED_ONCE, COUNTED, of_blindness, of_decision
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import Alarm, AlarmState, Autonomy, Receipt, Target
from firebreak.core.reasons import MEANINGS, Lasting, Reason
from tests.support import builders as a
from tests.support.builders_announcements import decided

MINUTE = timedelta(minutes=1)
AT = a.NOW + MINUTE
NEVER_AGAIN = "No further automatic action. CloudWatch sends nothing more until the alarm changes state."
ALARM = a.alarm(description="memory of the api")
DONE = Receipt(summary="deployment 7 began", after={"deployment": "7", "tasks": ["a", "b"]})
RUNG_1 = "rung 1 of 2 (restart-service -> scale-service -> page)"
BEFORE, AFTER = "before: running tasks 2", "after: tasks a and b"
STEP = "step 1: restart-service: deployment 7 began"
INCIDENT = a.incident(alarm=ALARM, receipt=DONE)
BARE = replace(INCIDENT, plan=None, receipt=None, due_at=None)


def about_incident(
    kind: AnnouncementKind,
    headline: str,
    facts: tuple[str, ...],
    next_: str,
    alarm_state: str = "ALARM",
    *watches: WatchedAlarm,
) -> Announcement:
    """The announcement about the incident above; all kinds name place and subject in the same way."""
    return Announcement(
        key=digest("i-0123456789", kind.value, 0),
        kind=kind,
        at=AT,
        incident_id="i-0123456789",
        action="restart-service",
        headline=headline,
        facts=facts,
        next=next_,
        alarm_name="api-memory-high",
        alarm_since=ALARM.since,
        alarm_description="memory of the api",
        target="ecs:prod/api",
        account=a.ACCOUNT,
        region=a.REGION,
        rung=0,
        watches=watches,
        red=red_words(ALARM),
        alarm_reason=ALARM.reason,
        alarm_state=alarm_state,
    )


@pytest.mark.parametrize(
    ("announce", "expected"),
    [
        pytest.param(
            lambda: incident_messages.acted(INCIDENT, AT),
            about_incident(
                AnnouncementKind.ACTED,
                "restart-service: deployment 7 began",
                ("plan: restart ecs:prod/api", BEFORE, AFTER, RUNG_1),
                "Firebreak checks at 10:04:30Z whether it helped. If not, scale-service is next.",
            ),
            id="acted",
        ),
        pytest.param(
            lambda: incident_messages.uncertain(INCIDENT, AT, "reply lost"),
            about_incident(
                AnnouncementKind.UNCERTAIN,
                "It is not known whether this was carried out: restart ecs:prod/api",
                ("reply lost", BEFORE, AFTER, RUNG_1),
                "Firebreak checks at 10:04:30Z whether it was carried out. The request is not sent again.",
            ),
            id="uncertain",
        ),
        pytest.param(
            lambda: incident_messages.not_executed(INCIDENT, AT, "denied"),
            about_incident(
                AnnouncementKind.NOT_EXECUTED,
                "This step could not be carried out and changed nothing: restart ecs:prod/api",
                ("denied", RUNG_1),
                NEVER_AGAIN,
            ),
            id="not executed",
        ),
        pytest.param(
            lambda: incident_messages.given_to_humans(INCIDENT, AT, "still red", AlarmState.ALARM),
            about_incident(
                AnnouncementKind.GIVEN_TO_HUMANS,
                "still red",
                (STEP,),
                "No further automatic action. You get a message when every alarm of the incident is OK.",
            ),
            id="given to humans",
        ),
        pytest.param(
            lambda: incident_messages.recovered(INCIDENT, AT, "every alarm is OK"),
            about_incident(
                AnnouncementKind.RECOVERED,
                "every alarm is OK",
                (STEP,),
                "No further action. The incident is closed.",
                "OK",
            ),
            id="recovered",
        ),
        pytest.param(
            lambda: incident_messages.expired(INCIDENT, AT, "older than 6h"),
            about_incident(
                AnnouncementKind.EXPIRED,
                "Firebreak stops watching this incident: older than 6h",
                (STEP,),
                NEVER_AGAIN,
                "",
                WatchedAlarm("api-memory-high"),
            ),
            id="expired",
        ),
        pytest.param(
            lambda: incident_messages.of_incident(AnnouncementKind.CRASHED, INCIDENT, AT, "it crashed"),
            about_incident(AnnouncementKind.CRASHED, "it crashed", (), ""),
            id="nothing but a headline",
        ),
    ],
)
def test_a_change_is_announced_with_every_field(
    announce: Callable[[], Announcement], expected: Announcement
) -> None:
    assert announce() == expected


@pytest.mark.parametrize(
    ("announce", "headline", "facts", "next_"),
    [
        pytest.param(
            lambda: incident_messages.acted(BARE, AT),
            "restart-service: done",
            (RUNG_1,),
            "If it does not help, scale-service is next.",
            id="acted",
        ),
        pytest.param(
            lambda: incident_messages.acted(replace(BARE, plan=a.PLAN), AT),
            "restart-service: restart ecs:prod/api",
            ("plan: restart ecs:prod/api", BEFORE, RUNG_1),
            "If it does not help, scale-service is next.",
            id="acted, without a receipt",
        ),
        pytest.param(
            lambda: incident_messages.uncertain(BARE, AT, "reply lost"),
            "It is not known whether this was carried out: restart-service",
            ("reply lost", RUNG_1),
            "The request is not sent again.",
            id="uncertain",
        ),
        pytest.param(
            lambda: incident_messages.not_executed(BARE, AT, "denied"),
            "This step could not be carried out and changed nothing: restart-service",
            ("denied", RUNG_1),
            NEVER_AGAIN,
            id="not executed",
        ),
    ],
)
def test_an_incident_without_plan_receipt_or_check_is_announced_all_the_same(
    announce: Callable[[], Announcement], headline: str, facts: tuple[str, ...], next_: str
) -> None:
    found = announce()
    assert (found.headline, found.facts, found.next.strip()) == (headline, facts, next_)


@pytest.mark.parametrize(
    ("incident", "facts"),
    [
        pytest.param(replace(BARE, note="why"), (RUNG_1,), id="a note at the first rung"),
        pytest.param(
            replace(BARE, rung=1, note=""),
            ("rung 2 of 2 (restart-service -> scale-service -> page)",),
            id="no note above it",
        ),
        pytest.param(
            replace(BARE, rung=1, note="still red"),
            ("rung 2 of 2 (restart-service -> scale-service -> page)", "why this rung: still red"),
            id="a note above it",
        ),
    ],
)
def test_only_a_rung_that_was_climbed_to_names_its_reason(incident: Incident, facts: tuple[str, ...]) -> None:
    assert incident_messages.acted(incident, AT).facts == facts


def test_an_announcement_above_the_first_rung_carries_its_rung() -> None:
    assert incident_messages.recovered(replace(INCIDENT, rung=1), AT, "well").rung == 1


@pytest.mark.parametrize(
    ("rung", "ladder", "expected"),
    [
        pytest.param(0, ("restart-service", "scale-service", "page"), "scale-service", id="one above"),
        pytest.param(1, ("restart-service", "scale-service", "page"), "page", id="the page above"),
        pytest.param(0, ("restart-service",), "page", id="nothing above"),
    ],
)
def test_above_a_rung_is_a_rung_or_the_page(rung: int, ladder: tuple[str, ...], expected: str) -> None:
    assert incident_messages.next_rung_name(a.incident(rung=rung, ladder=ladder)) == expected


def of(decision: Decision, target: Target | None = a.TARGET, **changes: object) -> Announcement:
    found = of_decision(decided(decision, **{"at": AT, "alarm": ALARM, **changes}), target)
    assert found
    return found


def test_a_refusal_is_announced_with_every_field() -> None:
    assert of(refuse(Reason.BUDGET_FULL, "stack 5/5 in 15m", "abc")) == Announcement(
        key=digest("lasting", "target", a.TARGET.key),
        thread=digest("lasting", "target", a.TARGET.key),
        cause="budget_full",
        lasting=Lasting.TARGET,
        kind=AnnouncementKind.REFUSED,
        at=AT,
        incident_id="i-0123456789",
        action="restart-service",
        headline="A budget is used up.",
        facts=("intake: stack 5/5 in 15m",),
        next=f"{NEVER_AGAIN} {COUNTED}",
        alarm_name="api-memory-high",
        alarm_since=ALARM.since,
        alarm_description="memory of the api",
        target="ecs:prod/api",
        account=a.ACCOUNT,
        region=a.REGION,
        event="k" * 32,
        watches=(WatchedAlarm("api-memory-high"),),
        red=red_words(ALARM),
        alarm_reason=ALARM.reason,
        alarm_state="ALARM",
    )


def test_refusals_for_one_cause_share_a_key_and_wait_apart() -> None:
    first, second = (
        of(refuse(Reason.LOST_RACE, "3 claims in a row were lost", cause="now"), key=key) for key in "kl"
    )
    assert first.key == second.key == digest("cause", "lost_race", "now")
    assert (first.waits_as, second.waits_as) == (f"{first.key}#k", f"{first.key}#l")
    assert first.next == f"{NEVER_AGAIN} {ANNOUNCED_ONCE}"


def test_a_refusal_without_target_alarm_or_policy_says_so_by_leaving_them_out() -> None:
    found = of(refuse(Reason.UNUSABLE_EVENT, "no name"), None, alarm=None)
    assert found.facts == ("intake: no name",)
    assert (found.target, found.alarm_name, found.account, found.region) == ("", "", "", "")


def test_an_observed_decision_comes_with_the_warnings_of_its_plan() -> None:
    plan = replace(a.PLAN, warnings=("image api:latest is not pinned",))
    rules = a.rules(autonomy=Autonomy.OBSERVE)
    found = of(decide(a.request(), rules, a.snapshot(plan=plan)))
    assert found.facts[-1] == "image api:latest is not pinned"


def test_a_held_switch_has_the_key_of_its_cause() -> None:
    hold = Hold("global", "ana", "migration", a.NOW, a.NOW + MINUTE)
    decision = decide(a.request(), a.rules(), a.snapshot(holds=(hold,)))
    assert decision.deciding
    assert of(decision).key == digest("cause", "switched_off", decision.deciding.cause)


@pytest.mark.parametrize(
    ("target", "key"),
    [pytest.param(a.TARGET, a.TARGET.key, id="target"), pytest.param(None, "", id="none")],
)
def test_an_observed_decision_has_the_key_of_target_action_and_day(target: Target | None, key: str) -> None:
    decision = decide(a.request(), a.rules(autonomy=Autonomy.OBSERVE), a.snapshot())
    assert of(decision, target).key == digest("observe", key, "restart-service", "2026-11-20")


@pytest.mark.parametrize(
    ("alarm", "name", "account"),
    [
        pytest.param(ALARM, "api-memory-high", a.ACCOUNT, id="an alarm"),
        pytest.param(None, "", "", id="no alarm"),
    ],
)
def test_blindness_is_announced_with_every_field(alarm: Alarm | None, name: str, account: str) -> None:
    reason = Reason.LEDGER_UNAVAILABLE
    found = of_blindness(reason, "Unavailable: BatchGetItem", "restart-service", alarm, AT)
    assert found == Announcement(
        key=digest("blind", "ledger_unavailable", "Unavailable: BatchGetItem", int(AT.timestamp()) // 900),
        kind=AnnouncementKind.BLIND,
        at=AT,
        incident_id="",
        action="restart-service",
        headline=MEANINGS[reason].sentence,
        facts=("Unavailable: BatchGetItem",),
        next=NEVER_AGAIN,
        alarm_name=name,
        alarm_since=alarm.since if alarm else None,
        alarm_description=alarm.description if alarm else "",
        account=account,
        region=a.REGION if alarm else "",
        red=red_words(alarm) if alarm else "",
        alarm_reason=alarm.reason if alarm else "",
        alarm_state="ALARM" if alarm else "",
        thread=digest("blind", "ledger_unavailable", "Unavailable: BatchGetItem"),
        watches=(WatchedAlarm(name),) if alarm else (),
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a", "b", "c"], "before: runs a and b and c"),
        (["a", "b", "c", "d"], "before: runs 4 of them"),
        (("a", "b", "c", "d", "e"), "before: runs 5 of them"),
    ],
    ids=str,
)
def test_a_long_list_is_shown_by_its_length(values: object, text: str) -> None:
    listed = replace(INCIDENT, plan=replace(a.PLAN, before={"runs": values}))

    assert text in incident_messages.acted(listed, AT).facts


def test_an_announcement_for_one_event_waits_under_its_key() -> None:
    text = incident_messages.recovered(INCIDENT, AT, "well")

    assert text.waits_as == text.key
    assert replace(text, event="e1").waits_as == f"{text.key}#e1"


def test_a_recovery_without_a_plan_has_nothing_to_warn_of() -> None:
    assert incident_messages.recovered(BARE, AT, "well").facts == ()


def test_a_humans_request_is_named_with_its_outcome() -> None:
    acted = incident_messages.acted(a.incident(note=""), AT, "approved by ana")
    assert acted.facts[-2] == "approved by ana"
    assert of(refuse(Reason.BUDGET_FULL, "5/5"), by="ana", verified=True).facts[-1] == "requested by ana"


@pytest.mark.parametrize("prefix", ["", "1:", "12:"])
def test_a_value_kept_for_machines_is_on_no_page(prefix: str) -> None:
    whole = prefix + "0123456789abcdef" * 4
    incident = replace(INCIDENT, plan=replace(a.PLAN, before={"rest": whole, "other": whole, "memory": 512}))
    assert "before: memory 512" in incident_messages.acted(incident, AT).facts
