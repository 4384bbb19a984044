"""Text where only ASCII fits: readable, and never only question marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.transliteration import ascii_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api-memory-high is red", "api-memory-high is red"),
        ("café à la carte", "cafe a la carte"),
        ("\uff21\uff30\uff29 latency", "API latency"),
        ("注文サービス/メモリ 95% 🔥 (本番) is red", "[...] 95% [...] is red"),
        ("注文 サービス", "[...]"),
        ("95% 注文 サービス", "95% [...]"),
        ("é\x07 is red", "[...] is red"),
        ("", ""),
    ],
)
def test_accents_are_dropped_and_other_letters_are_left_out_once(text: str, expected: str) -> None:
    assert ascii_words(text) == expected


def test_ascii_text_is_left_as_it_is_for_the_sender_to_make_harmless() -> None:
    assert ascii_words("bell\x07 is red") == "bell\x07 is red"


@given(some.text(max_size=60))
def test_every_text_is_ascii_afterwards(text: str) -> None:
    assert ascii_words(text).isascii()
    assert "?" not in ascii_words(text.replace("?", "").replace("\uff1f", "").replace("\u037e", ""))
