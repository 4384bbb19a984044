"""The sample history is what its maker makes, and the page about it says what comes of it."""

import gzip
import json
import re

from docs import sample_history
from firebreak_cli.backtest.assumptions import Assumptions, Effect
from firebreak_cli.backtest.facts import NO_MUTE_RULES
from firebreak_cli.backtest.mute_windows import read_mute_rules
from tests.cli.backtest.histories import mute_rule
from tests.cli.running import run
from tests.docs.documents import ROOT

PAGE = (ROOT / "docs/backtest.md").read_text(encoding="utf-8")
POLICY = "examples/ecs-platform/policy.toml"


def test_the_file_is_what_its_maker_makes() -> None:
    made = gzip.decompress(sample_history.FILE.read_bytes())
    assert made == sample_history.content(), "run docs/sample_history.py"


def test_the_two_commands_of_the_page_run_and_end_as_it_says() -> None:
    commands = [line.split()[1:] for line in PAGE.splitlines() if line.startswith(".venv/bin/firebreak")][:2]
    results = [run(*(str(ROOT / word) if "/" in word else word for word in words)) for words in commands]
    assert [result.exit_code for result in results] == [0, 0]
    [said] = re.findall(r"^Firebreak would have acted .*$", PAGE, re.MULTILINE)
    assert said in " ".join(results[0].stdout.split())
    assert "acts: 0 before, 8 after" in results[1].stdout


def test_the_page_lists_what_is_assumed_by_default() -> None:
    words, rule = " ".join(PAGE.split()), read_mute_rules([mute_rule("cron(0 2 * * *)", "PT2H", [])])
    for line in (*Assumptions().lines(NO_MUTE_RULES), *Assumptions().lines(rule)):
        assert re.split("[,:]", line)[0].replace("every target", "a target") in words, line
    assert all(f"--assume {effect}" in words for effect in Effect if effect is not Effect.AS_HISTORY)


def test_the_page_names_every_key_of_both_shapes() -> None:
    history = str(ROOT / "examples/history.jsonl.gz")
    one = json.loads(run("backtest", "--history", history, "--policy", str(ROOT / POLICY), "--json").stdout)
    both = (str(ROOT / POLICY), str(ROOT / "shared/policy.toml"))
    other = json.loads(run("policy", "diff", *both, "--history", history, "--json").stdout)
    described = PAGE.partition("## Shapes")[2]
    assert [key for key in (*one, *other) if f"`{key}`" not in described] == []
