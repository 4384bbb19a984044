"""Fixtures every test may use."""

from collections.abc import Iterator

import pytest

from tests.world import World, fake_credentials, world_on_moto

fake_credentials()


@pytest.fixture
def world() -> Iterator[World]:
    """All functions in one process on an empty ledger."""
    with world_on_moto() as fresh:
        yield fresh
