"""Gradual deployments are an option: nothing of them is there without it, and with it each alias is shifted.

It is SAM's own transform that is asked what the template becomes. Local AWS has no CodeDeploy;
docs/first-deploy.md has what only an account can answer.
"""

import json
from graphlib import TopologicalSorter
from math import prod
from typing import Any

import pytest

from tests.contracts.iam_statements import roles
from tests.contracts.template import (
    OF_DEPLOYMENTS,
    WATCH,
    actions,
    functions,
    resource,
    template,
)
from tests.contracts.transformed import awaited, predefined_shifts, transformed
from tests.docs.documents import document

PARAMETER = template()["Parameters"]["DeploymentPreference"]
GRADUALLY = [one for one in PARAMETER["AllowedValues"] if one != "AllAtOnce"]
SHIFTED = sorted({*actions(), *WATCH})
LINEAR = {"DeploymentPreference": "Linear10PercentEvery10Minutes"}


def of_type(made: Any, kind: str) -> dict[str, Any]:
    return {name: one for name, one in made["Resources"].items() if one["Type"] == kind}


def of_codedeploy(made: Any) -> set[str]:
    return {name for name, one in made["Resources"].items() if "CodeDeploy" in one["Type"]}


def without_the_option() -> Any:
    """The resources that are made without it."""
    resources = transformed()["Resources"].items()
    return {name: one for name, one in resources if one.get("Condition") != OF_DEPLOYMENTS}


def test_all_at_once_is_the_default_and_makes_nothing_of_codedeploy() -> None:
    assert PARAMETER["Default"] == "AllAtOnce"
    made = transformed()
    assert made == transformed(DeploymentPreference="AllAtOnce")
    assert of_codedeploy(made) == set()
    assert "UpdatePolicy" not in json.dumps(made["Resources"])
    assert template()["Conditions"][OF_DEPLOYMENTS] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "DeploymentPreference"}, "AllAtOnce"]}]
    }


def test_what_only_gradual_deployments_need_is_a_role_and_an_alarm_a_function() -> None:
    resources = template()["Resources"].items()
    conditional = {name for name, one in resources if one.get("Condition") == OF_DEPLOYMENTS}
    assert conditional == {"DeploymentRole", *(f"{name}Errors" for name in SHIFTED)}


def test_the_option_changes_no_resource_but_how_the_aliases_are_updated() -> None:
    """So that switching it on or off publishes no version and replaces nothing."""
    gradually = transformed(**LINEAR)["Resources"]
    before = without_the_option()
    changed = {name for name, one in before.items() if gradually[name] != one}
    assert changed == {f"{name}Aliaslive" for name in SHIFTED}
    for name in changed:
        assert gradually[name] == before[name] | {"UpdatePolicy": gradually[name]["UpdatePolicy"]}


def test_every_type_is_one_that_sam_knows_and_the_mapping_says_which_are_gradual() -> None:
    assert sorted(PARAMETER["AllowedValues"]) == sorted(predefined_shifts())
    gradual = {name: one["Gradual"] for name, one in template()["Mappings"]["Deployment"].items()}
    assert gradual == {"AllAtOnce": "false", **dict.fromkeys(GRADUALLY, "true")}


@pytest.mark.parametrize("name", SHIFTED)
def test_an_alias_is_shifted_as_was_asked_for_and_back_when_its_new_version_fails(name: str) -> None:
    made = transformed(**LINEAR)["Resources"]
    group = made[f"{name}DeploymentGroup"]["Properties"]
    assert made[f"{name}Aliaslive"]["UpdatePolicy"] == {
        "CodeDeployLambdaAliasUpdate": {
            "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
            "DeploymentGroupName": {"Ref": f"{name}DeploymentGroup"},
        }
    }
    named = ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": LINEAR["DeploymentPreference"]}]
    assert group["DeploymentConfigName"] == {"Fn::Sub": named}
    assert group["AlarmConfiguration"]["Fn::If"][:2] == [
        OF_DEPLOYMENTS,
        {"Enabled": True, "Alarms": [{"Name": {"Ref": f"{name}Errors"}}]},
    ]
    role = {"Fn::GetAtt": ["DeploymentRole", "Arn"]}
    assert group["ServiceRoleArn"]["Fn::If"][:2] == [OF_DEPLOYMENTS, role]
    rollback = group["AutoRollbackConfiguration"]
    assert rollback["Enabled"]
    assert {"DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"} <= set(rollback["Events"])


