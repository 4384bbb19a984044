"""Secrets under escapes, and those that go on in the next line."""

import pytest

from firebreak.core.paging.log_lines import harmless_lines
from firebreak.core.paging.secret_patterns import MOST_LAYERS, goes_on, masked_text

# Put together here, so that no scanner of this repository finds a key.
BEGIN = " ".join(["-----BEGIN", "RSA PRIVATE", "KEY-----"])
END = " ".join(["-----END", "RSA PRIVATE", "KEY-----"])
OF_A_KEY = "AAAAB3NzaC1yc2EAAAADAQABAAABAQ=="


def escaped(layers: int) -> str:
    """The sign between a name and its value, escaped so often: for a URL, for JSON, and so on."""
    sign = "%3d"
    for n in range(layers - 1):
        sign = sign.replace("\\", "%5c") if n % 2 else sign.replace("%", "\\u0025")
    return sign


@pytest.mark.parametrize("layers", range(1, MOST_LAYERS + 1))
def test_a_secret_is_hidden_under_so_many_layers_of_escapes(layers: int) -> None:
    assert masked_text(f"bad password{escaped(layers)}hunter2 given") == "bad *** given"


def test_under_more_layers_a_line_stays_as_it_is() -> None:
    line = f"bad password{escaped(MOST_LAYERS + 1)}hunter2 given"
    assert masked_text(line) == line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("say %22hi%22", "say %22hi%22", id="no secret"),
        pytest.param("password=hunter2 say %22hi%22", "*** say %22hi%22", id="a secret that is not escaped"),
        pytest.param("password%3dhunter2 say %22hi%22", '*** say "hi"', id="a secret that is escaped"),
        pytest.param(f"password=hunter2 and token{escaped(3)}hunter2", "*** and ***", id="one of each"),
    ],
)
def test_escapes_stay_unless_a_secret_is_seen_only_without_them(line: str, expected: str) -> None:
    assert masked_text(line) == expected


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        pytest.param(f"error {BEGIN}", OF_A_KEY, True, id="a line of a key"),
        pytest.param(f"error {BEGIN} {OF_A_KEY}", END, True, id="the end of a key"),
        pytest.param(f"error {BEGIN}", "error: refused", False, id="a line that is none of a key"),
        pytest.param(f"{BEGIN} {OF_A_KEY} {END}", OF_A_KEY, False, id="a key that has ended"),
        pytest.param("db_password:", "hunter2", True, id="the value of a name"),
        pytest.param("db_password: x", "hunter2", False, id="a name with its value"),
    ],
)
def test_whether_a_secret_goes_on_in_the_next_line(line: str, after: str, *, expected: bool) -> None:
    assert goes_on(line, after) is expected


def test_lines_of_one_secret_are_one_line() -> None:
    key = [f"error {BEGIN}", OF_A_KEY, OF_A_KEY, END]
    assert harmless_lines([*key, "db_password:", "hunter2", "error: refused"]) == (
        "error ***",
        "db_***",
        "error: refused",
    )
    assert harmless_lines(["error: refused", "", *key]) == ("error: refused", "error ***")


def test_only_the_last_lines_are_read() -> None:
    key = [OF_A_KEY] * 38  # with the two others: forty lines
    assert harmless_lines([f"error {BEGIN}", *key, "error: refused"]) == ("error ***", "error: refused")
    assert harmless_lines([f"error {BEGIN}", *key, OF_A_KEY, "error: refused"]) == (
        OF_A_KEY,
        OF_A_KEY,
        "error: refused",
    )
