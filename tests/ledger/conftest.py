"""Both ledgers for the contract suites: in memory, and in DynamoDB (tests/ledger/tables.py says which)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pytest

from firebreak.core.ledger import HistoryLine
from firebreak.core.limits.history import Hold
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import Memory
from firebreak.ledger.memory.storms import MemoryStorms, MemorySwitches
from firebreak.ledger.ports import Ledger, Storms
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.switches import Switches
from tests.ledger.tables import Table, dynamodb, table

__all__ = ["dynamodb", "table"]


class ReadableLedger(Ledger, Protocol):
    """A ledger whose history can be read, as the operator's command does."""

    def history(self, incident_id: str) -> list[HistoryLine]:
        """An incident's lines, oldest first."""


class Switchboard(Protocol):
    """Hold and release kill switches."""

    def pause(self, hold: Hold) -> Hold:
        """Hold a switch; returns what is held."""

    def resume(self, scope: str, holder: str, now: datetime | None = None) -> bool:
        """Release one holder's switch."""

    def held(self) -> list[Hold]:
        """Every hold there is."""


@dataclass(frozen=True)
class LedgerPorts:
    """The ports of one empty ledger; `everything` is its whole content, to be compared."""

    ledger: ReadableLedger
    storms: Storms
    switches: Switchboard
    everything: Callable[[], object]


def in_memory() -> LedgerPorts:
    memory = Memory()
    return LedgerPorts(
        MemoryLedger(memory), MemoryStorms(memory), MemorySwitches(memory), lambda: memory.held
    )


def in_dynamodb(table: Table) -> LedgerPorts:
    client, name = table.client, table.name
    return LedgerPorts(
        DynamoLedger(client, name), DynamoStorms(client, name), Switches(client, name), table.all
    )


@pytest.fixture(params=["memory", "dynamodb"])
def ports(request: Any) -> LedgerPorts:
    """The contract holds for each of them."""
    return in_memory() if request.param == "memory" else in_dynamodb(request.getfixturevalue("table"))


@pytest.fixture
def ledger(ports: LedgerPorts) -> ReadableLedger:
    """The ledger alone."""
    return ports.ledger
