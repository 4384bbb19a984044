"""What an announcement says in short."""

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from tests.core.thread_fixtures import announced


@pytest.mark.parametrize(
    ("red", "briefly"),
    [
        pytest.param("memory is 91%", "memory is 91%", id="short already"),
        pytest.param("memory is 91% for 3m (limit 85%)", "memory is 91%", id="for how long, and in what"),
        pytest.param("memory is 91% (3 of 3) for 3m", "memory is 91%", id="in what, and for how long"),
        pytest.param("a for b for c (d) (e)", "a", id="the first of each"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_red_is_told_in_short_without_its_time_and_its_numbers_behind_it(
    red: str, briefly: str
) -> None:
    assert announced(AnnouncementKind.REFUSED, red=red).red_briefly == briefly
