from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ProfileNotFound
from botocore.stub import Stubber

from firebreak_cli.environment import Environment, real
from firebreak_cli.exit_codes import Ending
from firebreak_cli.stack import find
from tests.cli.running import Calls, StackSession, cli_environment, described, error_lines, run
from tests.support import builders as a
from tests.support.world import World


def refused(code: str, status: int) -> Any:
    """CloudFormation answers with this error."""

    def program(stubber: Stubber) -> None:
        stubber.add_client_error("describe_stacks", code, "text that nobody reads", status)

    return program


def answering(**changes: object) -> Any:
    """CloudFormation knows a stack of this kind."""

    def program(stubber: Stubber) -> None:
        stubber.add_response("describe_stacks", described(**changes))

    return program


def test_the_parts_of_the_stack_are_read_from_cloudformation() -> None:
    found = find(cli_environment(), "firebreak")

    assert (found.account, found.region, found.ledger_table) == (a.ACCOUNT, a.REGION, "ledger")
    assert found.policy_file == "policy.toml"


def test_the_ledger_alone_is_enough_when_its_name_is_given(world: World) -> None:
    environment = cli_environment(
        program=refused("AccessDenied", 403), environ={"FIREBREAK_LEDGER_TABLE": "ledger"}
    )

    found = find(environment, "firebreak")

    # 123456789012 is moto's own account: it comes from the table's ARN.
    assert (found.account, found.region, found.ledger_table) == ("123456789012", a.REGION, "ledger")


PROBLEMS = {
    "no such stack": (refused("ValidationError", 400), "no stack firebreak in eu-west-1"),
    "another stack": (answering(Outputs=[]), "no output LedgerTable"),
    "access denied": (refused("AccessDenied", 403), "AWS refused DescribeStacks (AccessDenied)"),
    "expired": (refused("ExpiredToken", 403), "AWS refused DescribeStacks (ExpiredToken)"),
    "throttled": (refused("Throttling", 400), "too many calls"),
    "down": (refused("InternalFailure", 500), "could not be reached"),
}


@pytest.mark.parametrize(("program", "line"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_an_error_of_cloudformation_is_one_line(program: Any, line: str) -> None:
    result = run("incidents", environment=cli_environment(program=program))

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert line in result.stderr
    assert "text that nobody reads" not in result.stderr


def raising(error: Exception) -> Any:
    def no_session() -> Any:
        raise error

    return no_session


UNSENT = {
    "profile": (ProfileNotFound(profile="prod"), "no usable AWS credentials (ProfileNotFound)"),
    "credentials": (NoCredentialsError(), "no usable AWS credentials (NoCredentialsError)"),
    "network": (EndpointConnectionError(endpoint_url="https://x"), "could not be reached"),
}


@pytest.mark.parametrize(("error", "line"), UNSENT.values(), ids=UNSENT.keys())
def test_an_error_before_a_request_is_sent_is_one_line(error: Exception, line: str) -> None:
    result = run("switches", environment=Environment({}, lambda: a.NOW, raising(error)))

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert line in result.stderr


def test_a_missing_region_is_reported_with_the_variable_that_sets_it() -> None:
    class Nowhere(StackSession):
        @property
        def region_name(self) -> Any:
            return None

    with pytest.raises(Ending, match="AWS_REGION"):
        find(Environment({}, lambda: a.NOW, lambda: Nowhere(lambda _: None)), "firebreak")


def test_an_endpoint_that_is_no_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    result = run(
        "incidents",
        environment=Environment({}, lambda: a.NOW, lambda: boto3.session.Session(region_name="x-1")),
    )

    assert (result.exit_code, len(error_lines(result))) == (3, 1)


def test_the_region_of_the_aws_cli_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")

    assert real().session().region_name == "eu-north-1"


def test_a_stack_that_is_not_there_is_answered_with_those_that_are() -> None:
    complete = described(StackName="firebreak-prod")["Stacks"][0]
    complete["Outputs"] += [
        {"OutputKey": "PageTopicArn", "OutputValue": "arn:aws:sns:eu-west-1:111122223333:t"}
    ]
    other = described(StackName="shop", Outputs=[{"OutputKey": "LedgerTable", "OutputValue": "x"}])["Stacks"][
        0
    ]

    def program(stubber: Stubber) -> None:
        stubber.add_client_error("describe_stacks", "ValidationError", "text that nobody reads", 400)
        stubber.add_response("describe_stacks", {"Stacks": [other, complete]})

    result = run("switches", environment=cli_environment(program=program))

    assert result.exit_code == 3
    (line,) = error_lines(result)
    assert line.endswith("set --stack or --region; Firebreak is there as: firebreak-prod")


OTHER = "999900001111"


@pytest.mark.parametrize(
    "words",
    [
        ("incidents",),
        ("show", "i-0123456789"),
        ("ack", "i-0123456789"),
        ("approve", "i-0123456789.1.12345678"),
        ("pause", "--reason", "x"),
        ("storm",),
    ],
    ids=" ".join,
)
def test_credentials_of_another_account_are_refused_before_anything_is_read(words: tuple[str, ...]) -> None:
    calls = Calls()
    result = run(*words, "--account", OTHER, environment=cli_environment(calls=calls))

    assert (result.exit_code, result.stdout, calls.made) == (3, "", [])
    assert error_lines(result) == [
        f"firebreak: these credentials are for account {a.ACCOUNT}, the command is for {OTHER}: set --profile"
    ]


def test_the_ledger_of_another_account_is_refused_as_well(world: World) -> None:
    environment = cli_environment(environ={"FIREBREAK_LEDGER_TABLE": "ledger"})
    result = run("incidents", "--account", OTHER, environment=environment)
    assert "these credentials are for account 123456789012" in result.stderr


def test_no_stack_in_another_account_says_which_one_was_meant() -> None:
    result = run(
        "incidents", "--account", OTHER, environment=cli_environment(program=refused("ValidationError", 400))
    )
    assert f"the command is for account {OTHER}" in result.stderr


def test_an_account_is_twelve_digits() -> None:
    result = run("incidents", "--account", "prod", environment=cli_environment())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--account prod: expected the twelve digits of an account" in result.stderr


def test_the_account_that_is_meant_is_found() -> None:
    assert find(replace(cli_environment(), account=a.ACCOUNT), "firebreak").account == a.ACCOUNT
