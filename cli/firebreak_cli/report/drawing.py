"""The small pieces of the charts, and the scales on which they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

from firebreak_cli.report.markup import Attributes, Content, Markup, element

WIDTH = 960.0
LABELS = 230.0
RIGHT = 24.0
ROW = 30.0
AXIS = 26.0

# About so many characters of a label fit in front of a row.
_LONGEST = 34


@dataclass(frozen=True, slots=True)
class TimeScale:
    """From a time to its place."""

    first: datetime
    until: datetime

    def x(self, at: datetime) -> float:
        """The place; a time outside the range stands at its edge."""
        part = (at - self.first) / (self.until - self.first)
        return LABELS + min(1.0, max(0.0, part)) * (WIDTH - LABELS - RIGHT)

    def ticks(self) -> Iterable[datetime]:
        """About eight times of the same distance."""
        step = (self.until - self.first) / 8
        return (self.first + step * n for n in range(8))


# Lengths of time that are marked on an axis, as far as they are needed.
_MARKED = tuple(timedelta(minutes=n) for n in (1, 5, 15, 60, 240, 1440, 7 * 1440, 30 * 1440))


@dataclass(frozen=True, slots=True)
class LengthScale:
    """From a length of time to its place, by its logarithm: minutes and days are both to be read."""

    longest: timedelta

    def x(self, length: timedelta) -> float:
        """The place; anything below a minute stands at the beginning."""
        least = _MARKED[0]
        part = log(max(length, least) / least) / log(max(self.longest, _MARKED[1]) / least)
        return LABELS + min(1.0, part) * (WIDTH - LABELS - 2 * RIGHT)

    def ticks(self) -> Sequence[timedelta]:
        """The marked lengths that are on the axis."""
        return [one for one in _MARKED if one <= max(self.longest, _MARKED[1])]


@dataclass(frozen=True, slots=True)
class CountScale:
    """From a count to its place."""

    most: int

    def x(self, count: float) -> float:
        """The place."""
        return LABELS + count / max(1, self.most) * (WIDTH - LABELS - 3 * RIGHT)


@dataclass(frozen=True, slots=True)
class ValueScale:
    """From a value to its height, the greatest at `top`; where all are the same they stand in the middle."""

    least: float
    greatest: float
    top: float
    height: float

    def y(self, value: float) -> float:
        """The height."""
        span = self.greatest - self.least
        part = (value - self.least) / span if span else 0.5
        return self.top + (1 - part) * self.height


def chart(name: str, title: str, height: float, *content: Content) -> Markup:
    """A drawing that a screen reader announces by its title; its numbers are in the table after it."""
    drawing = element(
        "svg",
        {
            "viewBox": f"0 0 {WIDTH:.0f} {height:.0f}",
            "role": "img",
            "aria-labelledby": f"{name}-chart",
        },
        element("title", {"id": f"{name}-chart"}, title),
        *content,
    )
    # It scrolls on a phone: the keyboard must reach it.
    return element("div", {"class": "chart", "tabindex": "0", "role": "group", "aria-label": title}, drawing)


def label(text: str, y: float) -> Markup:
    """The name of a row; a long one is cut, and is whole in its tooltip and in the table."""
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return element(
        "text", {"x": LABELS - 12, "y": y + 4, "text-anchor": "end"}, shown, element("title", None, text)
    )


def words_at(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> Markup:
    """A short text of the chart."""
    return element("text", {"x": x, "y": y, "class": kind, "text-anchor": anchor}, text)


def axis(ticks: Iterable[tuple[float, str]], height: float) -> Markup:
    """Thin lines down to the axis, with their texts."""
    drawn: list[Content] = []
    for x, text in ticks:
        drawn.append(element("line", {"x1": x, "x2": x, "y1": 4, "y2": height - AXIS, "class": "grid"}))
        drawn.append(words_at(x, height - 8, text, "small", "middle"))
    return element("g", None, *drawn)


def bar(x: float, y: float, width: float, kind: str, tip: str) -> Markup:
    """A bar of a row; a short one can still be seen."""
    place: Attributes = {"x": x, "y": y, "width": max(2.0, width), "height": 14, "class": kind}
    return element("rect", place, element("title", None, tip))


def band(x: float, width: float, height: float, kind: str, tip: str) -> Markup:
    """A shaded time across all rows, behind them; a short one can still be seen."""
    place: Attributes = {
        "x": x,
        "y": 4,
        "width": max(2.0, width),
        "height": height - AXIS - 4,
        "class": f"band {kind}",
    }
    return element("rect", place, element("title", None, tip))


# Shapes differ as well as colours: (dx, dy) around the middle.
_SHAPES = {
    "held": "0,-7 7,6 -7,6",
    "failed": "-7,-4 -4,-7 0,-3 4,-7 7,-4 3,0 7,4 4,7 0,3 -4,7 -7,4 -3,0",
    "open": "0,-7 7,0 0,7 -7,0",
    "later": "-5,-6 7,0 -5,6",
}


def mark(shape: str, x: float, y: float, tip: str) -> Markup:
    """A mark: a triangle for what held, a cross for what did not, a rhomb where that is not known."""
    moved = {"points": _SHAPES[shape], "transform": f"translate({x:.1f} {y:.1f})", "class": f"mark {shape}"}
    return element("polygon", moved, element("title", None, tip))


def dot(x: float, y: float, tip: str) -> Markup:
    """One case of a distribution."""
    return element("circle", {"cx": x, "cy": y, "r": 3.5, "class": "dot"}, element("title", None, tip))


def stroke(x: float, y: float, kind: str) -> Markup:
    """A quantile of a row."""
    return element("line", {"x1": x, "x2": x, "y1": y - 13, "y2": y + 13, "class": kind})


def curve(places: Iterable[tuple[float, float]], tip: str) -> Markup:
    """A line through the points of a metric."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return element("polyline", {"points": points, "class": "metric"}, element("title", None, tip))


def level(y: float, tip: str) -> Markup:
    """The threshold of a curve, across the whole chart."""
    place: Attributes = {"x1": LABELS, "x2": WIDTH - RIGHT, "y1": y, "y2": y, "class": "threshold"}
    return element("line", place, element("title", None, tip))
