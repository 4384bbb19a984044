"""The parts of a report: a title, what may be said, and a table. Text and page show the same ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.report import coverage_section, evidence, pages_by_time, recovery_sections, words
from firebreak_cli.report.words import Wording, wording_of
from firebreak_cli.statistics.cost import Cost
from firebreak_cli.statistics.outcomes import HELD_FOR, Outcome
from firebreak_cli.statistics.summary import REPEATED, Statistics

type Rows = tuple[tuple[str, ...], ...]

# The most targets, budgets and reasons of a table; the rest is counted.
SHOWN = 20
_MINUTES = int(HELD_FOR.total_seconds() // 60)


class Part(StrEnum):
    """The parts of a report, in their order."""

    TARGETS = "targets"
    COVERAGE = "watching"
    OUTCOMES = "outcomes"
    TIME_TO_RECOVER = "time-to-recover"
    IN_TIME = "in-time"
    TIME_TO_ACT = "time-to-act"
    BUDGETS = "budgets"
    WEEKS = "pages-by-week"
    HOURS = "pages-by-hour"
    OFFENDERS = "repeat-offenders"
    REASONS = "reasons"
    COST = "cost"
    EVIDENCE = "before-the-acts"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part. Without rows the lines say why there are none."""

    part: Part
    title: str
    lines: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Rows


def sections(found: Statistics) -> tuple[Section, ...]:
    """Every part of the report."""
    said = wording_of(found.record)
    parts = (_SECTIONS[part](found, said) for part in Part)
    return tuple(one for one in parts if one.lines or one.rows)


def _targets(found: Statistics, said: Wording) -> Section:
    rows = tuple(
        (
            one.target,
            str(one.red) if one.red is not None else words.NOT_KNOWN,
            str(one.acts),
            str(one.held),
            words.at(one.last) if one.last else words.NONE,
        )
        for one in found.targets
    )
    return Section(
        part=Part.TARGETS,
        title=said.timeline,
        lines=(_sum(found, said), *_cut(len(rows), "targets")),
        columns=("Target", "Times red", said.acts, said.held, said.last_act),
        rows=rows[:SHOWN],
    )


def _sum(found: Statistics, said: Wording) -> str:
    acts, targets = len(found.acts), len({act.target for act, _ in found.acts})
    done = f"{said.acted} {words.times(acts)} on {words.counted(targets, 'target')}"
    refused = words.times(found.decisions.get("refuse", 0))
    return f"{done}, {said.refused} {refused}; {words.counted(len(found.record.calls), 'call')} for somebody."


def _despite_freeze(acts: int) -> Iterator[str]:
    if acts:
        yield f"For {words.counted(acts, 'act')} a named human overrode a freeze."


def _cut(total: int, what: str) -> Iterator[str]:
    if total > SHOWN:
        yield f"The first {SHOWN} of {total} {what} are shown."


def _coverage(found: Statistics, _: Wording) -> Section:
    rows = coverage_section.rows(found)
    return Section(
        part=Part.COVERAGE,
        title="When Firebreak was watching",
        lines=(*coverage_section.lines(found), *_cut(len(rows), "stretches")),
        columns=coverage_section.COLUMNS,
        rows=rows[:SHOWN],
    )


def _outcomes(found: Statistics, said: Wording) -> Section:
    rows = tuple(
        (
            one.action,
            *(str(one.outcomes.get(outcome, 0)) for outcome in Outcome),
            words.share(one.success),
        )
        for one in found.actions
    )
    lines = (
        f"{said.held}: every alarm OK at the verdict, and none red again within {_MINUTES} minutes after it.",
        "The success is of all acts but those still open, with the 95 % interval of Wilson.",
        "An act whose trouble somebody had acknowledged is no success.",
        *_despite_freeze(found.despite_freeze),
    )
    return Section(
        part=Part.OUTCOMES,
        title=said.outcomes,
        lines=lines if rows else (said.no_acts,),
        columns=("Action", *(said.outcome[one] for one in Outcome), "Success"),
        rows=rows,
    )


def _budgets(found: Statistics, said: Wording) -> Section:
    used = found.record.budgets
    known = used if isinstance(used, tuple) else ()
    rows = tuple(
        (one.scope, one.key, words.length(one.window), str(one.most), str(one.limit), words.at(one.at))
        for one in known
    )
    line = said.budgets_line if rows else said.no_acts
    return Section(
        part=Part.BUDGETS,
        title=said.budgets,
        lines=(line if isinstance(used, tuple) else words.unread(used), *_cut(len(rows), "budgets")),
        columns=("Scope", "Key", "Window", "Most", "Limit", "When"),
        rows=rows[:SHOWN],
    )


def _weeks(found: Statistics, said: Wording) -> Section:
    lines, rows = pages_by_time.weeks(found, said)
    return Section(
        part=Part.WEEKS,
        title=said.weeks,
        lines=lines,
        columns=pages_by_time.columns(found, "Seven days from", said.pages),
        rows=rows,
    )


