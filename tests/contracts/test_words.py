"""Words that only the authors knew stay out of code and documents, but for the changelog and the ADRs."""

import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, files

# Each was replaced by the word that a stranger searches for: format_duration, reject_early, publish, ...
RETIRED = frozenset(
    {
        "ActionConcurrency",
        "BEHIND",
        "Behind",
        "Blamed",
        "CLIMB_PATIENCE",
        "Concluder",
        "DIRECT",
        "Direct",
        "Eyes",
        "JOIN_PATIENCE",
        "NOTHING_AROUND",
        "PATIENCE",
        "Patience",
        "RESTORE_PATIENCE",
        "SHARE",
        "StandingAlone",
        "Stated",
        "Surroundings",
        "WatchConcurrency",
        "_DIRECT",
        "_MOMENT",
        "_moment",
        "_read_moment",
        "_whole",
        "announcing",
        "around",
        "as_stated_text",
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
        "opening",
        "put_aside",
        "quarter",
        "ratchet",
        "releasing",
        "saw",
        "saw_update",
        "severity_stated",
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


# Parts of module names that say nothing of the subject, or were retired with it.
OF_NO_SUBJECT = frozenset(
    {
        "anew",
        "around",
        "edges",
        "ground",
        "marks",
        "opening",
        "play",
        "plays",
        "releases",
        "stage",
        "telling",
        "told",
        "weather",
    }
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

# A sentence or heading that begins with a clause instead of a noun: "What became of each change".
FREE_RELATIVE = re.compile(
    r"""(?:^\s*(?:#+ |//\s*|[rfb]?\"""|[-*] )?|\. )(?:What|Who|Whom|Whose|Whoever) (?!.*\?)"""
)

# The old keys of the policy are read for a release.
OLD_KEYS = {"renamed_keys.py", "test_renamed_keys.py", "policy.md", "test_words.py"}
# A reason that is stored and in the policy's documents, wherever it is written.
STORED_REASON = re.compile("healthy_floor_reached", re.IGNORECASE)
# An attribute of stored items, the states of a stored delivery, and a part of stored keys.
STORED = re.compile(r"""["':]told\b|SET told\b|\(told,|told, since|"telling"|"turned away\"""")
# They are written by the ledger, by the key of a rejection, and by the tests that read or damage an item.
OF_THE_LEDGER = ("shared/firebreak/ledger/", "tests/ledger/")
WRITES_STORED = frozenset(
    {
        "shared/firebreak/remediation/decision_recorder.py",
        "tests/workflow/test_ahead_of_time.py",
        "tests/workflow/test_one_bad_item.py",
        "tests/workflow/test_paging.py",
    }
)


def may_write_stored(name: str) -> bool:
    """Whether a file, by its path in the repository, is one of those that write the ledger's items."""
    return name.startswith(OF_THE_LEDGER) or name in WRITES_STORED


def without_stored(line: str, name: str) -> str:
    """The line without the stored words that the file of this path may write."""
    line = STORED_REASON.sub("", line)
    return STORED.sub("", line) if may_write_stored(name) else line


def retired_in(path: Path, name: str = "") -> list[str]:
    """The lines of a file that hold a retired word, with their numbers; `name` is its path here."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(lines, start=1)
        if IN_NO_TEXT.search(without_stored(line, name))
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


def test_a_stored_word_is_accepted_only_where_the_ledger_writes_it(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text('item = {"told": 1}\n', encoding="utf-8")
    assert retired_in(source, "shared/firebreak/ledger/threads.py") == []
    assert retired_in(source, "cli/firebreak_cli/queries/show.py") == ['x.py:1: item = {"told": 1}']


@pytest.mark.parametrize("name", sorted(WRITES_STORED))
def test_each_file_that_is_excepted_still_writes_a_stored_word(name: str) -> None:
    assert STORED.search((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        '    """What became of each change."""',
        "# Whom it listens to",
        "- What is paused is refused.",
        "What is red:",
        "A pause holds. What is paused is refused.",
        "## Who is paged, and when",
    ],
)
def test_a_free_relative_at_the_beginning_of_a_text_is_noticed(line: str) -> None:
    assert FREE_RELATIVE.search(line)


@pytest.mark.parametrize(
    "line", ["# What is red?", "The outcome of each change: what became of it", "# Whatever", 'x = "What "']
)
def test_a_question_and_a_clause_within_a_sentence_are_free(line: str) -> None:
    assert not FREE_RELATIVE.search(line)


def test_no_text_begins_with_a_free_relative() -> None:
    paths = [
        path
        for path in (*files(".py", ".md", ".toml", ".yaml", ".j2", ".sh"), ROOT / "Makefile")
        if "adr" not in path.parts and path.name not in {"CHANGELOG.md", "test_words.py"}
    ]
    assert [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if FREE_RELATIVE.search(line)
    ] == []


def test_no_text_holds_a_retired_word() -> None:
    paths = files(".py", ".md", ".toml", ".yaml", ".j2")
    read = [
        path for path in paths if "adr" not in path.parts and path.name not in {"CHANGELOG.md", *OLD_KEYS}
    ]
    assert [line for path in read for line in retired_in(path, path.relative_to(ROOT).as_posix())] == []
