"""The last points of a metric as one line of text: a small chart, and the numbers that matter."""

from firebreak.core.diagnostics import MOST_POINTS, MetricPicture

_BLOCKS = "▁▂▃▄▅▆▇█"
_NO_POINT = "·"


def sparkline(picture: MetricPicture) -> str:
    """A block for each period from the first point to the last, between the least and the greatest of them.

    A period without data is a dot. Empty where there is no point.
    """
    if not picture.points:
        return ""
    values = [point.value for point in picture.points]
    least, span = min(values), max(values) - min(values)
    last = picture.points[-1].at
    blocks: dict[int, str] = {}
    for point in picture.points:
        height = (point.value - least) / span if span else 0.0
        blocks[round((last - point.at) / picture.period)] = _BLOCKS[round(height * (len(_BLOCKS) - 1))]
    shown = range(min(max(blocks), MOST_POINTS - 1), -1, -1)
    return "".join(blocks.get(periods_ago, _NO_POINT) for periods_ago in shown)


def in_numbers(picture: MetricPicture) -> str:
    """The least, the greatest and the last value, and the threshold."""
    threshold = f"threshold {number(picture.threshold)}" if picture.threshold is not None else "no threshold"
    if not picture.points:
        return f"no data, {threshold}"
    values = [point.value for point in picture.points]
    return (
        f"min {number(min(values))}, max {number(max(values))}, last {number(values[-1])} "
        f"at {picture.points[-1].at:%H:%M:%S}Z, {threshold}"
    )


def number(value: float) -> str:
    """Six digits at most: they are for the eye, and JSON has all."""
    return f"{value:.6g}"


def named(picture: MetricPicture) -> str:
    """The statistic and the metric, with the length of its periods."""
    return f"{picture.statistic} {picture.name}, periods of {picture.period.total_seconds():.0f} s".lstrip()
