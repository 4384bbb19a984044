"""The policy as it applies to one request: every override resolved, nothing left to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from firebreak.core.budgets import Budget
from firebreak.core.model import Autonomy

PAGE_RUNG = "page"


class Level(StrEnum):
    """The levels at which acts are limited."""

    TARGET = "target"
    GROUP = "group"
    ACTION = "action"
    STACK = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """When to look whether an act helped, and how long to be patient."""

    after: timedelta
    healthy_for: timedelta
    retry_every: timedelta
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the policy says for one action on one target.

    `source` names what spoke for the autonomy ("defaults", "actions.restart-service",
    "overrides[0] ecs:prod/*"); `policy_hash` identifies the whole file.
    """

    policy_hash: str
    source: str
    autonomy: Autonomy
    cooldown: timedelta
    rung_gap: timedelta
    max_event_age: timedelta
    budgets: Mapping[Level, tuple[Budget, ...]]
    ladder: tuple[str, ...]
    verification: Verification
    max_incident_age: timedelta
    settings: Mapping[str, int]
