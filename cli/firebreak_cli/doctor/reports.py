"""The result of `firebreak doctor`: its lines, and JSON (docs/doctor.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from firebreak_cli.doctor.model import Check, Examined, Finding, Result, declared_mend, mend_for
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.doctor.verdict import Verdict
from firebreak_cli.doctor.waivers import Used
from firebreak_cli.stack import Stack

JSON_VERSION = 1


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


def line_of(finding: Finding) -> str:
    """A finding in one line, its waiver included."""
    waived = finding.waived
    accepted = f" (waived until {waived.until:%Y-%m-%d %H:%MZ}: {waived.reason})" if waived else ""
    subject = f"{finding.subject}: " if finding.subject and finding.subject not in finding.detail else ""
    return f"{subject}{finding.detail}{accepted}"


def remarks(waivers: Sequence[Used]) -> Iterator[str]:
    """The waivers that are out of date: those that expired, and those that are about nothing any more."""
    for one in waivers:
        name = f"The waiver of {one.waiver.code} for {one.waiver.subject}"
        if one.expired:
            yield f"{name} expired at {one.waiver.until:%Y-%m-%d %H:%MZ}: it counts no more"
        elif not one.findings:
            yield f"{name} is about nothing now: take it out"


def mend_of(check: Check, finding: Finding, stack: Stack) -> str | None:
    """The command for a finding; nothing is known to be mended where nobody could look, or it is waived."""
    unknown = finding.result is Result.COULD_NOT_LOOK or finding.waived is not None
    return None if unknown else mend_for(check, finding, stack.address)


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
        "mend": mend_of(check, found, stack),
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
