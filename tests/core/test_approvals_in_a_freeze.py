"""A freeze and an approval, and an override that stays with the question it led to."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.decide import refuse_unresolved
from firebreak.core.decision import AskApproval, Check, Decision, Refuse, Result
from firebreak.core.guards.freeze import calendars_for, freeze, overrides
from firebreak.core.incident import transitions
from firebreak.core.incident.lifecycle import first
from firebreak.core.keys import digest
from firebreak.core.ledger import record_of
from firebreak.core.limits.calendars import CalendarAnswer, CalendarState
from firebreak.core.messages import approval_messages
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Unresolved
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from tests.core.test_guard_freeze import COMPANY, OPEN, PROD, Always, retry, rules, seen
from tests.core.test_two_approvers import BY_HAND, NOW, OF_TWO, WAITING, half, yes
from tests.support import builders as a

SALE = (Always("sale"),)
HELD = "inside never-window sale until 12:00:30Z"
OVERRIDE = f"{HELD}; overridden by ana: VP on the phone"
CLOSED = CalendarAnswer(CalendarState.CLOSED, a.NOW + timedelta(hours=1))


def test_a_freeze_does_not_bind_an_approval() -> None:
    snapshot = replace(seen(prod=OPEN), incident=WAITING)
    check = freeze(yes(), rules(never=SALE), snapshot)
    assert check == Check("freeze", Result.PASSED, f"{HELD}; it does not bind an approval")


def test_an_approval_of_what_was_asked_for_despite_a_freeze_is_despite_it_too() -> None:
    snapshot = replace(seen(), incident=replace(WAITING, override=OVERRIDE))
    check = freeze(yes(), rules(never=SALE), snapshot)
    assert check == Check("freeze", Result.PASSED, OVERRIDE, overridden=True)
    assert not freeze(yes(), rules(), snapshot).overridden


def test_an_approval_of_an_incident_that_could_not_be_read_overrides_nothing() -> None:
    check = freeze(yes(), rules(never=SALE), replace(seen(), incident=Unknown("503")))
    assert (check.result, check.overridden) == (Result.PASSED, False)


def test_a_freeze_that_nobody_may_override_binds_an_approval() -> None:
    firm = rules(never=SALE, no_override=frozenset({"sale"}))
    check = freeze(yes(), firm, replace(seen(), incident=replace(WAITING, override=OVERRIDE)))
    assert (check.result, check.reason) == (Result.OBJECTED, Reason.FROZEN)
    assert check.detail == f"{HELD}, which nobody may override"


def test_an_approval_is_bound_by_those_calendars_alone_that_nobody_may_override() -> None:
    firm = rules(PROD, COMPANY, no_override=frozenset({"company"}))
    assert calendars_for(yes(), firm) == (COMPANY,)
    assert calendars_for(a.request(), firm) == (PROD, COMPANY)

    assert freeze(yes(), firm, seen(prod=CLOSED, company=OPEN)).result is Result.PASSED
    assert freeze(yes(), firm, seen(prod=OPEN, company=CLOSED)).reason is Reason.CALENDAR_CLOSED
    assert freeze(yes(), firm, seen(prod=OPEN)).result is Result.NOT_LOOKED_AT


def test_only_a_caller_that_aws_confirmed_overrides_a_freeze() -> None:
    assert overrides(retry())
    assert not overrides(retry(verified=False))


def test_an_override_stays_with_the_question_and_goes_with_the_next_rung() -> None:
    check = Check("freeze", Result.PASSED, OVERRIDE, overridden=True)
    made = Decision(AskApproval(a.PLAN), Reason.NEEDS_APPROVAL, (check,), "abc")

    opened = first(BY_HAND, OF_TWO, record_of(BY_HAND, made, NOW, None))

    assert opened
    assert opened.incident.override == OVERRIDE
    assert opened.message
    assert f"freeze: {OVERRIDE}" in opened.message.facts
    assert opened.message.at_any_hour
    assert transitions.climbing(opened.incident, 1, NOW, "why").override == ""
    assert transitions.awaiting(opened.incident, a.PLAN, NOW).override == ""


def test_the_second_person_reads_of_the_override_at_any_hour() -> None:
    moved = half(replace(WAITING, override=OVERRIDE))
    assert moved.change.message
    assert moved.change.message.facts[1] == f"freeze: {OVERRIDE}"
    assert moved.change.message.at_any_hour
    plain = half(WAITING).change.message
    assert plain
    assert not plain.at_any_hour


def test_a_request_of_nobody_known_is_a_thread_of_its_own_that_says_what_it_leaves() -> None:
    unknown = Unresolved(Reason.CALLER_UNCONFIRMED, "no signature")
    decision = refuse_unresolved(unknown, "abc", NOW)
    assert decision == Decision(
        Refuse(),
        Reason.CALLER_UNCONFIRMED,
        (Check("caller", Result.OBJECTED, "no signature", Reason.CALLER_UNCONFIRMED),),
        "abc",
    )
    record = replace(record_of(yes(), decision, NOW, None), incident_id=WAITING.id)

    message = of_decision(record, None, of_an_incident=True)

    assert message
    question = approval_messages.approval(WAITING, record, 1)
    assert message.thread == digest("unconfirmed", WAITING.id, "restart-service") != question.thread
    other = of_decision(replace(record, incident_id="i-0"), None, of_an_incident=True)
    third = of_decision(replace(record, action="scale-service"), None, of_an_incident=True)
    assert other
    assert third
    assert len({message.thread, other.thread, third.thread}) == 3
    assert message.next == (
        "Nothing was changed. A question that was open still is, and the command can be run again."
    )
