"""Text for the one place that carries only ASCII: the subject of an SNS message."""

import unicodedata

LEFT_OUT = "[...]"


def ascii_words(text: str) -> str:
    """The text with accents dropped; words with other letters become `[...]`, a run of them one."""
    words: list[str] = []
    for word in text.split():
        plain = word if word.isascii() else _without_accents(word)
        if plain or words[-1:] != [LEFT_OUT]:
            words.append(plain or LEFT_OUT)
    return " ".join(words)


def _without_accents(word: str) -> str:
    """The word in ASCII where nothing but accents and full-width forms is lost; else empty."""
    base = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return base if base.isascii() and base.isprintable() else ""
