"""Carrying pages: a channel that keeps failing rests, one page tries, and nothing depends on the ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from firebreak.core.paging.channel_breaker import REST, TURN, Health, trying
from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.core.readings import Reading, Unknown
from firebreak.errors import Throttled, Undelivered
from firebreak.paging.channels.carrier import BLIND, Carrier
from firebreak.paging.channels.sending import NotTaken
from firebreak.paging.ports import Channel
from tests.contracts.template import functions
from tests.paging.channels.conftest import NOW, PAGE, Bench
from tests.paging.channels.local_server import answer
from tests.support.fakes import ListLog
from tests.support.fakes_channels import FakeChannel, FakeChannelHealth
from tests.support.faults import Wrapped, fail

RULES = ChannelRules(name="slack", kind=ChannelKind.SLACK)
MOMENT = timedelta(seconds=1)


def failing(code: str = "503", *, retryable: bool = True) -> Callable[[Page], None]:
    def before(_: Page) -> None:
        raise NotTaken("slack", code, retryable=retryable)

    return before


def well(_: Page) -> None:
    """No trouble."""


@dataclass
class Desk:
    """One function's carrier over one channel; another function shares its memory."""

    channel: FakeChannel = field(default_factory=FakeChannel)
    memory: FakeChannelHealth = field(default_factory=FakeChannelHealth)
    log: ListLog = field(default_factory=ListLog)

    def __post_init__(self) -> None:
        self.carrier = Carrier(lambda _: self.channel, self.memory, self.log)

    def deliver(self, at: datetime = NOW) -> str:
        """The result of a page: its reference, or the code."""
        try:
            return self.carrier.deliver(RULES, PAGE, "", at)
        except Undelivered as error:
            return error.code

    def fails(self, times: int) -> "Desk":
        self.channel.before = failing()
        assert [self.deliver() for _ in range(times)] == ["503"] * times
        return self


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_page_is_sent_with_its_reference_and_the_answer_is_the_next_one(desk: Desk) -> None:
    assert desk.carrier.deliver(RULES, PAGE, "C0:1", NOW) == "C0:1"
    assert desk.channel.sent == [(PAGE, "C0:1")]


def test_a_channel_that_is_well_costs_no_write(desk: Desk) -> None:
    desk.deliver()
    assert desk.memory.kept == {}


def test_after_three_failures_a_page_is_refused_at_once(desk: Desk) -> None:
    desk.fails(3)
    desk.channel.before = well
    with pytest.raises(Undelivered) as caught:
        desk.carrier.deliver(RULES, PAGE, "", NOW + REST - MOMENT)
    assert (caught.value.channel, caught.value.code, caught.value.retryable) == (
        "slack",
        "circuit open",
        True,
    )
    assert desk.channel.sent == []
    rests = {"channel": "slack", "failures": 3, "until": "2026-11-21T03:01:00+00:00"}
    assert desk.log.events == [("channel.rests", rests)]


def test_failures_are_counted_across_functions() -> None:
    """Page runs seldom: most functions see one page, and a count of their own would never reach three."""
    memory = FakeChannelHealth()
    for _ in range(3):
        Desk(memory=memory).fails(1)
    assert Desk(memory=memory).deliver() == "circuit open"


def test_a_success_in_between_starts_the_count_again(desk: Desk) -> None:
    desk.fails(2)
    desk.channel.before = well
    desk.deliver()
    assert desk.memory.kept["slack"].failures == 0
    desk.fails(2)
    assert desk.memory.kept["slack"].failures == 2


def test_after_the_rest_one_page_tries_and_its_success_opens_the_way(desk: Desk) -> None:
    desk.fails(3)
    desk.channel.before = lambda _: seen.append(Desk(memory=desk.memory).deliver(NOW + REST))
    seen: list[str] = []
    assert desk.deliver(NOW + REST) == "fake:1"
    assert seen == ["circuit open"]
    desk.channel.before = well
    assert desk.deliver(NOW + REST) == "fake:2"
    assert desk.memory.kept["slack"].failures == 0


def test_a_try_that_fails_rests_twice_as_long(desk: Desk) -> None:
    desk.fails(3)
    assert desk.deliver(NOW + REST) == "503"
    assert desk.deliver(NOW + REST + 2 * REST - MOMENT) == "circuit open"
    assert desk.deliver(NOW + REST + 2 * REST) == "503"


def test_a_try_whose_function_died_is_followed_by_another(desk: Desk) -> None:
    desk.fails(3)
    rested = NOW + REST
    desk.memory.keep("slack", trying(desk.memory.kept["slack"], rested), rested)
    desk.channel.before = well
    assert desk.deliver(rested + timedelta(seconds=89)) == "circuit open"
    assert desk.deliver(rested + TURN) == "fake:1"


def test_a_turn_is_longer_than_a_function_may_run() -> None:
    """A second page must not try at the same time as the first, which still waits for its answer."""
    assert timedelta(seconds=functions()["Page"]["Timeout"]) < TURN


def test_a_rejected_page_is_an_answer_and_rests_no_channel(desk: Desk) -> None:
    desk.channel.before = failing("invalid_auth", retryable=False)
    assert [desk.deliver() for _ in range(5)] == ["invalid_auth"] * 5
    assert desk.memory.kept == {}


def test_a_try_that_is_answered_with_a_refusal_ends_the_rest(desk: Desk) -> None:
    desk.fails(3)
    desk.channel.before = failing("invalid_auth", retryable=False)
    assert [desk.deliver(NOW + REST) for _ in range(2)] == ["invalid_auth"] * 2


