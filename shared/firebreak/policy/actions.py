"""The policy's sections of single actions: the keys that each takes, and their bounds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from firebreak.core.action_spec import ActionSettings, RunbookSettings
from firebreak.core.model import Autonomy
from firebreak.core.rules import PAGE_RUNG
from firebreak.policy.runbooks import RunbookName, RunbookSection, misnamed
from firebreak.policy.units import Approvers, Duration
from firebreak.services.registry import CATALOG

# Names that the policy may use are those of the registry; a type checker sees any text.
if TYPE_CHECKING:
    type ActionName = str
    type RungName = str
else:
    ActionName = Literal[tuple(CATALOG)]
    RungName = Literal[(*CATALOG, PAGE_RUNG)]

_EVERY_ACTION = frozenset({"approvers", "autonomy", "cooldown", "ladder"})


def keys_of(action: str) -> frozenset[str]:
    """The keys that the action takes apart from autonomy, cooldown and ladder."""
    return frozenset(field.name for field in fields(CATALOG.settings_of(action)))


class ActionSection(BaseModel):
    """The rules for one action; `ladder` is the response when this action comes first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    autonomy: Autonomy | None = None
    cooldown: Duration | None = None
    approvers: Approvers | None = None
    ladder: list[RungName] = []
    step: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    ceiling: Annotated[int, Field(strict=True, ge=1)] | None = None
    raises: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    factor: Annotated[float, Field(strict=True, gt=1, le=10)] | None = None
    restore_after: Duration | None = None
    suspect_within: Duration | None = None
    prefix: str | None = Field(default=None, min_length=3, max_length=64)
    runbooks: dict[RunbookName, RunbookSection] = {}

    def settings(self, action: str) -> ActionSettings:
        """The settings of the action, from here or by default."""
        usual = CATALOG.settings_of(action)
        given = {field.name: getattr(self, field.name) for field in fields(usual)}
        if "runbooks" in given:
            given["runbooks"] = {name: listed.runbook() for name, listed in self.runbooks.items()}
        return replace(usual, **{name: value for name, value in given.items() if value is not None})


def odd_settings(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """Keys that the action does not take, and ceilings out of reach."""
    for name, section in actions.items():
        takes = keys_of(name)
        for key in sorted(section.model_fields_set - _EVERY_ACTION - takes):
            known = ", ".join(sorted(_EVERY_ACTION | takes))
            yield f"actions.{name}.{key}: not a setting of {name}; it takes {known}"
        highest = CATALOG.specs[name].highest_ceiling
        if "ceiling" in takes and section.ceiling and section.ceiling > highest:
            yield f"actions.{name}.ceiling: at most {highest} (found {section.ceiling})"


def odd_ladders(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """The mistakes in the ladders of the actions' own sections."""
    for name, section in actions.items():
        yield from odd_ladder(f"actions.{name}.ladder", name, section.ladder)


def odd_ladder(path: str, first: str, rungs: Sequence[str]) -> Iterator[str]:
    """A ladder that starts with another action, ends without a page, repeats, or changes the target."""
    if rungs and (rungs[0] != first or rungs[-1] != PAGE_RUNG or len(set(rungs)) != len(rungs)):
        yield f'{path}: starts with "{first}", ends with "page", repeats nothing'
    for rung in rungs:
        if rung != PAGE_RUNG and CATALOG.service_of(rung) != CATALOG.service_of(first):
            wanted = f"{CATALOG.service_of(first)} targets, and {rung} for {CATALOG.service_of(rung)} targets"
            yield f"{path}: {first} is for {wanted}"


def odd_runbooks(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """Documents whose names do not begin with the prefix of those that may be run."""
    for name, section in actions.items():
        prefix = section.prefix or RunbookSettings().prefix
        for runbook, document in misnamed(section.runbooks, prefix).items():
            yield f"actions.{name}.runbooks.{runbook}.document: begins with {prefix!r} (found {document!r})"
