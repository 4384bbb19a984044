"""The trace as Lambda's daemon gets it: segments over UDP, from a process that looks like a function."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from firebreak.telemetry import LONGEST_ID

TRACE = "1-5759e988-bd862e3fe1be46a994272793"

# Two events under their own ids, and one line of a worker thread, as Page writes it where a channel fails.
FUNCTION = """
from concurrent.futures import ThreadPoolExecutor
from firebreak.telemetry import PowertoolsLog

log = PowertoolsLog()

def handle(event, context):
    log.event("before.any", reason="not annotated")
    with log.about("4a1b-event"):
        log.event("remediation.rejected", reason="cooldown")
        with log.about("i-0123456789"), ThreadPoolExecutor(1) as pool:
            pool.submit(log.event, "page.channel_failed", channel="slack").result()
        with log.about("x" * 5000):
            pass
        log.event("event.handled")
    return "done"

class Context:
    function_name = "page"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:page:live"
    aws_request_id = "6f747ffd-8d3a-4e63-a0ee-ac44fd0f3e8c"

assert log.wrap(handle)({}, Context()) == "done"

import sys
# Patching everything would have imported it, and would take http.client's calls into the trace.
assert "sqlite3" not in sys.modules
"""


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        yield listening


def run(daemon: socket.socket, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_LAMBDA_FUNCTION_NAME": "page",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        "_X_AMZN_TRACE_ID": f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1",
        "POWERTOOLS_SERVICE_NAME": "my-stack",
        "POWERTOOLS_METRICS_NAMESPACE": "Firebreak",
        **changes,
    }
    environment.pop("POWERTOOLS_TRACE_DISABLED", None)
    return subprocess.run(  # this very interpreter
        [sys.executable, "-c", FUNCTION], env=environment, capture_output=True, text=True, check=False
    )


def parts(daemon: socket.socket, count: int) -> list[dict[str, Any]]:
    """The parts of the trace, the innermost first."""
    sent = [daemon.recv(65_536).decode().split("\n", 1)[1] for _ in range(count)]
    return [json.loads(text) for text in sent]


def test_each_subject_is_a_part_of_the_trace_with_its_correlation_id(daemon: socket.socket) -> None:
    done = run(daemon)
    assert done.returncode == 0, done.stderr
    inner, long, outer, handler = parts(daemon, 4)
    assert long["annotations"]["correlation_id"] == "x" * LONGEST_ID
    assert {part["trace_id"] for part in (inner, long, outer, handler)} == {TRACE}
    assert inner["annotations"]["correlation_id"] == "i-0123456789"
    assert outer["annotations"] == {
        "correlation_id": "4a1b-event",
        "remediation_rejected": "cooldown",
        "event_handled": "True",
    }
    assert "before_any" not in handler["annotations"]


def test_an_event_of_a_worker_thread_is_annotated_and_raises_nothing(daemon: socket.socket) -> None:
    done = run(daemon)
    assert done.returncode == 0, done.stderr
    assert parts(daemon, 1)[0]["annotations"]["page_channel_failed"] == "True"


def test_a_trace_that_is_not_sampled_is_not_sent_and_the_log_names_the_subject_all_the_same(
    daemon: socket.socket,
) -> None:
    done = run(daemon, _X_AMZN_TRACE_ID=f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=0")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if '"level"' in line]
    assert [(line["message"], line.get("correlation_id")) for line in lines] == [
        ("before.any", None),
        ("remediation.rejected", "4a1b-event"),
        ("page.channel_failed", "i-0123456789"),
        ("event.handled", "4a1b-event"),
    ]
    # The keys by which the saved queries find a line (tests/contracts/test_dashboard.py).
    assert {"level", "function_name", "xray_trace_id"} <= set(lines[1])
    daemon.settimeout(0.2)
    with pytest.raises(TimeoutError):
        daemon.recv(65_536)
