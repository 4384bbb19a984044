"""The faults that the scan of the templates finds in a report of checkov, and the suppressions there are."""

from pathlib import Path
from typing import Any

import pytest
from template.scan import findings, scanned, summary, suppressed

from tests.contracts.template import read

ROOT = Path(__file__).parents[2]
REASON = "no VPC: it listens to nothing"
FUNCTION, CHECK = "AWS::Serverless::Function.Page", "CKV_AWS_117"
# The findings that stay, of all resources of a type and of single ones.
STAY = {"AWS::Serverless::Function": {"CKV_AWS_117"}, "AWS::DynamoDB::Table": {"CKV_AWS_119"}}
STAY_AT = {"AWS::Serverless::Function.Report": {"CKV_AWS_115"}}


def template_with(*skips: dict[str, str]) -> dict[str, Any]:
    page = {"Type": "AWS::Serverless::Function", "Metadata": {"checkov": {"skip": list(skips)}}}
    return {"Resources": {"Page": page, "Ledger": {"Type": "AWS::DynamoDB::Table"}}}


def checked(resource: str, check: str, path: str = "template.yaml", **more: str) -> dict[str, str]:
    return {"resource": resource, "check_id": check, "file_abs_path": path, **more}


def report(*, resources: int = 2, **results: list[Any]) -> dict[str, Any]:
    """As checkov 3.3 writes it."""
    passed = [checked("AWS::DynamoDB::Table.Ledger", "CKV_AWS_28")]
    all_of_it = {"passed_checks": passed, "failed_checks": [], "skipped_checks": [], "parsing_errors": []}
    return {
        "results": all_of_it | results,
        "summary": {"passed": 3, "skipped": 1, "resource_count": resources},
    }


def found(template: dict[str, Any], **results: Any) -> list[str]:
    return list(findings(report(**results), {"template.yaml": template}))


SKIPPED = checked(FUNCTION, CHECK)
SKIP = {"id": CHECK, "comment": REASON}


def test_a_suppression_that_is_needed_and_has_a_reason_is_none() -> None:
    assert found(template_with(SKIP), skipped_checks=[SKIPPED]) == []


def test_a_failed_check_is_a_finding() -> None:
    failed = checked(FUNCTION, "CKV_AWS_115", check_name="has a limit")
    assert found(template_with(), failed_checks=[failed]) == [f"{FUNCTION}: CKV_AWS_115: has a limit"]


def test_a_template_that_checkov_cannot_read_does_not_pass() -> None:
    assert found(template_with(), parsing_errors=["template.yaml"]) == [
        "template.yaml: checkov cannot read it"
    ]


def test_a_template_of_which_checkov_checks_nothing_does_not_pass() -> None:
    both = {"template.yaml": template_with(), "other.yaml": {"Resources": {}}}
    assert list(findings(report(), both)) == ["other.yaml: checkov checks nothing of it"]
    alone = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0}
    assert list(findings(alone, {"other.yaml": {"Resources": {}}})) == [
        "other.yaml: checkov checks nothing of it"
    ]


def test_a_resource_that_checkov_does_not_count_does_not_pass() -> None:
    assert list(findings(report(resources=1), {"template.yaml": template_with()})) == [
        "checkov counts 1 resources, and there are 2"
    ]


def test_a_check_of_another_template_is_no_need_of_a_suppression() -> None:
    both = {"template.yaml": template_with(SKIP), "other.yaml": template_with()}
    others = [checked(FUNCTION, CHECK, "other.yaml")]
    assert list(findings(report(resources=4, skipped_checks=others), both)) == [
        f"{FUNCTION}: {CHECK} is suppressed, and checkov finds nothing there"
    ]


def test_a_checkov_that_comes_to_no_end_does_not_pass(tmp_path: Path) -> None:
    program = tmp_path / "checkov"
    program.write_text("#!/bin/sh\nexit 2\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(SystemExit, match="checkov ended with 2"):
        scanned(str(program), ["template.yaml"])


def test_a_suppression_that_suppresses_nothing_is_a_finding() -> None:
    assert found(template_with(SKIP)) == [
        f"{FUNCTION}: {CHECK} is suppressed, and checkov finds nothing there"
    ]


def test_a_reason_of_the_shortest_length_is_one() -> None:
    assert found(template_with({"id": CHECK, "comment": "x" * 20}), skipped_checks=[SKIPPED]) == []


@pytest.mark.parametrize(
    "skip", [{"id": CHECK}, {"id": CHECK, "comment": "x" * 19}], ids=["none", "too short"]
)
def test_a_suppression_without_a_reason_is_a_finding(skip: dict[str, str]) -> None:
    assert found(template_with(skip), skipped_checks=[SKIPPED]) == [
        f"{FUNCTION}: {CHECK} is suppressed without a reason"
    ]


def test_a_clean_scan_says_what_it_counted() -> None:
    assert summary(report()) == "checkov: 3 passed, 1 suppressed with a reason"


def test_the_template_suppresses_no_check_but_those_that_stay() -> None:
    by_resource: dict[str, set[str]] = {}
    for resource, check, _ in suppressed(read(ROOT / "template.yaml")):
        by_resource.setdefault(resource, set()).add(check)
    expected = {
        f"{one['Type']}.{name}": STAY[one["Type"]] | STAY_AT.get(f"{one['Type']}.{name}", set())
        for name, one in read(ROOT / "template.yaml")["Resources"].items()
        if one["Type"] in STAY
    }
    assert by_resource == expected


def test_no_check_of_cfn_lint_is_ignored() -> None:
    sources = [
        *ROOT.glob("template/*"),
        *ROOT.glob("shared/**/actions/*.yaml"),
        *ROOT.glob("examples/*/*.yaml"),
    ]
    files = [one for one in sources if one.is_file()]
    # By their paths: each example has a file of the same name.
    texts = {one.relative_to(ROOT).as_posix(): one.read_text("utf-8") for one in files}
    assert len(texts) == len(files)
    assert {"template/template.yaml.j2", "template/people.yaml", "examples/key/template.yaml"} <= {*texts}
    assert any(name.endswith("/restart_service.yaml") for name in texts)
    assert [name for name, text in texts.items() if "ignore_checks" in text] == []
