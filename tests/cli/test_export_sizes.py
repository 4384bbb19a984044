"""An export reads page after page as its rows are taken, and says how far it has come."""

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.readings import Unknown
from firebreak.policy.compiler import parse_policy
from firebreak_cli.export.columns import DECISIONS, PAGES
from firebreak_cli.export.lines import csv_lines
from firebreak_cli.progress import Progress, progress_of
from firebreak_cli.queries.by_range import Source
from tests.cli.exports import items, refuse
from tests.support import builders as a
from tests.support.world import TABLE, World
from tests.workflow.test_who_is_paged import PAGING, announce


@dataclass
class Pages:
    """A table of many pages with one thread each, of which none is kept. `read` counts the pages."""

    item: dict[str, Any]
    pages: int
    read: int = 0
    asked: list[object] = field(default_factory=list)

    def scan(self, **asked: Any) -> dict[str, Any]:
        self.read += 1
        self.asked.append(asked.get("ExclusiveStartKey"))
        more = {"LastEvaluatedKey": {"pk": self.read}} if self.read < self.pages else {}
        return {"Items": [self.item], **more}


def thread_item(world: World) -> dict[str, Any]:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    announce(world)
    (item,) = items(world, "THREAD#")
    return item


def test_a_page_of_the_table_is_read_when_its_rows_are_taken(world: World) -> None:
    client = Pages(thread_item(world), pages=1000)
    looks: list[int] = []
    source = Source(
        client=client, table=TABLE, first=a.NOW, until=a.LATER, on_page=lambda: looks.append(client.read)
    )

    rows = PAGES.rows(source)
    for count in range(1, 4):
        next(rows)
        assert client.read == count
    assert looks == [1, 2]
    assert client.asked == [None, {"pk": 1}, {"pk": 2}]


def peak(item: dict[str, Any], pages: int) -> int:
    """The memory that an export of so many pages takes at its highest, in bytes."""
    source = Source(client=Pages(item, pages), table=TABLE, first=a.NOW, until=a.LATER)
    rows = (row for row in PAGES.rows(source) if not isinstance(row, Unknown))
    tracemalloc.start()
    try:
        count = sum(1 for _ in csv_lines([*PAGES.columns], rows))
        assert count == pages + 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_table(world: World) -> None:
    item = thread_item(world)
    peak(item, 1)  # what the first row loads and keeps
    assert peak(item, 400) < 2 * peak(item, 40)


@dataclass
class Index:
    """An index by time of many pages, in which every line names the same decision."""

    item: dict[str, Any]
    pages: int
    queries: int = 0
    batches: int = 0

    def query(self, **asked: Any) -> dict[str, Any]:
        line = {name: self.item[name] for name in ("pk", "sk", "at", "incident", "alarm_name")}
        if "Limit" in asked:  # whether the index reaches back
            return {"Items": [line]}
        self.queries += 1
        more = {"LastEvaluatedKey": {"pk": self.queries}} if self.queries < self.pages else {}
        return {"Items": [line] * 25, **more}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        self.batches += 1
        return {"Responses": {TABLE: [self.item]}}


def test_decisions_are_read_as_their_rows_are_taken(world: World) -> None:
    refuse(world, "one")
    (item,) = items(world, "DECISION#")
    index = Index(item, pages=1000)

    rows = DECISIONS.rows(Source(client=index, table=TABLE, first=a.NOW, until=a.LATER))
    for _ in range(26):
        next(rows)

    assert (index.queries, index.batches) == (2, 2)


class Ticking:
    """A clock that is read every so often, and a terminal."""

    def __init__(self, step: timedelta) -> None:
        self.at, self.step, self.screen = a.NOW, step, io.StringIO()

    def now(self) -> Any:
        self.at += self.step
        return self.at


def counted(clock: Ticking, looks: int) -> Iterator[str]:
    progress = Progress(clock.now, clock.screen, a.NOW)
    for n in range(looks):
        progress.look(f"{100 * (n + 1)} decisions")
    progress.end()
    return filter(None, clock.screen.getvalue().split("\r\x1b[K"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("error", "output", "shown"),
    [
        (Terminal(), io.StringIO(), True),
        (Terminal(), Terminal(), False),
        (io.StringIO(), io.StringIO(), False),
    ],
    ids=["into a file", "rows on the terminal", "no terminal"],
)
def test_progress_is_for_a_terminal_that_does_not_show_the_rows(
    error: io.StringIO, output: io.StringIO, shown: bool
) -> None:
    progress = progress_of(lambda: a.NOW, error, output)
    assert (progress.out is error) == shown


def test_an_export_of_less_than_a_second_shows_no_progress() -> None:
    clock = Ticking(timedelta(milliseconds=90))
    assert list(counted(clock, 10)) == []
    assert clock.screen.getvalue() == ""


def test_progress_is_shown_once_a_second_and_taken_off_at_the_end() -> None:
    clock = Ticking(timedelta(milliseconds=500))
    assert list(counted(clock, 5)) == ["200 decisions", "400 decisions"]
    assert clock.screen.getvalue().endswith("\r\x1b[K")


def test_steps_are_counted_while_they_are_taken() -> None:
    clock = Ticking(timedelta(milliseconds=500))
    steps = Progress(clock.now, clock.screen, a.NOW).over(range(6), "reading", 6)
    assert list(steps) == list(range(6))
    shown = [line for line in clock.screen.getvalue().split("\r\x1b[K") if line]
    assert shown == ["reading: 2 of 6", "reading: 4 of 6", "reading: 6 of 6"]
