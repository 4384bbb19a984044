"""The values of `firebreak doctor`: a check as it is declared, and what was found of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from firebreak.core.paging.commands import PLACEHOLDER, StackAddress, is_plain_word

_FIELD = re.compile(r"\{([a-z_]+)\}")


class When(StrEnum):
    """The run that a check belongs to: of a deployed stack, or before the first deployment."""

    DEPLOYED = "deployed"
    BEFORE = "before_deploy"


class Level(StrEnum):
    """The reach of a finding: everything, the alarms that it names, pages alone, or nothing yet."""

    STACK = "stack"
    ALARM = "alarm"
    PAGES = "pages"
    WARNING = "warning"


class Result(StrEnum):
    """The result of a check. `could_not_look` is never good."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    COULD_NOT_LOOK = "could_not_look"


# The worst first: a check has the result of its worst finding.
WORST_FIRST = (Result.BAD, Result.COULD_NOT_LOOK, Result.WARNING, Result.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check as it is declared. `code` is stable: a number that was used is never used again.

    `should` is the sentence that should be true, `why` what it costs on the bad day if it is not. `mend` is
    one command, or one thing to do, with `{subject}`, `{stack}`, `{region}` and the names of `Finding.words`.
    """

    code: str
    area: str
    level: Level
    should: str
    why: str
    mend: str
    when: When = When.DEPLOYED


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The waiver that accepts a finding for a while."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be, or could not be looked at.

    `subject` is its name as waivers name it, such as an alarm's; empty where the check has only one.
    """

    result: Result
    detail: str
    subject: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    waived: Waived | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts against the verdict: a warning does not, and a waived finding does not yet."""
        return self.waived is None and self.result is not Result.WARNING


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of one look: in words what was looked at, and every finding."""

    at: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """A check with what was found."""

    check: Check
    at: str
    findings: tuple[Finding, ...] = ()

    @property
    def result(self) -> Result:
        """The worst result of its findings, waived ones included: a waiver makes nothing good."""
        found = {finding.result for finding in self.findings}
        return next((one for one in WORST_FIRST if one in found), Result.GOOD)

    @property
    def counting(self) -> Sequence[Finding]:
        """The findings that count against the verdict."""
        return [finding for finding in self.findings if finding.counts]


def bad(detail: str, subject: str = "", **words: str) -> Finding:
    """A finding that keeps something from working."""
    return Finding(result=Result.BAD, detail=detail, subject=subject, words=words)


def warning(detail: str, subject: str = "", **words: str) -> Finding:
    """A finding that keeps nothing from working yet."""
    return Finding(result=Result.WARNING, detail=detail, subject=subject, words=words)


def unseen(detail: str, subject: str = "") -> Finding:
    """A look that failed, or could not be made."""
    return Finding(result=Result.COULD_NOT_LOOK, detail=detail, subject=subject)


def mend_for(check: Check, finding: Finding, stack: StackAddress) -> str:
    """The check's command for this finding; a word that a shell might read in its own way is left to type."""
    known = {
        "subject": finding.subject,
        "stack": stack.name,
        "region": stack.region,
        "account": stack.account,
        **finding.words,
    }
    return _FIELD.sub(lambda found: _word(known.get(found[1], "")), check.mend)


def _word(written: str) -> str:
    return written if is_plain_word(written) else PLACEHOLDER
