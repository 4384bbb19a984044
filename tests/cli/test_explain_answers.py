"""The answers of `explain` to those who gate a pipeline on it, try a freeze, or only have a mail."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import readable
from firebreak.core.model import Alarm
from firebreak.intake import alarm_events
from firebreak_cli.explain.event_times import moved_to, sent_at
from tests.cli.running import error_lines, run
from tests.support.sample_events import EVENTS, load, usable

MEMORY = str(EVENTS / "ecs_memory_alarm.json")
MESSAGE: dict[str, Any] = json.loads((EVENTS / "unusable/sns_alarm_message.json").read_text(encoding="utf-8"))


def answered(event: object, *more: str) -> dict[str, Any]:
    result = run("explain", "-", "--json", "--offline", *more, stdin=json.dumps(event))
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def notified(message: object) -> dict[str, object]:
    return {
        "Type": "Notification",
        "TopicArn": "arn:aws:sns:eu-west-1:111122223333:a",
        "Message": json.dumps(message),
    }


@pytest.mark.parametrize("answer", ["propose", "propose:observe_only"])
def test_the_expected_answer_ends_well(answer: str) -> None:
    assert run("explain", MEMORY, "--offline", "--expect", answer).exit_code == 0


@pytest.mark.parametrize("answer", ["act", "ask", "defer", "refuse", "propose:frozen"])
def test_another_answer_than_the_expected_one_has_an_exit_code_of_its_own(answer: str) -> None:
    result = run("explain", MEMORY, "--offline", "--json", "--expect", answer)

    assert (result.exit_code, len(error_lines(result))) == (5, 1)
    assert f"expected {answer}, found propose:observe_only" in result.stderr
    assert json.loads(result.stdout)["decision"] == "propose"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("acts", "did you mean act?"),
        ("refuse:frozn", "did you mean frozen?"),
        ("", None),
        ("refuse:", "expected act|"),
    ],
)
def test_an_expectation_that_is_none_says_what_it_may_be(answer: str, hint: str | None) -> None:
    result = run("explain", MEMORY, "--offline", "--expect", answer)

    assert (result.exit_code, hint is None or hint in result.stderr) == (0 if hint is None else 2, True)


@pytest.mark.parametrize("name", ["unusable/sns_alarm_message", "unusable/sns_envelope"])
def test_an_alarm_as_sns_mails_it_is_explained_and_what_it_lacks_is_said(name: str) -> None:
    result = run("explain", str(EVENTS / f"{name}.json"), "--offline", "--json")

    found = json.loads(result.stdout)
    assert (found["route"], found["target"], found["reason"]) == (
        "restart-service",
        "ecs:prod/api",
        "observe_only",
    )
    assert "no tags" in found["notes"][0]
    assert "no contributor" in found["notes"][1]


def test_a_notification_of_sns_is_explained_like_its_message() -> None:
    assert answered(notified(MESSAGE))["target"] == answered(MESSAGE)["target"] == "ecs:prod/api"


def test_a_mail_about_metric_math_and_about_a_composite_keeps_what_it_is_about() -> None:
    one = {"Id": "m1", "MetricStat": {"Metric": MESSAGE["Trigger"], "Period": 60, "Stat": "Average"}}
    both = {"Metrics": [one, {"Id": "e1", "Expression": "m1 * 1", "ReturnData": True}]}
    composite = {key: value for key, value in MESSAGE.items() if key != "Trigger"} | {
        "AlarmRule": 'ALARM("a")'
    }

    assert (answered(MESSAGE | {"Trigger": both})["alarm"]["kind"]) == "math"
    assert answered(MESSAGE | {"Trigger": both})["target"] == "ecs:prod/api"
    assert answered(composite)["alarm"]["kind"] == "composite"


@pytest.mark.parametrize("message", ["hello", json.dumps({"a": 1})], ids=["text", "something else"])
def test_a_mail_about_something_else_is_one_line(message: str) -> None:
    event = notified({}) | {"Message": message}

    result = run("explain", "-", "--offline", stdin=json.dumps(event))

    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert "an SNS notification" in result.stderr


def test_at_moves_the_event_into_a_freeze(tmp_path: Path) -> None:
    policy = tmp_path / "own.toml"
    shipped = (EVENTS.parent / "shared/policy.toml").read_text(encoding="utf-8")
    policy.write_text(
        shipped.replace('"observe"', '"auto"', 1)
        + '\n[[freeze.never]]\nname = "christmas"\nschedule = "at(2026-12-24T00:00)"\nduration = "3d"\n',
        encoding="utf-8",
    )

    def on(*day: str) -> list[str]:
        checks = answered(load("ecs_memory_alarm"), "--policy", str(policy), *day)["checks"]
        return [check["reason"] for check in checks if check["result"] == "objected"]

    assert on() == on("--at", "2026-12-23T10:00:00Z") == []
    assert on("--at", "2026-12-25T10:00:00Z") == ["frozen"]


def test_at_now_makes_a_sample_young() -> None:
    found = answered(load("ecs_memory_alarm"), "--at", "now")

    assert (found["now"], found["alarm"]["since"]) == (
        "2026-11-20T10:00:30+00:00",
        "2026-11-20T10:00:30.412000+00:00",
    )


@pytest.mark.parametrize(
    ("option", "time"), [("--at", "soon"), ("--at", "9999-12-31T23:59:59.999Z"), ("--now", "soon")]
)
def test_a_time_that_is_none_is_one_line(option: str, time: str) -> None:
    result = run("explain", MEMORY, "--offline", option, time)

    assert (result.exit_code, len(error_lines(result))) == (2, 1)


@given(st.sampled_from(usable()), st.timedeltas(timedelta(days=-5000), timedelta(days=5000)))
def test_a_moved_event_keeps_the_distances_of_its_times(name: str, by: timedelta) -> None:
    event = alarm_events.parse(load(name))
    moved = moved_to(event, sent_at(event) + by)

    assert moved_to(moved, sent_at(event)) == event
    assert sent_at(moved) - sent_at(event) == by
    if isinstance(event, Alarm) and isinstance(moved, Alarm):
        assert moved.since - event.since == by


def test_guards_that_passed_are_one_line_without_verbose() -> None:
    folded = run("explain", MEMORY, "--offline").stdout
    whole = run("explain", MEMORY, "--offline", "-v").stdout

    assert "1 guard passed" in folded
    assert "\npass " not in folded
    assert "\npass " in whole
    assert len(whole.splitlines()) > len(folded.splitlines()) + 10


def test_no_id_is_shown_of_an_incident_that_was_never_opened() -> None:
    assert answered(load("ecs_memory_alarm"))["incident"] is None
    assert "i-" not in run("explain", MEMORY, "--offline").stdout.replace("api-", "")


def test_nothing_is_said_of_changes_where_nothing_could_be_changed() -> None:
    assert "nothing was changed" not in " ".join(run("explain", MEMORY, "--offline").stdout.split())


def test_lost_tags_come_with_advice() -> None:
    assert any("intake: handle this one by hand" in line for line in answered(load("tags_lost"))["next"])


def test_waiting_for_a_yes_is_no_objection_in_red(tmp_path: Path) -> None:
    policy = tmp_path / "own.toml"
    shipped = (EVENTS.parent / "shared/policy.toml").read_text(encoding="utf-8")
    policy.write_text(shipped.replace('"observe"', '"approve"', 1), encoding="utf-8")

    text = run("explain", MEMORY, "--offline", "--policy", str(policy)).stdout

    assert "asks" in [line.split()[0] for line in text.splitlines() if "autonomy" in line]
    assert "stops" not in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (605, "10m 5s"), (3605, "1h"), (7260, "2h 1m"), (733852, "8d 11h")],
)
def test_a_duration_is_readable(seconds: int, words: str) -> None:
    assert readable(timedelta(seconds=seconds)) == words


def test_the_age_of_an_old_event_is_printed_in_days() -> None:
    checks = answered(load("ecs_memory_alarm"), "--now", "2026-11-28T21:50:52Z")["checks"]

    assert "8d 11h old, limit 10m" in [check["detail"] for check in checks]


@pytest.mark.parametrize(
    "words",
    [[], [MEMORY, "--alarm", "api"], ["--alarm", "api", "--offline"]],
    ids=["neither", "both", "a live alarm offline"],
)
def test_one_event_or_one_live_alarm_is_asked_about(words: list[str]) -> None:
    result = run("explain", *words)

    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert "--alarm" in result.stderr
