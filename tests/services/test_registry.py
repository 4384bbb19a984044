"""The registry holds every action there is, and each says what it may do."""

import inspect
import pkgutil
from importlib import import_module

import pytest

from firebreak import services
from firebreak.core.guards.own_deployments import STARTS_DEPLOYMENTS
from firebreak.services.action import Permission
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS, BuiltActions
from tests.support.fakes import FakeServices

MODULES = {
    module.NAME: module
    for module in (
        import_module(found.name)
        for found in pkgutil.walk_packages(services.__path__, f"{services.__name__}.")
    )
    if hasattr(module, "NAME")
}


def connections() -> Connections:
    """Services that connect to nothing: an action is built of them all the same."""
    return Connections(lambda _: None, lambda _: None)


def test_every_module_that_names_an_action_is_registered_and_nothing_else() -> None:
    assert set(ACTIONS) == set(MODULES)


def test_the_names_are_the_files_names() -> None:
    names = {module.__name__.rsplit(".", 1)[-1].replace("_", "-") for module in MODULES.values()}
    assert names == set(ACTIONS)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_tells_its_registered_name_and_its_modules_permissions(name: str) -> None:
    action = ACTIONS[name](connections())
    assert (name, MODULES[name].PERMISSIONS) == (action.name, action.permissions)


@pytest.mark.parametrize("name", ACTIONS)
def test_permissions_are_listed_once_and_at_least_one_changes_something(name: str) -> None:
    permissions: tuple[Permission, ...] = MODULES[name].PERMISSIONS
    assert len({permission.action for permission in permissions}) == len(permissions)
    assert any(permission.mutates for permission in permissions)


def test_the_actions_that_start_a_deployment_are_those_that_hand_ecs_a_task_definition() -> None:
    needed = {"ecs:UpdateService", "iam:PassRole"}
    allowed = {name: {one.action for one in MODULES[name].PERMISSIONS} for name in ACTIONS}
    assert {name for name in ACTIONS if needed <= allowed[name]} == STARTS_DEPLOYMENTS


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_cannot_be_changed_after_it_was_made(name: str) -> None:
    action = ACTIONS[name](connections())
    with pytest.raises(AttributeError):
        setattr(action, "reads", None)  # noqa: B010 - mypy would refuse the plain spelling


@pytest.mark.parametrize("name", ACTIONS)
def test_no_action_holds_state_at_module_level(name: str) -> None:
    values = [value for key, value in vars(MODULES[name]).items() if not key.startswith("_")]
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
