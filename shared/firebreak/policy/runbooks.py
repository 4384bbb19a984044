"""The policy's section for runbooks: the documents that may be run, their versions and parameters."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from firebreak.core.action_spec import Runbook
from firebreak.policy.units import Duration

VERSION_PATTERN = r"^[1-9][0-9]{0,9}$"

# Bounds of StartAutomationExecution: 200 parameters, names of 50 and values of 512 characters, 50
# values each [AutomationParameterMap, AutomationParameterKey, AutomationParameterValueList].
MOST_PARAMETERS, MOST_VALUES = 200, 50
type ParameterName = Annotated[str, Field(min_length=1, max_length=50)]
type ParameterValue = Annotated[str, Field(min_length=1, max_length=512)]
type ParameterValues = Annotated[list[ParameterValue], Field(max_length=MOST_VALUES)]

# The name's form in a target (intake/target_resolution.py).
type RunbookName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
# DocumentName without colons and slashes: a document of this account, never the ARN of another's.
type DocumentName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,128}$")]


def _version(value: object) -> object:
    if not (isinstance(value, str) and value.isascii() and value.isdecimal() and value[0] != "0"):
        raise ValueError('a fixed version, as text: "3", never "$LATEST" or "$DEFAULT"')
    return value


type FixedVersion = Annotated[
    str, BeforeValidator(_version, json_schema_input_type=Annotated[str, Field(pattern=VERSION_PATTERN)])
]


def _parameter(value: object) -> object:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in texts):
        raise ValueError('a text or a list of texts, also for numbers: "10"')
    return texts


type Parameter = Annotated[
    ParameterValues, BeforeValidator(_parameter, json_schema_input_type=ParameterValue | ParameterValues)
]


class RunbookSection(BaseModel):
    """One document that may be run, by the name that targets call it (`runbook:NAME`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: DocumentName
    version: FixedVersion
    parameters: Annotated[
        dict[ParameterName, Parameter],
        Field(max_length=MOST_PARAMETERS),
    ] = {}
    guard: str = Field(default="", max_length=255)
    patience: Duration = timedelta(minutes=30)
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")

    def runbook(self) -> Runbook:
        """The section as the core's Runbook; every parameter is a list there, as SSM requires."""
        return Runbook(
            document=self.document,
            version=self.version,
            parameters={name: tuple(values) for name, values in self.parameters.items()},
            guard=self.guard,
            patience=self.patience,
            sha256=self.sha256,
        )


def misnamed(runbooks: Mapping[str, RunbookSection], prefix: str) -> Mapping[str, str]:
    """The documents that the function's role may not start, by their runbook."""
    return {name: one.document for name, one in runbooks.items() if not one.document.startswith(prefix)}
