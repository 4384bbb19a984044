"""Counts the outside calls of a worker: a wrapper around its clients that notes every call.

It can also refuse as DynamoDB does and the emulator does not: see `Traffic`.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

TRANSACTION = "transact_write_items"
WRITES = frozenset({TRANSACTION, "put_item", "update_item", "delete_item"})
NOT_CALLS = frozenset({"exceptions", "meta", "get_paginator"})
CONFLICT = "TransactionConflict"


@dataclass(frozen=True, slots=True)
class Write:
    """One write to the ledger: when it was under way, the items it named, and those it was refused for."""

    start: float
    end: float
    operation: str
    items: tuple[str, ...]
    lost_on: tuple[str, ...] = ()

    @property
    def is_claim(self) -> bool:
        """Whether it would take slots: only a claim names the stack's scope."""
        return any(item.startswith("SCOPE#stack") for item in self.items)


@dataclass
class Traffic:
    """Which items are being written at this moment, by all workers of a process.

    DynamoDB refuses a transaction that meets another write of one of its items, and a plain write
    that meets a transaction. The emulator carries out one call at a time, so nobody meets anybody.
    """

    _transactions: Counter[str] = field(default_factory=Counter)
    _plain: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def under_way(self, operation: str, items: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Gives the items that another worker is writing. If none, this writer holds its items meanwhile."""
        own = self._transactions if operation == TRANSACTION else self._plain
        with self._lock:
            others = self._transactions + (self._plain if operation == TRANSACTION else Counter())
            met = tuple(item for item in items if others[item])
            if not met:
                own.update(items)
        try:
            yield met
        finally:
            if not met:
                with self._lock:
                    own.subtract(items)


@dataclass
class Notes:
    """The outside calls of all workers of a process; safe to share between threads."""

    calls: Counter[str] = field(default_factory=Counter)
    writes: list[Write] = field(default_factory=list)
    traffic: Traffic | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, name: str) -> None:
        """Count a call."""
        with self._lock:
            self.calls[name] += 1

    def write(self, write: Write) -> None:
        """Keep a write."""
        with self._lock:
            self.writes.append(write)


class Watched:
    """A client whose calls are noted as `service.operation`, writes to the ledger with their items."""

    def __init__(self, inner: Any, service: str, notes: Notes) -> None:
        self._inner = inner
        self._service = service
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in NOT_CALLS or not callable(found):
            return found
        return self._noted(name, found)

    def _noted(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self._notes.call(f"{self._service}.{name}")
            return self._written(name, found, arguments) if name in WRITES else found(**arguments)

        return call

    def _written(self, name: str, found: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        items, start = items_of(name, arguments), time.time()
        lost: tuple[str, ...] = ()
        try:
            if self._notes.traffic is None:
                return found(**arguments)
            with self._notes.traffic.under_way(name, items) as met:
                return self._refused(name, arguments, met) if met else found(**arguments)
        except ClientError as error:
            lost = lost_items(error, items)
            raise
        finally:
            self._notes.write(Write(start, time.time(), name, items, lost))

    def _refused(self, name: str, arguments: Mapping[str, Any], met: tuple[str, ...]) -> Any:
        # A refusal takes a round trip as well; without it, trying again at once would be for nothing.
        table = arguments.get("TableName") or next(iter(arguments["TransactItems"][0].values()))["TableName"]
        self._inner.get_item(TableName=table, Key={"pk": {"S": "nothing"}, "sk": {"S": "nothing"}})
        raise self._conflict(name, items_of(name, arguments), met)

    def _conflict(self, name: str, items: tuple[str, ...], met: tuple[str, ...]) -> ClientError:
        if name != TRANSACTION:
            return ClientError({"Error": {"Code": f"{CONFLICT}Exception"}}, name)
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": CONFLICT if item in met else "None"} for item in items],
        }
        cancelled: ClientError = self._inner.exceptions.TransactionCanceledException(answer, name)
        return cancelled


def items_of(operation: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The items that a write names, in its order."""
    if operation != TRANSACTION:
        return (_place(arguments),)
    return tuple(_place(next(iter(one.values()))) for one in arguments["TransactItems"])


def _place(write: Mapping[str, Any]) -> str:
    key = write.get("Key") or write["Item"]
    return f"{key['pk']['S']} {key['sk']['S']}"


def lost_items(error: ClientError, items: tuple[str, ...]) -> tuple[str, ...]:
    """The items on which a write was refused; all of them when the answer does not say."""
    reasons: list[Any] = list(error.response.get("CancellationReasons", []))
    lost = [item for item, one in zip(items, reasons, strict=False) if one.get("Code") not in {None, "None"}]
    return tuple(lost) or items


def kind_of(item: str) -> str:
    """The sort of an item: its scope's level, its switch's kind, or its first word."""
    parts = item.partition(" ")[0].split("#")
    return "#".join(parts[:2]) if parts[0] in {"SCOPE", "SWITCH"} else parts[0]


def lost_claims(writes: Iterable[Write]) -> int:
    """The claims that others were faster than."""
    return sum(write.is_claim and bool(write.lost_on) for write in writes)


def meetings(writes: Iterable[Write]) -> Counter[str]:
    """How often a write began while another one of the same item was under way, by sort of item.

    Counted only where one of the two is a transaction: these DynamoDB may refuse as a
    TransactionConflict. The emulator never does, so this is the most it could have been.
    """
    by_item: dict[str, list[Write]] = {}
    for write in writes:
        for item in write.items:
            by_item.setdefault(item, []).append(write)
    found: Counter[str] = Counter()
    for item, of_item in by_item.items():
        found[kind_of(item)] += sum(_met(sorted(of_item, key=lambda one: one.start)))
    return +found


def _met(writes: list[Write]) -> Iterable[bool]:
    """For each write, whether it met one that began before it."""
    any_until = transaction_until = 0.0
    for write in writes:
        transaction = write.operation == TRANSACTION
        yield write.start < (any_until if transaction else transaction_until)
        any_until = max(any_until, write.end)
        if transaction:
            transaction_until = max(transaction_until, write.end)
