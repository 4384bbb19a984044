"""The acts that the ledger remembers: the slots of each target, with their verdicts."""

from collections.abc import Iterator
from functools import partial

from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.readings import Unknown
from firebreak.ledger.items import Fields, Item, read_scope, text
from firebreak.ledger.reads import read_as
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.by_range import Source

_TARGETS = f"SCOPE#{Level.TARGET.value}#"


def acts(source: Source) -> Iterator[Act | Unknown]:
    """Every act of that time, target by target. An item that cannot be read is Unknown. Raises AwsError.

    The whole table is read. A target remembers its acts of the last 31 days before its newest one.
    """
    asked = {
        "TableName": source.table,
        "FilterExpression": "begins_with(pk, :target)",
        "ExpressionAttributeValues": {":target": text(_TARGETS)},
        "ConsistentRead": True,
    }
    for items, _ in ledger_queries.scanned(source.client, asked):
        for item in items:
            yield from _of_target(item, source)
        source.on_page()


def _of_target(item: Item, source: Source) -> Iterator[Act | Unknown]:
    scope = Scope(Level.TARGET, Fields(item).text("pk").removeprefix(_TARGETS))
    found = read_as(item, partial(read_scope, scope))
    if isinstance(found, ScopeHistory):
        yield from (act for act in found.acts if source.first <= act.at < source.until)
    else:
        yield Unknown("an item of a target could not be read")
