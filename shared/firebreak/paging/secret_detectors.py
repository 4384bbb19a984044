"""Secrets by the rules of detect-secrets, which follows the token formats of services.

It is imported when the first log line is shown: a fifth of a second that no action and no other page waits
for (ADR 33).
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from firebreak.core.paging.secret_patterns import HIDDEN, masked_text

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

# Addresses must stay readable for humans; the rule for npm scans a line once for each of its slashes.
LEFT_OUT = frozenset({"IPPublicDetector", "NpmDetector"})


def looks_secret(line: str) -> bool:
    """Whether something in a line would be hidden on a page."""
    return mask_known(masked_text(line)) != line


def mask_known(text: str) -> str:
    """The text without the secrets that these rules find in it."""
    found = {secret for rule in _rules() for secret in rule.analyze_string(text) if secret}
    for secret in sorted(found, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


@cache
def _rules() -> "tuple[RegexBasedDetector, ...]":
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    known: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    return tuple(
        rule() for rule in known if issubclass(rule, RegexBasedDetector) and rule.__name__ not in LEFT_OUT
    )
