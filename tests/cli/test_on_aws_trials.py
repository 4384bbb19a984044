"""`firebreak doctor --on-aws --try`: the change is named before, made once, and always taken back."""

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.aws.clients import PATIENT_ATTEMPTS
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.doctor.on_aws.trials import TRIALS
from tests.cli.doctored import MOTOS_ACCOUNT, physical
from tests.cli.questioned import Questioned, function_of, history, notified, turned
from tests.cli.running import error_lines
from tests.support.world import World

REPORT, STUCK, WINDOW = function_of("Report"), physical("StuckLeases"), "firebreak-window-trial"
PUT, DELETE = "PutFunctionConcurrency", "DeleteFunctionConcurrency"
HERE = ("--account", MOTOS_ACCOUNT, "--yes")


@pytest.fixture
def account(world: World, tmp_path: Path) -> Questioned:
    made = Questioned(world, tmp_path / "policy.toml")
    made.reserved[REPORT] = -1
    made.replies |= {PUT: {}, DELETE: {}, "PutMetricAlarm": {}, "PutMetricData": {}, "DeleteAlarms": {}}
    made.replies["SetAlarmState"] = {}
    return made


def tried(account: Questioned, name: str) -> dict[str, Any]:
    account.calls.made.clear()
    account.sent.clear()
    return account.ask_by("--try", name, *HERE)


def states(account: Questioned) -> list[tuple[str, str]]:
    """The alarms that were set, with their states."""
    return [(one["AlarmName"], one["StateValue"]) for call, one in account.sent if call == "SetAlarmState"]


def test_a_reservation_of_0_is_made_and_taken_back(account: Questioned) -> None:
    found = tried(account, "reserve-zero")
    assert found["answer"] == "taken"
    assert account.calls.changes == [PUT, DELETE]
    assert {one["FunctionName"] for call, one in account.sent if call in {PUT, DELETE}} == {REPORT}


def test_a_reservation_that_was_there_is_put_back(account: Questioned) -> None:
    account.reserved[REPORT] = 3
    assert tried(account, "reserve-zero")["answer"] == "taken"
    assert [one["ReservedConcurrentExecutions"] for call, one in account.sent if call == PUT] == [0, 3]


def test_a_refused_reservation_is_an_answer_and_there_is_nothing_to_take_back(account: Questioned) -> None:
    account.replies[PUT] = "InvalidParameterValueException"
    found = tried(account, "reserve-zero")
    assert (found["answer"], found["detail"]) == ("refused", "InvalidParameterValueException")
    assert account.calls.changes == [PUT]


def test_without_the_right_nothing_is_changed_and_it_is_no_answer(account: Questioned) -> None:
    account.denied = {PUT}
    found = tried(account, "reserve-zero")
    assert (found["standing"], account.calls.changes) == ("could_not_look", [PUT])


def test_a_change_whose_reply_is_lost_is_taken_back(account: Questioned) -> None:
    account.replies[PUT] = "InternalFailure"
    found = tried(account, "reserve-zero")
    assert (found["standing"], account.calls.changes) == ("could_not_look", [PUT, DELETE])


def test_a_throttled_call_is_repeated_until_the_change_is_taken_back(
    account: Questioned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # botocore has no argument for it
    account.on_the_wire[DELETE] = [429, 204]
    assert tried(account, "reserve-zero")["answer"] == "taken"
    assert account.on_the_wire[DELETE] == []


@pytest.mark.parametrize("name", TRIALS)
def test_a_change_is_sent_once_and_what_takes_it_back_is_repeated(account: Questioned, name: str) -> None:
    tried(account, name)
    first, last = account.calls.changes[0], account.calls.changes[-1]
    attempts = account.attempts_of
    assert (attempts[first][0], attempts[last][-1]) == (1, PATIENT_ATTEMPTS)


def interrupting(_: object) -> dict[str, Any]:
    """Somebody presses Ctrl-C while AWS answers."""
    signal.raise_signal(signal.SIGINT)
    return {}


def test_a_second_ctrl_c_does_not_end_what_takes_the_change_back(account: Questioned) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        account.replies[PUT] = interrupted_once()
        account.replies[DELETE] = interrupting
        result = account.doctor("--on-aws", "--try", "reserve-zero", *HERE)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.exit_code, account.calls.changes) == (130, [PUT, DELETE])
    assert "taken back" in error_lines(result)


def test_a_change_that_cannot_be_taken_back_is_said_with_the_command(account: Questioned) -> None:
    account.replies[DELETE] = "TooManyRequestsException"
    found = tried(account, "reserve-zero")
    assert found["standing"] == "could_not_look"
    command = f"aws lambda delete-function-concurrency --function-name {REPORT} --region eu-west-1"
    assert found["detail"] == (
        f"it was not taken back (DeleteFunctionConcurrency: TooManyRequestsException); do it by: {command}"
    )


def interrupted_once() -> Callable[[object], dict[str, Any]]:
    """The first call is sent and ends by Ctrl-C; the others succeed."""
    calls = iter(["interrupted"])

    def answer(_: object) -> dict[str, Any]:
        if next(calls, None):
            raise KeyboardInterrupt
        return {}

    return answer


@pytest.mark.parametrize("call", [PUT, "SetAlarmState", "PutMetricAlarm"])
def test_ctrl_c_in_the_middle_of_the_first_call_takes_the_change_back(account: Questioned, call: str) -> None:
    names = {PUT: "reserve-zero", "SetAlarmState": "own-topic", "PutMetricAlarm": "wall-clock-window"}
    account.replies[call] = interrupted_once()
    result = account.doctor("--on-aws", "--try", names[call], *HERE)
    assert result.exit_code == 130
    backs = {PUT: DELETE, "SetAlarmState": "SetAlarmState", "PutMetricAlarm": "DeleteAlarms"}
    assert account.calls.changes == [call, backs[call]]
    assert (
        error_lines(result)[-2:] == ["taken back", "firebreak: interrupted"] or "taken back" in result.stderr
    )


