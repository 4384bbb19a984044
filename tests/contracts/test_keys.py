"""With a key of one's own everything that AWS can encrypt is under it, and what needs the key may use it."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from firebreak_devtools.local.sam import sam_command
from tests.cli.rights import POLICIES
from tests.contracts.template import functions, iam_actions, read, resource, statements, template
from tests.docs.documents import ROOT, document

KEY: Any = {"Ref": "KeyArn"}
WITH_KEY: Any = {"Fn::If": ["HasKey", KEY, {"Ref": "AWS::NoValue"}]}
# The types that SAM makes of its own.
OF_SAM = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "EventBridgeRule": "AWS::Events::Rule",
    "ScheduleV2": "AWS::Scheduler::Schedule",
}
NAMES_A_KEY = re.compile(r"kms\w*key(id|arn|identifier)?$|^SSESpecification$", re.IGNORECASE)
# Parts of a property that are not set: code comes from SAM's bucket, no function is a durable one. The key of
# the table stands in its SSESpecification.
NESTED = {
    "AWS::DynamoDB::Table": {"KMSMasterKeyId"},
    "AWS::Lambda::Function": {"SourceKMSKeyArn", "KMSKeyArn"},
}


@cache
def schemas() -> tuple[Path, dict[str, str]]:
    """The resource schemas of AWS's registry as cfn-lint brings them, by their types."""
    (folder,) = sam_command(ROOT).parents[1].glob("lib/python*/site-packages/cfnlint/data/schemas")
    found: dict[str, str] = json.loads((folder / "providers/us-east-1.json").read_text(encoding="utf-8"))
    return folder / "resources", found


def names_of_keys(properties: Mapping[str, Any]) -> set[str]:
    return {one for one in properties if NAMES_A_KEY.search(one)}


def keys_to_set(kind: str) -> set[str]:
    """The keys that a template can give a resource of that type; others CloudFormation only answers."""
    only_read = {one.rpartition("/")[2] for one in schema(kind).get("readOnlyProperties", ())}
    return names_of_keys(schema(kind)["properties"]) - only_read


@cache
def schema(kind: str) -> dict[str, Any]:
    folder, of = schemas()
    found: dict[str, Any] = json.loads((folder / f"{of[kind]}.json").read_text(encoding="utf-8"))
    return found


def made() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Everything that the template makes: name, CloudFormation's type, properties."""
    globals_of_functions = template()["Globals"]["Function"]
    for name, one in template()["Resources"].items():
        properties = one.get("Properties", {})
        own = globals_of_functions | properties if one["Type"] == "AWS::Serverless::Function" else properties
        yield name, OF_SAM.get(one["Type"], one["Type"]), own
        for event, part in properties.get("Events", {}).items():
            yield f"{name}.{event}", OF_SAM[part["Type"]], part["Properties"]


def test_every_resource_that_can_take_a_key_takes_it() -> None:
    """By AWS's schema of its type, so that no resource that is added can be forgotten."""
    taken = {
        f"{name}.{key}": properties.get(key) for name, kind, properties in made() for key in keys_to_set(kind)
    }
    encrypted: Any = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    assert taken.pop("Ledger.SSESpecification") == {"Fn::If": ["HasKey", encrypted, {"Ref": "AWS::NoValue"}]}
    assert len(taken) > 2 * len(functions()), "the search finds nothing any more"
    assert {name: value for name, value in taken.items() if value != WITH_KEY} == {}


def test_the_search_for_keys_finds_those_that_are_known() -> None:
    found = {kind for _, kind, _ in made() if keys_to_set(kind)}
    assert found == {
        "AWS::AppConfig::ConfigurationProfile",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Scheduler::Schedule",
    }


def test_a_key_in_a_part_of_a_property_is_known() -> None:
    nested: dict[str, set[str]] = {}
    for kind in {kind for _, kind, _ in made()}:
        parts = schema(kind).get("definitions", {}).values()
        if inside := set[str]().union(*(names_of_keys(part.get("properties", {})) for part in parts)):
            nested[kind] = inside
    assert nested == NESTED


def of_the_key(policies: list[Any]) -> set[str]:
    """The actions that the policies allow on the key."""
    found = [one for one in statements(policies) if one["Resource"] == KEY]
    return set(chain.from_iterable(map(iam_actions, found)))


def roles() -> dict[str, list[Any]]:
    """The policies of every role of the stack, by its name or its function's."""
    own = {
        name: [policy["PolicyDocument"] for policy in one["Properties"]["Policies"]]
        for name, one in template()["Resources"].items()
        if one["Type"] == "AWS::IAM::Role"
    }
    return own | {name: list(one["Policies"]) for name, one in functions().items()}


