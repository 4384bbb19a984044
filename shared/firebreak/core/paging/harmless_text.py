"""Untrusted text made harmless: no sequence that steers a terminal, or part of one, is left in it."""

import re

# ECMA-48: control sequences (ESC [ or U+009B), strings such as hyperlinks and titles up to their end (BEL or
# ST), and what else ESC begins. A string without an end reaches to the end of the text. Terminals carry out
# other controls, such as NUL or a line feed, in the middle of a sequence and go on with it.
_C0 = r"\x00-\x17\x19\x1c-\x1f\x7f"
_SEQUENCE = re.compile(
    rf"(?:\x1b[{_C0}]*\[|\x9b)[0-?{_C0}]*[ -/{_C0}]*[@-~]?"
    rf"|(?:\x1b[{_C0}]*[\]PX^_k]|[\x90\x98\x9d-\x9f])"
    r"[^\x07\x9c\x1b]*(?:\x1b(?!\\)[^\x07\x9c\x1b]*)*(?:\x07|\x9c|\x1b\\|$)"
    rf"|\x1b[{_C0}]*[ -/]*[0-~]?",
    re.DOTALL,
)


def without_sequences(text: str) -> str:
    """The text without terminal sequences, their parameters and the addresses inside of them."""
    return _SEQUENCE.sub("", text)


def one_line(text: str) -> str:
    """The text as one line of characters that can be seen, and single blanks."""
    seen = without_sequences(text)
    printable = "".join(char if char.isprintable() else " " for char in seen)
    return " ".join(printable.split())
