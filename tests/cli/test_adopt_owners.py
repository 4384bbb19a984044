"""The owner of a resource, and how bad its owner says it is: signs in tags and names."""

import pytest

from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak_cli.adopt.owners import BY_NAME, NOBODY, OWNER_NOT_KNOWN, OwnerKind, owner_of
from firebreak_cli.adopt.severity_words import declared_severity

K = OwnerKind
OWNERS: list[tuple[dict[str, str], str]] = [
    ({}, "nobody"),
    ({"team": "shop"}, "nobody"),
    ({"aws:cloudformation:stack-name": "ShopStack"}, "stack ShopStack"),
    ({"ManagedBy": "Terraform"}, "terraform"),
    ({"managed-by": "terraform v1.9"}, "terraform"),
    ({"managed_by": "OpenTofu"}, "terraform"),
    ({"Managed By": "terragrunt"}, "terraform"),
    ({"iac": "terraform"}, "terraform"),
    ({"Terraform": "true"}, "terraform"),
    ({"terraform": "yes"}, "terraform"),
    ({"TerraformWorkspace": "prod"}, "terraform"),
    ({"terraform.io/module": "alarms"}, "terraform"),
    ({"hashicorp:terraform": "x"}, "terraform"),
    ({"tf-module": "alarms"}, "terraform"),
    ({"Terraform": "false"}, "nobody"),
    ({"tfoot": "x"}, "nobody"),
    ({"ManagedBy": "CDK"}, "stack"),
    ({"provisioned-by": "cloudformation"}, "stack"),
    ({"ManagedBy": "Pulumi"}, "Pulumi"),
    ({"ManagedBy": "by hand"}, "nobody"),
    ({"ManagedBy": "manually"}, "nobody"),
    ({"ManagedBy": "none"}, "nobody"),
    ({"pulumi:project": "shop"}, "Pulumi"),
    ({"crossplane-name": "shop"}, "Crossplane"),
    ({"services.k8s.aws/controller-version": "1"}, "AWS Controllers for Kubernetes"),
    ({"aws:cloudformation:stack-name": "S", "ManagedBy": "terraform"}, "stack S"),
]


@pytest.mark.parametrize(("tags", "owner"), OWNERS, ids=str)
def test_tags_show_who_manages_a_resource(tags: dict[str, str], owner: str) -> None:
    found = owner_of("api-memory", tags)
    assert found.shown == owner
    assert found.owns is (owner != "nobody")


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("ShopStack-Memory7103F465-9tYHfXMfzO3M", "ShopStack"),
        ("shop-prod-MemoryAlarm-1S2T3U4V5W6X7", "shop-prod"),
        ("shop-prod-memory-alarm", ""),
        ("prod-api-memoryutilization", ""),
        ("prod-api-MEMORYALARMS", ""),
        ("prod-api-123456789012", ""),
        ("[P1] shop-MemoryAlarm-1S2T3U4V5W6X7", ""),
    ],
)
def test_a_name_that_cloudformation_made_is_the_weakest_sign(name: str, stack: str) -> None:
    found = owner_of(name, {})
    assert (found.name, found.by) == ((stack, BY_NAME) if stack else ("", ""))
    assert owner_of(name, {"ManagedBy": "terraform"}).kind is K.TERRAFORM


def test_tags_that_were_not_read_leave_the_owner_open() -> None:
    generated = "ShopStack-Memory7103F465-9tYHfXMfzO3M"
    assert owner_of("api", NotRead("x")) == OWNER_NOT_KNOWN == owner_of("api", Unknown("x"))
    assert owner_of("api", ABSENT) == NOBODY
    assert owner_of(generated, Unknown("x")).kind is K.CLOUDFORMATION


SEVERITIES: list[tuple[str, dict[str, str], str]] = [
    ("[P1] api is slow", {}, "critical"),
    ("[prod][P2] api is slow", {}, "error"),
    ("P1 orders connections", {}, "critical"),
    ("p2-orders", {}, "error"),
    ("(prio 1) orders", {}, "critical"),
    ("orders [Priority-2]", {}, "error"),
    ("sev1-api", {}, "critical"),
    ("SEV-2 api", {}, "error"),
    ("api severity 1", {}, "critical"),
    ("api_severity_2", {}, "error"),
    # A name never makes a page quieter.
    ("[P3] api is slow", {}, ""),
    ("api severity 3", {}, ""),
    ("sev4-api", {}, ""),
    ("api_WARN", {}, ""),
    ("[INFO] api", {}, ""),
    # Ordinary words, and names of products.
    ("api-critical", {}, ""),
    ("prod-api-p1", {}, ""),
    ("api P2", {}, ""),
    ("customer-info-api-memory", {}, ""),
    ("gpu-p5-train-memory", {}, ""),
    ("p2.xlarge-memory", {}, ""),
    ("critical-css-memory", {}, ""),
    ("fatal-attraction-api", {}, ""),
    ("emergency-calls-memory", {}, ""),
    ("early-warning-api", {}, ""),
    ("several1-api", {}, ""),
    # These are of the metric.
    ("api-latency-p99", {}, ""),
    ("api-latency-p50", {}, ""),
    ("api-memory-high", {}, ""),
    ("lambda-errors", {}, ""),
    ("disk-low", {}, ""),
    ("top10 api", {}, ""),
    ("::", {}, ""),
    ("api", {"priority": "1"}, "critical"),
    ("api", {"Priority": "P2"}, "error"),
    ("api", {"severity": "SEV-3"}, "warning"),
    ("api", {"alarm:severity": "high"}, "error"),
    ("api-critical", {"severity": "low"}, "info"),
    ("api", {"severity": "soon"}, ""),
    ("api", {"firebreak:severity": "error", "priority": "1"}, "error"),
]


@pytest.mark.parametrize(("name", "tags", "severity"), SEVERITIES, ids=str)
def test_the_severity_is_that_of_a_tag_else_that_of_the_name(
    name: str, tags: dict[str, str], severity: str
) -> None:
    assert declared_severity(name, tags).severity == severity


def test_two_severities_are_none_and_a_doubt() -> None:
    found = declared_severity("[P1] api sev3", {})
    assert (found.severity, found.doubt) == (
        "",
        "its severity is critical and warning by its name, so none is proposed",
    )
    tags = declared_severity("api", {"priority": "1", "severity": "low"})
    assert (
        tags.doubt
        == "its severity is critical and info by its tag priority, its tag severity, so none is proposed"
    )


def test_a_tag_that_is_no_severity_is_not_overwritten() -> None:
    found = declared_severity("api-critical", {"firebreak:severity": "urgent"})
    assert (found.severity, bool(found.doubt)) == ("", True)
