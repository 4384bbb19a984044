"""moto's DynamoDB with the plain calls on items answered here, in a tenth of moto's time.

`rows_of` are the items of moto's table, as they are sent; a row is never changed, only replaced, and each
answer is copied on its way to the client. Calls that are not plain (an unusual parameter, a mistake) are left
to moto: its table gets the items, and its result becomes the rows. Under `compared` moto answers every call
as well, and both must agree.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ConditionalCheckFailed, TransactionCanceledException
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.parsing.key_condition_expression import parse_expression
from moto.dynamodb.responses import DynamoHandler

from tests.support import dynamodb_expressions as expressions
from tests.support.dynamodb_expressions import Item, Names, Unsupported, Values, projected

type Place = tuple[str, str]
type Rows = dict[Place, Item]
type Body = Mapping[str, Any]
type Find = Callable[[str], Table]

# Longer ones may be too long for an item, an answer or a key: moto counts exactly.
LONG_ITEM, LONG_ANSWER, LONG_KEY = 300_000, 800_000, 1_000
MOST_IN_A_TRANSACTION, MOST_IN_A_BATCH = 25, 100

_OF_A_QUERY = ("IndexName", "ScanIndexForward")
# Sets without a member, and binary values.
_UNUSUAL = ('"SS": []', '"NS": []', '{"B": ', '{"BS": ')
# Nothing reads the first two, and moto counts the scanned items in its own way.
_NOT_COMPARED = ("ConsumedCapacity", "ItemCollectionMetrics", "ScannedCount")
_one_at_a_time = threading.RLock()
_comparing: list[bool] = []


def install() -> None:
    """Answer the calls on items here, for this process and for every client."""
    for name in _PLAIN:
        setattr(DynamoHandler, name, _answering(name))


def _answering(name: str) -> Callable[[DynamoHandler], Any]:
    def answered(handler: DynamoHandler) -> Any:
        with _one_at_a_time:
            return _both(handler, name) if _comparing else _answer(handler, name)

    return answered


@contextmanager
def compared() -> Iterator[None]:
    """Let moto answer every call as well. Raises AssertionError where it answers otherwise."""
    _comparing.append(True)
    try:
        yield
    finally:
        _comparing.pop()


def _answer(handler: DynamoHandler, name: str) -> Any:
    try:
        return ActionResult(_PLAIN[name](handler.body, handler.dynamodb_backend.get_table))
    except Unsupported:
        return _left_to_moto(handler, name)


def _left_to_moto(handler: DynamoHandler, name: str) -> Any:
    for table in handler.dynamodb_backend.tables.values():
        table.items.clear()
        for row in rows_of(table).values():
            key, place = (DynamoType(row[attr]) for attr in _keys(table))
            table.items[key][place] = MotoItem(key, place, row)
    try:
        return _by_moto[name](handler)
    finally:
        for table in handler.dynamodb_backend.tables.values():
            held = [item for ranged in table.items.values() for item in ranged.values()]
            rows = [json.loads(dynamo_json_dump(item.to_json()["Attributes"])) for item in held]
            vars(table)["rows"] = {_place(row, table): row for row in rows}


def _both(handler: DynamoHandler, name: str) -> Any:
    backend, asked = handler.dynamodb_backend, dynamo_json_dump(handler.body)
    before = {table.name: dict(rows_of(table)) for table in backend.tables.values()}
    plain, found = _outcome(lambda: _answer(handler, name))
    after = {table.name: rows_of(table) for table in backend.tables.values()}
    for table in backend.tables.values():
        vars(table)["rows"] = before[table.name]
    of_moto, _ = _outcome(lambda: _left_to_moto(handler, name))
    assert plain == of_moto, (name, asked)
    assert after == {table.name: rows_of(table) for table in backend.tables.values()}, (name, asked)
    if isinstance(found, Exception):
        raise found
    return found


def _outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """The part of an answer or error that is compared, and the answer or error itself."""
    try:
        result = call()
    except Exception as error:  # noqa: BLE001 - moto must raise the same error
        return getattr(error, "description", str(error)), error
    seen = {name: value for name, value in result.result.items() if not name.startswith(_NOT_COMPARED)}
    return json.dumps(json.loads(dynamo_json_dump(seen)), sort_keys=True), result


def rows_of(table: Table) -> Rows:
    """The items of a table by their keys."""
    rows: Rows = vars(table).setdefault("rows", {})
    return rows


def _keys(table: Table) -> tuple[str, str]:
    if table.range_key_attr is None or {table.hash_key_type, table.range_key_type} != {"S"}:
        raise Unsupported("keys that are no two strings")
    return table.hash_key_attr, table.range_key_attr


def _copied(value: Any) -> Any:
    """A copy that shares no part with the value."""
    return json.loads(json.dumps(value))


def _place(item: Item, table: Table) -> Place:
    """The key of an item, or of a key."""
    first, second = (item.get(attr, {}).get("S") for attr in _keys(table))
    if not first or not second or max(len(first), len(second)) > LONG_KEY:
        raise Unsupported("a key that is missing, empty or long")
    return first, second


def _key(body: Body, table: Table) -> Place:
    if set(body["Key"]) != set(_keys(table)):
        raise Unsupported("another key")
    return _place(body["Key"], table)


def _only(body: Body, *known: str) -> None:
    if not set(body) <= {"TableName", "ExpressionAttributeNames", "ExpressionAttributeValues", *known}:
        raise Unsupported("an unusual parameter")


def _uses(body: Body, *compiled: expressions.Compiled[Any]) -> tuple[Names, Values]:
    """The names and values of the expressions. Raises Unsupported where one is missing or not used."""
    names, values = body.get("ExpressionAttributeNames"), body.get("ExpressionAttributeValues")
    if names == {} or values == {}:
        raise Unsupported("no names, or no values")
    if set(names or ()) != {name for one in compiled for name in one.names}:
        raise Unsupported("other names")
    if set(values or ()) != {value for one in compiled for value in one.values}:
        raise Unsupported("other values")
    return names or {}, values or {}


def _expressions(body: Body, **kinds: Callable[[str], expressions.Compiled[Any]]) -> list[Any]:
    """The compiled expressions of these parameters (None for a missing one), then names and values."""
    found = [kind(body[name]) if name in body else None for name, kind in kinds.items()]
    return [*(one and one.run for one in found), *_uses(body, *(one for one in found if one))]


def _checked(row: Item, table: Table) -> Item:
    """The row. Raises Unsupported where it may be too large or a key of an index has another type."""
    dumped = json.dumps(row)
    if len(dumped) > LONG_ITEM or any(part in dumped for part in _UNUSUAL):
        raise Unsupported("an unusual item")
    kinds = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    for name, kind in kinds.items():
        if name in row and not row[name].get(kind):
            raise Unsupported("an unusual key of an index")
    return row


def _fails(test: expressions.Test | None, row: Item | None, names: Names, values: Values) -> bool:
    return test is not None and not test(row or {}, names, values)


def _get(body: Body, find: Find) -> dict[str, Any]:
    _only(body, "Key", "ConsistentRead", "ProjectionExpression")
    table = find(body["TableName"])
    wanted, names, _ = _expressions(body, ProjectionExpression=expressions.projection)
    row = rows_of(table).get(_key(body, table))
    if row is None:
        return {}
    return {"Item": projected(row, wanted, names) if wanted else row}


def _batch(body: Body, find: Find) -> dict[str, Any]:
    if set(body) != {"RequestItems"}:
        raise Unsupported("an unusual parameter")
    found: dict[str, list[Item]] = {}
    for name, asked in body["RequestItems"].items():
        if not set(asked) <= {"Keys", "ConsistentRead"} or len(asked["Keys"]) > MOST_IN_A_BATCH:
            raise Unsupported("an unusual batch")
        table = find(name)
        places = [_key({"Key": key}, table) for key in asked["Keys"]]
        if len(set(places)) < len(places) or len(body["RequestItems"]) > 1:
            raise Unsupported("an unusual batch")
        held = rows_of(table)
        found[name] = [held[place] for place in places if place in held]
    return _short({"Responses": found, "UnprocessedKeys": {}})


def _short(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer. Raises Unsupported where it may be too long, for moto cuts it."""
    if len(json.dumps(answer)) > LONG_ANSWER:
        raise Unsupported("a long answer")
    return answer


