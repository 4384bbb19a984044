"""Lines of a log on a page: few, short, and without what looks like a secret."""

import re
from collections.abc import Iterable

# A page shows the trouble, not the log; the log group is a command away.
MOST_LINES, LINE_LENGTH = 3, 300

# One event of a log may have a megabyte; only so much of it is looked through for secrets.
READ_LENGTH = 4096

HIDDEN = "***"

# Each way through a pattern either ends or is bounded, so a hostile line costs no more than a long one.
_SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),
    # Slack, GitHub, OpenAI and those who spell like it, Google; as each documents its own tokens.
    re.compile(r"\b(?:xox[a-z]-[\w-]{4,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|sk-[\w-]{16,}|AIza[\w-]{30,})"),
    # Who logs in at an address, up to the last "@" before its path.
    re.compile(r"(?<=://)[^\s/\"]+(?=@)"),
    # A name that holds such a word (no exception's), then = or : and a value: quoted inside of a quoted
    # text, quoted, or bare.
    re.compile(
        r"(?i)(?:authorization|password|passwd|passphrase|pwd|secret|token|cookie"
        r"|(?:api|access|private)[_-]?key)[\w-]{0,40}(?<!exception)(?<!error)\\{0,3}[\"']? ?[=:]{1,2}>? ?"
        r"(?:\\+[\"'][^\\\"']*"
        r"|b?\"(?:[^\"\\]|\\.?)*"
        r"|b?'(?:[^'\\]|\\.?)*"
        r"|(?:(?:bearer|basic) )?[^\s\"',;&)}]+)"
    ),
)


def shown(lines: Iterable[str]) -> tuple[str, ...]:
    """The last lines, each masked and cut. What is masked is a best effort: logs should hold no secret."""
    kept = [line for line in lines if line.strip()][-MOST_LINES:]
    return tuple(_masked(line)[:LINE_LENGTH] for line in kept)


def _masked(line: str) -> str:
    found = " ".join(line.split())
    if len(found) > READ_LENGTH:
        # Without the word that was cut: half a secret may not look like one.
        found = found[:READ_LENGTH].rpartition(" ")[0] or found[:READ_LENGTH]
    for secret in _SECRETS:
        found = secret.sub(HIDDEN, found)
    return found
