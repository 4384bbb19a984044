"""The heartbeat is recorded and never acted on or paged; overdue work is measured by its age."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Refuse, Result, Snapshot
from firebreak.core.guards.ownership import heartbeat
from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import DecisionRecord, delivery_key
from firebreak.core.limits.history import Decided, Hold
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Metric, Request, Target
from firebreak.core.readings import ABSENT, Absent, NotRead, Unknown
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import Rules
from firebreak.core.watchdog import Overdue, heartbeat_of, is_heartbeat, oldest_unverified, stuck_leases
from tests.core.guard_findings import BLIND, UNREAD, found
from tests.core.test_decide_properties import all_rules, requests, snapshots
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
NAME = "firebreak-heartbeat"
BEAT = a.request(alarm=a.alarm(NAME))
HOLD = Hold("global", "ana", "migration", a.NOW - MINUTE, a.NOW + 60 * MINUTE)
OF_LEDGER = ("holds", "decided", "transition", "incident", "dependency_incidents", "storm")


@pytest.mark.parametrize(
    ("changes", "stack", "own"),
    [
        pytest.param({}, "firebreak", True, id="the stack's own"),
        pytest.param({}, "other", False, id="another stack's"),
        pytest.param({"name": "api-memory-high"}, "firebreak", False, id="another alarm"),
        pytest.param({"name": "firebreak-heartbeat-2"}, "firebreak", False, id="a longer name"),
        pytest.param({"account": "222233334444"}, "firebreak", False, id="another account's"),
        pytest.param({"region": "us-east-1"}, "firebreak", False, id="another region's"),
        pytest.param({"name": "-heartbeat"}, "", False, id="no stack is known"),
    ],
)
def test_the_heartbeat_is_the_alarm_named_after_the_stack_in_its_place(
    changes: dict[str, Any], stack: str, *, own: bool
) -> None:
    assert is_heartbeat(a.alarm(**({"name": NAME} | changes)), stack, a.ACCOUNT, a.REGION) is own


NEVER = Metric("Firebreak", "NeverReported", {"service": "fb-b"})


@pytest.mark.parametrize(
    ("metrics", "stack"),
    [
        pytest.param((NEVER,), "fb-b", id="as its stack makes it"),
        pytest.param((replace(NEVER, account=a.ACCOUNT),), "fb-b", id="in the account of the alarm"),
        pytest.param((replace(NEVER, account="222233334444"),), "", id="in another account"),
        pytest.param((replace(NEVER, namespace="Shop"),), "", id="another namespace"),
        pytest.param((replace(NEVER, name="Sweeps"),), "", id="another metric of a stack"),
        pytest.param((replace(NEVER, dimensions={}),), "", id="no stack"),
        pytest.param((replace(NEVER, dimensions={"service": "fb-b", "x": "y"}),), "", id="more dimensions"),
        pytest.param((NEVER, NEVER), "", id="two metrics"),
        pytest.param((), "", id="no metric"),
    ],
)
def test_a_heartbeat_names_its_stack_in_the_metric_that_it_watches(
    metrics: tuple[Metric, ...], stack: str
) -> None:
    assert heartbeat_of(metrics, a.ACCOUNT) == stack


@pytest.mark.parametrize("own", ["firebreak", ""], ids=["a stack", "no stack is known"])
def test_the_heartbeat_of_another_stack_is_left_to_that_one(own: str) -> None:
    named = replace(NEVER, account=a.ACCOUNT)
    check = heartbeat(
        a.request(alarm=a.alarm("any", metrics=(named,))), a.rules(), a.snapshot(stack_name=own)
    )
    expected = (Result.OBJECTED, Reason.OTHER_STACK) if own else (Result.NOT_APPLICABLE, None)
    assert found(check) == expected
    assert (check.guard, check.detail) == (
        "heartbeat",
        "the heartbeat of stack fb-b" if own else "another alarm",
    )


def test_an_alarm_of_a_service_that_is_named_as_a_heartbeat_is_no_heartbeat() -> None:
    target = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "heartbeat")
    check = heartbeat(a.request(alarm=a.alarm("prod-heartbeat"), target=target), a.rules(), a.snapshot())
    assert check.result is Result.NOT_APPLICABLE


def test_the_guard_does_not_speak_to_other_alarms() -> None:
    check = heartbeat(a.request(), a.rules(), a.snapshot())
    assert (check.guard, check.result) == ("heartbeat", Result.NOT_APPLICABLE)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="all is well"),
        pytest.param({"holds": (HOLD,)}, id="a kill switch is held"),
        pytest.param({"target_tags": ABSENT, "plan": ABSENT}, id="its target does not exist"),
        pytest.param({"target_tags": UNREAD, "plan": UNREAD, "alarm": UNREAD}, id="nothing live was read"),
        pytest.param({"target_tags": BLIND, "plan": BLIND, "alarm": BLIND}, id="nothing live could be read"),
        pytest.param({"decided": Decided("k", a.NOW, "refuse", "heartbeat")}, id="it came before"),
    ],
)
def test_a_guard_that_holds_the_heartbeat_comes_first_and_is_recorded(seen: dict[str, Any]) -> None:
    decision = decide(BEAT, a.rules(), a.snapshot(**seen))
    assert (decision.outcome, decision.reason) == (Refuse(), Reason.HEARTBEAT)
    assert decision.disposition is Disposition.RECORD
    assert decision.deciding
    assert decision.deciding.detail == "the heartbeat of stack firebreak"


@pytest.mark.parametrize("dark", [Unknown("ThrottlingException"), NotRead("not asked")])
@pytest.mark.parametrize("name", OF_LEDGER)
def test_a_part_of_the_ledger_that_was_not_read_makes_it_no_heartbeat(
    name: str, dark: Unknown | NotRead
) -> None:
    check = heartbeat(BEAT, a.rules(), a.snapshot(**{name: dark}))
    assert found(check) == (Result.OBJECTED, Reason.HEARTBEAT_BLIND)
    assert check.detail == f"could not look: {dark.why}"


@pytest.mark.parametrize("scope", a.SCOPES, ids=str)
def test_an_unreadable_history_makes_it_no_heartbeat(scope: Any) -> None:
    seen = a.snapshot()
    dark = replace(seen, scopes={**seen.scopes, scope: BLIND})
    assert decide(BEAT, a.rules(), dark).reason is Reason.HEARTBEAT_BLIND


@given(requests, all_rules, snapshots, st.sampled_from([(a.ACCOUNT, a.REGION)]))
def test_no_request_policy_or_snapshot_makes_the_heartbeat_act_or_page(
    request: Request, rules: Rules, seen: Snapshot, place: tuple[str, str]
) -> None:
    named = replace(request.alarm, name=NAME, account=place[0], region=place[1])
    own = replace(request, alarm=named)
    decision = decide(own, rules, seen)
    readings = [getattr(seen, name) for name in OF_LEDGER] + list(seen.scopes.values())
    read = not any(isinstance(one, Unknown | NotRead) for one in readings)
    assert decision.outcome == Refuse()
    assert (decision.reason is Reason.HEARTBEAT) is read
    record = DecisionRecord(
        key=delivery_key(own),
        at=a.NOW,
        kind=own.kind,
        action=own.action,
        incident_id="",
        target=own.target.key,
        alarm=own.alarm,
        decision=decision,
    )
    assert of_decision(record, own.target) is None


def test_neither_reason_is_ever_announced() -> None:
    text = {MEANINGS[reason].disposition for reason in (Reason.HEARTBEAT, Reason.HEARTBEAT_BLIND)}
    assert text == {Disposition.RECORD}


def late(state: IncidentState, minutes: int) -> Overdue:
    return Overdue(f"i-{minutes}", state.value, a.NOW - minutes * MINUTE)


S = IncidentState
EVERY = [late(state, 10 + n) for n, state in enumerate(S)]


def test_nothing_overdue_is_no_time_and_no_lease() -> None:
    assert (oldest_unverified([], a.NOW), stuck_leases([])) == (timedelta(), 0)


def test_the_longest_wait_of_an_act_counts() -> None:
    overdue = [late(S.VERIFYING, 7), late(S.ACTED, 40), late(S.UNCERTAIN, 12)]
    assert oldest_unverified(overdue, a.NOW) == 40 * MINUTE


@pytest.mark.parametrize("state", sorted(S))
def test_an_act_waits_for_its_verdict_in_these_states_only(state: IncidentState) -> None:
    unverified = {S.CLAIMED, S.ACTED, S.UNCERTAIN, S.VERIFYING, S.HOLDING}
    assert (oldest_unverified([late(state, 5)], a.NOW) > timedelta()) is (state in unverified)


def test_a_state_that_a_later_release_wrote_is_no_act_of_this_release() -> None:
    later = Overdue("i-1", "meditating", a.NOW - 60 * MINUTE)
    assert (oldest_unverified([later], a.NOW), stuck_leases([later])) == (timedelta(), 0)


def test_only_claims_are_leases() -> None:
    assert stuck_leases(EVERY) == 1
    assert stuck_leases([late(S.CLAIMED, 3), late(S.CLAIMED, 4)]) == 2


def test_absent_is_read() -> None:
    assert isinstance(a.snapshot().decided, Absent)
    assert decide(BEAT, a.rules(), a.snapshot()).reason is Reason.HEARTBEAT
