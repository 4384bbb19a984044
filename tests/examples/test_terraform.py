"""The example for Terraform, read as HCL and held against the arguments that its provider declares."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import hcl2
import pytest
from hcl2.utils import SerializationOptions

from tests.contracts.template import template
from tests.docs.documents import ROOT
from tests.examples.packaged import (
    TAGS,
    answered_by,
    parameter_problems,
    room_for_the_stacks_name,
    turned_red,
)

EXAMPLE = ROOT / "examples" / "terraform"
TEXT = (EXAMPLE / "main.tf").read_text(encoding="utf-8")
ARGUMENTS = tomllib.loads((ROOT / "tests/examples/terraform_arguments.toml").read_text(encoding="utf-8"))
PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def blocks(kind: str, text: str = TEXT) -> dict[tuple[str, ...], dict[str, Any]]:
    """The blocks of a kind by their labels."""
    return dict(
        _labelled(hcl2.loads(text, serialization_options=PLAIN).get(kind, []), 2 if kind in TWO else 1)
    )


TWO = {"resource", "data"}


def _labelled(found: list[Any], labels: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for one in found:
        for label, body in one.items():
            if labels == 1:
                yield (label,), body
            else:
                yield from (((label, *more), deeper) for more, deeper in _labelled([body], labels - 1))


def argument_problems(text: str) -> list[str]:
    """The objections of `terraform validate` to the arguments of the resources."""
    found = []
    for (kind, name), body in blocks("resource", text).items():
        known = ARGUMENTS[kind]
        unknown = sorted(set(body) - {*known["required"], *known["optional"]})
        missing = sorted(set(known["required"]) - set(body))
        found += [f"{kind}.{name} has no argument {one}" for one in unknown]
        found += [f"{kind}.{name} lacks {one}" for one in missing]
    return found


def reference_problems(text: str) -> list[str]:
    """References to variables, data and resources that are not declared."""
    declared = {f"var.{name}" for (name,) in blocks("variable", text)}
    declared |= {f"data.{kind}.{name}" for kind, name in blocks("data", text)}
    declared |= {f"{kind}.{name}" for kind, name in blocks("resource", text)}
    used = re.findall(r"\b(var\.\w+|data\.\w+\.\w+|(?<!data\.)aws_\w+\.\w+)", re.sub(r"#.*", "", text))
    return sorted({one for one in used if one not in declared})


def stack() -> dict[str, Any]:
    return blocks("resource")["aws_cloudformation_stack", "firebreak"]


def alarm() -> dict[str, Any]:
    return blocks("resource")["aws_cloudwatch_metric_alarm", "memory"]


def test_every_argument_is_one_that_the_provider_has() -> None:
    assert argument_problems(TEXT) == []
    assert reference_problems(TEXT) == []


@pytest.mark.parametrize(
    ("sound", "broken", "found"),
    [
        ("template_url ", "template_uri ", "has no argument template_uri"),
        ("  evaluation_periods  = 3\n", "", "lacks evaluation_periods"),
        ("  dimensions = {", "  action_configuration = {}\n\n  dimensions = {", "action_configuration"),
    ],
)
def test_an_argument_that_is_unknown_or_missing_is_found(sound: str, broken: str, found: str) -> None:
    assert sound in TEXT
    (problem,) = argument_problems(TEXT.replace(sound, broken))
    assert found in problem


def test_a_reference_to_nothing_is_found() -> None:
    assert reference_problems(TEXT.replace("var.service}-", "var.name}-")) == ["var.name"]


def test_each_resource_of_the_example_has_the_source_of_its_arguments() -> None:
    assert {kind for kind, _ in blocks("resource")} == set(ARGUMENTS)
    for one in ARGUMENTS.values():
        assert re.fullmatch(r"[0-9a-f]{40}", one["commit"])
        assert one["source"].startswith("hashicorp/terraform-provider-aws ")


def test_the_parameters_and_outputs_are_those_of_the_template() -> None:
    assert parameter_problems(stack()["parameters"]) == []
    outputs = re.findall(r"\.outputs\[\"(\w+)\"\]", TEXT)
    assert outputs
    assert set(outputs) <= set(template()["Outputs"])


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PageMail", "a@example.com", "no parameter PageMail"),
        ("PageEmail", "nobody", "PageEmail may not be nobody"),
        ("RouteUntagged", "yes", "RouteUntagged may not be yes"),
        ("DecisionRetentionInDays", 90, "DecisionRetentionInDays is no text"),
        ("PageEmail", "${var.page_email}", None),
    ],
)
def test_a_parameter_that_cloudformation_would_refuse_is_found(
    name: str, value: object, found: str | None
) -> None:
    assert parameter_problems({name: value}) == ([found] if found else [])


def test_the_provider_uses_no_change_set_so_the_transform_is_acknowledged() -> None:
    assert template()["Transform"]
    assert set(stack()["capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}


def test_the_template_is_the_packaged_one_of_a_version_in_the_region_of_the_stack() -> None:
    assert "template_body" not in stack()
    url = stack()["template_url"]
    assert url.startswith("https://${var.release_bucket}.s3.${var.region}.")
    assert url.endswith("/firebreak/${var.release_version}/template.yaml")
    assert len(stack()["name"]) <= room_for_the_stacks_name()


def test_its_alarm_is_answered_although_its_tags_do_not_ride() -> None:
    red = turned_red(alarm()["namespace"], alarm()["metric_name"], tags=None)
    assert answered_by(red, live_tags=alarm()["tags"]) == ["restart-service"]
    assert alarm()["tags"] == TAGS


def test_an_alarm_on_no_symptom_is_answered_by_its_live_tags_alone() -> None:
    red = turned_red("AWS/ECS", "NetworkRxBytes", tags=None)
    assert answered_by(red, live_tags={}) == []
    assert answered_by(red, live_tags={"firebreak:action": "restart-service"}) == ["restart-service"]
    assert stack()["parameters"]["RouteUntagged"] == "ENABLED"


def test_it_is_formatted_as_terraform_formats() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform on the PATH; nothing else here needs it")
    done = subprocess.run(
        [terraform, f"-chdir={EXAMPLE}", "fmt", "-check", "-diff"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
