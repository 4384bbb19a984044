"""The first deployment needs no large quota, leaves nothing that blocks the next, and names a human."""

import json
import re
import tomllib
from typing import Any

import pytest

from firebreak_cli.doctor.deploy_settings import SAMCONFIG
from tests.contracts.template import PATH, TOPIC, actions, functions, resource, statements, template

ENVIRONMENTS = {
    name: one
    for name, one in tomllib.loads((PATH.parent / SAMCONFIG).read_text(encoding="utf-8")).items()
    if isinstance(one, dict)
}
# Every name that a later stack of the same name needs again.
# AppConfig makes several applications of one name: no call that creates one answers a conflict.
RETAINED = {"Ledger", "PolicyApplication", "PolicyEnvironment", "PolicyProfile"}


def holds(condition: Any, given: dict[str, str]) -> bool:
    """A condition or an assertion of the template, with these parameters and the others' defaults."""
    ((function, operands),) = condition.items()
    match function:
        case "Fn::Equals":
            return len({value(one, given) for one in operands}) == 1
        case "Fn::Not":
            return not holds(operands[0], given)
        case "Fn::Or":
            return any(holds(one, given) for one in operands)
        case "Fn::And":
            return all(holds(one, given) for one in operands)
        case _:
            raise AssertionError(function)


def value(operand: Any, given: dict[str, str]) -> str:
    if isinstance(operand, dict):
        name = operand["Ref"]
        return str(given.get(name, template()["Parameters"][name]["Default"]))
    return str(operand)


# --- concurrency


@pytest.mark.parametrize(
    ("copies", "of_actions", "of_watch"),
    [(None, False, False), ("-1", False, False), ("0", True, False), ("1", True, True), ("5", True, True)],
)
def test_nothing_is_reserved_unless_it_is_asked_for_and_zero_stops_the_actions_alone(
    copies: str | None, *, of_actions: bool, of_watch: bool
) -> None:
    given = {} if copies is None else {"ReservedConcurrency": copies}
    conditions = template()["Conditions"]
    assert holds(conditions["ReserveActions"], given) is of_actions
    assert holds(conditions["ReserveWatch"], given) is of_watch


def test_one_parameter_alone_speaks_of_concurrency() -> None:
    assert [one for one in template()["Parameters"] if "Concurrency" in one] == ["ReservedConcurrency"]
    reserved = [one for one in functions().values() if "ReservedConcurrentExecutions" in one]
    named = [one["ReservedConcurrentExecutions"]["Fn::If"][1] for one in reserved]
    assert named == [{"Ref": "ReservedConcurrency"}] * len(reserved)
    assert len(reserved) == len(actions()) + 3


# --- what a failed first deployment leaves


def test_a_first_deployment_that_fails_takes_the_empty_ledger_away_again() -> None:
    kept = {name for name, one in template()["Resources"].items() if "DeletionPolicy" in one}
    assert kept == RETAINED
    ledger = template()["Resources"]["Ledger"]
    assert ledger["DeletionPolicy"] == "RetainExceptOnCreate"
    # DynamoDB refuses to delete a protected table, in a rollback as well.
    assert template()["Parameters"]["LedgerDeletionProtection"]["Default"] == "false"
    assert ledger["Properties"]["DeletionProtectionEnabled"] == {"Ref": "LedgerDeletionProtection"}


def test_what_is_kept_when_a_stack_is_deleted_has_a_name_that_the_next_stack_does_not_need() -> None:
    assert "TableName" not in resource("Ledger")
    assert template()["Resources"]["SharedLayer"]["Properties"]["RetentionPolicy"] == "Delete"


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_sam_deletes_a_stack_whose_first_deployment_failed(name: str) -> None:
    settings = ENVIRONMENTS[name]["deploy"]["parameters"]
    assert settings["on_failure"] == "DELETE"
    assert "LedgerDeletionProtection=true" not in settings.get("parameter_overrides", "")


@pytest.mark.parametrize("name", sorted(functions()))
def test_no_function_makes_its_log_group_again_after_the_stack_deleted_it(name: str) -> None:
    denied = [
        one for one in statements(functions()[name]["Policies"], "Deny") if one["Sid"] == "MakeNoLogGroup"
    ]
    (groups,) = [one["Resource"]["Fn::Sub"] for one in denied if one["Action"] == "logs:CreateLogGroup"]
    own = resource(f"{name}Logs")["LogGroupName"]["Fn::Sub"]
    assert groups.endswith(":log-group:/aws/lambda/${AWS::StackName}-*")
    assert own.startswith("/aws/lambda/${AWS::StackName}-")


# --- who hears


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ({}, False),
        ({"SubscribeByHand": "false"}, False),
        ({"PageTopicArns": "arn:aws:sns:eu-west-1:111122223333:other"}, False),
        ({"PageEmail": "oncall@example.com"}, True),
        ({"PageTopicArn": "arn:aws:sns:eu-west-1:111122223333:oncall"}, True),
        ({"SubscribeByHand": "true"}, True),
    ],
)
def test_cloudformation_refuses_a_deployment_by_which_nobody_would_hear_of_anything(
    given: dict[str, str], *, accepted: bool
) -> None:
    (assertion,) = template()["Rules"]["SomebodyHears"]["Assertions"]
    assert holds(assertion["Assert"], given) is accepted
    for name in ("PageEmail", "PageTopicArn", "SubscribeByHand=true"):
        assert name in assertion["AssertDescription"]


def test_the_output_on_who_hears_says_nobody_where_that_is_so() -> None:
    condition, address, otherwise = template()["Outputs"]["WhoHears"]["Value"]["Fn::If"]
    assert (condition, otherwise["Fn::If"][0]) == ("HasPageEmail", "MakePageTopic")
    assert "${PageEmail}" in address["Fn::Sub"]
    assert otherwise["Fn::If"][1].startswith("NOBODY, until")


def test_everything_that_notifies_goes_to_the_given_topic_where_one_is_given() -> None:
    """A reference to the topic that the stack did not make would fail the deployment."""
    parts = {
        name: one for name, one in template()["Resources"].items() if one.get("Condition") != "MakePageTopic"
    }
    text = json.dumps(parts | {"Outputs": template()["Outputs"]})
    in_place = text.count(json.dumps(TOPIC))
    assert in_place > 10
    assert text.count('{"Ref": "PageTopic"}') == in_place
    assert holds(template()["Conditions"]["MakePageTopic"], {})
    assert not holds(template()["Conditions"]["MakePageTopic"], {"PageTopicArn": "arn:aws:sns:x:1:y"})


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        ("", True),
        ("arn:aws:sns:eu-west-1:111122223333:oncall", True),
        ("arn:aws-us-gov:sns:us-gov-west-1:111122223333:On_Call-1", True),
        ("arn:aws:sns:eu-west-1:111122223333:oncall.fifo", False),
        ("oncall@example.com", False),
    ],
)
def test_a_topic_is_given_by_its_arn_and_is_no_queue_of_messages_in_order(arn: str, *, taken: bool) -> None:
    """CloudWatch alarms cannot publish to a FIFO topic."""
    assert bool(re.fullmatch(template()["Parameters"]["PageTopicArn"]["AllowedPattern"], arn)) is taken


def test_the_first_heartbeat_is_mailed_past_all_code_of_firebreak() -> None:
    """HeartbeatMissing turns OK when the first heartbeat is recorded, and an OK is notified as well."""
    alarm = resource("HeartbeatMissing")
    assert alarm["OKActions"] == [TOPIC]
    assert alarm["TreatMissingData"] == "breaching", "without data it must not be OK by itself"
