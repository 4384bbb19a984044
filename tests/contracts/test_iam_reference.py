"""Each statement that this repository ships names what AWS knows, by the reference that AWS publishes."""

import re
from pathlib import Path

import pytest
from botocore.session import get_session

from tests.contracts.iam_reference import NOT_YET_LISTED, exists, findings, missing_resources, overlap
from tests.contracts.iam_statements import resource_policies, roles
from tests.contracts.template import read
from tests.support.iam_evaluation import Statement

ROOT = Path(__file__).parents[2]
# The policy of a key must give the account itself the whole of KMS, as KMS's own default does;
# tests/contracts/test_keys.py compares it with what the stack needs.
OF_THE_KEY = "examples/key/template.yaml"
TEMPLATES = sorted(
    {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "template.yaml", *ROOT.glob("examples/*/*.yaml"))
        if "Resources" in read(path)
    }
    - {OF_THE_KEY}
)
ROLES = {(path, name): found for path in TEMPLATES for name, found in roles(read(ROOT / path)).items()}
RESOURCES = {
    (path, name): found for path in TEMPLATES for name, found in resource_policies(read(ROOT / path)).items()
}
SERVICE = "arn:aws:ecs:eu-west-1:111122223333:service/*"
TAGGED = {"StringEquals": {"aws:ResourceTag/firebreak:enabled": ["true"]}}


@pytest.mark.parametrize("of", sorted({*ROLES, *RESOURCES}), ids=":".join)
def test_every_statement_has_actions_resources_and_keys_that_aws_knows(of: tuple[str, str]) -> None:
    found = [one for statement in [*ROLES.get(of, ()), *RESOURCES.get(of, ())] for one in findings(statement)]
    assert found == []


@pytest.mark.parametrize("of", ROLES, ids=":".join)
def test_a_role_allows_every_resource_that_its_calls_require(of: tuple[str, str]) -> None:
    assert missing_resources(ROLES[of]) == []


def test_every_policy_of_the_templates_is_looked_at() -> None:
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in TEMPLATES)
    shipped = {one.sid for found in (*ROLES.values(), *RESOURCES.values()) for one in found if one.sid}
    # As YAML, and in the JSON of a policy that is a text.
    assert {*re.findall(r'\bSid"?: "?(\w+)', text)} == shipped


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(("examples/organization/central.yaml", "events:PutEvents"), id="a bus"),
        pytest.param(("examples/organization/central.yaml", "logs:PutLogEvents"), id="logs"),
        pytest.param(("examples/organization/member.yaml", "sqs:SendMessage"), id="a queue"),
    ],
)
def test_the_policies_of_resources_of_every_kind_are_looked_at(of: tuple[str, str]) -> None:
    path, action = of
    found = [one for (at, _), statements in RESOURCES.items() if at == path for one in statements]
    assert action in {each for one in found for each in one.actions}


@pytest.mark.parametrize("action", sorted(NOT_YET_LISTED))
def test_an_action_that_the_reference_lacks_is_an_operation_of_the_sdk_and_is_still_lacking(
    action: str,
) -> None:
    operations = get_session().get_service_model(NOT_YET_LISTED[action]).operation_names
    assert action.partition(":")[2] in operations
    assert not exists(action), f"the reference has {action} now: take the exception away"


@pytest.mark.parametrize(
    ("action", "resource", "conditions", "expected"),
    [
        pytest.param("ecs:UpdateService", SERVICE, TAGGED, [], id="right"),
        pytest.param("ecs:ListClusters", "*", {}, [], id="right without a resource"),
        pytest.param("ecs:UpdateServices", SERVICE, {}, ["ecs:UpdateServices: no such action"], id="action"),
        pytest.param("esc:UpdateService", SERVICE, {}, ["esc:UpdateService: no such action"], id="service"),
        pytest.param("ecs:Update*", SERVICE, {}, ["ecs:Update*: a wildcard"], id="wildcard"),
        pytest.param(
            "ecs:ListClusters",
            SERVICE,
            {},
            ['ecs:ListClusters: takes no resource, so that only "*" allows it'],
            id="resource where none is taken",
        ),
        pytest.param(
            "ecs:UpdateService",
            SERVICE.replace("service/", "task/"),
            {},
            ["ecs:UpdateService: takes service, not arn:aws:ecs:eu-west-1:111122223333:task/*"],
            id="resource of another type",
        ),
        pytest.param(
            "ecs:UpdateService",
            SERVICE,
            {"StringEquals": {"ecs:CreateAction": ["x"]}},
            [f"ecs:UpdateService: no condition key ecs:CreateAction on {SERVICE}"],
            id="key of another action",
        ),
        pytest.param(
            "ssm:DescribeAutomationExecutions",
            "*",
            TAGGED,
            ["ssm:DescribeAutomationExecutions: no condition key aws:ResourceTag/firebreak:enabled on *"],
            id="tags where there is no resource",
        ),
    ],
)
def test_a_mistake_in_a_statement_is_found(
    action: str, resource: str, conditions: dict[str, dict[str, list[str]]], expected: list[str]
) -> None:
    assert findings(Statement("x", "Allow", (action,), (resource,), conditions)) == expected


def test_a_resource_among_others_that_no_action_takes_is_found() -> None:
    idle = SERVICE.replace("service/", "services/")
    statement = Statement("x", "Allow", ("ecs:UpdateService",), (SERVICE, idle))
    assert findings(statement) == [f"{idle}: no action here takes it"]


def test_a_call_that_requires_two_resources_needs_both() -> None:
    half = Statement("x", "Allow", ("ecs:StopServiceDeployment",), (SERVICE,))
    other = Statement("y", "Allow", half.actions, (SERVICE.replace("service/", "service-deployment/"),))
    assert missing_resources([half]) == ["ecs:StopServiceDeployment: nothing of service-deployment"]
    assert missing_resources([half, other]) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a*c", "ab*", True),
        ("a*", "b*", False),
        ("*", "", True),
        ("a?", "ab", True),
        ("a?", "a", False),
        ("service/*", "service-deployment/*", False),
    ],
)
def test_two_patterns_overlap_or_not(one: str, other: str, *, expected: bool) -> None:
    assert overlap(one, other) == overlap(other, one) == expected
