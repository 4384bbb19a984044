"""The role of an action allows exactly the calls that its module declares, in both directions."""

import json
from typing import Any

import pytest

from firebreak.core.action_spec import Permission
from firebreak.services.registry import CATALOG
from tests.contracts.template import (
    TOPIC,
    actions,
    functions,
    iam_actions,
    resource,
    statements,
    template,
)
from tests.docs.documents import document


def declared(action: str) -> tuple[Permission, ...]:
    """The permissions an action's module lists."""
    return CATALOG.specs[action].permissions


def own_statements(function: Any) -> list[dict[str, Any]]:
    """The statements of a function that are not every function's (the shared managed policy)."""
    return statements([policy for policy in function["Policies"] if "Ref" not in policy])


def action_of(function: Any) -> str:
    """The action a function carries out, as its environment says."""
    return str(function["Environment"]["Variables"]["ACTION"])


def test_every_action_has_a_function_and_every_function_an_action() -> None:
    assert sorted(action_of(function) for function in actions().values()) == sorted(CATALOG)


@pytest.mark.parametrize("name", sorted(actions()))
def test_a_role_allows_what_its_action_declares_and_nothing_else(name: str) -> None:
    function = actions()[name]
    allowed = sorted({one for statement in own_statements(function) for one in iam_actions(statement)})
    assert allowed == sorted(permission.action for permission in declared(action_of(function)))


OPTED_IN = "aws:ResourceTag/firebreak:enabled"


def test_changes_not_bound_to_the_opt_in_tag_are_those_that_the_document_lists() -> None:
    changes = {p.action for action in CATALOG for p in declared(action) if p.mutates}
    unbound = {
        one
        for function in actions().values()
        for statement in own_statements(function)
        if OPTED_IN not in str(statement.get("Condition"))
        for one in iam_actions(statement)
    }
    text = {row[0].strip("`") for row in document("docs/operations.md").table("call")}
    assert unbound & changes == text


def test_verify_may_look_at_what_the_actions_look_at_and_change_none_of_it() -> None:
    # The index of what is due, the newest heartbeat; the measures of the stack itself (docs/operations.md).
    own = {"dynamodb:Query", "cloudwatch:GetMetricData", "sqs:GetQueueAttributes"}
    looks = {
        p.action
        for action in CATALOG
        for p in declared(action)
        if not (p.mutates or p.to_decide or p.before_act)
    }
    allowed = {one for s in own_statements(functions()["Verify"]) for one in iam_actions(s)}
    assert allowed - own == looks


PAGE = {
    "appconfig:GetLatestConfiguration",
    "appconfig:StartConfigurationSession",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricWidgetImage",
    "cloudwatch:ListTagsForResource",
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:FilterLogEvents",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "ssm:GetParameter",
}


def test_every_action_and_no_other_function_that_acts_may_read_the_calendars_that_a_parameter_names() -> None:
    calendars = {"Fn::If": ["HasChangeCalendars", {"Ref": "ChangeCalendarPolicy"}, {"Ref": "AWS::NoValue"}]}
    given = {name for name, one in functions().items() if calendars in one["Policies"]}
    assert given == set(actions())
    (statement,) = resource("ChangeCalendarPolicy")["PolicyDocument"]["Statement"]
    assert (iam_actions(statement), statement["Resource"]) == (
        ["ssm:GetCalendarState"],
        {"Ref": "ChangeCalendarArns"},
    )
    readers = [
        name for name, one in functions().items() if "ssm:GetCalendarState" in json.dumps(one["Policies"])
    ]
    assert readers == ["Report"]
    assert template()["Parameters"]["ChangeCalendarArns"]["Default"] == ""


def test_page_may_notify_record_and_read_and_change_nothing_else() -> None:
    found = own_statements(functions()["Page"])
    assert {one for statement in found for one in iam_actions(statement)} == PAGE


