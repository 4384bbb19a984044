"""`firebreak adopt --apply` by the command: which alarms are put, how fast, and what is said of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, OWNED
from tests.cli.adopted import NOW
from tests.cli.adopted_aws import (
    CRITICAL,
    SERVICE,
    PropagatingSession,
    adopt,
    cli_environment,
    no_stack,
    printed,
    propagates,
    put,
    results,
    rewritten,
    tags,
)
from tests.cli.running import Calls, error_lines
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Undo files are written here."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_with_tags_only_no_alarm_is_put(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    calls = Calls()
    done = adopt("--apply", "--yes", "--tags-only", "--json", environment=cli_environment(calls=calls))
    assert (done.exit_code, calls.changes, rewritten(done)) == (0, ["TagResource", "TagResource"], {})
    assert (tags(alarm), propagates("api-sev1")) == (CRITICAL, None)
    alone = adopt("--tags-only")
    assert (alone.exit_code, error_lines(alone)) == (
        BAD_INPUT,
        ["firebreak: --tags-only goes with --apply"],
    )


def test_alarms_are_put_three_a_second_and_the_question_says_how_long_that_takes(aws: Any) -> None:
    moto_service("api")
    for number in range(4):
        put(aws, f"api-sev1-{number}")
    waits: list[float] = []
    environment = replace(cli_environment(), sleep=waits.append)
    done = adopt("--apply", "--json", "--undo-file", "u.json", environment=environment, stdin="y\n")
    assert (done.exit_code, set(rewritten(done).values())) == (0, {"switched_on"})
    assert "Tag 5 resources and rewrite 4 alarms as a whole in " in done.stderr
    assert "(3 a second: at least 2s)?" in done.stderr
    assert [round(one, 3) for one in waits] == [0.333, 0.333, 0.333]


def test_what_terraform_manages_is_put_only_where_that_is_asked_for(aws: Any, folder: Path) -> None:
    moto_service("api")
    put(aws, "api-sev1", ManagedBy="terraform")
    (folder / "plan.json").write_text(adopt("--json").stdout, encoding="utf-8")
    plan = ("--plan", "plan.json", "--apply", "--yes", "--json")
    left = adopt(*plan)
    assert (left.exit_code, rewritten(left)) == (OWNED, {"alarm api-sev1": "owned"})
    assert propagates("api-sev1") is None
    asked = adopt(*plan, "--even-if-owned")
    assert (asked.exit_code, rewritten(asked)) == (0, {"alarm api-sev1": "switched_on"})
    assert propagates("api-sev1") is True


def denied(operation: str = "PutMetricAlarm", *, after: int = 1, code: str = "AccessDenied") -> Environment:
    """CloudWatch refuses that call after the first ones, by default the second PutMetricAlarm."""
    puts: list[str] = []
    answer = {
        "Error": {"Code": code, "Message": "x"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }

    def refuse(model: Any, **_: object) -> Any:
        puts.append(model.name)
        return (SimpleNamespace(status_code=403), answer) if len(puts) > after else None

    class Session(PropagatingSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "cloudwatch":
                made.meta.events.register(f"before-call.cloudwatch.{operation}", refuse)
            return made

    return Environment({}, lambda: NOW, lambda: Session(no_stack), sleep=lambda _: None)


def test_without_the_right_what_was_done_is_printed_and_in_the_undo_file(aws: Any, folder: Path) -> None:
    moto_service("api")
    put(aws, "a-sev1")
    put(aws, "b-sev1")
    done = adopt("--apply", "--yes", "--json", "--undo-file", "u.json", environment=denied())
    assert (done.exit_code, rewritten(done)) == (
        NO_AWS,
        {"alarm a-sev1": "switched_on", "alarm b-sev1": "refused"},
    )
    assert set(results(done).values()) == {"tagged"}
    (line,) = error_lines(done)
    assert line.startswith(
        "firebreak: NOT ALL REWRITTEN: 1 refused: AWS refused PutMetricAlarm (AccessDenied)"
    )
    assert line.endswith("; 3 of 3 tagged, 1 of 2 alarms rewritten")
    written = json.loads((folder / "u.json").read_text(encoding="utf-8"))
    assert [one["what"] for one in written["put"]] == ["alarm a-sev1"]
    back = adopt("--undo", "u.json", "--yes", "--json")
    assert (back.exit_code, rewritten(back), propagates("a-sev1")) == (0, {"alarm a-sev1": "restored"}, None)
    assert tags(SERVICE) == {}


def test_an_alarm_whose_tags_aws_refused_is_not_put(aws: Any) -> None:
    moto_service("api")
    put(aws, "a-sev1")
    put(aws, "b-sev1")
    done = adopt("--apply", "--yes", "--json", environment=denied("TagResource"))
    assert (done.exit_code, results(done)["alarm b-sev1"]) == (NO_AWS, "refused")
    assert rewritten(done) == {"alarm a-sev1": "switched_on", "alarm b-sev1": "not_tried"}
    assert [propagates(name) for name in ("a-sev1", "b-sev1")] == [True, None]


def test_where_an_undo_cannot_put_an_alarm_back_the_tags_stay(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    adopt("--apply", "--yes", "--undo-file", "u.json")
    expired = denied(after=0, code="ExpiredToken")
    back = adopt("--undo", "u.json", "--yes", "--json", environment=expired)
    assert (back.exit_code, set(results(back).values())) == (NO_AWS, {"not_tried"})
    assert (tags(alarm), propagates("api-sev1")) == (CRITICAL, True)
    assert adopt("--undo", "u.json", "--yes").exit_code == 0


def test_the_same_plan_goes_on_where_it_was_refused(aws: Any, folder: Path) -> None:
    """Alarms that it put already are not taken for configured by somebody else."""
    moto_service("api")
    put(aws, "a-sev1")
    put(aws, "b-sev1")
    (folder / "plan.json").write_text(adopt("--json").stdout, encoding="utf-8")
    plan = ("--plan", "plan.json", "--apply", "--yes", "--json")
    assert adopt(*plan, "--undo-file", "one.json", environment=denied()).exit_code == NO_AWS
    again = adopt(*plan, "--undo-file", "two.json")
    assert (again.exit_code, rewritten(again)) == (
        0,
        {"alarm a-sev1": "already", "alarm b-sev1": "switched_on"},
    )
    assert [propagates(name) for name in ("a-sev1", "b-sev1")] == [True, True]


def test_each_alarm_is_printed_with_its_operation_and_its_result(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    (found,) = printed(adopt("--apply", "--yes", "--json"))["rewrites"]
    assert found == {
        "what": "alarm api-sev1",
        "arn": alarm,
        "operation": "PutMetricAlarm",
        "result": "switched_on",
        "why": "",
    }


def test_a_name_that_would_turn_the_line_round_is_shown_as_one_harmless_line(aws: Any) -> None:
    moto_service("api")
    put(aws, "sev1 \u202ered")
    done = adopt("--apply", stdin="y\n")
    assert done.exit_code == 0, done.output
    assert "\u202e" not in done.stdout + done.stderr
