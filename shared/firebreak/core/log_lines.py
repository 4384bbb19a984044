"""Lines of a log on a page: few, short, and without what looks like a secret."""

import unicodedata
from collections.abc import Callable, Iterable

from firebreak.core.harmless_text import without_sequences
from firebreak.core.secret_patterns import masked_text

# A page shows the trouble, not the log; the log group is a command away.
MOST_LINES, LINE_LENGTH = 3, 300

# One event of a log may have a megabyte; only so much of it is looked through for secrets.
READ_LENGTH = 4096


def shown(lines: Iterable[str], also: Callable[[str], str] = str) -> tuple[str, ...]:
    """The last lines, each masked and cut; `also` masks what else it knows.

    What is masked is a best effort: logs should hold no secret.
    """
    kept = [line for line in lines if line.strip()][-MOST_LINES:]
    found = (also(masked_text(_normalized(line)))[:LINE_LENGTH] for line in kept)
    return tuple(line for line in found if line)


def _normalized(line: str) -> str:
    """One spelling for each character, nothing invisible, and no more than is looked through."""
    line, cut = line[: 4 * READ_LENGTH], len(line) > 4 * READ_LENGTH
    line = unicodedata.normalize("NFKC", without_sequences(line))
    seen = "".join(char for char in line if unicodedata.category(char) != "Cf")
    found = " ".join(seen.split())
    if cut or len(found) > READ_LENGTH:
        # Without the word that was cut: half a secret may not look like one.
        found = found[:READ_LENGTH].rpartition(" ")[0] or found[:READ_LENGTH]
    return found
