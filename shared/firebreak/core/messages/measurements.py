"""The red value in numbers: "CPUUtilization 96.1 > 80 for 3 of 3 minutes (DBInstanceIdentifier orders-1)".

The numbers are those that CloudWatch evaluated. Unknown parts are left out. Sign, value and count are of
the side that is red: CloudWatch's sentence says which, or all values show it. Where neither shows it, the
value and the threshold are shown without a sign.
"""

import operator
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import isfinite
from typing import assert_never

from firebreak.core.evaluation import Evaluation
from firebreak.core.formats import format_span
from firebreak.core.missing_data import has_no_data, missing_as_breaching
from firebreak.core.model import Alarm, AlarmKind, AlarmState

# Limits of names, of children and of the whole line: it travels with every announcement.
NAME_LENGTH, MOST_NAMES, MOST_VALUES, MOST_CHILDREN, LINE_LENGTH = 80, 4, 3, 5, 400

# CloudWatch's own sentences; anybody who may set an alarm's state can write others. Java writes 1.0E7.
_NUMBER = r"(-?\d{1,15}(?:\.\d{1,17})?(?:E-?\d{1,3})?)"
_COMPARED = re.compile(r"\b(not )?(greater|less) than (or equal to )?the threshold\b")
_THRESHOLD = re.compile(rf"\bthe threshold \({_NUMBER}\)")
_VALUE = re.compile(rf"\[{_NUMBER} \(")
_COUNT = re.compile(r"\b(\d{1,4}) out of the last (\d{1,4}) datapoints?\b")

# The first words for a composite alarm, of which nothing was measured.
RULE_NAMES = "its rule names"

# The aggregate of a query says what is measured; the rest says where.
_QUERY = re.compile(r"\s*SELECT\s+([A-Z]+\([^()]{1,80}\))", re.IGNORECASE)

# The last of them distinguishes any two numbers; a threshold is shown as its owner wrote it, if possible.
_SIGNIFICANT, _OF_A_THRESHOLD = (3, 6, 9, 12, 15, 17), 15
# Numbers with a first digit outside these places are written with an exponent.
_PLACES = range(-6, 15)

# From one second to seven days; anybody who may set an alarm's state can write any number.
_SECONDS = range(1, 604_801)

_HOLDS = {">": operator.gt, "<": operator.lt, "=": operator.eq, ">=": operator.ge, "<=": operator.le}


def red_words(alarm: Alarm) -> str:
    """The metric, its value, the threshold, the duration and the dimensions. Untrusted text."""
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
            | AlarmKind.MANUAL
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
    return f"{RULE_NAMES} {', '.join(_short(name) for name in names[:MOST_CHILDREN])}{more}"


def _measured(alarm: Alarm) -> str:
    name = _name(alarm)
    words = f"{name} {_reading(alarm)}".rstrip() if name else ""
    where = _where(alarm)
    return f"{words} ({where})" if words and where else words or where


def _reading(alarm: Alarm) -> str:
    if has_no_data(alarm):
        return "has no data"
    if alarm.state is not AlarmState.ALARM:
        return _not_compared(alarm)
    treated = missing_as_breaching(alarm.reason)
    red = _band(alarm.evaluation) or _red(alarm)
    if treated:
        return ", ".join(filter(None, (red, _gaps(alarm.evaluation, treated), "treated as breaching")))
    return red or _not_compared(alarm)


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
    """The attributes of the contributor, or the dimensions of all metrics, shared ones first."""
    attributes = alarm.contributor.attributes if alarm.contributor else {}
    found: dict[str, dict[str, None]] = {}
    for dimensions in [attributes] if attributes else [metric.dimensions for metric in alarm.metrics]:
        for name, value in dimensions.items():
            found.setdefault(name, {})[value] = None
    shared_first = sorted(found.items(), key=lambda pair: len(pair[1]) > 1)
    pairs = [
        f"{_short(name)} {_listed([_short(value) for value in values])}" for name, values in shared_first
    ]
    left = len(pairs) - MOST_NAMES
    return ", ".join([*pairs[:MOST_NAMES], *([f"and {left} more"] if left > 0 else [])])


def _listed(values: Sequence[str]) -> str:
    """One value, or several as "a, b and c"."""
    left = len(values) - MOST_VALUES
    named = [*values[:MOST_VALUES], f"{left} more"] if left > 0 else list(values)
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def _band(evaluation: Evaluation | None) -> str:
    """The newest value outside its band, with that band."""
    if evaluation is None:
        return ""
    newest_first = zip(evaluation.values[::-1], evaluation.lower[::-1], evaluation.upper[::-1], strict=False)
    for value, lower, upper in newest_first:
        if not lower <= value <= upper:
            value_text, low, high = _apart(value, (lower, upper), _SIGNIFICANT[0])
            return f"{value_text} outside {low} to {high}"
    return ""


def _red(alarm: Alarm) -> str:
    """The newest value that breaches the threshold, and how many periods do; empty if none is known to."""
    values, threshold = _numbers(alarm)
    sign = _sign(alarm, values, threshold)
    red = [value for value in values if sign and _HOLDS[sign](value, threshold)]
    if not red:
        return ""
    value_text, limit = _apart(red[-1], (threshold,), _OF_A_THRESHOLD)
    return f"{value_text} {sign} {limit} {_for(alarm, len(red))}".rstrip()


