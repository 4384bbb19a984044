"""Whole findings of the guards that look at shared conditions, at the group and at earlier acts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.evaluation import MissingData
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import Storm
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import AlarmState, Autonomy, Contributor, Obstacle, Receipt, RequestKind, Verdict
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from tests.core.guard_findings import OWN, act, climb, history, scopes
from tests.core.test_guards_shared_conditions import Always, red
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RESTORE = climb(kind=RequestKind.RESTORE)
FAILED = Verdict.NOT_RECOVERED
LOOK = {guard.name: guard.check for guard in GUARDS}
ROLL_BACK = replace(a.PLAN, rollback_target=RollbackTarget(suspected_since=a.NOW - 10 * MINUTE, newest=None))


def found(guard: str, request: Any, rules: dict[str, Any], **seen: Any) -> Check:
    return LOOK[guard](request, a.rules(**rules), a.snapshot(**seen))


def before(*acts: Any) -> dict[str, Any]:
    return {"scopes": scopes(Level.TARGET, history(Level.TARGET, *acts))}


PASSES: list[Any] = [
    (
        "in flight",
        climb(),
        {
            "incident": a.incident(IncidentState.CLIMBING),
            "dependency_incidents": (a.incident(IncidentState.CLIMBING),),
        },
        "own incident, climbing",
    ),
    (
        "in flight",
        a.request(),
        {
            "incident": a.incident(IncidentState.PAGED),
            "dependency_incidents": (a.incident(IncidentState.PAGED),),
        },
        f"incident {OWN} is paged",
    ),
    ("in flight", a.request(), {"dependency_incidents": ABSENT}, "no open incident"),
    (
        "in flight",
        a.request(),
        {"dependency_incidents": (a.incident(IncidentState.PAGED, id="i-x"),)},
        "no open incident",
    ),
    ("storm", a.request(), {"storm": Storm(red=(red(1),), version=1)}, "1/50 routed alarms red within 5m"),
    ("freeze", a.request(), {}, "no freeze window"),
    (
        "already rolled back",
        a.request(),
        {"plan": ROLL_BACK},
        "neither it nor what it goes back to was rolled back lately",
    ),
    (
        "alarms still OK",
        RESTORE,
        {"alarm": a.described(state=AlarmState.OK)},
        "api-memory-high is OK since 10:00:00Z",
    ),
    (
        "rung gap",
        climb(),
        before(act(HOUR, incident_id=OWN)),
        "last action 09:00:30Z, rest 1m, over at 09:01:30Z",
    ),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "detail"), PASSES)
def test_a_guard_that_agrees_names_its_findings(
    guard: str, request_: Any, seen: dict[str, Any], detail: str
) -> None:
    assert found(guard, request_, {}, **seen) == Check(guard, Result.PASSED, detail)


OBJECTIONS: list[Any] = [
    ("alarms still OK", {}, {"alarm": ABSENT}, Reason.ALARM_GONE, "the alarm does not exist"),
    ("alarms still OK", {}, {}, Reason.RED_AGAIN, "api-memory-high is ALARM since 10:00:00Z"),
    (
        "storm",
        {},
        {"storm": Storm(red=(red(1),), version=2, tripped_at=a.NOW - MINUTE)},
        Reason.STORM,
        (
            "a storm since 09:59:30Z, 1 alarms; it ends 10m after the last turned red,"
            " once fewer than 50 are red"
        ),
    ),
    (
        "storm",
        {},
        {"storm": Storm(red=tuple(red(n) for n in range(50)), version=50)},
        Reason.STORM,
        "50/50 routed alarms red within 5m: a storm that is not declared yet",
    ),
    (
        "already rolled back",
        {},
        {"plan": ROLL_BACK, **before(act(5 * MINUTE))},
        Reason.ROLLED_BACK_BEFORE,
        "rolled back at 2026-11-20 09:55:30Z, after the suspect was made: not a second time",
    ),
    (
        "disruption budget",
        {"disruption": replace(a.rules().disruption, max_unavailable=0.2)},
        {
            "group": GroupCount(total=5, counted_at=a.NOW),
            "scopes": scopes(Level.GROUP, history(Level.GROUP, act(MINUTE, target="k1"))),
        },
        Reason.SHARE_REACHED,
        "2/1 of 5 in 1h (counted 0s ago) by disruption",
    ),
    (
        "readiness",
        {},
        {
            "plan": Obstacle(Reason.DEPLOYMENT_RUNNING, "ecs-svc/2 runs", (("ecs-svc/2", a.NOW),)),
            "incident": a.incident(receipt=Receipt(summary="began", after={"deployment": "ecs-svc/2"})),
        },
        Reason.DEPLOYMENT_RUNNING,
        f"ecs-svc/2 runs; Firebreak started it: restart-service, incident {OWN}",
    ),
    ("autonomy", {"autonomy": Autonomy.APPROVE}, {}, Reason.NEEDS_APPROVAL, "approve by defaults"),
    ("autonomy", {"autonomy": Autonomy.OBSERVE}, {}, Reason.OBSERVE_ONLY, "observe by defaults"),
]


@pytest.mark.parametrize(("guard", "rules", "seen", "reason", "detail"), OBJECTIONS)
def test_a_guard_that_objects_says_why(
    guard: str, rules: dict[str, Any], seen: dict[str, Any], reason: Reason, detail: str
) -> None:
    request = RESTORE if guard == "alarms still OK" else a.request()
    assert found(guard, request, rules, **seen) == Check(guard, Result.OBJECTED, detail, reason)


def test_breakers_and_freezes_object_under_their_own_names() -> None:
    broken = found("breaker", a.request(), {}, **before(*(act(n * MINUTE, FAILED) for n in (3, 2, 1))))
    tried = found(
        "breaker", a.request(), {}, **before(*(act(n * HOUR, FAILED) for n in (9, 8, 7)), act(MINUTE))
    )
    frozen = found("freeze", a.request(), {"never": (Always("sale", a.NOW + HOUR),)})
    assert (broken.guard, tried.guard, frozen.guard) == ("breaker", "breaker", "freeze")
    assert (broken.until is None, tried.until) == (False, None)


def test_recoveries_that_do_not_last_open_the_breaker_of_their_own_target() -> None:
    limit = a.rules().breakers[Level.TARGET].comebacks
    acts = [act(n * HOUR, Verdict.RECOVERED) for n in range(limit, 0, -1)]
    own, other = (
        found("breaker", a.request(), {}, **before(*(replace(one, target=key) for one in acts)))
        for key in (a.TARGET.key, "111122223333/eu-west-1/ecs/prod/web")
    )
    assert (own.reason, other.result) == (Reason.BREAKER_OPEN, Result.PASSED)


@pytest.mark.parametrize(
    ("tags", "result", "words"),
    [
        ({}, Result.PASSED, 'a symptom, by the policy for alarms "api-*" (symptom)'),
        (
            {"firebreak:missing-data": "ignore"},
            Result.OBJECTED,
            "ignored, by its tag firebreak:missing-data=ignore",
        ),
    ],
    ids=["by the policy", "by its tag"],
)
def test_the_alarms_tag_or_its_name_says_what_an_event_without_data_means(
    tags: dict[str, str], result: Result, words: str
) -> None:
    policy = MissingDataRules(named=(("api-*", MissingData.SYMPTOM),))
    request = a.request(alarm=a.alarm(evaluation=a.silent(a.alarm().since)))
    check = found("missing data", request, {"missing_data": policy}, alarm_tags=tags)
    text = "no data since 2026-11-20 09:57:00Z: no period that was evaluated has a datapoint"
    assert (check.result, check.detail) == (result, f"{text}; {words}")


def test_a_series_that_is_not_in_alarm_has_no_missing_data_of_its_own() -> None:
    request = a.request(alarm=a.alarm(contributor=Contributor("5d3e", {})))
    check = found("missing data", request, {}, series_in_alarm=a.series("other"))
    text = "whether data came is not known: CloudWatch does not say what was evaluated"
    assert check == Check("missing data", Result.PASSED, text)
