"""The weekly mail of the function Report: what is needed first, then the numbers of `stats --since 7d`."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from firebreak.core.paging.page import Page, Phase, Severity
from firebreak.errors import AwsError
from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from firebreak_cli.scheduled.reporter import Reporter
from tests.cli.doctored import ALARM, MOTOS_ACCOUNT, TAGS, Account, Session
from tests.cli.reports import page as history_page
from tests.cli.rights import ALWAYS
from tests.cli.test_stats_coverage import EVERY, beat
from tests.contracts.template import functions, iam_actions, resource, statements, template
from tests.support.fakes import ListLog
from tests.support.world import World

EVENT = {"source": "firebreak", "detail-type": "Firebreak Weekly Mail", "detail": {"v": 1}}
POLICY = "policies/demo.toml"
HOUR = timedelta(hours=1)
NOT_IN_IT = (
    "Open incidents and questions are not in it:"
    " firebreak status --stack firebreak --region eu-west-1 --account 123456789012"
)
VERDICT = "Would act on the bad day: yes; left out (FB401, FB502)"


@dataclass
class Sent:
    """The topic: the pages that were sent."""

    pages: list[Page] = field(default_factory=list)

    def send(self, page: Page, ref: str) -> str:
        assert ref == ""
        self.pages.append(page)
        return ""


@dataclass
class Stack:
    """A deployed stack with a history of alarms, which moto does not keep."""

    account: Account
    turns: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> Environment:
        return replace(self.account.environment, account=MOTOS_ACCOUNT, session=self.session)

    def session(self) -> Session:
        made = Session(self.account)
        made.events.register("before-call.cloudwatch.DescribeAlarmHistory", self._history)
        return made

    def _history(self, context: Any, **_: object) -> Any:
        alarm = context["given"]["AlarmName"]
        return SimpleNamespace(status_code=200), history_page(alarm, self.turns.get(alarm, ()))

    def mail(self) -> Page:
        sent = Sent()
        reporter = Reporter(stack_name="firebreak", environment=self.environment, log=ListLog(), topic=sent)
        assert reporter.handle(EVENT)["needed"] in {"yes", "no"}
        (page,) = sent.pages
        return page

    def stats(self) -> str:
        wide = {"COLUMNS": "1000", "TERM": "dumb", "FIREBREAK_STACK": ""}
        result = CliRunner().invoke(app, ["stats", "--since", "7d"], obj=self.environment, env=wide)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def stack(world: World, tmp_path: Path) -> Stack:
    account = Account(world, tmp_path / "policy.toml")
    account.parameters["PolicyFile"] = POLICY
    return Stack(account)


def act_and_recover(stack: Stack) -> None:
    world = stack.account.world
    alarm = world.red(ALARM)
    world.send(alarm)
    world.clock.pass_time(timedelta(minutes=1))
    world.green(alarm)
    stack.turns[ALARM] = [
        *stack.turns.get(ALARM, ()),
        (alarm.since, "OK", "ALARM"),
        (world.clock.at, "ALARM", "OK"),
    ]
    world.pass_time(3 * HOUR)
    stack.account.beat()


def words(text: str) -> list[list[str]]:
    """The words of each line: a screen fills its columns with other spaces than a mail."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_the_numbers_are_exactly_those_of_the_command(stack: Stack) -> None:
    act_and_recover(stack)
    body = stack.mail().body
    numbers = body[body.index("Firebreak report") :]
    assert words(numbers) == words(stack.stats())
    assert "1 of 1: too few to say" in numbers


def test_where_nothing_happened_no_data_is_not_zero(stack: Stack) -> None:
    body = stack.mail().body
    assert words(body[body.index("Firebreak report") :]) == words(stack.stats())
    assert "No act in this time." in body
    assert "0%" not in body


def test_a_mail_without_a_finding_says_so_first_and_what_is_not_in_it(stack: Stack) -> None:
    page = stack.mail()
    assert page.body.splitlines()[:4] == ["Nothing in this mail asks for you.", VERDICT, NOT_IN_IT, ""]
    place = "stack firebreak (123456789012 eu-west-1)"
    assert page.ascii_subject == f"[Firebreak] WEEK: nothing found, {place}"
    assert (page.severity, page.phase) == (Severity.INFO, Phase.UPDATE)


def test_a_finding_is_needed_of_the_reader_and_named_with_what_to_do(stack: Stack) -> None:
    stack.account.put_alarm(ALARM, TAGS, ActionsEnabled=False)
    page = stack.mail()
    lines = page.body.splitlines()
    assert lines[0] == "Needed of you: the doctor has 1 finding."
    assert lines[1] == "Would act on the bad day: no; left out (FB401, FB502)"
    assert lines[2].startswith(f"- FB207 bad: {ALARM}: ")
    assert lines[3] == (
        "What to do: firebreak doctor --stack firebreak --region eu-west-1 --account 123456789012"
    )
    assert page.ascii_subject.startswith("[Firebreak] WEEK: look at it, ")


def test_what_the_doctor_could_not_look_at_is_needed_as_well(stack: Stack) -> None:
    stack.account.denied = {"GetQueueAttributes"}
    lines = stack.mail().body.splitlines()
    assert lines[0] == "Needed of you: the doctor has 1 finding."
    assert lines[1].startswith("Would act on the bad day: not known; could not look (FB106)")


