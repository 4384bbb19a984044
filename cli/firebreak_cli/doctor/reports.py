"""The result of `firebreak doctor`: a screen, a few lines to paste, and JSON (docs/doctor.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rich.console import Console
from rich.text import Text

from firebreak_cli import screen
from firebreak_cli.doctor.model import Check, Examined, Finding, Result, declared_mend, mend_for
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.doctor.verdict import Verdict
from firebreak_cli.doctor.waivers import Used
from firebreak_cli.stack import Stack

JSON_VERSION = 1
# A screen is read from the bottom; --json has all of them.
MOST_LISTED = 20
_INDENT = 9

_MARKS: Mapping[Result, tuple[str, str]] = {
    Result.GOOD: ("ok", "green"),
    Result.WARNING: ("warning", "yellow"),
    Result.BAD: ("BAD", "bold red"),
    Result.COULD_NOT_LOOK: ("NOT SEEN", "bold yellow"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one run found."""

    stack: Stack
    policy_file: str
    policy_hash: str
    at: datetime
    examined: Sequence[Examined]
    waivers: Sequence[Used]
    verdict: Verdict


def show(report: Report, console: Console) -> None:
    """Print every check under its area, with what is not as it should be; the verdict comes last."""
    where = f"{report.stack.place}, policy {report.policy_file} {report.policy_hash}"
    console.print(screen.line_of(f"Doctor of {where}", "bold"), soft_wrap=True)
    for area, examined in groupby(report.examined, lambda one: one.check.area):
        console.print()
        console.print(screen.line_of(area, "bold"))
        for one in examined:
            _show_one(one, report.stack, console)
    console.print()
    _show_end(report, console)


def _show_one(one: Examined, stack: Stack, console: Console) -> None:
    mark, style = _MARKS[one.result]
    _print(f"{one.check.code} {one.check.should}", console, mark=mark, style=style)
    if one.result is Result.GOOD:
        return
    for finding in one.findings[:MOST_LISTED]:
        _print(f"- {line_of(finding)}", console)
    if (more := len(one.findings) - MOST_LISTED) > 0:
        _print(f"- and {more} more: --json lists them", console)
    _print(one.check.why, console)
    for mend in _mends(one, stack):
        _print(f"mend: {mend}", console)


def _mends(one: Examined, stack: Stack) -> Iterator[str]:
    """A command to copy for the first finding of each kind; --json has that of every finding."""
    kinds = set()
    for found in one.findings:
        mend = _mend(one.check, found, stack)
        if mend and found.mend not in kinds:
            kinds.add(found.mend)
            yield mend


def _mend(check: Check, finding: Finding, stack: Stack) -> str | None:
    """The command for a finding; nothing is known to be mended where nobody could look, or it is waived."""
    unknown = finding.result is Result.COULD_NOT_LOOK or finding.waived is not None
    return None if unknown else mend_for(check, finding, stack.address)


def _print(text: str, console: Console, *, mark: str = "", style: str = "") -> None:
    """One line that is never folded, for it may end in a command to copy."""
    line = Text(f"{mark:<{_INDENT}}", style=style).append(screen.line_of(text))
    console.print(line, soft_wrap=True)


def line_of(finding: Finding) -> str:
    """A finding in one line, its waiver included."""
    waived = finding.waived
    accepted = f" (waived until {waived.until:%Y-%m-%d %H:%MZ}: {waived.reason})" if waived else ""
    subject = f"{finding.subject}: " if finding.subject and finding.subject not in finding.detail else ""
    return f"{subject}{finding.detail}{accepted}"


def show_short(report: Report, console: Console) -> None:
    """Print a line for each finding that counts, to be pasted, and the verdict."""
    for one in report.examined:
        for finding in one.counting:
            mark, style = _MARKS[finding.result]
            _print(f"{one.check.code} {line_of(finding)}", console, mark=mark, style=style)
    _show_end(report, console)


def _show_end(report: Report, console: Console) -> None:
    for line in remarks(report.waivers):
        console.print(screen.line_of(line, "yellow"), soft_wrap=True)
    style = "bold green" if report.verdict.accepted else "bold red"
    console.print(screen.line_of(report.verdict.line, style), soft_wrap=True)


def remarks(waivers: Sequence[Used]) -> Iterator[str]:
    """The waivers that are out of date: those that expired, and those that are about nothing any more."""
    for one in waivers:
        name = f"The waiver of {one.waiver.code} for {one.waiver.subject}"
        if one.expired:
            yield f"{name} expired at {one.waiver.until:%Y-%m-%d %H:%MZ}: it counts no more"
        elif not one.findings:
            yield f"{name} is about nothing now: take it out"


def list_checks(checks: Sequence[Check], console: Console) -> None:
    """Print the code of every check, and the sentence that should be true."""
    for check in checks:
        console.print(screen.line_of(f"{check.code} {check.should}"), soft_wrap=True)


def checks_as_json() -> dict[str, object]:
    """The registry as plain values."""
    return {"version": JSON_VERSION, "checks": [_declared(check) for check in CHECKS.values()]}


def _declared(check: Check) -> dict[str, object]:
    return {
        "code": check.code,
        "area": check.area,
        "level": check.level.value,
        "should": check.should,
        "why": check.why,
        "mend": declared_mend(check),
    }


def as_json(report: Report) -> dict[str, object]:
    """The report as plain values; times are ISO 8601 in UTC."""
    verdict, stack = report.verdict, report.stack
    return {
        "version": JSON_VERSION,
        "stack": stack.name,
        "account": stack.account,
        "region": stack.region,
        "at": report.at.isoformat(),
        "policy": {"file": report.policy_file, "hash": report.policy_hash},
        "verdict": {
            "would_act": verdict.word.value,
            "accepted": verdict.accepted,
            "line": verdict.line,
            "alarms": list(verdict.alarms),
            "pages": list(verdict.pages),
            "could_not_look": list(verdict.unseen),
            "waived": verdict.waived,
            "only": list(verdict.only),
        },
        "checks": [_examined(one, stack) for one in report.examined],
        "waivers": [_used(one) for one in report.waivers],
    }


def _examined(one: Examined, stack: Stack) -> dict[str, object]:
    return {
        "code": one.check.code,
        "level": one.check.level.value,
        "should": one.check.should,
        "result": one.result.value,
        "looked_at": one.at or None,
        "findings": [_finding(one.check, found, stack) for found in one.findings],
    }


def _finding(check: Check, found: Finding, stack: Stack) -> dict[str, object]:
    waived = found.waived
    return {
        "result": found.result.value,
        "subject": found.subject or None,
        "detail": found.detail,
        "mend": _mend(check, found, stack),
        "waived": {"until": waived.until.isoformat(), "reason": waived.reason} if waived else None,
    }


def _used(one: Used) -> dict[str, object]:
    waiver = one.waiver
    return {
        "code": waiver.code,
        "subject": waiver.subject,
        "until": waiver.until.isoformat(),
        "reason": waiver.reason,
        "expired": one.expired,
        "findings": one.findings,
    }
