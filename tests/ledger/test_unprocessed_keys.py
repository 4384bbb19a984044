"""A key that DynamoDB leaves out of a batch read was not read: it is unknown, never missing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.ledger import delivery_key
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.readings import ABSENT, Unknown
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.switches import Switches
from tests.ledger.tables import Table
from tests.support import builders as a

SWITCHES = (
    "SWITCH#global",
    "SWITCH#action#restart-service",
    f"SWITCH#group#{a.TARGET.group_key}",
    f"SWITCH#target#{a.TARGET.key}",
)


def pk_of(scope: Scope) -> str:
    return f"SCOPE#{scope.level}#{scope.key}"


@pytest.mark.parametrize(
    ("pk", "reading"),
    [
        *[pytest.param(pk, lambda view: view.holds, id=pk.split("#")[1]) for pk in SWITCHES],
        pytest.param(f"DECISION#{delivery_key(a.request())}", lambda view: view.decided, id="decision"),
        pytest.param(f"ALARM#{a.alarm().arn}", lambda view: view.transition, id="alarm"),
        *[
            pytest.param(pk_of(scope), lambda view, scope=scope: view.scopes[scope], id=f"{scope} scope")
            for scope in a.SCOPES
        ],
        pytest.param(pk_of(a.scope(Level.TARGET)), lambda view: view.incident, id="the target's incident"),
    ],
)
def test_a_key_that_dynamodb_did_not_process_is_unknown_not_missing(
    table: Table, pk: str, reading: Callable[[Any], object]
) -> None:
    ledger = DynamoLedger(Unprocessed(table.client, pk), table.name, no_wait)  # type: ignore[arg-type]  # wraps the client
    assert isinstance(reading(ledger.look(a.request(), a.SCOPES)), Unknown)


def test_a_storm_that_dynamodb_did_not_process_is_unknown_not_calm(table: Table) -> None:
    storms = DynamoStorms(Unprocessed(table.client, "STORM"), table.name)  # type: ignore[arg-type]  # wraps the client
    assert isinstance(storms.look(), Unknown)


@pytest.mark.parametrize(("times", "waits"), [(1, [0.05]), (2, [0.05, 0.2])])
def test_a_key_that_was_left_out_is_asked_for_again_after_a_while_and_nothing_else_is(
    table: Table, times: int, waits: list[float]
) -> None:
    slept: list[float] = []
    client = Unprocessed(table.client, "SWITCH#global", times)
    ledger = DynamoLedger(client, table.name, slept.append)  # type: ignore[arg-type]  # wraps the client
    assert ledger.look(a.request(), a.SCOPES).holds == ()
    assert (slept, client.asked[1:]) == (waits, [1] * times)


def test_a_key_left_out_three_times_is_unknown(table: Table) -> None:
    slept: list[float] = []
    client = Unprocessed(table.client, "SWITCH#global")
    ledger = DynamoLedger(client, table.name, slept.append)  # type: ignore[arg-type]  # wraps the client
    assert isinstance(ledger.look(a.request(), a.SCOPES).holds, Unknown)
    assert slept == [0.05, 0.2]


def test_a_switch_that_was_left_out_is_unknown_and_hides_no_other(table: Table) -> None:
    end = a.NOW + timedelta(hours=1)
    kept = Hold("global", "ana", "migration", a.NOW, end)
    Switches(table.client, table.name).pause(kept)
    Switches(table.client, table.name).pause(Hold("action verify", "bo", "x", a.NOW, end))
    client: Any = Unprocessed(table.client, "SWITCH#action#verify")
    pks = ("SWITCH#global", "SWITCH#action#verify", "SWITCH#action#undo")
    found = Switches(client, table.name).each(pks)
    assert found["global"] == (kept,)
    assert isinstance(found["action verify"], Unknown)
    assert found["action undo"] is ABSENT


def no_wait(seconds: float) -> None:
    del seconds


class Unprocessed:
    """A client whose batch reads leave one key out, as often as `times` says."""

    def __init__(self, inner: Any, pk: str, times: int = 99) -> None:
        self.inner, self.pk, self.times = inner, pk, times
        self.asked: list[int] = []

    def batch_get_item(self, **request: Any) -> Any:
        reply = self.inner.batch_get_item(**request)
        self.asked.append(sum(len(wanted["Keys"]) for wanted in request["RequestItems"].values()))
        if len(self.asked) > self.times:
            return reply
        for name, wanted in request["RequestItems"].items():
            left = [key for key in wanted["Keys"] if key["pk"]["S"] == self.pk]
            answered = [item for item in reply["Responses"][name] if item["pk"]["S"] != self.pk]
            reply["Responses"][name] = answered
            reply["UnprocessedKeys"] = {name: {"Keys": left}} if left else {}
        return reply
