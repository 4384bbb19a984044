"""Every mistake in a policy is refused, all at once, each with its path: one file a mistake."""

from pathlib import Path

import pytest

from firebreak.core.budgets import Budget
from firebreak.errors import PolicyError
from firebreak.policy import load_policy, parse_policy
from tests import builders as a

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.toml"))
SAYS = "# says: "


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return caught.value.problems


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_path(path: Path) -> None:
    """The file's first lines hold what is said of it, word for word."""
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = tuple(line.removeprefix(SAYS) for line in lines if line.startswith(SAYS))
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
    assert getattr(parse_policy(text, "demo.toml").file.verify, wait).total_seconds() == 3


def test_a_budget_that_outlives_a_rung_by_nothing_may_be_smaller_than_the_ladder() -> None:
    text = a.AUTO_POLICY.replace('["2/15m", "3/1h", "7/24h"]', '["1/4m", "3/1h"]')
    assert parse_policy(text, "slow.toml").file.budgets.target[0] == Budget(
        1, parse_policy(text, "slow.toml").file.verify.after
    )
