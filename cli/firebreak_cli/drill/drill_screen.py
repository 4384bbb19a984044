"""The report of a drill, for people and as plain values."""

import json
from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console

from firebreak.core.formats import format_time
from firebreak_cli import screen
from firebreak_cli.drill.drills import Report
from firebreak_cli.drill.times import Step
from firebreak_cli.explain.explainer import Explanation
from firebreak_cli.explain.explainer import as_json as explanation_json
from firebreak_cli.stack import Stack

_TAGS_MAY_NOT_RIDE = (
    "Nothing was decided. Do the alarm's tags ride in its events (AlarmTagsPropagation), is its rule enabled?"
)


def line(step: Step) -> str:
    """A step as it is seen."""
    at = format_time(step.at) if step.at else "-"
    return f"{at}  {step.name}: {_length(step.took)} after {step.of}"


def show(report: Report, stack: Stack, console: Console) -> None:
    """Prints the table of steps, and the remarks on it."""
    console.print()
    place = f"{stack.account} {stack.region}, stack {stack.name}"
    console.print(screen.line_of(f"Drill {report.scenario} of {report.alarm}: {place}", "bold"))
    console.print(screen.listing(("step", "at", "took", "after", "allowed", ""), _rows(report)))
    console.print(screen.facts(_about(report, stack)))


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    yield ("red", format_time(report.seen.red_at), "", "", "", "")
    for step in report.steps:
        at = format_time(step.at) if step.at else "-"
        yield step.name, at, _length(step.took), step.of, _length(step.allowed), step.timing


def _about(report: Report, stack: Stack) -> Iterator[screen.Row]:
    seen = report.seen
    yield "Result", "everything happened in time" if report.good else "NOT everything happened in time"
    yield "Why", report.why
    yield "Hint", "" if seen.outcome else _TAGS_MAY_NOT_RIDE
    yield "Kept red", f"it had to be set red {report.again} times more" if report.again else ""
    if seen.incident_id:
        yield "Look", stack.command("show", seen.incident_id)


def _length(length: timedelta | None) -> str:
    """A length of time as tables show it: 4m05s, 0.8s."""
    if length is None:
        return "-"
    seconds = length.total_seconds()
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{int(rest):02d}s" if minutes else f"{seconds:.1f}s"


def as_json(report: Report, explanation: Explanation, stack: Stack, policy: str) -> str:
    """The same as one JSON object, ASCII only; times are ISO 8601, lengths are seconds.

    `policy` is where the explanation's policy was found.
    """
    seen = report.seen
    return json.dumps(
        {
            "stack": stack.name,
            "scenario": report.scenario,
            "alarm": report.alarm,
            "good": report.good,
            "why": report.why or None,
            "red_at": seen.red_at.isoformat(),
            "set_back": not report.left_red,
            "set_red_again": report.again,
            "decision": seen.outcome or None,
            "reason": seen.reason or None,
            "incident": seen.incident_id or None,
            "steps": [_step(step) for step in report.steps],
            "history": [{"at": one.at.isoformat(), "what": one.what} for one in seen.lines],
            "foretold": explanation_json(explanation, policy),
        },
        indent=2,
        default=str,
    )


def _step(step: Step) -> dict[str, object]:
    return {
        "step": step.name,
        "after": step.of,
        "at": step.at.isoformat() if step.at else None,
        "took_seconds": step.took.total_seconds() if step.took is not None else None,
        "allowed_seconds": step.allowed.total_seconds(),
        "timing": step.timing,
    }
