"""The other controllers of an alarm: those of its own actions, by DescribeAlarms, that change something.

An SNS topic, an OpsItem and an investigation change nothing. An unknown action counts as a change.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from firebreak.core.action_spec import Effect

# Topics notify, investigations read.
CHANGE_NOTHING = frozenset({"sns", "aiops"})
# How an alarm names an EC2 action that it takes by a role.
_EC2_BY_ROLE = re.compile(r"AWS_EC2\.InstanceId\.([^/]*)")
# A scaling policy by what it scales and by its name: `ID:WHAT/...:policyName/NAME`.
_POLICY = re.compile(r"[^:]*:[^/]*/(.+):policyName/(.+)")


@dataclass(frozen=True, slots=True)
class Controller:
    """Something other than Firebreak that the alarm starts; `effect` is OTHER where nobody can know it."""

    name: str
    effect: Effect = Effect.OTHER


def controllers_of(actions: Iterable[str], own: Iterable[str] = ()) -> tuple[Controller, ...]:
    """The controllers among an alarm's actions, each once; `own` are the names of Firebreak's functions."""
    own_functions = frozenset(own)
    found = (_controller(arn, own_functions) for arn in actions)
    return tuple(dict.fromkeys(one for one in found if one))


def names_of(controllers: Iterable[Controller]) -> str:
    """The controllers in one line."""
    return ", ".join(one.name for one in controllers)


def _controller(arn: str, own: frozenset[str]) -> Controller | None:
    match arn.split(":", 5):
        case ["arn", _, service, _, _, resource]:
            kind, _, rest = resource.partition(":")
        case _:
            return Controller(f"alarm action {arn}")
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
        case "swf" if action := _EC2_BY_ROLE.search(resource):
            return Controller(f"EC2 action {action[1].lower()}", Effect.RESTART)
        case "lambda":
            return Controller(f"Lambda function {rest.partition(':')[0] or resource}")
        case "ssm-incidents":
            plan = resource.removeprefix("response-plan/").removeprefix("responseplan/")
            return Controller(f"response plan {plan}")
        case "ssm":
            return Controller(f"Systems Manager {resource}")
        case _:
            return Controller(f"alarm action {arn}")


def _policy(rest: str) -> str:
    found = _POLICY.fullmatch(rest)
    return f"scaling policy {found[2]} of {found[1]}" if found else f"scaling policy {rest}"