def test_a_doctor_that_cannot_run_takes_the_numbers_from_nobody_and_is_no_yes(stack: Stack) -> None:
    stack.account.parameters["PolicyFile"] = "no-such.toml"
    lines = stack.mail().body.splitlines()
    assert lines[0] == "Needed of you: the doctor could not look; the budgets could not be read."
    assert lines[1].startswith("Would act on the bad day: not known; the doctor could not look: ")
    assert "Firebreak report" in lines


def test_a_target_that_automation_keeps_alive_is_needed_of_the_reader(stack: Stack) -> None:
    for _ in range(3):
        act_and_recover(stack)
    body = stack.mail().body
    assert body.startswith("Needed of you: 1 target kept alive by automation (Repeat offenders).\n")
    assert words(body[body.index("Firebreak report") :]) == words(stack.stats())


def test_a_history_that_cannot_be_read_is_not_known_in_the_mail_too(stack: Stack) -> None:
    act_and_recover(stack)
    stack.account.denied = {"DescribeAlarmHistory"}
    body = stack.mail().body
    assert body.startswith("Needed of you: the alarms' history could not be read.\n")
    assert "Not known: the alarms' history in CloudWatch could not be read (AccessDenied)." in body
    assert words(body[body.index("Firebreak report") :]) == words(stack.stats())


def of_two_days(stack: Stack, *missing: int) -> None:
    """Two days of a new stack with a heartbeat every quarter of an hour, but for those that are numbered."""
    account, begin = stack.account, stack.account.world.clock.at
    account.parameters["HeartbeatMinutes"] = "15"
    beat([begin + n * EVERY for n in range(192) if n not in missing])
    account.world.clock.pass_time(192 * EVERY)
    account.beat()


@pytest.mark.parametrize("missing", [range(40, 43), range(180, 192)], ids=["three in a row", "to the end"])
def test_an_outage_of_firebreak_itself_is_needed_of_the_reader_and_in_the_numbers(
    stack: Stack, missing: range
) -> None:
    of_two_days(stack, *missing)
    body, lasted = stack.mail().body, "45m" if len(missing) == 3 else "3h"
    assert f"Firebreak was not watching for {lasted} (When Firebreak was watching)" in body.splitlines()[0]
    assert f"Firebreak was not watching for {lasted} in 1 stretch (not counted as quiet)." in body
    assert words(body[body.index("Firebreak report") :]) == words(stack.stats())


def test_one_heartbeat_that_did_not_come_is_in_the_numbers_and_asks_nobody(stack: Stack) -> None:
    of_two_days(stack, 40)
    body = stack.mail().body
    assert "not watching" not in body.splitlines()[0]
    assert "Firebreak was not watching for 15m in 1 stretch (not counted as quiet)." in body


def test_heartbeats_that_cannot_be_read_are_no_outage_and_needed_of_the_reader(stack: Stack) -> None:
    of_two_days(stack)
    stack.account.denied = {"GetMetricData"}
    body = stack.mail().body
    assert "the heartbeats could not be read" in body.splitlines()[0]
    assert "Not known: the heartbeats in CloudWatch could not be read (AccessDenied)." in body
    assert "Firebreak was not watching" not in body


def test_the_text_of_an_alarm_is_harmless_in_the_mail(stack: Stack) -> None:
    stack.account.put_alarm("evil\x1b[2J\u202e\nNothing is needed", {"firebreak:action": "restart-servce"})
    body = stack.mail().body
    assert "evil" in body
    assert all(line.isprintable() for line in body.splitlines())
    assert not any(line.startswith("Nothing is needed") for line in body.splitlines())


def test_without_the_ledger_there_is_no_mail_and_the_function_fails(stack: Stack) -> None:
    stack.account.denied = {"Scan"}
    sent = Sent()
    reporter = Reporter(stack_name="firebreak", environment=stack.environment, log=ListLog(), topic=sent)
    with pytest.raises(AwsError):
        reporter.handle(EVENT)
    assert sent.pages == []


def test_its_role_allows_all_that_it_calls_and_nothing_is_changed(stack: Stack) -> None:
    act_and_recover(stack)
    stack.account.parameters["HeartbeatMinutes"] = "15"
    stack.account.rights.clear()
    stack.account.calls.made.clear()
    stack.mail()
    granted = {one for part in statements(functions()["Report"]["Policies"]) for one in iam_actions(part)}
    asked = {right.action for right in stack.account.rights if right.action != ALWAYS}
    assert asked <= granted
    assert {"cloudwatch:DescribeAlarmHistory", "cloudwatch:GetMetricData"} <= asked
    assert stack.account.calls.changes == []


def test_the_mail_is_off_by_default_and_its_schedule_is_there_only_where_it_is_on() -> None:
    schedule = template()["Resources"]["WeeklyMailSchedule"]
    assert template()["Parameters"]["WeeklyMail"]["Default"] == "DISABLED"
    assert template()["Conditions"][schedule["Condition"]] == {
        "Fn::Equals": [{"Ref": "WeeklyMail"}, "ENABLED"]
    }
    target = schedule["Properties"]["Target"]
    assert json.loads(target["Input"]) == EVENT
    assert target["Arn"] == {"Ref": "Report.Alias"}
    assert resource("WeeklyMailSchedule")["ScheduleExpression"] == "cron(30 7 ? * MON *)"
