"""What a policy says of single actions: which keys each takes, and within what bounds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from firebreak.core.model import Autonomy
from firebreak.core.routing import SERVICE_OF
from firebreak.core.rules import PAGE_RUNG, ActionSettings
from firebreak.policy.runbooks import PREFIX, RunbookName, RunbookSection, misnamed
from firebreak.policy.units import Duration

type ActionName = Literal[
    "restart-service",
    "scale-service",
    "restart-environment",
    "roll-back-environment",
    "pause-sending",
    "run-runbook",
    "roll-back-service",
    "adjust-function-memory",
    "adjust-task-memory",
    "roll-back-function",
    "restart-function",
    "replace-task",
]
type RungName = Literal[
    "restart-service",
    "scale-service",
    "restart-environment",
    "roll-back-environment",
    "pause-sending",
    "run-runbook",
    "roll-back-service",
    "adjust-function-memory",
    "adjust-task-memory",
    "roll-back-function",
    "restart-function",
    "replace-task",
    "page",
]

# An action that may do much at once, or rests on what AWS does not tell for sure, is not done by itself
# because the defaults say auto: only an explicit word for it does that.
ASKS_BY_DEFAULT = frozenset({"restart-environment", "roll-back-environment", "run-runbook"})

# What asks a human whatever the policy says: an action on a target in its short form.
ALWAYS_ASKS = frozenset({("pause-sending", "ses:account")})

# What an action takes beside autonomy, cooldown and ladder, with what holds where the file is silent.
SETTINGS: Mapping[str, ActionSettings] = MappingProxyType(
    {
        "scale-service": ActionSettings(step=1, ceiling=10, restore_after=timedelta(minutes=30)),
        "roll-back-service": ActionSettings(blame=timedelta(minutes=30)),
        "roll-back-environment": ActionSettings(blame=timedelta(minutes=30)),
        "adjust-task-memory": ActionSettings(factor=1.5, ceiling=30_720, raises=3),
        "adjust-function-memory": ActionSettings(factor=1.5, ceiling=3008, raises=3),
        "roll-back-function": ActionSettings(blame=timedelta(minutes=30)),
    }
)
KEYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "scale-service": frozenset({"step", "ceiling", "restore_after"}),
        "roll-back-service": frozenset({"blame"}),
        "roll-back-environment": frozenset({"blame"}),
        "adjust-task-memory": frozenset({"factor", "ceiling", "raises"}),
        "run-runbook": frozenset({"prefix", "runbooks"}),
        "adjust-function-memory": frozenset({"factor", "ceiling", "raises"}),
        "roll-back-function": frozenset({"blame"}),
    }
)
# The largest ceiling of each: tasks of a service [CreateService]; MB of a function
# [docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html].
HIGHEST: Mapping[str, int] = MappingProxyType(
    {"scale-service": 5000, "adjust-function-memory": 10_240, "adjust-task-memory": 122_880}
)


class ActionSection(BaseModel):
    """What holds for one action; `ladder` is the response when this action comes first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    autonomy: Autonomy | None = None
    cooldown: Duration | None = None
    ladder: list[RungName] = []
    step: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    ceiling: Annotated[int, Field(strict=True, ge=1)] | None = None
    raises: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    factor: Annotated[float, Field(strict=True, gt=1, le=10)] | None = None
    restore_after: Duration | None = None
    blame: Duration | None = None
    prefix: str | None = Field(default=None, min_length=3, max_length=64)
    runbooks: dict[RunbookName, RunbookSection] = {}

    def settings(self, action: str) -> ActionSettings:
        """What the action reads, from here or by default."""
        usual = SETTINGS.get(action, ActionSettings())
        given = {name: value for name in KEYS.get(action, ()) if (value := getattr(self, name)) is not None}
        given["runbooks"] = {name: listed.runbook() for name, listed in self.runbooks.items()}
        return ActionSettings(
            **{name: given.get(name, getattr(usual, name)) for name in ActionSettings.__slots__}
        )


def odd_settings(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """Keys that the action does not take, and ceilings out of reach."""
    for name, section in actions.items():
        takes = KEYS.get(name, frozenset())
        for key in sorted(section.model_fields_set - {"autonomy", "cooldown", "ladder"} - takes):
            known = ", ".join(sorted({"autonomy", "cooldown", "ladder"} | takes))
            yield f"actions.{name}.{key}: not a setting of {name}; it takes {known}"
        highest = HIGHEST.get(name, 0)
        if "ceiling" in takes and section.ceiling and section.ceiling > highest:
            yield f"actions.{name}.ceiling: at most {highest} (found {section.ceiling})"


def odd_ladders(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """What is odd about the ladders of the actions' own sections."""
    for name, section in actions.items():
        yield from odd_ladder(f"actions.{name}.ladder", name, section.ladder)


def odd_ladder(path: str, first: str, rungs: Sequence[str]) -> Iterator[str]:
    """A ladder that starts with another action, ends without a page, repeats, or changes the target."""
    if rungs and (rungs[0] != first or rungs[-1] != PAGE_RUNG or len(set(rungs)) != len(rungs)):
        yield f'{path}: starts with "{first}", ends with "page", repeats nothing'
    for rung in rungs:
        if rung != PAGE_RUNG and SERVICE_OF[rung] != SERVICE_OF[first]:
            wanted = f"{SERVICE_OF[first]} targets, and {rung} for {SERVICE_OF[rung]} targets"
            yield f"{path}: {first} is for {wanted}"


def odd_runbooks(actions: Mapping[str, ActionSection]) -> Iterator[str]:
    """Documents whose names do not begin as those that may be run do."""
    for name, section in actions.items():
        prefix = section.prefix or PREFIX
        for runbook, document in misnamed(section.runbooks, prefix).items():
            yield f"actions.{name}.runbooks.{runbook}.document: begins with {prefix!r} (found {document!r})"
