"""The page is one file without a script, says what the text says, and takes no name for markup."""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from docs import screenshots
from firebreak.core.diagnostics import MetricPicture, Point, Section
from firebreak.core.model import Verdict
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.ledger.diagnostics import DynamoDiagnostics
from firebreak_cli.exit_codes import BAD_INPUT
from firebreak_cli.report import text
from firebreak_cli.report.markup import element
from firebreak_cli.statistics.plain import as_json
from firebreak_cli.statistics.record import Evidence, Record
from firebreak_cli.statistics.summary import summarize
from tests.cli.report_pages import evidence, full, named, read, sections_of, written
from tests.cli.reports import histories, reported
from tests.cli.running import error_lines, run
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
from tests.docs.documents import ROOT
from tests.support.world import TABLE, World

SAMPLE = str(ROOT / "examples/history.jsonl.gz")
POLICY = str(ROOT / "examples/ecs-platform/policy.toml")

# Everything that could begin markup, end an attribute, or open something.
NASTY = st.lists(
    st.sampled_from([*"<>&\"'`=/ -!;\\{}()", "script", "onload=", "x", "\x1b", "\u202e", "\n"]), max_size=8
).map("".join)


def shown(found: Record) -> str:
    console = Console(file=StringIO(), width=200, markup=False)
    text.show(summarize(found), console)
    file = console.file
    assert isinstance(file, StringIO)
    return " ".join(file.getvalue().split())


PLACES = ("alarm", "target", "action", "severity", "reason", "source", "why", "line", "metric")


def named_so(texts: Mapping[str, str]) -> str:
    """A page on which each text of others stands somewhere."""
    one = act(
        FIRST + HOUR, alarms=frozenset({texts["alarm"]}), target=texts["target"], action=texts["action"]
    )
    about = {"alarm": texts["alarm"], "target": texts["target"]}
    return written(
        record(
            source=texts["source"],
            acts=(one,),
            reds=(red(one.at - MINUTE, alarm=texts["alarm"]),),
            decisions=(decided(one.at, **about), decided(FIRST, "refuse", texts["reason"], **about)),
            calls=(call(FIRST, severity=texts["severity"]),),
            budgets=Unknown(texts["why"]),
            notes=(texts["why"],),
            evidence=(evidence(texts["metric"], texts["line"], target=texts["target"]),),
        )
    )


def structure(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.name, tuple(one.attributes)) for one in read(page).elements]


def test_the_state_before_the_newest_acts_is_shown_with_a_curve_and_its_threshold() -> None:
    page = written(full())
    [part] = [one for one in named(page, "section") if one.attributes["id"] == "before-the-acts"]
    assert "last log lines" in part.text
    assert "out of memory" in part.text
    curves = [one for one in named(page, "polyline") if one.attributes["class"] == "metric"]
    assert [len(one.attributes["points"].split()) for one in curves] == [21, 21]
    assert "min 79, max 99, last 99 at" in curves[0].text
    levels = [one for one in named(page, "line") if one.attributes["class"] == "threshold"]
    assert len([one for one in levels if one.text == "threshold 90"]) == 2


def test_of_each_source_the_last_lines_are_shown_or_why_there_are_none() -> None:
    sections = (
        Section("log", tuple(f"line {n}" for n in range(15))),
        Section("tasks", ()),
        Section("events", Unknown("denied")),
        Section("traces", NotRead("no time")),
        Section("gone", ABSENT),
    )
    kept = Evidence(target="ecs:prod/api", act=replace(evidence().act, sections=sections))
    text = shown(full(evidence=(kept,)))
    assert "line 9" not in text
    assert "line 10" in text
    for words in (
        "tasks none",
        "events could not be read: denied",
        "traces not read: no time",
        "gone does not",
    ):
        assert words in text
    assert "polyline" not in written(full(evidence=(kept,)))


