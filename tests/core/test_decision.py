"""The parts of a decision: its checks, its policy, and a refusal even where nothing can go wrong."""

from dataclasses import replace

import pytest

from firebreak.core.decide import decide, refuse, refuse_unresolved
from firebreak.core.decision import Act, Check, Decision, Refuse, Result
from firebreak.core.formats import quarter_hour
from firebreak.core.model import Obstacle, Unresolved
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a


def test_a_refusal_before_the_guards_is_its_own_only_check_and_knows_no_policy() -> None:
    check = Check("intake", Result.OBJECTED, "no alarm name", Reason.UNUSABLE_EVENT)
    expected = Decision(Refuse(), Reason.UNUSABLE_EVENT, (check,), "")
    assert refuse(Reason.UNUSABLE_EVENT, "no alarm name") == expected


def test_an_alarm_without_a_single_target_is_refused_with_the_targets_that_were_found() -> None:
    unresolved = Unresolved(Reason.TARGET_AMBIGUOUS, "api and web")
    check = Check("target", Result.OBJECTED, "api and web", Reason.TARGET_AMBIGUOUS)
    assert refuse_unresolved(unresolved, "", a.NOW) == Decision(
        Refuse(), Reason.TARGET_AMBIGUOUS, (check,), ""
    )
    assert refuse_unresolved(unresolved, "abc", a.NOW).policy_hash == "abc"


def test_every_decision_names_the_policy_it_was_made_by() -> None:
    rules = a.rules(policy_hash="abc")
    seen = [
        a.snapshot(),
        a.snapshot(plan=NotRead("offline")),
        a.snapshot(plan=Obstacle(Reason.NOT_ACTIVE, "draining")),
    ]
    assert [decide(a.request(), rules, one).policy_hash for one in seen] == ["abc"] * 3


def test_without_a_plan_nothing_is_done_even_if_no_guard_should_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firebreak.core.decide.GUARDS", ())
    for plan in (Obstacle(Reason.NOT_ACTIVE, "draining"), ABSENT, NotRead("offline"), Unknown("503")):
        decision = decide(a.request(), a.rules(policy_hash="abc"), a.snapshot(plan=plan))
        assert decision == Decision(Refuse(), Reason.NOT_READY_UNREADABLE, (), "abc")


def test_other_controllers_of_the_alarm_are_named_after_the_plans_own_warnings() -> None:
    fixer = "arn:aws:lambda:eu-west-1:111122223333:function:fix-it"
    seen = a.snapshot(alarm=a.described(actions=(fixer,)), plan=replace(a.PLAN, warnings=("not pinned",)))
    outcome = decide(a.request(), a.rules(), seen).outcome
    warnings = ("not pinned", "the alarm also starts Lambda function fix-it")
    assert outcome == Act(replace(a.PLAN, warnings=warnings))


def test_a_target_that_could_not_be_looked_up_is_announced_once_a_cause_and_quarter_hour() -> None:
    unseen = Unresolved(Reason.TARGET_UNREADABLE, "ListTagsForResource: ThrottlingException")
    [check] = refuse_unresolved(unseen, "", a.NOW).checks
    assert check.cause == "ListTagsForResource: ThrottlingException 2026-11-20T10:00"


@pytest.mark.parametrize(
    ("minute", "text"), [(0, "00"), (14, "00"), (15, "15"), (44, "30"), (59, "45")], ids=str
)
def test_a_quarter_of_an_hour_is_named_by_its_beginning(minute: int, text: str) -> None:
    assert quarter_hour(a.NOW.replace(minute=minute)) == f"2026-11-20T10:{text}"
