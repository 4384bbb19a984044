"""The exact messages about answers and about putting back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decide import decide
from firebreak.core.decision import AskApproval, Check, Decision, Result
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import IncidentState, Member, Purpose
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.manual import stand_in
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import AlarmState, Autonomy, Mute, Plan, Receipt, RequestKind
from firebreak.core.reasons import Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
AT = a.NOW + MINUTE
BACK = Plan(summary="put back 3 to 2", change={"desiredCount": 2}, before={"desired": 3})


def expected_message(
    kind: AnnouncementKind,
    headline: str,
    facts: tuple[str, ...],
    next_: str,
    *more: str,
    alarm_state: str = "ALARM",
) -> Announcement:
    alarm = a.alarm()
    return Announcement(
        key=digest("i-0123456789", kind.value, 0, *more),
        kind=kind,
        at=AT,
        incident_id="i-0123456789",
        action="restart-service",
        headline=headline,
        facts=facts,
        next=next_,
        alarm_name="api-memory-high",
        alarm_since=alarm.since,
        target="ecs:prod/api",
        account=a.ACCOUNT,
        region=a.REGION,
        red=red_words(alarm),
        alarm_reason=alarm.reason,
        alarm_state=alarm_state,
    )


RUNG = "rung 1 of 2 (restart-service -> scale-service -> page)"
VALUES = ("before: running tasks 2", "after: desired count 3")
PUT_BACK = ("before: desired count 3", "after: desired count 3")
STEP = "step 1: restart-service: desired count is 3"
DONE = Receipt(summary="desired count is 3", after={"desiredCount": 3})
ACTED = a.incident(receipt=DONE, note="it made things worse")
TAKES_OVER = "After that no further automatic action: a human takes over."
COMES_BACK = "If the alarm comes back, the change is made again and stays."
NOTHING = "No further automatic action. CloudWatch sends nothing more until the alarm changes state."


class TestMessages:
    def test_a_recovery_for_now_says_when_the_change_goes(self) -> None:
        assert incident_messages.recovered_for_now(ACTED, AT, "all OK", AT + 30 * MINUTE) == expected_message(
            AnnouncementKind.RECOVERED,
            "all OK",
            (STEP,),
            "The change is temporary: it is taken back at 10:31:30Z if all stays well.",
            alarm_state="OK",
        )

    def test_a_recovery_after_humans_took_over_is_announced_once_more(self) -> None:
        message = incident_messages.recovered_after_humans(ACTED, AT, "all OK")

        assert replace(message, key="") == replace(incident_messages.recovered(ACTED, AT, "all OK"), key="")
        assert message.key == digest(incident_messages.recovered(ACTED, AT, "all OK").key, "after humans")

    def test_a_change_that_stays_is_announced_with_its_values(self) -> None:
        assert reversal_messages.change_stays(ACTED, AT, "somebody changed it") == expected_message(
            AnnouncementKind.KEPT,
            "The temporary change stays: somebody changed it",
            VALUES,
            "Firebreak leaves it as it is. Decide when convenient whether to take it back.",
            alarm_state="OK",
        )

    def test_a_restore_that_waits_is_announced_once_a_cause(self) -> None:
        message = reversal_messages.restore_waits(ACTED, AT, "frozen", AT + 5 * MINUTE)
        plain = expected_message(
            AnnouncementKind.KEPT,
            "The temporary change stays for now: frozen",
            VALUES,
            "Firebreak tries again at 10:06:30Z to take it back.",
            alarm_state="OK",
        )

        assert message == replace(plain, key=digest(plain.key, "frozen"))

    @pytest.mark.parametrize("purpose", [Purpose.UNDO, Purpose.RESTORE])
    def test_a_failure_to_put_back_shows_the_values_that_stay(self, purpose: Purpose) -> None:
        message = incident_messages.not_executed(replace(ACTED, purpose=purpose, plan=BACK), AT, "denied")

        assert message == expected_message(
            AnnouncementKind.NOT_EXECUTED,
            "The change by restart-service stays; it could not be put back: put back 3 to 2",
            ("denied", *PUT_BACK, RUNG),
            NOTHING,
            purpose.value,
        )

    def test_an_act_by_hand_that_was_not_carried_out_waits_for_no_alarm(self) -> None:
        by_hand = replace(ACTED, alarm=stand_in(a.TARGET, "it hangs", a.NOW))
        message = incident_messages.not_executed(by_hand, AT, "denied")
        assert message.next == "No further automatic action."

    def test_every_alarm_that_joined_is_named_to_humans(self) -> None:
        other = Member("api-latency-high", a.arn_of("api-latency-high"))
        both = replace(ACTED, members=(*ACTED.members, other))

        assert (
            "its alarms: api-memory-high, api-latency-high"
            in incident_messages.given_to_humans(both, AT, "x", AlarmState.ALARM).facts
        )

    def test_harm_is_announced_before_it_is_undone(self) -> None:
        assert reversal_messages.made_worse(ACTED, AT, "fewer run") == expected_message(
            AnnouncementKind.UNDOING,
            "fewer run: Firebreak restores the previous values.",
            (*VALUES, RUNG),
            "Firebreak restores them now. A message follows when that is done or has failed.",
        )

    def test_an_undo_is_announced_with_both_sets_of_values(self) -> None:
        undone = replace(ACTED, purpose=Purpose.UNDO, plan=BACK)

        assert reversal_messages.put_back(undone, AT) == expected_message(
            AnnouncementKind.UNDONE,
            "restart-service taken back: desired count is 3",
            ("why: it made things worse", "plan: put back 3 to 2", *PUT_BACK),
            f"Firebreak checks at 10:04:30Z again. {TAKES_OVER}",
            "undo",
        )

    def test_a_restore_says_what_happens_if_the_alarm_comes_back(self) -> None:
        restored = replace(ACTED, purpose=Purpose.RESTORE, plan=BACK, note="all is well")

        assert reversal_messages.put_back(restored, AT) == expected_message(
            AnnouncementKind.RESTORED,
            "restart-service taken back: desired count is 3",
            ("why: all is well", "plan: put back 3 to 2", *PUT_BACK),
            f"Firebreak checks at 10:04:30Z again. {COMES_BACK}",
            "restore",
            alarm_state="OK",
        )

    def test_an_undo_without_plan_and_receipt_is_announced_all_the_same(self) -> None:
        bare = replace(ACTED, purpose=Purpose.UNDO, plan=None, receipt=None, due_at=None)

        message = reversal_messages.put_back(bare, AT)

        assert (message.headline, message.facts, message.next) == (
            "restart-service taken back",
            ("why: it made things worse",),
            TAKES_OVER,
        )

    @pytest.mark.parametrize("policy", ["abc", ""])
    def test_a_question_carries_plan_warnings_and_time(self, policy: str) -> None:
        plan = replace(BACK, warnings=("it is big",), reset_by="the next deploy resets it")
        asking = replace(ACTED, state=IncidentState.AWAITING_APPROVAL, plan=plan, receipt=None, due_at=AT)
        decision = decide(a.request(), a.rules(autonomy=Autonomy.APPROVE, policy_hash=policy), a.snapshot())

        question = expected_message(
            AnnouncementKind.APPROVAL,
            "Approval requested: put back 3 to 2",
            (
                "it is big",
                "the next deploy resets it",
                "before: desired count 3",
                "autonomy: approve by defaults",
                RUNG,
            ),
            "No change is made unless somebody approves by 10:01:30Z."
            " Firebreak repeats every check before it makes the change.",
        )
        assert approval_messages.approval(asking, recorded(decision), 1) == replace(
            question, question=question_id(asking), until=AT
        )

    def test_a_question_that_a_human_asked_for_despite_a_freeze_says_so(self) -> None:
        override = Check("freeze", Result.PASSED, "inside never-window sale; overridden", overridden=True)
        asks = Check("autonomy", Result.OBJECTED, "approve", Reason.NEEDS_APPROVAL)
        decision = Decision(AskApproval(BACK), Reason.NEEDS_APPROVAL, (override, asks), "abc")

        asking = replace(ACTED, plan=BACK, override=override.detail)
        message = approval_messages.approval(asking, recorded(decision), 1)

        facts = message.facts
        assert facts[facts.index("autonomy: approve") + 1] == "freeze: inside never-window sale; overridden"
        assert message.at_any_hour
        assert not approval_messages.approval(ACTED, recorded(decision), 1).at_any_hour

    def test_a_question_without_plan_and_time_names_the_action(self) -> None:
        asking = replace(ACTED, plan=None, receipt=None, due_at=None)
        decision = decide(a.request(), a.rules(autonomy=Autonomy.APPROVE), a.snapshot())

        message = approval_messages.approval(asking, recorded(decision), 1)

        assert message.headline == "Approval requested: restart-service"
        assert message.facts == ("autonomy: approve by defaults", RUNG)
        assert message.next == (
            "No change is made unless somebody approves."
            " Firebreak repeats every check before it makes the change."
        )

    def test_a_denial_names_its_author_and_reason(self) -> None:
        assert approval_messages.denied(ACTED, "ana", "we migrate", AT) == expected_message(
            AnnouncementKind.DENIED,
            "Denied by ana: we migrate",
            ("not done: restart ecs:prod/api",),
            f"Nothing was changed. {NOTHING}",
        )

    def test_a_denial_without_a_plan_names_the_action(self) -> None:
        text = approval_messages.denied(replace(ACTED, plan=None), "ana", "we migrate", AT)

        assert text.facts == ("not done: restart-service",)

    def test_a_question_about_an_alarm_that_was_muted_says_so_last(self) -> None:
        asking = replace(ACTED, plan=BACK, receipt=None, alarm=a.alarm(mute=Mute("nightly", None)))
        decision = decide(a.request(), a.rules(autonomy=Autonomy.APPROVE), a.snapshot())

        assert approval_messages.approval(asking, recorded(decision), 1).facts == (
            "before: desired count 3",
            "autonomy: approve by defaults",
            RUNG,
            "muted: the CloudWatch mute rule nightly covered this alarm; Firebreak has handled it since",
        )

    @pytest.mark.parametrize(("plan", "asked"), [(BACK, "put back 3 to 2"), (None, "restart-service")])
    def test_a_question_nobody_answered_is_repeated(self, plan: Plan | None, asked: str) -> None:
        assert approval_messages.unanswered(replace(ACTED, plan=plan)) == (
            f"Nobody approved in time. The request was: {asked}"
        )

    def test_an_act_names_the_owner_that_will_reset_it(self) -> None:
        plan = replace(a.PLAN, warnings=("w",), reset_by="the next deploy resets it")

        facts = incident_messages.acted(a.incident(plan=plan), AT).facts

        assert facts[:3] == ("plan: restart ecs:prod/api", "w", "the next deploy resets it")


def recorded(decision: Any) -> DecisionRecord:
    return DecisionRecord(
        key="k",
        at=AT,
        kind=RequestKind.ALARM,
        action="restart-service",
        incident_id="i-0123456789",
        target=a.TARGET.key,
        alarm=a.alarm(),
        decision=decision,
    )
