"""A policy in AppConfig through the functions: the newest that loads decides, else the last that did."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore import exceptions as sdk

from firebreak.core.messages.announcement import Announcement
from firebreak.core.reasons import Reason
from firebreak.errors import NobodyNotified, PolicyError
from firebreak.policy.policy import Policy, hash_of
from firebreak.remediation.policy_in_force import MAX_AGE, RETRY_AFTER, UNREAD_FOR, PolicyInForce
from tests.support.app_config import Refused
from tests.support.fleet import ACTS, OBSERVES, SECOND, Fleet, broken, document
from tests.support.world import World, eventbridge


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)


def test_the_pushed_policy_decides_and_the_decision_names_it(fleet: Fleet) -> None:
    fleet.fake.serve(document(OBSERVES))
    done = fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red()))
    assert done.reason is Reason.OBSERVE_ONLY
    decisions = [one for one in fleet.items() if one["pk"]["S"].startswith("DECISION#")]
    assert [one["policy"]["S"] for one in decisions] == [hash_of(OBSERVES)]


def test_a_function_asks_once_a_minute_and_then_has_the_new_one(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(OBSERVES))
    assert one.policy().hash == hash_of(OBSERVES)
    fleet.fake.serve(document(ACTS, 2))
    fleet.later(MAX_AGE - SECOND)
    assert one.policy().hash == hash_of(OBSERVES)
    assert fleet.fake.calls.count("GetLatestConfiguration") == 1
    fleet.later(SECOND)
    assert one.policy().hash == hash_of(ACTS)


def test_of_the_threads_of_an_event_one_asks_and_the_others_wait_for_it(fleet: Fleet) -> None:
    """A token counts once: a second call with it fails."""
    fleet.fake.serve(document(OBSERVES))
    one, answer = fleet.function(), fleet.fake._GetLatestConfiguration
    with ThreadPoolExecutor() as pool:
        others: list[Future[Policy]] = []

        def while_it_answers(ConfigurationToken: str) -> dict[str, Any]:  # noqa: N803  # AWS's name
            if not others:
                others.append(pool.submit(one.policy))
                wait(others, timeout=0.2)
            return answer(ConfigurationToken)

        fleet.fake._GetLatestConfiguration = while_it_answers  # type: ignore[method-assign]  # once
        found = one.policy()
        assert others[0].result() is found
    assert fleet.fake.calls.count("GetLatestConfiguration") == 1


def test_a_clock_that_is_set_back_keeps_no_policy_longer(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(OBSERVES))
    one.policy()
    fleet.fake.serve(document(ACTS, 2))
    fleet.later(timedelta(hours=-1))
    assert one.policy().hash == hash_of(ACTS)


def test_a_warm_function_keeps_its_own_where_the_newest_does_not_load(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    one.policy()
    fleet.fake.serve(broken())
    fleet.later(MAX_AGE)
    assert fleet.acting(one).handle(eventbridge(fleet.world.red())).outcome == "act"
    assert one.served() is None


def test_one_page_names_the_version_the_line_and_the_policy_in_force(fleet: Fleet) -> None:
    warm = [fleet.function() for _ in range(3)]
    fleet.fake.serve(document(ACTS))
    for one in warm:
        one.policy()
    fleet.sweep(warm[0])
    fleet.fake.serve(broken())
    fleet.later(MAX_AGE)
    for one in (*warm, fleet.function()):
        assert one.policy().hash == hash_of(ACTS)
        fleet.later(RETRY_AFTER)
        assert one.policy().hash == hash_of(ACTS)
    (page,) = fleet.pages()
    for part in ("version 2", "line 5", "defaults.cooldown", hash_of(ACTS), "version 1", "policy push FILE"):
        assert part in page
    assert "hunter2" not in page + repr(fleet.world.log.events)


def test_another_version_that_does_not_load_is_another_page_of_the_same_thread(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    one.policy()
    for number in (2, 3):
        fleet.fake.serve(broken(number))
        fleet.later(MAX_AGE)
        one.policy()
    assert len(fleet.pages()) == 2
    assert len({page.thread for _, page in fleet.world.pager.pages}) == 1


def test_page_announces_it_by_itself_and_once(fleet: Fleet) -> None:
    """Page may not put events on the bus."""
    one = replace_announcing(fleet)
    fleet.fake.serve(document(ACTS))
    one.policy()
    desk = replace(fleet.world.page_desk(), policy_trouble=one.trouble)
    sweep = {"source": "firebreak", "detail-type": "Firebreak Page Sweep", "detail": {"v": 1}}
    desk.handle(sweep)
    assert fleet.pages() == []
    fleet.fake.serve(broken())
    for _ in range(3):
        fleet.later(MAX_AGE)
        assert desk.handle(sweep).outcome == "swept"
    (page,) = fleet.pages()
    assert "version 2" in page


def replace_announcing(fleet: Fleet) -> PolicyInForce:
    fleet.announce = lambda _: None
    return fleet.function()


def test_a_cold_function_takes_the_last_one_that_loaded(fleet: Fleet) -> None:
    verify = fleet.function()
    fleet.fake.serve(document(ACTS))
    fleet.sweep(verify)
    fleet.fake.serve(broken())
    cold = fleet.function()
    assert fleet.acting(cold).handle(eventbridge(fleet.world.red())).outcome == "act"
    assert any("version 2" in page for page in fleet.pages())


TROUBLES = [
    pytest.param(Refused("AccessDeniedException", 403), id="denied"),
    pytest.param(Refused("ThrottlingException", 429), id="throttled"),
    pytest.param(Refused("ResourceNotFoundException", 404), id="gone"),
    pytest.param(sdk.ReadTimeoutError(endpoint_url="x"), id="timeout"),
    pytest.param(sdk.EndpointConnectionError(endpoint_url="x"), id="no endpoint"),
]


SAID = (
    "AppConfig could not be read (StartConfigurationSession: AccessDeniedException)",
    "AppConfig could not be read (StartConfigurationSession: ThrottlingException)",
    "AppConfig has no policy, or was asked for one that is gone (StartConfigurationSession: ",
    "AppConfig could not be read (GetLatestConfiguration: ReadTimeoutError)",
    "AppConfig could not be read (GetLatestConfiguration: EndpointConnectionError)",
)


@pytest.mark.parametrize(
    ("error", "cause"),
    [pytest.param(*one.values, said, id=one.id) for one, said in zip(TROUBLES, SAID, strict=True)],
)
def test_a_cold_function_that_cannot_read_it_takes_the_last_one_and_says_so(
    fleet: Fleet, error: Exception, cause: str
) -> None:
    fleet.fake.serve(document(ACTS))
    fleet.sweep(fleet.function())
    fleet.fake.fails = dict.fromkeys(("StartConfigurationSession", "GetLatestConfiguration"), error)
    assert fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red())).outcome == "act"
    (page,) = [one for one in fleet.pages() if "BLIND" in one]
    assert "The newest policy cannot be loaded: an earlier one stays in force." in page
    assert cause in page
    assert f"In force: policy {hash_of(ACTS)} (version 1), served last at 10:00:30Z" in page


def never() -> Policy:
    raise AssertionError("the layer's policy is for pages alone")


@pytest.mark.parametrize("error", TROUBLES)
def test_without_any_nothing_is_done_and_a_page_says_why(fleet: Fleet, error: Exception) -> None:
    fleet.layer = never
    fleet.fake.fails["StartConfigurationSession"] = error
    one = fleet.function()
    done = fleet.acting(one).handle(eventbridge(fleet.world.red()))
    assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])
    (page,) = fleet.pages()
    assert "AppConfig" in page
    assert "none was ever loaded" in page


@pytest.mark.parametrize(
    "content",
    [b"garbage \x00", b'{"v":1}', document(ACTS).replace(b'"v":1', b'"v":2'), broken()],
    ids=["garbage", "parts", "later release", "mistake"],
)
def test_a_content_that_does_not_load_lets_nothing_act_without_an_earlier_one(
    fleet: Fleet, content: bytes
) -> None:
    fleet.layer = never
    fleet.fake.serve(content)
    done = fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red()))
    assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])


def test_before_the_first_push_nothing_is_done(fleet: Fleet) -> None:
    done = fleet.acting(fleet.function()).handle(eventbridge(fleet.world.red()))
    assert (done.reason, fleet.world.ecs.writes) == (Reason.POLICY_UNUSABLE, [])
    assert "no policy was pushed yet" in fleet.pages()[0]


def test_pages_fall_back_to_the_layers_policy_and_acts_do_not(fleet: Fleet) -> None:
    one = fleet.function()
    assert one.for_pages().hash == hash_of(OBSERVES)
    with pytest.raises(PolicyError):
        one.policy()
    fleet.fake.serve(document(ACTS))
    fleet.later(RETRY_AFTER)
    assert one.for_pages().hash == one.policy().hash == hash_of(ACTS)


def test_one_call_that_fails_is_no_page_for_a_warm_function_but_one_that_lasts_is(fleet: Fleet) -> None:
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    one.policy()
    fleet.fake.fails["GetLatestConfiguration"] = Refused("ThrottlingException", 429)
    fleet.later(MAX_AGE)
    one.policy()
    fleet.later(UNREAD_FOR - SECOND)
    one.policy()
    assert (fleet.pages(), one.trouble()) == ([], None)
    fleet.later(RETRY_AFTER)
    assert one.policy().hash == hash_of(ACTS)
    assert len(fleet.pages()) == 1
    fleet.fake.fails.clear()
    fleet.later(RETRY_AFTER)
    one.policy()
    assert one.trouble() is None


def test_a_bus_that_refuses_the_announcement_stops_no_act_and_is_asked_again(fleet: Fleet) -> None:
    heard: list[Announcement] = []
    refuse = True

    def announce(message: Announcement) -> None:
        if refuse:
            raise NobodyNotified("x")
        heard.append(message)

    fleet.announce = announce
    one = fleet.function()
    fleet.fake.serve(document(ACTS))
    one.policy()
    fleet.fake.serve(broken())
    fleet.later(MAX_AGE)
    assert one.policy().hash == hash_of(ACTS)
    refuse = False
    fleet.later(RETRY_AFTER)
    one.policy()
    assert len(heard) == 1
