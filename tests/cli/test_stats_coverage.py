"""`stats` and `report` say when Firebreak itself was not watching, by its heartbeats in CloudWatch."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.session import Session
from botocore.stub import Stubber
from typer.testing import Result

from firebreak.core.model import Alarm
from firebreak_cli.report.heartbeat_coverage import PERIOD
from tests.cli.report_pages import named
from tests.cli.reports import page
from tests.cli.running import StackSession, cli_environment, deployed, described, run
from tests.contracts.template import resource
from tests.contracts.written_logs import written_metrics
from tests.support import builders as a
from tests.support.world import TABLE, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERY = 15 * MINUTE
# CloudWatch names a heartbeat by the beginning of its period.
WHOLE = a.NOW.replace(second=0)
OFF = WHOLE - DAY

type Answers = Callable[[Stubber], object]


def stack(
    created: datetime, changed: datetime | None = None, parameters: Mapping[str, str] | None = None
) -> Answers:
    """CloudFormation's answer about a stack with these parameters."""
    values = {"HeartbeatMinutes": "15"} | dict(parameters or {})
    found = {
        "CreationTime": created,
        "Parameters": [{"ParameterKey": key, "ParameterValue": one} for key, one in values.items()],
        **({"LastUpdatedTime": changed} if changed else {}),
    }
    return lambda stubber: stubber.add_response("describe_stacks", described(**found))


OLD = stack(a.NOW - 300 * DAY)


def beat(times: Iterable[datetime], stack_name: str = "firebreak", name: str = "Heartbeats") -> None:
    """The counts of the functions, as CloudWatch has them."""
    cloudwatch = StackSession(deployed).client("cloudwatch")
    one = {"MetricName": name, "Value": 1.0, "Dimensions": [{"Name": "service", "Value": stack_name}]}
    cloudwatch.put_metric_data(Namespace="Firebreak", MetricData=[{**one, "Timestamp": at} for at in times])


