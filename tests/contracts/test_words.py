"""Words that only the authors knew stay out of code and documents, but for the changelog and the ADRs."""

import io
import re
import tokenize
from pathlib import Path

from tests.docs.documents import ROOT, files

# Each was replaced by the word that a stranger searches for: format_duration, reject_early, publish, ...
RETIRED = frozenset(
    {
        "Blamed",
        "Concluder",
        "Direct",
        "Eyes",
        "Patience",
        "StandingAlone",
        "Surroundings",
        "announcing",
        "beside",
        "blame",
        "blamed",
        "brisk",
        "come_again",
        "concluder",
        "concluding",
        "eyes",
        "hand_over",
        "healthy_floor",
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
        "told",
        "touched",
        "turn_away",
        "turned_away",
        "way_back",
        "weather",
    }
)


def retired_names(source: str) -> set[str]:
    """The retired words that the code uses as names; comments and texts are not looked at."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME} & RETIRED


def test_a_retired_word_is_noticed() -> None:
    source = 'told = "beside"  # eyes\ndef hand_over(untold): ...\n'
    assert retired_names(source) == {"told", "hand_over"}


def test_no_retired_word_is_a_name_again() -> None:
    names = {
        str(path.relative_to(ROOT)): retired_names(path.read_text(encoding="utf-8")) for path in files(".py")
    }
    assert {path: found for path, found in names.items() if found} == {}


# What files of tests were called that held whatever fitted nowhere else.
OF_NO_SUBJECT = frozenset(
    {"anew", "edges", "ground", "marks", "plays", "stage", "telling", "told", "weather"}
)


def test_no_module_is_called_by_a_retired_word() -> None:
    paths = list(files(".py"))
    assert [path for path in paths if path.stem in RETIRED or OF_NO_SUBJECT & {*path.stem.split("_")}] == []


# In no text either: no docstring, comment, message, document or name of a test.
IN_NO_TEXT = re.compile(
    r"(?<![a-z])(?:un)?told(?![a-z])|(?<![a-z])tell(?:s|ing|er)?(?![a-z])|(?<![a-z])blamed?(?![a-z])"
    r"|(?<![a-z])beside(?![a-z])|(?<![a-z])anew(?![a-z])|(?<![a-z])ours(?![a-z])|way[ _-]back(?![a-z])"
    r"|(?<![a-z])hand(?:s|ed|ing)?[ _-]over(?![a-z])|put(?:s|ting)?[ _-]aside|turn(?:s|ed|ing)?[ _-]away"
    r"|still well|come again|standing[ _]alone|conclud(?:er|ing)|surroundings|ratchet|(?<![a-z])brisk"
    r"|by the word of|(?<![a-z])whoever|healthy[ _]floor",
    re.IGNORECASE,
)

# The old keys of the policy are read for a release.
OLD_KEYS = {"renamed_keys.py", "test_renamed_keys.py", "policy.md", "test_words.py"}
# An attribute of stored items, the states of a stored delivery, a part of stored keys, and a stored reason.
STORED = re.compile(
    r"""["':]told\b|SET told\b|\(told,|told, since|"telling"|"turned away"|healthy_floor_reached""",
    re.IGNORECASE,
)


def retired_in(path: Path) -> list[str]:
    """The lines of a file that hold a retired word, with their numbers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(lines, start=1)
        if IN_NO_TEXT.search(STORED.sub("", line))
    ]


def test_a_retired_word_in_a_text_is_noticed(tmp_path: Path) -> None:
    text = tmp_path / "x.md"
    text.write_text(
        "A human is told.\nIntel, retold, stall.\nThe way back of ours\nis_untold\n", encoding="utf-8"
    )
    assert retired_in(text) == [
        "x.md:1: A human is told.",
        "x.md:3: The way back of ours",
        "x.md:4: is_untold",
    ]


def test_no_text_holds_a_retired_word() -> None:
    paths = files(".py", ".md", ".toml", ".yaml", ".j2")
    read = [
        path for path in paths if "adr" not in path.parts and path.name not in {"CHANGELOG.md", *OLD_KEYS}
    ]
    assert [line for path in read for line in retired_in(path)] == []
