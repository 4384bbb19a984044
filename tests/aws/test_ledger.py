"""The claim: everything that was looked at is compared, everything that is taken is written, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.aws.ledger import DynamoLedger
from firebreak.core.history import Decided, ScopeHistory, Transition
from firebreak.core.incident import Incident, IncidentState
from firebreak.core.ledger import ClaimResult, delivery_key, scope_keys
from firebreak.core.model import AlarmState, RequestKind, Target
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.rules import Level
from tests import builders as a
from tests.aws.claiming import claim_of, climb_of, waiting_to_climb, won
from tests.aws.conftest import Table
from tests.faults import Wrapped

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WON, LOST = ClaimResult.WON, ClaimResult.LOST
SCOPES = scope_keys(a.TARGET, "restart-service")
WEB = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")
SWITCHES = (
    "SWITCH#global",
    "SWITCH#action#restart-service",
    f"SWITCH#group#{a.TARGET.group_key}",
    f"SWITCH#target#{a.TARGET.key}",
)


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    return DynamoLedger(table.client, table.name)


def n(value: float) -> dict[str, str]:
    return {"N": str(int(value))}


def ms(value: Any) -> dict[str, str]:
    return n(value.timestamp() * 1000)


def scope(level: Level) -> str:
    return f"SCOPE#{level}#{SCOPES[level]}"


def other_alarm(name: str = "api-5xx", **changes: Any) -> Any:
    return a.request(alarm=a.alarm(name), **changes)


def test_an_empty_ledger_shows_that_nothing_is_there(ledger: DynamoLedger) -> None:
    view = ledger.look(a.request())
    assert (view.holds, view.decided, view.transition, view.incident) == ((), ABSENT, ABSENT, ABSENT)
    assert dict(view.scopes) == dict.fromkeys(Level, ABSENT)


def test_a_claim_shows_in_every_scope_and_as_decision_transition_and_incident(ledger: DynamoLedger) -> None:
    claim = won(ledger)
    view = ledger.look(a.request())
    assert view.incident == claim.after
    assert isinstance(view.decided, Decided)
    assert view.transition == Transition(a.alarm().since, AlarmState.ALARM, claim.after.id)
    for level in Level:
        seen = view.scopes[level]
        assert isinstance(seen, ScopeHistory)
        assert [(act.at, act.incident_id, act.rung) for act in seen.acts] == [(a.NOW, claim.after.id, 0)]
        assert seen.incident_id == (claim.after.id if level is Level.TARGET else "")


def test_scopes_are_shared_as_their_names_say(ledger: DynamoLedger) -> None:
    won(ledger)
    elsewhere = ledger.look(a.request(target=WEB, action="scale-service", alarm=a.alarm("web")))
    assert elsewhere.scopes[Level.TARGET] == elsewhere.scopes[Level.ACTION] == ABSENT
    assert isinstance(elsewhere.scopes[Level.GROUP], ScopeHistory)
    assert isinstance(elsewhere.scopes[Level.STACK], ScopeHistory)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a.request(), id="the same delivery"),
        pytest.param(other_alarm(), id="another alarm of the target"),
        pytest.param(other_alarm(action="scale-service"), id="another action on the target"),
        pytest.param(other_alarm(target=WEB), id="another target of the group"),
        pytest.param(
            other_alarm(target=Target(a.ACCOUNT, a.REGION, "ecs", "dev", "web")),
            id="another group of the stack",
        ),
    ],
)
def test_of_two_that_saw_the_same_ledger_one_wins(ledger: DynamoLedger, other: Any) -> None:
    first, second = claim_of(ledger), claim_of(ledger, other, claim_id="claim-2")
    assert (ledger.claim(first), ledger.claim(second)) == (WON, LOST)


def test_the_loser_left_nothing_behind(ledger: DynamoLedger, table: Table) -> None:
    first, second = claim_of(ledger), claim_of(ledger, other_alarm(), claim_id="claim-2")
    ledger.claim(first)
    before = table.all()
    ledger.claim(second)
    assert table.all() == before


def test_many_claims_built_of_one_look_take_one_slot(ledger: DynamoLedger) -> None:
    claims = [claim_of(ledger, other_alarm(f"alarm-{k}"), claim_id=f"claim-{k}") for k in range(10)]
    assert [ledger.claim(claim) for claim in claims].count(WON) == 1


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("known", [pytest.param(False, id="was missing"), pytest.param(True, id="was there")])
def test_a_scope_that_changed_since_the_look_loses(
    ledger: DynamoLedger, table: Table, level: Level, *, known: bool
) -> None:
    if known:
        table.change(scope(level), v=n(1), version=n(4), acts={"M": {}})
    claim = claim_of(ledger)
    table.change(scope(level), v=n(1), version=n(5), acts={"M": {}})
    assert ledger.claim(claim) is LOST


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda table, _: table.change("STORM", tripped_at=n(1)), id="storm tripped"),
        pytest.param(
            lambda table, _: table.change(f"DECISION#{delivery_key(a.request())}", at=n(1)), id="decided"
        ),
        pytest.param(lambda table, claim: table.change(f"RUNG#{claim.after.id}#0", v=n(1)), id="rung taken"),
        pytest.param(
            lambda table, claim: table.change(f"INC#{claim.after.id}", "META", v=n(1)), id="incident opened"
        ),
        pytest.param(
            lambda table, _: table.change(
                f"ALARM#{a.alarm().arn}", v=n(1), last_transition=ms(a.alarm().since + SECOND)
            ),
            id="newer transition",
        ),
    ],
)
def test_anything_else_that_changed_since_the_look_loses(
    ledger: DynamoLedger, table: Table, change: Callable[[Table, Any], None]
) -> None:
    claim = claim_of(ledger)
    change(table, claim)
    assert ledger.claim(claim) is LOST


@pytest.mark.parametrize("pk", SWITCHES)
@pytest.mark.parametrize(
    ("held_until", "result"),
    [
        pytest.param(a.NOW + MINUTE, LOST, id="held"),
        pytest.param(a.NOW - 59 * SECOND, LOST, id="ended within the clock skew"),
        pytest.param(a.NOW - MINUTE, WON, id="ended before it"),
    ],
)
def test_a_switch_thrown_after_the_look_stops_the_claim(
    ledger: DynamoLedger, table: Table, pk: str, held_until: Any, result: ClaimResult
) -> None:
    claim = claim_of(ledger)
    table.change(pk, v=n(1), version=n(1), held_until=ms(held_until), holders={"M": {}})
    assert ledger.claim(claim) is result


def test_a_switch_without_an_end_stops_the_claim(ledger: DynamoLedger, table: Table) -> None:
    claim = claim_of(ledger)
    table.change("SWITCH#global", version=n(1))
    assert ledger.claim(claim) is LOST


def test_a_human_who_overrules_the_switch_may_claim(ledger: DynamoLedger, table: Table) -> None:
    table.change("SWITCH#global", v=n(1), version=n(1), held_until=ms(a.NOW + MINUTE), holders={"M": {}})
    assert ledger.claim(claim_of(ledger, a.request(despite_switch="ana"))) is WON


@pytest.mark.parametrize(
    "pk",
    [pytest.param(scope(level), id=f"scope {level}") for level in Level]
    + [pytest.param(f"ALARM#{a.alarm().arn}", id="alarm")],
)
def test_an_item_of_a_later_version_is_read_but_never_overwritten(
    ledger: DynamoLedger, table: Table, pk: str
) -> None:
    since = ms(a.alarm().since - MINUTE)
    later: dict[str, Any] = {
        "v": n(2),
        "version": n(1),
        "acts": {"M": {}},
        "last_transition": since,
        "state": {"S": "OK"},
    }
    table.change(pk, **later, new={"S": "field"})
    claim = claim_of(ledger)
    assert not any(isinstance(reading, Unknown) for reading in claim.seen.scopes.values())
    assert isinstance(claim.seen.transition, Transition) or claim.seen.transition == ABSENT
    assert ledger.claim(claim) is LOST


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": n(9)}, id="version"),
        pytest.param({"state": {"S": "paged"}}, id="state"),
        pytest.param({"rung": n(0)}, id="rung"),
        pytest.param({"v": n(2)}, id="schema version"),
    ],
)
def test_a_climb_claims_only_the_incident_that_it_saw(
    ledger: DynamoLedger, table: Table, change: dict[str, Any]
) -> None:
    incident = waiting_to_climb(ledger)
    claim = claim_of(ledger, climb_of(incident))
    table.change(f"INC#{incident.id}", "META", **change)
    assert ledger.claim(claim) is LOST


def test_a_climb_claims_its_rung_and_keeps_the_slots_apart(ledger: DynamoLedger) -> None:
    incident = waiting_to_climb(ledger)
    claim = won(ledger, climb_of(incident))
    assert (claim.after.state, claim.after.rung, claim.before) == (IncidentState.CLAIMED, 1, incident)
    history = ledger.look(a.request()).scopes[Level.TARGET]
    assert isinstance(history, ScopeHistory)
    assert [(act.incident_id, act.action, act.rung) for act in history.acts] == [
        (incident.id, "scale-service", 1)
    ]


def test_a_rung_is_claimed_once_even_by_a_request_of_another_kind(ledger: DynamoLedger) -> None:
    incident = waiting_to_climb(ledger)
    climb = climb_of(incident)
    wake = replace(climb, kind=RequestKind.WAKE, attempt=1)
    view = ledger.look(climb)
    first = claim_of(ledger, climb, view=view)
    second = claim_of(ledger, wake, view=ledger.look(wake), claim_id="claim-2")
    assert (ledger.claim(first), ledger.claim(second)) == (WON, LOST)


def test_slots_older_than_any_window_are_forgotten_and_younger_ones_kept(ledger: DynamoLedger) -> None:
    won(ledger, other_alarm("old", target=WEB), at=a.NOW - timedelta(days=32))
    won(ledger, other_alarm("young", target=WEB), at=a.NOW - timedelta(days=30), claim_id="claim-2")
    won(ledger, claim_id="claim-3")
    history = ledger.look(a.request()).scopes[Level.STACK]
    assert isinstance(history, ScopeHistory)
    assert [act.at for act in history.acts] == [a.NOW - timedelta(days=30), a.NOW]


def test_giving_back_frees_exactly_the_slots_of_that_claim(ledger: DynamoLedger) -> None:
    kept = won(ledger, other_alarm(target=WEB), at=a.NOW - MINUTE)
    claim = won(ledger, claim_id="claim-2")
    ledger.give_back(claim)
    view = ledger.look(a.request())
    left = {level: seen.acts for level, seen in view.scopes.items() if isinstance(seen, ScopeHistory)}
    assert [act.incident_id for act in left[Level.STACK]] == [kept.after.id]
    assert [act.incident_id for act in left[Level.GROUP]] == [kept.after.id]
    assert left[Level.TARGET] == ()


def test_giving_back_makes_claims_that_saw_the_slot_look_again(ledger: DynamoLedger) -> None:
    claim = won(ledger)
    seen_before = claim_of(ledger, other_alarm(target=WEB), claim_id="claim-2")
    ledger.give_back(claim)
    assert ledger.claim(seen_before) is LOST


def test_the_incident_is_read_with_the_target_that_names_it(ledger: DynamoLedger) -> None:
    claim = won(ledger)
    other = ledger.look(other_alarm())
    assert isinstance(other.incident, Incident)
    assert other.incident.id == claim.after.id
    assert other.decided == ABSENT


def test_one_consistent_read_shows_all_but_the_incident_the_target_names(table: Table) -> None:
    client = Wrapped(table.client)
    DynamoLedger(client, table.name).look(a.request())  # type: ignore[arg-type]  # wraps the client
    assert client.calls == ["batch_get_item"]