def test_the_router_may_read_the_tags_of_alarms_and_put_events_on_the_bus_and_nothing_else() -> None:
    granted = [(iam_actions(one), one["Resource"]) for one in statements(functions()["Route"]["Policies"])]
    assert [names for names, _ in granted] == [
        ["cloudwatch:ListTagsForResource"],
        ["events:PutEvents"],
        ["kms:Decrypt", "kms:GenerateDataKey"],
    ]
    assert granted[1][1] == {"Fn::GetAtt": ["Bus", "Arn"]}


def test_report_may_read_what_viewers_may_of_this_stack_and_send_to_the_topic_of_pages_alone() -> None:
    found = statements(functions()["Report"]["Policies"])
    (sends,) = [one for one in found if "sns:Publish" in iam_actions(one)]
    assert (iam_actions(sends), sends["Resource"]) == (["sns:Publish"], TOPIC)
    # With a key, a message on the topic is encrypted by it.
    besides = {"sns:Publish", "kms:GenerateDataKey", "kms:Decrypt"}
    granted = {one for part in found for one in iam_actions(part)} - besides
    viewers = {one for part in statements([{"Ref": "ViewerPolicy"}]) for one in iam_actions(part)} - besides
    assert granted <= viewers
    # Before a deployment, where CloudFormation does not answer, and for `doctor --on-aws`.
    assert viewers - granted == {
        "cloudwatch:ListMetrics",
        "dynamodb:ListTables",
        "iam:ListEntitiesForPolicy",
        "iam:ListRoles",
        "lambda:GetFunctionEventInvokeConfig",
        "logs:DescribeLogGroups",
        "xray:GetTraceSummaries",
    }


def test_page_reads_no_log_group_but_those_that_the_stack_names() -> None:
    """With `log-group:*`, the choice of a group could page any log of the account."""
    found = [s for s in own_statements(functions()["Page"]) if "logs:FilterLogEvents" in iam_actions(s)]
    assert [statement["Resource"] for statement in found] == [{"Ref": "PageLogGroupArns"}]
    assert template()["Parameters"]["PageLogGroupArns"]["Default"] == ""


def test_an_action_reads_no_log_group_but_those_that_the_stack_names_and_only_for_diagnostics() -> None:
    found = {
        action_of(function): [s["Resource"] for s in own_statements(function) if "logs:" in str(s["Action"])]
        for function in actions().values()
    }
    with_logs = {
        name
        for name, spec in CATALOG.specs.items()
        if spec.keeps_diagnostics and spec.service in {"ecs", "lambda"}
    }
    assert {name for name, resources in found.items() if resources} == with_logs
    assert all(resources in ([], [{"Ref": "PageLogGroupArns"}]) for resources in found.values())


def test_each_publisher_may_put_its_own_types_of_events_on_the_bus_and_no_other() -> None:
    shared = resource("RemediatorPolicy")["PolicyDocument"]["Statement"]
    granted = {
        "actions and Verify": _types(shared),
        "Route": _types(own_statements(functions()["Route"])),
        "Page": _types(own_statements(functions()["Page"])),
    }
    assert granted == {
        "actions and Verify": ["Firebreak Announcement", "Firebreak Request"],
        "Route": ["Firebreak Routed Alarm"],
        "Page": [],
    }


def _types(found: list[dict[str, Any]]) -> list[str]:
    """The detail types of the events that these statements let somebody put on the bus."""
    types: list[str] = []
    for statement in found:
        if "PutEvents" in str(statement.get("Action")):
            condition = statement["Condition"]["StringEquals"]
            assert condition["events:source"] == "firebreak"
            named = condition["events:detail-type"]
            types += [named] if isinstance(named, str) else named
    return types


def test_page_reads_secrets_of_its_own_name_alone() -> None:
    secrets = [
        statement["Resource"]["Fn::Sub"]
        for statement in own_statements(functions()["Page"])
        if {"secretsmanager:GetSecretValue", "ssm:GetParameter"} & {*iam_actions(statement)}
    ]
    assert sorted(resource.rpartition(":")[2] for resource in secrets) == [
        "firebreak/*",
        "parameter/firebreak/*",
    ]
