"""More findings word for word: opting in, load balancers, other controllers, limits, plans and approvals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.evaluation import Missing
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level
from firebreak.core.model import AlarmState, Contributor, Obstacle, Request, RequestKind, Target, Verdict
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.registry import CATALOG
from tests.core.guard_findings import OWN, act, climb, history, scopes
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BY_SYMPTOM = a.request(by_symptom=True)
SERIES = a.request(alarm=a.alarm(contributor=Contributor("5d3e", {})))
BLUE, GREEN = "targetgroup/blue/6071a0b1c2d3e4f5", "targetgroup/green/a0b1c2d3e4f56071"
GROUPS = a.request(groups=frozenset({GREEN, BLUE}))
FIXER = "arn:aws:lambda:eu-west-1:111122223333:function:fix-it"
SCALING = (
    "arn:aws:autoscaling:eu-west-1:111122223333:"
    "scalingPolicy:6d89:resource/ecs/service/prod/api:policyName/out"
)
SCALER = "scaling policy out of ecs/service/prod/api"
HOLD = Hold("global", "ana", "migration", a.NOW, a.NOW + MINUTE)
OTHER_HOLD = Hold("group prod", "bo", "load test", a.NOW - HOUR, a.NOW + 2 * MINUTE)
WEB = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")
WAITING = a.incident(IncidentState.AWAITING_APPROVAL)
SILENT = Missing(shown=AlarmState.ALARM, since=a.NOW, detail="no data", meaning=None, source="nobody")
LOOK = {guard.name: guard.check for guard in GUARDS}


def found(guard: str, request: Request, **seen: Any) -> Check:
    return LOOK[guard](request, a.rules(), a.snapshot(**seen))


def starts(*arns: str) -> dict[str, Any]:
    return {"alarm": a.described(actions=arns)}


PASSES: list[Any] = [
    ("load balancer", GROUPS, {"target_groups": GROUPS.groups}, f"it is registered with {BLUE}, {GREEN}"),
    ("other controller", a.request(), {"alarm": ABSENT}, "the alarm is gone, so it starts nothing"),
    ("other controller", a.request(), {}, "its own actions change nothing"),
    (
        "other controller",
        a.request(),
        starts(FIXER, SCALING),
        f"it starts Lambda function fix-it, {SCALER} as well; its tag asks for this action",
    ),
    (
        "other controller",
        a.request(action="no-such-action"),
        starts(FIXER),
        "it starts Lambda function fix-it as well; its tag asks for this action",
    ),
    (
        "stale",
        a.request(),
        {"alarm": a.described(state=AlarmState.OK, missing=SILENT)},
        "api-memory-high is ALARM since 10:00:00Z, without data",
    ),
    ("storm", a.request(), {}, "0/50 routed alarms red"),
    ("breaker", a.request(), {}, "target 0/3 in a row did not help, action 0/5 in a row did not help"),
    ("disruption budget", a.request(), {}, "1/5 of 5 in 1h (counted 0s ago) by disruption"),
    ("readiness", a.request(), {}, "restart ecs:prod/api"),
    (
        "readiness",
        a.request(),
        {"plan": replace(a.PLAN, warnings=("not pinned", "one task"))},
        "restart ecs:prod/api; not pinned; one task",
    ),
    ("autonomy", a.request(), {}, "auto by defaults"),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "detail"), PASSES)
def test_a_guard_that_agrees_names_its_findings(
    guard: str, request_: Request, seen: dict[str, Any], detail: str
) -> None:
    assert found(guard, request_, **seen) == Check(guard, Result.PASSED, detail)


SILENT_GUARDS: list[Any] = [
    ("load balancer", "no target group led to the target"),
    ("memory raise limit", "this action raises nothing for good"),
    ("already rolled back", "no roll back is planned"),
]


@pytest.mark.parametrize(("guard", "detail"), SILENT_GUARDS)
def test_a_guard_that_does_not_speak_says_why(guard: str, detail: str) -> None:
    assert found(guard, a.request()) == Check(guard, Result.NOT_APPLICABLE, detail)


OBJECTIONS: list[Any] = [
    (
        "opt-in",
        a.request(),
        {"target_tags": {"firebreak:enabled": "true", "firebreak:alarms": "web-"}},
        Reason.ALARM_NOT_ALLOWED,
        "the target's tag firebreak:alarms is 'web-'",
    ),
    (
        "opt-in",
        a.request(),
        {"target_tags": {"firebreak:enabled": "no"}},
        Reason.NOT_OPTED_IN,
        "firebreak:enabled is 'no'",
    ),
    ("load balancer", GROUPS, {"target_groups": ABSENT}, Reason.TARGET_MISSING, "the target does not exist"),
    (
        "load balancer",
        GROUPS,
        {"target_groups": frozenset[str]()},
        Reason.NOT_REGISTERED,
        f"it is not registered with {BLUE}, {GREEN}",
    ),
    (
        "wrong direction",
        BY_SYMPTOM,
        {"alarm": a.described(comparison="LessThanThreshold")},
        Reason.WRONG_DIRECTION,
        "comparison is LessThanThreshold",
    ),
    (
        "other controller",
        BY_SYMPTOM,
        starts(FIXER),
        Reason.OTHER_CONTROLLER,
        "it starts Lambda function fix-it",
    ),
    ("stale", SERIES, {"series_in_alarm": ABSENT}, Reason.ALARM_GONE, "the alarm does not exist"),
    (
        "stale",
        a.request(at=a.NOW - 11 * MINUTE),
        {},
        Reason.TOO_OLD,
        "11m old, limit 10m",
    ),
    (
        "in flight",
        a.request(),
        {"incident": a.incident()},
        Reason.IN_FLIGHT,
        f"incident {OWN} is acted",
    ),
    (
        "in flight",
        a.request(),
        {"dependency_incidents": (a.incident(id="i-other", target=WEB),)},
        Reason.DEPENDENCY_IN_FLIGHT,
        "incident i-other of ecs:prod/web, which shares a dependency, is acted",
    ),
    (
        "in flight",
        climb(kind=RequestKind.APPROVAL),
        {"incident": WAITING},
        Reason.INCIDENT_MOVED_ON,
        f"no question at all was answered; {question_id(WAITING)} is asked now",
    ),
    (
        "in flight",
        climb(kind=RequestKind.APPROVAL, question="i-0123456789.1.00000000"),
        {"incident": WAITING},
        Reason.INCIDENT_MOVED_ON,
        f"i-0123456789.1.00000000 was answered; {question_id(WAITING)} is asked now",
    ),
    (
        "disruption budget",
        a.request(),
        {"group": ABSENT},
        Reason.GROUP_UNREADABLE,
        "the group does not exist",
    ),
    (
        "readiness",
        a.request(),
        {"plan": Obstacle(Reason.SCALED_TO_ZERO, "its desired count is 0")},
        Reason.SCALED_TO_ZERO,
        "its desired count is 0",
    ),
    (
        "autonomy",
        a.request(),
        {"plan": replace(a.PLAN, doubts=("two suspects", "a gap"))},
        Reason.NEEDS_APPROVAL,
        "auto by defaults, but a human must approve: two suspects; a gap",
    ),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "reason", "detail"), OBJECTIONS)
def test_a_guard_that_objects_says_why(
    guard: str, request_: Request, seen: dict[str, Any], reason: Reason, detail: str
) -> None:
    assert found(guard, request_, **seen) == Check(guard, Result.OBJECTED, detail, reason)


def test_a_pause_is_one_cause_for_its_holds_until_the_last_one_ends_and_has_its_holder() -> None:
    text = "group prod by bo until 10:02:30Z: load test; global by ana until 10:01:30Z: migration"
    cause = "group prod bo 2026-11-20T09:00:30Z, global ana 2026-11-20T10:00:30Z"
    expected = Check("switch", Result.OBJECTED, text, Reason.SWITCHED_OFF, a.NOW + 3 * MINUTE, cause, "bo")
    assert found("switch", a.request(), holds=(OTHER_HOLD, HOLD)) == expected


def test_the_same_effect_is_one_cause_for_a_target_and_action() -> None:
    text = f"it starts {SCALER}, whose effect is scaling as well"
    cause = f"111122223333/eu-west-1/ecs/prod/api scale-service {text}"
    expected = Check("other controller", Result.OBJECTED, text, Reason.SAME_EFFECT, cause=cause)
    assert found("other controller", a.request(action="scale-service"), **starts(FIXER, SCALING)) == expected


def test_firebreaks_own_functions_are_no_other_controllers() -> None:
    own = [f"{FIXER.removesuffix('fix-it')}firebreak-{name}" for name in (*CATALOG, "page", "verify")]
    assert found("other controller", BY_SYMPTOM, **starts(*own)).detail == "its own actions change nothing"


def test_a_second_look_may_take_another_action_than_the_tag_names() -> None:
    again = a.request(RequestKind.WAKE, action="scale-service", refused="deployment running")
    assert found("opt-in", again) == Check("opt-in", Result.PASSED, "firebreak:enabled=true")
    assert found("opt-in", replace(again, refused="")).reason is Reason.OTHER_ACTION


def test_a_transition_in_the_future_is_not_newer() -> None:
    ahead, soon = (Transition(a.NOW + one, AlarmState.OK) for one in (61 * SECOND, 60 * SECOND))
    assert found("stale", a.request(), transition=ahead).result is Result.PASSED
    assert found("stale", a.request(), transition=soon).reason is Reason.SUPERSEDED


@pytest.mark.parametrize("last", [Unknown("503"), NotRead("offline")], ids=["could not", "was not asked to"])
def test_only_a_first_response_needs_the_newest_transition(last: object) -> None:
    assert found("stale", climb(), transition=last).result is Result.PASSED


def test_for_an_incident_its_alarm_counts_and_not_its_series() -> None:
    own = replace(SERIES, kind=RequestKind.CLIMB, incident_id=OWN)
    assert found("stale", own, series_in_alarm=a.series("other")).result is Result.PASSED


def test_the_try_of_a_half_open_breaker_is_one_cause_for_the_whole_stack() -> None:
    acts = [act(9 * HOUR + n * MINUTE, Verdict.NOT_RECOVERED) for n in range(5, 0, -1)]
    seen = scopes(Level.ACTION, history(Level.ACTION, *acts, act(MINUTE)))
    check = found("breaker", a.request(), scopes=seen)
    assert (check.reason, check.until) == (Reason.BREAKER_OPEN, None)
    assert check.detail == "action 5/5 in a row did not help; the one try after the rest is under way"
    assert check.cause == "action 111122223333/eu-west-1/restart-service tried after 2026-11-20T00:59:31Z"


def test_a_full_budget_beyond_the_target_is_one_cause_for_all_its_targets() -> None:
    acts = tuple(act(MINUTE + n * SECOND) for n in range(5, 0, -1))
    full = ScopeHistory(a.scope(Level.STACK), acts, 1)
    check = found("budgets", a.request(), scopes=scopes(Level.STACK, full))
    text = "budget stack 5/5 in 15m, next slot 10:15:45Z (the window plus 80s for clock differences)"
    until = a.NOW + 15 * MINUTE + 15 * SECOND
    cause = f"stack {a.scope(Level.STACK).key} 5/15m 2026-11-20T10:15:45Z"
    assert check == Check("budgets", Result.OBJECTED, text, Reason.BUDGET_FULL, until, cause)


def test_an_act_of_no_incident_counts_against_a_first_response() -> None:
    acts = [act(n * MINUTE, Verdict.NOT_RECOVERED, incident_id="") for n in (3, 2, 1)]
    check = found("breaker", a.request(), scopes=scopes(Level.TARGET, history(Level.TARGET, *acts)))
    assert check.reason is Reason.BREAKER_OPEN


def test_an_act_whose_verdict_never_came_doubles_the_rest_once_its_incident_is_too_old() -> None:
    rules = a.rules(cooldown=6 * HOUR, max_cooldown=24 * HOUR)
    rests = [
        LOOK["cooldown"](
            a.request(),
            rules,
            a.snapshot(scopes=scopes(Level.TARGET, history(Level.TARGET, act(ago)))),
        )
        for ago in (7 * HOUR, 5 * HOUR)
    ]
    assert [check.until for check in rests] == [a.NOW + 5 * HOUR, a.NOW + HOUR]


def test_a_deployment_that_is_firebreaks_own_is_named_even_where_the_history_is_dark() -> None:
    running = Obstacle(Reason.DEPLOYMENT_RUNNING, "deployment ecs-svc/2 runs", (("ecs-svc/2", a.NOW),))
    seen = {"plan": running, "scopes": scopes(Level.TARGET, Unknown("503"))}
    expected = Check("readiness", Result.OBJECTED, "deployment ecs-svc/2 runs", Reason.DEPLOYMENT_RUNNING)
    assert found("readiness", a.request(), **seen) == expected
