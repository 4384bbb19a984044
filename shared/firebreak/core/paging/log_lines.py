"""Lines of a log on a page: few, short, and without text that looks like a secret."""

import re
import unicodedata
from collections.abc import Callable, Iterable

from firebreak.core.paging.harmless_text import without_sequences
from firebreak.core.paging.secret_patterns import HIDDEN, goes_on, masked_text

# A page shows the trouble, not the log; the log group is a command away.
MOST_LINES, LINE_LENGTH = 3, 300

# One event of a log may have a megabyte; only so much of it is looked through for secrets.
READ_LENGTH = 4096
# A secret may begin on a line before those that are shown.
READ_LINES = 40

# The characters that begin a terminal sequence.
_STARTS = re.compile(r"[\x1b\x80-\x9f]")
_UNSEEN = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def harmless_lines(
    lines: Iterable[str], also: Callable[[str], str] = str, *, most: int = MOST_LINES
) -> tuple[str, ...]:
    """The last lines, at most so many, each masked and cut; `also` masks further text that it knows.

    Masking is a best effort: logs should hold no secret.
    """
    read = filter(None, map(_normalized, [*lines][-READ_LINES:]))
    newest = _joined(read)[-most:]
    found = (also(masked_text(line))[:LINE_LENGTH] for line in newest)
    return tuple(line for line in found if line)


def _joined(lines: Iterable[str]) -> list[str]:
    """The lines, with those that a secret goes on in joined to the one that it begins in."""
    joined: list[str] = []
    for line in lines:
        if joined and goes_on(joined[-1], line):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return joined


def _normalized(line: str) -> str:
    """One form for each character, nothing invisible, and no more than is looked through."""
    line, cut = line[: 4 * READ_LENGTH], len(line) > 4 * READ_LENGTH
    found = _plain(without_sequences(line))
    if _STARTS.search(line) and _secrets_in(_plain(_STARTS.sub(" ", line))) > _secrets_in(found):
        # A sequence takes the first letter of a name, as a terminal does: ESC password="..."
        found = HIDDEN
    if cut or len(found) > READ_LENGTH:
        # Without the word that was cut: half a secret may not look like one.
        found = found[:READ_LENGTH].rpartition(" ")[0] or found[:READ_LENGTH]
    return found


def _plain(line: str) -> str:
    line = _UNSEEN.sub("", unicodedata.normalize("NFKC", line))
    seen = "".join(char for char in line if char.isspace() or unicodedata.category(char) not in {"Cf", "Cc"})
    return " ".join(seen.split())


def _secrets_in(line: str) -> int:
    return masked_text(line[:READ_LENGTH]).count(HIDDEN)
