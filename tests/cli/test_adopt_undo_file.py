"""The undo file as it is written: it never overwrites what somebody else made, at whatever moment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.adopt.changes import Change
from firebreak_cli.adopt.desk import Desk
from firebreak_cli.adopt.undo_file import UndoFile, read_undo
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from tests.cli.adopted import NOW
from tests.cli.adopted_aws import cli_environment
from tests.cli.test_adopt_changes import ONE, TWO, change
from tests.support import builders as a


def undo(path: Path) -> UndoFile:
    return UndoFile(path, a.ACCOUNT, a.REGION, NOW, "ana")


def adding(arn: str) -> Change:
    one = change(arn)
    return replace(one, add=one.wanted)


def added(path: Path) -> list[str]:
    return [one.arn for one in read_undo(str(path)).added]


def test_a_file_that_is_made_while_it_is_asked_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "u.json"
    mine = undo(path)
    mine.require_new()
    path.write_text("somebody else's", encoding="utf-8")
    with pytest.raises(Ending) as ended:
        mine.begin(adding(ONE))
    text = f"{path}: it exists already: nothing more is changed; name another with --undo-file"
    assert (ended.value.code, ended.value.lines, mine.begun) == (BAD_INPUT, (text,), [])
    assert path.read_text(encoding="utf-8") == "somebody else's"


def test_of_two_runs_with_one_name_the_second_ends(tmp_path: Path) -> None:
    first, second = undo(tmp_path / "u.json"), undo(tmp_path / "u.json")
    first.require_new()
    second.require_new()
    first.begin(adding(ONE))
    with pytest.raises(Ending):
        second.begin(adding(TWO))
    assert added(tmp_path / "u.json") == [ONE]


def test_it_grows_and_shrinks_and_no_other_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "u.json"
    mine, (one, two) = undo(path), (adding(ONE), adding(TWO))
    mine.begin(one)
    mine.begin(two)
    assert added(path) == [ONE, TWO]
    mine.drop(one)
    assert (added(path), [*tmp_path.iterdir()]) == ([TWO], [path])
    mine.drop(two)
    assert [*tmp_path.iterdir()] == []
    mine.begin(two)
    assert added(path) == [TWO]


def test_a_file_that_is_made_after_it_shrank_to_nothing_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "u.json"
    mine, one = undo(path), adding(ONE)
    mine.begin(one)
    mine.drop(one)
    path.write_text("somebody else's", encoding="utf-8")
    with pytest.raises(Ending):
        mine.begin(one)
    assert path.read_text(encoding="utf-8") == "somebody else's"


def test_a_file_as_a_crash_leaves_it_is_not_overwritten(tmp_path: Path) -> None:
    other = tmp_path / ".u.json.new"
    other.write_text("x", encoding="utf-8")
    mine = undo(tmp_path / "u.json")
    mine.begin(adding(ONE))
    mine.begin(adding(TWO))
    assert other.read_text(encoding="utf-8") == "x"


def test_two_runs_of_one_second_have_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unused: Any = None
    desk = Desk(cli_environment(), unused, unused, a.ACCOUNT, a.REGION, "ana")
    assert desk.undo_file("").path != desk.undo_file("").path
    assert desk.undo_file("mine.json").path == Path("mine.json")
