"""The memory of how channels fared: in the ledger's table, and the one that stands in for it."""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.paging.channel_breaker import TURN, Health, failed, trying
from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import Throttled, Unavailable
from firebreak.ledger.channel_health import DynamoChannelHealth
from firebreak.paging.ports import ChannelHealth
from tests.ledger.tables import Table, dynamodb, table
from tests.support import builders as a
from tests.support.fakes_channels import FakeChannelHealth
from tests.support.faults import NO_CONNECTION, Wrapped, answer, fail

__all__ = ["dynamodb", "table"]

ONCE = failed(Health(), a.NOW)


@pytest.fixture(params=["fake", "dynamodb"])
def memory(request: Any) -> ChannelHealth:
    if request.param == "fake":
        return FakeChannelHealth()
    stored: Table = request.getfixturevalue("table")
    return DynamoChannelHealth(stored.client, stored.name)


def test_nothing_is_remembered_of_a_channel_that_never_failed(memory: ChannelHealth) -> None:
    assert memory.look("slack") == ABSENT


def test_stored_health_is_read_back_with_the_next_version(memory: ChannelHealth) -> None:
    assert memory.keep("slack", ONCE, a.NOW) is True
    assert memory.look("slack") == Health(failures=1, failed_at=a.NOW, version=1)
    found = memory.look("slack")
    assert isinstance(found, Health)
    assert memory.keep("slack", trying(found, a.NOW), a.NOW) is True
    expected = Health(failures=1, failed_at=a.NOW, tried_until=a.NOW + TURN, version=2)
    assert memory.look("slack") == expected


def test_each_channel_is_remembered_by_itself(memory: ChannelHealth) -> None:
    memory.keep("slack", ONCE, a.NOW)
    assert memory.look("hook") == ABSENT


def test_a_write_on_an_older_version_is_refused(memory: ChannelHealth) -> None:
    """One of two pages that both want the one try gets it."""
    memory.keep("slack", ONCE, a.NOW)
    found = memory.look("slack")
    assert isinstance(found, Health)
    turns = [memory.keep("slack", trying(found, a.NOW), a.NOW) for _ in range(2)]
    assert turns == [True, False]
    assert memory.keep("slack", ONCE, a.NOW) is False


def test_the_item_has_its_version_and_an_end(table: Table) -> None:
    DynamoChannelHealth(table.client, table.name).keep("slack", ONCE, a.NOW)
    item = table.get("CHANNEL#slack")
    assert item is not None
    assert (item["v"], item["version"]) == ({"N": "1"}, {"N": "1"})
    assert int(item["expires_at"]["N"]) == int((a.NOW + timedelta(days=2)).timestamp())


def test_an_item_of_a_later_release_is_left_alone(table: Table) -> None:
    memory = DynamoChannelHealth(table.client, table.name)
    memory.keep("slack", ONCE, a.NOW)
    table.change("CHANNEL#slack", v={"N": "2"}, more={"S": "news"})
    found = memory.look("slack")
    assert isinstance(found, Health)
    assert memory.keep("slack", failed(found, a.NOW), a.NOW) is False


@pytest.mark.parametrize("field", ["failures", "version", "failed_at"])
def test_a_damaged_item_is_not_known(table: Table, field: str) -> None:
    memory = DynamoChannelHealth(table.client, table.name)
    memory.keep("slack", ONCE, a.NOW)
    damage: dict[str, Any] = {field: {"S": "?"}}
    table.change("CHANNEL#slack", **damage)
    assert memory.look("slack") == Unknown(f"the ledger item is damaged at {field}")


def test_a_table_that_does_not_answer_raises(table: Table) -> None:
    dark: Any = Wrapped(table.client, before=fail(NO_CONNECTION))
    with pytest.raises(Unavailable):
        DynamoChannelHealth(dark, table.name).look("slack")
    slow: Any = Wrapped(table.client, before=fail(answer("ThrottlingException", operation="PutItem")))
    with pytest.raises(Throttled):
        DynamoChannelHealth(slow, table.name).keep("slack", ONCE, a.NOW)
