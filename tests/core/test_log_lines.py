"""Lines of a log on a page hold no secret that can be told by its looks, and stay few and short."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.log_lines import LINE_LENGTH, MOST_LINES, shown

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc_DEF-123"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ERROR key AKIAIOSFODNN7EXAMPLE refused", "ERROR key *** refused"),
        (f"bad token {JWT} given", "bad token *** given"),
        ("cannot reach postgres://app:hunter2@db/orders", "cannot reach postgres://***@db/orders"),
        ("login password=hunter2 failed", "login *** failed"),
        ('{"level":"error","password": "hunter2","code":3}', '{"level":"error","***","code":3}'),
        ("Authorization: Bearer hunter2hunter2 was refused", "*** was refused"),
        ("GET /x?api_key=hunter2&b=1 500", "GET /x?***&b=1 500"),
        ("DB_PASSWORD=hunter2 is wrong", "DB_*** is wrong"),
        ("NullPointerException at Orders.java:12", "NullPointerException at Orders.java:12"),
        ("the password was wrong", "the password was wrong"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str, expected: str) -> None:
    assert shown([line]) == (expected,)


def test_the_last_lines_are_shown_and_no_more() -> None:
    lines = [f"error {n}" for n in range(10)]
    assert shown(lines) == tuple(lines[-MOST_LINES:])


def test_empty_lines_are_left_out() -> None:
    assert shown(["", "  ", "error"]) == ("error",)


@given(lines=some.lists(some.text(max_size=700), max_size=6))
def test_lines_stay_few_short_and_single(lines: list[str]) -> None:
    found = shown(lines)
    assert len(found) <= MOST_LINES
    assert all(0 < len(line) <= LINE_LENGTH for line in found)
    assert all(len(line.splitlines()) == 1 for line in found)
