"""Who else acts on an alarm: its own actions, as DescribeAlarms lists them, that change something.

An SNS topic, an OpsItem and an investigation change nothing. What is not known is taken to change something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Effect(StrEnum):
    """What an action does to its target, as far as two that do the same at once would do it twice."""

    SCALING = "scaling"
    RESTART = "restart"
    MEMORY = "memory"
    ROLL_BACK = "roll back"
    OTHER = "other"


# Of every action, so that a controller of the same effect is not joined.
EFFECT_OF: Mapping[str, Effect] = MappingProxyType(
    {
        "restart-service": Effect.RESTART,
        "scale-service": Effect.SCALING,
        "restart-environment": Effect.RESTART,
        "roll-back-environment": Effect.ROLL_BACK,
        "pause-sending": Effect.OTHER,
        "run-runbook": Effect.OTHER,
        "roll-back-service": Effect.ROLL_BACK,
        "adjust-function-memory": Effect.MEMORY,
        "adjust-task-memory": Effect.MEMORY,
        "roll-back-function": Effect.ROLL_BACK,
        "restart-function": Effect.RESTART,
        "replace-task": Effect.RESTART,
    }
)


# Topics tell, investigations read.
CHANGE_NOTHING = frozenset({"sns", "aiops"})
# How an alarm names an EC2 action that it takes by a role.
EC2_BY_ROLE = "AWS_EC2.InstanceId."


@dataclass(frozen=True, slots=True)
class Controller:
    """Something other than Firebreak that the alarm starts; `effect` is OTHER where nobody can know it."""

    name: str
    effect: Effect = Effect.OTHER


def controllers_of(actions: Iterable[str], own: Iterable[str] = ()) -> tuple[Controller, ...]:
    """The controllers among an alarm's actions, each once; `own` are the names of Firebreak's functions."""
    ours = frozenset(own)
    found = (_controller(arn, ours) for arn in actions)
    return tuple(dict.fromkeys(one for one in found if one))


def names_of(controllers: Iterable[Controller]) -> str:
    """The controllers in one line."""
    return ", ".join(one.name for one in controllers)


def _controller(arn: str, own: frozenset[str]) -> Controller | None:
    service, resource = _parts(arn)
    kind, _, rest = resource.partition(":")
    if service in CHANGE_NOTHING or (service == "ssm" and kind == "opsitem"):
        return None
    if service == "lambda" and rest.partition(":")[0] in own:
        return None
    return _changing(arn, service, resource, rest)


def _changing(arn: str, service: str, resource: str, rest: str) -> Controller:
    match service:
        case "autoscaling" if resource.startswith("scalingPolicy:"):
            return Controller(_policy(rest), Effect.SCALING)
        case "automate":
            return Controller(f"EC2 action {resource}", Effect.RESTART)
        case "swf" if EC2_BY_ROLE in resource:
            action = resource.partition(EC2_BY_ROLE)[2].partition("/")[0]
            return Controller(f"EC2 action {action.lower()}", Effect.RESTART)
        case "lambda":
            return Controller(f"Lambda function {rest.partition(':')[0] or resource}")
        case "ssm-incidents":
            return Controller(f"response plan {resource.replace(':', '/').partition('/')[2] or resource}")
        case "ssm":
            return Controller(f"Systems Manager {resource}")
        case _:
            return Controller(f"alarm action {arn}")


def _parts(arn: str) -> tuple[str, str]:
    """Service and resource of an ARN of any partition; both empty when it is none."""
    match arn.split(":", 5):
        case ["arn", _, service, _, _, resource]:
            return service, resource
        case _:
            return "", ""


def _policy(rest: str) -> str:
    """A scaling policy by its name and by what it scales: `ID:WHAT/...:policyName/NAME`."""
    what, found, name = rest.partition(":policyName/")
    scaled = what.partition(":")[2].partition("/")[2]
    return f"scaling policy {name} of {scaled}" if found and scaled else f"scaling policy {name or rest}"
