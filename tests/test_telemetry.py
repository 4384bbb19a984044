"""The output of telemetry: one line of embedded metrics an invocation, and the count of events before it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from firebreak.core.reasons import Reason
from firebreak.errors import NobodyNotified
from firebreak.handlers import counted
from firebreak.remediation.decision_recorder import Summary
from firebreak.telemetry import PowertoolsLog

DONE = Summary("refuse", Reason.COOLDOWN, "i-0123456789")


class Context:
    """The part of Lambda's context that Powertools reads."""

    function_name = "firebreak-restart-service"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-restart-service:live"
    aws_request_id = "6f747ffd-8d3a-4e63-a0ee-ac44fd0f3e8c"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[PowertoolsLog]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "my-stack")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Firebreak")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    fresh = PowertoolsLog()
    fresh.metrics.provider.clear_metrics()
    yield fresh
    fresh.metrics.provider.clear_metrics()


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of embedded metrics, those of the cold start left out."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [line for line in lines if "ColdStart" not in line]


def metrics_of(line: dict[str, Any]) -> dict[str, tuple[float, str]]:
    (text,) = line["_aws"]["CloudWatchMetrics"]
    assert (text["Namespace"], text["Dimensions"], line["service"]) == (
        "Firebreak",
        [["service"]],
        "my-stack",
    )
    return {one["Name"]: (sum(line[one["Name"]]), one["Unit"]) for one in text["Metrics"]}


def test_events_are_counted_before_anything_is_done_and_the_rest_under_the_same_time(
    log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[dict[str, tuple[float, str]]] = []

    def handle(event: Any, context: Any) -> str:
        def decide() -> Summary:
            seen.extend(metrics_of(line) for line in printed(capsys))
            return DONE

        return counted(log, decide).outcome

    log.wrap(handle)({}, Context())
    assert seen == [{"Events": (1, "Count")}]
    (rest,) = printed(capsys)
    assert metrics_of(rest) == {"Decisions": (1, "Count"), "Failures": (0, "Count")}


def test_both_lines_carry_the_time_at_which_it_came_in(
    log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    times = []
    for _ in range(2):
        log.wrap(lambda event, context: counted(log, lambda: DONE).outcome)({}, Context())
        first, rest = printed(capsys)
        assert first["_aws"]["Timestamp"] == rest["_aws"]["Timestamp"]
        times.append(first["_aws"]["Timestamp"])
    assert times == sorted(times)


def test_a_handler_that_raises_is_a_failure_and_raises_on(
    log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    def handle(event: Any, context: Any) -> str:
        def decide() -> Summary:
            if event:
                raise NobodyNotified("the bus is gone")
            return DONE

        return counted(log, decide).outcome

    wrapped = log.wrap(handle)
    with pytest.raises(NobodyNotified):
        wrapped({"id": "1"}, Context())
    _, rest = printed(capsys)
    assert metrics_of(rest) == {"Decisions": (0, "Count"), "Failures": (1, "Count")}


def test_a_gauge_says_whether_it_is_a_number_or_a_time(
    log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    def sweep() -> Summary:
        log.gauge("StuckLeases", 2)
        log.gauge("OldestUnverifiedActSeconds", 1860.0)
        log.count("Sweeps")
        return DONE

    log.wrap(lambda event, context: counted(log, sweep).outcome)({}, Context())
    assert metrics_of(printed(capsys)[-1]) == {
        "StuckLeases": (2, "Count"),
        "OldestUnverifiedActSeconds": (1860, "Seconds"),
        "Sweeps": (1, "Count"),
        "Decisions": (1, "Count"),
        "Failures": (0, "Count"),
    }


def test_the_payload_is_not_logged_although_the_functions_environment_asks_for_it(
    log: PowertoolsLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "payload")  # a logger keeps the stream it began with
    fresh = PowertoolsLog()

    def handle(event: Any, context: Any) -> str:
        fresh.count("Decisions")
        return "done"

    assert fresh.wrap(handle)({"detail": "planted-4711"}, Context()) == "done"
    assert "planted-4711" not in capsys.readouterr().out
