"""Lines of a log on a page: few, short, and without what looks like a secret."""

import re
from collections.abc import Iterable

# A page shows the trouble, not the log; the log group is a command away.
MOST_LINES, LINE_LENGTH = 3, 300

HIDDEN = "***"
_SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
    re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),
    re.compile(
        r"(?i)(?<=[\s\"'{,;(?&_-])(?:authorization|password|passwd|secret|token|api[_-]?key|access[_-]?key|cookie)"
        r"[\w-]*[\"']?\s*[=:]\s*(?:(?:bearer|basic)\s+)?[\"']?[^\s\"',;&)}]+"
    ),
)


def shown(lines: Iterable[str]) -> tuple[str, ...]:
    """The last lines, each masked and cut. What is masked is a best effort: logs should hold no secret."""
    kept = [line for line in (_masked(line) for line in lines) if line]
    return tuple(line[:LINE_LENGTH] for line in kept[-MOST_LINES:])


def _masked(line: str) -> str:
    found = f" {' '.join(line.split())}"
    for secret in _SECRETS:
        found = secret.sub(HIDDEN, found)
    return found.strip()
