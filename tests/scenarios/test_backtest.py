"""A backtest of what the deployed stack handled: read from its account, it agrees decision by decision."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firebreak.core.incident.states import IncidentState
from firebreak.policy.loader import load_policy
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.facts import read_facts
from firebreak_cli.backtest.history_file import read_lines
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import TransitionReader
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import CHANGED
from firebreak_cli.main import app
from tests.docs.documents import ROOT
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local
POLICY = ROOT / "shared/policies/demo.toml"


def own_lines(path: Path, cluster: str) -> Path:
    """The history of this bench's alarms alone: other tests use the same account at the same time."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if line["line"] == "history" or cluster in json.dumps(line)]
    own = path.with_name("own.jsonl")
    own.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    return own


def replayed(path: Path) -> dict[str, list[str]]:
    """The reasons of a backtest by alarm, in the order of its red transitions."""
    facts, items = read_facts(read_lines(path), str(path))
    reader = TransitionReader(facts.start, facts.end, facts.mutes)
    replay = Replay(facts, load_policy(POLICY), reader, Assumptions())
    found: dict[str, list[str]] = {}
    for transition in reader.read(items):
        made = replay.step(transition)[replay.fell_due :]
        if transition.after == "ALARM":
            found.setdefault(transition.alarm, []).append(made[0].decided.reason.value)
    return found


def decided(bench: Bench, alarm: str) -> list[str]:
    """The reasons of the stack's own decisions on the alarm's turning red, oldest first."""
    found = [
        one for one in bench.decisions(alarm) if one["kind"] == "alarm" and one["reason"] != "not_in_alarm"
    ]
    return [str(one["reason"]) for one in sorted(found, key=lambda one: float(one["at"]))]


def test_a_backtest_of_the_account_agrees_with_the_deployed_functions(bench: Bench, tmp_path: Path) -> None:
    # A replay takes no time to act; the stack little once it is warm, and its first check is six seconds off.
    bench.service_with_alarm("past-c", opted_in=False)
    bench.turn(bench.alarm("past-c"), "ALARM")
    bench.expect_decision(bench.alarm("past-c"), "not_opted_in")
    for name in ("past-a", "past-b"):
        bench.service_with_alarm(name)
        bench.turn(bench.alarm(name), "ALARM")
        bench.expect_decision(bench.alarm(name), "clear_to_act")
        bench.turn(bench.alarm(name), "OK")
        page = bench.expect_page("ACTED", bench.about(name))
        bench.expect_state(page.incident_id, IncidentState.CLOSED)
        bench.turn(bench.alarm(name), "ALARM")
        bench.expect_decision(bench.alarm(name), "cooldown")

    path = tmp_path / "history.jsonl"
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session)
    asked = ["backtest", "--save", str(path), "--policy", str(POLICY), "--days", "1", "--json"]
    result = CliRunner().invoke(app, asked, obj=environment)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["totals"]["act"] > 0

    alarms = [bench.alarm(name) for name in ("past-a", "past-b", "past-c")]
    own = own_lines(path, bench.workload.cluster)
    found = replayed(own)
    assert found == {alarm: decided(bench, alarm) for alarm in alarms}
    assert found[alarms[0]] == ["clear_to_act", "cooldown"]

    again = tmp_path / "again.toml"
    again.write_text(
        POLICY.read_text(encoding="utf-8").replace('cooldown = "15m"', 'cooldown = "1s"'), encoding="utf-8"
    )
    for other, code in ((POLICY, 0), (again, CHANGED)):
        files = ["policy", "diff", str(POLICY), str(other), "--history", str(own)]
        compared = CliRunner().invoke(app, [*files, "--fail-on", "more-acts", "--json"], obj=environment)
        assert compared.exit_code == code, compared.output
    changes = [one for one in json.loads(compared.stdout)["changes"] if one["before"]]
    (change,) = [one for one in changes if one["before"]["reason"] == "cooldown"]
    assert (change["count"], change["after"]["decision"]) == (2, "act")
