"""Verify keeps the last policy that loaded from AppConfig, for the functions that cannot load a newer one."""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.ledger.policies import LAST_LOADED
from firebreak.ledger.ports import KeptPolicy
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy, hash_of
from firebreak.remediation.policy_in_force import MAX_AGE
from tests.support import builders as a
from tests.support.fleet import ACTS, OBSERVES, SECOND, Fleet, broken, document
from tests.support.world import TABLE, World, eventbridge


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)


def test_an_idle_function_takes_a_newer_one_that_loaded_elsewhere(fleet: Fleet) -> None:
    idle, verify = fleet.function(), fleet.function()
    fleet.fake.serve(document(ACTS))
    idle.policy()
    fleet.later(MAX_AGE)
    fleet.fake.serve(document(OBSERVES, 2))
    fleet.sweep(verify)
    fleet.fake.serve(broken(3))
    fleet.later(MAX_AGE)
    assert idle.policy().hash == hash_of(OBSERVES)


def test_a_deployment_that_is_taken_back_puts_the_earlier_policy_in_force_everywhere(fleet: Fleet) -> None:
    one, verify = fleet.function(), fleet.function()
    fleet.fake.serve(document(OBSERVES))
    one.policy()
    fleet.fake.serve(document(ACTS, 2))
    fleet.later(MAX_AGE)
    fleet.sweep(verify)
    assert one.policy().hash == kept(fleet).hash == hash_of(ACTS)
    fleet.fake.take_back()
    fleet.later(MAX_AGE)
    fleet.sweep(verify)
    assert one.policy().hash == kept(fleet).hash == hash_of(OBSERVES)


def kept(fleet: Fleet) -> Policy:
    found = fleet.texts().last_loaded()
    assert isinstance(found, KeptPolicy), found
    return parse_policy(found.text, "kept")


def writes_of_last_loaded(fleet: Fleet) -> list[str]:
    return [one["at"]["N"] for one in fleet.items() if one["pk"]["S"] == LAST_LOADED]


def test_verify_keeps_it_when_it_changes_and_never_a_fallback(fleet: Fleet) -> None:
    verify = fleet.function()
    fleet.fake.serve(document(ACTS))
    fleet.sweep(verify)
    first = writes_of_last_loaded(fleet)
    fleet.later(timedelta(minutes=5))
    fleet.sweep(verify)
    assert writes_of_last_loaded(fleet) == first
    fleet.fake.serve(broken())
    fleet.later(timedelta(minutes=5))
    fleet.sweep(verify)
    assert writes_of_last_loaded(fleet) == first
    assert "expires_at" not in next(one for one in fleet.items() if one["pk"]["S"] == LAST_LOADED)


def test_a_copy_of_verify_that_has_not_looked_lately_overwrites_nothing_newer(fleet: Fleet) -> None:
    late, verify = fleet.function(), fleet.function()
    fleet.fake.serve(document(ACTS))
    late.policy()
    fleet.fake.serve(document(OBSERVES, 2))
    fleet.later(MAX_AGE - SECOND)
    fleet.sweep(verify)
    fleet.sweep(late)
    assert kept(fleet).hash == hash_of(OBSERVES)


def test_a_text_with_a_secret_is_not_kept_and_no_earlier_one_stands_for_it(fleet: Fleet) -> None:
    verify = fleet.function()
    fleet.fake.serve(document(ACTS))
    fleet.sweep(verify)
    fleet.later(MAX_AGE)
    fleet.fake.serve(document(ACTS + '# password = "hunter' + '2"\n', 2))
    fleet.sweep(verify)
    found = fleet.texts().last_loaded()
    assert isinstance(found, Unknown)
    assert "looks like a secret" in found.why
    fleet.fake.serve(broken(3))
    done = fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red()))
    assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])


@pytest.mark.parametrize(
    "changes", [{"text": {"S": "snow"}}, {"at": {"N": "9" * 30}}, {"number": {"S": "x"}}]
)
def test_a_damaged_one_is_none(fleet: Fleet, changes: dict[str, Any]) -> None:
    fleet.texts().keep_last_loaded(KeptPolicy(text=ACTS, number=1, at=a.NOW))
    (item,) = [one for one in fleet.items() if one["pk"]["S"] == LAST_LOADED]
    fleet.world.dynamodb.put_item(TableName=TABLE, Item={**item, **changes})
    assert isinstance(fleet.texts().last_loaded(), Unknown)


def test_one_of_a_later_release_is_left_alone(fleet: Fleet) -> None:
    assert fleet.texts().last_loaded() is ABSENT
    fleet.texts().keep_last_loaded(KeptPolicy(text=ACTS, number=1, at=a.NOW))
    (item,) = [one for one in fleet.items() if one["pk"]["S"] == LAST_LOADED]
    fleet.world.dynamodb.put_item(TableName=TABLE, Item={**item, "v": {"N": "2"}})
    fleet.texts().keep_last_loaded(KeptPolicy(text=OBSERVES, number=2, at=a.NOW + SECOND))
    assert kept(fleet).hash == hash_of(ACTS)
