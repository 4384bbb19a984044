"""The claim: everything that was looked at is compared, everything that is taken is written, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.ledger import ClaimResult, delivery_key
from firebreak.core.limits.history import Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.readings import ABSENT, Unknown
from firebreak.ledger.dynamodb import DynamoLedger
from tests.ledger.claiming import claim_of, climb_of, waiting_to_climb
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.faults import Wrapped

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WON, LOST = ClaimResult.WON, ClaimResult.LOST
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


def pk_of(scope: Scope) -> str:
    return f"SCOPE#{scope.level}#{scope.key}"


@pytest.mark.parametrize("scope", a.SCOPES, ids=str)
@pytest.mark.parametrize("known", [pytest.param(False, id="was missing"), pytest.param(True, id="was there")])
def test_a_scope_that_changed_since_the_look_loses(
    ledger: DynamoLedger, table: Table, scope: Scope, *, known: bool
) -> None:
    if known:
        table.change(pk_of(scope), v=n(1), version=n(4), acts={"M": {}})
    claim = claim_of(ledger)
    table.change(pk_of(scope), v=n(1), version=n(5), acts={"M": {}})
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


@pytest.mark.parametrize(
    "pk",
    [pytest.param(pk_of(scope), id=f"{scope} scope") for scope in a.SCOPES]
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
def test_a_climb_claims_only_the_incident_as_it_was_read(
    ledger: DynamoLedger, table: Table, change: dict[str, Any]
) -> None:
    incident = waiting_to_climb(ledger)
    claim = claim_of(ledger, climb_of(incident))
    table.change(f"INC#{incident.id}", "META", **change)
    assert ledger.claim(claim) is LOST


def test_one_consistent_read_shows_all_but_the_incident_the_target_names(table: Table) -> None:
    client = Wrapped(table.client)
    DynamoLedger(client, table.name).look(a.request(), a.SCOPES)  # type: ignore[arg-type]  # wraps the client
    assert client.calls == ["batch_get_item"]
