"""Lines of a log on a page hold no secret that has a known form, and stay few and short."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.log_lines import LINE_LENGTH, MOST_LINES, READ_LENGTH, harmless_lines

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
        ("redis://:hunter2@cache:6379 refused", "redis://***@cache:6379 refused"),
        ("postgres://u:p@hunter2@db/x refused", "postgres://***@db/x refused"),
        ('{"url":"http://cache:80","to":"a@b"}', '{"url":"http://cache:80","to":"a@b"}'),
        ("bad dbPassword=hunter2 given", "bad db*** given"),
        ("bad clientSecret=hunter2 given", "bad client*** given"),
        ("bad PGPASSWORD=hunter2 given", "bad PG*** given"),
        ("bad pwd=hunter2 given", "bad *** given"),
        ('{"accessToken": "hunter2hunter2", "code": 3}', '{"access***", "code": 3}'),
        ('{"clientSecret": "x"}', '{"client***"}'),
        ("password='two hunter2' refused", "***' refused"),
        ('password: "a \\" hunter2", code 3', '***", code 3'),
        ('password="never closed hunter2', "***"),
        ('password="hunter2\\', "***"),
        (r'"{\"password\": \"two hunter2\", \"n\": 1}"', r'"{\"***\", \"n\": 1}"'),
        ("{'password': b'two hunter2', 'n': 1}", "{'***', 'n': 1}"),
        (':password=>"two hunter2" refused', ':***" refused'),
        ("slack xoxb-123-hunter2 revoked", "slack *** revoked"),
        (f"git said ghp_{'x' * 36} is bad", "git said *** is bad"),
        (f"key sk-{'x' * 40} is bad", "key *** is bad"),
        (f"key AIza{'x' * 35} is bad", "key *** is bad"),
        ("task-0123456789abcdef0123 stopped", "task-0123456789abcdef0123 stopped"),
        ("NullPointerException at Orders.java:12", "NullPointerException at Orders.java:12"),
        ("InvalidTokenException: bad header", "InvalidTokenException: bad header"),
        ("SecretError: not found", "SecretError: not found"),
        ("the password was wrong", "the password was wrong"),
    ],
)
def test_text_that_looks_like_a_secret_is_masked(line: str, expected: str) -> None:
    assert harmless_lines([line]) == (expected,)


def test_the_last_lines_are_shown_and_no_more() -> None:
    lines = [f"error {n}" for n in range(10)]
    assert harmless_lines(lines) == tuple(lines[-MOST_LINES:])


def test_empty_lines_are_left_out() -> None:
    assert harmless_lines(["", "  ", "error"]) == ("error",)


@given(lines=some.lists(some.text(max_size=700), max_size=6))
def test_lines_stay_few_short_and_single(lines: list[str]) -> None:
    found = harmless_lines(lines)
    assert len(found) <= MOST_LINES
    assert all(0 < len(line) <= LINE_LENGTH for line in found)
    assert all(len(line.splitlines()) == 1 for line in found)


BITS = (
    "password",
    "token=",
    "://",
    "@",
    ":",
    "\\",
    '"',
    "'",
    " ",
    "eyJ",
    ".",
    "-",
    "_",
    "xoxb-",
    "a" * 20,
    "=>",
)


@given(start=some.lists(some.sampled_from(BITS)), again=some.lists(some.sampled_from(BITS), min_size=1))
def test_no_line_takes_long_however_it_is_made(start: list[str], again: list[str]) -> None:
    line = ("".join(start) + "".join(again) * 100_000)[:250_000]
    began = time.process_time()
    harmless_lines([line])
    assert time.process_time() - began < 1


@given(
    before=some.text(max_size=20),
    word=some.sampled_from(["password", "dbPassword", "clientSecret", "PGPASSWORD"]),
)
def test_a_quoted_secret_is_masked_after_any_text(before: str, word: str) -> None:
    assert "hunter2" not in "".join(harmless_lines([f'{before} {word}="two hunter2"']))


@pytest.mark.parametrize("begins", ["\x1b", "\x1b[", "\x1b ", "\x9b"], ids=ascii)
def test_a_line_with_a_secret_whose_name_a_terminal_sequence_begins_is_hidden(begins: str) -> None:
    line = f'dbToken="one hunter2" {begins}password="two hunter2" at start'
    assert harmless_lines([line, "plain"]) == ("***", "plain")


def test_a_terminal_sequence_that_hides_no_secret_is_dropped_whole() -> None:
    assert harmless_lines(["a \x1b]8;;https://evil.example\x07link \x1b[31mred\x1b[0m \x1bMup"]) == (
        "a link red up",
    )


def test_a_secret_at_the_cut_of_a_long_line_is_not_half_shown() -> None:
    token = f"eyJ{'x' * 3_500}.{'x' * 400}.x"
    line = f"{token} postgres://u:{'hunter2' * 100}@db"
    assert harmless_lines([line]) == ("***",)


def test_a_line_is_cut_after_its_secrets_are_masked() -> None:
    words = "word " * LINE_LENGTH
    assert harmless_lines([f"password={'x' * 500} {words}"]) == (f"*** {words}"[:LINE_LENGTH],)


def test_other_known_secrets_are_masked_before_the_line_is_cut() -> None:
    assert harmless_lines(["error 7"], lambda line: line.replace("7", "***")) == ("error ***",)
    assert harmless_lines([f"{'x ' * 140}7"], lambda line: line.replace("x ", "")) == ("7",)


def test_one_spelling_of_each_character_is_shown_and_nothing_invisible() -> None:
    assert harmless_lines(["\uff45rr\u200bor  \t \x1b[31mred\x1b[0m"]) == ("error red",)
    assert harmless_lines(["e\x00r\u034fr\x08or\tred"]) == ("error red",)
    assert harmless_lines(["\u200b", "error"]) == ("error",)


@pytest.mark.parametrize(("length", "expected"), [(READ_LENGTH, "in *** tail"), (READ_LENGTH + 1, "in ***")])
def test_no_more_than_so_many_characters_are_looked_through_and_no_half_word(
    length: int, expected: str
) -> None:
    other_length = len("in password= tail")
    assert harmless_lines([f"in password={'x' * (length - other_length)} tail"]) == (expected,)


def test_one_word_that_is_too_long_is_looked_through_up_to_there() -> None:
    assert harmless_lines([f"password={'x' * READ_LENGTH}"]) == ("***",)
    assert harmless_lines(["x" * READ_LENGTH * 2]) == ("x" * LINE_LENGTH,)


@pytest.mark.parametrize(
    ("length", "end", "expected"),
    [
        pytest.param(4 * READ_LENGTH, "two", "error onetwo", id="as long as is read"),
        pytest.param(4 * READ_LENGTH + 1, "two", "error", id="one longer: the last word is cut"),
        pytest.param(4 * READ_LENGTH + 15, " more words here", "error", id="nothing behind it is read"),
    ],
)
def test_invisible_characters_are_read_up_to_a_limit(length: int, end: str, expected: str) -> None:
    hidden = "\u200b" * (length - len(f"error one{end}"))
    assert harmless_lines([f"error one{hidden}{end}"]) == (expected,)
