"""The limits of code that runs as one of the functions, and the encryption of what they store."""

from typing import Any

import pytest

from firebreak.core.limits.scopes import place_of
from firebreak.ledger.claims import switch_keys
from tests.contracts.template import actions, functions, statements, template
from tests.support import builders as a

RESOURCES: dict[str, Any] = template()["Resources"]
BOUNDED: Any = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
WRITES = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]


def of_type(kind: str) -> dict[str, Any]:
    return {name: one for name, one in RESOURCES.items() if one["Type"] == kind}


@pytest.mark.parametrize("name", sorted(functions()))
def test_no_function_that_writes_the_ledger_may_write_a_switch(name: str) -> None:
    policies = functions()[name]["Policies"]
    allowed = [one for one in statements(policies) if set(WRITES) & {*one["Action"]}]
    denied = [one for one in statements(policies, "Deny") if one["Sid"] == "LeaveTheSwitches"]
    assert len(denied) == bool(allowed)
    for one in denied:
        assert one["Action"] == WRITES
        assert one["Resource"] == allowed[0]["Resource"]
        assert one["Condition"] == {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["SWITCH#*"]}}


def test_every_switch_is_kept_under_a_key_that_the_denial_covers() -> None:
    assert all(pk.startswith("SWITCH#") for pk in switch_keys("restart-service", place_of(a.TARGET)))


def test_claims_may_still_check_the_switches() -> None:
    for name in actions():
        denied = statements(functions()[name]["Policies"], "Deny")
        assert not any("dynamodb:ConditionCheckItem" in one["Action"] for one in denied)


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_role_that_may_change_a_functions_configuration_may_not_add_layers(name: str) -> None:
    policies = functions()[name]["Policies"]
    changes = [one for one in statements(policies) if "lambda:UpdateFunctionConfiguration" in one["Action"]]
    denied = [one for one in statements(policies, "Deny") if one["Sid"] == "LeaveTheLayers"]
    assert len(denied) == len(changes)
    for one in denied:
        assert one["Action"] == "lambda:UpdateFunctionConfiguration"
        assert one["Resource"] == changes[0]["Resource"]
        assert one["Condition"] == {"ForAnyValue:StringLike": {"lambda:Layer": ["*"]}}


def test_neither_the_topic_of_pages_nor_the_dead_letters_lead_back_to_a_function() -> None:
    protocols = {one["Properties"]["Protocol"] for one in of_type("AWS::SNS::Subscription").values()}
    assert protocols == {"email"}
    assert of_type("AWS::Lambda::EventSourceMapping") == {}
    events = [event for one in functions().values() for event in one.get("Events", {}).values()]
    assert {event["Type"] for event in events} <= {"EventBridgeRule", "ScheduleV2"}
    assert events


def test_every_role_of_the_stack_can_be_bounded() -> None:
    assert template()["Globals"]["Function"]["PermissionsBoundary"] == BOUNDED
    roles = of_type("AWS::IAM::Role")
    assert sorted(roles) == ["DeploymentRole", "HeartbeatRole", "SchedulerRole"]
    assert all(one["Properties"]["PermissionsBoundary"] == BOUNDED for one in roles.values())
    assert not any({"Role", "PermissionsBoundary"} & one.keys() for one in functions().values())
    assert template()["Parameters"]["PermissionsBoundaryArn"]["Default"] == ""


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_may_read_its_own_encrypted_variables(name: str) -> None:
    granted = [one for one in statements(functions()[name]["Policies"]) if one["Sid"] == "UseTheKey"]
    assert ["kms:Decrypt" in one["Action"] for one in granted] == [True]
    assert [one["Resource"] for one in granted] == [{"Ref": "KeyArn"}]
