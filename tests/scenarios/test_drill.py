"""Game days on the deployed stack: the command, the real rules and functions, the demo's short times."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from firebreak.core.incident.states import IncidentState
from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from firebreak_cli.queries.state_change import Transition
from firebreak_devtools.local.transitions import Carrier
from tests.scenarios.bench import RESTART, Bench

pytestmark = pytest.mark.local

DRILLED = RESTART | {"firebreak:drill": "true"}


@dataclass(slots=True)
class OwnCarrier(Carrier):
    """Carries one alarm's transitions: other tests use the same local AWS and carry their own."""

    alarm: str = ""

    def _history(self) -> Iterable[Transition]:
        for transition in Carrier._history(self):
            # A new alarm's first word is the test's own.
            if transition.alarm == self.alarm and transition.before != "INSUFFICIENT_DATA":
                yield transition


@contextmanager
def carrying(bench: Bench, alarm: str) -> Iterator[None]:
    stop = threading.Event()
    carrier = OwnCarrier(bench.session, since=datetime.now(UTC), alarm=alarm)
    thread = threading.Thread(target=carrier.run, args=(stop, timedelta(seconds=0.2)))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def drill(
    bench: Bench,
    scenario: str,
    name: str,
    *more: str,
    said: str = "y\n",
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """One drill of a service's own new alarm, by the command."""
    bench.service_with_alarm(name, tags=DRILLED)
    alarm = bench.alarm(name)
    bench.session.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="new")
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session, sleep)
    arguments = ["drill", scenario, "--alarm", alarm, "--timeout", "2m", *more]
    with carrying(bench, alarm):
        return CliRunner().invoke(app, arguments, obj=environment, input=said)


def report(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert {step["timing"] for step in found["steps"]} == {"ok"}
    return found


def updates(bench: Bench, name: str) -> list[dict[str, Any]]:
    """The UpdateService calls of this run, whatever ran before on the same local AWS."""
    return [call for call in bench.updates_of(name) if call["cluster"] == bench.workload.cluster]


def state_of(bench: Bench, alarm: str) -> str:
    found = bench.session.client("cloudwatch").describe_alarms(AlarmNames=[alarm])
    return found["MetricAlarms"][0]["StateValue"]


def warm(bench: Bench, copies: int = 3) -> None:
    """Verify started: the demo's check comes after 6 s, and a cold start here may take as long.

    Several at once, for other tests use it at the same time.
    """
    detail = {"v": 1, "incident": "i-0000000000", "rung": 0, "attempt": 0}
    check = {"source": "firebreak", "detail-type": "Firebreak Check", "detail": detail}
    with ThreadPoolExecutor(max_workers=copies) as pool:
        answers = list(pool.map(lambda _: bench.invoke("Verify", check), range(copies)))
    assert {answer["outcome"] for answer in answers} == {"nothing_claimed"}


def test_one_that_recovers_is_restarted_looked_at_at_once_and_closed(bench: Bench) -> None:
    warm(bench)
    found = report(drill(bench, "recovers", "drilled", "--json", "--yes"))

    assert [step["step"] for step in found["steps"]] == [
        "decided",
        "claimed",
        "acted",
        "announced",
        "set OK",
        "looked again",
        "recovered",
        "recovery announced",
    ]
    bench.expect_state(found["incident"], IncidentState.CLOSED)
    bench.expect_page("RESOLVED", bench.about("drilled"))
    assert len(updates(bench, "drilled")) == 1
    assert state_of(bench, bench.alarm("drilled")) == "OK"


def test_one_that_stays_red_climbs_to_a_human(bench: Bench) -> None:
    found = report(drill(bench, "stays-red", "stubborn-drill", "--json", "--yes"))

    assert [step["step"] for step in found["steps"]] == [
        "decided",
        "claimed",
        "acted",
        "announced",
        "rung 1 judged",
        "next after rung 1",
        "rung 2 acted",
        "rung 2 judged",
        "humans notified",
    ]
    bench.expect_page("NEEDS YOU", bench.about("stubborn-drill"))
    restart, scale = updates(bench, "stubborn-drill")
    assert (restart["forceNewDeployment"], scale["desiredCount"]) == (True, 3)
    assert state_of(bench, bench.alarm("stubborn-drill")) == "OK"


def test_one_that_is_only_watched_is_decided_and_left_alone(bench: Bench) -> None:
    result = drill(bench, "observe", "observed-drill")

    assert result.exit_code == 0, result.output
    assert "OBSERVE: " in result.stdout
    assert "everything happened in time" in result.stdout
    assert updates(bench, "observed-drill") == []
    assert state_of(bench, bench.alarm("observed-drill")) == "OK"


@pytest.mark.parametrize(
    ("scenario", "name", "said", "line"),
    [
        ("recovers", "observed-too", "y\n", "needs the decision to be act, and it would be propose"),
        ("recovers", "unasked", "n\n", "nobody said yes: nothing was changed"),
        ("recovers", "unheard", "", "nobody said yes: nothing was changed"),
    ],
    ids=["would not go its way", "no", "nobody there"],
)
def test_without_a_fitting_decision_and_a_yes_nothing_turns_red(
    bench: Bench, scenario: str, name: str, said: str, line: str
) -> None:
    result = drill(bench, scenario, name, said=said)

    assert (result.exit_code, line in result.stderr) == (2, True), result.output
    assert bench.decisions(bench.alarm(name)) == []
    assert state_of(bench, bench.alarm(name)) == "OK"


def test_an_interrupted_drill_leaves_the_alarm_ok(bench: Bench) -> None:
    def interrupted(seconds: float) -> None:
        assert state_of(bench, bench.alarm("cut-short")) == "ALARM"
        raise KeyboardInterrupt

    result = drill(bench, "recovers", "cut-short", sleep=interrupted)

    alarm = bench.alarm("cut-short")
    assert result.exit_code == 4, result.output
    assert f"the drill was interrupted; alarm {alarm} is set back to OK" in result.stderr
    assert state_of(bench, alarm) == "OK"
