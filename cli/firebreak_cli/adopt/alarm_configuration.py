"""The configuration of an alarm as DescribeAlarms shows it, and as an operation takes it to put it again.

PutMetricAlarm, PutCompositeAlarm and PutLogAlarm replace an alarm as a whole: what a request leaves out is
gone. The fields that they take are those of the service model of the installed botocore.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from firebreak.wire.lenient_json import mapping

if TYPE_CHECKING:
    from botocore.model import Shape

type Fields = Mapping[str, Any]

ACTION_CONFIGURATION = "ActionConfiguration"
PROPAGATION = "AlarmTagsPropagation"

# CloudWatch writes these itself: they are not put, and may differ from one look to the next.
READ_ONLY = frozenset(
    {
        "ActionsSuppressedBy",
        "ActionsSuppressedReason",
        "AlarmArn",
        "AlarmConfigurationUpdatedTimestamp",
        "EvaluationState",
        "StateReason",
        "StateReasonData",
        "StateTransitionedTimestamp",
        "StateUpdatedTimestamp",
        "StateValue",
    }
)


class Kind(StrEnum):
    """The kinds of alarms, each with an operation of its own. Written to undo files: never renamed."""

    METRIC = "metric"
    COMPOSITE = "composite"
    LOG = "log"


# By kind: the list of DescribeAlarms' answer, and the operation that replaces such an alarm.
LISTS: Mapping[Kind, str] = {
    Kind.METRIC: "MetricAlarms",
    Kind.COMPOSITE: "CompositeAlarms",
    Kind.LOG: "LogAlarms",
}
OPERATIONS: Mapping[Kind, str] = {
    Kind.METRIC: "PutMetricAlarm",
    Kind.COMPOSITE: "PutCompositeAlarm",
    Kind.LOG: "PutLogAlarm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One alarm without what CloudWatch writes itself. `fields` are what a put operation takes.

    `not_taken` are the paths of what DescribeAlarms showed and the operation does not take: such an alarm
    would lose them. `changed_at` is when it was last configured; None where nothing says it.
    """

    kind: Kind
    name: str
    arn: str
    fields: Fields
    not_taken: tuple[str, ...] = ()
    changed_at: datetime | None = None

    @property
    def operation(self) -> str:
        """The operation that replaces it."""
        return OPERATIONS[self.kind]

    @property
    def action_configuration(self) -> Fields | None:
        """Its settings of notifications and events; None where it has none."""
        found: Fields | None = self.fields.get(ACTION_CONFIGURATION)
        return found

    def with_action_configuration(self, wanted: Fields | None) -> "Configuration":
        """The same alarm with these settings; None for none."""
        rest = {name: value for name, value in self.fields.items() if name != ACTION_CONFIGURATION}
        return replace(self, fields=rest if wanted is None else {**rest, ACTION_CONFIGURATION: wanted})

    def with_propagation(self) -> "Configuration":
        """The same alarm with its tags in its events, as far as the keys that it names let them."""
        present = self.action_configuration or {}
        asked = {**mapping(present.get(PROPAGATION)), "Enabled": True}
        return self.with_action_configuration({**present, PROPAGATION: asked})


def configuration(kind: Kind, described: Fields, takes: "Shape", unparsed: Sequence[str]) -> Configuration:
    """One alarm of DescribeAlarms' answer. `takes` is the input of the put operation of its kind.

    `unparsed` are the paths of what was sent and the installed botocore does not know. Raises KeyError.
    """
    settings = {name: value for name, value in described.items() if name not in READ_ONLY}
    return Configuration(
        kind=kind,
        name=described["AlarmName"],
        arn=described["AlarmArn"],
        fields=without_empty_lists(settings),
        not_taken=tuple(dict.fromkeys([*beyond(takes, settings), *unparsed])),
        changed_at=described.get("AlarmConfigurationUpdatedTimestamp"),
    )


def beyond(shape: "Shape", value: object, path: str = "") -> Iterator[str]:
    """The paths of all members of a value that its shape does not have."""
    # botocore-stubs types the attributes of each kind of shape, and no way from a shape to its kind.
    known: Any = shape
    if shape.type_name == "list" and isinstance(value, list):
        for one in value:
            yield from beyond(known.member, one, path)
    elif shape.type_name == "structure" and isinstance(value, Mapping):
        for name, one in value.items():
            if name in known.members:
                yield from beyond(known.members[name], one, f"{path}{name}.")
            elif one is not None:
                yield f"{path}{name}"


def without_empty_lists(value: Any) -> Any:
    """The value without empty lists: AWS shows them for what is not set, and does not take all of them."""
    match value:
        case Mapping():
            return {name: without_empty_lists(one) for name, one in value.items() if one != []}
        case list():
            return [without_empty_lists(one) for one in value]
        case _:
            return value


def differences(one: Configuration, other: Configuration) -> list[str]:
    """The fields that differ, but for the propagation of tags; with what only one has and no put takes."""
    left, right = _without_propagation(one.fields), _without_propagation(other.fields)
    names = [name for name in sorted(left.keys() | right.keys()) if not same(left.get(name), right.get(name))]
    return [*names, *sorted({*one.not_taken} ^ {*other.not_taken})]


def all_differences(one: Configuration, other: Configuration) -> list[str]:
    """The fields that differ, the propagation of tags among them."""
    found = differences(one, other)
    if ACTION_CONFIGURATION in found or same(one.action_configuration, other.action_configuration):
        return found
    return [*found, f"{ACTION_CONFIGURATION}.{PROPAGATION}"]


def _without_propagation(fields: Fields) -> Fields:
    settings = mapping(fields.get(ACTION_CONFIGURATION))
    rest = {name: one for name, one in settings.items() if name != PROPAGATION}
    others = {name: value for name, value in fields.items() if name != ACTION_CONFIGURATION}
    return {**others, ACTION_CONFIGURATION: rest} if rest else others


def same(one: object, other: object) -> bool:
    """Whether two values configure the same: AWS lists in any order, and an empty list is none."""
    return _ordered(one) == _ordered(other)


def _ordered(value: object) -> object:
    match value:
        case None | []:
            return None
        case bool() | str():
            return value
        case int() | float():
            return float(value)
        case Mapping():
            found = {name: _ordered(one) for name, one in value.items()}
            return {name: found[name] for name in sorted(found) if found[name] is not None}
        case list() | tuple():
            return sorted(map(_ordered, value), key=repr)
        case _:
            return value