def beats(begin: datetime, end: datetime) -> list[datetime]:
    return [begin + n * EVERY for n in range((end - begin) // EVERY)]


def command(*words: str, program: Answers = OLD, cloudwatch: Answers | None = None) -> Result:
    """A command on a stack; CloudWatch is moto's where it gives no programmed answers."""

    class Answering(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "cloudwatch" and cloudwatch:
                stubber = Stubber(made)
                cloudwatch(stubber)
                stubber.activate()
            return made

    def session() -> Session:
        return Answering(program)

    result = run(*words, environment=replace(cli_environment(lambda: a.NOW), session=session))
    assert result.exit_code == 0, result.output
    return result


def stats(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command("stats", "--since", "7d", "--json", **given).stdout)
    return found


def answer(**changes: Any) -> dict[str, Any]:
    """GetMetricData's answer: a heartbeat each quarter of an hour of a week, but for three hours."""
    at = [one for one in beats(WHOLE - 7 * DAY - HOUR, WHOLE) if not OFF <= one < OFF + 3 * HOUR]
    found = {"Id": "heartbeats", "StatusCode": "Complete", "Timestamps": at, "Values": [1.0] * len(at)}
    return {"MetricDataResults": [found | changes]}


def answered(**changes: Any) -> Answers:
    return lambda stubber: stubber.add_response("get_metric_data", answer(**changes))


def test_an_outage_of_three_hours_is_no_quiet(world: World) -> None:
    beat([*beats(WHOLE - 7 * DAY - HOUR, OFF), *beats(OFF + 3 * HOUR, WHOLE)])
    found = stats()["coverage"]
    assert found["stretches"] == [
        {"from": OFF.isoformat(), "until": (OFF + 3 * HOUR).isoformat(), "watch": "not_watched"}
    ]
    assert (found["heartbeat"], found["not_watched"], found["not_known"]) == (900.0, 3 * 3600.0, 0.0)
    assert found["watched"] == (7 * DAY - 3 * HOUR).total_seconds()
    words = " ".join(command("stats", "--since", "7d").stdout.split())
    assert "Firebreak was not watching for 3h in 1 stretch (not counted as quiet)." in words


def test_heartbeats_of_another_stack_and_other_counters_prove_nothing(world: World) -> None:
    beat(beats(WHOLE - 7 * DAY, WHOLE)[::8], stack_name="firebreak-staging")
    beat(beats(WHOLE - 7 * DAY, WHOLE)[::8], name="Sweeps")
    assert stats()["coverage"]["watched"] == 0


def test_the_metric_is_the_one_that_is_counted_for_the_stack_and_five_minutes_are_kept_for_thirty_days(
    world: World,
) -> None:
    asked: dict[str, Any] = {}

    def seen(stubber: Stubber) -> None:
        stubber.client.meta.events.register(
            "before-parameter-build.cloudwatch.GetMetricData", lambda params, **_: asked.update(params)
        )
        stubber.add_response("get_metric_data", answer())

    command("stats", "--since", "20041m", "--json", cloudwatch=seen)
    [query] = asked["MetricDataQueries"]
    metric, alarm = query["MetricStat"]["Metric"], resource("HeartbeatMissing")
    assert (metric["Namespace"], metric["MetricName"]) == (alarm["Namespace"], "Heartbeats")
    assert "Heartbeats" in written_metrics()
    [dimension] = alarm["Dimensions"]
    assert metric["Dimensions"] == [{**dimension, "Value": "firebreak"}]
    assert query["MetricStat"]["Period"] == PERIOD.total_seconds() == 300
    # The heartbeat before the range says whether it was watching at its beginning.
    assert asked["StartTime"] <= a.NOW - 20041 * MINUTE - HOUR
    assert asked["StartTime"].timestamp() % 300 == 0


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"HeartbeatMinutes": "0"}, "the stack has no heartbeat (HeartbeatMinutes=0)"),
        ({"ReservedConcurrency": "0"}, "the stack has no heartbeat (ReservedConcurrency=0)"),
        (
            {"RestartServiceByTag": "DISABLED"},
            "the stack has no heartbeat (RestartServiceByTag=DISABLED)",
        ),
        ({"HeartbeatMinutes": ""}, "the stack names no HeartbeatMinutes"),
    ],
)
def test_a_stack_without_a_heartbeat_is_not_known_to_have_been_down(
    world: World, parameters: Mapping[str, str], why: str
) -> None:
    program = stack(a.NOW - 300 * DAY, parameters=parameters)
    assert stats(program=program)["coverage"] == {"not_read": why}
    words = " ".join(command("stats", program=program).stdout.split())
    assert f"Not read: {why}." in words
    assert "An hour in which Firebreak itself was down looks like a quiet one here." in words
    assert "Counted over all of the time: it is not known when Firebreak was watching." in words


