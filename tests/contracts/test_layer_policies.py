"""The build of the layer: every policy of shared/ is in it, and none that a function could not load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from firebreak.policy.build import main, problems
from tests.docs.documents import ROOT

SHIPPED = (ROOT / "shared/policy.toml").read_text(encoding="utf-8")


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policy.toml").write_text(SHIPPED, encoding="utf-8")
    return tmp_path


def test_policies_that_load_are_no_problem(layer: Path) -> None:
    (layer / "team.toml").write_text(SHIPPED, encoding="utf-8")
    (layer / "policies/prod.toml").write_text(SHIPPED, encoding="utf-8")
    assert list(problems(layer, ["policy.toml", "team.toml", "policies/prod.toml"])) == []


def test_a_policy_that_does_not_load_fails_the_build_and_names_each_mistake(
    layer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (layer / "policies/prod.toml").write_text(
        "version = 1\n[defaults]\nautonomy = 'bold'\n", encoding="utf-8"
    )
    assert main([str(layer)]) == 1
    said = capsys.readouterr().err
    assert "policy: policies/prod.toml: line 3: defaults.autonomy" in said


def test_a_policy_that_is_named_and_not_there_fails_the_build(
    layer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(layer), "policies/prod.toml"]) == 1
    said = capsys.readouterr().err
    assert said == "policy: PolicyFile=policies/prod.toml: no such file in the layer; it holds policy.toml\n"


def test_a_library_s_own_toml_files_are_not_looked_at(layer: Path) -> None:
    (layer / "pydantic").mkdir()
    (layer / "pydantic/settings.toml").write_text("x = 1", encoding="utf-8")
    assert list(problems(layer, [])) == []


def test_waivers_that_lie_next_to_a_policy_are_no_policy(layer: Path) -> None:
    (layer / "policy.waivers.toml").write_text("version = 1", encoding="utf-8")
    assert list(problems(layer, ["policy.toml"])) == []


def needed(folder: Path, project: Path) -> list[str]:
    """The files that the layer's Makefile says are needed, for a template and settings in `project`."""
    makefile = folder / "Makefile"
    makefile.write_text(
        (ROOT / "shared/Makefile").read_text(encoding="utf-8") + "\nshow:\n\t@echo $(needed)\n",
        encoding="utf-8",
    )
    answer = subprocess.run(
        ["/usr/bin/make", "-s", "show", f"PYTHON={sys.executable}"],
        cwd=folder,
        env={**os.environ, "PWD": str(project)},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.split()


def test_the_build_needs_what_template_and_settings_name(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    project.mkdir()
    copy.mkdir()
    (project / "template.yaml").write_text(
        (ROOT / "template.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert needed(copy, project) == ["policy.toml"]
    (project / "samconfig.toml").write_text(
        'parameter_overrides = "LogRetentionInDays=30 PolicyFile=policies/prod.toml"\n', encoding="utf-8"
    )
    assert needed(copy, project) == ["policy.toml", "policies/prod.toml"]
    assert needed(copy, tmp_path) == []


def test_every_policy_of_the_folder_goes_into_the_layer() -> None:
    recipe = (ROOT / "shared/Makefile").read_text(encoding="utf-8")
    assert 'cp -R firebreak policies *.toml "$(out)/"' in recipe
