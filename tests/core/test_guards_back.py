"""The guards of approved plans, of undo and restore, and of memory that is raised too often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.action_spec import MemorySettings
from firebreak.core.decide import decide
from firebreak.core.decision import Act as ActOutcome
from firebreak.core.decision import Check, Decision, Result, Snapshot
from firebreak.core.formats import format_time
from firebreak.core.guards.alarm_state import alarms_still_ok, stale, wrong_direction
from firebreak.core.guards.autonomy import approved
from firebreak.core.guards.limits import disruption_budget, memory_raise_limit
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import IncidentState
from firebreak.core.intake import require_supported
from firebreak.core.ledger import Claim
from firebreak.core.limits.history import Act, Hold
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import Storm
from firebreak.core.manual import stand_in
from firebreak.core.model import AlarmState, Autonomy, Obstacle, Request, RequestKind, Unresolved
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.services.registry import CATALOG
from tests.core.guard_findings import (
    BLIND,
    NOT_LOOKED_AT,
    OBJECTED,
    OWN,
    PASSED,
    UNREAD,
    act,
    climb,
    found,
    history,
    scopes,
)
from tests.core.test_guards_shared_conditions import Always
from tests.support import builders as a

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WAITING = a.incident(IncidentState.AWAITING_APPROVAL)
YES = replace(
    climb(kind=RequestKind.APPROVAL),
    by="arn:aws:sts::111122223333:assumed-role/oncall/ana",
    verified=True,
    question=question_id(WAITING),
)


FIRST, RESTART = "1 of 2 people approved,", a.PLAN.summary


def asked(**changes: object) -> Check:
    """The guard's finding, under its own name."""
    seen = a.snapshot(incident=WAITING)
    check = approved(YES, a.rules(), replace(seen, **changes))  # type: ignore[arg-type]  # names are checked by replace
    assert check.guard == "approved"
    return check


