"""The license is there, whole, and named the same everywhere."""

import tomllib

import yaml

from tests.docs.documents import ROOT


def test_the_license_is_apache_2_in_full_and_declared() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert "APPENDIX: How to apply the Apache License to your work." in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])


def test_every_place_that_pins_dependencies_is_watched() -> None:
    config = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    watched = {one["package-ecosystem"]: one for one in config["updates"]}
    assert set(watched) == {"pip", "github-actions"}
    pinned = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("[rs]*/*.txt")}
    assert {f"/{folder}" for folder in pinned} | {"/"} == set(watched["pip"]["directories"])
