"""An update of the stack of release 0.1.0 replaces nothing that holds something or that somebody names."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.template import functions, template

BEFORE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "v0_1_0" / "template.json").read_text(encoding="utf-8")
)
RESOURCES: dict[str, Any] = BEFORE["resources"]
# Parameters of 0.1.0 that are gone; the changelog says what to do with each.
GONE = {"ActionConcurrency", "LogLevel", "MetricMath", "WatchConcurrency"}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_that_holds_something_keeps_its_id_type_and_name(name: str) -> None:
    """CloudFormation replaces what gets another logical id, type or name, and with it what it holds."""
    now = template()["Resources"][name]
    kept = {part: now["Properties"].get(part) for part in RESOURCES[name]["named_by"]}

    assert (now["Type"], kept) == (RESOURCES[name]["Type"], RESOURCES[name]["named_by"])


def test_conditions_of_those_resources_hold_where_they_held() -> None:
    changed = {
        name: template()["Resources"][name].get("Condition")
        for name, before in RESOURCES.items()
        if template()["Resources"][name].get("Condition") != before.get("Condition")
    }

    assert changed == {"PageTopic": "MakePageTopic"}
    assert template()["Conditions"]["MakePageTopic"] == {"Fn::Equals": [{"Ref": "PageTopicArn"}, ""]}
    assert template()["Parameters"]["PageTopicArn"]["Default"] == ""
    assert "PageTopicArn" not in BEFORE["parameters"]


def test_the_ledger_is_kept_whatever_becomes_of_the_stack() -> None:
    ledger = template()["Resources"]["Ledger"]

    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_one_update_adds_one_index_and_changes_no_other() -> None:
    """CloudFormation makes or deletes one global index of a table in an update: there, and back."""
    indexes = {
        one["IndexName"]: {part: one[part] for part in ("KeySchema", "Projection")}
        for one in template()["Resources"]["Ledger"]["Properties"]["GlobalSecondaryIndexes"]
    }
    before = RESOURCES["Ledger"]["indexes"]

    assert {name: indexes[name] for name in before} == before
    assert len(indexes) == len(before) + 1


def test_going_back_deletes_two_functions() -> None:
    assert set(functions()) - set(RESOURCES) == {"Report", "Route"}


def test_the_schedules_of_before_lose_their_role_so_that_the_sweep_takes_them_up() -> None:
    """Another path is another role; test_upgrade.py shows that nothing is lost with the schedules."""
    role = template()["Resources"]["SchedulerRole"]["Properties"]

    assert BEFORE["path_of_scheduler_role"] is None
    assert role["Path"] == {"Fn::Sub": "/${AWS::StackName}/"}


def test_an_update_asks_for_no_parameter_that_has_no_default() -> None:
    parameters = template()["Parameters"]

    assert [
        name for name, one in parameters.items() if name not in BEFORE["parameters"] and "Default" not in one
    ] == []
    assert {name for name in BEFORE["parameters"] if name not in parameters} == GONE


def test_every_output_of_before_is_still_there() -> None:
    assert [name for name in BEFORE["outputs"] if name not in template()["Outputs"]] == []
