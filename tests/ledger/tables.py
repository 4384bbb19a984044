"""The ledger's table for the contract suites: on moto, or on any DynamoDB that is named.

`LEDGER_TEST_ENDPOINT=http://127.0.0.1:4566 pytest tests/ledger` runs the same suites
on local AWS; each test then makes a table of its own and drops it.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from firebreak.aws.clients import reader
from tests.support import builders as a
from tests.support.world import create_table

ENDPOINT = os.environ.get("LEDGER_TEST_ENDPOINT", "")


@dataclass(frozen=True)
class Table:
    """An empty ledger table, and a way past the ledger to what is stored."""

    client: Any
    name: str

    def put(self, item: dict[str, Any]) -> None:
        self.client.put_item(TableName=self.name, Item=item)

    def get(self, pk: str, sk: str = "-") -> dict[str, Any] | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        item: dict[str, Any] | None = found.get("Item")
        return item

    def change(self, pk: str, sk: str = "-", **fields: Any) -> None:
        """Set fields of an item, made if it is not there."""
        names = {f"#{name}": name for name in fields}
        values = {f":{name}": value for name, value in fields.items()}
        self.client.update_item(
            TableName=self.name,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def all(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client.scan(TableName=self.name)["Items"]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """One client a module: making one takes longer than most tests."""
    session = boto3.session.Session(region_name=a.REGION)
    if ENDPOINT:
        # Local AWS takes the account for the access key, and refuses any other.
        yield session.client(
            "dynamodb",
            endpoint_url=ENDPOINT,
            aws_access_key_id=a.ACCOUNT,
            aws_secret_access_key="local",
        )
        return
    with mock_aws():
        yield reader(session, "dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> Iterator[Table]:
    """A fresh ledger table."""
    name = f"ledger-{uuid.uuid4().hex[:8]}"
    create_table(dynamodb, name)
    yield Table(dynamodb, name)
    dynamodb.delete_table(TableName=name)
