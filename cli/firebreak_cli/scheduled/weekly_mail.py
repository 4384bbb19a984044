"""The mail of a week: what is needed of its reader, the doctor's verdict, and the numbers of `stats`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from firebreak.core.paging.page import Page, Phase, Severity
from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError, PolicyError
from firebreak.paging.rendering import SUBJECT_LENGTH, ascii_subject, plain
from firebreak_cli.doctor.model import Finding
from firebreak_cli.doctor.reports import Report, line_of
from firebreak_cli.doctor.stack_looks import HEARTBEATS_MISSED
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import Ending, ending_of
from firebreak_cli.progress import Progress
from firebreak_cli.report.gathering import gather
from firebreak_cli.report.plain_text import damaged_line, lines_of
from firebreak_cli.report.words import counted, length
from firebreak_cli.scheduled import daily_doctor
from firebreak_cli.stack import Stack, find
from firebreak_cli.statistics.coverage import LATE, Coverage, Watch
from firebreak_cli.statistics.record import Record
from firebreak_cli.statistics.summary import Statistics, summarize

WEEK = timedelta(days=7)
# A mail is read from the top; the command lists all of them.
MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """All that the mail says. A doctor that could not be run at all is Unknown, never a good verdict."""

    stack: Stack
    doctors: Report | Unknown
    found: Statistics


def week_of(stack_name: str, environment: Environment) -> Week:
    """The last seven days. Raises Ending, or AwsError where the ledger cannot be read: no mail then."""
    now, stack = environment.now(), find(environment, stack_name)
    quiet = Progress(environment.now, None, now)
    found = summarize(gather(stack, now - WEEK, now, quiet))
    return Week(stack=stack, doctors=_doctors(stack_name, environment), found=found)


def _doctors(stack_name: str, environment: Environment) -> Report | Unknown:
    """The doctor's report; a doctor that fails takes the numbers of the week from nobody."""
    try:
        return daily_doctor.examined(stack_name, environment)
    except Ending as ending:
        return Unknown("; ".join(ending.lines))
    except (AwsError, PolicyError) as error:
        return Unknown("; ".join(ending_of(error).lines))


def mail_of(week: Week) -> Page:
    """The mail as a page that calls nobody."""
    asks = tuple(needed(week))
    subject = f"[Firebreak] WEEK: {'look at it' if asks else 'nothing found'}, {week.stack.place}"
    lines = (
        _first(asks),
        *_verdict(week),
        _not_in_it(week),
        "",
        *lines_of(week.found),
        *_damaged(week.found),
    )
    return Page(
        thread="weekly-mail",
        phase=Phase.UPDATE,
        severity=Severity.INFO,
        subject=plain(subject, SUBJECT_LENGTH),
        ascii_subject=ascii_subject(subject),
        body="\n".join(lines),
        source=week.stack.name,
        at=week.found.record.until,
    )


def _first(asks: Sequence[str]) -> str:
    return f"Needed of you: {'; '.join(asks)}." if asks else "Nothing in this mail asks for you."


def _not_in_it(week: Week) -> str:
    return f"Open incidents and questions are not in it: {week.stack.command('status')}"


def needed(week: Week) -> Iterator[str]:
    """The needs of the reader, in a few words each."""
    if isinstance(week.doctors, Unknown):
        yield "the doctor could not look"
    elif count := len(daily_doctor.counting(week.doctors)):
        yield f"the doctor has {counted(count, 'finding')}"
    if count := len(week.found.offenders):
        yield f"{counted(count, 'target')} kept alive by automation (Repeat offenders)"
    record = week.found.record
    yield from _not_watching(record)
    if not isinstance(record.reds, tuple):
        yield "the alarms' history could not be read"
    if isinstance(record.budgets, Unknown):
        yield "the budgets could not be read"
    if damaged_line(record):
        yield "a part of the ledger cannot be read"


def _not_watching(record: Record) -> Iterator[str]:
    match record.coverage:
        case Coverage() as coverage:
            # As for the alarm HeartbeatMissing, one heartbeat that did not come asks for nobody.
            long = coverage.every * HEARTBEATS_MISSED
            if any(one.length + LATE > long for one in coverage.of(Watch.NOT_WATCHED)):
                missed = length(coverage.total(Watch.NOT_WATCHED))
                yield f"Firebreak was not watching for {missed} (When Firebreak was watching)"
        case Unknown():
            yield "the heartbeats could not be read"
        case NotRead():
            return
        case never:
            assert_never(never)


def _verdict(week: Week) -> Iterator[str]:
    match week.doctors:
        case Unknown(why):
            yield plain(f"Would act on the bad day: not known; the doctor could not look: {why}")
        case Report() as report:
            yield plain(report.verdict.line)
            yield from _findings(daily_doctor.counting(report), week.stack)
        case never:
            assert_never(never)


def _findings(findings: Sequence[tuple[str, Finding]], stack: Stack) -> Iterator[str]:
    for code, one in findings[:MOST_FINDINGS]:
        yield plain(f"- {code} {one.result.value}: {line_of(one)}")
    if (more := len(findings) - MOST_FINDINGS) > 0:
        yield f"- and {more} more"
    if findings:
        yield f"What to do: {stack.command('doctor')}"


def _damaged(found: Statistics) -> Iterator[str]:
    if line := damaged_line(found.record):
        yield from ("", line)
