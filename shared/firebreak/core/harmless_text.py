"""Untrusted text made harmless: nothing in it steers a terminal, and nothing is left of what would have."""

import re
import unicodedata

# ECMA-48: control sequences (ESC [ or U+009B), strings such as hyperlinks and titles up to their end (BEL or
# ST), and what else ESC begins. A string without an end reaches to the end of the text.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x9c\x1b]*(?:\x1b(?!\\)[^\x07\x9c\x1b]*)*(?:\x07|\x9c|\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)


def without_sequences(text: str) -> str:
    """The text without terminal sequences, their parameters and the addresses inside of them."""
    return _SEQUENCE.sub("", text)


def one_line(text: str) -> str:
    """The text as one line of characters that can be seen, and single blanks."""
    seen = without_sequences(text)
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in seen)
    return " ".join(kept.split())