class TestApproved:
    def test_the_approved_plan_passes(self) -> None:
        check = asked()

        assert found(check) == (PASSED, None)
        assert check.detail == f"by ana (role oncall): {a.PLAN.summary}"

    def test_another_plan_than_the_approved_one_is_refused(self) -> None:
        other = replace(
            a.PLAN, summary="restart something else", change={"cluster": "prod", "service": "web"}
        )

        check = asked(plan=other)

        assert found(check) == (OBJECTED, Reason.PLAN_CHANGED)
        assert check.detail == "approved: restart ecs:prod/api; now it would be: restart something else"

    def test_other_words_and_an_other_pre_image_for_the_same_change_are_approved(self) -> None:
        assert found(asked(plan=replace(a.PLAN, summary="said again", before={"running": 1}))) == (
            PASSED,
            None,
        )

    def test_a_change_is_the_same_after_a_ledger_kept_it(self) -> None:
        approved = replace(WAITING, plan=replace(a.PLAN, change={"of": ["a", {"n": 1}]}))
        fresh = replace(a.PLAN, change={"of": ("a", {"n": 1})})

        assert found(asked(incident=approved, plan=fresh)) == (PASSED, None)

    @pytest.mark.parametrize(
        "plan", [Obstacle(Reason.CEILING_REACHED, "full"), ABSENT], ids=["obstacle", "gone"]
    )
    def test_a_plan_that_cannot_be_made_any_more_is_refused(self, plan: object) -> None:
        check = asked(plan=plan)

        assert found(check) == (OBJECTED, Reason.PLAN_CHANGED)
        assert check.detail == "it cannot be done any more"

    def test_a_plan_that_nobody_could_make_is_not_carried_out(self) -> None:
        assert found(asked(plan=BLIND)) == (OBJECTED, Reason.NOT_READY_UNREADABLE)
        assert found(asked(plan=UNREAD))[0] == NOT_LOOKED_AT

    @pytest.mark.parametrize(("late", "expected"), [(0, PASSED), (1, OBJECTED)])
    def test_a_yes_counts_until_its_time(self, late: int, expected: object) -> None:
        until = a.NOW - late * timedelta(seconds=1)

        check = asked(incident=replace(WAITING, due_at=until))

        assert check.result is expected
        assert late == 0 or (check.reason, check.detail) == (
            Reason.APPROVAL_EXPIRED,
            f"it could be approved until {format_time(until)}",
        )

    def test_an_incident_that_asked_for_nothing_cannot_be_approved(self) -> None:
        check = asked(incident=replace(WAITING, due_at=None))

        assert (check.reason, check.detail) == (Reason.APPROVAL_EXPIRED, "nothing waits for approval")

    @pytest.mark.parametrize("incident", [BLIND, ABSENT, UNREAD], ids=["unknown", "absent", "not read"])
    def test_an_incident_that_is_not_there_is_the_in_flight_guards_business(self, incident: object) -> None:
        check = asked(incident=incident)

        assert (check.result, check.detail) == (NOT_LOOKED_AT, "not looked at: the incident is not known")

    def test_a_plan_that_got_lost_was_not_approved(self) -> None:
        check = asked(incident=replace(WAITING, plan=None))

        assert (check.reason, check.detail) == (
            Reason.PLAN_CHANGED,
            f"approved: nothing; now it would be: {a.PLAN.summary}",
        )

    @pytest.mark.parametrize(
        ("request_", "autonomy", "reason", "text"),
        [
            pytest.param(
                replace(YES, by="", verified=False),
                Autonomy.AUTO,
                Reason.CALLER_UNCONFIRMED,
                "the request names nobody",
                id="nameless",
            ),
            pytest.param(
                replace(YES, verified=False),
                Autonomy.AUTO,
                Reason.CALLER_UNCONFIRMED,
                "by someone who claims to be ana (role oncall)",
                id="claimed alone",
            ),
            pytest.param(
                YES,
                Autonomy.OBSERVE,
                Reason.NOT_APPROVED,
                "the policy now says observe",
                id="only watching by now",
            ),
        ],
    )
    def test_a_yes_that_does_not_count_says_why(
        self, request_: Request, autonomy: Autonomy, reason: Reason, text: str
    ) -> None:
        check = approved(request_, a.rules(autonomy=autonomy), a.snapshot(incident=WAITING))

        assert (check.guard, check.result, check.reason, check.detail) == ("approved", OBJECTED, reason, text)

    def test_what_a_human_asked_for_is_approved_although_the_policy_only_observes(self) -> None:
        by_hand = replace(YES, alarm=stand_in(a.TARGET, "it hangs", a.NOW))

        check = approved(by_hand, a.rules(autonomy=Autonomy.OBSERVE), a.snapshot(incident=WAITING))

        assert found(check) == (PASSED, None)

    @pytest.mark.parametrize(
        ("before", "result", "detail"),
        [
            pytest.param((), OBJECTED, f"{FIRST} by ana (role oncall): {RESTART}", id="first"),
            pytest.param(
                (YES.by,),
                OBJECTED,
                f"{FIRST} by ana (role oncall): {RESTART}",
                id="again",
            ),
            pytest.param(
                ("arn:aws:sts::111122223333:assumed-role/admin/ana",),
                OBJECTED,
                f"{FIRST} by ana (role admin) and ana (role oncall): {RESTART}",
                id="in another role",
            ),
            pytest.param(
                ("arn:aws:iam::111122223333:user/bo",),
                PASSED,
                f"by bo and ana (role oncall): {RESTART}",
                id="another person",
            ),
        ],
    )
    def test_two_different_people_approve_where_the_policy_says_so(
        self, before: tuple[str, ...], result: Result, detail: str
    ) -> None:
        seen = a.snapshot(incident=replace(WAITING, approved_by=before))

        check = approved(YES, a.rules(approvers=2), seen)

        reason = Reason.NEEDS_ANOTHER_APPROVER if result is OBJECTED else None
        assert check == Check("approved", result, detail, reason)

    def test_a_yes_by_a_slow_clock_is_not_too_old(self) -> None:
        late = replace(YES, at=a.NOW - 60 * MINUTE)

        assert found(stale(late, a.rules(), a.snapshot(incident=WAITING))) == (PASSED, None)
        old = replace(late, kind=RequestKind.CLIMB)
        assert found(stale(old, a.rules(), a.snapshot(incident=WAITING)))[1] is Reason.TOO_OLD

    def test_a_yes_acts_where_the_policy_only_asks(self) -> None:
        assert isinstance(decide(YES, a.rules(), a.snapshot(incident=WAITING)).outcome, ActOutcome)


