"""The facts of a target that are kept before an act: bounded in time and size, and without secrets."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.diagnostics import (
    COLLECTED_WITHIN,
    METRIC,
    MOST_LINES,
    SECOND_LOOK_NEEDS,
    Diagnostics,
    MetricPicture,
    Point,
    Section,
    headed,
    time_left,
    without_secrets,
)
from firebreak.core.limits.budgets import ACT_WITHIN
from firebreak.core.paging.log_lines import LINE_LENGTH
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support import builders as a


def of(*found: Reading[tuple[str, ...]]) -> Diagnostics:
    sections = tuple(Section(f"source {n}", one) for n, one in enumerate(found))
    return Diagnostics(incident_id="i-1", rung=0, at=a.NOW, sections=sections)


@pytest.mark.parametrize(("elapsed", "left"), [(0.0, 3.0), (3.0, 3.0), (4.5, 1.5), (6.0, 0.0), (60.0, 0.0)])
def test_reading_takes_three_seconds_at_most_and_only_of_the_time_that_the_act_has(
    elapsed: float, left: float
) -> None:
    assert time_left(elapsed, ACT_WITHIN) == left


@given(st.floats(min_value=0, max_value=1000))
def test_reading_always_leaves_the_second_look_its_part(elapsed: float) -> None:
    left = time_left(elapsed, ACT_WITHIN)
    assert 0 <= left <= COLLECTED_WITHIN.total_seconds()
    assert left == 0 or timedelta(seconds=elapsed + left) <= ACT_WITHIN - SECOND_LOOK_NEEDS + timedelta(
        microseconds=1
    )


def test_secrets_and_control_characters_are_not_kept() -> None:
    [section] = without_secrets(
        of(("password=hunter2 \x1b[2Jgone",)), lambda text: text.replace("gone", "***")
    ).sections
    assert isinstance(section.found, tuple)
    assert "hunter2" not in section.found[0]
    assert "\x1b" not in section.found[0]
    assert "gone" not in section.found[0]


@pytest.mark.parametrize("found", [ABSENT, Unknown("Throttled"), NotRead("no time"), ()], ids=repr)
def test_a_source_without_lines_stays_what_it_is(found: Reading[tuple[str, ...]]) -> None:
    assert without_secrets(of(found), str) == of(found)


@given(st.lists(st.text(max_size=3000), max_size=60))
def test_the_newest_lines_are_kept_and_not_more_than_a_few_kilobytes(lines: list[str]) -> None:
    [section] = without_secrets(of(tuple(lines)), str).sections
    assert isinstance(section.found, tuple)
    assert len(section.found) <= MOST_LINES
    assert sum(map(len, section.found)) <= MOST_LINES * LINE_LENGTH


def test_of_many_lines_the_last_are_kept_in_their_order() -> None:
    [section] = without_secrets(of(tuple(f"line {n}" for n in range(30))), str).sections
    assert section.found == tuple(f"line {n}" for n in range(30 - MOST_LINES, 30))


# --- several streams as one source

HERE = ("one", "two")


@pytest.mark.parametrize(
    ("streams", "lines"),
    [
        pytest.param([], (), id="no stream"),
        pytest.param(
            [("a", HERE), ("b", ABSENT), ("c", Unknown("503")), ("d", NotRead("late")), ("e", ("three",))],
            (
                "a:",
                "one",
                "two",
                "b: no log stream",
                "c: not read (503)",
                "d: not read (late)",
                "e:",
                "three",
            ),
            id="some could be read",
        ),
        pytest.param([("a", Unknown("503")), ("b", ABSENT)], Unknown("503"), id="none could be read"),
        pytest.param([("a", ABSENT), ("b", Unknown("503"))], ABSENT, id="the first one is gone"),
    ],
)
def test_streams_stand_under_their_names(
    streams: list[tuple[str, Reading[tuple[str, ...]]]], lines: Reading[tuple[str, ...]]
) -> None:
    assert headed(streams) == lines


# --- the metric


def picture(name: str, points: int) -> MetricPicture:
    minute = timedelta(minutes=1)
    return MetricPicture(
        name=name,
        statistic="Average",
        period=minute,
        threshold=80.0,
        points=tuple(Point(a.NOW + n * minute, float(n)) for n in range(points)),
    )


@pytest.mark.parametrize(
    ("name", "kept"),
    [("CPU of prod/api", "CPU of prod/api"), ("it is gone\nfor good\x07", "it is *** for good"), (" ", "")],
)
def test_of_a_metric_the_last_points_are_kept_under_a_harmless_name(name: str, kept: str) -> None:
    before = replace(of(), rung=2, sections=(Section(METRIC, picture(name, 40)),))
    last = replace(picture(kept, 40), points=picture("", 40).points[10:])
    after = without_secrets(before, lambda text: text.replace("gone", "***"))
    assert after == replace(before, sections=(Section(METRIC, last),))


def test_a_short_metric_stays_as_it_is() -> None:
    found = Diagnostics(incident_id="i-1", rung=0, at=a.NOW, sections=(Section(METRIC, picture("CPU", 3)),))
    assert without_secrets(found, str) == found
