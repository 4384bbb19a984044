"""`firebreak policy diff`: two policies on one history, and the gate of a pull request."""

import json
from pathlib import Path

import pytest

from tests.cli.backtest.histories import History
from tests.cli.running import error_lines, run
from tests.support import builders as a

LONGER = a.AUTO_POLICY.replace('cooldown = "15m"', 'cooldown = "2h"')


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    """A policy, one with a longer cooldown, and a history on which they differ."""
    history = History()
    alarm = history.service()
    for minutes in (10, 60, 200):
        history.red(alarm, minutes, lasts=3)
    history.write(tmp_path / "history.jsonl")
    for name, text in (("short.toml", a.AUTO_POLICY), ("long.toml", LONGER)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / "short.toml"), str(tmp_path / "long.toml"), str(tmp_path / "history.jsonl")


def test_the_decisions_that_change_are_grouped_with_an_example(files: tuple[str, str, str]) -> None:
    short, long, history = files
    found = json.loads(run("policy", "diff", short, long, "--history", history, "--json").stdout)
    assert found["acts"] == [3, 2]
    assert found["same"] == 2
    # The refusal in the place of the act calls somebody.
    assert found["found"] == ["less-acts", "more-pages"]
    [change] = found["changes"]
    assert change["before"]["decision"] == "act"
    assert (change["after"]["decision"], change["after"]["reason"]) == ("refuse", "cooldown")
    assert change["example"]["alarm"] == "api-memory"


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",)])
def test_a_policy_that_acts_more_is_caught_by_the_gate(
    files: tuple[str, str, str], form: tuple[str, ...]
) -> None:
    short, long, history = files
    more = run("policy", "diff", long, short, "--history", history, "--fail-on", "more-acts", *form)
    assert more.exit_code == 7
    assert error_lines(more) == ["firebreak: the policy makes a change that is refused here: more-acts"]
    less = run("policy", "diff", short, long, "--history", history, "--fail-on", "more-acts", *form)
    assert less.exit_code == 0


def test_an_act_that_moves_is_more_acts_and_less_acts_though_the_totals_are_equal(tmp_path: Path) -> None:
    history = History()
    api, web = history.service("api"), history.service("web")
    history.red(api, 10, lasts=3)
    history.red(web, 20, lasts=3)
    path = history.write(tmp_path / "history.jsonl")
    for name in ("api", "web"):
        frozen = f'[[overrides]]\ntarget = "ecs:prod/{name}"\nautonomy = "observe"\n'
        (tmp_path / f"no-{name}.toml").write_text(a.AUTO_POLICY + frozen, encoding="utf-8")
    both = str(tmp_path / "no-api.toml"), str(tmp_path / "no-web.toml")
    found = json.loads(run("policy", "diff", *both, "--history", str(path), "--json").stdout)
    assert found["acts"] == [1, 1]
    assert found["found"] == ["less-acts", "more-acts"]


def test_the_same_policy_changes_nothing(files: tuple[str, str, str]) -> None:
    short, _, history = files
    result = run(
        "policy",
        "diff",
        short,
        short,
        "--history",
        history,
        "--fail-on",
        "more-acts",
        "--fail-on",
        "more-pages",
    )
    assert result.exit_code == 0
    assert "3 the same, 0 changed" in result.stdout


def test_markdown_holds_no_markup_of_an_alarm(tmp_path: Path, files: tuple[str, str, str]) -> None:
    short, long, _ = files
    history = History()
    evil = "a|b](http://x) @all `x` <img>"
    history.service()
    arn = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:{evil}"
    history.alarms[0]["config"] |= {"AlarmName": evil, "AlarmArn": arn}
    for minutes in (10, 60):
        history.red(evil, minutes, lasts=3)
    path = history.write(tmp_path / "evil.jsonl")
    out = run("policy", "diff", short, long, "--history", str(path), "--markdown").stdout
    [row] = [line for line in out.splitlines() if line.startswith("| 1 ")]
    assert row.count("|") == 5
    assert not {"@", "<", "[", "`"} & {*row}


def test_nothing_replayed_and_an_unknown_change_are_no_pass(
    tmp_path: Path, files: tuple[str, str, str]
) -> None:
    short, long, history = files
    empty = History().write(tmp_path / "empty.jsonl")
    assert run("policy", "diff", short, long, "--history", str(empty)).exit_code == 6
    odd = run("policy", "diff", short, long, "--history", history, "--fail-on", "luck")
    assert (odd.exit_code, error_lines(odd)) == (
        2,
        ["firebreak: --fail-on luck: one of more-acts, less-acts, more-pages"],
    )


def differs(folder: Path, before: str, after: str, history: History) -> dict[str, object]:
    path = history.write(folder / "history.jsonl")
    for name, text in (("before.toml", before), ("after.toml", after)):
        (folder / name).write_text(text, encoding="utf-8")
    both = str(folder / "before.toml"), str(folder / "after.toml")
    found: dict[str, object] = json.loads(
        run("policy", "diff", *both, "--history", str(path), "--json").stdout
    )
    return found


def test_another_second_rung_is_a_change(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10, lasts=60)
    scales = 'ladder = ["restart-service", "scale-service", "page"]'
    other = a.AUTO_POLICY.replace(scales, 'ladder = ["restart-service", "page"]')
    found = differs(tmp_path, a.AUTO_POLICY, other, history)
    assert found["acts"] == [2, 1]
    assert "less-acts" in found["found"]  # type: ignore[operator]  # a list


def test_a_decision_that_nobody_knows_is_neither_the_same_nor_a_pass(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10)
    history.targets[0]["tags"] = None
    found = differs(tmp_path, a.AUTO_POLICY, LONGER, history)
    assert (found["same"], found["unknown"], found["changes"]) == (0, 1, [])
    both = str(tmp_path / "before.toml"), str(tmp_path / "after.toml")
    result = run("policy", "diff", *both, "--history", str(tmp_path / "history.jsonl"))
    assert result.exit_code == 6
    assert "1 that could not be replayed" in " ".join(result.stdout.split())
