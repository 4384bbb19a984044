"""The result of all windows together: frozen or free, until when, with one cause a stretch."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.freeze import HORIZON, Free, Frozen, find_freeze
from tests.support import builders as a

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Stretches:
    """A window made of stretches that neither overlap nor meet."""

    name: str
    stretches: tuple[tuple[datetime, datetime], ...] = ()

    def covering(self, now: datetime) -> datetime | None:
        return next((end for start, end in self.stretches if start <= now < end), None)

    def next_start(self, now: datetime) -> datetime | None:
        return next((start for start, _ in self.stretches if start > now), None)


@dataclass(frozen=True)
class Endless:
    """A window that holds every moment."""

    name: str

    def covering(self, now: datetime) -> datetime:
        return now + HORIZON

    def next_start(self, now: datetime) -> datetime:
        return now + MINUTE


@dataclass(frozen=True)
class Flicker:
    """A window that holds every other minute, from the even or from the odd ones."""

    name: str
    odd: int

    def covering(self, now: datetime) -> datetime | None:
        return None if now.minute % 2 != self.odd else now + MINUTE

    def next_start(self, now: datetime) -> datetime:
        return now + (MINUTE if now.minute % 2 != self.odd else 2 * MINUTE)


def hours(name: str, *stretches: tuple[float, float]) -> Stretches:
    """Stretches in hours from NOON."""
    return Stretches(name, tuple((NOON + HOUR * start, NOON + HOUR * end) for start, end in stretches))


def test_without_windows_everything_is_free() -> None:
    assert find_freeze((), (), a.NOW) == Free("no freeze window")


def test_before_a_freeze_the_next_one_is_named_with_its_start() -> None:
    never = [hours("later", (9, 10)), hours("black-friday", (150, 246))]
    assert find_freeze(never, (), NOON) == Free("no freeze window before later at 21:00:00Z")
    assert find_freeze(never[1:], (), NOON) == Free(
        "no freeze window before black-friday at 2026-11-26 18:00:00Z"
    )


def test_inside_a_freeze_nothing_may_be_done_until_its_end() -> None:
    assert find_freeze([hours("black-friday", (-1, 5))], (), NOON) == Frozen(
        "inside never-window black-friday until 17:00:00Z",
        NOON + 5 * HOUR,
        "black-friday/until/2026-11-20T17:00:00Z",
    )


def test_a_stretch_holds_its_start_but_not_its_end() -> None:
    freeze = [hours("brief", (0, 1))]
    assert isinstance(find_freeze(freeze, (), NOON - MINUTE), Free)
    assert isinstance(find_freeze(freeze, (), NOON), Frozen)
    assert isinstance(find_freeze(freeze, (), NOON + HOUR), Free)


def test_inside_an_only_window_all_is_free_until_its_end() -> None:
    office = hours("office-hours", (-3, 5))
    assert find_freeze((), [office], NOON) == Free(
        "no freeze window; inside only-window office-hours until 17:00:00Z"
    )


def test_of_several_open_only_windows_the_one_that_ends_last_is_named() -> None:
    only = [hours("short", (-1, 1)), hours("long", (-1, 4))]
    assert find_freeze((), only, NOON) == Free("no freeze window; inside only-window long until 16:00:00Z")


def test_outside_every_only_window_nothing_may_be_done_until_one_opens() -> None:
    only = [hours("nights", (-14, -4), (10, 20)), hours("weekend", (14, 60))]
    assert find_freeze((), only, NOON) == Frozen(
        "outside only-windows nights, weekend; free from 22:00:00Z",
        NOON + 10 * HOUR,
        "nights/from/2026-11-20T22:00:00Z",
        no_window_open=True,
    )


def test_a_freeze_wins_over_an_open_only_window() -> None:
    finding = find_freeze([hours("freeze", (-1, 1))], [hours("office", (-4, 4))], NOON)
    assert finding == Frozen(
        "inside never-window freeze until 13:00:00Z", NOON + HOUR, "freeze/until/2026-11-20T13:00:00Z"
    )


def test_an_only_window_that_opens_inside_a_freeze_frees_nothing_before_the_freeze_is_over() -> None:
    finding = find_freeze([hours("freeze", (1, 3))], [hours("office", (2, 8))], NOON)
    assert isinstance(finding, Frozen)
    assert finding.until == NOON + 3 * HOUR
    assert finding.detail == "outside only-window office; free from 15:00:00Z"
    assert finding.frozen_by == "office/from/2026-11-20T14:00:00Z"


def test_all_windows_that_freeze_are_named_and_the_last_to_end_is_the_cause() -> None:
    never = [hours("short", (-1, 1)), hours("long", (-1, 2)), hours("next", (1.5, 3))]
    assert find_freeze(never, (), NOON) == Frozen(
        "inside never-window long until 14:00:00Z; inside never-window short until 13:00:00Z;"
        " free from 15:00:00Z",
        NOON + 3 * HOUR,
        "long/until/2026-11-20T14:00:00Z",
    )


def test_only_windows_that_are_all_over_freeze_without_an_end() -> None:
    text = "outside only-window launch; no free moment in sight"
    expected = Frozen(text, None, f"launch/from/open on {NOON:%F}", no_window_open=True)
    assert find_freeze((), [hours("launch", (-9, -8))], NOON) == expected


def test_a_freeze_without_an_end_says_so_and_is_one_cause_a_day() -> None:
    finding = find_freeze([Endless("always")], (), NOON)
    text = "inside never-window always with no end in sight"
    assert finding == Frozen(text, None, f"always/until/open on {NOON:%F}")
    later, tomorrow = (find_freeze([Endless("always")], (), NOON + wait) for wait in (HOUR, DAY))
    assert later == finding
    assert tomorrow == Frozen(text, None, f"always/until/open on {NOON + DAY:%F}")


def test_a_freeze_whose_only_way_out_is_beyond_the_horizon_has_no_known_end() -> None:
    far = HORIZON / HOUR
    finding = find_freeze((), [hours("one-day", (far, far + 24))], NOON)
    assert isinstance(finding, Frozen)
    assert finding.until is None
    near = find_freeze((), [hours("one-day", (far - 1, far + 24))], NOON)
    assert isinstance(near, Frozen)
    assert near.until == NOON + HORIZON - HOUR


def test_windows_that_take_turns_for_ever_are_given_up() -> None:
    finding = find_freeze([Flicker("never", 1)], [Flicker("only", 1)], NOON)
    assert isinstance(finding, Frozen)
    assert finding.until is None


def test_the_zone_in_which_now_is_written_makes_no_difference() -> None:
    never, only = [hours("freeze", (3, 20))], [hours("office", (1, 8))]
    elsewhere = timezone(timedelta(hours=9, minutes=30))
    for at in (NOON, NOON + 2 * HOUR, NOON + 4 * HOUR, NOON + 30 * HOUR):
        assert find_freeze(never, only, at.astimezone(elsewhere)) == find_freeze(never, only, at)


def apart(name: str, edges: list[int]) -> Stretches:
    """Stretches between the sorted edges, in minutes from NOON."""
    at = [NOON + MINUTE * edge for edge in sorted(edges)]
    return Stretches(name, tuple(zip(at[::2], at[1::2], strict=False)))


LINES = st.lists(st.integers(-60, 240), unique=True, max_size=8)
FEW = st.lists(LINES, max_size=3)


@given(FEW, FEW)
def test_the_answer_and_its_end_agree_with_a_walk_over_the_minutes(
    never_edges: list[list[int]], only_edges: list[list[int]]
) -> None:
    never = [apart(f"never-{n}", edges) for n, edges in enumerate(never_edges)]
    only = [apart(f"only-{n}", edges) for n, edges in enumerate(only_edges)]

    def free(at: datetime) -> bool:
        inside = any(window.covering(at) for window in only)
        return (inside or not only) and not any(window.covering(at) for window in never)

    finding = find_freeze(never, only, NOON)
    walk = [NOON + MINUTE * n for n in range(300)]
    assert isinstance(finding, Free) == free(NOON)
    if isinstance(finding, Frozen):
        assert finding.until == next((at for at in walk if free(at)), None)


@given(LINES)
def test_one_stretch_is_one_cause_from_its_start_to_its_end(edges: list[int]) -> None:
    window = apart("freeze", edges)
    causes = {
        finding.frozen_by: finding.until
        for n in range(-60, 241)
        if isinstance(finding := find_freeze([window], (), NOON + MINUTE * n), Frozen)
    }
    assert list(causes.values()) == [end for _, end in window.stretches]


@pytest.mark.parametrize(("name", "only"), [("freeze", False), ("office", True)])
def test_the_cause_is_the_same_at_every_moment_of_a_stretch(name: str, only: bool) -> None:
    window = hours(name, (-2, 2)) if not only else hours(name, (-9, -2), (2, 9))
    causes = set()
    for n in range(-119, 120, 7):
        finding = find_freeze(() if only else [window], [window] if only else (), NOON + MINUTE * n)
        assert isinstance(finding, Frozen)
        causes.add(finding.frozen_by)
    assert len(causes) == 1
