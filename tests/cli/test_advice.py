from datetime import timedelta

import pytest

from firebreak.core.decide import decide
from firebreak.core.decision import Check, Decision, Refuse, Result
from firebreak.core.model import Target
from firebreak.core.readings import NotRead
from firebreak.core.reasons import Reason
from firebreak.intake.names import read_target
from firebreak.services.registry import CATALOG
from firebreak_cli.explain.advice import ADVICE, advice
from tests.support import builders as a


def refused(*checks: Check) -> Decision:
    return Decision(Refuse(), Reason.COOLDOWN, checks, "")


def test_a_decision_that_acts_needs_no_advice() -> None:
    assert advice(decide(a.request(), a.rules(), a.snapshot()), offline=False) == []


def test_an_objection_that_ends_says_when() -> None:
    check = Check("cooldown", Result.OBJECTED, "", Reason.COOLDOWN, a.NOW + timedelta(minutes=5))

    assert advice(refused(check), offline=False) == ["cooldown: passes at 2026-11-20 10:05:30Z"]


def test_an_objection_that_somebody_can_lift_says_how() -> None:
    check = Check("opt-in", Result.OBJECTED, "", Reason.NOT_OPTED_IN)

    assert advice(refused(check), offline=False) == ["opt-in: tag the resource firebreak:enabled=true"]


def test_an_objection_that_nobody_here_can_lift_is_left_out() -> None:
    assert advice(refused(Check("budgets", Result.OBJECTED, "", Reason.CLOCK_BEHIND)), offline=False) == []


def test_offline_the_advice_is_to_run_it_without_the_option() -> None:
    decision = decide(a.request(), a.rules(), a.snapshot(plan=NotRead("offline")))

    assert advice(decision, offline=True) == ["run it without --offline to look at: readiness"]
    assert advice(decision, offline=False) == []


@pytest.mark.parametrize("reason", [Reason.TARGET_NONE, Reason.TARGET_AMBIGUOUS, Reason.TARGET_MALFORMED])
@pytest.mark.parametrize("action", list(CATALOG))
def test_the_tag_that_would_name_the_target_is_of_the_actions_service(action: str, reason: Reason) -> None:
    (line,) = advice(refused(Check("target", Result.OBJECTED, "", reason)), offline=False, action=action)

    written = line.rpartition("=")[2]
    found = read_target(written, a.ACCOUNT, a.REGION)
    assert isinstance(found, Target)
    assert found.service == CATALOG.service_of(action)


@pytest.mark.parametrize("reason", ADVICE)
def test_advice_is_one_line_without_a_full_stop(reason: Reason) -> None:
    assert "\n" not in ADVICE[reason]
    assert not ADVICE[reason].endswith(".")
