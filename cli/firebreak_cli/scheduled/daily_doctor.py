"""The doctor's look of each morning: a metric for the stack's alarms, and a log event for each finding."""

from collections.abc import Sequence

from firebreak.core.ports import Log
from firebreak.paging.rendering import plain
from firebreak_cli.doctor.model import Finding
from firebreak_cli.doctor.reports import Report, line_of
from firebreak_cli.doctor.run import Asked, run
from firebreak_cli.environment import Environment

# They compare the stack with a person's clone and machine; here they would compare it with itself.
LEFT_OUT = ("FB401", "FB502")


def examined(stack_name: str, environment: Environment) -> Report:
    """The report of the stack, by the policy and the waivers of the layer. Raises as `doctor` ends."""
    asked = Asked(stack=stack_name, only=(), policy=None, waivers=None, left_out=LEFT_OUT)
    return run(asked, environment, lambda _: None)


def counting(report: Report) -> Sequence[tuple[str, Finding]]:
    """The findings that count for the exit code, each with the code of its check."""
    return [(one.check.code, found) for one in report.examined for found in one.counting]


def record(report: Report, log: Log) -> int:
    """Reports how many findings count, as for the exit code, and names each of them; returns how many."""
    findings = counting(report)
    for code, found in findings:
        log.event("doctor.found", code=code, result=found.result.value, finding=plain(line_of(found)))
    log.event("doctor.looked", verdict=plain(report.verdict.line), findings=len(findings))
    log.gauge("DoctorFindings", len(findings))
    return len(findings)
