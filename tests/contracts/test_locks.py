"""The locks hold what pyproject.toml declares, with hashes and without addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYER: list[str] = PROJECT["project"]["dependencies"]
DECLARED: dict[str, list[str]] = {
    "shared/requirements.txt": LAYER,
    "requirements/dev.txt": [
        *LAYER,
        *PROJECT["project"]["optional-dependencies"]["cli"],
        *PROJECT["dependency-groups"]["dev"],
    ],
    "requirements/local.txt": PROJECT["dependency-groups"]["local"],
    "requirements/checkov.txt": PROJECT["dependency-groups"]["checkov"],
}


def locked(name: str) -> dict[str, str]:
    """The pinned version of each library in a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_lock_holds_what_is_declared_at_the_declared_version(name: str) -> None:
    pins = locked(name)
    for declared in DECLARED[name]:
        library, _, version = re.sub(r"\[[^]]*\]", "", declared).partition("==")
        library = re.split(r"[<>=~]", library)[0]
        assert pins.get(library, "nothing").startswith(version or pins.get(library, "?")), declared


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_locked_library_has_a_hash_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked(name))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"https?://|^-i |--index-url|--find-links", text, flags=re.MULTILINE) == []


def test_the_layer_and_the_tests_run_the_same_versions() -> None:
    tested = locked("requirements/dev.txt")
    assert {library: tested.get(library) for library in locked("shared/requirements.txt")} == locked(
        "shared/requirements.txt"
    )
