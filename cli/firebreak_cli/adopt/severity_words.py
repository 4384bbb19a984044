"""The severity that an alarm's own tags or its name state, in the words of Firebreak's pages.

In names only `sev1`, `severity 1`, and `P1` in brackets or at the beginning count: `critical-css` and
`customer-info` are services, `gpu-p5` is a machine. No name makes a page quieter than it is without.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.paging.page import Severity
from firebreak.core.tags import SEVERITY_TAG

_NUMBERS: Mapping[str, Severity] = {
    "0": Severity.CRITICAL,
    "1": Severity.CRITICAL,
    "2": Severity.ERROR,
    "3": Severity.WARNING,
    "4": Severity.INFO,
    "5": Severity.INFO,
}
_IN_TAGS: Mapping[str, Severity] = {
    **_NUMBERS,
    "critical": Severity.CRITICAL,
    "crit": Severity.CRITICAL,
    "fatal": Severity.CRITICAL,
    "emergency": Severity.CRITICAL,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "highest": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "error": Severity.ERROR,
    "high": Severity.ERROR,
    "major": Severity.ERROR,
    "medium": Severity.WARNING,
    "minor": Severity.WARNING,
    "low": Severity.INFO,
    "notice": Severity.INFO,
}
_KEYS = re.compile(r"(?:alarm[-_ :]?)?(?:severity|priority|prio|sev)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:p|prio|priority|sev|severity)(?P<number>[0-5])")
_SEVERITY = r"(?<![a-z0-9])sev(?:erity)?[-_ :=]?(?P<severity>[0-5])(?![a-z0-9])"
_PRIORITY = r"p(?:rio(?:rity)?)?[-_ ]?"
_IN_NAME = re.compile(
    rf"{_SEVERITY}"
    rf"|[\[(]\s*{_PRIORITY}(?P<bracketed>[0-5])\s*[\])]"
    rf"|\A\s*{_PRIORITY}(?P<leading>[0-5])(?![a-z0-9.])",
    re.IGNORECASE,
)
_FROM_NAMES = frozenset({Severity.CRITICAL, Severity.ERROR})


@dataclass(frozen=True, slots=True)
class DeclaredSeverity:
    """A severity and its source; `doubt` says why there is none although something speaks of one."""

    severity: str = ""
    source: str = ""
    doubt: str = ""


def declared_severity(name: str, tags: Mapping[str, str]) -> DeclaredSeverity:
    """The severity by Firebreak's own tag, else by another tag on it, else by the name."""
    own = tags.get(SEVERITY_TAG)
    if own is not None:
        if own in set(Severity):
            return DeclaredSeverity(own, f"its tag {SEVERITY_TAG}")
        return DeclaredSeverity(doubt=f"its tag {SEVERITY_TAG}={own} is no severity, and pages ignore it")
    found = {key: _of_tag(value) for key, value in tags.items() if _KEYS.fullmatch(key)}
    by_tags = {key: severity for key, severity in found.items() if severity}
    if by_tags:
        keys = ", ".join(f"its tag {key}" for key in sorted(by_tags))
        return _one_of(set(by_tags.values()), keys)
    return _of_name(name)


def _one_of(found: set[Severity], source: str) -> DeclaredSeverity:
    if len(found) > 1:
        words = " and ".join(one.value for one in Severity if one in found)
        return DeclaredSeverity(doubt=f"its severity is {words} by {source}, so none is proposed")
    return DeclaredSeverity(found.pop().value, source) if found else DeclaredSeverity()


def _of_tag(value: str) -> Severity | None:
    word = value.strip().casefold()
    numbered = _NUMBERED.fullmatch(word.replace("-", "").replace(" ", ""))
    return _NUMBERS[numbered["number"]] if numbered else _IN_TAGS.get(word)


def _of_name(name: str) -> DeclaredSeverity:
    found = {_NUMBERS[match[match.lastgroup or 0]] for match in _IN_NAME.finditer(name)}
    return _one_of(found, "its name") if found & _FROM_NAMES else DeclaredSeverity()