def _not_compared(alarm: Alarm) -> str:
    """The newest value and the threshold where nothing shows how they compare, and the missing data."""
    values, threshold = _numbers(alarm)
    if not values:
        return ""
    value_text, limit = _apart(values[-1], (threshold,), _OF_A_THRESHOLD)
    missing = alarm.evaluation.missing if alarm.evaluation else 0
    gaps = _gaps(alarm.evaluation, missing) if missing else ""
    return ", ".join(filter(None, (value_text, f"threshold {limit}", gaps)))


def _numbers(alarm: Alarm) -> tuple[Sequence[float], float]:
    """The values, oldest first, and the threshold; of a contributor only CloudWatch's sentence has them."""
    evaluation = alarm.evaluation
    if evaluation and evaluation.threshold is not None:
        return _values(evaluation), evaluation.threshold
    value, limit = _VALUE.search(alarm.reason), _THRESHOLD.search(alarm.reason)
    if value and limit and isfinite(float(value.group(1))) and isfinite(float(limit.group(1))):
        return (float(value.group(1)),), float(limit.group(1))
    return (), 0.0


def _values(evaluation: Evaluation) -> Sequence[float]:
    """The values of the periods, or the recent ones where CloudWatch lists more of those."""
    points = [point.value for point in evaluation.evaluated if point.value is not None]
    return points if len(points) >= len(evaluation.values) else evaluation.values


def _sign(alarm: Alarm, values: Sequence[float], threshold: float) -> str:
    """How the alarm compares, by CloudWatch's sentence or by all its values; empty where neither shows it.

    A value may be on the other side than the one that is red, and so may all of them where data is missing.
    """
    if compared := _COMPARED.search(alarm.reason):
        return f"{'>' if compared.group(2) == 'greater' else '<'}{'=' if compared.group(3) else ''}"
    evaluation = alarm.evaluation
    if evaluation and (evaluation.missing or evaluation.present > len(values)):
        return ""
    return next((sign for sign in "><=" if all(_HOLDS[sign](value, threshold) for value in values)), "")


def _for(alarm: Alarm, red: int) -> str:
    """In how many of the evaluated periods it is red, by CloudWatch's sentence or by all values."""
    evaluation = alarm.evaluation
    period = _period(evaluation)
    if evaluation is None or not period:
        return ""
    red, of_them = _counted(alarm.reason) or (red, _periods(evaluation))
    if not of_them:
        return ""
    if of_them == 1:
        return f"for {format_span(period)}"
    return f"for {red} of {of_them} {_unit(evaluation, of_them)}"


def _counted(reason: str) -> tuple[int, int] | None:
    """How many of the last datapoints breach, where the sentence is about those that do."""
    compared, count = _COMPARED.search(reason), _COUNT.search(reason)
    if not count or not compared or compared.group(1):
        return None
    red, of_them = int(count.group(1)), int(count.group(2))
    return (red, of_them) if 0 < red <= of_them else None


def _periods(evaluation: Evaluation) -> int:
    """How many periods were looked at, 0 where not every one of them can be counted."""
    values = len(_values(evaluation))
    known = evaluation.threshold is not None and values >= evaluation.present
    return values + evaluation.missing if known else 0


def _gaps(evaluation: Evaluation | None, missing: int) -> str:
    """How many periods are without data, and of how many where the evaluation counts the same gaps."""
    of_them = evaluation.present + missing if evaluation and evaluation.missing == missing else 0
    counted = f"{missing} of {of_them}" if of_them else f"{missing}"
    return f"{counted} {_unit(evaluation, of_them or missing)} without data"


def _period(evaluation: Evaluation | None) -> timedelta:
    """How long one period is, nothing where that is not known or no alarm can have it."""
    seconds = evaluation.period if evaluation else None
    return timedelta(seconds=seconds) if seconds and seconds in _SECONDS else timedelta()


def _unit(evaluation: Evaluation | None, count: int) -> str:
    period = _period(evaluation)
    plural = "" if count == 1 else "s"
    if period == timedelta(minutes=1):
        return f"minute{plural}"
    return f"period{plural} of {format_span(period)}" if period else f"period{plural}"


def _apart(value: float, limits: Sequence[float], least: int) -> tuple[str, ...]:
    """The value and its limits with as few digits as let the shown numbers compare as the true ones do.

    Limits have at least so many digits as `least` says.
    """
    for digits in _SIGNIFICANT:
        texts = [_rounded(value, digits), *(_rounded(limit, max(digits, least)) for limit in limits)]
        if [_compare(float(texts[0]), float(one)) for one in texts[1:]] == [
            _compare(value, one) for one in limits
        ]:
            break
    return tuple(texts)


def _compare(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _rounded(value: float, digits: int) -> str:
    """So many significant digits, every digit before the point, and an exponent for what is far from one."""
    scaled, _, power = f"{value:.{digits - 1}e}".partition("e")
    place = int(power)
    if place not in _PLACES:
        return f"{_trimmed(scaled)}e{place:+d}"
    return _trimmed(f"{value:.{max(digits - 1 - place, 0)}f}")


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
