"""The stored and sent form of an evaluation. Numbers are written as text: no form here has fractions.

It only explains: a part that cannot be read is left unknown, and the alarm is read all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.wire.lenient_json import as_int, items, mapping, number, parse_timestamp, text


def evaluation_to_wire(evaluation: Evaluation) -> dict[str, object]:
    """The evaluation as plain values."""
    return {
        "at": _time(evaluation.query_date),
        "period": evaluation.period or 0,
        "statistic": evaluation.statistic,
        "unit": evaluation.unit,
        "threshold": _number(evaluation.threshold),
        "values": _numbers(evaluation.values),
        "lower": _numbers(evaluation.lower),
        "upper": _numbers(evaluation.upper),
        "points": [_point(point) for point in evaluation.evaluated],
        "missing": evaluation.missing,
        "present": evaluation.present,
    }


def evaluation_from_wire(stored: object) -> Evaluation | None:
    """The evaluation that `evaluation_to_wire` wrote; None where none, or no readable one, was written."""
    data = mapping(stored)
    missing, present = as_int(data.get("missing")), as_int(data.get("present"))
    if missing is None or present is None:
        return None
    return Evaluation(
        query_date=parse_timestamp(data.get("at")),
        period=as_int(data.get("period")) or None,
        statistic=text(data.get("statistic")),
        unit=text(data.get("unit")),
        threshold=_read(data.get("threshold")),
        values=_read_all(data.get("values")),
        lower=_read_all(data.get("lower")),
        upper=_read_all(data.get("upper")),
        evaluated=tuple(_read_point(mapping(point)) for point in items(data.get("points"))),
        missing=missing,
        present=present,
    )


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _numbers(values: Iterable[float]) -> list[str]:
    return [_number(value) for value in values]


def _point(point: EvaluatedPoint) -> dict[str, str]:
    return {"at": _time(point.at), "value": _number(point.value), "threshold": _number(point.threshold)}


def _read(value: object) -> float | None:
    try:
        return number(float(text(value)))
    except ValueError:
        return None


def _read_all(value: object) -> tuple[float, ...]:
    return tuple(read for each in items(value) if (read := _read(each)) is not None)


def _read_point(point: Mapping[str, object]) -> EvaluatedPoint:
    return EvaluatedPoint(
        parse_timestamp(point.get("at")), _read(point.get("value")), _read(point.get("threshold"))
    )