@pytest.mark.parametrize("role", sorted(roles().keys() - {"DeploymentRole"}))
def test_every_role_that_may_leave_a_dead_letter_may_encrypt_it(role: str) -> None:
    """All but CodeDeploy's: Lambda sends a function's dead letters by its role, Scheduler by its own."""
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= of_the_key(roles()[role])


def test_a_role_that_makes_schedules_may_have_their_key_looked_at_and_no_other_role_may() -> None:
    makes = {
        name
        for name, policies in roles().items()
        if any("scheduler:CreateSchedule" in iam_actions(one) for one in statements(policies))
    }
    assert makes
    assert {name for name, one in roles().items() if "kms:DescribeKey" in of_the_key(one)} == makes
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["SCHEDULE_KEY_ARN"] == WITH_KEY


def test_an_event_that_the_bus_cannot_encrypt_becomes_a_dead_letter() -> None:
    letters: Any = {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    assert resource("Bus")["DeadLetterConfig"] == {"Fn::If": ["HasKey", letters, {"Ref": "AWS::NoValue"}]}
    (allowed,) = resource("DeadLettersPolicy")["PolicyDocument"]["Statement"]
    assert {"Fn::GetAtt": ["Bus", "Arn"]} in allowed["Condition"]["ArnLike"]["aws:SourceArn"]


def through(statement: Mapping[str, Any]) -> set[str]:
    named = statement["Condition"]["StringLike"]["kms:ViaService"]
    assert all(one["Fn::Sub"].endswith(".${AWS::Region}.*") for one in named)
    return {one["Fn::Sub"].partition(".")[0] for one in named}


def test_page_uses_the_keys_of_its_channels_through_what_keeps_or_sends_and_no_other_role_may() -> None:
    found = {
        name: one
        for name, policies in roles().items()
        for one in statements(policies)
        if one["Resource"] == {"Ref": "PageKeyArns"}
    }
    assert found.keys() == {"Page"}
    assert iam_actions(found["Page"]) == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert through(found["Page"]) == {"secretsmanager", "ssm", "sns"}
    assert template()["Parameters"]["PageKeyArns"]["Default"] == ""


@pytest.mark.parametrize("policy", POLICIES)
def test_people_decrypt_only_through_what_keeps_it(policy: str) -> None:
    (found,) = [one for one in statements([{"Ref": policy}]) if one["Resource"] == KEY]
    assert iam_actions(found) == ["kms:Decrypt"]
    assert through(found) == {"appconfig", "dynamodb", "events", "scheduler"}


def test_an_author_encrypts_a_pushed_policy_through_appconfig_alone() -> None:
    (found,) = [one for one in statements([{"Ref": "PolicyAuthorPolicy"}]) if one["Resource"] == KEY]
    assert iam_actions(found) == ["kms:GenerateDataKey"]
    assert found["Condition"]["StringLike"]["kms:ViaService"] == {"Fn::Sub": "appconfig.${AWS::Region}.*"}


def test_the_key_policy_of_the_example_is_that_of_the_document() -> None:
    policy = read(ROOT / "examples/key/template.yaml")["Resources"]["Key"]["Properties"]["KeyPolicy"]
    granted = {
        str(name): sorted(one["Action"])
        for one in policy["Statement"]
        if "Service" in one["Principal"]
        for name in _services(one["Principal"]["Service"])
    }
    rows = {row[0]: row[2] for row in document("docs/operations.md").table("service")}
    said = {
        service: sorted(re.findall(r"kms:[\w*]+", actions.partition(", where")[0]))
        for service, actions in rows.items()
    }
    assert granted == said
    assert said.keys() == {"logs.REGION.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com"}


def _services(named: Any) -> list[str]:
    if isinstance(named, dict):
        text = named["Fn::Sub"].replace("${AWS::Region}", "REGION")
        return [text.replace("${AWS::URLSuffix}", "amazonaws.com")]
    return list(named)


def test_the_logs_of_every_function_are_within_the_condition_of_the_example() -> None:
    policy = read(ROOT / "examples/key/template.yaml")["Resources"]["Key"]["Properties"]["KeyPolicy"]
    (of_logs,) = [one for one in policy["Statement"] if one["Sid"] == "LogsOfTheFunctions"]
    (arn,) = of_logs["Condition"]["ArnLike"].values()
    groups = [one for _, kind, one in made() if kind == "AWS::Logs::LogGroup"]
    assert groups
    for one in groups:
        name = one["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "${Stack}")
        assert name.startswith(arn["Fn::Sub"].partition("log-group:")[2].removesuffix("*"))
