"""`firebreak doctor --on-aws`: a look that failed is no answer, and names the right that it may lack."""

import json
from pathlib import Path

import pytest

from firebreak_cli.doctor.on_aws.asking import ASKS
from tests.cli.questioned import Questioned
from tests.cli.test_on_aws_answers import (
    KEY,
    TOPIC,
    Change,
    decided_lately,
    later,
    nothing,
    of_key,
    of_series,
    parameter,
)
from tests.support.world import World


@pytest.fixture
def account(world: World, tmp_path: Path) -> Questioned:
    return Questioned(world, tmp_path / "policy.toml")


# The call of each question that is refused, and what the question then says that it needs.
REFUSED = (
    ("heartbeat-mail", "DescribeAlarmHistory", nothing),
    ("dropped-dead-letters", "ListMetrics", nothing),
    ("own-topic", "DescribeAlarmHistory", parameter("PageTopicArn", TOPIC)),
    ("counts-in-time", "GetMetricData", lambda account: account.an_hour_and_a_half_later()),
    ("saved-queries", "StartQuery", nothing),
    ("saved-queries", "DescribeQueryDefinitions", nothing),
    ("trace-ids", "GetTraceSummaries", decided_lately),
    ("tags-of-series", "FilterLogEvents", of_series),
    ("log-alarms", "DescribeAlarms", nothing),
    ("series-of-alarms", "DescribeAlarms", nothing),
    ("shortened-names", "ListStackResources", nothing),
    ("role-paths", "ListRoles", nothing),
    ("page-destination", "GetFunctionEventInvokeConfig", nothing),
    ("trial-calls", "SimulatePrincipalPolicy", nothing),
    ("confirmed-callers", "BatchGetItem", decided_lately),
    ("rules-under-key", "ListRules", of_key()),
    ("schedules-under-key", "DescribeAlarms", of_key()),
    ("held-policies", "ListEntitiesForPolicy", nothing),
    ("architecture", "GetFunctionConfiguration", nothing),
    ("parameters-reach-aliases", "GetFunctionConfiguration", nothing),
    ("service-names", "BatchGetItem", nothing),
)


@pytest.mark.parametrize(("name", "call", "change"), REFUSED)
def test_a_refused_look_is_no_answer_and_names_the_right(
    account: Questioned, name: str, call: str, change: Change
) -> None:
    change(account)
    account.denied = {call}
    found = account.ask(name)
    assert (found["standing"], found["answer"]) == ("could_not_look", None)
    assert [one.partition(":")[2] for one in found["rights"]] == [call]
    assert "text that nobody reads" not in json.dumps(found)


def test_every_question_that_is_asked_is_refused_by_a_test() -> None:
    assert {name for name, _, _ in REFUSED} == ASKS.keys()


def damage_heartbeats(account: Questioned) -> None:
    """No decision of the ledger can be read."""
    table = account.outputs["LedgerTable"]
    for item in account.world.dynamodb.scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith("DECISION#"):
            account.world.dynamodb.put_item(TableName=table, Item={**item, "checks": {"S": "{"}})


def test_a_heartbeat_under_a_key_that_cannot_be_read_is_no_answer(account: Questioned) -> None:
    account.parameters["KeyArn"] = KEY
    damage_heartbeats(account)
    later(account)
    found = account.ask("schedules-under-key")
    assert (found["standing"], found["answer"]) == ("could_not_look", None)
    assert "cannot be read" in found["detail"]


def test_heartbeats_that_cannot_be_read_say_nothing_of_the_names_of_services(account: Questioned) -> None:
    damage_heartbeats(account)
    later(account)
    assert account.ask("service-names")["standing"] == "could_not_look"
