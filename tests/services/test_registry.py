"""The registry holds every action there is, and each says what it may do."""

import inspect
import sys
from dataclasses import fields
from types import ModuleType

import pytest

from firebreak.core.action_spec import TemporarySettings
from firebreak.policy.actions import ActionSection
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS, CATALOG, BuiltActions
from tests.support.fakes import FakeServices


def connections() -> Connections:
    """Services that connect to nothing: an action is built of them all the same."""
    return Connections(lambda _: None, lambda _: None)


def module_of(name: str) -> ModuleType:
    return sys.modules[ACTIONS[name].__module__]


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_called_as_its_file_is(name: str) -> None:
    assert module_of(name).__name__.rsplit(".", 1)[-1].replace("_", "-") == name
    assert ACTIONS[name](connections()).spec is CATALOG.specs[name]


@pytest.mark.parametrize("name", ACTIONS)
def test_permissions_are_listed_once_and_at_least_one_changes_something(name: str) -> None:
    permissions = CATALOG.specs[name].permissions
    assert len({permission.action for permission in permissions}) == len(permissions)
    assert any(permission.mutates for permission in permissions)


def test_the_actions_that_start_a_deployment_are_those_that_hand_ecs_a_task_definition() -> None:
    starting = [name for name in CATALOG if CATALOG.starts_deployments(name)]
    assert starting == ["adjust-task-memory", "restart-service", "roll-back-service"]


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_without_undo_says_why(name: str) -> None:
    spec = CATALOG.specs[name]
    assert bool(spec.undo) != bool(spec.irreversible)


@pytest.mark.parametrize("name", ACTIONS)
def test_a_declaration_does_not_contradict_itself(name: str) -> None:
    spec = CATALOG.specs[name]
    keys = {field.name for field in fields(spec.settings)}
    assert bool(spec.highest_ceiling) == ("ceiling" in keys)
    assert spec.temporary == isinstance(spec.settings, TemporarySettings)
    assert keys <= set(ActionSection.model_fields), "policy/actions.py says what a key looks like in the file"


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_cannot_be_changed_after_it_was_made(name: str) -> None:
    action = ACTIONS[name](connections())
    with pytest.raises(AttributeError):
        setattr(action, "reads", None)  # noqa: B010 - mypy would refuse the plain assignment


@pytest.mark.parametrize("name", ACTIONS)
def test_no_action_holds_state_at_module_level(name: str) -> None:
    values = [value for key, value in vars(module_of(name)).items() if not key.startswith("_")]
    assert [value for value in values if isinstance(value, list | dict | set)] == []
    assert any(inspect.isclass(value) for value in values)


def test_building_the_actions_waits_until_one_is_asked_for() -> None:
    built = BuiltActions(FakeServices())

    assert (list(ACTIONS), len(ACTIONS)) == (list(built), len(built))
    assert "restart-service" in built
    assert "no-such-action" not in built


def test_an_action_is_built_once() -> None:
    built = BuiltActions(connections())

    assert built["restart-service"] is built["restart-service"]
