"""`firebreak doctor --on-aws` on the deployed stack.

The emulator knows nothing of AWS's own behaviour; this shows that every question can be asked of a whole
stack, with the names that CloudFormation gives, and that a change is really taken back.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_devtools.local.paths import ACCOUNT
from tests.scenarios.bench import Bench
from tests.scenarios.test_operators_commands import CTRL_C, POLICY, run

pytestmark = pytest.mark.local

# The other answers depend on the time since the deployment, and on the alarms of all other tests.
OF_THE_STACK = {
    "dropped-dead-letters": "none",
    "log-alarms": "known",
    "shortened-names": "whole",
    "role-paths": "as-declared",
    "page-destination": "topic",
    "held-policies": "free",
    "architecture": "as-deployed",
    "parameters-reach-aliases": "reached",
}
# GetTraceSummaries and DescribeAlarmContributors; local AWS has no dashboard, so saved queries are not asked.
NOT_IN_THE_EMULATOR = {"trace-ids", "series-of-alarms"}
# The emulator finds no role that has a path when it simulates, so that every right looks denied.
SIMULATES_NO_ROLE_WITH_A_PATH = "trial-calls"


def answers(bench: Bench, *words: str) -> Mapping[str, Mapping[str, Any]]:
    result = run(bench, "doctor", "--on-aws", "--policy", POLICY, *words, "--json", sleep=time.sleep)
    assert result.exit_code in {0, 8}, result.output
    return {one["name"]: one for one in json.loads(result.stdout)["questions"]}


def test_every_question_is_asked_of_the_deployed_stack(bench: Bench) -> None:
    found = answers(bench)
    assert [*found] == [*QUESTIONS]
    assert {name: found[name]["answer"] for name in OF_THE_STACK} == OF_THE_STACK
    unseen = {name for name, one in found.items() if one["standing"] == "could_not_look"}
    assert unseen <= NOT_IN_THE_EMULATOR, {name: found[name]["detail"] for name in unseen}
    assert found[SIMULATES_NO_ROLE_WITH_A_PATH]["answer"] in {"denied", "acted"}


def test_a_reservation_of_report_is_made_and_taken_back(bench: Bench) -> None:
    found = answers(bench, "--try", "reserve-zero", "--account", ACCOUNT, "--yes")
    assert found["reserve-zero"]["answer"] == "taken"
    client = bench.session.client("lambda")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(
        FunctionName="firebreak-report"
    )


def test_ctrl_c_while_an_alarm_of_the_stack_is_red_puts_it_back(bench: Bench) -> None:
    """The emulator writes no notification into the history, so there is something to wait for."""
    words = ("doctor", "--on-aws", "--policy", POLICY, "--try", "own-topic", "--account", ACCOUNT, "--yes")
    result = run(bench, *words)
    assert result.exit_code == CTRL_C
    assert result.stderr.splitlines()[-1] == "taken back"
    cloudformation = bench.session.client("cloudformation")
    stuck = cloudformation.describe_stack_resource(StackName="firebreak", LogicalResourceId="StuckLeases")
    name = stuck["StackResourceDetail"]["PhysicalResourceId"]
    history = bench.session.client("cloudwatch").describe_alarm_history(
        AlarmName=name, HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )
    states = [
        json.loads(one["HistoryData"])["newState"]["stateValue"] for one in history["AlarmHistoryItems"]
    ]
    assert states[-2:] in (["ALARM", "OK"], ["ALARM", "INSUFFICIENT_DATA"])
