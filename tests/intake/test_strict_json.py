"""Event files: what only Python takes for JSON is refused by one line that names the place."""

from pathlib import Path

import pytest

from firebreak.errors import UnusableEvent
from firebreak.wire.lenient_json import strict_json
from tests.cli.running import run


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('{"a": NaN}', "NaN, which is no JSON"),
        ('{"a": [1, Infinity]}', "Infinity, which is no JSON"),
        ("-Infinity", "-Infinity, which is no JSON"),
        ('{"a": 1e999}', "1e999, which no number can be"),
        ('{"a": {"state": 1, "state": 2}}', 'the key "state" twice in one object'),
    ],
)
def test_it_is_refused_and_named(written: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableEvent) as caught:
        strict_json(written)
    assert caught.value.found == found
    file = tmp_path / "event.json"
    file.write_text(written)
    result = run("explain", str(file), "--offline")
    assert result.exit_code != 0
    assert found in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_everything_else_is_as_it_was() -> None:
    assert strict_json('{"a": [1, 2.5, true, null, "x"]}') == {"a": [1, 2.5, True, None, "x"]}
