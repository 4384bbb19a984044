"""`act`, `undo` and `retry` in a freeze: they say that there is one, and go on with --despite-freeze."""

import json
from pathlib import Path

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak_cli import policies
from firebreak_cli.options import override_reason
from tests.cli.consoles import NAME, Console
from tests.cli.running import error_lines, run
from tests.cli.test_acting import CALLER, Desk, desk
from tests.cli.test_undoing import counts, rested, undo
from tests.support import builders as a
from tests.support.world import World
from tests.workflow.test_despite_a_freeze import FREEZE

__all__ = ["desk"]  # the fixture

DESPITE = ("--despite-freeze", "VP on the phone")
OVERRIDDEN = (
    f"inside never-window black-friday until 2026-11-22 00:00:00Z; overridden by {CALLER}: VP on the phone"
)


def freeze(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str = FREEZE) -> None:
    """The stack and the caller's machine have a policy with a freeze that holds now."""
    written = tmp_path / "policy.toml"
    written.write_text(a.AUTO_POLICY + text, encoding="utf-8")
    desk.world.policy = parse_policy(a.AUTO_POLICY + text, "policy.toml")
    monkeypatch.setattr(policies, "policy_path", lambda _: written)


@pytest.fixture
def frozen(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    freeze(desk, monkeypatch, tmp_path)
    return desk


def test_the_preview_says_that_there_is_a_freeze_and_how_to_go_on(frozen: Desk) -> None:
    result = frozen.act("--yes")
    words = " ".join(result.stdout.split())
    assert (result.exit_code, frozen.sent) == (11, [])
    assert "inside never-window black-friday until" in words
    assert 'a named human goes on with --despite-freeze "WHY" (act, retry, undo)' in words


def test_with_a_reason_the_act_is_requested_and_done(frozen: Desk) -> None:
    result = frozen.act("--yes", *DESPITE)
    words = " ".join(result.stdout.split())
    assert (result.exit_code, len(frozen.world.ecs.writes)) == (0, 1), result.output
    assert f"Freeze {OVERRIDDEN}" in words
    frozen.world.deliver()
    assert f"freeze: {OVERRIDDEN}" in frozen.world.pager.sent[0][1]


def test_show_marks_the_check_and_has_the_line_in_the_history(frozen: Desk) -> None:
    incident_id = frozen.answer(*DESPITE)["incident"]
    words = " ".join(run("show", incident_id, environment=frozen.environment).stdout.split())
    assert f"overridden freeze {OVERRIDDEN}" in words
    assert f"requested by {CALLER}; freeze: {OVERRIDDEN}" in words


def test_the_question_before_it_names_the_freeze(frozen: Desk) -> None:
    assert "despite the freeze?" in frozen.act(*DESPITE, stdin="n\n").stderr
    assert frozen.sent == []


def test_its_json_has_the_reason_and_the_check_that_was_overridden(frozen: Desk) -> None:
    found = frozen.answer(*DESPITE)
    assert (found["result"], found["despite_freeze"]) == ("acted", "VP on the phone")
    for checks in (found["preview"]["checks"], found["decision"]["checks"]):
        (check,) = [one for one in checks if one.get("overridden")]
        assert (check["guard"], check["detail"]) == ("freeze", OVERRIDDEN)


def test_a_freeze_that_the_policy_makes_firm_is_not_requested_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    freeze(desk, monkeypatch, tmp_path, FREEZE + "override = false\n")
    result = desk.act("--yes", *DESPITE)
    assert (result.exit_code, desk.sent) == (11, [])
    assert "which nobody may override" in " ".join(result.stdout.split())


def test_without_a_freeze_the_option_shows_nothing_of_one(desk: Desk) -> None:
    desk.world.policy = parse_policy(a.AUTO_POLICY, "policy.toml")
    result = desk.act("--yes", *DESPITE)
    assert result.exit_code == 0
    assert "Freeze" not in result.stdout


@pytest.mark.parametrize("written", ["", "  ", "\x1b[2J"])
def test_a_blank_reason_is_refused_before_anything_is_looked_at(desk: Desk, written: str) -> None:
    result = desk.act("--yes", "--despite-freeze", written)
    assert result.exit_code == 2
    assert error_lines(result) == [
        "firebreak: --despite-freeze: say why, for those who read it after the freeze"
    ]


def test_a_long_reason_is_cut_to_what_the_functions_take() -> None:
    assert len(override_reason("x" * 600)) == 500
    assert override_reason("VP\non the phone") == "VP on the phone"
    assert override_reason(None) == ""


def test_a_temporary_change_that_rests_is_put_back_despite_the_freeze(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    incident_id = rested(desk)
    freeze(desk, monkeypatch, tmp_path)
    refused = undo(desk, incident_id, "--yes")
    assert (refused.exit_code, counts(desk)) == (11, [3]), refused.output

    result = undo(desk, incident_id, "--yes", "--json", *DESPITE)
    assert (result.exit_code, counts(desk)) == (0, [3, 2]), result.output
    assert json.loads(result.stdout)["despite_freeze"] == "VP on the phone"
    desk.world.deliver()
    assert f"freeze: {OVERRIDDEN}" in desk.world.pager.sent[-1][1]


@pytest.fixture
def console(world: World) -> Console:
    world.policy = parse_policy(a.AUTO_POLICY + FREEZE, "policy.toml")
    return Console.over(world)


def test_an_alarm_that_was_refused_in_a_freeze_is_acted_on_despite_it(console: Console) -> None:
    assert console.world.send(console.world.red()).reason is Reason.FROZEN
    result = console.retry(NAME, *DESPITE)
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "Despite a freeze: VP on the phone" in words
    assert "every guard is asked; only a freeze is lifted" in words
    (done,) = console.carry()
    assert console.world.incident(done.incident_id).state is IncidentState.ACTED


def test_a_retry_without_it_sends_what_the_release_before_sent(console: Console) -> None:
    console.world.send(console.world.red())
    assert json.loads(console.retry(NAME, "--json").stdout)["requests"][0]["despite_freeze"] is None
    (detail,) = console.details()
    assert "despite_freeze" not in detail
