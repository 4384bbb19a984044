"""Properties of every request and every snapshot, not only of chosen examples."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Result, Snapshot
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Act as Slot
from firebreak.core.limits.history import Decided, Hold, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.model import (
    AlarmState,
    Autonomy,
    Contributor,
    Mute,
    Obstacle,
    Request,
    RequestKind,
    Verdict,
)
from firebreak.core.observed import Series
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from firebreak.core.rules import Rules
from tests.support import builders as a

SECOND = timedelta(seconds=1)
OWN = "i-0123456789"

blindness = st.sampled_from([Unknown("ThrottlingException"), NotRead("offline")])
unseen = st.one_of(st.just(ABSENT), blindness)
seconds = st.integers(-100_000, 100_000).map(lambda n: n * SECOND)
moments = seconds.map(lambda gap: a.NOW + gap)
tags = st.dictionaries(
    st.sampled_from(["firebreak:enabled", "firebreak:action", "aws:cloudformation:stack-name", "team"]),
    st.sampled_from(["true", "false", "none", "page", "restart-service", "firebreak", ""]),
)
holds = st.builds(Hold, st.just("global"), st.just("ana"), st.just("why"), moments, moments)


def histories(level: Scope) -> st.SearchStrategy[ScopeHistory]:
    acts = st.builds(
        Slot,
        moments,
        st.sampled_from([OWN, "i-other"]),
        st.sampled_from(["restart-service", "scale-service"]),
        st.integers(0, 2),
        st.sampled_from(["", a.TARGET.key, "another"]),
        st.one_of(st.none(), st.builds(Judged, st.sampled_from(Verdict), moments)),
    )
    return st.builds(ScopeHistory, st.just(level), st.lists(acts, max_size=8).map(tuple), st.just(1))


scopes = st.fixed_dictionaries(
    {scope: st.one_of(unseen, st.just(ABSENT), histories(scope)) for scope in a.SCOPES}
)

incidents = st.builds(
    lambda state, rung, own: a.incident(state, rung=rung, id=OWN if own else "i-other"),
    st.sampled_from(IncidentState),
    st.integers(0, 1),
    st.booleans(),
)
alarms_seen = st.builds(
    lambda state, enabled, comparison: a.described(
        state=state, actions_enabled=enabled, comparison=comparison
    ),
    st.sampled_from(AlarmState),
    st.booleans(),
    st.sampled_from(["GreaterThanThreshold", "LessThanThreshold", ""]),
)
red_alarms = st.builds(RedAlarm, moments, st.sampled_from(["s1", "s2", "s3"]), st.just("name"))
storms = st.builds(
    Storm,
    red=st.lists(red_alarms, max_size=4).map(tuple),
    version=st.just(1),
    tripped_at=st.one_of(st.none(), moments),
    last_red_at=st.one_of(st.none(), moments),
)
groups = st.builds(
    GroupCount,
    total=st.integers(0, 40),
    counted_at=moments,
    healthy=st.one_of(unseen, st.frozensets(st.sampled_from([a.TARGET.key, "k1", "k2", "k3"]))),
)
snapshots = st.builds(
    Snapshot,
    now=st.just(a.NOW),
    stack_name=st.just("firebreak"),
    holds=st.one_of(unseen, st.lists(holds, max_size=2).map(tuple)),
    decided=st.one_of(unseen, st.just(Decided("k", a.NOW, "act", "clear_to_act"))),
    transition=st.one_of(unseen, st.builds(Transition, moments, st.sampled_from(AlarmState))),
    incident=st.one_of(unseen, incidents),
    dependency_incidents=st.one_of(unseen, st.lists(incidents, max_size=2).map(tuple)),
    scopes=scopes,
    storm=st.one_of(unseen, storms),
    alarm=st.one_of(unseen, alarms_seen),
    alarm_tags=st.one_of(unseen, tags),
    series_in_alarm=st.one_of(unseen, st.dictionaries(st.sampled_from(["s1", "s2"]), st.just(Series()))),
    target_tags=st.one_of(unseen, tags),
    plan=st.one_of(
        unseen,
        st.just(a.PLAN),
        st.sampled_from(Reason).map(lambda reason: Obstacle(reason, "why")),
    ),
    group=st.one_of(unseen, groups),
)
alarms = st.builds(
    lambda found, mute, suppressed, series: a.alarm(
        tags=found, mute=mute, suppressed_by=suppressed, contributor=series
    ),
    tags,
    st.one_of(st.none(), st.builds(Mute, st.just("rule"), st.one_of(st.none(), moments))),
    st.sampled_from(["", "WaitPeriod"]),
    st.one_of(st.none(), st.just(Contributor("s1", {}))),
)
requests = st.builds(
    Request,
    kind=st.sampled_from(RequestKind),
    action=st.sampled_from(["restart-service", "scale-service"]),
    alarm=alarms,
    target=st.just(a.TARGET),
    at=moments,
    by_symptom=st.booleans(),
    incident_id=st.sampled_from(["", OWN]),
    rung=st.integers(0, 1),
)
budget_lists = st.lists(
    st.builds(Budget, st.integers(1, 4), st.integers(60, 86_400).map(lambda n: n * SECOND)), max_size=3
).map(tuple)
all_rules = st.builds(
    lambda autonomy, budgets: a.rules(autonomy=autonomy, budgets=budgets),
    st.sampled_from(Autonomy),
    st.fixed_dictionaries(dict.fromkeys(Level, budget_lists)),
)

# Snapshots that act are rare among arbitrary ones, so these start from one that does.
acting_kinds = st.sampled_from([RequestKind.ALARM, RequestKind.CLIMB, RequestKind.APPROVAL])
READINGS = (
    "holds",
    "decided",
    "transition",
    "incident",
    "dependency_incidents",
    "storm",
    "group",
    "alarm",
    "alarm_tags",
    "series_in_alarm",
    "target_tags",
    "plan",
)


def acting(kind: RequestKind, *, tagged: bool, series: bool) -> tuple[Request, Snapshot]:
    """A request of that kind with a snapshot on which it acts."""
    alarm = a.alarm(
        tags={"firebreak:action": "restart-service"} if tagged else {},
        contributor=Contributor("s1", {}) if series else None,
    )
    first = kind is RequestKind.ALARM
    state = IncidentState.AWAITING_APPROVAL if kind is RequestKind.APPROVAL else IncidentState.CLIMBING
    incident = a.incident(state)
    request = a.request(
        kind,
        alarm=alarm,
        incident_id="" if first else OWN,
        by_symptom=first and not tagged,
        by="ana",
        question=question_id(incident) if kind is RequestKind.APPROVAL else "",
    )
    known = ABSENT if first else incident
    return request, a.snapshot(incident=known, series_in_alarm=a.series("s1"))


acting_cases = st.builds(acting, acting_kinds, tagged=st.booleans(), series=st.booleans())


def without(seen: Snapshot, name: str, dark: Unknown | NotRead) -> Snapshot:
    changes: dict[str, Any] = {name: dark}
    return replace(seen, **changes)


def needed(request: Request) -> set[str]:
    """The readings that some guard needs for this request, by the table of the design."""
    names = {"holds", "decided", "incident", "target_tags", "plan", "alarm"}
    if request.kind is RequestKind.ALARM:
        names.add("transition")
    if "firebreak:action" not in request.alarm.tags:
        names.add("alarm_tags")
    if request.alarm.contributor and not request.incident_id:
        names.add("series_in_alarm")
    return names


@given(requests, all_rules, snapshots)
def test_any_request_and_any_snapshot_give_a_decision(request: Request, rules: Rules, seen: Snapshot) -> None:
    decision = decide(request, rules, seen)
    assert [check.guard for check in decision.checks] == [guard.name for guard in GUARDS]
    assert decision.reason in Reason


@given(requests, all_rules, snapshots)
def test_the_same_question_has_the_same_answer(request: Request, rules: Rules, seen: Snapshot) -> None:
    assert decide(request, rules, seen) == decide(request, rules, seen)


@given(requests, all_rules, snapshots)
def test_it_acts_only_when_every_guard_that_speaks_looked_and_agreed(
    request: Request, rules: Rules, seen: Snapshot
) -> None:
    decision = decide(request, rules, seen)
    agreed = {check.result for check in decision.checks} <= {Result.PASSED, Result.NOT_APPLICABLE}
    assert isinstance(decision.outcome, Act) is agreed


@given(acting_cases)
def test_the_cases_below_start_from_an_act(case: tuple[Request, Snapshot]) -> None:
    request, seen = case
    assert isinstance(decide(request, a.rules(), seen).outcome, Act)


@given(acting_cases, st.sampled_from(READINGS), blindness)
def test_blindness_to_anything_that_is_needed_never_acts(
    case: tuple[Request, Snapshot], name: str, dark: Unknown | NotRead
) -> None:
    request, seen = case
    assume(name in needed(request))
    decision = decide(request, a.rules(), without(seen, name, dark))
    assert not isinstance(decision.outcome, Act)


@given(acting_cases, st.sampled_from(a.SCOPES), blindness)
def test_blindness_to_a_scopes_history_never_acts(
    case: tuple[Request, Snapshot], level: Scope, dark: Unknown | NotRead
) -> None:
    request, seen = case
    decision = decide(request, a.rules(), replace(seen, scopes={**seen.scopes, level: dark}))
    assert not isinstance(decision.outcome, Act)


@given(acting_cases, st.sampled_from(a.SCOPES))
def test_a_scope_that_is_missing_from_the_snapshot_never_acts(
    case: tuple[Request, Snapshot], level: Scope
) -> None:
    request, seen = case
    rest = {other: reading for other, reading in seen.scopes.items() if other is not level}
    assert not isinstance(decide(request, a.rules(), replace(seen, scopes=rest)).outcome, Act)


@given(requests, all_rules, snapshots, st.sampled_from(READINGS), blindness)
def test_seeing_less_never_turns_a_refusal_into_an_act(
    request: Request, rules: Rules, seen: Snapshot, name: str, dark: Unknown | NotRead
) -> None:
    assume(not isinstance(decide(request, rules, seen).outcome, Act))
    assert not isinstance(decide(request, rules, without(seen, name, dark)).outcome, Act)


# One more recovery may close a breaker: that is its purpose. All others only take room away.
no_help = st.one_of(
    st.none(), st.builds(Judged, st.sampled_from([v for v in Verdict if v is not Verdict.RECOVERED]), moments)
)
further_acts = st.builds(
    Slot,
    moments,
    st.just("i-other"),
    st.sampled_from(["restart-service", "scale-service"]),
    st.just(0),
    st.sampled_from(["", a.TARGET.key, "another"]),
    no_help,
)


def with_act(seen: Snapshot, scope: Scope, act: Slot) -> Snapshot:
    before = seen.scopes[scope]
    acts = before.acts if isinstance(before, ScopeHistory) else ()
    return replace(seen, scopes={**seen.scopes, scope: ScopeHistory(scope, (*acts, act), 2)})


@given(acting_cases, all_rules, st.sampled_from(a.SCOPES), histories(a.scope(Level.TARGET)), further_acts)
def test_one_more_act_in_the_history_never_turns_a_refusal_into_an_act(
    case: tuple[Request, Snapshot], rules: Rules, scope: Scope, history: ScopeHistory, further: Slot
) -> None:
    request, seen = case
    auto = replace(rules, autonomy=Autonomy.AUTO)
    less = replace(seen, scopes={**seen.scopes, scope: replace(history, scope=scope)})
    acts_with_less = isinstance(decide(request, auto, less).outcome, Act)
    acts_with_more = isinstance(decide(request, auto, with_act(less, scope, further)).outcome, Act)
    assert acts_with_less or not acts_with_more


WAY = RollbackTarget(
    suspected_since=a.NOW - 600 * SECOND, newest=(a.NOW - 9000 * SECOND, a.NOW - 600 * SECOND)
)
ROLLING_BACK = replace(a.PLAN, rollback_target=WAY)
own_acts = st.builds(Slot, moments, st.just("i-other"), st.just("restart-service"), st.just(0))


def rolling_back(seen: Snapshot, acts: list[Slot]) -> Snapshot:
    scope = a.scope(Level.TARGET)
    return replace(
        seen, plan=ROLLING_BACK, scopes={**seen.scopes, scope: ScopeHistory(scope, tuple(acts), 1)}
    )


@given(acting_cases, all_rules, st.lists(own_acts, max_size=4), own_acts)
def test_one_more_roll_back_never_turns_a_refusal_into_another_one(
    case: tuple[Request, Snapshot], rules: Rules, some: list[Slot], further: Slot
) -> None:
    request, seen = case
    auto = replace(rules, autonomy=Autonomy.AUTO)
    less = decide(request, auto, rolling_back(seen, some))
    more = decide(request, auto, rolling_back(seen, [*some, further]))
    assert isinstance(less.outcome, Act) or not isinstance(more.outcome, Act)
    if WAY.repeats([further.at]):
        assert not isinstance(more.outcome, Act)


@given(acting_cases, all_rules, st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_doubt_never_lets_a_machine_act_alone(
    case: tuple[Request, Snapshot], rules: Rules, doubts: list[str]
) -> None:
    request, seen = case
    doubtful = replace(seen, plan=replace(a.PLAN, doubts=tuple(doubts)))
    outcome = decide(request, rules, doubtful).outcome
    assert not isinstance(outcome, Act) or request.kind is RequestKind.APPROVAL


@given(acting_cases, st.lists(holds, max_size=2), holds)
def test_one_more_hold_never_turns_a_refusal_into_an_act(
    case: tuple[Request, Snapshot], some: list[Hold], one_more: Hold
) -> None:
    request, seen = case
    less = decide(request, a.rules(), replace(seen, holds=tuple(some)))
    more = decide(request, a.rules(), replace(seen, holds=(*some, one_more)))
    assert isinstance(less.outcome, Act) or not isinstance(more.outcome, Act)


@given(acting_cases, st.sampled_from([Autonomy.OBSERVE, Autonomy.APPROVE]))
def test_less_than_auto_acts_only_on_a_humans_word(
    case: tuple[Request, Snapshot], autonomy: Autonomy
) -> None:
    request, seen = case
    acted = isinstance(decide(request, a.rules(autonomy=autonomy), seen).outcome, Act)
    assert acted is (request.kind is RequestKind.APPROVAL and autonomy is Autonomy.APPROVE)
