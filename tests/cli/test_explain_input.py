"""`explain` on files that hold something else, or something hostile."""

import json
import os
from pathlib import Path

import pytest

from firebreak_cli.explain.event_file import MAX_BYTES
from tests.cli.running import error_lines, run
from tests.support.sample_events import EVENTS, load

BAD = {
    "empty": (b"", "nothing in it"),
    "blank": (b" \n\t", "nothing in it"),
    "text": (b"hello", "text that is not JSON (line 1, column 1)"),
    "half": (b'{"detail": ', "text that is not JSON"),
    "binary": (b"\xff\xfe\x00\x01", "bytes that are not UTF-8"),
    "nested": (b"[" * 200_000, "JSON that no event is (RecursionError)"),
    "digits": (b"9" * 5000, "JSON that no event is (ValueError)"),
    "huge": (b" " * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
    "null": (b"null", "found null"),
    "string": (b'"ALARM"', "a string"),
    "object": (b"{}", "an object with 0 keys"),
}


@pytest.mark.parametrize(("content", "found"), BAD.values(), ids=BAD.keys())
def test_bad_content_is_one_line(tmp_path: Path, content: bytes, found: str) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)

    result = run("explain", str(file), "--json", "--offline")

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert found in result.stderr
    assert str(file) in result.stderr


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("nowhere.json", "no such file", id="missing"),
        pytest.param(".", "a directory", id="directory"),
        pytest.param("odd\nname.json", "no such file", id="line break in the name"),
        pytest.param("nul\0name", "cannot be read", id="no name at all"),
        pytest.param("x" * 5000, "cannot be read", id="name too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(name: str, found: str) -> None:
    result = run("explain", name, "--offline")

    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    if len(name) < 500:
        assert found in result.stderr


def test_standard_input_is_read(tmp_path: Path) -> None:
    event = (EVENTS / "ecs_memory_alarm.json").read_text(encoding="utf-8")

    result = run("explain", "-", "--json", "--offline", stdin=event)

    assert json.loads(result.stdout)["target"] == "ecs:prod/api"


def test_bad_standard_input_is_called_that() -> None:
    assert "standard input: found text that is not JSON" in run("explain", "-", "--offline", stdin="x").stderr


def test_a_byte_order_mark_does_no_harm() -> None:
    event = (EVENTS / "ecs_memory_alarm.json").read_bytes()

    assert run("explain", "-", "--offline", stdin=b"\xef\xbb\xbf" + event).exit_code == 0


def test_a_time_that_is_none_is_one_line() -> None:
    result = run("explain", str(EVENTS / "ecs_memory_alarm.json"), "--offline", "--now", "yesterday")

    assert (result.exit_code, len(error_lines(result))) == (2, 1)


def test_a_time_for_a_live_explanation_is_refused() -> None:
    result = run("explain", str(EVENTS / "ecs_memory_alarm.json"), "--now", "2026-11-20T10:00:00Z")

    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert "--offline" in result.stderr


def test_a_stranger_s_text_is_neither_markup_nor_control_characters() -> None:
    event = load("tag_unknown")
    detail = event["detail"]
    assert isinstance(detail, dict)
    detail["alarmName"] = "[bold]api[/bold] :warning: \u202edne"
    detail["alarmTags"] = {"firebreak:action": "[link=https://example.com]x[/link]\x1b[2J\u009b31m"}

    text = run("explain", "-", "--offline", stdin=json.dumps(event)).stdout
    as_json = run("explain", "-", "--offline", "--json", stdin=json.dumps(event)).stdout

    assert "[bold]api[/bold] :warning:" in text
    assert not {"\x1b", "\u202e", "\u009b"} & set(text + as_json)
    assert as_json.isascii()


def test_a_pipe_without_a_writer_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = run("explain", str(tmp_path / "pipe"), "--json", "--offline")
    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert "no regular file" in result.stderr
