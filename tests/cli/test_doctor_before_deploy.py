"""`firebreak doctor --before-deploy`: the account, while there is no stack or an old one."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from firebreak_cli.doctor.looks import LOOKS_BEFORE
from tests.cli.doctored import MOTOS_ACCOUNT, Account
from tests.cli.rights import VIEWER, refused
from tests.cli.running import error_lines, run
from tests.support.world import World, create_table

NO_STACK = ""


class Empty(Account):
    """An account in which there is no stack, or one in some state, and nothing of it."""

    refusal = "ValidationError"

    def __post_init__(self) -> None:
        self.status = NO_STACK

    def answer(self, operation: str, params: Any) -> dict[str, Any]:
        if operation == "DescribeStacks" and self.status == NO_STACK:
            refused: Any = {
                "Error": {"Code": self.refusal, "Message": "x"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(refused, operation)
        return super().answer(operation, params)

    def doctor(self, *words: str) -> Any:
        return run("doctor", "--before-deploy", *words, environment=self.environment)


@pytest.fixture
def account(world: World, tmp_path: Path) -> Empty:
    return Empty(world, tmp_path / "policy.toml")


def test_an_empty_account_with_room_takes_a_deployment(account: Empty) -> None:
    result = account.doctor()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "Could be deployed: yes"
    assert account.calls.changes == []
    assert [one["code"] for one in account.report()["checks"]] == list(LOOKS_BEFORE)


@pytest.mark.parametrize(
    ("status", "result", "said"),
    [
        ("UPDATE_COMPLETE", "good", ""),
        ("UPDATE_ROLLBACK_COMPLETE", "good", ""),
        ("UPDATE_IN_PROGRESS", "bad", "wait until it is over"),
    ],
)
def test_a_stack_that_is_in_the_way_is_found(account: Empty, status: str, result: str, said: str) -> None:
    account.status = status
    found = account.check("FB901")
    assert found["result"] == result
    assert all(said in one["detail"] for one in found["findings"])


@pytest.mark.parametrize(
    ("status", "said", "command"),
    [
        ("ROLLBACK_COMPLETE", "delete the stack first", "delete-stack"),
        ("ROLLBACK_FAILED", "delete the stack first", "delete-stack"),
        ("DELETE_FAILED", "delete the stack first", "delete-stack"),
        ("CREATE_FAILED", "deploy with --disable-rollback", "rollback-stack"),
        ("UPDATE_FAILED", "deploy with --disable-rollback", "rollback-stack"),
        ("UPDATE_ROLLBACK_FAILED", "the rollback has to end", "continue-update-rollback"),
        ("IMPORT_ROLLBACK_FAILED", "do not delete it", "describe-stack-events"),
    ],
)
def test_a_stack_that_runs_is_not_to_be_deleted(account: Empty, status: str, said: str, command: str) -> None:
    account.status = status
    (found,) = account.check("FB901")["findings"]
    assert found["result"] == "bad"
    assert said in found["detail"]
    assert found["mend"] == f"aws cloudformation {command} --stack-name firebreak --region eu-west-1"


def test_another_refusal_of_cloudformation_is_no_absence_of_the_stack(account: Empty) -> None:
    account.refusal = "InvalidAction"
    assert account.check("FB901")["result"] == "could_not_look"


@pytest.mark.parametrize(("free", "wanted"), [(139, None), (138, 139), (10, 139)])
def test_a_quota_without_room_for_what_the_template_reserves_is_found(
    account: Empty, free: int, wanted: int | None
) -> None:
    account.quota = (free, free)
    found = account.check("FB902")["findings"]
    assert [one["result"] for one in found] == ([] if wanted is None else ["bad"])
    if found:
        assert found[0]["detail"].startswith("the stack reserves 39, AWS keeps 100")
        assert found[0]["mend"].endswith(f"ask for a quota of {wanted}")


def test_what_a_stack_that_is_there_reserves_is_counted_already(account: Empty) -> None:
    account.status, account.quota = "UPDATE_COMPLETE", (139, 100)
    assert account.details("FB902") == []


def leave_log_group(account: Account, name: str) -> None:
    account.client("logs").create_log_group(logGroupName=name)


def test_a_log_group_that_was_left_is_found_and_that_of_another_stack_is_not(account: Empty) -> None:
    for name in (
        "firebreak-verify",
        "firebreak-report",
        "firebreak-restart-service",
        "firebreak-prod-verify",
        "firebreak-x",
    ):
        leave_log_group(account, f"/aws/lambda/{name}")
    assert [one[1] for one in account.details("FB903")] == [
        "/aws/lambda/firebreak-report",
        "/aws/lambda/firebreak-restart-service",
        "/aws/lambda/firebreak-verify",
    ]
    mends = [one["mend"] for one in account.check("FB903")["findings"]]
    assert all("it destroys the logs" in mend for mend in mends)
    account.status = "UPDATE_COMPLETE"
    assert account.details("FB903") == []


def test_a_ledger_that_was_left_is_a_warning_with_the_parameter_that_takes_it(account: Empty) -> None:
    create_table(account.world.dynamodb, "firebreak-Ledger-1ABC")
    create_table(account.world.dynamodb, "firebreak-prod-Ledger-1ABC")
    (found,) = account.check("FB904")["findings"]
    assert (found["result"], found["subject"]) == ("warning", "firebreak-Ledger-1ABC")
    assert "LedgerTableName=firebreak-Ledger-1ABC" in found["mend"]


@pytest.mark.parametrize(
    ("call", "blind"),
    [
        ("DescribeStacks", ["FB901", "FB902", "FB903", "FB904"]),
        ("GetAccountSettings", ["FB902"]),
        ("DescribeLogGroups", ["FB903"]),
        ("ListTables", ["FB904"]),
    ],
)
def test_a_look_that_is_refused_is_never_good(account: Empty, call: str, blind: list[str]) -> None:
    account.denied = {call}
    report = account.report()
    assert [one["code"] for one in report["checks"] if one["result"] == "could_not_look"] == blind
    assert report["verdict"]["line"] == f"Could be deployed: not known; could not look ({', '.join(blind)})"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--only", "FB101"], "--only FB101: this check is of a deployed stack"),
        (["--stack", "no stack"], "--stack no stack: expected a CloudFormation stack's name"),
    ],
)
def test_a_wrong_option_is_one_line(account: Empty, words: list[str], line: str) -> None:
    result = account.doctor(*words)
    assert (result.exit_code, error_lines(result)) == (2, [f"firebreak: {line}"])


def test_a_check_before_deployment_goes_with_its_option(account: Empty) -> None:
    result = run("doctor", "--only", "FB901", environment=account.environment)
    assert error_lines(result) == ["firebreak: --only FB901: this check goes with --before-deploy"]


def test_the_policy_of_viewers_allows_all_that_it_calls(account: Empty) -> None:
    account.doctor()
    assert refused(VIEWER, account.rights) == set()
    assert {"logs:DescribeLogGroups", "dynamodb:ListTables"} <= {one.action for one in account.rights}


def test_credentials_of_another_account_are_refused(account: Empty) -> None:
    result = account.doctor("--account", "999900001111")
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"these credentials are for account {MOTOS_ACCOUNT}" in result.stderr
