"""The origin of a deployment that is in the way: Firebreak by its receipt or by the times, or another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decide import decide
from firebreak.core.decision import Result
from firebreak.core.guards.own_deployments import origin
from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import target_scope
from firebreak.core.model import Obstacle, Receipt
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.registry import CATALOG
from tests.support import builders as a

BEGAN = a.NOW - timedelta(minutes=20)
SECOND = timedelta(seconds=1)
IN_THE_WAY = Obstacle(
    Reason.DEPLOYMENT_RUNNING, "deployment ecs-svc/2 is in progress", (("ecs-svc/2", BEGAN),)
)
RECEIPT = Receipt(summary="began", after={"deployment": "ecs-svc/2"})


def act(action: str = "restart-service", seconds_before: int = 4) -> Act:
    return Act(BEGAN - seconds_before * SECOND, "i-before", action, 0, "target")


def test_a_deployment_that_the_receipt_names_is_firebreaks() -> None:
    incident = replace(a.incident(), receipt=RECEIPT)
    expected = f"; Firebreak started it: {incident.action}, incident {incident.id}"
    assert origin(IN_THE_WAY, incident, (), CATALOG) == expected


@pytest.mark.parametrize("seconds", [-60, 0, 4, 80], ids=str)
def test_one_that_began_when_an_act_was_claimed_is_described_with_its_times(seconds: int) -> None:
    text = f"{abs(seconds)} s {'before' if seconds < 0 else 'after'}"
    assert origin(IN_THE_WAY, ABSENT, (act(seconds_before=seconds),), CATALOG) == (
        f"; it began {text} restart-service of incident i-before was claimed"
    )


def test_of_several_acts_the_newest_is_named() -> None:
    acts = (act("roll-back-service", 3), act("adjust-task-memory", 70))
    assert "3 s after roll-back-service" in origin(IN_THE_WAY, ABSENT, acts, CATALOG)


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param((), id="no act"),
        pytest.param((act(seconds_before=81),), id="an act too long before"),
        pytest.param((act(seconds_before=-61),), id="an act too long after"),
        pytest.param((act("scale-service"),), id="an act that starts no deployment"),
    ],
)
def test_the_origin_of_another_deployment_is_not_named(acts: tuple[Act, ...]) -> None:
    assert origin(IN_THE_WAY, Unknown("throttled"), acts, CATALOG) == ""
    stranger = replace(a.incident(), receipt=Receipt(summary="", after={"deployment": "ecs-svc/1"}))
    assert origin(IN_THE_WAY, stranger, acts, CATALOG) == ""
    assert origin(IN_THE_WAY, replace(stranger, receipt=None), acts, CATALOG) == ""


def test_without_a_time_only_the_receipt_speaks() -> None:
    untimed = replace(IN_THE_WAY, deployments=(("ecs-svc/2", None),))
    assert origin(untimed, ABSENT, (act(),), CATALOG) == ""
    assert origin(untimed, replace(a.incident(), receipt=RECEIPT), (), CATALOG) != ""


def test_the_decision_says_that_the_deployment_in_the_way_is_firebreaks() -> None:
    request = a.request()
    scope = target_scope(request.target)
    scopes = {**a.snapshot().scopes, scope: ScopeHistory(scope, (act(),), 1)}
    decision = decide(request, a.rules(cooldown=timedelta()), a.snapshot(plan=IN_THE_WAY, scopes=scopes))
    found = next(check for check in decision.checks if check.guard == "readiness")
    assert (found.result, found.reason) == (Result.OBJECTED, Reason.DEPLOYMENT_RUNNING)
    assert found.detail == (
        f"{IN_THE_WAY.detail}; it began 4 s after restart-service of incident i-before was claimed"
    )
