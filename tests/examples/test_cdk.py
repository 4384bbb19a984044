"""The template that the example of the CDK made, and whether it was made of the example as it is now."""

import json
import re
from typing import Any

import pytest

from tests.contracts.template import template
from tests.examples import synthesis
from tests.examples.packaged import (
    TAGS,
    answered_by,
    parameter_problems,
    room_for_the_stacks_name,
    turned_red,
)

MADE: dict[str, Any] = json.loads(synthesis.SYNTHESIZED.read_text(encoding="utf-8"))
# CloudFormation ends the name of a nested stack with a hyphen and at most so many characters of its own.
SUFFIX = 13


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = MADE["Resources"][name]["Properties"]
    return found


def test_the_template_was_made_of_the_example_as_it_is_now() -> None:
    assert MADE["Metadata"]["MadeOf"] == synthesis.hashes(), "run python -m tests.examples.synthesis"


def test_the_example_makes_this_template() -> None:
    if not synthesis.PYTHON.exists():
        pytest.skip(
            "the CDK's library (430 MB, and Node) is not in the gate: python -m tests.examples.synthesis"
        )
    assert synthesis.synthesize() == synthesis.SYNTHESIZED.read_text(encoding="utf-8")


def test_the_parameters_and_outputs_of_the_nested_stack_are_those_of_the_template() -> None:
    assert parameter_problems(properties("Firebreak")["Parameters"]) == []
    taken = [one["Value"]["Fn::GetAtt"] for one in MADE["Outputs"].values()]
    assert {name for name, _ in taken} == {"Firebreak"}
    assert {output.removeprefix("Outputs.") for _, output in taken} <= set(template()["Outputs"])


def test_the_nested_stack_is_the_packaged_template_of_a_version_in_this_region() -> None:
    url = properties("Firebreak")["TemplateURL"]["Fn::Sub"]
    assert url.startswith("https://${ReleaseBucket}.s3.${AWS::Region}.")
    assert url.endswith("/firebreak/${ReleaseVersion}/template.yaml")


def test_the_names_of_the_functions_are_allowed_under_the_name_of_the_nested_stack() -> None:
    (stack,) = re.findall(
        r'Alarms\(app, "(\w+)"\)', (synthesis.EXAMPLE / "app.py").read_text(encoding="utf-8")
    )
    room = room_for_the_stacks_name() - len("-Firebreak-") - SUFFIX
    assert len(stack) <= room
    assert f"some {room} characters long" in (synthesis.EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_its_alarm_is_answered_by_the_tags_that_ride_in_its_event() -> None:
    tags = {one["Key"]: one["Value"] for one in properties("Memory")["Tags"]}
    assert tags == TAGS
    assert properties("Memory")["ActionConfiguration"] == {"AlarmTagsPropagation": {"Enabled": True}}
    red = turned_red(properties("Memory")["Namespace"], properties("Memory")["MetricName"], tags)
    assert answered_by(red, live_tags={}) == ["restart-service"]
