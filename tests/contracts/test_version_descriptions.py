"""The description of a version: a parameter that changes every function makes a new version by it."""

import json
import re
from typing import Any

import pytest

from firebreak_cli.doctor.on_aws.stack_answers import IN_DESCRIPTION
from tests.contracts.template import functions, template

every_function = pytest.mark.parametrize("name", sorted(functions()))

# Those that change every function, and one that is too long for a description: the documents say so.
OF_EVERY_VERSION = {"Architecture", "DecisionRetentionInDays", "KeyArn", "PolicyFile", "PolicySource"}
NOT_IN_A_DESCRIPTION = {"EndpointUrl", "LedgerTableName"}


def parameters_in(value: Any) -> set[str]:
    """The parameters that a part of the template depends on, by reference or through a condition."""
    text = json.dumps(value)
    conditions = [one for name, one in template()["Conditions"].items() if f'{{"Fn::If": ["{name}"' in text]
    named = re.findall(r'"Ref": "(\w+)"|\$\{(\w+)\}', text + json.dumps(conditions))
    return {one or other for one, other in named} & set(template()["Parameters"])


@every_function
def test_a_parameter_that_changes_every_function_reaches_the_alias(name: str) -> None:
    """SAM names a version by the template, not by values of parameters; the description makes a new one."""
    common = {**template()["Globals"]["Function"], "PermissionsBoundary": None}
    assert parameters_in(common) == OF_EVERY_VERSION | NOT_IN_A_DESCRIPTION
    topic = parameters_in(functions()[name]["Environment"]) & {"PageTopicArn"}
    assert parameters_in(functions()[name]["VersionDescription"]) == OF_EVERY_VERSION | topic


def test_the_doctor_looks_for_each_parameter_that_the_description_names() -> None:
    named = re.findall(r"\$\{(\w+)\}", functions()["Verify"]["VersionDescription"]["Fn::Sub"])
    assert tuple(named) == IN_DESCRIPTION
    may_be_empty = [one for one in named if template()["Parameters"][one].get("Default") == ""]
    assert may_be_empty == ["KeyArn"]


def test_the_description_of_a_version_fits_at_the_longest_values() -> None:
    parameters = template()["Parameters"]
    longest = {
        "Architecture": "x86_64",
        "DecisionRetentionInDays": str(parameters["DecisionRetentionInDays"]["MaxValue"]),
        "Key": f"key/mrk-{'0' * 32}",
        "PolicyFile": "x" * parameters["PolicyFile"]["MaxLength"],
        "PolicySource": max(parameters["PolicySource"]["AllowedValues"], key=len),
    }
    longest["Topic"] = "t" * int(re.findall(r",(\d+)\}$", parameters["PageTopicArn"]["AllowedPattern"])[0])
    written, _ = functions()["Page"]["VersionDescription"]["Fn::Sub"]
    assert len(re.sub(r"\$\{(\w+)\}", lambda found: longest[found[1]], written)) <= 256
