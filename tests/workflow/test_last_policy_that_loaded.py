"""Verify keeps the last policy that loaded from AppConfig, for the functions that cannot load a newer one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from boto3.session import Session

from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import PolicyError
from firebreak.handlers import acting_desk, verifying_desk
from firebreak.ledger.policies import LAST_LOADED
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy, hash_of
from firebreak.remediation.policy_in_force import MAX_AGE, PinnedDesk
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.app_config import PLACE, Refused
from tests.support.fleet import ACTS, OBSERVES, SECOND, Fleet, broken, document, policy_kept
from tests.support.world import TABLE, World, eventbridge
from tests.test_settings import ENV


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
    return [one["at"]["N"] for one in fleet.items() if one["pk"]["S"].startswith(LAST_LOADED)]


def test_each_sweep_keeps_when_it_was_served_last_and_never_a_fallback(fleet: Fleet) -> None:
    verify = fleet.function()
    fleet.fake.serve(document(ACTS))
    fleet.sweep(verify)
    first = writes_of_last_loaded(fleet)
    fleet.later(timedelta(minutes=5))
    fleet.sweep(verify)
    second = writes_of_last_loaded(fleet)
    assert int(second[0]) - int(first[0]) == timedelta(minutes=5) // timedelta(milliseconds=1)
    fleet.fake.serve(broken())
    fleet.later(timedelta(minutes=5))
    fleet.sweep(verify)
    assert writes_of_last_loaded(fleet) == second
    assert "expires_at" not in item_of(fleet)


def item_of(fleet: Fleet) -> dict[str, Any]:
    (item,) = [one for one in fleet.items() if one["pk"]["S"].startswith(LAST_LOADED)]
    return item


def test_a_policy_that_was_served_between_two_sweeps_only_is_not_kept_for_the_one_before_it(
    fleet: Fleet,
) -> None:
    idle, verify = fleet.function(), fleet.function()
    fleet.fake.serve(document(OBSERVES))
    fleet.sweep(verify)
    fleet.fake.serve(document(ACTS, 2))
    fleet.later(MAX_AGE)
    assert idle.policy().hash == hash_of(ACTS)
    fleet.fake.take_back()
    fleet.later(MAX_AGE)
    fleet.sweep(verify)
    fleet.fake.serve(broken(3))
    fleet.later(MAX_AGE)
    assert idle.policy().hash == hash_of(OBSERVES)


def test_a_policy_that_another_profile_served_is_never_taken(fleet: Fleet) -> None:
    """Another stack on the same ledger, or this one before it took the layer's policy for a while."""
    other = replace(fleet, place=("abc1234", "def1234", "other"))
    fleet.fake.serve(document(ACTS))
    verify = fleet.function()
    verify.policy()
    other.sweep(verify)
    fleet.fake.serve(broken())
    done = fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red()))
    assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])


def test_an_item_that_names_another_profile_than_its_key_is_none(fleet: Fleet) -> None:
    fleet.texts().keep_last_loaded(policy_kept(ACTS, 1, a.NOW))
    item = item_of(fleet) | {"configuration": {"S": "abc1234/def1234/other"}}
    fleet.world.dynamodb.put_item(TableName=TABLE, Item=item)
    found = fleet.texts().last_loaded()
    assert isinstance(found, Unknown)
    assert "another configuration" in found.why


def test_two_stacks_on_one_ledger_keep_a_policy_each(fleet: Fleet) -> None:
    other = replace(fleet, place=("abc1234", "def1234", "other"))
    fleet.texts().keep_last_loaded(policy_kept(ACTS, 1, a.NOW))
    other.texts().keep_last_loaded(policy_kept(OBSERVES, 1, a.NOW + SECOND))
    assert (kept(fleet).hash, kept(other).hash) == (hash_of(ACTS), hash_of(OBSERVES))


def test_where_nothing_was_pushed_no_kept_policy_is_taken(fleet: Fleet) -> None:
    warm = fleet.function()
    fleet.fake.serve(document(ACTS))
    fleet.sweep(warm)
    fleet.fake.deployments.clear()
    fleet.fake.fails["GetLatestConfiguration"] = Refused("ThrottlingException", 429)
    fleet.later(MAX_AGE)
    assert warm.policy().hash == hash_of(ACTS)
    fleet.fake.fails.clear()
    fleet.later(MAX_AGE)
    for one in (warm, fleet.function()):
        done = fleet.acting(one).handle(eventbridge(fleet.world.red()))
        assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])