@pytest.mark.parametrize("value", [5.0, -3.5])
def test_a_flat_metric_without_a_threshold_is_a_level_line(value: float) -> None:
    picture = MetricPicture(
        name="m",
        statistic="",
        period=MINUTE,
        threshold=None,
        points=(Point(FIRST, value), Point(HOUR + FIRST, value)),
    )
    act = replace(evidence().act, sections=(Section("metric of the alarm", picture),))
    [curve] = named(written(full(evidence=(evidence(act=act),))), "polyline")[-1:]
    heights = {one.partition(",")[2] for one in curve.attributes["points"].split()}
    assert len(heights) == 1


@settings(max_examples=40)
@given(st.fixed_dictionaries(dict.fromkeys(PLACES, NASTY)))
def test_no_text_of_others_becomes_markup(texts: dict[str, str]) -> None:
    """The elements and attributes of the page are the same, whatever alarms and targets are called."""
    nasty = named_so({place: f"{place}{text}" for place, text in texts.items()})
    assert structure(nasty) == structure(named_so(dict(zip(PLACES, PLACES, strict=True))))
    assert read(nasty).comments == []
    assert "\x1b" not in nasty
    assert "\u202e" not in nasty


def test_a_text_stands_on_the_page_as_it_is_read() -> None:
    name = '<img src=x onerror=alert(1)> & "co"'
    page = written(full(source=name))
    assert name in named(page, "p")[0].text
    assert "<img" not in page


def test_an_attribute_cannot_be_left() -> None:
    assert element("a", {"href": '"><b>'}, "<").text == '<a href="&quot;&gt;&lt;b&gt;">&lt;</a>'


def test_the_page_loads_nothing_and_allows_only_its_own_style() -> None:
    page = written(full())
    [style] = named(page, "style")
    [policy] = [
        one.attributes["content"]
        for one in named(page, "meta")
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    found = read(page).elements
    assert {one.name for one in found} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "base",
        "form",
    } == set()
    outside = [
        value
        for one in found
        for key, value in one.attributes.items()
        if key in {"src", "style", "xlink:href"}
        or key.startswith("on")
        or (key == "href" and value[0] != "#")
    ]
    assert outside == []
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_every_chart_has_its_table_and_every_id_is_one_of_a_kind() -> None:
    page = written(full())
    found = read(page).elements
    ids = [one.attributes["id"] for one in found if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    links = [one.attributes["href"].removeprefix("#") for one in found if one.name == "a"]
    assert set(links) <= set(ids)
    charts = [one for one in found if one.name == "svg" and one.attributes.get("role") == "img"]
    assert len(charts) == 8
    for part in [one for one in found if one.name == "section"]:
        inside = page.partition(f'<section id="{part.attributes["id"]}"')[2].partition("</section>")[0]
        assert inside.count('role="img"') <= inside.count("<table>")
    assert {one.attributes["aria-labelledby"] for one in charts} <= set(ids)


def test_the_page_and_the_text_hold_the_same_cells() -> None:
    found = full()
    page, words = written(found), shown(found)
    cells = [one.text for one in (*named(page, "td"), *named(page, "h2"))]
    assert len(cells) > 50
    assert [cell for cell in cells if " ".join(cell.split()) not in words] == []


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(record(), id="nothing"),
        pytest.param(full(reds=Unknown("denied")), id="no history"),
        pytest.param(full(budgets=NotRead("another policy")), id="no budgets"),
        pytest.param(record(acts=(act(FIRST, red_since=None, alarms=frozenset()),)), id="an act alone"),
        pytest.param(record(calls=(call(FIRST),)), id="a call alone"),
        pytest.param(record(decisions=(decided(FIRST),)), id="a decision alone"),
    ],
)
def test_a_page_of_little_says_what_is_missing(found: Record) -> None:
    page = written(found)
    read(page)
    assert "nan" not in page
    assert "0%" not in page.replace("100%", "").partition("<body>")[2]


