"""What is red, in numbers: "CPUUtilization 96.1 > 80 for 3 of 3 minutes (DBInstanceIdentifier orders-1)".

The numbers are those that CloudWatch evaluated. What is not known is left out, and what is said is true by
arithmetic alone where CloudWatch's sentence does not say how it compared.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import assert_never

from firebreak.core.evaluation import Evaluation
from firebreak.core.model import Alarm, AlarmKind
from firebreak.core.spans import span_words

# Of names, of children and of the whole line: it travels with every announcement.
NAME_LENGTH, MOST_NAMES, MOST_CHILDREN, LINE_LENGTH = 80, 4, 5, 400

# CloudWatch's own sentences; anybody who may set an alarm's state can write others.
_COMPARED = re.compile(r"\b(greater|less) than (or equal to )?the threshold\b")
_THRESHOLD = re.compile(r"\bthe threshold \((-?\d{1,15}(?:\.\d{1,15})?)\)")
_VALUE = re.compile(r"\[(-?\d{1,15}(?:\.\d{1,15})?) \(")
_COUNT = re.compile(r"\b(\d{1,4}) out of the last (\d{1,4}) datapoints?\b")

# Of a query the aggregate says what is measured; the rest says where.
_QUERY = re.compile(r"\s*SELECT\s+([A-Z]+\([^()]{1,80}\))", re.IGNORECASE)

_SIGNIFICANT = (3, 6, 9, 17)


def red_words(alarm: Alarm) -> str:
    """What the alarm watches, its value beside the threshold, for how long and in what. Untrusted text."""
    match alarm.kind:
        case AlarmKind.COMPOSITE:
            words = _children(alarm.children)
        case (
            AlarmKind.METRIC
            | AlarmKind.MATH
            | AlarmKind.ANOMALY
            | AlarmKind.INSIGHTS
            | AlarmKind.MULTI_SERIES
            | AlarmKind.CONTRIBUTOR
            | AlarmKind.PROMQL
            | AlarmKind.LOG
            | AlarmKind.UNKNOWN
        ):
            words = _measured(alarm)
        case never:
            assert_never(never)
    return words if len(words) <= LINE_LENGTH else words[: LINE_LENGTH - 1] + "…"


def _children(children: Iterable[str]) -> str:
    """The children that a composite's rule names; which of them are red, its event does not say."""
    names = [child.partition(":alarm:")[2] or child for child in children]
    if not names:
        return ""
    more = f" and {len(names) - MOST_CHILDREN} more" if len(names) > MOST_CHILDREN else ""
    return f"its rule names {', '.join(_short(name) for name in names[:MOST_CHILDREN])}{more}"


def _measured(alarm: Alarm) -> str:
    name = _name(alarm)
    compared = _band(alarm.evaluation) or _compared(alarm)
    words = " ".join(filter(None, (name, compared))) if name else ""
    where = _where(alarm)
    return f"{words} ({where})" if words and where else words or where


def _name(alarm: Alarm) -> str:
    """The metric, or the label of the expression over several."""
    metric = alarm.metrics[0].name if alarm.metrics else ""
    if query := _QUERY.match(alarm.label):
        return _short(query.group(1))
    name = alarm.label if alarm.label and alarm.kind is not AlarmKind.ANOMALY else metric or alarm.label
    statistic = alarm.evaluation.statistic if alarm.evaluation else ""
    usual = not name or statistic in {"", "Average"}
    return _short(name) if usual else f"{statistic} {_short(name)}"


def _where(alarm: Alarm) -> str:
    """Which series: the dimensions of the first metric, or the attributes of the contributor."""
    found: Mapping[str, str] = alarm.metrics[0].dimensions if alarm.metrics else {}
    if alarm.contributor:
        found = alarm.contributor.attributes or found
    pairs = [f"{_short(name)} {_short(value)}" for name, value in found.items()]
    left = len(pairs) - MOST_NAMES
    return ", ".join([*pairs[:MOST_NAMES], *([f"and {left} more"] if left > 0 else [])])


def _band(evaluation: Evaluation | None) -> str:
    """The value beside the band that it should be in."""
    if not (evaluation and evaluation.values and evaluation.lower and evaluation.upper):
        return ""
    value, lower, upper = evaluation.values[-1], evaluation.lower[-1], evaluation.upper[-1]
    if lower <= value <= upper:
        return ""
    for digits in _SIGNIFICANT:
        shown, low, high = (_rounded(one, digits) for one in (value, lower, upper))
        if shown not in (low, high):
            break
    return f"{shown} outside {low} to {high}"


def _compared(alarm: Alarm) -> str:
    found = _numbers(alarm)
    if found is None:
        nothing = alarm.evaluation is not None and not alarm.evaluation.present
        return "has no data" if nothing else ""
    value, threshold = found
    shown, beside = _beside(value, threshold)
    return " ".join(filter(None, (shown, _sign(alarm.reason, value, threshold), beside, _for(alarm))))


def _numbers(alarm: Alarm) -> tuple[float, float] | None:
    """The newest value and the threshold; of a contributor only CloudWatch's sentence tells them."""
    evaluation = alarm.evaluation
    if evaluation and evaluation.threshold is not None:
        points = [point.value for point in evaluation.evaluated if point.value is not None]
        value = next(iter((*points[-1:], *evaluation.values[-1:])), None)
        if value is not None:
            return value, evaluation.threshold
    told, limit = _VALUE.search(alarm.reason), _THRESHOLD.search(alarm.reason)
    return (float(told.group(1)), float(limit.group(1))) if told and limit else None


def _sign(reason: str, value: float, threshold: float) -> str:
    """How the alarm compares, as far as that is true of these two numbers; else how they compare."""
    told = _COMPARED.search(reason)
    if told:
        way, equal = told.group(1), bool(told.group(2))
        holds = value > threshold if way == "greater" else value < threshold
        if holds or (equal and value == threshold):
            return f"{'>' if way == 'greater' else '<'}{'=' if equal else ''}"
    if value == threshold:
        return "="
    return ">" if value > threshold else "<"


def _for(alarm: Alarm) -> str:
    """For how many of the periods that were looked at."""
    evaluation, told = alarm.evaluation, _COUNT.search(alarm.reason)
    if evaluation is None or not evaluation.period:
        return ""
    red, all_of_them = (int(told.group(1)), int(told.group(2))) if told else _counted(evaluation)
    if not red:
        return ""
    minute = evaluation.period == timedelta(minutes=1).total_seconds()
    period = span_words(timedelta(seconds=evaluation.period))
    if all_of_them == 1:
        return f"for {period}"
    return f"for {red} of {all_of_them} {'minutes' if minute else f'periods of {period}'}"


def _counted(evaluation: Evaluation) -> tuple[int, int]:
    """How many values stand on the same side of the threshold as the newest, of how many periods."""
    if evaluation.threshold is None or not evaluation.values:
        return 0, 0
    above = evaluation.values[-1] > evaluation.threshold
    red = sum((value > evaluation.threshold) is above for value in evaluation.values)
    return red, len(evaluation.values) + evaluation.missing


def _beside(value: float, threshold: float) -> tuple[str, str]:
    """Both numbers with as few digits as keep them apart; the most of them tell any two numbers apart."""
    shown = (_rounded(value, digits) for digits in _SIGNIFICANT)
    return next(one for one in shown if value == threshold or float(one) != threshold), f"{threshold:.15g}"


def _rounded(value: float, digits: int) -> str:
    """So many significant digits, and every digit before the point."""
    return f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
