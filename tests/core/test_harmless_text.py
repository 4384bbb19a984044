"""Nothing of a terminal sequence is left: not its parameters, nor the address inside of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.harmless_text import one_line, without_sequences
from firebreak.core.paging.log_lines import harmless_lines

ESC = "\x1b"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{ESC}]8;;https://evil.example.com{ESC}\\click{ESC}]8;;{ESC}\\ here", "click here"),
        (f"{ESC}]8;;https://evil.example.com\x07click{ESC}]8;;\x07", "click"),
        ("\x9d8;;https://evil.example.com\x9cclick", "click"),
        (f"a{ESC}]0;title that never ends https://evil.example.com", "a"),
        (f"{ESC}[31mred{ESC}[0m", "red"),
        (f"{ESC}[38;2;1;2;3mred", "red"),
        ("\x9b31mred", "red"),
        (f"{ESC}[2J{ESC}[Hcleared", "cleared"),
        (f"{ESC}P1$r0m{ESC}\\dcs", "dcs"),
        (f"{ESC}_apc{ESC}\\{ESC}^pm{ESC}\\{ESC}Xsos{ESC}\\end", "end"),
        (f"{ESC}(Bcharset{ESC}7", "charset"),
        (f"cut{ESC}", "cut"),
        (f"cut{ESC}[3", "cut"),
        (f"{ESC}\x00]8;;https://evil.example.com\x07click", "click"),
        (f"{ESC}\n]8;;https://evil.example.com{ESC}\\click", "click"),
        (f"{ESC}[3\x001mred", "red"),
        (f"{ESC}\x7f[31mred", "red"),
        (f"{ESC}kevil title{ESC}\\click", "click"),
        ("[31m is no sequence", "[31m is no sequence"),
        ("]8;;x is none", "]8;;x is none"),
        ("two\nlines\tand\u202ebidi", "two lines and bidi"),
    ],
)
def test_a_whole_sequence_is_dropped(text: str, left: str) -> None:
    assert one_line(text) == left


BITS = some.lists(
    some.sampled_from([ESC, "[", "]", "8;;", "\x07", "\\", "\x9b", "\x9d", "\x9c", "m", "a", " ", "\n"])
)


@given(BITS.map("".join) | some.text())
def test_the_remaining_text_has_no_control_sequences(text: str) -> None:
    assert ESC not in without_sequences(text)
    assert one_line(text).isprintable()


def test_long_runs_of_beginnings_are_quick() -> None:
    assert without_sequences(f"{ESC}]" * 100_000) == ""


def test_a_sequence_inside_of_a_word_hides_no_secret() -> None:
    assert harmless_lines([f"pass{ESC}[0mword=hunter2 refused"]) == ("*** refused",)
