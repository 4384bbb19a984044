"""The operator's commands on the deployed stack: what they show is what its functions did."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from firebreak.core.incident.states import IncidentState
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import UNEXPECTED
from firebreak_cli.main import app
from tests.docs.documents import ROOT
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local
CTRL_C = 130
POLICY = str(ROOT / "shared/policies/demo.toml")
# Checks of the stack as such; what the others find depends on the alarms of all other tests.
OF_THE_STACK = ("FB101", "FB102", "FB103", "FB104", "FB109", "FB110", "FB302", "FB401", "FB402", "FB502")


def ended_by_ctrl_c(_: float) -> None:
    raise KeyboardInterrupt


def run(bench: Bench, *words: str, sleep: Callable[[float], None] = ended_by_ctrl_c) -> Result:
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session, sleep)
    return CliRunner().invoke(app, list(words), obj=environment)


def answer(bench: Bench, *words: str) -> Any:
    result = run(bench, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def lines(bench: Bench, *words: str, ends_with: int = 0) -> list[dict[str, Any]]:
    result = run(bench, *words, "--json")
    assert result.exit_code == ends_with, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def decisions(found: Iterable[Mapping[str, Any]], incident: str) -> set[tuple[str, ...]]:
    """The decisions of an incident, as a command prints them."""
    columns = ("at", "kind", "action", "decision", "reason")
    return {tuple(str(one[key]) for key in columns) for one in found if one["incident"] == incident}


def test_an_incident_is_the_same_in_every_command(bench: Bench, tmp_path: Path) -> None:
    bench.service_with_alarm("seen")
    alarm, target = bench.alarm("seen"), bench.about("seen")
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "clear_to_act")
    (open_now,) = [one for one in answer(bench, "status")["incidents"] if one["target"] == target]
    (listed,) = [one for one in answer(bench, "incidents")["incidents"] if one["target"] == target]
    assert (listed["id"], listed["alarm"], listed["action"]) == (open_now["id"], alarm, "restart-service")
    bench.turn(alarm, "OK")
    page = bench.expect_page("ACTED", target)
    assert page.incident_id == open_now["id"]
    bench.expect_state(page.incident_id, IncidentState.CLOSED)

    shown = answer(bench, "show", page.incident_id)
    exported = lines(bench, "export", "decisions", "--since", "1h")
    followed = lines(bench, "tail", "--since", "1h", "--alarm", alarm, ends_with=CTRL_C)
    kept = [one for one in lines(bench, "export", "incidents", "--since", "1h") if one["target"] == target]
    pages = [one for one in lines(bench, "export", "pages", "--since", "1h") if one["target"] == target]

    made = decisions(shown["decisions"], page.incident_id)
    assert ("alarm", "restart-service", "act", "clear_to_act") in {one[1:] for one in made}
    assert decisions(exported, page.incident_id) == made
    assert decisions((one for one in followed if one["type"] == "decision"), page.incident_id) == made
    assert [(one["id"], one["state"]) for one in kept] == [(page.incident_id, "closed")]
    assert len(pages) == 1
    assert not [one for one in answer(bench, "status")["incidents"] if one["target"] == target]
    expect_in_the_statistics(bench, target, tmp_path / "report.html")
    (acted,) = [one for one in exported if (one["target"], one["decision"]) == (target, "act")]
    expect_the_same_again(bench, str(acted["key"]), tmp_path)


def expect_in_the_statistics(bench: Bench, target: str, page: Path) -> None:
    """The one act on the target and the one time red, in `stats` and on the page of `report`."""
    counted = answer(bench, "stats", "--since", "1h")
    reported = answer(bench, "report", "--since", "1h", "--out", str(page))
    for found in (counted, reported):
        (mine,) = [one for one in found["targets"] if one["target"] == target]
        assert (mine["acts"], mine["red"]) == (1, 1)
    assert target in page.read_text(encoding="utf-8")


def expect_the_same_again(bench: Bench, key: str, folder: Path) -> None:
    """The code here decides as the deployed function did, by the policy that Verify kept; another differs."""
    bench.invoke("Verify", {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}})
    (again,) = answer(bench, "replay", key)["decisions"]
    assert (again["result"], again["replayed"]["policy"]) == ("same", again["recorded"]["policy"])
    assert again["recorded"]["build"] == answer(bench, "replay", key)["build"]
    watching = changed_policy(folder, 'autonomy = "auto"', 'autonomy = "observe"')
    result = run(bench, "replay", key, "--policy", str(watching), "--json")
    assert result.exit_code == UNEXPECTED, result.output
    (other,) = json.loads(result.stdout)["decisions"]
    assert (other["result"], other["replayed"]["decision"]) == ("differs", "propose")


def changed_policy(folder: Path, before: str, after: str) -> Path:
    """The deployed policy with one change."""
    text = Path(POLICY).read_text(encoding="utf-8")
    assert before in text
    other = folder / "policy.toml"
    other.write_text(text.replace(before, after), encoding="utf-8")
    return other


def test_a_test_page_goes_through_the_deployed_page_function_and_arrives(bench: Bench) -> None:
    result = run(
        bench, "doctor", "--page-test", "topic", "--policy", POLICY, "--yes", "--json", sleep=time.sleep
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["state"] == "accepted"
    arrived = [page.subject for page in bench.inbox.fetch() if "TEST PAGE" in page.subject]
    assert len(arrived) == 1
    assert arrived[0].startswith("[Firebreak] TEST PAGE, nothing is wrong: channel topic")


def test_the_doctor_finds_nothing_wrong_with_the_stack_itself(bench: Bench) -> None:
    only = [word for code in OF_THE_STACK for word in ("--only", code)]
    found = answer(bench, "doctor", "--policy", POLICY, *only)
    assert {one["code"]: one["result"] for one in found["checks"]} == dict.fromkeys(OF_THE_STACK, "good")


def test_the_doctor_sees_a_policy_that_is_not_the_deployed_one(bench: Bench, tmp_path: Path) -> None:
    other = changed_policy(tmp_path, 'cooldown = "15m"', 'cooldown = "16m"')
    result = run(bench, "doctor", "--policy", str(other), "--only", "FB401", "--json")
    (check,) = json.loads(result.stdout)["checks"]
    assert check["result"] != "good"


def test_an_alarm_is_adopted_then_acted_on_and_the_undo_file_takes_it_back(
    bench: Bench, tmp_path: Path
) -> None:
    service = bench.service_with_alarm("adopted", tags={}, opted_in=False)
    alarm = bench.alarm("adopted")
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "not_opted_in")
    bench.turn(alarm, "OK")

    (planned,) = answer(bench, "adopt", "--name-prefix", alarm)["alarms"]
    assert (planned["do"], planned["action"], planned["target"]) == (
        "adopt",
        "restart-service",
        bench.about("adopted"),
    )
    undo = tmp_path / "undo.json"
    applied = run(bench, "adopt", "--name-prefix", alarm, "--apply", "--yes", "--undo-file", str(undo))
    assert applied.exit_code == 0, applied.output

    bench.turn(alarm, "ALARM")
    page = bench.expect_page("ACTED", bench.about("adopted"))
    bench.turn(alarm, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)

    taken_back = run(bench, "adopt", "--undo", str(undo), "--yes")
    assert taken_back.exit_code == 0, taken_back.output
    tags = bench.session.client("ecs").list_tags_for_resource(resourceArn=service.arn)["tags"]
    assert "firebreak:enabled" not in {one["key"] for one in tags}
