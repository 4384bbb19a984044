"""moto's DynamoDB without the work that changes nothing: a tenth of the time of every test on it.

`quick_items` answers the plain calls; moto has the others. moto 5 copies a whole table once for each item of
a transaction, to roll it back; only the items that the transaction names can change, so only those are copied
here. It looks for ten members in each value of each item that it returns, under several names; a value is
already in the form that is sent. And it compares keys by reading their values each time; here they are read
once.

`call_directly` leaves out HTTP as well: botocore checks the request, and the handler answers.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.parsers import create_parser
from botocore.validate import ParamValidator
from moto.core import serialize
from moto.core.exceptions import ServiceException
from moto.core.model import StructureShape
from moto.core.models import DEFAULT_ACCOUNT_ID, RESPONSES_METHODS
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from tests.support import quick_items

_WITHOUT_HTTP = frozenset(
    {"BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactWriteItems", "UpdateItem"}
    | {"CreateTable", "DeleteTable", "ListTables"}
)
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
    quick_items.install()
    # Otherwise each start of moto mocks every URL of AWS for the library `requests`, which no test here uses.
    RESPONSES_METHODS.clear()
    Table.all_items = _in_order  # type: ignore[assignment, method-assign]  # each table of these tests has a range key


def call_directly(client: Any) -> None:
    """Let this client's calls that read or change items reach moto without HTTP, which is most of their time.

    A test of the way itself (a hook before the request is sent, retries, a hung connection) needs a client
    without it.
    """
    over_http = client._make_api_call

    def call(name: str, params: Mapping[str, Any]) -> Any:
        return _answered(client, name, params) if name in _WITHOUT_HTTP else over_http(name, params)

    client._make_api_call = call


def _answered(client: Any, name: str, params: Mapping[str, Any]) -> Any:
    model = client.meta.service_model.operation_model(name)
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    handler = DynamoHandler()
    handler.region, handler.current_account = client.meta.region_name, DEFAULT_ACCOUNT_ID
    handler.body = handler.params = json.loads(json.dumps(params))
    try:
        result = getattr(handler, camelcase_to_underscores(name))().result
    except (HTTPException, ServiceException) as error:
        raise _as_sent(client, model, error) from None
    answer = json.loads(json.dumps(result, default=str))  # as over HTTP, nothing in it is the table's own
    known = {name: value for name, value in answer.items() if name in model.output_shape.members}
    return known | {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}


def _as_sent(client: Any, model: Any, error: Any) -> Exception:
    """The error that botocore makes of moto's."""
    body = getattr(error, "description", "")
    sent = {"status_code": 400, "headers": {}, "body": str(body).encode()}
    parser = create_parser(model.service_model.resolved_protocol)
    parsed = parser.parse(sent, model.output_shape)
    code = parsed["Error"]["Code"]
    if shape := model.service_model.shape_for_error_code(code):
        parsed |= parser.parse(sent, shape)
    raised: type[Exception] = client.exceptions.from_code(code)
    return raised(parsed, model.name)


def _in_order(table: Table) -> list[Item]:
    items = [item for ranged in table.items.values() for item in ranged.values()]
    return sorted(items, key=lambda item: tuple(key.cast_value for key in (item.hash_key, item.range_key)))


class _ValuesAsTheyAre(serialize.JSONSerializer):
    """Serializes an item's values as moto stores them: `{"S": "api"}`."""

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
