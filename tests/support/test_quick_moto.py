"""A client that reaches moto without HTTP gets the same answers and errors; so do plain calls on items."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.core.limits.history import Hold
from tests.support import builders as a
from tests.support import quick_items
from tests.support.quick_moto import call_directly
from tests.support.world import TABLE, create_table, world_on_moto

MINUTE = timedelta(minutes=1)

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ITEM: dict[str, Any] = KEY | {"n": {"N": "1"}, "m": {"M": {"names": {"L": [{"S": "a"}, {"NULL": True}]}}}}
LATER = {"pk": {"S": "p"}, "sk": {"S": "t"}, "attention": {"S": "open"}, "attention_at": {"N": "7"}}
ONLY_NEW = "attribute_not_exists(pk)"

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put_item", {"TableName": TABLE, "Item": ITEM}),
    ("put_item", {"TableName": TABLE, "Item": ITEM, "ConditionExpression": ONLY_NEW}),
    ("put_item", {"TableName": "another", "Item": ITEM}),
    ("put_item", {"TableName": TABLE, "Item": "no item"}),
    ("get_item", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    ("get_item", {"TableName": TABLE, "Key": KEY | {"sk": {"S": "absent"}}}),
    (
        "update_item",
        {
            "TableName": TABLE,
            "Key": KEY,
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": LATER}},
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": ITEM,
                        "ConditionExpression": ONLY_NEW,
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        },
    ),
    ("transact_write_items", {"TransactItems": [{"Put": {"TableName": TABLE, "Item": LATER}}]}),
    ("batch_get_item", {"RequestItems": {TABLE: {"Keys": [KEY]}}}),
    (
        "query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "p"}},
            "Limit": 1,
        },
    ),
    (
        "query",
        {
            "TableName": TABLE,
            "IndexName": "attention",
            "KeyConditionExpression": "attention = :o",
            "ExpressionAttributeValues": {":o": {"S": "open"}},
        },
    ),
    ("scan", {"TableName": TABLE}),
    ("delete_item", {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"}),
    ("scan", {"TableName": TABLE, "Select": "COUNT"}),
]


def outcome(client: Any, name: str, parameters: dict[str, Any]) -> Any:
    try:
        answer = getattr(client, name)(**parameters)
    except ClientError as error:
        return {key: value for key, value in error.response.items() if key != "ResponseMetadata"}, str(error)
    except ParamValidationError as error:
        return str(error)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def outcomes(*, directly: bool) -> list[Any]:
    with mock_aws():
        client = reader(boto3.session.Session(region_name=a.REGION), "dynamodb")
        if directly:
            call_directly(client)
            client.meta.events.register("before-send.dynamodb", sent)
        create_table(client)
        return [outcome(client, name, parameters) for name, parameters in CALLS]


def sent(**_: Any) -> None:
    requests.append(1)


requests: list[int] = []


def test_answers_and_errors_are_those_of_a_client_over_http() -> None:
    assert outcomes(directly=True) == outcomes(directly=False)


def test_only_calls_that_are_not_about_items_go_over_http() -> None:
    requests.clear()
    outcomes(directly=True)
    assert requests == []


def test_plain_calls_are_answered_as_moto_answers_them() -> None:
    with quick_items.compared():
        assert outcomes(directly=True) == outcomes(directly=False)
        alarms_and_pages()


def alarms_and_pages() -> None:
    """Acts, refusals, pages, a pause and their expiry: what the functions ask of the ledger."""
    with world_on_moto() as world:
        world.switches.pause(Hold("action scale-service", "ana", "migration", a.NOW, a.NOW + MINUTE))
        reds = [world.red(f"api-{n}") for n in range(4)]
        assert {world.send(alarm).outcome for alarm in reds} == {"act", "refuse"}
        world.green(reds[0])
        world.pass_time(12 * MINUTE)
        world.sweep()
        for alarm in reds[1:]:
            world.green(alarm)
        world.pass_time(30 * MINUTE)
        world.sweep()
        world.page_sweep()
        assert world.subjects


def test_an_answer_that_differs_from_motos_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quick_items._PLAIN, "get_item", lambda *_: {"Item": KEY})
    with quick_items.compared(), mock_aws():
        client = reader(boto3.session.Session(region_name=a.REGION), "dynamodb")
        call_directly(client)
        create_table(client)
        with pytest.raises(AssertionError):
            client.get_item(TableName=TABLE, Key=KEY)
