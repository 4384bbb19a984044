"""Undo and restore, to the letter: verdicts, steps, the incident's moves, and the messages."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.incident.transitions import awaiting, claimed, climbing, resting, taking_back
from firebreak.core.incident.verdict import (
    Close,
    Evidence,
    GiveToHumans,
    Hold,
    Judgement,
    LookAgain,
    Rest,
    Reversals,
    Step,
    TakeBack,
    for_humans,
    judge,
    judged_as,
    next_step,
)
from firebreak.core.limits.history import Judged
from firebreak.core.model import (
    AlarmState,
    Obstacle,
    Plan,
    Receipt,
    RequestKind,
    Settled,
    Verdict,
    same_change,
)
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Verification
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
AT = a.NOW + MINUTE
RULES = Verification(
    after=4 * MINUTE,
    healthy_for=5 * MINUTE,
    retry_every=2 * MINUTE,
    attempts=3,
    restore_after=30 * MINUTE,
)
BACK = Plan(summary="put back 3 to 2", change={"desiredCount": 2}, before={"desired": 3})
NO_WAY = Obstacle(Reason.NOT_REVERSIBLE, "a restart cannot be taken back")
BOTH_WAYS = Reversals(undo=BACK, restore=BACK)
RED, OK = AlarmState.ALARM, AlarmState.OK
UNDONE = a.incident(purpose=Purpose.UNDO)
RESTORED = a.incident(purpose=Purpose.RESTORE)


def seen(state: AlarmState = OK, *, after: timedelta = 5 * MINUTE, **changes: Any) -> Evidence:
    usual = Evidence(
        now=a.NOW + after,
        alarms=[(a.member("alarm-0"), state)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(usual, **changes)


def step(
    incident: Incident, verdict: Verdict, ways: Reversals = BOTH_WAYS, *, after: timedelta = 5 * MINUTE
) -> Step:
    return next_step(incident, verdict, RULES, seen(after=after, ways=ways), timedelta(hours=6))


class TestVerdict:
    def test_a_red_alarm_after_a_restore_is_the_restores_fault_at_once(self) -> None:
        assert judge(RESTORED, seen(RED, after=MINUTE), RULES) == Judgement(
            Verdict.WORSE, "alarm-0 is still red, since the temporary change was taken back"
        )

    def test_a_green_alarm_after_a_restore_is_a_recovery(self) -> None:
        assert judge(RESTORED, seen(), RULES).verdict is Verdict.RECOVERED

    @pytest.mark.parametrize("incident", [UNDONE, RESTORED], ids=["undo", "restore"])
    def test_a_change_that_was_never_put_back_is_no_success_even_if_all_alarms_are_ok(
        self, incident: Incident
    ) -> None:
        assert judge(incident, seen(happened=False), RULES) == Judgement(
            Verdict.NOT_RECOVERED, "the action did not reach AWS; every alarm of the incident is OK"
        )

    def test_only_a_restore_makes_a_red_alarm_worse(self) -> None:
        assert judge(a.incident(), seen(RED), RULES).verdict is Verdict.NOT_RECOVERED
        assert judge(UNDONE, seen(RED), RULES).verdict is Verdict.NOT_RECOVERED


class TestStep:
    def test_harm_is_undone_where_an_undo_exists(self) -> None:
        assert step(a.incident(), Verdict.WORSE) == TakeBack(Purpose.UNDO)
        assert step(RESTORED, Verdict.WORSE) == TakeBack(Purpose.UNDO)

    @pytest.mark.parametrize("undo", [NO_WAY, Unknown("dark"), NotRead("no"), ABSENT], ids=str)
    def test_harm_without_an_undo_is_for_humans(self, undo: Any) -> None:
        assert step(a.incident(), Verdict.WORSE, Reversals(undo=undo)) == GiveToHumans()

    @pytest.mark.parametrize("verdict", [Verdict.RECOVERED, Verdict.WORSE, Verdict.NOT_RECOVERED])
    def test_an_undo_is_never_undone_and_ends_with_humans(self, verdict: Verdict) -> None:
        assert step(UNDONE, verdict) == GiveToHumans()

    @pytest.mark.parametrize("verdict", [Verdict.TOO_EARLY, Verdict.UNKNOWN])
    def test_an_undo_is_looked_at_again_while_its_verdict_is_open(self, verdict: Verdict) -> None:
        assert step(UNDONE, verdict) == LookAgain(a.NOW + 7 * MINUTE)

    def test_a_restore_that_failed_does_not_climb(self) -> None:
        assert step(RESTORED, Verdict.NOT_RECOVERED) == GiveToHumans()

    @pytest.mark.parametrize("restore", [BACK, Unknown("dark"), NotRead("no")], ids=str)
    def test_a_temporary_change_rests_after_its_hold_whether_or_not_its_restore_is_known(
        self, restore: Any
    ) -> None:
        since = a.NOW
        holding = a.incident(IncidentState.HOLDING, healthy_since=since)
        ways = Reversals(restore=restore)

        assert step(holding, Verdict.RECOVERED, ways, after=5 * MINUTE - SECOND) == Hold(
            since + 5 * MINUTE, since
        )
        assert step(holding, Verdict.RECOVERED, ways) == Rest(a.NOW + 10 * MINUTE, since, since + 30 * MINUTE)

    def test_a_rest_shorter_than_the_hold_is_looked_at_at_once(self) -> None:
        rules = replace(RULES, restore_after=timedelta())
        holding = a.incident(IncidentState.HOLDING, healthy_since=a.NOW)

        found = next_step(holding, Verdict.RECOVERED, rules, seen(ways=BOTH_WAYS), timedelta(hours=6))

        assert found == Rest(a.NOW + 7 * MINUTE, a.NOW, a.NOW + 5 * MINUTE)

    @pytest.mark.parametrize("restore", [NO_WAY, ABSENT], ids=str)
    def test_an_incident_whose_change_cannot_or_need_not_be_restored_closes(self, restore: Any) -> None:
        holding = a.incident(IncidentState.HOLDING, healthy_since=a.NOW)

        assert step(holding, Verdict.RECOVERED, Reversals(undo=BACK, restore=restore)) == Close()

    @pytest.mark.parametrize(
        ("green_since", "since"),
        [
            (None, a.NOW),
            (a.NOW - MINUTE, a.NOW),
            (a.NOW + 3 * MINUTE, a.NOW + 3 * MINUTE),
            (a.NOW + 9 * MINUTE, a.NOW + 4 * MINUTE),
        ],
        ids=["not said", "before", "a relapse between two looks", "by a clock ahead of Firebreak's"],
    )
    def test_a_relapse_between_two_looks_begins_the_hold_again(self, green_since: Any, since: Any) -> None:
        holding = a.incident(IncidentState.HOLDING, healthy_since=a.NOW)
        evidence = seen(after=4 * MINUTE, green_since=green_since)

        found = next_step(holding, Verdict.RECOVERED, RULES, evidence, timedelta(hours=6))

        assert found == Hold(since + 5 * MINUTE, since)

    def test_an_incident_that_is_put_back_late_gets_an_age_limit_of_its_own(self) -> None:
        late = replace(RESTORED, opened_at=a.NOW - timedelta(hours=7), acted_at=a.NOW)

        assert step(late, Verdict.TOO_EARLY) == LookAgain(a.NOW + 7 * MINUTE)
        old = replace(late, purpose=Purpose.ACT)
        assert step(old, Verdict.TOO_EARLY) == GiveToHumans()
        assert step(replace(late, acted_at=None), Verdict.TOO_EARLY) == GiveToHumans()

    def test_a_restore_that_held_closes(self) -> None:
        held = replace(RESTORED, state=IncidentState.HOLDING, healthy_since=a.NOW)

        assert step(held, Verdict.RECOVERED) == Close()
        assert step(RESTORED, Verdict.RECOVERED) == Hold(a.NOW + 10 * MINUTE, a.NOW + 5 * MINUTE)


class TestRemembered:
    @pytest.mark.parametrize(
        ("incident", "happened", "expected"),
        [
            (a.incident(), True, Judged(Verdict.WORSE, AT)),
            (a.incident(), False, Judged(Verdict.UNKNOWN, AT)),
            (UNDONE, True, None),
            (RESTORED, True, None),
            (a.incident(IncidentState.RESTING), True, None),
        ],
        ids=["act", "never sent", "undo", "restore", "rest"],
    )
    def test_only_acts_leave_a_verdict(
        self, incident: Incident, happened: Any, expected: Judged | None
    ) -> None:
        found = judged_as(incident, Judgement(Verdict.WORSE, "why"), replace(seen(happened=happened), now=AT))

        assert found == expected


class TestForHumans:
    @pytest.mark.parametrize(
        ("undo", "text"),
        [
            (NO_WAY, "bad; check it first. It was not undone: a restart cannot be taken back"),
            (Unknown("dark"), "bad; check it first. It was not undone: dark"),
            (NotRead("not asked"), "bad; check it first. It was not undone: not asked"),
            (ABSENT, "bad; check it first. It was not undone."),
            (BACK, "bad; check it first. It was not undone."),
        ],
        ids=str,
    )
    def test_harm_says_why_it_was_not_undone(self, undo: Any, text: str) -> None:
        evidence = seen(ways=Reversals(undo=undo))

        assert for_humans(a.incident(), Judgement(Verdict.WORSE, "bad"), evidence) == text

    @pytest.mark.parametrize(
        ("incident", "verdict", "text"),
        [
            (RESTORED, Verdict.NOT_RECOVERED, "the temporary change could not be taken back: why"),
            (a.incident(), Verdict.NOT_RECOVERED, "nothing is left to try: why"),
            (a.incident(), Verdict.TOO_EARLY, "it is not known whether it helped: why"),
            (a.incident(), Verdict.UNKNOWN, "it is not known whether it helped: why"),
            (a.incident(), Verdict.RECOVERED, "why"),
        ],
        ids=str,
    )
    def test_each_end_has_its_sentence(self, incident: Incident, verdict: Verdict, text: str) -> None:
        assert for_humans(incident, Judgement(verdict, "why"), seen()) == text

    @pytest.mark.parametrize(
        ("verdict", "changes", "how"),
        [
            (Verdict.RECOVERED, {}, "was put back; now"),
            (Verdict.WORSE, {}, "was put back; now"),
            (Verdict.NOT_RECOVERED, {"happened": False}, "could NOT be put back"),
            (Verdict.UNKNOWN, {"happened": False}, "could NOT be put back"),
            (Verdict.UNKNOWN, {}, "was to be put back, and it is not known whether it was"),
            (Verdict.TOO_EARLY, {}, "was to be put back, and it is not known whether it was"),
            (
                Verdict.NOT_RECOVERED,
                {"settled": Settled.FAILED},
                "was to be put back, but the target did not settle",
            ),
        ],
        ids=str,
    )
    def test_an_undo_is_called_done_only_when_it_was(
        self, verdict: Verdict, changes: dict[str, Any], how: str
    ) -> None:
        text = for_humans(UNDONE, Judgement(verdict, "why"), seen(**changes))

        assert text == f"the change by restart-service {how}: why"


USED = a.incident(attempt=3, blind_looks=2, healthy_since=a.NOW, note="before")


class TestMoves:
    @pytest.mark.parametrize(
        ("kind", "purpose", "attempt"),
        [
            (RequestKind.ALARM, Purpose.ACT, 0),
            (RequestKind.CLIMB, Purpose.ACT, 0),
            (RequestKind.WAKE, Purpose.ACT, 0),
            (RequestKind.APPROVAL, Purpose.ACT, 4),
            (RequestKind.UNDO, Purpose.UNDO, 4),
            (RequestKind.RESTORE, Purpose.RESTORE, 4),
        ],
    )
    def test_a_claim_has_its_purpose_and_goes_on_counting_looks(
        self, kind: RequestKind, purpose: Purpose, attempt: int
    ) -> None:
        after = claimed(USED, BACK, "mine", AT, AT + 4 * MINUTE, request=a.request(kind))

        assert (after.purpose, after.attempt) == (purpose, attempt)

    def test_taking_back_keeps_the_plan_that_says_how(self) -> None:
        assert taking_back(USED, Purpose.UNDO, AT, "worse") == replace(
            USED,
            state=IncidentState.UNDOING,
            version=3,
            attempt=4,
            due_at=AT,
            note="worse",
            purpose=Purpose.UNDO,
        )

    def test_waiting_for_a_yes_holds_the_plan_and_its_time(self) -> None:
        assert awaiting(replace(USED, receipt=Receipt(summary="old")), BACK, AT) == replace(
            USED,
            state=IncidentState.AWAITING_APPROVAL,
            version=3,
            attempt=4,
            plan=BACK,
            receipt=None,
            due_at=AT,
        )

    def test_the_next_rung_acts_again(self) -> None:
        assert climbing(UNDONE, 1, AT, "up").purpose is Purpose.ACT

    def test_resting_on_acts_again_later(self) -> None:
        asked = taking_back(USED, Purpose.RESTORE, AT, "well")

        assert resting(asked, AT + MINUTE) == replace(
            asked,
            state=IncidentState.RESTING,
            version=4,
            attempt=5,
            due_at=AT + MINUTE,
            purpose=Purpose.ACT,
        )


class TestSameChange:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ({"a": 1}, {"a": 1}, True),
            ({"a": 1}, {"a": 2}, False),
            ({"a": 1}, {"b": 1}, False),
            ({"a": 1}, {"a": 1, "b": 2}, False),
            ({"a": (1, 2)}, {"a": [1, 2]}, True),
            ({"a": [1, 2]}, {"a": [2, 1]}, False),
            ({"a": {"b": ("c",)}}, {"a": {"b": ["c"]}}, True),
        ],
        ids=str,
    )
    def test_only_the_change_that_is_sent_counts(self, one: Any, other: Any, *, same: bool) -> None:
        plans = (
            Plan(summary=str(n), change=change, before={"n": n}) for n, change in enumerate((one, other))
        )

        assert same_change(*plans) is same
