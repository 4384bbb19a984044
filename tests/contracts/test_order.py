"""The files that begin first are there: after a rename one of them would come last and cost minutes."""

from pathlib import Path

import pytest

from tests.conftest import FIRST

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", FIRST)
def test_files_listed_as_first_exist(name: str) -> None:
    assert list(ROOT.glob(f"{name}*")) != []
