"""A change that somebody else made since the act ends the climb, and nothing else of the verdict."""

from dataclasses import replace

import pytest

from firebreak.core.incident.states import Purpose
from firebreak.core.incident.verdict import (
    Climb,
    Evidence,
    GiveToHumans,
    Judgement,
    Reversals,
    TakeBack,
    for_humans,
    judge,
    next_step,
)
from firebreak.core.model import Plan, Settled, Verdict
from tests.support import builders as a

CHANGED = "somebody else began deployment ecs-svc/2 of api:8 since"
INCIDENT = a.incident(ladder=("restart-service", "scale-service", "page"), rung=0)
RULES = a.rules().verification
AGE = a.rules().max_incident_age
BACK = Plan(summary="put back", change={}, before={})


def evidence(changed: str = "", **changes: object) -> Evidence:
    one = Evidence(now=a.NOW, alarms=(), happened=True, settled=Settled.YES, worse=False, changed=changed)
    return replace(one, **changes)  # type: ignore[arg-type]  # fields of the test's choice


def test_a_target_that_nobody_else_changed_gets_the_next_rung() -> None:
    assert next_step(INCIDENT, Verdict.NOT_RECOVERED, RULES, evidence(), AGE) == Climb(1)


def test_a_target_that_somebody_else_changed_goes_to_humans_with_that_change() -> None:
    seen = evidence(CHANGED)
    assert next_step(INCIDENT, Verdict.NOT_RECOVERED, RULES, seen, AGE) == GiveToHumans()
    said = for_humans(INCIDENT, Judgement(Verdict.NOT_RECOVERED, "api-memory-high is ALARM"), seen)
    assert said == f"api-memory-high is ALARM; {CHANGED}, so nothing more is tried"


def test_harm_is_undone_as_far_as_the_action_finds_its_own_values() -> None:
    seen = evidence(CHANGED, ways=Reversals(undo=BACK))
    assert next_step(INCIDENT, Verdict.WORSE, RULES, seen, AGE) == TakeBack(Purpose.UNDO)


@pytest.mark.parametrize("verdict", [Verdict.RECOVERED, Verdict.TOO_EARLY, Verdict.UNKNOWN, Verdict.WORSE])
def test_every_other_verdict_has_the_step_that_it_has_without(verdict: Verdict) -> None:
    steps = [next_step(INCIDENT, verdict, RULES, evidence(changed), AGE) for changed in ("", CHANGED)]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("settled", [Settled.YES, Settled.NOT_YET, Settled.FAILED])
def test_the_verdict_itself_is_that_of_the_alarms_and_the_target(settled: Settled) -> None:
    judged = [judge(INCIDENT, evidence(changed, settled=settled), RULES) for changed in ("", CHANGED)]
    assert judged[0] == judged[1]
