"""A channel that fails: the next one is used at once, and nobody is paged twice."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import ChannelRules
from firebreak.errors import NobodyNotified
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.fakes import FakePager
from tests.support.world import World, world_on_moto
from tests.workflow.test_who_is_paged import PAGING, announce

# Longer than anything here takes; only a test that fails waits for it.
TIMEOUT = 5.0


@dataclass
class SlowOps(FakePager):
    """PagerDuty refuses at once; Slack hangs until the topic was paged, and then refuses."""

    topic_paged: threading.Event = field(default_factory=threading.Event)
    waited_in_vain: list[str] = field(default_factory=list)

    def deliver(self, channel: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        if channel.name == "ops" and not self.topic_paged.wait(TIMEOUT):
            self.waited_in_vain.append(channel.name)
        if channel.name == "topic":
            self.topic_paged.set()
        return super().deliver(channel, page, ref, now)


@dataclass
class Counted(FakePager):
    """Records the channels that it was asked to page."""

    asked: list[str] = field(default_factory=list)

    def deliver(self, channel: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        self.asked.append(channel.name)
        return super().deliver(channel, page, ref, now)


@pytest.fixture
def world() -> Iterator[World]:
    paging = PAGING.replace('otherwise = "ops"\n', "")
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + paging, "paging.toml")) as made:
        yield made


def test_a_channel_that_fails_is_replaced_without_waiting_for_a_slow_one(world: World) -> None:
    slow = SlowOps(broken=frozenset({"pd", "ops"}))
    announce(replace(world, pager=slow))
    assert [name for name, _ in slow.pages] == ["topic"]
    assert slow.waited_in_vain == []


@pytest.mark.parametrize(
    ("broken", "asked"),
    [
        pytest.param(set(), ["ops", "pd"], id="all take it"),
        pytest.param({"pd"}, ["ops", "pd", "topic"], id="one does not"),
        pytest.param({"pd", "ops"}, ["ops", "pd", "topic"], id="two have one to take over"),
    ],
)
def test_no_channel_is_asked_twice_for_one_page(world: World, broken: set[str], asked: list[str]) -> None:
    counted = Counted(broken=frozenset(broken))
    announce(replace(world, pager=counted))
    assert sorted(counted.asked) == asked


def test_when_nobody_takes_it_each_was_asked_once_and_that_is_an_error(world: World) -> None:
    counted = Counted(broken=frozenset({"pd", "ops", "topic"}))
    with pytest.raises(NobodyNotified):
        announce(replace(world, pager=counted))
    assert sorted(counted.asked) == ["ops", "pd", "topic"]
