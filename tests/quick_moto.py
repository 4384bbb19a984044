"""moto's DynamoDB without the work that changes nothing: a quarter of the time of every test on it.

moto 5 copies a whole table once for each item of a transaction, to go back to it; only what the transaction
names can change, so only that is copied here. And it looks for ten members in each value of each item that
it returns, under several spellings; a value is what will be sent already.
"""

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from moto.core import serialize
from moto.core.model import StructureShape
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_in_whole = models.DynamoDBBackend.transact_write_items


@dataclass(frozen=True, slots=True)
class _Running:
    """A transaction, and the tables as they were before it, by name."""

    operations: Sequence[Mapping[str, Any]]
    before: dict[str, Table] = field(default_factory=dict)


_running: ContextVar[_Running] = ContextVar("_running")


def install() -> None:
    """Let moto's DynamoDB be quick, for this process."""
    serialize.SERVICE_SPECIFIC_SERIALIZERS["dynamodb"] = {"json": _ValuesAsTheyAre}
    models.DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment, method-assign]  # nothing takes it
    models.copy = SimpleNamespace(deepcopy=_copied)  # type: ignore[assignment, attr-defined]  # the module's import


class _ValuesAsTheyAre(serialize.JSONSerializer):
    """Spells an item's values as moto keeps them: `{"S": "api"}`."""

    def _serialize_type_structure(self, serialized: Any, value: Any, shape: StructureShape, key: str) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict):
            self._default_serialize(serialized, value, shape, key)
        else:
            super()._serialize_type_structure(serialized, value, shape, key)


def _transact(backend: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    token = _running.set(_Running([operation for item in transact_items for operation in item.values()]))
    try:
        _in_whole(backend, transact_items)
    finally:
        _running.reset(token)


def _copied(thing: Any) -> Any:
    running = _running.get(None)
    if running is None or not isinstance(thing, Table):
        return copy.deepcopy(thing)
    if thing.name not in running.before:
        running.before[thing.name] = _before(thing, running.operations)
    return running.before[thing.name]


def _before(table: Table, operations: Sequence[Mapping[str, Any]]) -> Table:
    before = copy.copy(table)
    before.items = defaultdict(dict, {key: dict(items) for key, items in table.items.items()})
    for operation in operations:
        named = operation.get("Key") or operation["Item"]
        key, place = (DynamoType(named[name]) for name in (table.hash_key_attr, table.range_key_attr))
        if place in before.items.get(key, {}):
            before.items[key][place] = copy.deepcopy(table.items[key][place])
    return before
