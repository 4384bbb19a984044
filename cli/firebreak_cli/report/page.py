"""The report as one page of HTML: no script, no network, and every text of an alarm is text."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence

from firebreak_cli.report import words
from firebreak_cli.report.charts import chart_of
from firebreak_cli.report.drawing import mark
from firebreak_cli.report.markup import Content, Markup, element, joined
from firebreak_cli.report.sections import Part, Section, sections
from firebreak_cli.report.style import STYLE
from firebreak_cli.report.words import span_of, wording_of
from firebreak_cli.statistics.coverage import Coverage, Watch
from firebreak_cli.statistics.outcomes import Outcome
from firebreak_cli.statistics.proportions import FEWEST
from firebreak_cli.statistics.recovery import Recoveries, Treatment
from firebreak_cli.statistics.summary import Statistics

# The browser loads nothing and runs nothing; of styles it takes the one of this page.
_STYLE_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def page(found: Statistics) -> str:
    """The whole document."""
    said, parts = wording_of(found.record), sections(found)
    head = element(
        "head",
        None,
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("title", None, f"{said.title}, {span_of(found.record)}"),
        Markup(f"<style>{STYLE}</style>"),
    )
    body = element("body", None, _header(found, parts), _main(found, parts), _footer(found))
    return f"<!doctype html>\n{element('html', {'lang': 'en'}, head, body).text}\n"


def _header(found: Statistics, parts: Sequence[Section]) -> Markup:
    said = wording_of(found.record)
    links = [
        element("li", None, element("a", {"href": f"#{one.part}"}, one.part.replace("-", " ").capitalize()))
        for one in parts
    ]
    return element(
        "header",
        None,
        element("h1", None, said.title),
        element("p", None, f"{found.record.source}, {span_of(found.record)}"),
        *([element("p", None, said.of_nothing)] if said.of_nothing else []),
        element("nav", {"aria-label": "Parts of the report"}, element("ul", None, *links)),
    )


def _main(found: Statistics, parts: Sequence[Section]) -> Markup:
    return element("main", None, _tiles(found), *(_section(one, found) for one in parts))


def _tiles(found: Statistics) -> Markup:
    tiles = [
        element("div", None, element("dt", None, name), element("dd", None, value))
        for name, value in _key_numbers(found)
    ]
    return element("dl", {"class": "tiles"}, *tiles)


def _key_numbers(found: Statistics) -> Iterator[tuple[str, str]]:
    said = wording_of(found.record)
    known = sum(one.success.total for one in found.actions)
    held = sum(one.success.count for one in found.actions)
    yield said.acts, str(len(found.acts))
    yield said.held, f"{held} of {known}" if known else "no data"
    yield said.pages, str(len(found.record.calls))
    yield from _not_watching(found)
    if isinstance(found.recovery, Recoveries):
        for treatment in (Treatment.ACTED_ON, Treatment.LEFT_ALONE):
            times = found.recovery.times[treatment]
            if times.count >= FEWEST:
                median = words.distribution(times)[2]
                yield f"Median time red, {said.treatments[treatment]} ({times.count})", median


def _not_watching(found: Statistics) -> Iterator[tuple[str, str]]:
    """A tile that says why the other numbers may be low; none where it was always watching."""
    coverage = found.record.coverage
    if isinstance(coverage, Coverage) and (missed := coverage.total(Watch.NOT_WATCHED)):
        yield "Firebreak was not watching for", words.length(missed)


def _section(one: Section, found: Statistics) -> Markup:
    content: list[Content] = [element("h2", {"id": f"{one.part}-title"}, one.title)]
    content += [element("p", None, line) for line in one.lines]
    if (drawn := chart_of(one, found)) is not None:
        content += [*_legend(one.part, found), drawn]
    if one.rows:
        content.append(_table(one))
    return element("section", {"id": one.part, "aria-labelledby": f"{one.part}-title"}, *content)


def _table(one: Section) -> Markup:
    heads = [element("th", {"scope": "col"}, name) for name in one.columns]
    rows = [
        element("tr", None, element("th", {"scope": "row"}, first), *(element("td", None, c) for c in rest))
        for first, *rest in one.rows
    ]
    table = element(
        "table",
        None,
        element("caption", None, f"{one.title}: the numbers"),
        element("thead", None, element("tr", None, *heads)),
        element("tbody", None, *rows),
    )
    named = {"class": "table", "tabindex": "0", "role": "group", "aria-label": f"{one.title}: the table"}
    return element("div", named, table)


def _legend(part: Part, found: Statistics) -> Iterator[Markup]:
    entries = list(_entries(part, found))
    if entries:
        items = [element("li", None, _sign(shape), text) for shape, text in entries]
        yield element("ul", {"class": "legend"}, *items)


def _entries(part: Part, found: Statistics) -> Iterator[tuple[Markup, str]]:
    said = wording_of(found.record)
    match part:
        case Part.TARGETS:
            yield _square("red"), said.red
            yield mark("held", 0, 0, ""), said.act_held
            yield mark("failed", 0, 0, ""), said.act_failed
            yield mark("open", 0, 0, ""), said.act_open
            yield from _bands(found)
        case Part.OUTCOMES:
            for outcome in Outcome:
                if any(one.outcomes.get(outcome) for one in found.actions):
                    yield _square(f"outcome {outcome.value}"), said.outcome[outcome]
        case Part.TIME_TO_RECOVER | Part.TIME_TO_ACT:
            yield _line("median"), "median"
            yield _line("most"), "9 of 10 within"
            yield mark("later", 0, 0, ""), "still open"
        case Part.EVIDENCE:
            yield _line("metric"), "the metric of the alarm"
            yield _line("threshold"), "its threshold"
        case _:
            return


def _bands(found: Statistics) -> Iterator[tuple[Markup, str]]:
    coverage = found.record.coverage
    if isinstance(coverage, Coverage):
        for watch, text in (
            (Watch.NOT_WATCHED, "Firebreak was not watching"),
            (Watch.NOT_KNOWN, "not known whether it was"),
        ):
            if coverage.of(watch):
                yield _square(f"band {watch.value}"), text


def _sign(shape: Markup) -> Markup:
    return element("svg", {"viewBox": "-8 -8 16 16", "aria-hidden": "true"}, shape)


def _square(kind: str) -> Markup:
    return element("rect", {"x": -7, "y": -7, "width": 14, "height": 14, "class": kind})


def _line(kind: str) -> Markup:
    return element("line", {"x1": 0, "x2": 0, "y1": -8, "y2": 8, "class": kind})


def _footer(found: Statistics) -> Markup:
    damaged = found.record.damaged
    left_out = f" {damaged} items of the ledger could not be read and are in no number." if damaged else ""
    return element(
        "footer",
        None,
        joined(element("p", None, f"All times are UTC. Made by Firebreak.{left_out}")),
    )
