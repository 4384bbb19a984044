"""The values of `firebreak doctor`: a check as it is declared, and what was found of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from firebreak.core.paging.commands import PLACEHOLDER, StackAddress, is_plain_word

_FIELD = re.compile(r"\{([a-z_]+)\}")


class When(StrEnum):
    """The run that a check belongs to: of a deployed stack, or before the first deployment."""

    DEPLOYED = "deployed"
    BEFORE = "before_deploy"


class Level(StrEnum):
    """The reach of a finding: everything, some alarms, pages, the verdict itself, or nothing yet."""

    STACK = "stack"
    ALARM = "alarm"
    PAGES = "pages"
    BASIS = "basis"
    WARNING = "warning"


class Result(StrEnum):
    """The result of a check. `could_not_look` is never good."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    COULD_NOT_LOOK = "could_not_look"


# The worst first: a check has the result of its worst finding.
WORST_FIRST = (Result.BAD, Result.COULD_NOT_LOOK, Result.WARNING, Result.GOOD)


class Own(tuple[str, ...]):
    """The words of a command of Firebreak itself, to which the stack's address is added."""

    __slots__ = ()

    def __new__(cls, *words: str) -> Self:
        """The command of these words."""
        return super().__new__(cls, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check as it is declared. `code` is stable: a number that was used is never used again.

    `should` is the sentence that should be true, `why` what it costs on the bad day if it is not. `mend` is
    one command, or one thing to do, with `{subject}`, `{region}` and the names of `Finding.words` to fill in.
    """

    code: str
    area: str
    level: Level
    should: str
    why: str
    mend: str | Own
    when: When = When.DEPLOYED


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The waiver that accepts a finding for a while."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be, or could not be looked at.

    `subject` is its name as waivers name it, such as an alarm's; empty where the check has only one. `mend`
    mends this one where the check's own does not.
    """

    result: Result
    detail: str
    subject: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    mend: str = ""
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


def bad(detail: str, subject: str = "", *, mend: str = "", **words: str) -> Finding:
    """A finding that keeps something from working."""
    return Finding(result=Result.BAD, detail=detail, subject=subject, words=words, mend=mend)


def warning(detail: str, subject: str = "", *, mend: str = "", **words: str) -> Finding:
    """A finding that keeps nothing from working yet."""
    return Finding(result=Result.WARNING, detail=detail, subject=subject, words=words, mend=mend)


def unseen(detail: str, subject: str = "") -> Finding:
    """A look that failed, or could not be made."""
    return Finding(result=Result.COULD_NOT_LOOK, detail=detail, subject=subject)


def mend_for(check: Check, finding: Finding, stack: StackAddress) -> str:
    """The finding's command, or its check's; a word that a shell may read in its own way is left to type."""
    known = {"subject": finding.subject, "stack": stack.name, "region": stack.region, **finding.words}
    return _filled(finding.mend or check.mend, stack, lambda name: _word(known.get(name, "")))


def declared_mend(check: Check) -> str:
    """The check's command with a word in capitals for everything that is to be filled in."""
    return _filled(check.mend, StackAddress("STACK", "REGION", "ACCOUNT"), str.upper)


def _filled(mend: str | Own, stack: StackAddress, word_for: Callable[[str], str]) -> str:
    def fill(text: str) -> str:
        return _FIELD.sub(lambda found: word_for(found[1]), text)

    return stack.command(*map(fill, mend)) if isinstance(mend, Own) else fill(mend)


def _word(written: str) -> str:
    return written if is_plain_word(written) else PLACEHOLDER