def _put(body: Body, find: Find) -> dict[str, Any]:
    _only(body, "Item", "ConditionExpression")
    table = find(body["TableName"])
    test, names, values = _expressions(body, ConditionExpression=expressions.condition)
    place, row = _place(body["Item"], table), _checked(body["Item"], table)
    if _fails(test, rows_of(table).get(place), names, values):
        raise ConditionalCheckFailed
    rows_of(table)[place] = _copied(row)
    return {}


def _delete(body: Body, find: Find) -> dict[str, Any]:
    _only(body, "Key", "ConditionExpression")
    table = find(body["TableName"])
    test, names, values = _expressions(body, ConditionExpression=expressions.condition)
    place = _key(body, table)
    if _fails(test, rows_of(table).get(place), names, values):
        raise ConditionalCheckFailed
    rows_of(table).pop(place, None)
    return {}


def _update(body: Body, find: Find) -> dict[str, Any]:
    _only(body, "Key", "UpdateExpression", "ConditionExpression", "ReturnValues")
    wanted = body.get("ReturnValues", "NONE")
    if wanted not in ("NONE", "ALL_NEW", "ALL_OLD"):
        raise Unsupported(wanted)
    table = find(body["TableName"])
    before, after = _updated(body, table)
    if after is None:
        raise ConditionalCheckFailed
    rows_of(table)[_key(body, table)] = after
    returned = {"ALL_NEW": after, "ALL_OLD": before}.get(wanted)
    return {"Attributes": returned} if returned else {}


