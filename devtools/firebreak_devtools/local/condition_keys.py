"""Condition keys that AWS sets and the emulator does not. Imported by the launcher, in its interpreter.

The emulator asks its check of permissions about each part of a call; here every question also says to which
partition of the ledger an item is written, or from where an event comes and of which type it is.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

# The partition key of the ledger; no other table here is bound by it.
PARTITION = "pk"
OF_A_TRANSACTION = "dynamodb:EnclosingOperation"
_LEFT: ContextVar[deque[str]] = ContextVar("partitions of the items of a transaction")


def add_to(actions: Any, evaluator: Any) -> None:
    """Give the emulator's modules for actions and for permissions the keys."""
    actions.dynamodb_service_context = _with_partition(actions.dynamodb_service_context)
    actions.dynamodb_transaction_checks = _remembering(actions.dynamodb_transaction_checks)
    actions.request_tag_context = _with_event(actions.request_tag_context)
    evaluator.enforce = _of_its_item(evaluator.enforce)


def partitions(body: bytes) -> Iterator[str]:
    """The partitions of the items that a call names, in its order.

    One for each item of a transaction, empty where it has none: each check takes that of its own item.
    """
    asked = json.loads(body or b"{}")
    if items := [part for one in asked.get("TransactItems", ()) for part in one.values()]:
        yield from map(_partition, items)
    elif found := _partition(asked):
        yield found


def _partition(asked: Mapping[str, Any]) -> str:
    return str((asked.get("Item") or asked.get("Key") or {}).get(PARTITION, {}).get("S", ""))


def events(body: bytes) -> dict[str, str]:
    """The source and the type of the events of a call, where all have the same."""
    entries = json.loads(body or b"{}").get("Entries", ())
    named = {"events:source": "Source", "events:detail-type": "DetailType"}
    found = {key: {one.get(name) for one in entries} for key, name in named.items()}
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def _with_partition(before: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    def context(body: bytes) -> dict[str, Any]:
        named = list(partitions(body))
        return before(body) | ({"dynamodb:LeadingKeys": named} if named else {})

    return context


def _remembering(before: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def checks(action: str, body: bytes, *place: str) -> list[Any]:
        found = before(action, body, *place)
        _LEFT.set(deque(partitions(body)))
        return found

    return checks


def _of_its_item(before: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(*asked: Any, service_context: Mapping[str, Any] | None = None, **more: Any) -> Any:
        context = dict(service_context or {})
        if OF_A_TRANSACTION in context and (left := _LEFT.get()):
            context["dynamodb:LeadingKeys"] = [left.popleft()]
        return before(*asked, service_context=context, **more)

    return enforce


def _with_event(before: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        found = before(service, action, body, params)
        return found | (events(body) if action == "events:PutEvents" else {})

    return context
