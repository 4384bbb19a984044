"""The template as SAM's transform hands it to CloudFormation, with the parameters of one deployment.

The transform is SAM's own code, in the environment of SAM CLI; CloudFormation runs the same with the
values of the parameters.
"""

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from firebreak_devtools.local.paths import LocalError
from firebreak_devtools.local.sam import sam_command
from tests.contracts.template import PATH
from tests.docs.documents import ROOT

# Code that is not packaged has no address that the transform would take.
_TRANSFORM = """
import json, sys
from types import SimpleNamespace
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
path, parameters = sys.argv[1:]
template = yaml_parse(open(path, encoding="utf-8").read())
for one in template["Resources"].values():
    for code in {"CodeUri", "ContentUri"} & one.get("Properties", {}).keys():
        one["Properties"][code] = "s3://bucket/code.zip"
print(json.dumps(transform(template, json.loads(parameters), SimpleNamespace(load=dict))))
"""


def transformed(**parameters: str) -> Any:
    """The template for these parameters. Skips where SAM is not installed."""
    return _transformed(json.dumps(parameters))


@cache
def _transformed(parameters: str) -> Any:
    return json.loads(_run("-c", _TRANSFORM, str(PATH), parameters))


def predefined_shifts() -> list[str]:
    """The types of deployments whose names SAM knows."""
    of_sam = "samtranslator.model.preferences.deployment_preference_collection"
    code = f"import json, {of_sam} as of; print(json.dumps(of.CODEDEPLOY_PREDEFINED_CONFIGURATIONS_LIST))"
    return [str(one) for one in json.loads(_run("-c", code))]


def _run(*arguments: str) -> str:
    try:
        python = sam_command(ROOT).with_name("python")
    except LocalError as error:
        pytest.skip(str(error))
    environment = {"AWS_DEFAULT_REGION": "eu-west-1"}
    ran = subprocess.run(  # constant words, and parameters of a test
        [str(python), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


def awaited(resource: Mapping[str, Any], names: set[str]) -> set[str]:
    """The resources of these names that CloudFormation makes or changes before this one."""
    found: set[str] = set()
    waiting: list[Any] = [resource.get("Properties"), resource.get("UpdatePolicy")]
    while waiting:
        match waiting.pop():
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
                found.add(name)
            case {"Fn::Sub": str(text)}:
                found |= {name for name in names if f"${{{name}}}" in text or f"${{{name}." in text}
            case dict() as inside:
                waiting += inside.values()
            case list() as inside:
                waiting += inside
            case _:
                pass
    depends = resource.get("DependsOn", [])
    return (found | ({depends} if isinstance(depends, str) else set(depends))) & names
