"""The SAM template as data, with CloudFormation's short tags written out."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from template.cloudformation import CloudFormationLoader

PATH = Path(__file__).parents[2] / "template.yaml"


def read(path: Path) -> Any:
    """Any template."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=CloudFormationLoader)  # noqa: S506  # a SafeLoader


@cache
def template() -> Any:
    """The whole template of the stack."""
    return read(PATH)


# The condition of what only gradual deployments need (test_gradual_deployments.py).
OF_DEPLOYMENTS = "ShiftsGradually"


def always_made(kind: str) -> dict[str, Any]:
    """The resources of a type that a stack has without gradual deployments, whole, by logical id."""
    return {
        name: one
        for name, one in template()["Resources"].items()
        if one["Type"] == kind and one.get("Condition") != OF_DEPLOYMENTS
    }


def own_alarms() -> dict[str, Any]:
    """The alarms that watch Firebreak itself, whole: the heartbeat is one for Firebreak to answer."""
    found = always_made("AWS::CloudWatch::Alarm")
    return {name: one for name, one in found.items() if name != "HeartbeatAlarm"}


def kebab(name: str) -> str:
    """A function's name without the stack's, from its logical id."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def resource(name: str) -> Any:
    """A resource's properties."""
    return template()["Resources"][name]["Properties"]


def description(alarm: dict[str, Any]) -> str:
    """The description of an alarm, with its variables if it has any."""
    words = alarm["AlarmDescription"]
    return str(words["Fn::Sub"] if isinstance(words, dict) else words)


def functions() -> dict[str, Any]:
    """The functions' properties by logical id."""
    return {
        name: one["Properties"]
        for name, one in template()["Resources"].items()
        if one["Type"] == "AWS::Serverless::Function"
    }


# The topic of pages: that of the stack, or the one that is given.
TOPIC = {"Fn::If": ["MakePageTopic", {"Ref": "PageTopic"}, {"Ref": "PageTopicArn"}]}
# The functions of no action: those that alarms need, and the one that they do not.
WATCH, REPORT = ("Verify", "Page", "Route"), "Report"


def actions() -> dict[str, Any]:
    """The functions that may change something."""
    return {name: one for name, one in functions().items() if name not in {*WATCH, REPORT}}


def statements(policies: list[Any], effect: str = "Allow") -> list[dict[str, Any]]:
    """The statements of a `Policies:` list that allow, those of managed policies of this template included.

    The policies that a user attaches by a parameter are not this template's.
    """
    found: list[dict[str, Any]] = []
    for policy in (one for one in policies if "Fn::If" not in one):
        document = resource(policy["Ref"])["PolicyDocument"] if "Ref" in policy else policy
        found += [one["Fn::If"][1] if "Fn::If" in one else one for one in document["Statement"]]
    return [one for one in found if one["Effect"] == effect]


def iam_actions(statement: dict[str, Any]) -> list[str]:
    """The IAM actions of a statement."""
    named = statement["Action"]
    return [named] if isinstance(named, str) else list(named)


def iam_resources(statement: dict[str, Any]) -> list[Any]:
    """The resources of a statement, each with its intrinsic functions."""
    named = statement["Resource"]
    return named if isinstance(named, list) else [named]


def rules(function: Any) -> dict[str, Any]:
    """The EventBridge rules of a function."""
    events = function["Events"].items()
    return {name: one["Properties"] for name, one in events if one["Type"] == "EventBridgeRule"}
