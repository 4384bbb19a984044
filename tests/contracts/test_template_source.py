"""The template is what its source and the declarations of the actions make of it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from template import generate
from template.cloudformation import CloudFormationLoader
from template.generate import RESULT, fragment_parts, rendered

from firebreak.services.registry import CATALOG
from tests.contracts.template import template
from tests.docs.documents import ROOT

# The source, and the parts that it includes.
SOURCES = sorted((ROOT / "template").glob("*.yaml.j2"))


def test_the_template_is_what_its_source_and_the_actions_say() -> None:
    assert RESULT.read_text(encoding="utf-8") == rendered(), "run make template"


def test_a_deployed_stack_names_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert template()["Outputs"]["Version"]["Value"] == project["version"]


def test_the_edited_template_source_stays_short() -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert max(lines.values()) < 1100


def test_no_action_is_named_in_the_source_but_the_one_that_the_heartbeat_watches() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    specs = CATALOG.specs.values()
    assert [spec.name for spec in specs if spec.name in source] == ["restart-service"]
    assert [spec.name for spec in specs if spec.logical_id in source] == ["restart-service"]


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


def looks_of(monkeypatch: pytest.MonkeyPatch, statement: str) -> list[dict[str, Any]]:
    """The statements of Verify, were this the one statement of restart-service."""
    monkeypatch.setattr(generate, "fragment_of", lambda _: {"Statement": statement})
    found: list[dict[str, Any]] = yaml.load("\n".join(generate.looks()), Loader=CloudFormationLoader)  # noqa: S506  # a SafeLoader
    return found or []


SEEN = """
- Sid: Look
  Effect: {effect}
  Action: ecs:DescribeServices
  Resource: {resource}
"""
SERVICE = '!Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/*"'
TEAMS = '!Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/team-*"'


def test_verify_is_not_allowed_a_look_that_an_action_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks_of(monkeypatch, SEEN.format(effect="Deny", resource=SERVICE)) == []


def test_a_look_under_a_condition_is_refused_as_verify_would_lose_the_condition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound = SEEN.format(effect="Allow", resource=SERVICE) + "  Condition: { StringEquals: { a: b } }\n"
    with pytest.raises(ValueError, match="Look: a look under a condition"):
        looks_of(monkeypatch, bound)


def test_a_resource_that_is_no_pattern_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="expected patterns by !Sub, or a star"):
        looks_of(monkeypatch, SEEN.format(effect="Allow", resource="!Ref Bus"))


def test_each_statement_of_verify_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    both = SEEN.format(effect="Allow", resource=SERVICE) + SEEN.format(effect="Allow", resource=TEAMS)
    assert [one["Sid"] for one in looks_of(monkeypatch, both)] == ["LookAtEcsService", "LookAtEcsService2"]
