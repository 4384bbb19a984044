"""The template is what its source and the declarations of the actions make of it."""

from pathlib import Path

import pytest
from template.cloudformation import CloudFormationLoader
from template.generate import RESULT, SOURCE, fragment_parts, rendered

from tests.docs.documents import ROOT


def test_the_template_is_what_its_source_and_the_actions_say() -> None:
    assert RESULT.read_text(encoding="utf-8") == rendered(), "run make template"


def test_what_a_human_edits_of_the_template_stays_readable() -> None:
    lines = (ROOT / "template" / SOURCE).read_text(encoding="utf-8").splitlines()
    assert len(lines) < 1100


def test_no_action_is_named_in_the_source_but_the_one_that_the_heartbeat_watches() -> None:
    source = (ROOT / "template" / SOURCE).read_text(encoding="utf-8")
    fragments = ROOT.glob("shared/firebreak/services/*/actions/*.yaml")
    names = {path.stem.replace("_", "-") for path in fragments}
    assert {name for name in names if name in source} == {"restart-service"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Parameters:\n  X:\n    Type: String\n", "has no Statement"),
        ("Statement:\n  - Sid: X\nOutputs:\n  X: 1\n", "Outputs: not a part of a fragment"),
        ("", "has no Statement"),
    ],
)
def test_a_fragment_that_says_something_else_is_refused_by_name(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"odd.yaml: {problem}"):
        fragment_parts(path)


def test_a_tag_of_cloudformation_stands_on_something() -> None:
    assert CloudFormationLoader("!Ref X").get_single_data() == {"Ref": "X"}
