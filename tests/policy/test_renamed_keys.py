"""Keys of the policy under their old names: read as before, warned of, and found in the file."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.errors import PolicyError
from firebreak.policy.compiler import parse_policy, read_policy
from firebreak.policy.renamed_keys import as_written, warnings_of_names
from tests.cli.running import run
from tests.support import builders as a

OLD = """
[share]
share = 0.4
healthy_floor = 3
within = "2h"

[[groups]]
group = "ecs:prod"
share = 0.2

[[groups]]
group = "ecs:batch"
healthy_floor = 1

[actions.roll-back-service]
blame = "1h"
"""
NEW = OLD.replace("[share]", "[disruption]").replace("share =", "max_unavailable =")
NEW = NEW.replace("healthy_floor", "min_healthy").replace("blame", "suspect_within")
BARE = a.AUTO_POLICY.replace("[disruption]\nmax_unavailable = 1.0\n", "")


def test_old_names_say_what_the_present_ones_do() -> None:
    old, new = (parse_policy(BARE + text, "x.toml") for text in (OLD, NEW))
    assert replace(old, hash=new.hash) == new
    budget = old.disruption
    assert (budget.max_unavailable, budget.min_healthy, budget.within) == (0.4, 3, timedelta(hours=2))


def test_each_old_name_is_a_warning_and_a_present_one_is_none() -> None:
    assert list(warnings_of_names(read_policy(BARE + NEW, "x.toml").renamed)) == []
    assert list(warnings_of_names(read_policy(BARE + OLD, "x.toml").renamed)) == [
        f"{was}: is called {now} now; the old name is read until the next release"
        for was, now in (
            ("share", "disruption"),
            ("share.share", "disruption.max_unavailable"),
            ("share.healthy_floor", "disruption.min_healthy"),
            ("groups[0].share", "groups[0].max_unavailable"),
            ("groups[1].healthy_floor", "groups[1].min_healthy"),
            ("actions.roll-back-service.blame", "actions.roll-back-service.suspect_within"),
        )
    ]


def test_policy_check_names_the_line_of_an_old_name(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text(BARE + OLD, encoding="utf-8")
    result = run("policy", "check", str(path))
    line = (BARE + OLD).splitlines().index("healthy_floor = 3") + 1
    assert result.exit_code == 0
    assert f"line {line}: share.healthy_floor: is called disruption.min_healthy now" in result.stderr


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ("healthy_floor = 3 -> healthy_floor = -1", "share.healthy_floor: at least 0 (found -1)"),
        ("share = 0.2 -> share = 7", "groups[0].share: at most 1.0 (found 7)"),
        ("share = 0.4 -> shape = 0.4", "share.shape: no such key"),
        ('blame = "1h" -> blame = 1', "actions.roll-back-service.blame: a duration like"),
    ],
)
def test_a_mistake_is_reported_with_the_name_and_the_line_of_the_file(changed: str, problem: str) -> None:
    before, after = changed.split(" -> ")
    text = BARE + OLD.replace(before, after)
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "x.toml")
    line = text.splitlines().index(after) + 1
    assert caught.value.problems[0].startswith(f"line {line}: {problem}")


def test_keys_under_both_names_are_reported_together_with_all_other_mistakes() -> None:
    group = "[[groups]]\ngroup = 'ecs:x'\nshare = 0.1\nmax_unavailable = 7\n"
    text = BARE + OLD + "[disruption]\nwithin = '1h'\n" + group
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "x.toml")
    line = {found: number for number, found in enumerate(text.splitlines(), 1)}
    assert caught.value.problems == (
        f"line {line['[share]']}: share: is called disruption now, and both are there",
        f"line {line['share = 0.1']}: groups[2].share: is called max_unavailable now, and both are there",
        f"line {line['max_unavailable = 7']}: groups[2].max_unavailable: at most 1.0 (found 7)",
    )


@pytest.mark.parametrize(
    ("table", "key", "meant"),
    [
        ("[share]", "shar", "share"),
        ("[disruption]", "helthy_floor", "healthy_floor"),
        ("[[groups]]\ngroup = 'ecs:x'", "healthy_flor", "healthy_floor"),
        ("[actions.roll-back-service]", "blam", "blame"),
    ],
)
def test_an_old_name_that_is_nearly_right_is_meant(table: str, key: str, meant: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{BARE}{table}\n{key} = 1\n", "x.toml")
    assert f"{key}: no such key; did you mean {meant}?" in "".join(caught.value.problems)


@pytest.mark.parametrize("odd", ["share = 3\n", "groups = 3\n", "groups = [3]\n", "actions = 3\n"])
def test_a_value_that_is_no_table_is_a_mistake_and_no_crash(odd: str) -> None:
    bare = BARE.partition("[actions.")[0]
    with pytest.raises(PolicyError) as caught:
        parse_policy(odd + bare, "x.toml")
    assert "expected a " in caught.value.problems[0]


def test_only_what_was_renamed_is_called_otherwise() -> None:
    written = {"disruption": "share", "disruption.min_healthy": "share.healthy_floor"}
    assert as_written("disruption.min_healthy", written) == "share.healthy_floor"
    assert as_written("disruption.within", written) == "share.within"
    assert as_written("disruptions", written) == "disruptions"
    assert as_written("storm.within", written) == "storm.within"