def test_what_is_not_known_says_why() -> None:
    page = written(full(reds=Unknown("denied"), budgets=NotRead("another policy")))
    lines = [one.text for one in named(page, "p")]
    assert lines.count("Not known: denied.") == 2
    assert lines.count("Not read: another policy.") == 1


def test_a_replay_says_would_have_in_every_part_and_compares_nothing() -> None:
    page = written(
        full(replayed=True, notes=("An act changes nothing.",), evidence=(), coverage=record().coverage)
    )
    titles = list(sections_of(page))
    assert [one for one in titles if "would" not in one] == ["What was assumed"]
    assert "Nothing of this was done" in named(page, "header")[0].text
    assert "more often" not in page
    assert "nothing was done" in page
    words = {one.text.strip() for one in (*named(page, "th"), *named(page, "dt"), *named(page, "li"))}
    assert words & {"Acts", "Held", "Came back", "acted on", "Pages", "Acted on"} == set()
    assert "would have" not in written(full())


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, "held"),
        ({"verdict": Verdict.NOT_RECOVERED}, "failed"),
        ({"verdict": Verdict.WORSE}, "failed"),
        ({"verdict": Verdict.UNKNOWN}, "open"),
        ({"verdict": None}, "open"),
        ({"acknowledged": True}, "open"),
    ],
)
def test_the_shape_of_an_act_says_whether_it_held(changes: dict[str, Any], shape: str) -> None:
    page = written(record(acts=(act(FIRST, **changes),)))
    timeline = page.partition('id="targets-chart"')[2].partition("</svg>")[0]
    assert re.findall(r'class="mark (\w+)"', timeline) == [shape]


def test_a_time_without_a_heartbeat_is_shaded_and_said_in_words() -> None:
    page = written(full())
    bands = [one for one in named(page, "rect") if "band" in one.attributes["class"] and one.text]
    assert {one.attributes["class"]: one.text for one in bands} == {
        "band not_watched": "not watching: no heartbeat came, for 1d since 2026-11-01 10:00Z",
        "band not_known": "not known: no heartbeat was due yet, or CloudWatch keeps none that old,"
        " for 1d since 2026-10-23 10:00Z",
    }
    chart = page.partition('id="targets-chart">')[2].partition("</title>")[0]
    assert "Shaded: Firebreak was not watching for 1d in 1 stretch (not counted as quiet)" in chart
    legend = [one.text for one in named(page, "li")]
    assert {"Firebreak was not watching", "not known whether it was"} <= set(legend)
    tiles = dict(zip(*([one.text for one in named(page, name)] for name in ("dt", "dd")), strict=True))
    assert tiles["Firebreak was not watching for"] == "1d"


def test_a_page_without_an_outage_shades_nothing_and_says_that_it_was_watching() -> None:
    page = written(full(coverage=watching()))
    assert "Firebreak was watching all the time." in [one.text for one in named(page, "p")]
    assert [one for one in named(page, "rect") if "band" in one.attributes["class"]] == []
    assert "not watching" not in page.partition("</style>")[2]


def test_pages_by_week_and_by_hour_stand_next_to_the_time_watched() -> None:
    found = full(coverage=watching((FIRST + 9 * DAY, FIRST + 10 * DAY)))
    page = written(found)
    tables = {one.text.partition(":")[0]: one.text for one in named(page, "table")}
    assert "Watched" in tables["Pages by week"]
    assert "6d" in tables["Pages by week"]
    assert tables["Pages by hour of the day"].count("27.0h") == 24
    assert "4.9 pages for each week that Firebreak was watching." in page
    assert "1d 2h" not in page
    titles = [one.text for one in named(page, "rect") if one.attributes["class"] == "page"]
    assert any(one.endswith(" pages, watched 6d") for one in titles)


