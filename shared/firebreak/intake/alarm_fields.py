"""The fields of an alarm event's body other than name and state. Nothing here raises."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from firebreak.core.composites import children_in_rule
from firebreak.core.model import AlarmKind, Contributor, Metric, Mute
from firebreak.wire.lenient_json import (
    bounded_id,
    field,
    items,
    mapping,
    parse_timestamp,
    text,
    text_or_unreadable,
)

# A page shows even less of a label than this.
MAX_LABEL = 200

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_GROUP_BY = re.compile(r"\bGROUP\s+BY\b", re.IGNORECASE)
_BAND = re.compile(r"\bANOMALY_DETECTION_BAND\b", re.IGNORECASE)


class Entry(NamedTuple):
    """One entry of `configuration.metrics`: a metric, an expression, or neither."""

    metric: Metric | None
    expression: str


def entries_of(configuration: object) -> tuple[Entry, ...]:
    """The metrics and expressions an alarm watches, unreadable ones included as empty."""
    return tuple(_entry(entry) for entry in items(field(configuration, "metrics")))


def metrics_of(entries: tuple[Entry, ...]) -> tuple[Metric, ...]:
    """The metrics among the entries."""
    return tuple(entry.metric for entry in entries if entry.metric)


def label_of(configuration: object) -> str:
    """The name of the expression that the alarm watches: its label, else itself; empty for a metric."""
    entries = items(field(configuration, "metrics"))
    watched = [entry for entry in entries if field(entry, "returnData") is not False]
    named = (text(field(entry, "label")) or text(field(entry, "expression")) for entry in watched)
    return next((name for name in named if name), "")[:MAX_LABEL]


def _entry(entry: object) -> Entry:
    account = _account(field(entry, "accountId"))
    expression = text(field(entry, "expression"))
    metric = mapping(field(field(entry, "metricStat"), "metric"))
    if metric:
        name, namespace = text(field(metric, "name")), text(field(metric, "namespace"))
        dimensions = _dimensions(field(metric, "dimensions"))
        return Entry(Metric(namespace, name, dimensions, account), expression)
    # A query that runs in another account watches that account's metrics: keep the account.
    return Entry(Metric("", "", {}, account) if account else None, expression)


def _account(value: object) -> str:
    return str(value).zfill(12) if type(value) is int else text_or_unreadable(value)


def _dimensions(value: object) -> Mapping[str, str]:
    # A value of another type is kept as an empty one, which no target accepts: were it dropped,
    # another metric's value could stand alone and be taken for the only one.
    return {text(name): text(found) for name, found in mapping(value).items()}


def kind_of(body: Mapping[str, object], entries: tuple[Entry, ...], *, one_series: bool) -> AlarmKind:
    """The kind of the alarm; UNKNOWN when its configuration is not understood.

    `one_series` means that the event is about one contributor, whatever its parent is.
    """
    configuration = body.get("configuration")
    if one_series:
        return AlarmKind.CONTRIBUTOR
    if text(field(configuration, "alarmRule")):
        return AlarmKind.COMPOSITE
    if _has_key(configuration, "promql") or _has_key(field(configuration, "evaluationCriteria"), "promql"):
        return AlarmKind.PROMQL
    if _has_key(configuration, "scheduledquery"):
        return AlarmKind.LOG
    return _kind_by_entries(entries)


def _has_key(value: object, start: str) -> bool:
    members = mapping(value).items()
    return any(key.casefold().startswith(start) and found is not None for key, found in members)


def _kind_by_entries(entries: tuple[Entry, ...]) -> AlarmKind:
    expressions = [entry.expression for entry in entries if entry.expression]
    readable = all(entry.expression or (entry.metric and entry.metric.name) for entry in entries)
    if not entries or not readable:
        return AlarmKind.UNKNOWN
    if any(_BAND.search(expression) for expression in expressions):
        return AlarmKind.ANOMALY
    if len(entries) > 1:
        return AlarmKind.MATH
    return _kind_of_single(expressions[0]) if expressions else AlarmKind.METRIC


def _kind_of_single(expression: str) -> AlarmKind:
    if not _SELECT.match(expression):
        return AlarmKind.MATH
    grouped = _GROUP_BY.search(_QUOTED.sub("", expression))
    return AlarmKind.MULTI_SERIES if grouped else AlarmKind.INSIGHTS


def contributor_of(value: object) -> Contributor | None:
    """The series that an event is about; without an id its attributes set it apart from its siblings."""
    attributes = _dimensions(field(value, "attributes"))
    written = ",".join(f"{name}={found}" for name, found in sorted(attributes.items()))
    identity = bounded_id(text(field(value, "id")) or written)
    return Contributor(identity, attributes) if identity else None


def children_of(body: Mapping[str, object]) -> tuple[str, ...]:
    """The children that a composite's rule names.

    The list of triggering alarms in `reasonData` is not read: SetAlarmState lets its caller write it.
    """
    return children_in_rule(text(field(body.get("configuration"), "alarmRule")))


def mute_of(value: object) -> Mute | None:
    """The mute window over the transition. Any value but none counts as muted."""
    if not value:
        return None
    until = parse_timestamp(field(value, "muteWindowEnd"))
    return Mute(text(field(value, "mutedByArn")), until)


def tags_of(value: object) -> Mapping[str, str]:
    """The alarm's tags in the event; a value that is not text is not a tag."""
    return {text(key): text(found) for key, found in mapping(value).items() if isinstance(found, str)}