def _updated(body: Body, table: Table) -> tuple[Item | None, Item | None]:
    """The item before and after an update; None after it where the condition fails."""
    if "UpdateExpression" not in body:
        raise Unsupported("no expression")
    test, changes, names, values = _expressions(
        body, ConditionExpression=expressions.condition, UpdateExpression=expressions.update
    )
    before = rows_of(table).get(_key(body, table))
    if _fails(test, before, names, values):
        return before, None
    old: Item = before if before is not None else body["Key"]
    after: Item = _copied(old)
    for change in changes:
        change(old, after, names, values)
    if any(after.get(attr) != body["Key"][attr] for attr in _keys(table)):
        raise Unsupported("a change of the key")
    return before, _checked(_copied(after), table)


def _transact(body: Body, find: Find) -> dict[str, Any]:
    if not set(body) <= {"TransactItems", "ClientRequestToken"}:
        raise Unsupported("an unusual parameter")
    steps = [(kind, step) for one in body["TransactItems"] for kind, step in one.items()]
    if len(steps) != len(body["TransactItems"]) or len(steps) > MOST_IN_A_TRANSACTION:
        raise Unsupported("an unusual transaction")
    written = [_step(kind, step, find(step["TableName"])) for kind, step in steps]
    places = [(step["TableName"], place) for (_, step), (place, _) in zip(steps, written, strict=True)]
    if len(set(places)) < len(places):
        raise Unsupported("one item twice")
    if any(isinstance(done, ConditionalCheckFailed) for _, done in written):
        raise TransactionCanceledException([_reason(done) for _, done in written])
    for (kind, step), (place, done) in zip(steps, written, strict=True):
        if kind == "Delete":
            rows_of(find(step["TableName"])).pop(place, None)
        elif kind != "ConditionCheck":
            assert isinstance(done, dict)
            rows_of(find(step["TableName"]))[place] = done
    return {}


def _step(kind: str, step: Body, table: Table) -> tuple[Place, Item | ConditionalCheckFailed | None]:
    """The place of one step of a transaction, and the row that it writes, or its failure."""
    _only(step, "Key", "Item", "ConditionExpression", "UpdateExpression")
    if kind == "Update":
        _, after = _updated(step, table)
        return _key(step, table), ConditionalCheckFailed() if after is None else after
    test, names, values = _expressions(step, ConditionExpression=expressions.condition)
    place = _place(step["Item"], table) if kind == "Put" else _key(step, table)
    if _fails(test, rows_of(table).get(place), names, values):
        return place, ConditionalCheckFailed()
    return place, _copied(_checked(step["Item"], table)) if kind == "Put" else None


