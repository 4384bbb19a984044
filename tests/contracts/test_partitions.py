"""No ARN, link or principal is of one partition of AWS alone: an ARN or CloudFormation gives it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.template import PATH, template
from tests.docs.documents import ROOT

# The places where an ARN is put together, from a partition that they are given.
BUILDERS = {"shared/firebreak/core/arns.py", "cli/firebreak_cli/adopt/target_tags.py"}
# docs/first-deploy.md says how to look whether another partition has other names for these.
PRINCIPALS = {"cloudwatch", "codedeploy", "ecs-tasks", "events", "scheduler", "ssm"}

SOURCES = [path for room in ("shared", "cli", "functions") for path in sorted((ROOT / room).rglob("*.py"))]


def sources_with(pattern: str) -> set[str]:
    """The sources that have it somewhere."""
    return {
        path.relative_to(ROOT).as_posix() for path in SOURCES if re.search(pattern, path.read_text("utf-8"))
    }


def test_no_source_names_a_partition_in_an_arn() -> None:
    assert sources_with(r"arn:aws[a-z-]*:") == set()


def test_an_arn_is_put_together_in_two_places_only() -> None:
    assert sources_with(r"f[\"']arn:\{") == BUILDERS


def test_no_source_names_an_endpoint_of_aws() -> None:
    assert sources_with(r"\bamazonaws\.com\b") == set()


def texts(value: Any) -> Iterator[str]:
    """Every text in the template that CloudFormation works with: descriptions and patterns are for people."""
    match value:
        case str():
            yield value
        case dict():
            for name, one in value.items():
                if name not in {"Description", "AllowedPattern"}:
                    yield from texts(one)
        case list():
            for one in value:
                yield from texts(one)
        case _:
            pass


def test_every_arn_in_the_template_is_of_the_partition_it_is_deployed_in() -> None:
    arns = [text for text in texts(template()) if "arn:" in text]
    assert arns
    assert [text for text in arns if not text.startswith("arn:${AWS::Partition}:")] == []


def test_the_template_trusts_the_services_whose_principals_are_looked_at_after_the_first_deployment() -> None:
    found = {text for text in texts(template()) if "amazonaws" in text}
    assert found == {f"{name}.amazonaws.com" for name in PRINCIPALS}


@pytest.mark.parametrize("service", sorted(PRINCIPALS))
def test_the_first_deployment_asks_about_each_principal(service: str) -> None:
    assert f"`{service}.amazonaws.com`" in (ROOT / "docs/first-deploy.md").read_text("utf-8")


def test_no_link_in_the_template_leads_to_one_partitions_console() -> None:
    assert re.findall(r"console\.\S+", PATH.read_text("utf-8")) == []
