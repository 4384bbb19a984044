"""Facts of the template that a tool deploys, and of the alarm that it makes."""

import re
from collections.abc import Mapping
from typing import Any

from firebreak.core.model import Alarm
from firebreak.core.routing import by_live_tags, route
from firebreak.intake import alarm_events
from firebreak.services.registry import CATALOG
from tests.contracts.template import functions, template
from tests.support.sample_events import load

# The most that Lambda allows for a function's name.
FUNCTION_NAME = 64
TAGS = {"firebreak:action": "restart-service", "firebreak:severity": "error", "respond-within": "30m"}


def parameter_problems(given: Mapping[str, Any]) -> list[str]:
    """The objections of CloudFormation to these values; a reference to something else is no problem."""
    declared = template()["Parameters"]
    found = [f"no parameter {name}" for name in given if name not in declared]
    for name, value in given.items():
        if name in declared and not isinstance(value, dict) and "${" not in str(value):
            found += _refused(name, value, declared[name])
    return found


def _refused(name: str, value: object, declared: Mapping[str, Any]) -> list[str]:
    if not isinstance(value, str):
        return [f"{name} is no text"]
    allowed = [str(one) for one in declared.get("AllowedValues", [value])]
    fits = re.fullmatch(declared.get("AllowedPattern", ".*"), value)
    return [] if value in allowed and fits else [f"{name} may not be {value}"]


def room_for_the_stacks_name() -> int:
    """The longest name of a stack under which the name of every function is allowed."""
    named = [one["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}") for one in functions().values()]
    return FUNCTION_NAME - max(map(len, named))


def turned_red(namespace: str, metric: str, tags: Mapping[str, str] | None) -> Alarm:
    """The alarm as its event arrives; without tags where none ride."""
    event: Any = load("ecs_memory_alarm")
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"] |= {
        "namespace": namespace,
        "name": metric,
    }
    event["detail"] |= {"alarmTags": dict(tags), "alarmTagsStatus": "SUCCESS"} if tags is not None else {}
    alarm = alarm_events.parse(event)
    assert isinstance(alarm, Alarm)
    return alarm


def answered_by(alarm: Alarm, live_tags: Mapping[str, str]) -> list[str]:
    """The functions that its event reaches, and the one to which Route passes it on."""
    direct = [one.function for one in route(alarm, CATALOG)]
    routed = by_live_tags(alarm, live_tags, CATALOG) if "route" in direct else None
    return sorted({*direct, *([routed] if routed else [])} - {"route"})
