"""Pages for tests: what a page holds, read as a browser would, and records that show every part."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from firebreak.core.diagnostics import Diagnostics, MetricPicture, Point, Section
from firebreak.core.model import Verdict
from firebreak_cli.report.page import page
from firebreak_cli.statistics.record import BudgetUse, Evidence, Record
from firebreak_cli.statistics.summary import summarize
from tests.cli.statistics.records import (
    DAY,
    FIRST,
    HOUR,
    MINUTE,
    UNTIL,
    act,
    call,
    decided,
    record,
    red,
    watching,
)

VOID = {"meta", "link", "img", "br", "hr", "input"}
VERDICTS = (Verdict.RECOVERED, Verdict.RECOVERED, Verdict.NOT_RECOVERED, Verdict.WORSE, Verdict.UNKNOWN, None)


@dataclass
class Element:
    """An element with its attributes and the text in it."""

    name: str
    attributes: dict[str, str]
    path: tuple[str, ...]
    text: str = ""


@dataclass
class Reader(HTMLParser):
    """Reads a document and insists that every element ends where it should."""

    elements: list[Element] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        path = tuple(one.name for one in self._open)
        found = Element(tag, {name: value or "" for name, value in attrs}, path)
        self.elements.append(found)
        if tag not in VOID:
            self._open.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def read(text: str) -> Reader:
    """The elements of a document."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader._open == []
    return reader


def named(text: str, name: str) -> list[Element]:
    """All elements of that name."""
    return [one for one in read(text).elements if one.name == name]


def evidence(
    name: str = "MemoryUtilization", line: str = "out of memory", at: datetime = UNTIL, **changes: Any
) -> Evidence:
    """The state before an act: a log and a metric that rises over its threshold."""
    picture = MetricPicture(
        name=name,
        statistic="Average",
        period=MINUTE,
        threshold=90.0,
        points=tuple(Point(at - n * MINUTE, 99.0 - n) for n in range(20, -1, -1)),
    )
    sections = (Section("last log lines", (line,)), Section("metric of the alarm", picture))
    act = Diagnostics(incident_id="i-eb33ec2735", rung=0, at=at, sections=sections)
    return replace(Evidence(target="ecs:prod/api", act=act), **changes)


def full(**changes: object) -> Record:
    """A record that fills every part of a report."""
    names = [(f"{name}-memory", f"ecs:prod/{name}") for name in ("api", "web", "worker")]
    begins = [FIRST + n * 36 * HOUR for n in range(18)]
    acts = tuple(
        act(
            begin + 3 * MINUTE,
            alarms=frozenset({names[n % 3][0]}),
            target=names[n % 3][1],
            action="restart-service" if n % 3 else "scale-service",
            verdict=VERDICTS[n % len(VERDICTS)],
            acknowledged=n == 7,
        )
        for n, begin in enumerate(begins)
    )
    reds = (
        *(red(begin, 12 + n, alarm=names[n % 3][0]) for n, begin in enumerate(begins)),
        *(red(begin + 12 * HOUR, 20 + 9 * n, alarm=names[n % 3][0]) for n, begin in enumerate(begins)),
        red(UNTIL - HOUR, None, alarm=names[0][0]),
    )
    decisions = (
        *(decided(one.at, alarm=min(one.alarms), target=one.target) for one in acts),
        *(decided(FIRST + n * DAY, "refuse", "cooldown") for n in range(9)),
    )
    given: dict[str, object] = {
        "acts": acts,
        "reds": reds,
        "decisions": decisions,
        "calls": tuple(call(FIRST + n * 31 * HOUR) for n in range(20)),
        "waiting": (UNTIL - 2 * HOUR,),
        "budgets": (
            BudgetUse(
                scope="target", key="111122223333/eu-west-1/ecs/prod/api", window=HOUR, most=3, limit=3
            ),
            BudgetUse(scope="stack", key="all", window=timedelta(days=1), most=4, limit=30, at=UNTIL),
        ),
        "coverage": watching((FIRST + 9 * DAY, FIRST + 10 * DAY), since=FIRST + DAY),
        "evidence": (evidence(), evidence(at=UNTIL - DAY)),
    }
    return record(**(given | changes))


def written(found: Record) -> str:
    """The page of a record."""
    return page(summarize(found))


def sections_of(text: str) -> Iterator[str]:
    """The title of each part."""
    return (one.text for one in named(text, "h2"))
