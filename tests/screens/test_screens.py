"""The pictures in the documents are what the commands print today."""

import re

import pytest

from tests.docs.documents import document
from tests.screens.screens import IMAGES, SCREENS, picture


@pytest.mark.parametrize("name", SCREENS)
def test_a_picture_shows_the_screen_as_it_is(name: str) -> None:
    kept = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert kept == picture(name), "draw it again: .venv/bin/python -m tests.screens"


@pytest.mark.parametrize("name", SCREENS)
def test_a_picture_asks_no_server_and_runs_nothing(name: str) -> None:
    kept = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert "<script" not in kept
    assert re.findall(r"(?:src|href|url)\W+(https?:[^\s\"')]+)", kept) == []


@pytest.mark.parametrize("name", SCREENS)
def test_the_readme_shows_every_picture(name: str) -> None:
    assert f"(docs/images/{name}.svg)" in document("README.md").text
