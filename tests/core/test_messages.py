"""Announcements to humans: one of every change, none of quiet reasons, one of each cause."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decide import decide, refuse
from firebreak.core.decision import Decision
from firebreak.core.incident import transitions
from firebreak.core.ledger import DecisionRecord, delivery_key, untargeted
from firebreak.core.limits.history import Hold
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import of_blindness, of_decision
from firebreak.core.model import Alarm, AlarmState, Autonomy, Receipt, Request, RequestKind, Target
from firebreak.core.reasons import MEANINGS, Disposition, Lasting, Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
OTHER = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")


def record(decision: Decision, request: Request | None = None, **changes: object) -> DecisionRecord:
    asked = request or a.request()
    base = DecisionRecord(
        key=delivery_key(asked),
        at=a.NOW,
        kind=RequestKind.ALARM,
        action="restart-service",
        incident_id="i-0123456789",
        target=asked.target.key,
        alarm=asked.alarm,
        decision=decision,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def announced(decision: Decision, request: Request | None = None, **changes: object) -> Announcement:
    announcement = of_decision(record(decision, request, **changes), (request or a.request()).target)
    assert announcement is not None
    return announcement


QUIET = {Disposition.RECORD, Disposition.DEFER}


@pytest.mark.parametrize("reason", [r for r in Reason if MEANINGS[r].disposition in QUIET])
def test_quiet_reasons_are_recorded_only(reason: Reason) -> None:
    assert of_decision(record(refuse(reason, "why")), a.TARGET) is None


@pytest.mark.parametrize("reason", [r for r in Reason if MEANINGS[r].disposition not in QUIET])
def test_every_other_reason_is_announced_in_its_own_sentence(reason: Reason) -> None:
    found = announced(refuse(reason, "the numbers", "abc"))
    assert found.headline.startswith(MEANINGS[reason].sentence)
    assert "intake: the numbers" in found.facts


def test_observe_mode_announces_a_proposal_once_a_target_action_and_day() -> None:
    decision = decide(a.request(), a.rules(autonomy=Autonomy.OBSERVE), a.snapshot())
    later = a.request(alarm=a.alarm(since=a.NOW))
    first = announced(decision)
    assert (first.kind, "restart ecs:prod/api" in first.headline) == (AnnouncementKind.OBSERVED, True)
    assert announced(decision, later).key == first.key
    assert announced(decision, later, at=a.NOW + timedelta(days=1)).key != first.key
    assert announced(decision, replace(later, target=OTHER)).key != first.key


def test_a_held_switch_is_announced_once_a_holder() -> None:
    def held_by(holder: str) -> Decision:
        hold = Hold("global", holder, "migration", a.NOW, a.NOW + MINUTE)
        return decide(a.request(), a.rules(), a.snapshot(holds=(hold,)))

    other_alarm = a.request(alarm=a.alarm("web-memory-high"), target=OTHER)
    assert announced(held_by("ana")).key == announced(held_by("ana"), other_alarm).key
    assert announced(held_by("ana")).key != announced(held_by("bo")).key


def test_a_refusal_without_a_lasting_cause_is_announced_alone() -> None:
    other_alarm = a.request(alarm=a.alarm("web-memory-high"))
    decision = refuse(Reason.PLAN_EXPIRED, "limit 10s")
    assert announced(decision).key != announced(decision, other_alarm).key
    assert announced(decision).lasting is Lasting.NO


def test_refusals_of_one_target_for_lasting_causes_are_one_thread_and_those_of_another_are_not() -> None:
    later = a.request(alarm=a.alarm("web-memory-high"))
    first, second = (
        announced(refuse(Reason.BUDGET_FULL, "full")),
        announced(refuse(Reason.COOLDOWN, "rest"), later),
    )
    assert (first.lasting, first.key, first.thread) == (Lasting.TARGET, second.key, second.key)
    assert (first.cause, second.cause) == ("budget_full", "cooldown")
    other = announced(refuse(Reason.COOLDOWN, "rest"), replace(later, target=OTHER))
    assert other.key != first.key


def test_the_same_malformed_target_is_one_thread_for_all_alarms() -> None:
    decision = refuse(Reason.TARGET_MALFORMED, "ecs:prod")
    keys = [
        of_decision(untargeted(key, alarm, "restart-service", decision, a.NOW), None)
        for key, alarm in (("k", a.alarm()), ("l", a.alarm(since=a.NOW)), ("m", a.alarm("web")))
    ]
    assert all(found and found.lasting is Lasting.ALARM for found in keys)
    first, again, other = (found.key for found in keys if found)
    # Alarms with the same mistake in their tags share one cause.
    assert first == again == other


def test_an_act_is_announced_with_both_images_the_warnings_and_the_next_step() -> None:
    plan = replace(a.PLAN, warnings=("image api:latest is not pinned",))
    acted = a.incident(plan=plan, receipt=Receipt(summary="deployment 7 began", after={"deployment": "7"}))
    found = incident_messages.acted(acted, a.NOW)
    assert found.headline == "restart-service: deployment 7 began"
    assert found.facts == (
        "plan: restart ecs:prod/api",
        "image api:latest is not pinned",
        "before: running tasks 2",
        "rung 1 of 2 (restart-service -> scale-service -> page)",
    )
    assert "10:04:30Z" in found.next
    assert "scale-service is next" in found.next


def test_an_act_above_the_first_rung_names_its_reason() -> None:
    acted = a.incident(rung=1, action="scale-service", note="api-memory-high is still red")
    assert "why this rung: api-memory-high is still red" in incident_messages.acted(acted, a.NOW).facts


def test_the_last_announcement_says_how_far_firebreak_came() -> None:
    done = a.incident(receipt=Receipt(summary="deployment 7 began"))
    refused = transitions.climbing(done, 1, a.NOW, "api-memory-high is still red")
    stopped = incident_messages.given_to_humans(refused, a.NOW, "a storm", AlarmState.ALARM)
    assert stopped.facts == (
        "step 1: restart-service: deployment 7 began; api-memory-high is still red",
        "step 2: scale-service: not carried out",
    )
    assert stopped.next.startswith("No further automatic action.")


def test_an_act_at_the_last_rung_is_followed_by_a_page() -> None:
    acted = a.incident(rung=1, action="scale-service")
    assert "If not, Firebreak asks a human to take over." in incident_messages.acted(acted, a.NOW).next


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        pytest.param(
            incident_messages.uncertain(a.incident(), a.NOW, "reply lost"),
            AnnouncementKind.UNCERTAIN,
            "It is not known whether this was carried out: restart ecs:prod/api",
            id="uncertain",
        ),
        pytest.param(
            incident_messages.not_executed(a.incident(), a.NOW, "denied"),
            AnnouncementKind.NOT_EXECUTED,
            "This step could not be carried out and changed nothing: restart ecs:prod/api",
            id="not executed",
        ),
        pytest.param(
            incident_messages.given_to_humans(a.incident(), a.NOW, "worse", AlarmState.ALARM),
            AnnouncementKind.GIVEN_TO_HUMANS,
            "worse",
            id="given to humans",
        ),
        pytest.param(
            incident_messages.recovered(a.incident(), a.NOW, "all OK"),
            AnnouncementKind.RECOVERED,
            "all OK",
            id="recovered",
        ),
    ],
)
def test_each_end_is_announced_in_its_own_words(
    found: Announcement, kind: AnnouncementKind, words: str
) -> None:
    assert (found.kind, found.headline) == (kind, words)
    assert (found.incident_id, found.target, found.alarm_name) == (
        "i-0123456789",
        "ecs:prod/api",
        "api-memory-high",
    )


def test_an_uncertain_act_is_said_not_to_be_repeated() -> None:
    assert (
        "The request is not sent again."
        in incident_messages.uncertain(a.incident(), a.NOW, "reply lost").next
    )


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(a.incident(version=9), True, id="the same rung, announced again"),
        pytest.param(a.incident(rung=1), False, id="another rung"),
        pytest.param(a.incident(id="i-9876543210"), False, id="another incident"),
    ],
)
def test_an_incident_announces_each_kind_once_a_rung(other: object, *, same: bool) -> None:
    first = incident_messages.acted(a.incident(), a.NOW).key
    assert (incident_messages.acted(other, a.NOW).key == first) is same  # type: ignore[arg-type]  # an incident
    assert incident_messages.uncertain(a.incident(), a.NOW, "why").key != first


@pytest.mark.parametrize(
    ("cause", "minutes", "alarm", "same"),
    [
        pytest.param("Unavailable: BatchGetItem", 5, a.alarm("other"), True, id="same quarter hour"),
        pytest.param("Unavailable: BatchGetItem", 16, a.alarm(), False, id="the next quarter hour"),
        pytest.param("Denied: BatchGetItem", 0, a.alarm(), False, id="another cause"),
    ],
)
def test_blindness_is_announced_once_a_cause_and_quarter_hour(
    cause: str, minutes: int, alarm: Alarm, *, same: bool
) -> None:
    reason = Reason.LEDGER_UNAVAILABLE
    first = of_blindness(reason, "Unavailable: BatchGetItem", "restart-service", a.alarm(), a.NOW)
    other = of_blindness(reason, cause, "restart-service", alarm, a.NOW + minutes * MINUTE)
    assert (first.key == other.key) is same
    assert first.headline == MEANINGS[reason].sentence


def test_blindness_without_an_alarm_is_announced_all_the_same() -> None:
    found = of_blindness(Reason.POLICY_UNUSABLE, "2 problems", "restart-service", None, a.NOW)
    assert (found.alarm_name, found.alarm_since) == ("", None)
