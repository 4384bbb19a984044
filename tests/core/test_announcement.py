"""The short text of an announcement."""

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
def test_the_short_red_words_leave_out_the_time_and_the_numbers(red: str, briefly: str) -> None:
    assert announced(AnnouncementKind.REFUSED, red=red).red_briefly == briefly
