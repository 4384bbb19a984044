"""Dated waivers: a file next to the policy accepts findings until a day, and then no more."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from firebreak.errors import PolicyError
from firebreak.policy.lines import lines_of, path_of, with_line
from firebreak.policy.loader import policy_text
from firebreak_cli.doctor.model import Examined, Finding, Result, Waived
from firebreak_cli.doctor.registry import CHECKS, RETIRED
from firebreak_cli.exit_codes import BAD_INPUT, Ending

MOST_WAIVERS = 500


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _code(value: object) -> str:
    if value in RETIRED:
        raise ValueError(f"{value} is retired: take the waiver out")
    if value not in CHECKS:
        raise ValueError("the code of a check, as --list prints them")
    return str(value)


def _until(value: object) -> datetime:
    """The end of that day in UTC."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("a day, such as 2026-12-31 without quotes")  # noqa: TRY004  # pydantic reports ValueError
    if value == date.max:
        raise ValueError(f"a day before {date.max}")
    return datetime.combine(value + timedelta(days=1), time(), UTC)


class Waiver(_Section):
    """One accepted finding. `subject` is its name, or a pattern with `*` and `?`; `until` is exclusive."""

    code: Annotated[str, PlainValidator(_code)]
    subject: str = Field(default="*", min_length=1)
    until: Annotated[datetime, PlainValidator(_until)]
    reason: str = Field(min_length=1, max_length=500)

    def covers(self, code: str, finding: Finding) -> bool:
        """Whether it is about this finding."""
        pattern = self.subject.replace("[", "[[]")  # names have brackets
        named = finding.subject == self.subject or fnmatchcase(finding.subject, pattern)
        return self.code == code and named


class WaiverFile(_Section):
    """A file of waivers."""

    version: Annotated[int, Field(strict=True, ge=1, le=1)]
    waivers: list[Waiver] = Field(default=[], max_length=MOST_WAIVERS)


@dataclass(frozen=True, slots=True)
class Used:
    """A waiver, whether its day is over, and how many findings it is about."""

    waiver: Waiver
    expired: bool
    findings: int


def path_next_to(policy_file: Path) -> Path:
    """The file of waivers of a policy, named as the policy is but for its ending."""
    return policy_file.with_suffix(".waivers.toml")


def read_waivers(path: Path) -> Sequence[Waiver]:
    """The waivers of a file. Raises Ending with a line for each mistake, each with its place."""
    try:
        text = policy_text(path)
        return WaiverFile.model_validate(tomllib.loads(text)).waivers
    except PolicyError as error:
        raise Ending(BAD_INPUT, str(error)) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Ending(BAD_INPUT, f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        mistakes = [f"{path_of(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in found]
        lines = lines_of(text)
        raise Ending(BAD_INPUT, *(f"{path}: {with_line(one, lines)}" for one in mistakes)) from error


def waive(examined: Iterable[Examined], waivers: Sequence[Waiver], now: datetime) -> list[Examined]:
    """The same with every finding marked that a waiver accepts today; an expired one accepts nothing."""
    valid = [one for one in waivers if now < one.until]
    return [
        replace(one, findings=tuple(_waived(one, found, valid) for found in one.findings)) for one in examined
    ]


def _waived(examined: Examined, finding: Finding, valid: Iterable[Waiver]) -> Finding:
    covering = [one for one in valid if one.covers(examined.check.code, finding)]
    if not covering or finding.result is Result.GOOD:
        return finding
    longest = max(covering, key=lambda one: one.until)
    return replace(finding, waived=Waived(until=longest.until, reason=longest.reason))


def used(examined: Sequence[Examined], waivers: Iterable[Waiver], now: datetime) -> list[Used]:
    """Every waiver whose check was made, with what has become of it."""
    findings = [(one.check.code, found) for one in examined for found in one.findings]
    made = {one.check.code for one in examined}
    return [
        Used(one, now >= one.until, sum(one.covers(code, found) for code, found in findings))
        for one in waivers
        if one.code in made
    ]
