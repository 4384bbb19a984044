"""The quotas and the costs in docs/start.md, counted from the template and the code."""

import re
from datetime import timedelta

import pytest

from firebreak.aws.own_measures import METRICS_READ
from firebreak.remediation.policy_in_force import MAX_AGE
from firebreak_cli.doctor.before_looks import LONGEST_STACK_NAME
from tests.contracts.template import REPORT, WATCH, actions, always_made, functions, template
from tests.contracts.written_logs import written_metrics
from tests.docs.documents import document

START = document("docs/start.md")
MINUTES_A_MONTH = 30 * 24 * 60
# AWS keeps so many copies of an account's quota unreserved
# (docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
UNRESERVED = 100


def rate(function: str) -> int:
    """The number of minutes between two of a function's own looks."""
    text = str([event for event in functions()[function]["Events"].values() if event["Type"] == "ScheduleV2"])
    (minutes,) = re.findall(r"rate\((\d+) minutes?\)", text)
    return int(minutes)


def mornings() -> int:
    """The number of looks in a month of the function that looks each day."""
    schedule = functions()[REPORT]["Events"]["Doctor"]["Properties"]["ScheduleExpression"]
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", schedule)
    return 30


def watched_metrics() -> int:
    """The number of metrics that the stack's alarms watch: each of a math alarm counts."""
    alarms = [one["Properties"] for one in always_made("AWS::CloudWatch::Alarm").values()]
    return sum(
        len([m for m in one.get("Metrics", [{"MetricStat": 1}]) if "MetricStat" in m]) for one in alarms
    )


COUNTED = {
    "Page looks at what falls due, 0.3 s of 1 GB each": (MINUTES_A_MONTH // rate("Page"), 0.3 * 0.0000133334),
    "Verify looks at what falls due, 0.5 s of 1 GB each": (
        MINUTES_A_MONTH // rate("Verify"),
        0.5 * 0.0000133334,
    ),
    "Report looks for what would be in the way, 60 s of 1 GB each": (mornings(), 60 * 0.0000133334),
    "schedules that wake them": (
        MINUTES_A_MONTH // rate("Page") + MINUTES_A_MONTH // rate("Verify") + mornings(),
        1 / 1_000_000,
    ),
    "metrics that its own alarms look at": (watched_metrics(), 0.10),
    "metrics that sweeps read": (
        len(METRICS_READ) * MINUTES_A_MONTH // rate("Verify"),
        0.01 / 1000,
    ),
    "times that sweeps count the dead letters": (MINUTES_A_MONTH // rate("Verify"), 0.40 / 1_000_000),
    "dashboards, of which the first three of an account are free": (
        len([one for one in template()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Dashboard"]),
        3.00,
    ),
    # Powertools counts cold starts under a name for each function.
    "metrics that it writes, where each is written in every hour": (
        len(written_metrics()) + len(functions()),
        0.30,
    ),
}


@pytest.mark.parametrize("what", COUNTED)
def test_each_line_of_the_costs_is_counted_and_multiplied(what: str) -> None:
    rows = {row[0]: row for row in START.table("what")}
    count, price = COUNTED[what]
    assert (rows[what][1], rows[what][3]) == (str(count), f"{count * price:.2f}")
    assert set(rows) == set(COUNTED)


def test_what_the_two_options_come_to_is_counted() -> None:
    prose = " ".join(START.text.split())
    page, verify = MINUTES_A_MONTH // rate("Page"), MINUTES_A_MONTH // rate("Verify")
    beats = MINUTES_A_MONTH // int(template()["Parameters"]["HeartbeatMinutes"]["Default"])
    # A policy is asked for again when it is a minute old, and none of the three is called more often.
    assert timedelta(minutes=min(rate("Page"), rate("Verify"))) >= MAX_AGE
    asked = f"at most {page + verify + beats} requests to AppConfig a month, one at each call of"
    assert f"{asked} Page ({page}), Verify ({verify}) and, for heartbeats, RestartService ({beats})" in prose
    shifted = [one for one in template()["Resources"].values() if one.get("Condition") == "ShiftsGradually"]
    metrics = sum(
        one["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" not in one["Properties"] for one in shifted
    )
    assert f"{metrics} alarms at 0.10 each, {metrics * 0.10:.2f} US dollars a month" in prose


def test_the_quota_that_a_reservation_needs_is_counted_from_the_template() -> None:
    rows = {row[0]: row for row in START.table("value")}
    reserved = [one for one in functions().values() if "ReservedConcurrentExecutions" in one]
    assert len(reserved) == len(actions()) + len(WATCH)
    quota = f"at least {UNRESERVED} + {len(reserved)} n: {UNRESERVED + 2 * len(reserved)} for 2"
    assert rows["n, from 1"][2] == quota
    assert f"n copies each of {len(actions())} actions, Verify, Page and Route" in rows["n, from 1"][1]
    assert str(template()["Parameters"]["ReservedConcurrency"]["Default"]) in rows


def test_the_longest_name_of_a_stack_is_the_doctors() -> None:
    length = f"{LONGEST_STACK_NAME} characters"
    assert f"at most {length}" in " ".join(START.text.split())
    assert f"may have {LONGEST_STACK_NAME};" in " ".join(document("docs/operations.md").text.split())


def test_the_number_of_roles_in_the_first_deployment_is_the_templates() -> None:
    count = len(functions()) + len(always_made("AWS::IAM::Role"))
    assert (
        f"| {count} ({count - 1} without a heartbeat, one more with gradual deployments) |"
        in document("docs/first-deploy.md").text
    )
