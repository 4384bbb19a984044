"""The example for an organization: copies flow to the central bus for reading, and nothing flows back.

member's buses --ForwardRole--> central bus --> log groups
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern

from firebreak.wire.page_tests import PAGE_TEST
from firebreak.wire.requests import (
    ANNOUNCEMENT,
    HUMAN_ANNOUNCEMENT,
    HUMAN_REQUEST,
    MANUAL_REQUEST,
    OWN_DETAIL_TYPE,
    ROUTED_ALARM,
)
from tests.contracts.template import functions, read, rules, template
from tests.docs.documents import ROOT
from tests.support.sample_events import load, usable

FOLDER = ROOT / "examples" / "organization"
CENTRAL, MEMBER, STACKSET = (read(FOLDER / f"{name}.yaml") for name in ("central", "member", "stackset"))
ACCOUNT = "111122223333"
# A resource that can send nothing: a bus, its policy, and what keeps events and reads them.
KEEPS = {
    "AWS::Events::EventBus",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule",
    "AWS::Logs::LogGroup",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
}
COPIED = {ANNOUNCEMENT, HUMAN_ANNOUNCEMENT}
REQUESTS = {OWN_DETAIL_TYPE, HUMAN_REQUEST, MANUAL_REQUEST, ROUTED_ALARM, PAGE_TEST}


def of_type(kind: str, stack: dict[str, Any]) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in stack["Resources"].items() if one["Type"] == kind}


def targets(stack: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, rule in of_type("AWS::Events::Rule", stack).items():
        for target in rule["Targets"]:
            yield name, target


def ways_out(stack: dict[str, Any]) -> list[str]:
    """Everything of the central stack by which an event or a call could leave it."""
    groups = {f"log-group:${{{name}}}" for name in of_type("AWS::Logs::LogGroup", stack)}
    found = [
        f"{name} is a {one['Type']}" for name, one in stack["Resources"].items() if one["Type"] not in KEEPS
    ]
    for name, target in targets(stack):
        address = str(target["Arn"].get("Fn::Sub", ""))
        kept = any(address.endswith(group) for group in groups)
        found += [] if kept and set(target) == {"Id", "Arn"} else [f"{name} sends to {target['Id']}"]
    return found


def test_the_central_stack_keeps_events_and_sends_none() -> None:
    assert ways_out(CENTRAL) == []


def _a_rule_back(stack: dict[str, Any]) -> None:
    bus = {"Fn::Sub": "arn:${AWS::Partition}:events:eu-west-1:111122223333:event-bus/firebreak-prod"}
    stack["Resources"]["KeepAlarmStates"]["Properties"]["Targets"].append({"Id": "back", "Arn": bus})


def _a_role(stack: dict[str, Any]) -> None:
    stack["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": {}}


def _a_target_with_a_role(stack: dict[str, Any]) -> None:
    stack["Resources"]["KeepAlarmStates"]["Properties"]["Targets"][0]["RoleArn"] = "arn:aws:iam::1:role/x"


@pytest.mark.parametrize(
    "change", [_a_rule_back, _a_role, _a_target_with_a_role], ids=lambda one: one.__name__
)
def test_a_way_out_of_the_central_stack_is_found(change: Callable[[dict[str, Any]], None]) -> None:
    changed = copy.deepcopy(CENTRAL)
    change(changed)
    assert len(ways_out(changed)) == 1


def test_the_central_bus_takes_events_from_the_members_role_and_from_nobody_else() -> None:
    (policy,) = of_type("AWS::Events::EventBusPolicy", CENTRAL).values()
    statement = policy["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "events:PutEvents")
    assert statement["Resource"] == {"Fn::GetAtt": ["Bus", "Arn"]}
    path = of_type("AWS::IAM::Role", MEMBER)["ForwardRole"]["Path"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}},
        "ArnLike": {"aws:PrincipalArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::*:role{path}*"}},
    }


@pytest.mark.parametrize("stack", [template(), MEMBER, STACKSET], ids=["Firebreak", "member", "StackSet"])
def test_no_members_bus_takes_events_of_another_account(stack: dict[str, Any]) -> None:
    assert of_type("AWS::Events::EventBusPolicy", stack) == {}
    assert [bus for bus in of_type("AWS::Events::EventBus", stack).values() if "Policy" in bus] == []


def test_the_members_role_may_put_events_on_the_central_bus_and_nothing_else() -> None:
    role = of_type("AWS::IAM::Role", MEMBER)["ForwardRole"]
    assert "ManagedPolicyArns" not in role
    (statement,) = (one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"])
    assert statement["Action"] == "events:PutEvents"
    assert statement["Resource"] == {"Ref": "CentralBusArn"}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert {target["RoleArn"]["Fn::GetAtt"][0] for _, target in targets(MEMBER)} == {"ForwardRole"}
    assert [target["Arn"] for _, target in targets(MEMBER)] == [{"Ref": "CentralBusArn"}] * 2


def patterns(stack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: rule["EventPattern"] for name, rule in of_type("AWS::Events::Rule", stack).items()}


def matching(stack: dict[str, Any], event: Any) -> set[str]:
    """The rules of a stack in this account that match an event, as moto reads patterns."""
    texts = {
        name: json.dumps(one).replace('{"Ref": "AWS::AccountId"}', f'"{ACCOUNT}"')
        for name, one in patterns(stack).items()
    }
    return {name for name, text in texts.items() if EventPattern.load(text).matches_event(event)}


def own(detail_type: str, account: str = ACCOUNT) -> dict[str, Any]:
    event: Any = json.loads((ROOT / "events/internal/announcement.json").read_text(encoding="utf-8"))
    return {**event, "detail-type": detail_type, "account": account}


@pytest.mark.parametrize("detail_type", sorted(COPIED))
def test_announcements_are_copied_and_kept(detail_type: str) -> None:
    assert matching(MEMBER, own(detail_type)) == {"ForwardAnnouncements"}
    assert matching(CENTRAL, own(detail_type)) == {"KeepAnnouncements"}


@pytest.mark.parametrize("detail_type", sorted(REQUESTS))
def test_a_request_never_leaves_its_account_and_is_not_kept(detail_type: str) -> None:
    assert matching(MEMBER, own(detail_type)) == set()
    assert matching(CENTRAL, own(detail_type)) == set()


def test_every_type_by_which_an_action_can_be_requested_is_a_request_here() -> None:
    asked = {
        one for function in functions().values() for rule in rules(function).values() for one in _own(rule)
    }
    assert asked <= COPIED | REQUESTS
    actions = {
        one
        for name, f in functions().items()
        if name != "Page"
        for rule in rules(f).values()
        for one in _own(rule)
    }
    assert actions <= REQUESTS


def _own(rule: dict[str, Any]) -> list[str]:
    return rule["Pattern"]["detail-type"] if rule["Pattern"]["source"] == ["firebreak"] else []


def test_states_of_alarms_are_copied_once_and_those_of_another_account_are_not_sent_on() -> None:
    events: list[dict[str, Any]] = [dict(load(name)) for name in usable()]
    events = [one for one in events if one.get("source") == "aws.cloudwatch" and "detail" in one]
    assert len(events) > 30
    for event in events:
        assert matching(CENTRAL, event) == {"KeepAlarmStates"}
        sent = {"ForwardAlarmStates"} if event["account"] == ACCOUNT else set()
        assert matching(MEMBER, event) == sent
    assert matching(MEMBER, own(ANNOUNCEMENT, account="999999999999")) == set()


def test_a_service_managed_stackset_takes_the_members_template() -> None:
    # It refuses macros and nested stacks (CreateStackSet).
    assert "Transform" not in MEMBER
    assert "Fn::ForEach" not in json.dumps(MEMBER)
    assert of_type("AWS::CloudFormation::Stack", MEMBER) == {}
    (members,) = of_type("AWS::CloudFormation::StackSet", STACKSET).values()
    assert members["PermissionModel"] == "SERVICE_MANAGED"
    assert members["Capabilities"] == ["CAPABILITY_IAM"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in members["Parameters"]}
    assert given == {name: {"Ref": name} for name in MEMBER["Parameters"]}


def test_the_parameters_that_both_templates_have_allow_the_same() -> None:
    for name in set(MEMBER["Parameters"]) & set(STACKSET["Parameters"]):
        outer, inner = ({**one["Parameters"][name], "Description": ""} for one in (STACKSET, MEMBER))
        assert outer == inner


def test_the_logs_are_written_by_the_two_rules_alone() -> None:
    policy, names = of_type("AWS::Logs::ResourcePolicy", CENTRAL)["LogsPolicy"]["PolicyDocument"]["Fn::Sub"]
    statements = json.loads(policy)["Statement"]
    assert set(names) == {"Groups"}
    groups = of_type("AWS::Logs::LogGroup", CENTRAL).values()
    written = {f"${{Groups}}/{one['LogGroupName']['Fn::Sub'].rsplit('/', 1)[1]}:*" for one in groups}
    assert [set(one["Resource"]) for one in statements] == [written, written]
    sources = statements[1]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert set(sources) == {f"${{{name}.Arn}}" for name in patterns(CENTRAL)}
