"""Mistakes in a policy are reported in plain words, with the line of the file."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.errors import PolicyError
from firebreak.policy.compiler import parse_policy
from firebreak.policy.lines import line_of, lines_of
from tests.support import builders as a

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.toml"))
PYDANTIC = ("Input should", "Field required", "Extra inputs", "Value error", "[key]", "after validation")

LINES = '''version = 1
[defaults]
cooldown = "1m" # [not.a.table]
[[overrides]]
target = "ecs:prod/a"
[[overrides]]
target = """
cooldown = 5
"""
ladder = [
  "restart-service",
  "page",
]
[actions.run-runbook.runbooks.drain]
parameters = { "a" = ["]"], b = [1] }
[[paging.routes]]
hours = "business"
[[paging.routes.steps]]
after = "0s"
'''


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "own.toml")
    return caught.value.problems


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_no_word_of_the_library_reaches_an_operator(path: Path) -> None:
    text = " ".join(problems(path.read_text(encoding="utf-8")))
    assert [word for word in PYDANTIC if word in text] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("version", 1),
        ("defaults", 2),
        ("defaults.cooldown", 3),
        ("defaults.rung_gap", 2),
        ("overrides[0].target", 5),
        ("overrides[1]", 6),
        ("overrides[1].target", 7),
        ("overrides[1].cooldown", 6),
        ("overrides[1].ladder[1]", 10),
        ("actions", 14),
        ("actions.run-runbook.runbooks.drain.parameters.a", 15),
        ("paging.routes[0].hours", 17),
        ("paging.routes[0].steps[0].after", 19),
        ("nowhere", None),
    ],
)
def test_the_line_of_a_key_or_of_the_nearest_part_around_it(path: str, line: int | None) -> None:
    assert line_of(path, lines_of(LINES)) == line


@given(
    st.lists(st.sampled_from(["a = 1", "b = [", "]", '"x",', "[t]", "[[e]]", "# c", 'd = """', '"""', ""]))
)
def test_whatever_toml_it_is_every_table_and_key_has_a_line(parts: list[str]) -> None:
    text = "\n".join(parts)
    lines = lines_of(text)
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert {path[0] for path in lines} == set(read)
    assert all(1 <= line <= len(parts) for line in lines.values())


@pytest.mark.parametrize(
    ("written", "meant", "hint"),
    [
        ('autonomy = "observe"', 'autonomy = "obsreve"', "did you mean observe?"),
        ("cooldown =", "cooldwon =", "did you mean cooldown?"),
        ("[actions.restart-service]", "[actions.restart-servce]", "did you mean restart-service?"),
    ],
)
def test_a_hint_names_the_probable_meaning(written: str, meant: str, hint: str) -> None:
    shipped = (Path(__file__).parents[2] / "shared/policy.toml").read_text(encoding="utf-8")
    assert written in shipped
    assert any(hint in problem for problem in problems(shipped.replace(written, meant, 1)))


def test_a_number_in_quotes_is_not_said_to_mean_itself() -> None:
    text = a.AUTO_POLICY.replace("version = 1", 'version = "1"')
    assert problems(text) == ("line 2: version: expected 1 (found '1')",)