def test_ctrl_c_while_it_waits_takes_the_change_back(account: Questioned) -> None:
    account.replies["DescribeAlarmHistory"] = history()
    account.interrupt_after = 2
    result = account.doctor("--on-aws", "--try", "own-topic", *HERE)
    assert result.exit_code == 130
    assert states(account) == [(STUCK, "ALARM"), (STUCK, "OK")]


@pytest.mark.parametrize(("succeeded", "answer"), [(True, "reached"), (False, "failed")])
def test_an_alarm_is_turned_red_and_back_and_its_notification_is_the_answer(
    account: Questioned, succeeded: bool, answer: str
) -> None:
    looks = iter([history(), history(notified(succeeded=succeeded, minutes=0.5))])
    account.replies["DescribeAlarmHistory"] = lambda _: next(looks)
    assert tried(account, "own-topic")["answer"] == answer
    assert states(account) == [(STUCK, "ALARM"), (STUCK, "OK")]


def test_without_a_notification_in_a_minute_the_alarm_is_put_back_and_nothing_is_said(
    account: Questioned,
) -> None:
    account.replies["DescribeAlarmHistory"] = history()
    found = tried(account, "own-topic")
    assert (found["standing"], found["answer"]) == ("not_asked", None)
    assert states(account) == [(STUCK, "ALARM"), (STUCK, "OK")]
    assert account.waited == 60


def test_an_alarm_that_is_red_already_is_left_alone(account: Questioned) -> None:
    account.replies.pop("SetAlarmState")
    account.put_alarm(STUCK, {}, "ALARM")
    found = tried(account, "own-topic")
    assert (found["standing"], states(account)) == ("not_asked", [])


def at_last(*items: dict[str, Any]) -> Any:
    """The history of an alarm, which the third look is the first to show."""
    looks: Iterator[Any] = iter([history(), history(items[0])])
    return lambda _: next(looks, history(*items))


@pytest.mark.parametrize(
    ("minutes", "answer"), [(15, "documented"), (20.9, "documented"), (22, "longer"), (39, "longer")]
)
def test_the_alarm_on_absence_is_measured_from_its_value_and_deleted(
    account: Questioned, minutes: float, answer: str
) -> None:
    items = (turned("ALARM", 0.1), turned("OK", 1.5), turned("ALARM", minutes, before="OK"))
    account.replies["DescribeAlarmHistory"] = at_last(*items)
    found = tried(account, "wall-clock-window")
    assert found["answer"] == answer
    assert account.calls.changes == ["PutMetricAlarm", "PutMetricData", "DeleteAlarms"]
    made = dict(account.sent)
    assert made["DeleteAlarms"]["AlarmNames"] == [made["PutMetricAlarm"]["AlarmName"]] == [WINDOW]
    assert "AlarmActions" not in made["PutMetricAlarm"]


def test_an_alarm_that_stays_ok_is_waited_for_40_minutes_and_deleted(account: Questioned) -> None:
    account.replies["DescribeAlarmHistory"] = history(turned("OK", 1.5))
    found = tried(account, "wall-clock-window")
    assert (found["answer"], found["detail"]) == ("longer", "not within 40 min")
    assert account.waited == timedelta(minutes=40) / timedelta(seconds=1)
    assert account.calls.changes[-1] == "DeleteAlarms"


def test_a_region_without_such_windows_is_an_answer(account: Questioned) -> None:
    account.replies["PutMetricAlarm"] = "ValidationError"
    assert tried(account, "wall-clock-window")["answer"] == "refused"
    assert account.calls.changes == ["PutMetricAlarm"]


def test_an_alarm_of_that_name_that_is_there_is_never_touched(account: Questioned) -> None:
    account.replies.pop("PutMetricAlarm")
    account.replies.pop("SetAlarmState")
    account.put_alarm(WINDOW, {})
    found = tried(account, "wall-clock-window")
    assert (found["standing"], account.calls.changes) == ("not_asked", [])


@pytest.mark.parametrize("name", TRIALS)
def test_every_call_is_named_before_anybody_says_yes_and_a_no_changes_nothing(
    account: Questioned, name: str
) -> None:
    account.calls.made.clear()
    result = account.doctor("--on-aws", "--try", name, "--account", MOTOS_ACCOUNT)
    trial = QUESTIONS[name].trial
    assert trial
    assert [one for one in trial.calls if f"- {one}" not in result.stderr] == []
    assert trial.taken_back in result.stderr
    assert (result.exit_code, account.calls.changes) == (2, [])
    assert error_lines(result)[-1].endswith("firebreak: nobody said yes: nothing was changed")


@pytest.mark.parametrize("name", TRIALS)
def test_it_sends_the_calls_that_it_named_and_no_other(account: Questioned, name: str) -> None:
    account.replies["DescribeAlarmHistory"] = history(
        turned("OK", 1), turned("ALARM", 16), notified(minutes=0.5)
    )
    tried(account, name)
    trial = QUESTIONS[name].trial
    assert trial
    assert {one.split(" ")[0].partition(":")[2] for one in trial.calls} == {*account.calls.changes}


@pytest.mark.parametrize("name", TRIALS)
def test_credentials_of_another_account_are_refused_before_anything_is_sent(
    account: Questioned, name: str
) -> None:
    account.calls.made.clear()
    result = account.doctor("--on-aws", "--try", name, "--account", "999999999999", "--yes")
    assert (result.exit_code, account.calls.changes) == (3, [])