def well(**changes: object) -> Snapshot:
    return replace(a.snapshot(alarm=a.described(state=AlarmState.OK)), **changes)  # type: ignore[arg-type]  # names are checked by replace


class TestStillWell:
    def test_green_alarms_let_a_temporary_change_end(self) -> None:
        check = alarms_still_ok(YES, a.rules(), well())

        assert found(check) == (PASSED, None)
        assert check.detail.startswith("api-memory-high is OK since ")

    @pytest.mark.parametrize("state", [AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA])
    def test_a_temporary_change_stays_while_an_alarm_is_not_ok(self, state: AlarmState) -> None:
        described = a.described(state=state)

        check = alarms_still_ok(YES, a.rules(), well(alarm=described))

        assert (check.reason, check.detail) == (
            Reason.RED_AGAIN,
            f"api-memory-high is {state} since {format_time(described.since)}",
        )

    def test_an_alarm_that_cannot_be_read_or_is_gone_keeps_it(self) -> None:
        dark = alarms_still_ok(YES, a.rules(), well(alarm=BLIND))
        assert (dark.guard, dark.reason) == ("alarms still OK", Reason.ALARM_UNREADABLE)
        gone = alarms_still_ok(YES, a.rules(), well(alarm=ABSENT))
        assert (gone.reason, gone.detail) == (Reason.ALARM_GONE, "the alarm does not exist")
        assert found(alarms_still_ok(YES, a.rules(), well(alarm=UNREAD)))[0] == NOT_LOOKED_AT


def raising(raises: int) -> Rules:
    return replace(a.rules(), settings=MemorySettings(ceiling=3008, raises=raises))


def raised(*ages: timedelta, action: str = "restart-service") -> Snapshot:
    acts = [act(age, action=action) for age in sorted(ages, reverse=True)]
    return a.snapshot(scopes=scopes(Level.TARGET, history(Level.TARGET, *acts)))


def turned(raises: int, seen: Snapshot) -> Check:
    """The guard's finding, under its own name."""
    check = memory_raise_limit(a.request(), raising(raises), seen)
    assert check.guard == "memory raise limit"
    return check


class TestMemoryRaiseLimit:
    def test_an_action_that_raises_nothing_is_not_asked(self) -> None:
        check = turned(0, raised(DAY, 2 * DAY))

        assert (check.result, check.detail) == (Result.NOT_APPLICABLE, "this action raises nothing for good")

    def test_so_many_raises_are_allowed_and_no_more(self) -> None:
        two, three = raised(DAY, 2 * DAY), raised(DAY, 2 * DAY, 29 * DAY)

        assert turned(3, two) == Check("memory raise limit", PASSED, "raised 2/3 times in 720h")
        check = turned(3, three)
        assert (check.reason, check.detail) == (Reason.RAISED_TOO_OFTEN, "raised 3/3 times in 720h")
        assert check.until == a.NOW - 29 * DAY + 30 * DAY

    def test_the_next_raise_waits_until_fewer_are_left(self) -> None:
        check = turned(2, raised(DAY, 5 * DAY, 9 * DAY))

        assert check.until == a.NOW - 5 * DAY + 30 * DAY

    def test_a_raise_of_a_month_ago_is_forgotten(self) -> None:
        assert found(turned(1, raised(30 * DAY))) == (PASSED, None)
        assert found(turned(1, raised(30 * DAY - MINUTE)))[0] == OBJECTED

    def test_other_actions_raise_nothing(self) -> None:
        assert found(turned(1, raised(DAY, action="scale-service"))) == (PASSED, None)

    def test_a_history_that_cannot_be_read_raises_nothing(self) -> None:
        dark = a.snapshot(scopes=scopes(Level.TARGET, BLIND))

        assert found(turned(1, dark)) == (OBJECTED, Reason.HISTORY_UNREADABLE)


RESTORE = replace(climb(kind=RequestKind.RESTORE), incident_id=OWN)
UNDO = replace(RESTORE, kind=RequestKind.UNDO)
IN_A_STORM = Storm(red=(), version=1, tripped_at=a.NOW - MINUTE)