def test_the_page_says_on_which_day_the_policy_in_force_was_served_last(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    one.policy()
    fleet.fake.serve(broken())
    fleet.later(timedelta(days=2))
    one.policy()
    assert f"served last at {a.NOW:%Y-%m-%d %H:%M:%S}Z" in fleet.pages()[0]


def test_the_page_of_an_idle_function_has_the_time_of_the_newest_sweep(fleet: Fleet) -> None:
    idle, verify = fleet.function(), fleet.function()
    fleet.fake.serve(document(ACTS))
    idle.policy()
    fleet.later(timedelta(days=1))
    fleet.sweep(verify)
    fleet.fake.serve(broken())
    fleet.later(timedelta(days=1))
    idle.policy()
    assert f"served last at {a.NOW + timedelta(days=1):%Y-%m-%d %H:%M:%S}Z" in fleet.pages()[0]


def test_an_unchanged_content_is_checked_once(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    first = one.policy()
    fleet.later(MAX_AGE)
    assert one.policy() is first
    found = one.served()
    assert found
    assert found.at == fleet.world.clock.now()


def test_an_event_is_decided_by_one_policy(fleet: Fleet) -> None:
    one = fleet.function()

    def handle(_: object) -> tuple[Policy, Policy]:
        before = one.policy()
        fleet.fake.serve(document(OBSERVES, 2))
        fleet.later(MAX_AGE)
        return before, one.policy()

    fleet.fake.serve(document(ACTS))
    before, after = PinnedDesk(handle, one).handle({})
    assert before is after
    assert one.policy().hash == hash_of(OBSERVES)


def test_where_the_policy_may_change_during_an_event_its_functions_are_pinned(fleet: Fleet) -> None:
    pinned = {**ENV, "ACTION": "restart-service", "POLICY_CONFIGURATION": "/".join(PLACE)}
    layer = {name: value for name, value in pinned.items() if name != "POLICY_CONFIGURATION"}
    for environ, is_pinned in ((layer, False), (pinned, True)):
        wiring = Wiring(Settings.from_env(environ), fleet.world.log, session=Session(region_name=a.REGION))
        for desk in (acting_desk(wiring), verifying_desk(wiring)):
            assert isinstance(desk, PinnedDesk) is is_pinned


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
    verify, idle = fleet.function(), fleet.function()
    fleet.fake.serve(document(ACTS))
    idle.policy()
    fleet.sweep(verify)
    fleet.later(MAX_AGE)
    secret = ACTS + '# password = "hunter' + '2"\n'
    fleet.fake.serve(document(secret, 2))
    own = fleet.function()
    own.policy()
    fleet.later(MAX_AGE)
    fleet.sweep(verify)
    found = fleet.texts().last_loaded()
    assert isinstance(found, LeftOutPolicy)
    assert "looks like a secret" in found.why
    fleet.fake.serve(broken(3))
    fleet.later(MAX_AGE)
    for one in (idle, fleet.function()):
        done = fleet.acting(one).handle(eventbridge(fleet.world.red()))
        assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])
    assert own.policy().hash == hash_of(secret)


def test_a_text_that_is_too_large_to_keep_leaves_no_earlier_one_in_force(fleet: Fleet) -> None:
    idle = fleet.function()
    fleet.fake.serve(document(ACTS))
    idle.policy()
    large = "".join(chr(0x10000 + n * 7919 % 0xFFFFF) for n in range(150_000))
    fleet.texts().keep_last_loaded(policy_kept(large, 2, a.NOW + SECOND))
    assert isinstance(fleet.texts().last_loaded(), LeftOutPolicy)
    fleet.fake.serve(broken(3))
    fleet.later(MAX_AGE)
    with pytest.raises(PolicyError, match="too large"):
        idle.policy()


@pytest.mark.parametrize(
    "changes", [{"text": {"S": "snow"}}, {"at": {"N": "9" * 30}}, {"number": {"S": "x"}}]
)
def test_a_damaged_one_is_none(fleet: Fleet, changes: dict[str, Any]) -> None:
    fleet.texts().keep_last_loaded(policy_kept(ACTS, 1, a.NOW))
    fleet.world.dynamodb.put_item(TableName=TABLE, Item={**item_of(fleet), **changes})
    assert isinstance(fleet.texts().last_loaded(), Unknown)


def test_one_of_a_later_release_is_left_alone(fleet: Fleet) -> None:
    assert fleet.texts().last_loaded() is ABSENT
    fleet.texts().keep_last_loaded(policy_kept(ACTS, 1, a.NOW))
    fleet.world.dynamodb.put_item(TableName=TABLE, Item={**item_of(fleet), "v": {"N": "2"}})
    fleet.texts().keep_last_loaded(policy_kept(OBSERVES, 2, a.NOW + SECOND))
    assert kept(fleet).hash == hash_of(ACTS)
