"""Two stacks, in one region or in two, have no name in common: each can be deployed where the other is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.template import actions, functions, kebab, template
from tests.docs.documents import ROOT

# The properties by which a template gives a resource of that kind its physical name.
NAMED_BY = {
    "AWS::AppConfig::Application": "Name",
    "AWS::AppConfig::ConfigurationProfile": "Name",
    "AWS::AppConfig::DeploymentStrategy": "Name",
    "AWS::AppConfig::Environment": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::SNS::Subscription": "",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SNS::TopicPolicy": "",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SQS::QueuePolicy": "",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
}
STACKS = ("firebreak", "firebreak-b", "fb")


def names() -> Iterator[tuple[str, str, str]]:
    """The logical id of each resource that has a name of its own, its kind, and its name as it is written."""
    for logical_id, one in template()["Resources"].items():
        found = one["Properties"].get(NAMED_BY[one["Type"]])
        if found is not None:
            yield logical_id, one["Type"], found.get("Fn::Sub", f"${{{found.get('Ref')}}}")


def every(value: Any, key: str) -> Iterator[Any]:
    """Every value of a key, however deep."""
    if isinstance(value, dict):
        yield from (one for name, one in value.items() if name == key)
        for one in value.values():
            yield from every(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from every(one, key)


def test_the_naming_property_of_every_kind_of_resource_is_known() -> None:
    assert {one["Type"] for one in template()["Resources"].values()} <= set(NAMED_BY)


@pytest.mark.parametrize(("logical_id", "written"), [(one, name) for one, _, name in names()])
def test_a_name_in_the_template_holds_the_name_of_the_stack(logical_id: str, written: str) -> None:
    assert "${AWS::StackName}" in written, logical_id


def test_what_belongs_to_the_whole_account_has_no_name_that_a_second_region_would_give_again() -> None:
    assert [one for one, kind, _ in names() if kind.startswith("AWS::IAM::")] == []
    assert [*every(template(), "RoleName"), *every(template(), "ManagedPolicyName")] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_name_of_a_stack_is_one_of_another_stack(stack: str) -> None:
    """Also where the name of one stack begins with that of the other."""
    mine, others = (
        {(kind, name.replace("${AWS::StackName}", one)) for _, kind, name in names() for one in chosen}
        for chosen in ([stack], [other for other in STACKS if other != stack])
    )
    assert mine & others == set()


def test_no_functions_name_ends_as_that_of_another_does() -> None:
    """Else stack `fb-roll-back` and stack `fb` could both have `fb-roll-back-service`."""
    own = [kebab(name) for name in functions()]
    assert [(one, other) for one in own for other in own if one.endswith(f"-{other}")] == []


def test_a_schedule_that_is_named_is_in_the_group_of_its_own_stack() -> None:
    groups = list(every(template()["Resources"], "GroupName"))
    assert groups
    assert groups == [{"Ref": "ScheduleGroup"}] * len(groups)


def test_the_metrics_of_two_stacks_have_different_dimensions() -> None:
    common = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert common["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    alarms = [one["Properties"] for one in template()["Resources"].values() if "Alarm" in one["Type"]]
    for own in (one for one in alarms if one.get("Namespace") == "Firebreak"):
        assert own["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def test_every_function_knows_the_name_of_its_stack_by_which_targets_are_left_to_it() -> None:
    common = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert common["STACK_NAME"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("name", sorted(actions()))
def test_a_rule_on_the_default_bus_gives_the_alarm_to_every_stack_of_the_region(name: str) -> None:
    """No pattern names the stack: which one acts is for the target's tag, which no rule can read."""
    by_tag = actions()[name]["Events"]["ByTag"]["Properties"]["Pattern"]
    assert "StackName" not in json.dumps(by_tag)


def test_the_documents_say_how_two_stacks_share_an_account() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## Several stacks and regions$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    assert "`firebreak:stack`" in section
    assert "`us-east-1`" in section
