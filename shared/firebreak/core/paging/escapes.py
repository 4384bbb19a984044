"""Text that was escaped for JSON, a URL, XML or HTML, with the signs around names and values as they were."""

import re

# Signs that part a name from its value, and those of escapes: % & " # ' : ; < = > [ \ ] { } and the comma.
# Letters stay as they are, and so do blanks within a value: it still ends where it did.
_HEX = re.compile(
    r"(?:%(?:25)*|(?<!\\)\\+(?:u00|x)|&(?:amp;)*#x)(2[23567c]|3[a-e]|5[bcd]|7[bd]);?", re.IGNORECASE
)
_NAMED = re.compile(r"&(?:amp;)*(quot|apos|lt|gt|amp|#34|#39);")
_NAMES = {"quot": '"', "#34": '"', "apos": "'", "#39": "'", "lt": "<", "gt": ">", "amp": "&"}
_BLANK = re.compile(r"(?<=[:=,])(?:(?:%(?:25)*20)+|(?:\+|%(?:25)*2b)(?=[\\\"']))", re.IGNORECASE)
_QUOTED = re.compile(r"(?<!\\)\\+(?=[\"'])")


def plainer(text: str) -> str:
    """The text with one layer of escapes taken away."""
    text = _HEX.sub(lambda found: chr(int(found[1], 16)), text)
    text = _NAMED.sub(lambda found: _NAMES[found[1]], text)
    text = _BLANK.sub(" ", text)
    return _QUOTED.sub("", text)
