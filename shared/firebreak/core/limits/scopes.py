"""Scopes: the things whose acts are limited together."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from firebreak.core.model import Target

STACK_KEY = "all"


class Level(StrEnum):
    """The levels at which acts are limited. Stored in the ledger: members are never renamed."""

    TARGET = "target"
    GROUP = "group"
    DEPENDENCY = "dependency"
    ACTION = "action"
    STACK = "stack"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One thing with limits, by level and canonical key."""

    level: Level
    key: str

    def __str__(self) -> str:
        if self.level is Level.DEPENDENCY:
            return f"dependency {self.key}"
        application = application_in(self.key) if self.level is Level.GROUP else ""
        return f"application {application}" if application else self.level.value


def target_scope(target: Target) -> Scope:
    """The scope of the target alone."""
    return Scope(Level.TARGET, target.key)


def group_scope(target: Target) -> Scope:
    """The scope of the group in which the target runs, and whose fate it shares (the ECS cluster)."""
    return Scope(Level.GROUP, target.group_key)


def application_scope(target: Target, application: str) -> Scope:
    """The scope of the application a tag of the target names; it is a group in addition to the cluster."""
    return Scope(Level.GROUP, f"{target.account}/{target.region}/application/{application}")


def short_key(key: str) -> str:
    """The short form of a canonical key: `111122223333/eu-west-1/ecs/prod/api` is `ecs:prod/api`."""
    match key.split("/", 3):
        case [_, _, service, rest]:
            return f"{service}:{rest}"
        case _:
            return key


def switch_scope_words(scope: str) -> str:
    """A kill switch's scope ("global", "target KEY", ...) as people write it."""
    kind, _, key = scope.partition(" ")
    match kind:
        case "group" if application := application_in(key):
            return f"application {application}"
        case "group" | "target":
            return f"{kind} {short_key(key)}"
        case _:
            return scope


def application_in(group_key: str) -> str:
    """The application that a group's key names, as `application_scope` writes it; empty for a cluster's."""
    match group_key.split("/", 3):
        case [_, _, "application", name]:
            return name
        case _:
            return ""


def action_scope(target: Target, action: str) -> Scope:
    """The scope of one action in the target's account and region."""
    return Scope(Level.ACTION, f"{target.account}/{target.region}/{action}")


def judged_in(target: Target, action: str) -> tuple[Scope, ...]:
    """The scopes that an act's verdict is written into: where breakers and shares count."""
    return (*place_of(target), action_scope(target, action))


def scopes_of(target: Target, action: str, dependencies: Iterable[str] = ()) -> tuple[Scope, ...]:
    """Every scope that an act takes a slot in, as far as target and policy name them; each once.

    A target without a group stands alone: all Lambda functions of an account are not one thing.
    """
    return (
        *place_of(target),
        *(Scope(Level.DEPENDENCY, name) for name in sorted(set(dependencies))),
        action_scope(target, action),
        Scope(Level.STACK, STACK_KEY),
    )


def place_of(target: Target) -> tuple[Scope, ...]:
    """The target, and its group where it is in one."""
    return (target_scope(target), group_scope(target)) if target.group else (target_scope(target),)
