"""No text of an export is a formula for a spreadsheet, and none is lost."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak_cli.export.lines import csv_lines, harmless
from tests.cli.exports import exported, refuse, table
from tests.cli.running import run_in
from tests.support.world import World

FORMULAS = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(1)", " =1", "\uff1d1", "a;=1", 'a; "=1']


def begins_a_formula(cell: str) -> bool:
    return cell.lstrip(" \t\r\n\"'")[:1] in {*"=+-@\uff1d\uff0b\uff0d\uff20"} and not cell.startswith("'")


@pytest.mark.parametrize("name", FORMULAS, ids=repr)
def test_a_name_that_begins_like_a_formula_is_a_text_in_csv_and_itself_in_json(
    world: World, name: str
) -> None:
    refuse(world, name)

    result = run_in(world, "export", "decisions")
    heading, cells = table(result)
    (row,) = exported(world, "decisions")

    assert row["alarm"] == name
    assert not any(map(begins_a_formula, cells))
    assert "'" in cells[heading.index("alarm")]
    by_semicolons = csv.reader(io.StringIO(result.stdout.splitlines()[1]), delimiter=";")
    assert not any(begins_a_formula(cell) for line in by_semicolons for cell in line)


@given(some.text(some.sampled_from("=+-@;,|'\" \t\r\n\uff1da1"), max_size=12))
def test_no_text_begins_a_formula_however_the_cells_are_split(text: str) -> None:
    first, line = csv_lines(["version", "alarm"], [{"version": 1, "alarm": text}])

    assert (first, line[-2:], line.count("\n")) == ("version,alarm\r\n", "\r\n", 1)
    for delimiter in ",;":
        (cells,) = csv.reader([line], delimiter=delimiter)
        assert not any(map(begins_a_formula, cells))


@pytest.mark.parametrize("text", ["api-memory-high", "cpu > 80", "a+b", "x, -1", "prod/api@2"])
def test_a_text_that_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_no_control_character_reaches_a_csv_file_and_no_other_letter_is_lost() -> None:
    _, line = csv_lines(["alarm"], [{"alarm": "speicher-größe\x1b[31m\r\n\x07警報\ud800"}])
    assert line == "speicher-größe 警報\r\n"


def test_letters_of_any_alphabet_are_written_in_utf_8(world: World) -> None:
    refuse(world, "größe-警報")
    assert "größe-警報" in run_in(world, "export", "decisions").stdout_bytes.decode("utf-8")
