"""`firebreak act` and `undo` on the deployed stack: from the command over the bus to a function and back."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NOT_DONE
from firebreak_cli.main import app
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local


def act(bench: Bench, name: str, *more: str) -> Result:
    target = f"ecs:{bench.workload.cluster}/{name}"
    return run(bench, "act", "restart-service", target, "--reason", "it hangs", *more)


def run(bench: Bench, *words: str) -> Result:
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session)
    return CliRunner().invoke(app, [*words, "--yes", "--json"], obj=environment)


def answer(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_human_restarts_a_service_without_an_alarm_and_its_recovery_is_announced(bench: Bench) -> None:
    bench.service_with_alarm("by-hand")

    done = act(bench, "by-hand")

    assert done.exit_code == 0, done.output
    incident = answer(done)["incident"]
    page = bench.expect_page("ACTED", bench.about("by-hand"))
    assert page.incident_id == incident
    assert "reason given: it hangs" in page.body
    bench.expect_state(incident, IncidentState.CLOSED)
    bench.expect_page("RESOLVED", bench.about("by-hand"))


def test_a_pause_stops_a_human_as_it_stops_an_alarm(bench: Bench) -> None:
    bench.service_with_alarm("by-hand-paused")
    now = datetime.now(UTC)
    scope = f"target 111122223333/eu-west-1/ecs/{bench.workload.cluster}/by-hand-paused"
    bench.switches.pause(Hold(scope, "ana", "migration", now, now + timedelta(hours=1)))
    try:
        refused = act(bench, "by-hand-paused")
    finally:
        bench.switches.resume(scope, "ana")
    assert refused.exit_code == NOT_DONE, refused.output
    assert (answer(refused)["result"], answer(refused)["preview"]["reason"]) == (
        "would_refuse",
        "switched_off",
    )


def test_a_human_puts_back_an_act_that_firebreak_still_watches(bench: Bench) -> None:
    bench.service_with_alarm("regretted", tags={"firebreak:action": "adjust-task-memory"})
    before = bench.service("regretted")["taskDefinition"]
    bench.turn(bench.alarm("regretted"), "ALARM")
    acted = bench.expect_page("ACTED", bench.about("regretted"))
    assert bench.service("regretted")["taskDefinition"] != before

    done = run(bench, "undo", acted.incident_id, "--reason", "the limit was right")

    assert done.exit_code == 0, done.output
    assert (answer(done)["result"], answer(done)["incident"]) == ("undone", acted.incident_id)
    assert bench.service("regretted")["taskDefinition"] == before
    page = bench.expect_page("UNDONE", bench.about("regretted"))
    assert page.incident_id == acted.incident_id
    again = run(bench, "undo", acted.incident_id, "--reason", "once more")
    assert again.exit_code == BAD_INPUT, again.output
    assert len(bench.updates_of("regretted")) == 2
