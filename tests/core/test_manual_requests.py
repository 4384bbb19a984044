"""A human's own request: every limit holds for it as for an alarm, and only autonomy is lifted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Check, Result, Snapshot
from firebreak.core.incident import transitions
from firebreak.core.incident.states import Incident
from firebreak.core.incident.verdict import AT_REST, Evidence, judge
from firebreak.core.ledger import delivery_key
from firebreak.core.limits.history import Hold
from firebreak.core.manual import manual_request, plan_id, stand_in
from firebreak.core.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    Autonomy,
    Failed,
    Obstacle,
    OwnEvent,
    Request,
    RequestKind,
    Settled,
    Verdict,
)
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from tests.core.test_decide_properties import all_rules, snapshots
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
# These look at the target, the ledger and the calendar alone, whatever asked for the act.
OF_NO_ALARM = (
    "switch",
    "own stack",
    "duplicate",
    "in flight",
    "freeze",
    "storm",
    "breaker",
    "cooldown",
    "rung gap",
    "memory raise limit",
    "already rolled back",
    "budgets",
    "disruption budget",
    "readiness",
)


def by_hand(**changes: object) -> Request:
    """A manual request to restart the usual target, for the plan that the usual snapshot has."""
    base = Request(
        kind=RequestKind.MANUAL,
        action="restart-service",
        alarm=stand_in(a.TARGET, "it hangs", a.NOW),
        target=a.TARGET,
        at=a.NOW,
        by="ana",
        verified=True,
        plan_seen=plan_id(a.PLAN),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def findings(request: Request, rules: Rules, seen: Snapshot) -> dict[str, Check]:
    return {check.guard: check for check in decide(request, rules, seen).checks}


def of_alarm(request: Request) -> Request:
    return a.request(action=request.action)


requests = st.builds(
    by_hand,
    action=st.sampled_from(["restart-service", "scale-service"]),
    by=st.text(),
    plan_seen=st.one_of(st.just(plan_id(a.PLAN)), st.text()),
    at=st.integers(-100_000, 100_000).map(lambda n: a.NOW + timedelta(seconds=n)),
    alarm=st.text().map(lambda why: stand_in(a.TARGET, why, a.NOW)),
    red=st.lists(st.just(a.alarm()), max_size=3).map(tuple),
)


@given(requests, all_rules, snapshots)
def test_whatever_the_request_says_every_limit_finds_what_it_finds_for_an_alarm(
    request: Request, rules: Rules, seen: Snapshot
) -> None:
    manual, alarm = findings(request, rules, seen), findings(of_alarm(request), rules, seen)
    assert {name: manual[name] for name in OF_NO_ALARM} == {name: alarm[name] for name in OF_NO_ALARM}


@given(requests, all_rules, snapshots, st.sampled_from(Autonomy))
def test_the_policys_autonomy_changes_no_other_finding_and_stops_no_request_by_hand(
    request: Request, rules: Rules, seen: Snapshot, other: Autonomy
) -> None:
    before, after = findings(request, rules, seen), findings(request, replace(rules, autonomy=other), seen)
    assert after.pop("autonomy").result is Result.PASSED
    assert before.pop("autonomy").result is Result.PASSED
    assert before == after


@given(requests, all_rules, snapshots)
def test_it_acts_only_on_a_target_that_opted_in_by_the_plan_that_was_shown(
    request: Request, rules: Rules, seen: Snapshot
) -> None:
    if isinstance(outcome := decide(request, rules, seen).outcome, Act):
        assert isinstance(seen.target_tags, dict)
        assert seen.target_tags["firebreak:enabled"] == "true"
        assert plan_id(outcome.plan) == request.plan_seen


@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_without_any_alarm_a_human_may_act_under_every_autonomy(autonomy: Autonomy) -> None:
    decision = decide(by_hand(), a.rules(autonomy=autonomy), a.snapshot(alarm=ABSENT, alarm_tags=ABSENT))
    assert decision.outcome == Act(a.PLAN)


def test_a_doubt_that_was_shown_is_lifted_with_autonomy_and_a_new_one_is_not() -> None:
    doubted = replace(a.PLAN, doubts=("only dates speak for it",))
    seen = a.snapshot(plan=doubted)
    assert decide(by_hand(plan_seen=plan_id(doubted)), a.rules(), seen).outcome == Act(doubted)
    assert decide(by_hand(), a.rules(), seen).reason is Reason.PLAN_CHANGED


def test_another_plan_than_the_one_that_was_shown_is_refused() -> None:
    other = replace(a.PLAN, change={"cluster": "prod", "service": "web"})
    assert decide(by_hand(), a.rules(), a.snapshot(plan=other)).reason is Reason.PLAN_CHANGED


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"holds": (Hold("global", "kim", "migration", a.NOW, a.NOW + MINUTE),)}, Reason.SWITCHED_OFF),
        ({"target_tags": {}}, Reason.NOT_OPTED_IN),
        ({"target_tags": ABSENT}, Reason.TARGET_MISSING),
        ({"target_tags": Unknown("503")}, Reason.OWN_STACK_UNREADABLE),
        ({"plan": Obstacle(Reason.DEPLOYMENT_RUNNING, "why")}, Reason.DEPLOYMENT_RUNNING),
        ({"plan": Unknown("503")}, Reason.NOT_READY_UNREADABLE),
        ({"incident": a.incident(id="i-other")}, Reason.IN_FLIGHT),
        ({"storm": Unknown("503")}, Reason.STORM_UNREADABLE),
        ({"plan": NotRead("offline")}, Reason.NOT_LOOKED_AT),
    ],
)
def test_what_stops_an_alarm_stops_a_human(seen: dict[str, object], reason: Reason) -> None:
    assert decide(by_hand(), a.rules(), a.snapshot(**seen)).reason is reason


def test_the_targets_list_of_alarms_says_nothing_about_humans() -> None:
    tags = {"firebreak:enabled": "true", "firebreak:alarms": "another-alarm"}
    assert decide(by_hand(), a.rules(), a.snapshot(target_tags=tags)).outcome == Act(a.PLAN)


def test_a_red_alarm_of_the_target_that_restarts_it_as_well_stops_a_second_restart() -> None:
    lambda_arn = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:mine"
    seen = a.snapshot(alarm=a.described(actions=(lambda_arn,)))
    check = findings(by_hand(red=(a.alarm(),)), a.rules(), seen)["other controller"]
    assert "starts" in check.detail


def test_a_request_that_waited_too_long_is_refused() -> None:
    assert decide(by_hand(at=a.NOW - 11 * MINUTE), a.rules(), a.snapshot()).reason is Reason.TOO_OLD


def test_a_request_carries_a_humans_word_for_the_alarm_and_the_red_alarms_of_the_target() -> None:
    reds = [a.alarm(name=f"api-{number}") for number in range(25)]
    asked = manual_request("restart-service", a.TARGET, by="ada", why="it hangs", at=a.NOW, red=reds)
    assert asked == OwnEvent(
        kind=RequestKind.MANUAL,
        action="restart-service",
        incident_id="",
        rung=0,
        attempt=int(a.NOW.timestamp()) * 1000,
        at=a.NOW,
        alarm=stand_in(a.TARGET, "it hangs", a.NOW),
        by="ada",
        target="ecs:prod/api",
        red=tuple(reds[:20]),
    )


def test_the_value_for_an_alarm_names_the_target_and_is_red_since_the_request() -> None:
    assert stand_in(a.TARGET, "it hangs", a.NOW) == Alarm(
        arn=f"manual/{a.TARGET.key}",
        name="manual request",
        account=a.ACCOUNT,
        region=a.REGION,
        kind=AlarmKind.MANUAL,
        state=AlarmState.ALARM,
        since=a.NOW,
        sent_at=a.NOW,
        reason="it hangs",
    )


def test_of_two_requests_within_a_second_each_is_a_delivery_of_its_own() -> None:
    first, second = (
        manual_request(
            "restart-service", a.TARGET, by="ada", why="it hangs", at=a.NOW + timedelta(milliseconds=ms)
        )
        for ms in (0, 1)
    )
    assert second.attempt == first.attempt + 1


def test_the_same_command_delivered_twice_is_one_delivery_and_a_later_one_is_another() -> None:
    one = manual_request("restart-service", a.TARGET, by="ana", why="x", at=a.NOW)
    later = manual_request(
        "restart-service", a.TARGET, by="ana", why="x", at=a.NOW + timedelta(milliseconds=1)
    )
    other = manual_request("restart-service", replace(a.TARGET, name="web"), by="ana", why="x", at=a.NOW)
    assert len({delivery_key(one), delivery_key(replace(one)), delivery_key(later), delivery_key(other)}) == 3


def opened(**changes: object) -> Incident:
    """An incident that a manual request opened and acted on five minutes ago."""
    fresh = transitions.opened(by_hand(**changes), a.rules(), a.NOW)
    claimed = transitions.claimed(fresh, a.PLAN, "c", a.NOW, a.NOW, request=a.request(RequestKind.MANUAL))
    return replace(claimed, acted_at=a.NOW - 15 * MINUTE)


def evidence(settled: Settled | Failed | Unknown, *, happened: bool = True, worse: bool = False) -> Evidence:
    return Evidence(now=a.NOW, alarms=(), happened=happened, settled=settled, worse=worse)


def test_an_act_by_hand_has_one_rung_and_the_red_alarms_of_its_target() -> None:
    incident = opened(red=(a.alarm("one"), a.alarm("two")))
    assert incident.ladder == ("restart-service", "page")
    assert [member.name for member in incident.members] == ["one", "two"]
    assert opened().members == ()


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (evidence(Settled.YES), Verdict.RECOVERED),
        (evidence(Settled.FAILED), Verdict.NOT_RECOVERED),
        (evidence(Failed("no room")), Verdict.NOT_RECOVERED),
        (evidence(Settled.NOT_YET), Verdict.NOT_RECOVERED),
        (evidence(Unknown("503")), Verdict.UNKNOWN),
        (evidence(Settled.YES, worse=True), Verdict.WORSE),
        (evidence(Settled.YES, happened=False), Verdict.NOT_RECOVERED),
    ],
    ids=["settled", "failed", "failed, with AWS's reason", "never settled", "not known", "worse", "not sent"],
)
def test_without_an_alarm_the_target_alone_decides_whether_it_helped(
    found: Evidence, verdict: Verdict
) -> None:
    assert judge(opened(), found, a.rules().verification).verdict is verdict


def test_a_target_that_came_to_rest_is_said_to_be() -> None:
    assert judge(opened(), evidence(Settled.YES), a.rules().verification).why == AT_REST
