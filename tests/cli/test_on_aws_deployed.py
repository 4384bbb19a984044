"""`firebreak doctor --on-aws` about the stack's policies and versions, whatever a parameter adds to them."""

from pathlib import Path

import pytest

from tests.cli.doctored import MOTOS_ACCOUNT, physical
from tests.cli.questioned import Questioned
from tests.support.world import World

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
PAGE, VERIFY = physical("PageRole"), physical("VerifyRole")


@pytest.fixture
def account(world: World, tmp_path: Path) -> Questioned:
    return Questioned(world, tmp_path / "policy.toml")


@pytest.mark.parametrize(
    ("policy", "roles", "answer"),
    [
        ("OnCallPolicy", ["oncall"], "held"),
        ("PolicyAuthorPolicy", ["oncall"], "held"),
        ("RemediatorPolicy", [PAGE, "oncall"], "held"),
        ("RemediatorPolicy", [PAGE, VERIFY], "free"),
    ],
    ids=["people", "made by a parameter", "functions and people", "functions alone"],
)
def test_a_policy_is_held_by_all_but_the_roles_of_the_stack(
    account: Questioned, policy: str, roles: list[str], answer: str
) -> None:
    arn = f"arn:aws:iam::{MOTOS_ACCOUNT}:policy/{physical(policy)}"
    account.resources["AWS::IAM::ManagedPolicy"][policy] = arn
    held = [{"RoleName": one} for one in roles]
    account.replies["ListEntitiesForPolicy"] = lambda asked: {
        "PolicyRoles": held if asked["PolicyArn"] == arn else [],
        "PolicyUsers": [],
        "PolicyGroups": [],
    }
    assert account.ask("held-policies")["answer"] == answer


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_a_user_or_group_of_the_name_of_a_role_of_the_stack_is_none_of_its_roles(
    account: Questioned, kind: str
) -> None:
    nobody: dict[str, list[dict[str, str]]] = {"PolicyRoles": [], "PolicyUsers": [], "PolicyGroups": []}
    account.replies["ListEntitiesForPolicy"] = nobody | {f"Policy{kind}s": [{f"{kind}Name": PAGE}]}
    assert account.ask("held-policies")["answer"] == "held"


@pytest.mark.parametrize(
    ("changed", "description", "answer"),
    [
        ({"PolicySource": "APPCONFIG"}, "arm64  policy.toml LAYER 90", "stayed"),
        ({"DecisionRetentionInDays": "365"}, "arm64  policy.toml LAYER 90", "stayed"),
        ({"KeyArn": KEY}, "arm64  policy.toml LAYER 90", "stayed"),
        ({}, f"arm64 {KEY} policy.toml LAYER 90", "stayed"),
        ({"KeyArn": KEY}, f"arm64 {KEY} policy.toml LAYER 90", "reached"),
    ],
    ids=["source", "days", "new key", "key taken out", "with a key"],
)
def test_each_parameter_that_the_description_of_a_version_names_is_compared(
    account: Questioned, changed: dict[str, str], description: str, answer: str
) -> None:
    account.parameters |= changed
    account.replies["GetFunctionConfiguration"] = {"Architectures": ["arm64"], "Description": description}
    assert account.ask("parameters-reach-aliases")["answer"] == answer
