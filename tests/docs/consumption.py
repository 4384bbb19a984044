"""Counts the request units that DynamoDB would charge, by the sizes of the items of a world.

moto charges nothing, so the rules are here, as AWS's page on read and write operations has them: a write
takes one unit for each KB that is begun, twice that in a transaction, and as much again for each index that
holds all of the item, or one for an index that holds its keys; a consistent read takes one for each 4 KB that
are begun, also of an item that is not there, any other read half of that.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KB = 1024
READ_KB = 4 * KB


@dataclass
class Metered:
    """A client that counts the units of each call that is made by it."""

    inner: Any
    written: int = 0
    read: float = 0

    def put_item(self, **arguments: Any) -> Any:
        done = self.inner.put_item(**arguments)
        self.written += self._write(arguments["TableName"], _key(arguments["Item"]))
        return done

    def update_item(self, **arguments: Any) -> Any:
        done = self.inner.update_item(**arguments)
        self.written += self._write(arguments["TableName"], arguments["Key"])
        return done

    def delete_item(self, **arguments: Any) -> Any:
        self.written += self._write(arguments["TableName"], arguments["Key"])
        return self.inner.delete_item(**arguments)

    def transact_write_items(self, **arguments: Any) -> Any:
        done = self.inner.transact_write_items(**arguments)
        for action in arguments["TransactItems"]:
            for kind, one in action.items():
                key = _key(one["Item"]) if kind == "Put" else one["Key"]
                self.written += 2 * self._write(one["TableName"], key)
        return done

    def get_item(self, **arguments: Any) -> Any:
        reply = self.inner.get_item(**arguments)
        self._reads(reply.get("Item"), consistent=arguments.get("ConsistentRead", False))
        return reply

    def batch_get_item(self, **arguments: Any) -> Any:
        reply = self.inner.batch_get_item(**arguments)
        for table, asked in arguments["RequestItems"].items():
            found = reply["Responses"].get(table, [])
            missing = len(asked["Keys"]) - len(found)
            for item in [*found, *([None] * missing)]:
                self._reads(item, consistent=asked.get("ConsistentRead", False))
        return reply

    def query(self, **arguments: Any) -> Any:
        reply = self.inner.query(**arguments)
        total = sum(map(size, reply["Items"])) or 1
        self.read += math.ceil(total / READ_KB) * (1 if arguments.get("ConsistentRead") else 0.5)
        return reply

    def _reads(self, item: Mapping[str, Any] | None, *, consistent: bool) -> None:
        units = math.ceil(max(1, size(item or {})) / READ_KB)
        self.read += units if consistent else units / 2

    def _write(self, table: str, key: Mapping[str, Any]) -> int:
        item = self.inner.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        units = math.ceil(max(1, size(item)) / KB)
        return units * (1 + ("attention" in item)) + ("listed" in item)

    def __getattr__(self, name: str) -> Any:
        # A call that is not counted would be free.
        if name not in {"exceptions", "meta"}:
            raise AttributeError(f"{name} is not counted")
        return getattr(self.inner, name)


def size(item: Mapping[str, Any]) -> int:
    """The bytes of an item as DynamoDB counts them, near enough for whole KBs."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Any) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _value(one) for name, one in held.items())
        case "L":
            return 3 + sum(1 + _value(one) for one in held)
        case "BOOL" | "NULL":
            return 1
        case "N":
            return len(held) // 2 + 1
        case "SS" | "NS":
            return sum(len(one) for one in held)
        case _:
            return len(held.encode() if isinstance(held, str) else held)


def _key(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("pk", "sk")}