def _reason(done: Item | ConditionalCheckFailed | None) -> tuple[str | None, str | None, None]:
    if isinstance(done, ConditionalCheckFailed):
        return "ConditionalCheckFailed", str(done.message), None
    return None, None, None


def _query(body: Body, find: Find) -> dict[str, Any]:
    _only(
        body, "KeyConditionExpression", "FilterExpression", "ConsistentRead", "Select", "Limit", *_OF_A_QUERY
    )
    table = find(body["TableName"])
    if "KeyConditionExpression" not in body or (body.get("ConsistentRead") and "IndexName" in body):
        raise Unsupported("an unusual query")
    key, test, names, values = _expressions(
        body, KeyConditionExpression=expressions.condition, FilterExpression=expressions.condition
    )
    _require_key_condition(body, table)
    found = [row for row in _listed(table, body.get("IndexName")) if key(row, names, values)]
    return _page(body, found[::-1] if body.get("ScanIndexForward") is False else found, test, names, values)


def _require_key_condition(body: Body, table: Table) -> None:
    """Lets moto raise its error for a key condition that is not valid."""
    name = body.get("IndexName")
    schema = table.get_index(name, error_if_not=True).schema if name else table.schema
    parse_expression(
        key_condition_expression=body["KeyConditionExpression"],
        expression_attribute_names=body.get("ExpressionAttributeNames", {}),
        expression_attribute_values=body.get("ExpressionAttributeValues", {}),
        schema=schema,
    )


def _listed(table: Table, index_name: str | None) -> list[Item]:
    """The items of the table, or of an index, in order."""
    ordered = [row for _, row in sorted(rows_of(table).items())]
    if index_name is None:
        return ordered
    index = table.get_index(index_name, error_if_not=True)
    keys = [one["AttributeName"] for one in index.schema]
    inside = [row for row in ordered if all(key in row for key in keys)]
    inside.sort(key=lambda row: [_ranked(row[key]) for key in keys])
    kind = index.projection["ProjectionType"]
    if kind == "ALL":
        return inside
    wanted = [*_keys(table), *keys, *index.projection.get("NonKeyAttributes", [])]
    return [projected(row, wanted, {}) for row in inside]


def _ranked(value: Mapping[str, Any]) -> Any:
    return value["S"] if "S" in value else Decimal(value["N"])


def _scan(body: Body, find: Find) -> dict[str, Any]:
    _only(body, "FilterExpression", "ProjectionExpression", "ConsistentRead", "Select", "Limit")
    test, wanted, names, values = _expressions(
        body, FilterExpression=expressions.condition, ProjectionExpression=expressions.projection
    )
    found = _listed(find(body["TableName"]), None)
    page = _page(body, found, test, names, values)
    if wanted:
        page["Items"] = [projected(row, wanted, names) for row in page["Items"]]
    return page


def _page(
    body: Body, found: Sequence[Item], test: expressions.Test | None, names: Names, values: Values
) -> dict[str, Any]:
    if body.get("Select", "COUNT") != "COUNT" or len(found) > body.get("Limit", len(found)):
        raise Unsupported("a part of what there is")
    matching = [row for row in found if not _fails(test, row, names, values)]
    answer = _short({"Count": len(matching), "ScannedCount": len(found), "Items": matching})
    if "Select" in body:
        del answer["Items"]
    return answer


_PLAIN: Mapping[str, Callable[[Body, Find], dict[str, Any]]] = {
    "batch_get_item": _batch,
    "delete_item": _delete,
    "get_item": _get,
    "put_item": _put,
    "query": _query,
    "scan": _scan,
    "transact_write_items": _transact,
    "update_item": _update,
}
_by_moto = {name: getattr(DynamoHandler, name) for name in _PLAIN}
