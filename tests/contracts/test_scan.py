"""The faults that the scan of the templates finds in a report of checkov, and the suppressions there are."""

from pathlib import Path
from typing import Any

import pytest
from template.scan import findings, summary, suppressed

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


def report(**results: list[Any]) -> dict[str, Any]:
    none: dict[str, list[Any]] = {"failed_checks": [], "skipped_checks": [], "parsing_errors": []}
    return {"results": none | results, "summary": {"passed": 3, "skipped": 1}}


def found(template: dict[str, Any], **results: list[Any]) -> list[str]:
    return list(findings(report(**results), {"template.yaml": template}))


SKIPPED = {"resource": FUNCTION, "check_id": CHECK}
SKIP = {"id": CHECK, "comment": REASON}


def test_a_suppression_that_is_needed_and_has_a_reason_is_none() -> None:
    assert found(template_with(SKIP), skipped_checks=[SKIPPED]) == []


def test_a_failed_check_is_a_finding() -> None:
    failed = {"resource": FUNCTION, "check_id": "CKV_AWS_115", "check_name": "has a limit"}
    assert found(template_with(), failed_checks=[failed]) == [f"{FUNCTION}: CKV_AWS_115: has a limit"]


def test_a_template_that_checkov_cannot_read_does_not_pass() -> None:
    assert found(template_with(), parsing_errors=["template.yaml"]) == [
        "template.yaml: checkov cannot read it"
    ]


def test_a_suppression_that_suppresses_nothing_is_a_finding() -> None:
    assert found(template_with(SKIP)) == [
        f"{FUNCTION}: {CHECK} is suppressed, and checkov finds nothing there"
    ]


@pytest.mark.parametrize("skip", [{"id": CHECK}, {"id": CHECK, "comment": "no"}], ids=["none", "short"])
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
    texts = {one.name: one.read_text("utf-8") for one in sources if one.is_file()}
    assert {"template.yaml.j2", "people.yaml", "restart_service.yaml"} <= {*texts}
    assert [name for name, text in texts.items() if "ignore_checks" in text] == []
