"""The parameters with which `sam deploy` would deploy a stack, as SAM's settings file has them."""

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firebreak.core.readings import ABSENT, Reading, Unknown

SAMCONFIG = Path("samconfig.toml")


@dataclass(frozen=True, slots=True)
class DeploySettings:
    """The parameters that the settings of one environment name; the others keep what they have."""

    environment: str
    parameters: Mapping[str, str]


def deploy_settings(file: Path, stack: str) -> Reading[DeploySettings]:
    """The settings of the first environment that deploys a stack of this name; absent where none does."""
    try:
        environments = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ABSENT
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        return Unknown(f"{file} cannot be read: {error}")
    for name, environment in environments.items():
        if isinstance(environment, dict):
            # As SAM does: a setting of the command takes the place of the same one for all commands.
            given = {**_parameters(environment, "global"), **_parameters(environment, "deploy")}
            if given.get("stack_name") == stack:
                return _settings(name, given.get("parameter_overrides", ""), file)
    return ABSENT


def _parameters(environment: Mapping[str, Any], command: str) -> Mapping[str, Any]:
    section = environment.get(command, {})
    found = section.get("parameters", {}) if isinstance(section, dict) else {}
    return found if isinstance(found, dict) else {}


def _settings(environment: str, given: object, file: Path) -> DeploySettings | Unknown:
    try:
        return DeploySettings(environment, dict(_pairs(given)))
    except ValueError as error:
        return Unknown(f"{file}: parameter_overrides of {environment} cannot be read: {error}")


def _pairs(given: object) -> Iterator[tuple[str, str]]:
    """Each parameter with its value, in any of the forms that SAM takes. Raises ValueError."""
    if isinstance(given, dict):
        yield from ((str(name), str(value)) for name, value in given.items())
        return
    words = given if isinstance(given, list) else shlex.split(str(given))
    for word in map(str, words):
        long = word.removeprefix("ParameterKey=").partition(",ParameterValue=")
        name, equals, value = long if word.startswith("ParameterKey=") else word.partition("=")
        if not equals:
            raise ValueError(f"expected NAME=VALUE, found {word[:60]}")
        yield name, value
