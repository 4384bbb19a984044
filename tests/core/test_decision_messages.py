"""Announcements of decisions that did not act: which are one thread, and in which words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decide import decide, refuse
from firebreak.core.decision import AskApproval, Check, Decision, Propose, Refuse, Result
from firebreak.core.guards.shared_conditions import switch_words
from firebreak.core.keys import digest
from firebreak.core.limits.history import Hold
from firebreak.core.manual import stand_in
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import (
    DAILY,
    announcement,
    of_blindness,
    of_decision,
    per_alarm,
)
from firebreak.core.model import Alarm, Autonomy, Contributor, Mute, RequestKind, Target
from firebreak.core.reasons import Lasting, Reason
from tests.support import builders as a
from tests.support.builders_announcements import decided

MINUTE = timedelta(minutes=1)
NEVER_AGAIN = "No further automatic action. CloudWatch sends nothing more until the alarm changes state."
SUMMED_UP = "Further refusals for this cause are counted and summed up."
COUNTED = "Further refusals are counted, and not paged until the alarm has stayed OK."
ALARM, SERIES = a.alarm(), a.alarm(contributor=Contributor("5d3e", {}))
OF_TARGET, OF_ALARM = refuse(Reason.COOLDOWN, "rest 15m"), refuse(Reason.NO_DATA, "3 of 3 are missing")
BY_CHECK = refuse(Reason.LOST_RACE, "3 claims in a row were lost", cause="claims")
BY_ITSELF = refuse(Reason.PLAN_EXPIRED, "limit 10s")
MALFORMED = refuse(Reason.TARGET_MALFORMED, "ecs:prod")
OBSERVED = decide(a.request(), a.rules(autonomy=Autonomy.OBSERVE), a.snapshot())
APPROVAL = decide(a.request(), a.rules(autonomy=Autonomy.APPROVE), a.snapshot())


def announced(decision: Decision, target: Target | None = a.TARGET, **changes: object) -> Announcement:
    return announcement(decided(decision, **changes), target)


def without_checks(reason: Reason) -> Decision:
    return Decision(Refuse(), reason, (), "")


# --- decisions of one thread, and decisions that are announced each time


@pytest.mark.parametrize(
    ("decision", "target", "lasting", "key"),
    [
        pytest.param(
            OF_TARGET,
            a.TARGET,
            Lasting.TARGET,
            ("lasting", "target", a.TARGET.key),
            id="lasts for its target",
        ),
        pytest.param(
            refuse(Reason.SCALED_TO_ZERO, "desired 0"),
            a.TARGET,
            Lasting.STANDING,
            ("lasting", "standing", a.TARGET.key),
            id="a state that somebody chose",
        ),
        pytest.param(
            OF_ALARM, a.TARGET, Lasting.ALARM, ("lasting", "alarm", ALARM.arn), id="lasts for its alarm"
        ),
        pytest.param(
            OF_TARGET,
            None,
            Lasting.ALARM,
            ("lasting", "alarm", ALARM.arn),
            id="lasts, and no target is known",
        ),
        pytest.param(
            MALFORMED,
            None,
            Lasting.ALARM,
            ("shared", "target_malformed", "ecs:prod"),
            id="one mistake in many tags",
        ),
        pytest.param(
            refuse(Reason.TOO_OLD, "11m old"), a.TARGET, Lasting.ALARM, ("shared", "too_old", ""), id="late"
        ),
        pytest.param(
            without_checks(Reason.TARGET_MALFORMED),
            None,
            Lasting.ALARM,
            ("shared", "target_malformed", ""),
            id="no check says what is wrong",
        ),
        pytest.param(
            BY_CHECK, a.TARGET, Lasting.NO, ("cause", "lost_race", "claims"), id="its check names a cause"
        ),
        pytest.param(
            refuse(Reason.COOLDOWN, "rest", cause="all"),
            a.TARGET,
            Lasting.NO,
            ("cause", "cooldown", "all"),
            id="lasts, but its check names a cause",
        ),
        pytest.param(
            OBSERVED,
            a.TARGET,
            Lasting.NO,
            ("observe", a.TARGET.key, "restart-service", "2026-11-20"),
            id="only observed",
        ),
    ],
)
def test_decisions_with_one_cause_are_one_thread(
    decision: Decision, target: Target | None, lasting: Lasting, key: tuple[str, ...]
) -> None:
    found = announced(decision, target)
    expected = (lasting, digest(*key), digest(*key), decision.reason.value)
    assert (found.lasting, found.key, found.thread, found.cause) == expected


@pytest.mark.parametrize(
    ("decision", "changes"),
    [
        pytest.param(BY_ITSELF, {}, id="its reason does not last"),
        pytest.param(without_checks(Reason.NOT_LOOKED_AT), {}, id="no check decided"),
        pytest.param(APPROVAL, {}, id="a question"),
        pytest.param(OF_TARGET, {"alarm": None}, id="no alarm asked"),
        pytest.param(OF_TARGET, {"by": "ana"}, id="a human asked"),
        *(
            pytest.param(OF_TARGET, {"kind": kind}, id=f"an incident asked: {kind}")
            for kind in RequestKind
            if kind not in (RequestKind.ALARM, RequestKind.WAKE)
        ),
    ],
)
def test_a_decision_about_one_event_is_announced_alone(
    decision: Decision, changes: dict[str, object]
) -> None:
    found = announcement(decided(decision, **changes), a.TARGET)
    assert (found.lasting, found.key, found.thread, found.cause) == (
        Lasting.NO,
        digest("decision", "k" * 32),
        "",
        "",
    )


def test_a_lasting_refusal_lasts_as_well_after_a_mute_window() -> None:
    assert announced(OF_TARGET, kind=RequestKind.WAKE) == announced(OF_TARGET)


@pytest.mark.parametrize("announce", [announcement, of_decision])
def test_a_refusal_of_an_incident_is_announced_in_its_thread_and_watched_by_verify(
    announce: Callable[..., Announcement],
) -> None:
    found = announce(decided(OF_TARGET), a.TARGET, of_an_incident=True)
    assert (found.lasting, found.key, found.thread) == (Lasting.NO, digest("decision", "k" * 32), "")
    assert (found.watches, found.next) == ((), NEVER_AGAIN)


@pytest.mark.parametrize("minutes", [0, 14])
def test_events_that_a_function_cannot_read_are_one_thread_and_announced_once_a_quarter_hour(
    minutes: int,
) -> None:
    unusable = refuse(Reason.UNUSABLE_EVENT, "no name")
    found = announced(unusable, None, action="verify", alarm=None, at=a.NOW + minutes * MINUTE)
    assert found.key == digest("unusable", "verify", "2026-11-20T10:00")
    assert (found.thread, found.cause) == (digest("unusable", "verify"), "")
    once = "Further unreadable events are recorded, and paged once in 15 minutes."
    assert found.next == f"{NEVER_AGAIN} {once}"


# --- in which words


@pytest.mark.parametrize(
    ("decision", "kind", "headline"),
    [
        pytest.param(
            OF_TARGET,
            AnnouncementKind.REFUSED,
            "The last action on this target was too recent.",
            id="refused",
        ),
        pytest.param(
            OBSERVED,
            AnnouncementKind.OBSERVED,
            "The policy says observe, so Firebreak changes nothing here."
            " The plan would be: restart ecs:prod/api",
            id="only observed",
        ),
        pytest.param(
            replace(OBSERVED, outcome=Propose(None)),
            AnnouncementKind.OBSERVED,
            "The policy says observe, so Firebreak changes nothing here.",
            id="only observed, without a plan",
        ),
        pytest.param(
            APPROVAL,
            AnnouncementKind.APPROVAL,
            "A human must approve first. The plan would be: restart ecs:prod/api",
            id="asked",
        ),
        pytest.param(
            replace(APPROVAL, outcome=AskApproval(None)),
            AnnouncementKind.APPROVAL,
            "A human must approve first.",
            id="asked, without a plan",
        ),
    ],
)
def test_the_headline_is_the_reason_and_what_would_have_been_done(
    decision: Decision, kind: AnnouncementKind, headline: str
) -> None:
    assert (announced(decision).kind, announced(decision).headline) == (kind, headline)


def test_the_facts_are_the_objections_the_plans_warnings_the_requester_and_the_mute_rule() -> None:
    plan = replace(a.PLAN, warnings=("image api:latest is not pinned",))
    asked = replace(APPROVAL, outcome=AskApproval(plan))
    muted = a.alarm(mute=Mute("nightly", a.NOW))
    assert announced(asked, alarm=muted, by="ana").facts == (
        "autonomy: approve by defaults",
        "image api:latest is not pinned",
        "requested by someone who claims to be ana",
        (
            "muted: the CloudWatch mute rule nightly covered this alarm until 10:00:30Z;"
            " Firebreak has handled it since"
        ),
    )
    assert announced(BY_ITSELF).facts == ("intake: limit 10s",)


TIMED = replace(BY_ITSELF.checks[0], until=a.NOW + 15 * MINUTE)


@pytest.mark.parametrize(
    ("decision", "next_"),
    [
        pytest.param(BY_ITSELF, NEVER_AGAIN, id="nothing looks again"),
        pytest.param(without_checks(Reason.NOT_LOOKED_AT), NEVER_AGAIN, id="no check decided"),
        pytest.param(BY_CHECK, f"{NEVER_AGAIN} {SUMMED_UP}", id="its check names a cause"),
        pytest.param(OF_TARGET, f"{NEVER_AGAIN} {COUNTED}", id="it lasts"),
        pytest.param(
            replace(BY_ITSELF, checks=(TIMED,)),
            f"Firebreak may act again from 10:15:30Z on. {NEVER_AGAIN}",
            id="it knows its end",
        ),
        pytest.param(
            OF_ALARM,
            "If silence is the symptom, tag the alarm firebreak:missing-data=symptom; if it is normal,"
            f" tag it firebreak:missing-data=ignore. {NEVER_AGAIN} {COUNTED}",
            id="no data came",
        ),
    ],
)
def test_the_next_line_says_what_happens_without_a_human(decision: Decision, next_: str) -> None:
    assert announced(decision).next == next_


def test_when_it_may_act_again_is_known_to_machines_as_well() -> None:
    assert announced(replace(BY_ITSELF, checks=(TIMED,))).until == a.NOW + 15 * MINUTE


@pytest.mark.parametrize("decision", [BY_ITSELF, without_checks(Reason.NOT_LOOKED_AT)])
def test_a_refusal_without_a_known_end_and_for_no_switch_names_neither(decision: Decision) -> None:
    assert (announced(decision).until, announced(decision).by) == (None, "")


def test_a_held_kill_switch_is_announced_with_its_holder_who_counts_as_having_acknowledged() -> None:
    role = "arn:aws:sts::111122223333:assumed-role/Operator/ana"
    hold = Hold("global", role, "migration", a.NOW, a.NOW + MINUTE)
    found = announced(decide(a.request(), a.rules(), a.snapshot(holds=(hold,))))
    assert found.headline == "Paused: global by ana (role Operator) until 10:01:30Z: migration."
    assert (found.by, found.cause) == (role, "switched_off")
    assert found.next == (
        "This counts as acknowledged by ana (role Operator), who holds the kill switch: nobody further up"
        f" the route is called. Alarms that are still red when the pause ends are paged again. {SUMMED_UP}"
    )


def test_a_mistake_that_alarms_share_can_be_announced_for_one_of_them_alone() -> None:
    shared = announced(refuse(Reason.UNKNOWN_ACTION_TAG, "firebreak:action=pagee"), None)
    alone = per_alarm(shared)
    assert alone == replace(
        shared,
        key=digest("alone", shared.key, "api-memory-high "),
        thread=digest("alone", shared.key, "api-memory-high "),
    )
    series = announced(refuse(Reason.UNKNOWN_ACTION_TAG, "firebreak:action=pagee"), None, alarm=SERIES)
    assert series.key == shared.key
    assert per_alarm(series).key == digest("alone", shared.key, "api-memory-high 5d3e")


def test_an_announcement_of_one_alarm_alone_stays_as_it_is() -> None:
    for decision in (OF_ALARM, MALFORMED):
        assert per_alarm(announced(decision)) == announced(decision)


def test_a_refusal_after_an_override_still_says_that_a_freeze_was_overridden() -> None:
    override = Check("freeze", Result.PASSED, "inside never-window sale; overridden", overridden=True)
    decision = replace(OF_TARGET, checks=(*OF_TARGET.checks, override))
    assert "freeze: inside never-window sale; overridden" in announced(decision).facts
    assert not any("freeze" in fact for fact in announced(OF_TARGET).facts)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param("global", "global", id="everything"),
        pytest.param("action restart-service", "action restart-service", id="an action"),
        pytest.param(f"target {a.TARGET.key}", f"target {a.TARGET.display}", id="a target"),
        pytest.param(f"group {a.TARGET.group_key}", "group ecs:prod", id="a cluster"),
        pytest.param(
            f"group {a.ACCOUNT}/{a.REGION}/application/web shop", "application web shop", id="an application"
        ),
    ],
)
def test_a_held_kill_switch_is_named_as_people_write_it(scope: str, words: str) -> None:
    hold = Hold(scope, "ceo", "sale", a.NOW, a.NOW + MINUTE, claimed_by="arn:aws:iam::111122223333:user/bo")
    assert switch_words(hold) == f"{words} by ceo (claimed by bo) until 10:01:30Z: sale"


@pytest.mark.parametrize(
    ("alarm", "watches"),
    [
        pytest.param(ALARM, (WatchedAlarm("api-memory-high"),), id="an alarm"),
        pytest.param(SERIES, (WatchedAlarm("api-memory-high", "5d3e"),), id="one series of it"),
        pytest.param(None, (), id="no alarm"),
    ],
)
def test_the_page_of_a_refusal_looks_at_its_alarm(
    alarm: Alarm | None, watches: tuple[WatchedAlarm, ...]
) -> None:
    assert announced(OF_TARGET, alarm=alarm).watches == watches


def test_blindness_that_a_sweep_meets_again_and_again_is_announced_once_a_day() -> None:
    reason = Reason.POLICY_UNUSABLE
    found = of_blindness(reason, "2 problems", "sweep", None, a.NOW, every=DAILY)
    assert found.key == digest("blind", reason.value, "2 problems", int(a.NOW.timestamp()) // 86400)


def test_a_refusal_of_a_request_by_hand_has_its_reason_and_waits_for_no_alarm() -> None:
    by_hand = announced(OF_TARGET, kind=RequestKind.MANUAL, alarm=stand_in(a.TARGET, "it hangs", a.NOW))
    assert "reason given: it hangs" in by_hand.facts
    assert "No further automatic action." in by_hand.next
    assert "CloudWatch sends nothing more" not in by_hand.next
    assert "CloudWatch sends nothing more" in announced(OF_TARGET).next
