"""The one line that says how far a command is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest

from firebreak_cli.progress import shown_progress
from tests.support import builders as a


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def clock(*seconds: float) -> Callable[[], datetime]:
    times = iter(seconds)
    return lambda: a.NOW + timedelta(seconds=next(times))


def test_a_look_of_more_than_a_second_says_how_far_it_is_and_takes_its_line_away() -> None:
    out = Terminal()
    with shown_progress(clock(0, 0.5, 1.5), out) as progress:
        progress("looked at 1 of 2 alarms")
        assert out.getvalue() == ""
        progress("looked at 2 of 2 alarms")
    assert out.getvalue() == "\r\x1b[Klooked at 2 of 2 alarms\r\x1b[K"


def test_the_line_is_taken_away_where_the_look_fails() -> None:
    out = Terminal()

    def failing() -> None:
        with shown_progress(clock(0, 5), out) as progress:
            progress("looked at 1 of 2 alarms")
            raise TimeoutError

    with pytest.raises(TimeoutError):
        failing()
    assert out.getvalue().endswith("looked at 1 of 2 alarms\r\x1b[K")


def test_nothing_of_it_is_written_to_a_pipe() -> None:
    out = StringIO()
    with shown_progress(clock(0, 5, 9), out) as progress:
        progress("looked at 1 of 2 alarms")
        progress("looked at 2 of 2 alarms")
    assert out.getvalue() == ""
