"""The function Report as deployed, woken as its schedules would: what it counts is what the command finds."""

import json
from itertools import pairwise
from typing import Any

import pytest

from firebreak_cli.scheduled.daily_doctor import LEFT_OUT
from firebreak_devtools.demo.demo_stack import Page
from tests.contracts.template import functions, resource
from tests.scenarios.bench import Bench
from tests.scenarios.test_operators_commands import OF_THE_STACK, POLICY, run

pytestmark = pytest.mark.local
LOGS = "/aws/lambda/firebreak-report"
# The emulator asks for lambda:PutFunctionConcurrency where AWS asks for GetFunctionConcurrency.
MISREAD = {"FB104": "could_not_look"}


def event_of(schedule: str) -> Any:
    """The event that a schedule of the template sends."""
    if schedule == "WeeklyMailSchedule":
        return json.loads(resource(schedule)["Target"]["Input"])
    return json.loads(functions()["Report"]["Events"][schedule]["Properties"]["Input"])


def logged(bench: Bench) -> list[dict[str, Any]]:
    """Everything that the function wrote as JSON, its metrics among it."""
    logs = bench.session.client("logs")
    streams = logs.describe_log_streams(logGroupName=LOGS)["logStreams"]
    lines = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=LOGS, logStreamName=stream["logStreamName"])["events"]
    ]
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def looked(bench: Bench) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer of one look, and what the function wrote about it and before."""
    answer = bench.invoke("Report", event_of("Doctor"))
    assert "verdict" in answer, answer
    return answer, logged(bench)


def test_the_look_of_each_morning_is_a_metric_of_the_stack(
    looked: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    answer, written = looked
    metrics = [one for one in written if "DoctorFindings" in one]
    assert metrics[-1]["DoctorFindings"] == [float(answer["findings"])]
    (declared,) = metrics[-1]["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], declared["Dimensions"]) == ("Firebreak", [["service"]])
    assert metrics[-1]["service"] == "firebreak"


def test_it_may_look_at_all_that_the_command_looks_at_and_leaves_two_checks_out(
    bench: Bench, looked: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """Of the checks of the stack as such, which the command finds good; the others depend on other tests."""
    answer, written = looked
    found = {
        one["fields"]["code"]: one["fields"]["result"]
        for one in written
        if one.get("message") == "doctor.found"
    }
    codes = [code for code in OF_THE_STACK if code not in LEFT_OUT]
    only = [word for code in codes for word in ("--only", code)]
    command = run(bench, "doctor", "--policy", POLICY, "--json", *only)
    assert command.exit_code == 0, command.output
    assert {code: found[code] for code in codes if code in found} == MISREAD
    assert "left out (FB401, FB502)" in answer["verdict"]


def sent(bench: Bench) -> list[Page]:
    """The weekly mails that arrived."""
    return [one for one in bench.inbox.pages if one.subject.startswith("[Firebreak] WEEK: ")]


def test_the_weekly_mail_arrives_at_the_topic_with_the_numbers_of_the_command(bench: Bench) -> None:
    answer = bench.invoke("Report", event_of("WeeklyMailSchedule"))
    assert answer["needed"] in {"yes", "no"}, answer
    (mail,) = bench.wait("the weekly mail", lambda: sent(bench) or None)
    lines = mail.body.splitlines()
    assert lines[0].startswith(("Needed of you: ", "Nothing in this mail asks for you."))
    assert lines[1].startswith("Would act on the bad day: ")
    numbers = mail.body[mail.body.index("Firebreak report") :]
    result = run(bench, "stats", "--since", "7d")
    assert result.exit_code == 0, result.output
    assert titles(numbers) == titles(result.stdout)


def titles(text: str) -> set[str]:
    """The parts of a report. Its numbers grow while other tests act; they are compared without a stack."""
    lines = ["", *text.splitlines()]
    return {after for before, after in pairwise(lines) if not before and after}
