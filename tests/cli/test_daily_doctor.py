"""The daily look of the function Report: how many findings count for the exit code, as a metric."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.errors import AwsError, UnusableEvent
from firebreak_cli.doctor.looks import LOOKS
from firebreak_cli.doctor.model import Result
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.exit_codes import Ending
from firebreak_cli.scheduled.daily_doctor import LEFT_OUT, examined
from firebreak_cli.scheduled.reporter import Reporter
from tests.cli.doctored import ALARM, MOTOS_ACCOUNT, TAGS, Account
from tests.cli.rights import ALWAYS
from tests.cli.test_weekly_mail import Sent
from tests.contracts.template import functions, iam_actions, resource, rules, statements
from tests.docs.documents import ROOT
from tests.support.fakes import ListLog
from tests.support.world import World

METRIC = "DoctorFindings"
EVENT = {"source": "firebreak", "detail-type": "Firebreak Doctor", "detail": {"v": 1}}
# Of the layer, which is where the function finds it.
POLICY = "policies/demo.toml"
NOBODY = Sent()
YES = "Would act on the bad day: yes; left out (FB401, FB502)"


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    found = Account(world, tmp_path / "policy.toml")
    found.parameters["PolicyFile"] = POLICY
    return found


def looked(account: Account) -> tuple[dict[str, str], ListLog]:
    log = ListLog()
    here = replace(account.environment, account=MOTOS_ACCOUNT)
    return dict(Reporter(stack_name="firebreak", environment=here, log=log, topic=NOBODY).handle(EVENT)), log


def found_in(log: ListLog) -> set[tuple[object, object]]:
    return {(fields["code"], fields["result"]) for name, fields in log.events if name == "doctor.found"}


def test_a_sound_stack_is_a_zero_and_not_no_data(account: Account) -> None:
    account.calls.made.clear()
    answer, log = looked(account)
    assert answer == {"verdict": YES, "findings": "0"}
    assert log.gauges == [(METRIC, 0)]
    assert account.calls.changes == []


def test_a_finding_that_counts_is_counted_and_named_in_the_log(account: Account) -> None:
    account.put_alarm(ALARM, TAGS, ActionsEnabled=False)
    answer, log = looked(account)
    assert log.gauges == [(METRIC, 1)]
    assert found_in(log) == {("FB207", "bad")}
    assert answer["verdict"] == "Would act on the bad day: no; left out (FB401, FB502)"


def test_a_look_that_failed_counts_as_it_does_for_the_exit_code(account: Account) -> None:
    account.denied = {"GetQueueAttributes"}
    answer, log = looked(account)
    assert log.gauges == [(METRIC, 1)]
    assert found_in(log) == {("FB106", "could_not_look")}
    assert answer["verdict"].startswith("Would act on the bad day: not known; could not look (FB106)")


def test_what_it_counts_is_what_the_command_counts_but_for_what_it_leaves_out(account: Account) -> None:
    account.put_alarm("nameless", {"firebreak:action": "restart-service"}, Namespace="Shop", MetricName="Lag")
    account.denied = {"GetAccountSettings"}
    _, log = looked(account)
    result = account.doctor("--json", "--policy", str(ROOT / "shared" / POLICY))
    counting = {
        (check["code"], one["result"])
        for check in json.loads(result.stdout)["checks"]
        for one in check["findings"]
        if one["result"] != Result.WARNING and check["code"] not in LEFT_OUT
    }
    assert found_in(log) == counting
    assert counting == {("FB205", "bad"), ("FB501", "could_not_look")}


def test_the_alarms_on_the_look_itself_are_no_finding_or_they_would_stay_red(account: Account) -> None:
    for name in ("DoctorFindings", "DoctorMissing"):
        alarm = account.resources["AWS::CloudWatch::Alarm"][name]
        account.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="x")
    _, log = looked(account)
    assert log.gauges == [(METRIC, 0)]


def test_the_text_of_an_alarm_is_one_harmless_line_of_the_log(account: Account) -> None:
    account.put_alarm("evil\x1b[2J\u202e", {"firebreak:action": "restart-servce"})
    _, log = looked(account)
    (line,) = [str(fields["finding"]) for name, fields in log.events if name == "doctor.found"]
    assert "evil" in line
    assert line.isprintable()


def test_every_check_is_made_or_left_out_by_name(account: Account) -> None:
    report = examined("firebreak", replace(account.environment, account=MOTOS_ACCOUNT))
    assert [one.check.code for one in report.examined] == [code for code in LOOKS if code not in LEFT_OUT]
    assert report.verdict.line == YES
    assert all(CHECKS[code].area in {"The policy", "The account and this machine"} for code in LEFT_OUT)


def test_without_the_stack_the_function_fails_and_counts_nothing(account: Account) -> None:
    account.denied = {"DescribeStacks"}
    log = ListLog()
    reporter = Reporter(stack_name="firebreak", environment=account.environment, log=log, topic=NOBODY)
    with pytest.raises(AwsError):
        reporter.handle(EVENT)
    assert log.gauges == []


def test_it_looks_at_no_stack_of_another_account(account: Account) -> None:
    here = replace(account.environment, account="999999999999")
    with pytest.raises(Ending, match="these credentials are for account"):
        Reporter(stack_name="firebreak", environment=here, log=ListLog(), topic=NOBODY).handle(EVENT)


@pytest.mark.parametrize("event", [{}, None, {"source": "aws.cloudwatch", "detail-type": "Firebreak Doctor"}])
def test_an_event_of_no_schedule_is_refused(account: Account, event: object) -> None:
    log = ListLog()
    reporter = Reporter(stack_name="firebreak", environment=account.environment, log=log, topic=NOBODY)
    with pytest.raises(UnusableEvent):
        reporter.handle(event)


def test_its_role_allows_all_that_it_calls(account: Account) -> None:
    account.rights.clear()
    looked(account)
    granted = {one for part in statements(functions()["Report"]["Policies"]) for one in iam_actions(part)}
    assert {right.action for right in account.rights if right.action != ALWAYS} <= granted
    assert "sqs:GetQueueAttributes" in {right.action for right in account.rights}


def test_it_loads_without_the_libraries_of_the_screen() -> None:
    """The layer has neither, and the folder of the command is all that the function brings."""
    code = (
        "import sys\n"
        "for name in ('rich', 'typer', 'click'): sys.modules[name] = None\n"
        f"sys.path[:0] = ['{ROOT / 'cli'}', '{ROOT / 'shared'}']\n"
        "from firebreak_cli.scheduled.app import handler\n"
        "import firebreak_cli.scheduled.reporter, firebreak_cli.doctor.looks\n"
    )
    names = ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_TRACE_DISABLED")
    command, environ = [sys.executable, "-c", code], dict.fromkeys(names, "true")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_schedule_asks_for_what_the_function_knows() -> None:
    asked = functions()["Report"]["Events"]["Doctor"]["Properties"]
    assert json.loads(asked["Input"]) == EVENT
    assert asked["ScheduleExpression"].startswith("cron(")
    assert rules(functions()["Report"]) == {}


def test_the_alarm_remembers_a_look_until_the_next_one_and_says_when_there_is_none() -> None:
    found, missing = resource("DoctorFindings"), resource("DoctorMissing")
    assert found["MetricName"] == missing["MetricName"] == METRIC
    # Without a new look it stays red or OK; tests/contracts/test_time_to_alarm.py has the times.
    assert found["TreatMissingData"] == "ignore"
    day = timedelta(seconds=missing["Period"] * missing["EvaluationPeriods"])
    assert timedelta(hours=24) < day < timedelta(hours=48)
    assert (missing["DatapointsToAlarm"], missing["TreatMissingData"]) == (26, "breaching")
    warm_up = timedelta(minutes=missing["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"])
    assert warm_up >= timedelta(seconds=missing["Period"] * missing["EvaluationPeriods"])
