"""The statements of templates as IAM reads them: intrinsic functions put in, one list a role."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.iam_evaluation import Statement

ACCOUNT, REGION = "111122223333", "eu-west-1"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "firebreak",
}
# The parameters that hold an ARN, as an example.
ARN_PARAMETERS = {
    "CentralBusArn": f"arn:aws:events:{REGION}:222233334444:event-bus/firebreak-central",
    "ChangeCalendarArns": f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/prod-changes",
    "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c",
    "PageKeyArns": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/9a8b7c6d",
    "PageLogGroupArns": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/api:*",
    "PageTopicArns": f"arn:aws:sns:{REGION}:{ACCOUNT}:team",
}
# The ARN of a resource of the template, by its type.
ARNS = {
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::Scheduler::ScheduleGroup": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{{}}",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
}
# Its `Ref` is its ARN already.
REF_IS_ARN = {"AWS::SNS::Topic"}
NO_VALUE = {"Ref": "AWS::NoValue"}


def roles(template: Mapping[str, Any]) -> dict[str, list[Statement]]:
    """The statements of each role and managed policy, by logical id; a role has its managed policies'."""
    found: dict[str, list[Statement]] = {}
    for name, one in _resources(template):
        documents = list(_documents(one["Type"], one["Properties"], template))
        if documents:
            found[name] = [_statement(each, template) for part in documents for each in _each(part)]
    return found


def resource_policies(template: Mapping[str, Any]) -> dict[str, list[Statement]]:
    """The statements that say who may use a resource, trust policies among them, by logical id."""
    found: dict[str, list[Statement]] = {}
    for name, one in _resources(template):
        if document := _of_a_resource(one["Type"], one["Properties"], template):
            found[name] = [_statement(each, template) for each in _each(document)]
    return found


def _of_a_resource(kind: str, properties: Mapping[str, Any], template: Mapping[str, Any]) -> Any:
    """The document that says who may use a resource; None for a resource that is no such policy."""
    match kind:
        case "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy":
            return properties["PolicyDocument"]
        case "AWS::Events::EventBusPolicy":
            return {"Statement": [properties["Statement"]]}
        case "AWS::Logs::ResourcePolicy":
            return json.loads(resolved(properties["PolicyDocument"], template))
        case _:
            return properties.get("AssumeRolePolicyDocument")


def _resources(template: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each resource with its logical id; those of a loop (Fn::ForEach) are left out."""
    for name, one in template["Resources"].items():
        if isinstance(one, dict) and "Properties" in one:
            yield name, one


def _documents(kind: str, properties: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[Any]:
    match kind:
        case "AWS::Serverless::Function":
            for policy in properties.get("Policies", ()):
                one = policy["Fn::If"][1] if "Fn::If" in policy else policy
                if "Ref" not in one:
                    yield one
                elif one["Ref"] in template["Resources"]:  # and not a policy of the user's own
                    yield template["Resources"][one["Ref"]]["Properties"]["PolicyDocument"]
        case "AWS::IAM::Role":
            yield from (policy["PolicyDocument"] for policy in properties.get("Policies", ()))
        case "AWS::IAM::ManagedPolicy":
            yield properties["PolicyDocument"]
        case _:  # no rights of anybody
            return


def _each(document: Mapping[str, Any]) -> Iterator[Any]:
    for one in document["Statement"]:
        either = one["Fn::If"][1:] if "Fn::If" in one else [one]
        yield from (part for part in either if part != NO_VALUE)


def _statement(raw: Mapping[str, Any], template: Mapping[str, Any]) -> Statement:
    return Statement(
        sid=raw.get("Sid", ""),
        effect=raw["Effect"],
        actions=tuple(_many(raw["Action"])),
        resources=tuple(resolved(one, template) for one in _many(raw.get("Resource", []))),
        conditions={
            operator: {
                key: [resolved(one, template) for one in _many(wanted)] for key, wanted in keys.items()
            }
            for operator, keys in raw.get("Condition", {}).items()
        },
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resolved(value: Any, template: Mapping[str, Any]) -> str:
    """A value with its intrinsic functions put in. Raises KeyError for a function that is not known here."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    match function:
        case "Ref":
            return _ref(argument, template)
        case "Fn::GetAtt":
            return _arn(argument[0], template) if argument[1] == "Arn" else argument[0].lower()
        case "Fn::If":
            return resolved(argument[1], template)
        case "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            return re.sub(r"\$\{([^}]+)\}", lambda found: _variable(found[1], own, template), text)
        case _:
            raise KeyError(function)


def _variable(name: str, own: Mapping[str, Any], template: Mapping[str, Any]) -> str:
    """A `${...}`: one of the text's own variables, a name, or an attribute of a resource."""
    if name in own:
        return resolved(own[name], template)
    resource, _, attribute = name.partition(".")
    return resolved({"Fn::GetAtt": [resource, attribute]}, template) if attribute else _ref(name, template)


def _ref(name: str, template: Mapping[str, Any]) -> str:
    if name in PSEUDO | ARN_PARAMETERS:
        return (PSEUDO | ARN_PARAMETERS)[name]
    kind = template["Resources"].get(name, {}).get("Type", "")
    if kind in REF_IS_ARN:
        return _arn(name, template)
    default = template.get("Parameters", {}).get(name, {}).get("Default", "")
    return str(default) or name.lower()


def _arn(name: str, template: Mapping[str, Any]) -> str:
    return ARNS[template["Resources"][name]["Type"]].format(name.lower())