@pytest.mark.parametrize("name", SHIFTED)
def test_the_alarm_of_a_deployment_counts_errors_of_the_new_version_alone(name: str) -> None:
    """An alarm of the whole stack may be red for what the new version mends, and would keep it out."""
    made = transformed(**LINEAR)["Resources"]
    alarm = made[f"{name}Errors"]["Properties"]
    behind = made[f"{name}Aliaslive"]["Properties"]["FunctionVersion"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "FunctionName": {"Ref": name},
        "Resource": {"Fn::Sub": f"${{{name}}}:live"},
        "ExecutedVersion": behind,
    }
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "notBreaching", "most functions have no call during a deployment"


@pytest.mark.parametrize("name", SHIFTED)
def test_firebreak_answers_no_alarm_of_a_deployment(name: str) -> None:
    """RollBackFunctionBySymptom takes untagged alarms on this very metric."""
    alarm = resource(f"{name}Errors")
    assert alarm["Tags"] == [{"Key": "firebreak:action", "Value": "none"}]
    assert alarm["ActionConfiguration"] == {"AlarmTagsPropagation": {"Enabled": True}}
    assert not {"AlarmActions", "OKActions"} & alarm.keys()


def test_report_is_not_shifted_for_a_deployment_would_end_before_its_next_call() -> None:
    assert "DeploymentPreference" not in functions()["Report"]
    assert {name for name, one in functions().items() if "DeploymentPreference" in one} == set(SHIFTED)


def test_no_resource_waits_for_itself() -> None:
    """An alias waits for its group, the group for the alarm, the alarm for the new version."""
    made = transformed(**LINEAR)
    names = set(made["Resources"]) - set(made["Parameters"])
    waits = {name: awaited(made["Resources"][name], names) for name in names}
    assert "VerifyErrors" in waits["VerifyDeploymentGroup"]
    order = list(TopologicalSorter(waits).static_order())
    assert order.index("VerifyErrors") < order.index("VerifyAliaslive")


def test_sam_makes_no_role_of_its_own_which_would_have_no_boundary_and_no_path() -> None:
    made = transformed(**LINEAR)["Resources"]
    assert "CodeDeployServiceRole" not in made
    role = resource("DeploymentRole")
    assert role["Path"] == {"Fn::Sub": "/${AWS::StackName}/"}


def test_codedeploy_may_move_aliases_of_this_stack_and_nothing_else() -> None:
    granted = roles(template())["DeploymentRole"]
    changes = [one for one in granted if one.sid == "ShiftAliases"]
    (statement,) = changes
    assert set(statement.actions) == {
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:UpdateAlias",
    }
    (pattern,) = statement.resources
    assert pattern.partition(":function:")[2].endswith("-*")
    assert {action for one in granted if one is not statement for action in one.actions} == {
        "cloudwatch:DescribeAlarms"
    }


def test_the_template_with_gradual_deployments_is_within_cloudformations_limit() -> None:
    assert len(transformed(**LINEAR)["Resources"]) <= 500


def parts(shift: str) -> list[tuple[float, int]]:
    """The part of the calls that the new version gets, and for how many minutes, until it gets all."""
    kind, _, minutes = shift.removesuffix("s").removesuffix("Minute").partition("10Percent")
    every = int(minutes.removeprefix("Every"))
    steps = 1 if kind == "Canary" else 9
    return [(0.1 * (one + 1), every) for one in range(steps)]


def chance(shift: str, minutes_between_calls: int) -> float:
    """How likely a function that is called so often runs its new version before that gets all calls."""
    missed = prod((1 - part) ** (minutes / minutes_between_calls) for part, minutes in parts(shift))
    return 1 - float(missed)


@pytest.mark.parametrize("shift", GRADUALLY)
def test_the_document_says_how_likely_a_quiet_stack_shows_anything(shift: str) -> None:
    rows = {row[0].strip("`"): row[1:] for row in document("docs/operations.md").table("type")}
    lasts = f"{sum(minutes for _, minutes in parts(shift))} min"
    chances = [f"{100 * chance(shift, every):.0f}%" for every in (1, 5, 15)]
    assert rows[shift] == [lasts, *chances]
    assert set(rows) == set(GRADUALLY)
