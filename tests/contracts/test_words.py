"""Names that only the authors knew stay out of the code; the changelog and old ADRs may tell of them."""

import io
import tokenize
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, files

# Each was replaced by the word that a stranger searches for: format_duration, reject_early, publish, ...
RETIRED = frozenset(
    {
        "Blamed",
        "Concluder",
        "Direct",
        "Eyes",
        "Patience",
        "Surroundings",
        "announcing",
        "brisk",
        "come_again",
        "concluder",
        "concluding",
        "eyes",
        "hand_over",
        "look_also",
        "loose",
        "put_aside",
        "quarter",
        "ratchet",
        "releasing",
        "saw",
        "shapes",
        "spell",
        "standing_alone",
        "still_well",
        "surroundings",
        "telling",
        "touched",
        "turn_away",
        "turned_away",
        "weather",
    }
)


def retired_names(source: str) -> set[str]:
    """The retired words that the code uses as names; comments and texts are not looked at."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME} & RETIRED


@pytest.mark.parametrize("path", list(files(".py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_retired_word_is_a_name_again(path: Path) -> None:
    assert retired_names(path.read_text(encoding="utf-8")) == set()


def test_no_module_is_called_by_a_retired_word() -> None:
    assert [path for path in files(".py") if path.stem in RETIRED] == []


def test_a_retired_word_is_noticed_as_a_name_and_not_in_a_text() -> None:
    assert retired_names('spell = "saw" # touched') == {"spell"}
