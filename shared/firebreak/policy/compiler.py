"""Makes the policy out of the text of a policy file: TOML in, every mistake at once out."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from firebreak.core.limits.calendars import ChangeCalendar
from firebreak.core.limits.disruption_budget import DisruptionBudget
from firebreak.core.limits.scopes import Level
from firebreak.core.rules import Verification
from firebreak.errors import PolicyError
from firebreak.policy.lines import lines_of, with_line
from firebreak.policy.policy import (
    ActionRules,
    Defaults,
    FreezeCalendar,
    FreezeWindow,
    GroupRules,
    Override,
    Policy,
    SharedDependency,
    hash_of,
)
from firebreak.policy.renamed_keys import with_new_names
from firebreak.policy.schema import PolicyFile
from firebreak.policy.window_sections import WindowSection


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy file that loads: its sections as they are written there, and its text.

    `renamed` has the paths of keys that the file calls by an older name, by their present ones.
    """

    file: PolicyFile
    text: str
    renamed: Mapping[str, str]


def read_policy(text: str, source: str) -> PolicySource:
    """Reads a policy file; raises PolicyError with every mistake, each with its path."""
    try:
        renamed = with_new_names(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(source, [f"not TOML: {error}"]) from error
    twice = [with_line(problem, lines_of(text)) for problem in renamed.problems]
    try:
        file = PolicyFile.model_validate(renamed.policy)
    except ValidationError as error:
        from firebreak.policy.mistakes import mistakes_of  # a policy that loads needs none of it

        problems = error.errors(include_url=False)
        mistakes = mistakes_of(problems, lines_of(text), renamed.written)
        raise PolicyError(source, [*twice, *mistakes]) from error
    if twice:
        raise PolicyError(source, twice)
    return PolicySource(file, text, renamed.written)


def parse_policy(text: str, source: str) -> Policy:
    """The policy in this text; raises PolicyError with every mistake, each with its path."""
    return compile_policy(read_policy(text, source))


def compile_policy(source: PolicySource) -> Policy:
    """The policy with every default in place, in the values that the core decides by."""
    file = source.file
    return Policy(
        hash=hash_of(source.text),
        defaults=Defaults(**_values(file.defaults)),
        budgets=file.budgets.by_level(),
        verification=Verification(**_values(file.verify)),
        storm=file.storm.rules(file.defaults.max_event_age),
        breakers={
            Level.TARGET: file.breaker.target.limits(),
            Level.ACTION: file.breaker.action.limits(),
        },
        disruption=DisruptionBudget(**_values(file.disruption)),
        groups=tuple(GroupRules(**_values(one)) for one in file.groups),
        dependencies=tuple(SharedDependency(**_values(one)) for one in file.dependencies),
        never=_windows(file.freeze.never),
        only=_windows(file.freeze.only),
        calendars=tuple(
            FreezeCalendar(
                calendar=ChangeCalendar(one.name, one.arn),
                targets=one.targets,
                actions=one.actions,
                override=one.override,
            )
            for one in file.freeze.calendars
        ),
        missing_data=file.missing_data.rules(),
        paging=file.paging.rules(demo=file.demo),
        actions={
            name: ActionRules(
                autonomy=one.autonomy,
                cooldown=one.cooldown,
                approvers=one.approvers,
                ladder=tuple(one.ladder),
            )
            for name, one in file.actions.items()
        },
        settings={name: one.settings(name) for name, one in file.actions.items()},
        overrides=tuple(
            Override(**{**_values(one), "ladder": tuple(one.ladder or ())}) for one in file.overrides
        ),
    )


def _values(section: BaseModel) -> dict[str, Any]:
    """The fields of a section whose keys are those of the core's value; a list becomes a tuple."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in section}


def _windows(sections: Iterable[WindowSection]) -> tuple[FreezeWindow, ...]:
    return tuple(
        FreezeWindow(window=one.window(), targets=one.targets, actions=one.actions, override=one.override)
        for one in sections
    )
