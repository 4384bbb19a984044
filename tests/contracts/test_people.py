"""The three policies for people as the stack makes them: what they allow, and how large they are."""

import json
from itertools import pairwise

import pytest

from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS
from tests.cli.rights import (
    ADMINISTRATOR,
    ON_CALL,
    POLICIES,
    VIEWER,
    Right,
    own_statements,
    parts_of,
    refused,
    statements_of,
)
from tests.contracts.resolved import Stack
from tests.contracts.template import iam_actions, template
from tests.support import builders as a
from tests.support.world import TABLE

# Characters without white space [IAM quotas], and room for the looks of the next actions.
IAMS_LIMIT, ROOM_FOR_ACTIONS = 6144, 200


def _here(service: str, name: str) -> str:
    return f"arn:aws:{service}:{a.REGION}:{a.ACCOUNT}:{name}"


LEDGER, BUS = _here("dynamodb", f"table/{TABLE}"), _here("events", "event-bus/firebreak")


def test_each_policy_holds_what_the_one_before_it_holds() -> None:
    for less, more in pairwise(POLICIES):
        assert [one for one in statements_of(less) if one not in statements_of(more)] == []
        assert own_statements(more)


def test_viewers_may_look_at_what_actions_look_at_and_change_nothing() -> None:
    before_an_act = ("cloudwatch:GetMetricData", "elasticbeanstalk:DescribeInstancesHealth", "logs:")
    of_actions = {
        permission.action
        for action in ACTIONS.values()
        for permission in action(Connections(lambda _: None, lambda _: None)).spec.permissions
        if not (permission.mutates or permission.action.startswith(before_an_act))
    }
    named = {one for statement in statements_of(VIEWER) for one in iam_actions(statement)}
    assert named == of_actions | {
        "cloudformation:DescribeStackResourceDrifts",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "cloudwatch:DescribeAlarmContributors",
        "cloudwatch:DescribeAlarmHistory",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "cloudwatch:ListTagsForResource",
        "dynamodb:BatchGetItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:ListTables",
        "dynamodb:Query",
        "dynamodb:Scan",
        "events:ListRules",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListEntitiesForPolicy",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "iam:SimulatePrincipalPolicy",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionEventInvokeConfig",
        "logs:DescribeLogGroups",
        "scheduler:GetSchedule",
        "secretsmanager:DescribeSecret",
        "sns:ListSubscriptionsByTopic",
        "sqs:GetQueueAttributes",
        "ssm:DescribeParameters",
        "xray:GetTraceSummaries",
        "ssm:GetCalendarState",
    }


