"""A client that reaches moto without HTTP gets the same answers and the same errors."""

from typing import Any

import boto3
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from firebreak.aws.clients import reader
from tests.support import builders as a
from tests.support.quick_moto import call_directly
from tests.support.world import TABLE, create_table

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


def test_only_failures_and_calls_that_are_not_about_items_go_over_http() -> None:
    requests.clear()
    outcomes(directly=True)
    assert len(requests) == len(["create_table", "not new", "no such table", "not new in a transaction"])
