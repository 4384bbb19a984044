"""What DynamoDB leaves out of a batch read was not looked at: it is unknown, never missing."""

from collections.abc import Callable
from typing import Any

import pytest

from firebreak.aws.ledger import DynamoLedger
from firebreak.aws.storms import DynamoStorms
from firebreak.core.ledger import delivery_key
from firebreak.core.readings import Unknown
from firebreak.core.scopes import Level, Scope
from tests import builders as a
from tests.aws.conftest import Table

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
    ledger = DynamoLedger(Unprocessed(table.client, pk), table.name)  # type: ignore[arg-type]  # wraps the client
    assert isinstance(reading(ledger.look(a.request(), a.SCOPES)), Unknown)


def test_a_storm_that_dynamodb_did_not_process_is_unknown_not_calm(table: Table) -> None:
    storms = DynamoStorms(Unprocessed(table.client, "STORM"), table.name)  # type: ignore[arg-type]  # wraps the client
    assert isinstance(storms.look(), Unknown)


class Unprocessed:
    """A client whose batch reads leave one key out."""

    def __init__(self, inner: Any, pk: str) -> None:
        self.inner, self.pk = inner, pk

    def batch_get_item(self, **request: Any) -> Any:
        reply = self.inner.batch_get_item(**request)
        for name, wanted in request["RequestItems"].items():
            left = [key for key in wanted["Keys"] if key["pk"]["S"] == self.pk]
            kept = [item for item in reply["Responses"][name] if item["pk"]["S"] != self.pk]
            reply["Responses"][name] = kept
            reply["UnprocessedKeys"] = {name: {"Keys": left}} if left else {}
        return reply
