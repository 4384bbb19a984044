"""The tests' ledger is the template's: otherwise they ask indexes that are not there."""

from typing import Any

from tests.contracts.template import template
from tests.support.world import create_table


class Recorded:
    """A client that only remembers how the table was to be made."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def create_table(self, **asked: Any) -> None:
        self.asked = asked


def test_the_tests_make_the_ledger_with_the_keys_and_indexes_of_the_template() -> None:
    client, made = Recorded(), template()["Resources"]["Ledger"]["Properties"]
    create_table(client)
    for part in ("KeySchema", "GlobalSecondaryIndexes", "BillingMode"):
        assert client.asked[part] == made[part]
    assert {one["AttributeName"]: one["AttributeType"] for one in client.asked["AttributeDefinitions"]} == {
        one["AttributeName"]: one["AttributeType"] for one in made["AttributeDefinitions"]
    }
