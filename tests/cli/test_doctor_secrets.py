"""The check FB303: whether the role of Page may read the secrets of the channels."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.doctored import MOTOS_ACCOUNT, Account
from tests.cli.test_doctor_places import PARAMETER, SECRET, with_channel
from tests.support import builders as a
from tests.support.world import World

KEY = f"arn:aws:kms:{a.REGION}:{MOTOS_ACCOUNT}:key/0a1b"
READ, DECRYPT = "secretsmanager:GetSecretValue", "kms:Decrypt"
SILENT: dict[str, Any] = {"EvalDecision": "implicitDeny"}
ROLE_MAY = "the role of Page is refused"
OWN_POLICY = f"on {KEY}: the key's own policy has to allow it"


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    """An account whose one channel in use has a secret, encrypted with a key of one's own."""
    return with_secret(world, tmp_path, KmsKeyId=KEY)


def with_secret(world: World, tmp_path: Path, **key: str) -> Account:
    account = with_channel(world, tmp_path)
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name="firebreak/pd", SecretString="x", **key)["ARN"]
    account.policy_file.write_text(account.policy_text.replace(f'"{SECRET}"', f'"{arn}"'), encoding="utf-8")
    return account


def test_a_secret_that_page_may_read_is_good_and_its_value_is_not_read(account: Account) -> None:
    assert account.details("FB303") == []
    asked = [(one["ActionNames"], one["ResourceArns"]) for one in account.roles.simulated]
    (read, (secret,)), decrypt = asked
    assert (read, decrypt) == ([READ], ([DECRYPT], [KEY]))
    assert secret.startswith(SECRET)
    of_read, of_key = (one["ContextEntries"] for one in account.roles.simulated)
    (through,) = [one for one in of_key if one not in of_read]
    assert (through["ContextKeyName"], through["ContextKeyValues"]) == (
        "kms:ViaService",
        [f"secretsmanager.{a.REGION}.amazonaws.com"],
    )
    assert "GetSecretValue" not in account.calls.made


@pytest.mark.parametrize(
    ("action", "answer", "result", "detail"),
    [
        (READ, SILENT, "bad", f"{ROLE_MAY} {READ} (by no policy of the role that allows it)"),
        (
            READ,
            SILENT | {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
            "bad",
            f"{ROLE_MAY} {READ} (by the permissions boundary)",
        ),
        (
            READ,
            SILENT | {"MissingContextValues": ["aws:PrincipalOrgID"]},
            "warning",
            f"{ROLE_MAY} {READ} (by no policy of the role that allows it, depending on aws:PrincipalOrgID)",
        ),
        (
            DECRYPT,
            SILENT,
            "warning",
            f"{ROLE_MAY} {DECRYPT} (by no policy of the role that allows it) {OWN_POLICY}",
        ),
    ],
)
def test_a_secret_that_page_may_not_read_is_found_for_its_channel(
    account: Account, action: str, answer: dict[str, Any], result: str, detail: str
) -> None:
    account.roles.refused = {action: answer}
    assert account.details("FB303") == [(result, "pd", detail)]
    pages = account.report("--only", "FB303")["verdict"]["pages"]
    assert pages == (["FB303"] if result == "bad" else [])


def test_with_the_key_of_aws_no_right_on_keys_is_asked_for(world: World, tmp_path: Path) -> None:
    account = with_secret(world, tmp_path)
    account.roles.refused = {DECRYPT: SILENT}
    assert account.details("FB303") == []


@pytest.mark.parametrize("key", ["alias/mine", "0a1b2c3d", "arn:aws:kms:eu-west-1:123456789012:alias/mine"])
def test_a_key_that_is_not_named_by_its_arn_is_a_doubt(world: World, tmp_path: Path, key: str) -> None:
    account = with_secret(world, tmp_path, KmsKeyId=key)
    detail = f"its secret is encrypted with {key}: whether Page may use it is not known"
    assert account.details("FB303") == [("warning", "pd", detail)]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("alias/aws/ssm", []),
        (
            "alias/mine",
            [
                (
                    "warning",
                    "pd",
                    "its secret is encrypted with alias/mine: whether Page may use it is not known",
                )
            ],
        ),
    ],
)
def test_a_parameter_is_asked_about_as_well(
    world: World, tmp_path: Path, key: str, found: list[tuple[str, str, str]]
) -> None:
    account = with_channel(world, tmp_path, PARAMETER)
    account.client("ssm").put_parameter(Name="/firebreak/pd", Value="x", Type="SecureString", KeyId=key)
    assert account.details("FB303") == found
    assert account.roles.simulated[0]["ActionNames"] == ["ssm:GetParameter"]


def test_a_secret_that_is_not_there_or_in_another_place_is_left_to_the_other_check(
    world: World, tmp_path: Path
) -> None:
    account = with_channel(world, tmp_path, PARAMETER)
    assert account.details("FB303") == []
    elsewhere = account.policy_text.replace(PARAMETER, PARAMETER.replace(MOTOS_ACCOUNT, a.ACCOUNT))
    account.policy_file.write_text(elsewhere, encoding="utf-8")
    account.roles.refused = {"ssm:GetParameter": SILENT}
    assert account.details("FB303") == []


@pytest.mark.parametrize("call", ["GetRole", "SimulatePrincipalPolicy", "DescribeSecret"])
def test_where_it_may_not_be_asked_it_is_not_good(account: Account, call: str) -> None:
    account.denied = {call}
    assert account.check("FB303")["result"] == "could_not_look"


def test_a_stack_without_a_role_of_page_is_not_good(account: Account) -> None:
    del account.resources["AWS::IAM::Role"]["PageRole"]
    assert account.check("FB303")["result"] == "could_not_look"
