"""The condition keys that local AWS gives its check of permissions: partitions of items, types of events."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from firebreak_devtools.local.condition_keys import add_to, events, partitions


def item(partition: str) -> dict[str, Any]:
    return {"TableName": "ledger", "Item": {"pk": {"S": partition}, "sk": {"S": "x"}}}


def key(partition: str) -> dict[str, Any]:
    return {"TableName": "ledger", "Key": {"pk": {"S": partition}, "sk": {"S": "x"}}}


ANOTHER = {"TableName": "another", "Key": {"id": {"S": "1"}}}
TRANSACTION = {"TransactItems": [{"Put": item("INC#1")}, {"ConditionCheck": key("SWITCH#global")}]}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (item("INC#1"), ["INC#1"]),
        (key("OUT#1"), ["OUT#1"]),
        (TRANSACTION, ["INC#1", "SWITCH#global"]),
        ({"TransactItems": [{"Delete": ANOTHER}, {"Put": item("INC#1")}]}, ["", "INC#1"]),
        (ANOTHER, []),
        ({"TableName": "ledger", "KeyConditionExpression": "pk = :p"}, []),
        ({}, []),
    ],
)
def test_an_item_is_written_to_its_partition(asked: dict[str, Any], named: list[str]) -> None:
    assert list(partitions(json.dumps(asked).encode())) == named


def entry(kind: str) -> dict[str, str]:
    return {"Source": "firebreak", "DetailType": kind}


def test_events_of_one_type_have_it_and_those_of_several_have_none() -> None:
    one, other = entry("Firebreak Request"), entry("Firebreak Announcement")
    assert events(json.dumps({"Entries": [one, one]}).encode()) == {
        "events:source": "firebreak",
        "events:detail-type": "Firebreak Request",
    }
    assert events(json.dumps({"Entries": [one, other]}).encode()) == {"events:source": "firebreak"}
    assert events(b"") == {}


def test_each_item_of_a_transaction_is_asked_about_with_its_own_partition() -> None:
    asked: list[Any] = []
    actions = SimpleNamespace(
        dynamodb_service_context=lambda _: {"dynamodb:Select": "ALL"},
        dynamodb_transaction_checks=lambda *_: [
            ("dynamodb:PutItem", "a"),
            ("dynamodb:ConditionCheckItem", "b"),
        ],
        request_tag_context=lambda *_: {},
    )
    evaluator = SimpleNamespace(
        enforce=lambda *_, service_context: asked.append(service_context.get("dynamodb:LeadingKeys"))
    )
    add_to(actions, evaluator)
    body = json.dumps(TRANSACTION).encode()
    context = actions.dynamodb_service_context(body)
    for _ in actions.dynamodb_transaction_checks("dynamodb:TransactWriteItems", body, "eu-west-1", "0"):
        evaluator.enforce(service_context=context | {"dynamodb:EnclosingOperation": ["TransactWriteItems"]})
    evaluator.enforce(service_context=actions.dynamodb_service_context(json.dumps(item("OUT#1")).encode()))
    evaluator.enforce(service_context=None)
    assert asked == [["INC#1"], ["SWITCH#global"], ["OUT#1"], None]
    put = actions.request_tag_context("events", "events:PutEvents", b'{"Entries": []}', {})
    assert put == actions.request_tag_context("sqs", "sqs:SendMessage", b"", {}) == {}
