"""`firebreak show` prints what was there before an act: each source, as lines that can do no harm."""

import json
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.diagnostics import Diagnostics, MetricPicture, Point, Section
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.ledger.diagnostics import DynamoDiagnostics, diagnostics_item
from firebreak_cli.queries.sparkline import in_numbers, sparkline
from tests.cli.running import run_in
from tests.support import builders as a
from tests.support.world import TABLE, World

SECTIONS = (
    Section("last log lines", ("app 1a2b3c4d:", "heap \x1b[2Jis full\nnext", "[bold]no markup[/bold]")),
    Section("stopped tasks", ()),
    Section("deployments and events", Unknown("DescribeServices: ThrottlingException")),
    Section("traces", NotRead("the act had no time left for it")),
    Section("old source", ABSENT),
    Section(
        "metric of the alarm",
        MetricPicture(
            name="Memory\x1b[2J Utilization",
            statistic="Average",
            period=timedelta(minutes=1),
            threshold=90.0,
            points=(Point(a.NOW - timedelta(minutes=3), 20.0), Point(a.NOW, 99.5)),
        ),
    ),
)


def acted(world: World) -> str:
    done = world.send(world.red())
    found = Diagnostics(incident_id=done.incident_id, rung=0, at=world.clock.at, sections=SECTIONS)
    DynamoDiagnostics(world.dynamodb, TABLE).keep(found)
    return done.incident_id


def test_each_source_is_shown_with_its_lines_or_with_why_there_are_none(world: World) -> None:
    result = run_in(world, "show", acted(world))
    assert (result.exit_code, result.stderr) == (0, "")
    _, _, text = result.stdout.partition("Before the act")
    text = " ".join(text.split())
    for words in (
        "last log lines app 1a2b3c4d:",
        "is full next",
        "[bold]no markup[/bold]",
        "stopped tasks none",
        "deployments and events could not be read: DescribeServices: ThrottlingException",
        "traces not read: the act had no time left for it",
        "old source does not exist",
        "metric of the alarm Average Memory Utilization, periods of 60 s",
        "▁··█ min 20, max 99.5, last 99.5 at 10:00:30Z, threshold 90",
    ):
        assert words in text
    assert "\x1b" not in result.stdout


def test_the_json_has_the_three_kinds_of_nothing_apart(world: World) -> None:
    result = run_in(world, "show", acted(world), "--json")
    [act] = json.loads(result.stdout)["diagnostics"]
    assert act["rung"] == 1
    states: dict[str, Any] = {one["source"]: (one["state"], len(one["lines"])) for one in act["sections"]}
    assert states == {
        "last log lines": ("read", 3),
        "stopped tasks": ("read", 0),
        "deployments and events": ("unknown", 0),
        "traces": ("not_read", 0),
        "old source": ("absent", 0),
        "metric of the alarm": ("read", 0),
    }
    assert act["sections"][0]["metric"] is None
    assert act["sections"][-1]["metric"] | {"name": ""} == {
        "name": "",
        "statistic": "Average",
        "period_seconds": 60,
        "threshold": 90.0,
        "points": [
            {"at": "2026-11-20T09:57:30+00:00", "value": 20.0},
            {"at": "2026-11-20T10:00:30+00:00", "value": 99.5},
        ],
    }


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([5.0], "▁"),
        ([5.0, 5.0], "▁▁"),
        ([0.0, 50.0, 100.0], "▁▅█"),
        ([float(n) for n in range(40)], "▃▃▃▃▄▄▄▄▄▄▅▅▅▅▅▅▆▆▆▆▆▇▇▇▇▇▇███"),
    ],
    ids=["nothing", "one", "all the same", "a rise", "more than are kept"],
)
def test_a_metric_is_a_block_a_period(values: list[float], line: str) -> None:
    points = tuple(Point(a.NOW + n * timedelta(minutes=1), value) for n, value in enumerate(values))
    period = timedelta(minutes=1)
    picture = MetricPicture(name="m", statistic="", period=period, threshold=None, points=points)
    assert sparkline(picture) == line
    assert in_numbers(picture).endswith("no threshold")


def test_an_incident_without_any_says_nothing_of_them(world: World) -> None:
    done = world.send(world.red())
    assert "Before the act" not in run_in(world, "show", done.incident_id).stdout
    assert json.loads(run_in(world, "show", done.incident_id, "--json").stdout)["diagnostics"] == []


def test_damaged_ones_are_said_to_be_unreadable_and_hide_nothing_else(world: World) -> None:
    done = world.send(world.red())
    found = Diagnostics(incident_id=done.incident_id, rung=0, at=world.clock.at, sections=())
    world.dynamodb.put_item(TableName=TABLE, Item=diagnostics_item(found) | {"sections": {"S": "[1]"}})
    result = run_in(world, "show", done.incident_id)
    assert result.exit_code == 0
    assert "they could not be read" in result.stdout
    assert "Timeline" in result.stdout