THEIRS = (
    Right("iam:GetRole", resource=f"arn:aws:iam::{a.ACCOUNT}:role/firebreak/firebreak-PageRole-0A1B"),
    Right("sqs:GetQueueAttributes", resource=_here("sqs", "firebreak-DeadLetters")),
    Right("ssm:GetCalendarState", resource=f"arn:aws:ssm:{a.REGION}:999999999999:document/company"),
    Right("dynamodb:PutItem", "INC#i-1", LEDGER),
    Right("dynamodb:PutItem", "STORM", LEDGER),
    Right("events:PutEvents", "Firebreak Manual Request", BUS),
    Right("cloudwatch:SetAlarmState", resource=_here("cloudwatch", "alarm:drill-api")),
)
OF_OTHERS = (
    Right("iam:GetRole", resource=f"arn:aws:iam::{a.ACCOUNT}:role/payroll"),
    Right("iam:PassRole", resource=f"arn:aws:iam::{a.ACCOUNT}:role/firebreak/firebreak-PageRole-0A1B"),
    Right("sqs:GetQueueAttributes", resource=_here("sqs", "payroll")),
    Right("ssm:GetCalendarState", resource=_here("ssm", "parameter/prod-changes")),
    Right("sqs:ReceiveMessage", resource=_here("sqs", "firebreak-DeadLetters")),
    Right("secretsmanager:GetSecretValue", resource=_here("secretsmanager", "secret:firebreak/key")),
    Right("secretsmanager:DescribeSecret", resource=_here("secretsmanager", "secret:payroll")),
    Right("dynamodb:PutItem", "INC#i-1", _here("dynamodb", "table/" + "payroll")),
    Right("dynamodb:DeleteItem", "INC#i-1", LEDGER),
    # Claims, budgets and what Page knows are the functions' own.
    *(Right("dynamodb:PutItem", key, LEDGER) for key in ("SCOPE#x", "LEASE#x", "PAGE#x", "DEFER#x")),
    Right("dynamodb:PutItem", resource=LEDGER),
    Right("dynamodb:UpdateItem", "SWITCH#x", LEDGER),
    Right("events:PutEvents", "Firebreak Manual Request", _here("events", "event-bus/default")),
    Right("events:PutEvents", "Firebreak Request", BUS),
    Right("events:PutEvents", "Firebreak Routed Alarm", BUS),
    Right("cloudwatch:SetAlarmState", resource=_here("cloudwatch", "alarm:api-memory")),
    Right("cloudwatch:TagResource", resource=_here("cloudwatch", "alarm:api-memory")),
    Right("ecs:UpdateService", resource=f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:service/prod/api"),
    Right("ecs:TagResource", resource=f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:service/prod/api"),
)


def test_an_administrator_may_write_to_this_stack_and_the_alarms_of_its_drills_and_to_nothing_else() -> None:
    assert refused(ADMINISTRATOR, {*THEIRS}) == set()
    assert refused(ADMINISTRATOR, {*OF_OTHERS}) == {*OF_OTHERS}


def test_a_viewer_may_write_nothing_and_who_is_on_call_only_answers() -> None:
    assert {one.action.partition(":")[2] for one in refused(VIEWER, {*THEIRS})} == {
        "PutItem",
        "PutEvents",
        "SetAlarmState",
    }
    assert {one.of or one.action for one in refused(ON_CALL, {*THEIRS})} == {
        "STORM",
        "Firebreak Manual Request",
        "cloudwatch:SetAlarmState",
    }


def test_nobody_may_write_what_bounds_the_functions() -> None:
    """Claims, budgets and what Page knows are the functions' own."""
    parts = {part for name in POLICIES for one in statements_of(name) for part in parts_of(one)}
    written = {part for part in parts if "#" in part}
    assert written == {"INC#*", "THREAD#*", "OUT#*", "SWITCH#*", "STORM#PAGES"}
    for statement in statements_of(ADMINISTRATOR):
        if {"dynamodb:PutItem", "dynamodb:UpdateItem"} & {*iam_actions(statement)}:
            assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}


def test_every_policy_is_an_output_of_the_stack_and_needs_no_capability_but_that_of_iam() -> None:
    for name in POLICIES:
        assert template()["Outputs"][f"{name}Arn"]["Value"] == {"Ref": name}
        # A name would need CAPABILITY_NAMED_IAM. A changed description would replace the policy.
        assert list(template()["Resources"][name]["Properties"]) == ["PolicyDocument"]


LONGEST = Stack(
    name="s" * 41,
    partition="aws-us-gov",
    region="ap-southeast-5",
    account="1" * 12,
    ledger="l" * 80,
    suffix="-0123456789AB",
    parameters={
        "KeyArn": f"arn:aws-us-gov:kms:ap-southeast-5:{'1' * 12}:key/{'0' * 36}",
        "DrillAlarms": "d" * 40,
        "PolicySource": "APPCONFIG",
        "PolicyDeploymentStrategy": "AppConfig.Linear50PercentEvery30Seconds",
    },
)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_fits_into_iams_limit_at_the_longest_names(policy: str) -> None:
    assert "kms:ViaService" in (text := json.dumps(LONGEST.document(policy), separators=(",", ":")))
    assert len(text) <= IAMS_LIMIT - ROOM_FOR_ACTIONS
