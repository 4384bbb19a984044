"""The `reasonData` of an alarm's state: a string that holds JSON, or anything else. Nothing here raises.

CloudWatch lists the values of the range as `recentDatapoints`; newer ones also list each period as
`evaluatedDatapoints`, newest first, and a period without a datapoint has no `value` there. A caller that
sets a state by hand may put any JSON here.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.wire.lenient_json import as_int, items, mapping, number, parse_timestamp, text

# SetAlarmState takes 4,000 characters [StateReasonData]; a composite with many children may have more.
MAX_CHARACTERS = 64_000
# The number of the newest periods and values that are kept.
MOST_POINTS = 30


def json_of(reason_data: object) -> Mapping[str, object]:
    """The JSON object in the string, or an empty one."""
    written = text(reason_data)
    if len(written) > MAX_CHARACTERS:
        return {}
    try:
        return mapping(json.loads(written))
    except (ValueError, RecursionError):
        return {}


def evaluation_of(reason_data: object) -> Evaluation | None:
    """The evaluation; None when the data has none, or not all of it can be read."""
    data = json_of(reason_data)
    recent, evaluated = data.get("recentDatapoints"), data.get("evaluatedDatapoints")
    if not isinstance(recent, list) and not isinstance(evaluated, list):
        return None
    values = [number(value) for value in items(recent) if value is not None]
    points = [_point(point) for point in items(evaluated)]
    if None in values or None in points:
        return None
    return _evaluation(
        data,
        [value for value in values if value is not None],
        [point for point in points if point is not None],
    )


def _evaluation(data: Mapping[str, object], values: list[float], points: list[EvaluatedPoint]) -> Evaluation:
    present = sum(point.value is not None for point in points)
    return Evaluation(
        query_date=parse_timestamp(data.get("queryDate")),
        period=as_int(data.get("period")) or None,
        statistic=_word(data.get("statistic")),
        unit=_word(data.get("unit")),
        threshold=number(data.get("threshold")),
        values=tuple(values[-MOST_POINTS:]),
        lower=_numbers(data.get("recentLowerThresholds")),
        upper=_numbers(data.get("recentUpperThresholds")),
        evaluated=tuple(_oldest_first(points)[-MOST_POINTS:]),
        missing=len(points) - present,
        # The values count where no period is listed, and where the two do not agree.
        present=max(present, len(values)),
    )


def _point(value: object) -> EvaluatedPoint | None:
    """One period; None when its value is there and is no number."""
    if not isinstance(value, dict):
        return None
    read = number(value.get("value"))
    if read is None and value.get("value") is not None:
        return None
    return EvaluatedPoint(parse_timestamp(value.get("timestamp")), read, number(value.get("threshold")))


def _oldest_first(points: list[EvaluatedPoint]) -> list[EvaluatedPoint]:
    """The points by time where each has one, else in the reverse of CloudWatch's order."""
    if any(point.at is None for point in points):
        return points[::-1]
    return sorted(points, key=_time)


def _time(point: EvaluatedPoint) -> datetime:
    return point.at or datetime.min.replace(tzinfo=UTC)


def _numbers(value: object) -> tuple[float, ...]:
    """The newest numbers of a list, oldest first; none at all when any is no number."""
    read = [number(each) for each in items(value)]
    return tuple(each for each in read if each is not None)[-MOST_POINTS:] if None not in read else ()


def _word(value: object) -> str:
    return text(value)[:64]
