"""The scopes that a target's place or tags put it into."""

from dataclasses import replace

import pytest

from firebreak.core.limits.scopes import (
    Level,
    Scope,
    action_scope,
    application_in,
    application_scope,
    group_scope,
    judged_in,
    scopes_of,
    target_scope,
)
from firebreak.core.model import Target
from tests.support import builders as a

ALONE = replace(a.TARGET, service="lambda", group="")


def test_an_application_is_a_group_of_its_account_and_region() -> None:
    expected = Scope(Level.GROUP, "111122223333/eu-west-1/application/shop")
    assert application_scope(a.TARGET, "shop") == expected


@pytest.mark.parametrize("name", ["shop", "the shop's floor/2", "application"])
def test_an_applications_name_is_found_in_its_key(name: str) -> None:
    assert application_in(application_scope(a.TARGET, name).key) == name


def test_a_clusters_key_names_no_application() -> None:
    assert application_in(replace(a.TARGET, group="application").group_key) == ""


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (target_scope(a.TARGET), "target"),
        (group_scope(a.TARGET), "group"),
        (application_scope(a.TARGET, "shop"), "application shop"),
        (Scope(Level.DEPENDENCY, "database"), "dependency database"),
        (action_scope(a.TARGET, "restart-service"), "action"),
        (Scope(Level.STACK, "all"), "stack"),
    ],
    ids=str,
)
def test_a_scope_is_shown_by_its_level_and_a_name_where_there_are_several(scope: Scope, text: str) -> None:
    assert str(scope) == text


def test_only_a_groups_key_is_read_as_an_applications() -> None:
    """A dependency's name is the policy's, and a target's key is the name in AWS."""
    assert str(Scope(Level.TARGET, "1/2/application/shop")) == "target"


def test_a_verdict_is_written_where_breakers_and_shares_count() -> None:
    expected = (target_scope(a.TARGET), group_scope(a.TARGET), action_scope(a.TARGET, "restart-service"))
    assert judged_in(a.TARGET, "restart-service") == expected


@pytest.mark.parametrize("target", [a.TARGET, ALONE], ids=["in a group", "alone"])
def test_a_verdict_is_written_only_where_a_slot_was_taken(target: Target) -> None:
    """A scope without the slot would keep the verdict out of all of them."""
    assert set(judged_in(target, "restart-service")) <= set(scopes_of(target, "restart-service"))


def test_the_verdict_on_a_target_without_a_group_is_written_into_target_and_action() -> None:
    assert [scope.level for scope in judged_in(ALONE, "restart-service")] == [Level.TARGET, Level.ACTION]
