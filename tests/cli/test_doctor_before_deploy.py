"""`firebreak doctor --before-deploy`: the account, while there is no stack or an old one."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from firebreak_cli.doctor.before_looks import LONGEST_STACK_NAME
from firebreak_cli.doctor.deploy_settings import DeploySettings, deploy_settings
from firebreak_cli.doctor.looks import LOOKS_BEFORE
from tests.cli.doctored import MOTOS_ACCOUNT, Account
from tests.cli.rights import VIEWER, refused
from tests.cli.running import error_lines, run
from tests.docs.documents import ROOT
from tests.support.world import World, create_table

NO_STACK = ""
OF_THE_STACK = "arn:aws:sns:eu-west-1:123456789012:firebreak-PageTopic-1A2B"


class Empty(Account):
    """An account in which there is no stack, or one in some state, and nothing of it."""

    refusal = "ValidationError"

    def __post_init__(self) -> None:
        self.status = NO_STACK
        self.samconfig = self.policy_file.with_name("samconfig.toml")
        self.deploy_with("PageEmail=oncall@example.com")

    def deploy_with(self, overrides: str, stack: str = "firebreak") -> None:
        """The settings of `sam deploy` in the environment that deploys the stack."""
        self.samconfig.write_text(
            f'version = 0.1\n[prod.global.parameters]\nstack_name = "{stack}"\n'
            f"[prod.deploy.parameters]\nparameter_overrides = {overrides!r}\n",
            encoding="utf-8",
        )

    def answer(self, operation: str, params: Any) -> dict[str, Any]:
        if operation == "DescribeStacks" and self.status == NO_STACK:
            refused: Any = {
                "Error": {"Code": self.refusal, "Message": "x"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(refused, operation)
        return super().answer(operation, params)

    def doctor(self, *words: str) -> Any:
        samconfig = ("--samconfig", str(self.samconfig))
        return run("doctor", "--before-deploy", *samconfig, *words, environment=self.environment)


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
        ("ROLLBACK_COMPLETE", "delete the stack first; nothing is left in it", "delete-stack"),
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


@pytest.mark.parametrize(("free", "wanted"), [(130, None), (129, 130), (10, 130)])
def test_a_quota_without_room_for_what_the_settings_reserve_is_found(
    account: Empty, free: int, wanted: int | None
) -> None:
    account.deploy_with("PageEmail=oncall@example.com ReservedConcurrency=2")
    account.quota = (free, free)
    found = account.check("FB902")["findings"]
    assert [one["result"] for one in found] == ([] if wanted is None else ["bad"])
    if found:
        assert found[0]["detail"].startswith("ReservedConcurrency reserves 30, AWS keeps 100")
        assert found[0]["mend"].endswith(f"ask for a quota of {wanted}")


@pytest.mark.parametrize("copies", ["", " ReservedConcurrency=-1", " ReservedConcurrency=0"])
def test_the_quota_of_a_new_account_is_enough_where_nothing_is_reserved_and_a_warning(
    account: Empty, copies: str
) -> None:
    account.deploy_with(f"PageEmail=oncall@example.com{copies}")
    account.quota = (10, 10)
    report = account.report()
    (found,) = next(one for one in report["checks"] if one["code"] == "FB902")["findings"]
    assert (found["result"], found["mend"]) == ("warning", "ask for a quota of 130, and deploy meanwhile")
    assert report["verdict"]["line"] == "Could be deployed: yes"


def test_what_a_stack_that_is_there_reserves_is_counted_already(account: Empty) -> None:
    account.status, account.quota = "UPDATE_COMPLETE", (130, 100)
    account.parameters["ReservedConcurrency"] = "2"
    assert account.details("FB902") == []

    account.deploy_with("PageEmail=oncall@example.com ReservedConcurrency=3")
    ((result, _, detail),) = account.details("FB902")
    assert (result, detail[:31]) == ("bad", "ReservedConcurrency reserves 45")


@pytest.mark.parametrize(
    ("copies", "free", "result"), [("2", 100, "could_not_look"), ("2", 130, "good"), ("-1", 100, "good")]
)
def test_what_a_stack_of_an_earlier_release_reserves_is_not_known_and_is_not_nothing(
    account: Empty, copies: str, free: int, result: str
) -> None:
    account.status, account.quota = "UPDATE_COMPLETE", (130, free)
    account.parameters["ActionConcurrency"] = "2"
    account.deploy_with(f"PageEmail=oncall@example.com ReservedConcurrency={copies}")
    assert account.check("FB902")["result"] == result


def test_a_name_that_leaves_no_room_for_those_of_the_functions_is_found(account: Empty) -> None:
    longest = "f" * LONGEST_STACK_NAME
    for name, findings in ((longest, []), (longest + "f", ["deploy it under a shorter name"])):
        report = account.report("--only", "FB901", "--stack", name)
        assert [one["mend"] for one in report["checks"][0]["findings"]] == findings


# --- FB905


@pytest.mark.parametrize(
    "overrides",
    [
        "LogRetentionInDays=365 PageEmail=oncall@example.com",
        "PageTopicArn=arn:aws:sns:eu-west-1:111122223333:oncall",
        "SubscribeByHand=true",
        "ParameterKey=PageEmail,ParameterValue=oncall@example.com",
    ],
)
def test_an_address_a_topic_or_ones_own_word_is_enough_for_pages(account: Empty, overrides: str) -> None:
    account.deploy_with(overrides)
    assert account.details("FB905") == []


@pytest.mark.parametrize("overrides", ["", "LogRetentionInDays=365", "PageEmail= SubscribeByHand=false"])
def test_settings_by_which_nobody_would_hear_of_anything_are_found(account: Empty, overrides: str) -> None:
    account.deploy_with(overrides)
    report = account.report("--only", "FB905")
    (found,) = report["checks"][0]["findings"]
    assert (found["result"], found["detail"]) == (
        "bad",
        "prod gives neither PageEmail nor PageTopicArn: CloudFormation refuses that",
    )
    assert report["verdict"]["line"] == "Could be deployed: no"


def test_the_address_that_a_stack_has_already_is_kept(account: Empty) -> None:
    account.status, account.parameters["PageEmail"] = "UPDATE_COMPLETE", "oncall@example.com"
    account.deploy_with("LogRetentionInDays=365")
    assert account.details("FB905") == []


def test_the_topic_that_the_stack_made_must_not_be_given_to_it_as_one_of_yours(account: Empty) -> None:
    account.status = "UPDATE_COMPLETE"
    account.outputs["PageTopicArn"] = OF_THE_STACK
    account.deploy_with(f"PageTopicArn={OF_THE_STACK}")
    ((result, _, detail),) = account.details("FB905")
    assert (result, "would delete it" in detail) == ("bad", True)

    account.parameters["PageTopicArn"] = OF_THE_STACK  # another stack made it, and it was given before
    assert account.details("FB905") == []


@pytest.mark.parametrize("arn", ["arn:aws:sns:us-east-1:111122223333:oncall", "oncall"])
def test_a_topic_of_another_region_is_found(account: Empty, arn: str) -> None:
    account.deploy_with(f"PageTopicArn={arn}")
    ((result, _, detail),) = account.details("FB905")
    assert result == "bad"
    assert detail.endswith("which is eu-west-1")


def test_where_no_settings_name_the_stack_the_address_may_come_on_the_command_line(account: Empty) -> None:
    account.deploy_with("PageEmail=oncall@example.com", stack="another")
    ((result, _, detail),) = account.details("FB905")
    assert result == "warning"
    assert "no settings of sam deploy name a stack firebreak" in detail
    account.samconfig.unlink()
    assert [one[0] for one in account.details("FB905")] == ["warning"]


def test_overrides_of_all_commands_count_where_the_deployment_has_none(account: Empty) -> None:
    written = account.samconfig.read_text(encoding="utf-8")
    of_all = 'stack_name = "firebreak"\nparameter_overrides = "SubscribeByHand=true"\n'
    written = written.replace('stack_name = "firebreak"\n', of_all)
    account.samconfig.write_text(written, encoding="utf-8")
    found = deploy_settings(account.samconfig, "firebreak")
    assert found == DeploySettings("prod", {"PageEmail": "oncall@example.com"})
    account.samconfig.write_text(written.partition("[prod.deploy")[0], encoding="utf-8")
    assert deploy_settings(account.samconfig, "firebreak") == DeploySettings(
        "prod", {"SubscribeByHand": "true"}
    )
    assert account.details("FB905") == []


@pytest.mark.parametrize("damage", ["version = ", '[prod.global.parameters]\nstack_name = "firebreak"\n[x'])
def test_settings_that_cannot_be_read_are_never_good(account: Empty, damage: str) -> None:
    account.samconfig.write_text(damage, encoding="utf-8")
    report = account.report()
    blind = [one["code"] for one in report["checks"] if one["result"] == "could_not_look"]
    assert blind == ["FB902", "FB905"]


def test_overrides_that_are_no_pairs_are_never_good(account: Empty) -> None:
    account.deploy_with("PageEmail")
    assert account.check("FB905")["result"] == "could_not_look"


def test_the_settings_of_the_repository_name_every_environment_and_are_read(account: Empty) -> None:
    for name in ("firebreak", "firebreak-dev", "firebreak-staging", "firebreak-prod"):
        assert isinstance(deploy_settings(ROOT / "samconfig.toml", name), DeploySettings)


# --- FB903, FB904


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
        ("DescribeStacks", ["FB901", "FB902", "FB903", "FB904", "FB905"]),
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


def test_settings_of_a_deployment_go_with_its_option(account: Empty) -> None:
    result = run("doctor", "--samconfig", "mine.toml", environment=account.environment)
    line = "firebreak: --samconfig mine.toml: it goes with --before-deploy alone"
    assert (result.exit_code, error_lines(result)) == (2, [line])


def test_the_policy_of_viewers_allows_all_that_it_calls(account: Empty) -> None:
    account.doctor()
    assert refused(VIEWER, account.rights) == set()
    assert {"logs:DescribeLogGroups", "dynamodb:ListTables"} <= {one.action for one in account.rights}


def test_credentials_of_another_account_are_refused(account: Empty) -> None:
    result = account.doctor("--account", "999900001111")
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"these credentials are for account {MOTOS_ACCOUNT}" in result.stderr
