"""Every mistake in a policy is refused, all at once, each with its path: one file a mistake."""

import re
from pathlib import Path
from typing import get_args

import pytest

from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.scopes import Level
from firebreak.errors import PolicyError
from firebreak.policy.actions import ActionName, RungName
from firebreak.policy.compiler import parse_policy
from firebreak.policy.loader import load_policy
from firebreak.policy.schema import MOST_DEPENDENCIES, MOST_GROUPS, MOST_OVERRIDES, MOST_WINDOWS
from tests.support import builders as a

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.toml"))
SAYS = "# says: "


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return caught.value.problems


def one_of(names: object) -> str:
    """The values of a literal."""
    return ", ".join(get_args(names))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_reported_with_its_path(path: Path) -> None:
    """The file's first lines hold what is said of it, word for word but for the names of all actions."""
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = tuple(
        line.removeprefix(SAYS)
        .replace("ANY ACTION", one_of(ActionName))
        .replace("ANY RUNG", one_of(RungName))
        for line in lines
        if line.startswith(SAYS)
    )
    assert expected
    assert problems_of(path) == expected


def test_the_error_names_the_file_before_each_problem() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy("version = 2", "prod.toml")
    assert str(caught.value).count("prod.toml: ") == len(caught.value.problems) == 4


def test_a_file_that_is_not_there_is_a_policy_error(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none.toml") == ("cannot be read: FileNotFoundError",)


def test_a_file_that_is_not_text_is_a_policy_error(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    assert problems_of(tmp_path / "odd.toml") == ("cannot be read: UnicodeDecodeError",)


def test_a_long_or_odd_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy('version = ["hunter2"]', "odd.toml")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wait", ["after", "retry_every", "healthy_for"])
def test_a_demo_may_wait_seconds(wait: str) -> None:
    text = a.AUTO_POLICY.replace("version = 1", "version = 1\ndemo = true")
    text = "\n".join(f'{wait} = "3s"' if line.startswith(f"{wait} =") else line for line in text.splitlines())
    assert getattr(parse_policy(text, "demo.toml").verification, wait).total_seconds() == 3


def test_a_budget_that_outlives_a_rung_by_nothing_may_be_smaller_than_the_ladder() -> None:
    text = a.AUTO_POLICY.replace('["2/15m", "3/1h", "7/24h"]', '["1/4m", "3/1h"]')
    assert parse_policy(text, "slow.toml").budgets[Level.TARGET][0] == Budget(
        1, parse_policy(text, "slow.toml").verification.after
    )


@pytest.mark.parametrize(
    ("table", "most", "entry"),
    [
        ("freeze.never", MOST_WINDOWS, 'name = "w{n}"\nschedule = "cron(0 2 * * *)"\nduration = "PT1H"'),
        ("freeze.only", MOST_WINDOWS, 'name = "w{n}"\nschedule = "cron(0 2 * * *)"\nduration = "PT1H"'),
        ("dependencies", MOST_DEPENDENCIES, 'name = "d{n}"\ntargets = ["*"]\nbudget = ["2/15m"]'),
        ("groups", MOST_GROUPS, 'group = "ecs:g{n}"'),
        ("overrides", MOST_OVERRIDES, 'target = "ecs:prod/s{n}"'),
    ],
)
def test_as_many_as_are_allowed_load_and_one_more_does_not(table: str, most: int, entry: str) -> None:
    entries = [f"[[{table}]]\n{entry.format(n=n)}\n" for n in range(most + 1)]
    assert parse_policy(a.AUTO_POLICY + "".join(entries[:-1]), "full.toml").hash
    with pytest.raises(PolicyError, match=f"full.toml: line [0-9]+: {table}: too many: at most {most}"):
        parse_policy(a.AUTO_POLICY + "".join(entries), "full.toml")


LEAST = """
[breaker.target]
within = "1m"
open_for = "1m"
[[groups]]
group = "ecs:prod"
within = "1m"
"""


def test_the_shortest_that_is_allowed_loads() -> None:
    text = a.AUTO_POLICY.replace("alarms = 50", 'alarms = 50\nwithin = "1m"\nquiet = "60s"')
    text = text.replace("max_unavailable = 1.0", 'max_unavailable = 1.0\nwithin = "1m"').replace(
        '"5m"', '"176m"'
    )
    text = text.replace('max_event_age = "10m"', 'max_event_age = "2m"').replace('"6h"', '"10801s"')
    policy = parse_policy(text.replace('["5/15m", "40/24h"]', '["5/1s", "40/1h"]') + LEAST, "least.toml")
    assert policy.defaults.max_incident_age.total_seconds() == 180 * 60 + 1
    assert policy.storm.within == policy.storm.quiet == policy.disruption.within
    assert policy.disruption.within == policy.breakers[Level.TARGET].within


def test_a_share_may_be_a_whole_number() -> None:
    text = (
        a.AUTO_POLICY.replace("max_unavailable = 1.0", "max_unavailable = 1")
        + '[[groups]]\ngroup = "ecs:prod"\nmax_unavailable = 1\n'
    )
    policy = parse_policy(text, "whole.toml")
    assert (policy.disruption.max_unavailable, policy.groups[0].max_unavailable) == (1, 1)


@pytest.mark.parametrize("part", ["defaults", "budgets", "verify", "freeze", "actions", "dependencies"])
def test_a_section_of_the_wrong_type_is_reported_and_checked_no_further(part: str) -> None:
    """The loader reports a section of the wrong type although others depend on it."""
    text = re.sub(rf"^\[{part}.*?(?=^\[|\Z)", "", a.AUTO_POLICY, flags=re.DOTALL | re.MULTILINE)
    with pytest.raises(PolicyError) as caught:
        parse_policy(f'{part} = "none"\n{text}', "odd.toml")
    (problem,) = caught.value.problems
    assert problem.startswith(f"line 1: {part}: ")