def test_local_aws_has_no_heartbeat_and_so_no_outage(world: World) -> None:
    class Local(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            here = {"endpoint_url": "http://127.0.0.1:4566"} if service_name == "cloudwatch" else {}
            return super().client(service_name, *args, **(kwargs | here))

    here = replace(cli_environment(lambda: a.NOW), session=lambda: Local(OLD))
    found = json.loads(run("stats", "--json", environment=here).stdout)
    assert found["coverage"] == {"not_read": "local AWS has no heartbeat"}


def test_where_cloudformation_is_not_asked_nobody_knows_how_often_one_is_due(world: World) -> None:
    here = cli_environment(lambda: a.NOW, environ={"FIREBREAK_LEDGER_TABLE": TABLE})
    found = json.loads(run("stats", "--json", environment=here).stdout)
    assert "CloudFormation was not asked" in found["coverage"]["not_read"]


def test_a_refusal_of_cloudwatch_is_not_known_and_no_outage(world: World) -> None:
    def refused(stubber: Stubber) -> None:
        stubber.add_client_error("get_metric_data", "AccessDenied", http_status_code=403)

    why = "the heartbeats in CloudWatch could not be read (AccessDenied)"
    found = stats(cloudwatch=refused)
    assert found["coverage"] == {"unknown": why}
    assert (found["pages"]["watched_by_hour"], found["pages"]["per_watched_week"]) == (None, None)
    assert [one["watched"] for one in found["pages"]["by_week"]] == [None]
    assert f"Not known: {why}." in " ".join(command("stats", cloudwatch=refused).stdout.split())


@pytest.mark.parametrize("state", ["PartialData", "InternalError", "Forbidden"])
def test_a_part_of_the_heartbeats_is_not_known_and_no_outage(world: World, state: str) -> None:
    found = stats(cloudwatch=answered(StatusCode=state))
    assert found["coverage"] == {"unknown": "CloudWatch gave only a part of the heartbeats"}


def test_every_page_of_the_heartbeats_is_read(world: World) -> None:
    def pages(stubber: Stubber) -> None:
        [found] = answer()["MetricDataResults"]
        halves = [
            found | {key: found[key][part] for key in ("Timestamps", "Values")}
            for part in (slice(0, 300), slice(300, None))
        ]
        first = {"MetricDataResults": [halves[0] | {"StatusCode": "PartialData"}], "NextToken": "more"}
        stubber.add_response("get_metric_data", first)
        stubber.add_response("get_metric_data", {"MetricDataResults": [halves[1]]})

    assert stats(cloudwatch=pages)["coverage"]["not_watched"] == 3 * 3600.0


def test_a_period_that_counted_nothing_is_no_heartbeat(world: World) -> None:
    size = len(answer()["MetricDataResults"][0]["Values"])
    assert stats(cloudwatch=answered(Values=[0.0] * size))["coverage"]["watched"] == 0


def test_pages_stand_next_to_the_time_in_which_it_was_watching(world: World) -> None:
    found = stats(cloudwatch=answered())["pages"]
    assert [one["watched"] for one in found["by_week"]] == [(7 * DAY - 3 * HOUR).total_seconds()]
    lost = {(OFF + n * HOUR).hour for n in range(4)}
    hours = found["watched_by_hour"]
    assert {n for n, one in enumerate(hours) if one < 7 * 3600} <= lost
    assert sum(hours) == (7 * DAY - 3 * HOUR).total_seconds()
    assert found["per_watched_week"] is None  # not a whole week


def test_a_stack_that_is_younger_than_the_range_had_no_outage_before(world: World) -> None:
    made = WHOLE - 2 * DAY
    beat(beats(made + 10 * MINUTE, WHOLE))
    found = stats(program=stack(made))["coverage"]
    assert [one["watch"] for one in found["stretches"]] == ["not_known"]
    assert found["not_watched"] == 0
    words = " ".join(command("stats", "--since", "7d", program=stack(made)).stdout.split())
    assert "It is not known whether Firebreak was watching for 5d in 1 stretch." in words
    assert "not known: no heartbeat was due yet" in words


def test_after_a_deployment_that_may_have_changed_the_distance_rarer_heartbeats_are_not_known(
    world: World,
) -> None:
    changed = WHOLE - DAY
    beat([*beats(WHOLE - 7 * DAY - HOUR, changed)[::4], *beats(changed, WHOLE)])
    found = stats(program=stack(a.NOW - 300 * DAY, changed))["coverage"]
    assert found["not_watched"] == 0
    assert found["not_known"] == (6 * DAY * 3 / 4).total_seconds()


def test_a_decision_in_such_a_time_is_counted_and_hides_no_outage(world: World, tmp_path: Path) -> None:
    beat([*beats(WHOLE - 7 * DAY - HOUR, OFF), *beats(OFF + 3 * HOUR, WHOLE)])
    world.clock.at = OFF + HOUR
    alarm = world.red()
    world.send(alarm)
    session = StackSession(OLD)
    session.events.register("before-call.cloudwatch.DescribeAlarmHistory", turned_red(alarm))
    here = replace(cli_environment(lambda: a.NOW), session=lambda: session)
    out = tmp_path / "report.html"
    result = run("report", "--since", "7d", "--out", str(out), "--json", environment=here)
    found = json.loads(result.stdout)["coverage"]
    assert (found["decided_unwatched"], found["not_watched"]) == (1, 3 * 3600.0)
    lines = [one.text for one in named(out.read_text(encoding="utf-8"), "p")]
    assert any(one.startswith("1 decision was made all the same while no heartbeat came") for one in lines)


def turned_red(alarm: Alarm) -> Any:
    """The history of one alarm, which moto does not keep."""

    def history(**_: object) -> Any:
        return SimpleNamespace(status_code=200), page(alarm.name, [(alarm.since, "OK", "ALARM")])

    return history
