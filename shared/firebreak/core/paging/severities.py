"""The severity of a page, its runbook address (the alarm's tags, else the policy), and its log group."""

import fnmatch
import itertools
import re
from collections.abc import Iterable

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import PagingRules

_K = AnnouncementKind

# Firebreak itself is blind, broken, or holds acts back for good reason: this waits for no office hours.
ITS_OWN = frozenset({_K.BLIND, _K.CRASHED, _K.STORM, _K.STORM_OVER})

_HTTPS = re.compile(r"https://[^\s<>\"'|`]{1,500}")


def severity_of(message: Announcement, rules: PagingRules) -> Severity:
    """The alarm's tag, else the first pattern that its name matches, else the policy's usual one.

    A tag that is no severity is ignored. A page about Firebreak itself is critical.
    """
    if message.kind in ITS_OWN:
        return Severity.CRITICAL
    if message.severity in set(Severity):
        return Severity(message.severity)
    return _first(message.alarm_name, rules.named) or rules.usual


def runbook_of(message: Announcement, rules: PagingRules) -> str:
    """An https address: the alarm's tag, else the policy's, else the first in its description; or empty."""
    if _HTTPS.fullmatch(message.runbook) and message.runbook.isprintable():
        return message.runbook
    described = _HTTPS.search(message.alarm_description)
    return _first(message.alarm_name, rules.runbooks) or (_seen(described.group()) if described else "")


def _seen(address: str) -> str:
    """The address up to the first character that steers a terminal or cannot be seen."""
    seen = "".join(itertools.takewhile(str.isprintable, address))
    return seen if _HTTPS.fullmatch(seen) else ""


def log_group_of(message: Announcement, rules: PagingRules) -> str:
    """The log group that the policy names for the target, or empty; no tag of an alarm may choose one."""
    pattern = _first(message.target, rules.logs) or ""
    return pattern.replace("{name}", re.split("[:/]", message.target)[-1])


def _first[T](name: str, patterns: Iterable[tuple[str, T]]) -> T | None:
    return next((value for pattern, value in patterns if name and fnmatch.fnmatchcase(name, pattern)), None)
