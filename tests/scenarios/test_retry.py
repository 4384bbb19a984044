"""`firebreak retry` on the deployed stack: from the command over the bus to the action's function."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local


def retry(bench: Bench, alarm: str) -> Result:
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session)
    return CliRunner().invoke(app, ["retry", alarm], obj=environment)


def test_an_alarm_refused_in_a_pause_is_acted_on_after_it_when_a_human_retries_it(bench: Bench) -> None:
    bench.service_with_alarm("asked-again")
    alarm, now = bench.alarm("asked-again"), datetime.now(UTC)
    scope = f"target 111122223333/eu-west-1/ecs/{bench.workload.cluster}/asked-again"
    bench.switches.pause(Hold(scope, "ana", "migration", now, now + timedelta(hours=1)))
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "switched_off")

    still = retry(bench, alarm)
    assert still.exit_code == 0, still.output
    bench.wait("the pause to refuse again", lambda: len(bench.decisions(alarm)) == 2 or None)
    assert [one["reason"] for one in bench.decisions(alarm)] == ["switched_off", "switched_off"]

    bench.switches.resume(scope, "ana")
    again = retry(bench, alarm)
    assert again.exit_code == 0, again.output
    page = bench.expect_page("ACTED", bench.about("asked-again"))
    assert f"firebreak show {page.incident_id}" in " ".join(again.stdout.split())
    assert "requested by " in page.body

    bench.turn(alarm, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)
    assert retry(bench, alarm).exit_code == 2
