"""The report of `firebreak doctor` on a screen, and as a few lines to paste."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from firebreak_cli import screen
from firebreak_cli.doctor.model import Check, Examined, Result
from firebreak_cli.doctor.reports import Report, line_of, mend_of, remarks
from firebreak_cli.stack import Stack

# A screen is read from the bottom; --json has all of them.
MOST_LISTED = 20
_INDENT = 9

_MARKS: Mapping[Result, tuple[str, str]] = {
    Result.GOOD: ("ok", "green"),
    Result.WARNING: ("warning", "yellow"),
    Result.BAD: ("BAD", "bold red"),
    Result.COULD_NOT_LOOK: ("NOT SEEN", "bold yellow"),
}


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
        mend = mend_of(one.check, found, stack)
        if mend and found.mend not in kinds:
            kinds.add(found.mend)
            yield mend


def _print(text: str, console: Console, *, mark: str = "", style: str = "") -> None:
    """One line that is never folded, for it may end in a command to copy."""
    line = Text(f"{mark:<{_INDENT}}", style=style).append(screen.line_of(text))
    console.print(line, soft_wrap=True)


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


def list_checks(checks: Sequence[Check], console: Console) -> None:
    """Print the code of every check, and the sentence that should be true."""
    for check in checks:
        console.print(screen.line_of(f"{check.code} {check.should}"), soft_wrap=True)
