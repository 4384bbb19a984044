"""The charts of a report, as SVG without a script. A chart of nothing is none."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from firebreak_cli.report import coverage_section, evidence, words
from firebreak_cli.report.drawing import (
    AXIS,
    LABELS,
    ROW,
    CountScale,
    LengthScale,
    TimeScale,
    axis,
    band,
    bar,
    chart,
    dot,
    label,
    mark,
    stroke,
    words_at,
)
from firebreak_cli.report.markup import Attributes, Content, Markup, element
from firebreak_cli.report.sections import Part, Section
from firebreak_cli.report.words import Wording, wording_of
from firebreak_cli.statistics.coverage import Coverage
from firebreak_cli.statistics.durations import Distribution, Lasted
from firebreak_cli.statistics.outcomes import Outcome
from firebreak_cli.statistics.recovery import Recoveries
from firebreak_cli.statistics.summary import OfAction, Statistics

# The most rows of a chart, and the most times red and acts of a row: more cannot be seen apart.
MOST_ROWS = 12
MOST_IN_A_ROW = 400

_SHAPE: Mapping[Outcome, str] = {
    Outcome.HELD: "held",
    Outcome.CAME_BACK: "failed",
    Outcome.SOMEBODY_HELPED: "open",
    Outcome.NOT_RECOVERED: "failed",
    Outcome.WORSE: "failed",
    Outcome.UNKNOWN: "open",
    Outcome.OPEN: "open",
}


def chart_of(section: Section, found: Statistics) -> Markup | None:
    """The chart of a part; None where it has none, or nothing to show."""
    draw = _CHARTS.get(section.part)
    return draw(section, found) if draw and section.rows else None


def _timeline(section: Section, found: Statistics) -> Markup:
    rows = [one.target for one in found.targets[:MOST_ROWS]]
    scale = TimeScale(found.record.first, found.record.until)
    height = ROW * len(rows) + AXIS + 8
    coverage = found.record.coverage if isinstance(found.record.coverage, Coverage) else None
    drawn: list[Content] = [*_unwatched(coverage, scale, height)] if coverage else []
    drawn.append(axis([(scale.x(at), f"{at:%b %d}") for at in scale.ticks()], height))
    for number, target in enumerate(rows):
        y = ROW * number + ROW / 2 + 4
        drawn += [label(target, y), *_reds(target, y, scale, found), *_acts(target, y, scale, found)]
    shaded = "; ".join(coverage_section.sentences(coverage)) if coverage else ""
    title = f"{section.title}. Shaded: {shaded}" if shaded else section.title
    return chart(section.part, title, height, *drawn)


def _unwatched(coverage: Coverage, scale: TimeScale, height: float) -> Iterator[Markup]:
    """The longest stretches without a heartbeat, behind everything else."""
    found = sorted(coverage_section.unproven(coverage), key=lambda one: one.length)
    for one in found[-MOST_IN_A_ROW:]:
        begin, end = scale.x(one.begin), scale.x(one.end)
        said = coverage_section.meaning(one, coverage)
        tip = f"{said}, for {words.length(one.length)} since {words.at(one.begin)}"
        yield band(begin, end - begin, height, one.watch.value, tip)


def _reds(target: str, y: float, scale: TimeScale, found: Statistics) -> Iterator[Markup]:
    reds = found.record.reds if isinstance(found.record.reds, tuple) else ()
    mine = [red for red in reds if found.target_of.get(red.alarm) == target]
    for red in mine[-MOST_IN_A_ROW:]:
        begin, end = scale.x(red.begin), scale.x(red.end or found.record.until)
        lasted = f"for {words.length(red.end - red.begin)}" if red.end else "and still"
        tip = f"{red.alarm} red {lasted} since {words.at(red.begin)}"
        yield bar(begin, y - 7, end - begin, "red", tip)


def _acts(target: str, y: float, scale: TimeScale, found: Statistics) -> Iterator[Markup]:
    said = wording_of(found.record)
    mine = [(act, outcome) for act, outcome in found.acts if act.target == target]
    for act, outcome in mine[-MOST_IN_A_ROW:]:
        tip = f"{act.action} at {words.at(act.at)}: {said.outcome[outcome].lower()}"
        yield mark(_SHAPE[outcome], scale.x(act.at), y, tip)


def _outcomes(section: Section, found: Statistics) -> Markup:
    rows, said = found.actions[:MOST_ROWS], wording_of(found.record)
    scale = CountScale(max(sum(one.outcomes.values()) for one in rows))
    drawn: list[Content] = []
    for number, one in enumerate(rows):
        y = ROW * number + ROW / 2 + 4
        drawn += [label(one.action, y), *_stack(one, y, scale, said)]
    return chart(section.part, section.title, ROW * len(rows) + 12, *drawn)


def _stack(one: OfAction, y: float, scale: CountScale, said: Wording) -> Iterator[Markup]:
    before = 0
    for outcome in Outcome:
        count = one.outcomes.get(outcome, 0)
        if not count:
            continue
        x, width = scale.x(before), scale.x(before + count) - scale.x(before)
        yield bar(x, y - 7, width - 1, f"outcome {outcome.value}", f"{said.outcome[outcome]}: {count}")
        before += count
    yield words_at(
        scale.x(before) + 8, y + 4, f"{one.success.count} of {one.success.total} {said.held.lower()}", "small"
    )


def _recovery(section: Section, found: Statistics) -> Markup | None:
    if not isinstance(found.recovery, Recoveries):
        return None
    names = wording_of(found.record).treatments
    rows = [(names[one], times) for one, times in found.recovery.times.items() if times.count]
    return _strips(section, rows)


def _time_to_act(section: Section, found: Statistics) -> Markup:
    return _strips(section, [("all incidents", found.time_to_act)])


def _strips(section: Section, rows: Sequence[tuple[str, Distribution]]) -> Markup:
    """A row of dots each, with its median and the time within which nine of ten were over."""
    longest = max(one.length for _, times in rows for one in times.lengths)
    scale = LengthScale(longest)
    height = (ROW + 14) * len(rows) + AXIS + 8
    drawn: list[Content] = [axis([(scale.x(one), words.length(one)) for one in scale.ticks()], height)]
    for number, (name, times) in enumerate(rows):
        y = (ROW + 14) * number + ROW / 2 + 10
        drawn += [label(f"{name} ({times.count})", y), *_dots(times, y, scale), *_quantiles(times, y, scale)]
    return chart(section.part, section.title, height, *drawn)


def _dots(times: Distribution, y: float, scale: LengthScale) -> Iterator[Markup]:
    every = -(-times.count // MOST_IN_A_ROW)
    for number, one in enumerate(times.lengths[::every]):
        yield _case(one, scale.x(one.length), y + (number % 5 - 2) * 3.5)


def _case(one: Lasted, x: float, y: float) -> Markup:
    if one.ended:
        return dot(x, y, words.length(one.length))
    return mark("later", x, y, f"open after {words.length(one.length)}")


def _quantiles(times: Distribution, y: float, scale: LengthScale) -> Iterator[Markup]:
    for part, kind in ((0.5, "median"), (0.9, "most")):
        if (length := times.quantile(part)) is not None:
            yield stroke(scale.x(length), y, kind)


def _budgets(section: Section, found: Statistics) -> Markup | None:
    if not isinstance(found.record.budgets, tuple):
        return None
    used, full = found.record.budgets[:MOST_ROWS], CountScale(100)
    height = ROW * len(used) + AXIS + 8
    drawn: list[Content] = [axis([(full.x(100), "limit")], height)]
    for number, one in enumerate(used):
        y = ROW * number + ROW / 2 + 4
        part = min(100.0, 100 * one.most / one.limit)
        said = f"{one.most} of {one.limit} in {words.length(one.window)}"
        kind = "budget full" if one.most >= one.limit else "budget"
        drawn += [
            label(f"{one.scope} {one.key.rpartition('/')[2]}", y),
            bar(LABELS, y - 7, full.x(part) - LABELS, kind, f"{one.scope} {one.key}: {said}"),
            words_at(LABELS + 6, y + 4, said, "on-bar"),
        ]
    return chart(section.part, section.title, height, *drawn)


def _columns(section: Section, _: Statistics) -> Markup:
    """A column for each row of the table, whose second cell is its count."""
    counts = [int(row[1]) for row in section.rows]
    most, height, width = max(1, *counts), 150.0, 900.0 / len(counts)
    drawn: list[Content] = []
    for number, (row, count) in enumerate(zip(section.rows, counts, strict=True)):
        x, tall = 30 + number * width, (height - 50) * count / most
        wide = min(60.0, width - 6)
        place: dict[str, str | float] = {
            "x": x + 2,
            "y": height - 28 - tall,
            "width": wide,
            "height": tall,
            "class": "page",
        }
        watched = "".join(f", watched {one}" for one in row[2:])
        tip = element("title", None, f"{row[0]}: {words.counted(count, 'page')}{watched}")
        middle = x + 2 + wide / 2
        drawn += [
            element("rect", place, tip),
            words_at(middle, height - 34 - tall, str(count) if count else "", "small", "middle"),
            words_at(middle, height - 10, row[0].partition(" ")[0].removeprefix("20"), "small", "middle"),
        ]
    base: Attributes = {"x1": 28, "x2": 932, "y1": height - 28, "y2": height - 28, "class": "grid"}
    return chart(section.part, section.title, height, element("line", base), *drawn)


def _metrics(section: Section, found: Statistics) -> Markup | None:
    return evidence.metrics(section.part, section.title, found.record.evidence)


_CHARTS: Mapping[Part, Callable[[Section, Statistics], Markup | None]] = {
    Part.TARGETS: _timeline,
    Part.OUTCOMES: _outcomes,
    Part.TIME_TO_RECOVER: _recovery,
    Part.TIME_TO_ACT: _time_to_act,
    Part.BUDGETS: _budgets,
    Part.WEEKS: _columns,
    Part.HOURS: _columns,
    Part.EVIDENCE: _metrics,
}