def _hours(found: Statistics, said: Wording) -> Section:
    lines, rows = pages_by_time.hours(found, said)
    return Section(
        part=Part.HOURS,
        title=said.hours,
        lines=lines,
        columns=pages_by_time.columns(found, "Hour (UTC)", said.pages),
        rows=rows,
    )


def _offenders(found: Statistics, said: Wording) -> Section:
    rows = tuple((one.target, str(one.acts), str(one.held)) for one in found.offenders)
    return Section(
        part=Part.OFFENDERS,
        title=said.offenders,
        lines=(
            said.offenders_line if rows else f"No target with {REPEATED} acts or more.",
            *_cut(len(rows), "targets"),
        ),
        columns=("Target", said.acts, said.held),
        rows=rows[:SHOWN],
    )


def _reasons(found: Statistics, said: Wording) -> Section:
    rows = tuple((str(n), word, words.sentence(reason)) for word, reason, n in found.reasons)
    return Section(
        part=Part.REASONS,
        title=said.reasons,
        lines=tuple(_cut(len(rows), "reasons")) if rows else ("No such decision.",),
        columns=("Decisions", "Decision", "Reason"),
        rows=rows[:SHOWN],
    )


def _cost(found: Statistics, _: Wording) -> Section:
    """The cost, or why it is not known; nothing where nobody asked."""
    lines, rows = _cost_of(found.record.cost)
    return Section(
        part=Part.COST,
        title="Cost of the functions",
        lines=lines,
        columns=("Function", "Invocations", "Seconds", "USD"),
        rows=rows,
    )


def _cost_of(cost: Cost | NotRead | Unknown) -> tuple[tuple[str, ...], Rows]:
    match cost:
        case NotRead():
            return (), ()
        case Unknown():
            return (words.unread(cost),), ()
        case Cost(functions=functions, prices=prices):
            about = f"About {cost.total:.2f} USD for the time and the requests of the functions"
            not_in_it = (
                "Not in it: the time in which a function starts, DynamoDB, EventBridge, logs, metrics,"
                " alarms, pages, and all that the acts added or took away. No free tier, no discount."
            )
            rows = tuple(
                (one.name, str(one.invocations), f"{one.seconds:.0f}", f"{one.cost(prices):.4f}")
                for one in functions
            )
            return (f"{about}, by {prices.source}.", not_in_it), rows
        case never:
            assert_never(never)


def _time_to_recover(found: Statistics, said: Wording) -> Section:
    lines, rows = recovery_sections.time_to_recover(found, said)
    return Section(
        part=Part.TIME_TO_RECOVER,
        title=said.time_to_recover,
        lines=lines,
        columns=("While the alarm was red", *words.DISTRIBUTION),
        rows=rows,
    )


def _in_time(found: Statistics, said: Wording) -> Section:
    lines, rows = recovery_sections.in_time(found, said)
    return Section(
        part=Part.IN_TIME,
        title=said.in_time,
        lines=lines,
        columns=("Action", said.with_act, said.without_act, "Difference"),
        rows=rows,
    )


def _time_to_act(found: Statistics, said: Wording) -> Section:
    distribution = found.time_to_act
    return Section(
        part=Part.TIME_TO_ACT,
        title=said.time_to_act,
        lines=(
            "From the alarm's red to the first act of its incident. An incident that still waits is open.",
        ),
        columns=("Incidents", *words.DISTRIBUTION),
        rows=(("all", *words.distribution(distribution)),) if distribution.count else (),
    )


def _evidence(found: Statistics, _: Wording) -> Section:
    """A backtest has none: it reads no target."""
    kept = found.record.evidence
    return Section(
        part=Part.EVIDENCE,
        title="Before the acts",
        lines=evidence.lines(kept),
        columns=evidence.COLUMNS,
        rows=evidence.rows(kept),
    )


def _assumed(found: Statistics, _: Wording) -> Section:
    return Section(part=Part.ASSUMED, title="What was assumed", lines=found.record.notes, columns=(), rows=())


_SECTIONS: dict[Part, Callable[[Statistics, Wording], Section]] = {
    Part.TARGETS: _targets,
    Part.COVERAGE: _coverage,
    Part.OUTCOMES: _outcomes,
    Part.TIME_TO_RECOVER: _time_to_recover,
    Part.IN_TIME: _in_time,
    Part.TIME_TO_ACT: _time_to_act,
    Part.BUDGETS: _budgets,
    Part.WEEKS: _weeks,
    Part.HOURS: _hours,
    Part.OFFENDERS: _offenders,
    Part.REASONS: _reasons,
    Part.COST: _cost,
    Part.EVIDENCE: _evidence,
    Part.ASSUMED: _assumed,
}