def test_each_channel_rests_by_itself(desk: Desk) -> None:
    desk.fails(3)
    desk.channel.before = well
    other = ChannelRules(name="hook", kind=ChannelKind.WEBHOOK)
    assert desk.carrier.deliver(other, PAGE, "", NOW) == "fake:1"


@pytest.mark.parametrize("name", ["topic", "slack"])
def test_the_last_resort_is_always_tried(desk: Desk, name: str) -> None:
    last = ChannelRules(name=name, kind=ChannelKind.TOPIC, otherwise=name)
    desk.channel.before = failing()
    for _ in range(5):
        with pytest.raises(Undelivered, match="503"):
            desk.carrier.deliver(last, PAGE, "", NOW)
    assert desk.memory.kept == {}


def test_a_channel_that_cannot_be_built_is_not_delivered_and_the_next_page_tries_again(desk: Desk) -> None:
    def refusing(_: ChannelRules) -> Channel:
        built.append(1)
        raise Undelivered("slack", "its address is not an https address", retryable=False)

    built: list[int] = []
    carrier = Carrier(refusing, desk.memory, desk.log)
    for _ in range(2):
        with pytest.raises(Undelivered, match="https"):
            carrier.deliver(RULES, PAGE, "", NOW)
    assert built == [1, 1]


def test_a_channel_is_built_once_for_what_the_policy_says_of_it(desk: Desk) -> None:
    built: list[ChannelRules] = []

    def building(rules: ChannelRules) -> Channel:
        built.append(rules)
        return desk.channel

    carrier = Carrier(building, desk.memory, desk.log)
    moved = ChannelRules(name="slack", kind=ChannelKind.SLACK, to="C0OTHER")
    for rules in (RULES, RULES, moved):
        carrier.deliver(rules, PAGE, "", NOW)
    assert built == [RULES, moved]


# --- without its memory


class Unreadable(FakeChannelHealth):
    """A damaged item."""

    def look(self, channel: str) -> Reading[Health]:
        return Unknown("the ledger item is damaged at version")


@pytest.mark.parametrize("before", [well, failing()], ids=["well", "failing"])
def test_without_the_ledger_every_page_is_sent(before: Callable[[Page], None]) -> None:
    desk = Desk(channel=FakeChannel(before=before)).fails(0)
    desk.channel.before = before
    dark = Wrapped(desk.memory, before=fail(Throttled("GetItem", "ThrottlingException")))
    desk.carrier = Carrier(lambda _: desk.channel, dark, desk.log)
    lines = [desk.deliver() for _ in range(5)]
    assert "circuit open" not in lines
    assert len(set(lines)) == (1 if before is not well else 5)
    assert desk.log.events[0] == (
        "channel.health_unknown",
        {"channel": "slack", "why": "GetItem: ThrottlingException"},
    )


def test_a_ledger_that_did_not_answer_is_not_asked_again_for_a_minute(desk: Desk) -> None:
    dark = Wrapped(desk.memory, before=fail(Throttled("GetItem", "ThrottlingException")))
    desk.carrier = Carrier(lambda _: desk.channel, dark, desk.log)
    for at in (NOW, NOW, NOW + BLIND - MOMENT):
        desk.deliver(at)
    assert dark.calls == ["look"]
    desk.deliver(NOW + BLIND)
    assert dark.calls == ["look", "look"]


def test_a_memory_that_is_damaged_rests_nothing() -> None:
    desk = Desk(memory=Unreadable())
    assert desk.deliver() == "fake:1"
    desk.fails(4)


def test_a_ledger_that_takes_no_writes_stops_no_page(desk: Desk) -> None:
    desk.fails(3)
    desk.channel.before = well
    deaf = Wrapped(desk.memory, before=fail(Throttled("PutItem", "ThrottlingException"), on=["keep"]))
    desk.carrier = Carrier(lambda _: desk.channel, deaf, desk.log)
    assert [desk.deliver(NOW + REST) for _ in range(2)] == ["fake:1", "fake:2"]


def test_a_writer_that_is_always_late_gives_up_and_the_page_is_delivered(desk: Desk) -> None:
    desk.fails(1)
    desk.channel.before = well

    class Late(FakeChannelHealth):
        def keep(self, channel: str, health: Health, at: datetime) -> bool:
            return False

    late = Wrapped(Late(desk.memory.kept))
    desk.carrier = Carrier(lambda _: desk.channel, late, desk.log)
    assert desk.deliver() == "fake:1"
    assert late.calls.count("keep") == 3


# --- pictures


def test_a_picture_is_shown_where_its_page_went(desk: Desk) -> None:
    assert desk.carrier.show(RULES, "C0:1", b"png") is True
    assert desk.channel.pictures == [("C0:1", b"png")]


def test_a_picture_that_is_not_taken_stops_nothing(bench: Bench, desk: Desk) -> None:
    bench.server.usually = answer(500)
    carrier = Carrier(lambda rules: bench.channel(ChannelKind.SLACK), desk.memory, desk.log)
    assert carrier.show(RULES, "C0PAGES:1700000000.000100", b"png") is False
    assert desk.log.events == [("channel.no_picture", {"channel": "slack", "error": "500"})]
    assert desk.memory.kept == {}


def test_a_real_channel_rests_like_any_other(bench: Bench, desk: Desk) -> None:
    bench.server.usually = answer(503)
    carrier = Carrier(lambda rules: bench.channel(ChannelKind.WEBHOOK), desk.memory, desk.log)
    codes = []
    for _ in range(4):
        with pytest.raises(Undelivered) as caught:
            carrier.deliver(RULES, PAGE, "", NOW)
        codes.append(caught.value.code)
    assert codes == ["503", "503", "503", "circuit open"]
    assert len(bench.server.arrived) == 6