def back(request: Request, rules: Rules, **changes: object) -> Decision:
    """The decision on putting something back, with all well but for these changes."""
    return decide(request, rules, well(incident=a.incident(IncidentState.UNDOING), **changes))


def test_a_temporary_change_is_restored_when_all_alarms_are_ok() -> None:
    assert isinstance(back(RESTORE, a.rules()).outcome, ActOutcome)


def test_a_temporary_change_is_not_restored_in_a_storm_or_a_freeze() -> None:
    assert back(RESTORE, a.rules(), storm=IN_A_STORM).reason is Reason.STORM
    assert back(RESTORE, a.rules(never=(Always("sale", a.NOW + 60 * MINUTE),))).reason is Reason.FROZEN


def test_harm_is_undone_in_a_storm_and_in_a_freeze_and_while_it_is_red() -> None:
    red = a.described(state=AlarmState.ALARM)

    decision = back(UNDO, a.rules(never=(Always("sale", a.NOW + 60 * MINUTE),)), storm=IN_A_STORM, alarm=red)

    assert isinstance(decision.outcome, ActOutcome)


@pytest.mark.parametrize("request_", [UNDO, RESTORE], ids=["undo", "restore"])
def test_a_kill_switch_stops_both(request_: Request) -> None:
    held = (Hold("global", "ana", "migration", a.NOW, a.NOW + 60 * MINUTE),)

    assert back(request_, a.rules(), holds=held).reason is Reason.SWITCHED_OFF


ALONE = replace(a.TARGET, service="lambda", group="", name="resize")


def test_a_target_in_no_group_has_no_share() -> None:
    check = disruption_budget(a.request(target=ALONE), a.rules(), a.snapshot(group=BLIND))

    assert check == Check("disruption budget", Result.NOT_APPLICABLE, "the target is in no group")


def test_a_direction_that_cannot_be_read_is_an_objection_under_the_guards_name() -> None:
    check = wrong_direction(a.request(by_symptom=True), a.rules(), a.snapshot(alarm=BLIND))

    assert (check.guard, check.reason) == ("wrong direction", Reason.DIRECTION_UNREADABLE)


class TestSlots:
    @pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
    def test_putting_back_takes_no_slot(self, kind: RequestKind) -> None:
        claim = claimed_for(kind)
        known = history(Level.TARGET, act(MINUTE))

        assert not claim.takes_slots
        assert (claim.acts_in(known), claim.acts_in(None)) == (known.acts, ())

    @pytest.mark.parametrize("kind", [RequestKind.ALARM, RequestKind.CLIMB, RequestKind.APPROVAL])
    def test_an_act_takes_one_in_addition_to_the_known_ones(self, kind: RequestKind) -> None:
        claim = claimed_for(kind)
        known = history(Level.TARGET, act(MINUTE))
        mine = Act(a.NOW, OWN, "restart-service", 1, a.TARGET.key)

        assert claim.takes_slots
        assert (claim.acts_in(known), claim.acts_in(None)) == ((*known.acts, mine), (mine,))


def claimed_for(kind: RequestKind) -> Claim:
    nothing: Any = None
    return Claim(
        request=a.request(kind),
        seen=nothing,
        at=a.NOW,
        before=None,
        after=a.incident(IncidentState.CLAIMED, rung=1),
        record=nothing,
    )


class TestFitting:
    def test_a_target_of_the_actions_service_fits(self) -> None:
        assert require_supported(a.TARGET, "restart-service", CATALOG) is a.TARGET

    def test_a_target_of_another_service_does_not_fit(self) -> None:
        assert require_supported(ALONE, "restart-service", CATALOG) == Unresolved(
            Reason.TARGET_UNSUPPORTED,
            "restart-service is for ecs targets, and the alarm is about lambda:resize",
        )

    def test_an_unresolved_target_stays_unresolved(self) -> None:
        why = Unresolved(Reason.TARGET_NONE, "nothing")

        assert require_supported(why, "restart-service", CATALOG) is why

    def test_an_action_that_nobody_knows_is_refused_elsewhere(self) -> None:
        assert require_supported(ALONE, "no-such-action", CATALOG) is ALONE
