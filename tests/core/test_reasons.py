"""Each short way to write a meaning keeps the sentence and sets its own disposition."""

from collections.abc import Callable

import pytest

from firebreak.core import reasons
from firebreak.core.reasons import Disposition, Meaning


@pytest.mark.parametrize(
    ("means", "disposition"),
    [
        pytest.param(reasons._record, Disposition.RECORD, id="record"),
        pytest.param(reasons._digest, Disposition.DIGEST, id="digest"),
        pytest.param(reasons._page, Disposition.PAGE, id="page"),
        pytest.param(reasons._climb, Disposition.CLIMB, id="climb"),
        pytest.param(reasons._defer, Disposition.DEFER, id="defer"),
    ],
)
def test_a_way_to_write_a_meaning_sets_its_disposition(
    means: Callable[[str], Meaning], disposition: Disposition
) -> None:
    assert means("The target is gone.") == Meaning("The target is gone.", disposition)