def test_of_very_many_outages_the_longest_are_shaded() -> None:
    off = [(FIRST + n * HOUR, FIRST + n * HOUR + 30 * MINUTE) for n in range(1, 27 * 24)]
    page = written(full(coverage=watching(*off, (UNTIL - DAY, UNTIL))))
    bands = [one for one in named(page, "rect") if "band" in one.attributes["class"] and one.text]
    assert len(bands) == 400
    assert any("for 1d since" in one.text for one in bands)
    assert "The first 20 of 648 stretches are shown." in page


def test_a_time_after_the_range_stands_at_its_edge() -> None:
    found = full(acts=(act(full().until + MINUTE),))
    places = re.findall(r'transform="translate\(([\d.]+) ', written(found))
    assert all(0 <= float(one) <= 960 for one in places)


def test_the_command_writes_the_page_and_says_where(world: World, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    alarm = world.red()
    done = world.send(alarm)
    answers = histories(world, {alarm.name: [(alarm.since, "OK", "ALARM")]})
    kept = replace(evidence(line="heap is full").act, incident_id=done.incident_id)
    DynamoDiagnostics(world.dynamodb, TABLE).keep(kept)
    result = reported(world, "report", "--out", str(out), cloudwatch=answers)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "heap is full" in out.read_text(encoding="utf-8")
    assert result.stdout == f"{out}: open it in a browser\n"
    assert "ecs:prod/api" in named(out.read_text(encoding="utf-8"), "table")[0].text
    assert list(tmp_path.iterdir()) == [out]
    plain = reported(world, "report", "--out", str(out), "--json", cloudwatch=answers)
    assert json.loads(plain.stdout) == json.loads(
        reported(world, "stats", "--json", cloudwatch=answers).stdout
    )


def test_a_file_that_cannot_be_written_is_left_as_it_was(world: World, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "report.html"
    result = reported(world, "report", "--out", str(out))
    assert result.exit_code == BAD_INPUT
    assert error_lines(result) == [f"firebreak: --out {out}: cannot be written: No such file or directory"]


def test_a_backtest_writes_the_page_of_what_would_have_been_done(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    words = ("backtest", "--history", SAMPLE, "--policy", POLICY, "--json")
    plain, paged = run(*words), run(*words, "--report", str(out))
    assert paged.exit_code == plain.exit_code == 0
    assert json.loads(paged.stdout) == json.loads(plain.stdout)
    assert error_lines(paged) == [f"{out}: open it in a browser"]
    page, found = out.read_text(encoding="utf-8"), json.loads(plain.stdout)
    totals, calls = found["totals"], found["calls"]["total"]
    assert (
        f"Firebreak would have acted {totals['act']} times on 1 target, would have refused"
        f" {totals['refuse']} times; {calls} calls for somebody."
    ) in page
    [table] = [one for one in named(page, "table") if one.text.startswith("Budgets")]
    assert all(f"{row['most']}{row['limit']}" in table.text for row in found["limits"][:20])


def test_the_readme_shows_the_report_on_its_first_screen_as_a_small_picture() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "](docs/images/report.png)" in first_screen
    image = screenshots.IMAGE.read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(image[16:20]) == screenshots.WIDTH
    assert len(image) < 150_000


def test_json_says_that_it_was_replayed() -> None:
    assert as_json(summarize(replace(full(), replayed=True)))["replayed"] is True


def test_a_page_of_very_many_stays_small_and_says_what_it_leaves_out() -> None:
    many = tuple(
        act(
            FIRST + n * MINUTE,
            target=f"ecs:prod/{n % 40}",
            incident=f"i-{n}",
            alarms=frozenset({f"{n % 40}"}),
        )
        for n in range(8000)
    )
    reds = tuple(red(one.at, 3, alarm=min(one.alarms)) for one in many)
    decisions = tuple(decided(one.at, alarm=min(one.alarms), target=one.target) for one in many)
    page = written(record(acts=many, reds=reds, decisions=decisions))
    assert len(page) < 3_000_000
    assert "The first 20 of 40 targets are shown." in page
