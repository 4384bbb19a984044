"""A flood of pages: a channel carries so many new calls in a window, and nobody who waits is forgotten."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Page, Phase
from firebreak.core.paging.threads import Thread, ThreadState
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import World, world_on_moto
from tests.workflow.test_paging import MESSAGE
from tests.workflow.test_who_is_paged import MINUTE, tick

CEILING = """
[paging]
ceiling = "3/1h"
critical_ceiling = "4/1h"
"""


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + CEILING, "ceiling.toml")) as made:
        yield made


def call(world: World, number: int, severity: str = "warning") -> str:
    name = f"i-{number:010x}"
    said = replace(
        MESSAGE, key=f"k{number}", incident_id=name, at=world.clock.at, severity=severity,
        alarm_name=f"svc-{number:02}", target="",
    )  # fmt: skip
    world.page(said)
    return name


def pages(world: World, mark: str) -> list[Page]:
    return [page for _, page in world.pager.pages if page.body.startswith(mark)]


def calls(world: World) -> list[str]:
    found = [page.thread for _, page in world.pager.pages if page.phase is Phase.TRIGGER]
    return [name for name in found if name.startswith("i-")]


def test_above_the_ceiling_one_page_says_that_calls_wait_and_a_digest_counts_them(world: World) -> None:
    for number in range(10):
        call(world, number)
    assert len(calls(world)) == 3
    [waits] = pages(world, "HELD BACK")
    assert "topic carried 3 calls below critical within 1h" in waits.body
    assert "firebreak incidents" in waits.body
    tick(world, 59)
    assert len(calls(world)) == 3
    tick(world, 7)
    [summed] = pages(world, "SUMMED UP")
    assert "6 more for the same cause" in summed.body
    assert all(f"svc-{number:02}" in summed.body for number in range(3, 10))
    assert "Each is sent as soon as there is room" in summed.body


def test_a_page_held_back_by_a_ceiling_is_sent_when_there_is_room_with_the_reason(world: World) -> None:
    names = [call(world, number) for number in range(5)]
    tick(world, 70)
    assert sorted(calls(world)) == sorted(names)
    assert "the ceiling of topic was reached" in pages(world, "NEEDS YOU")[-1].body


def test_critical_calls_go_on_until_their_own_ceiling(world: World) -> None:
    for number in range(5):
        call(world, number)
    for number in range(10, 16):
        call(world, number, "critical")
    assert len(calls(world)) == 3 + 4
    assert len(pages(world, "HELD BACK")) == 2


def test_a_page_that_was_sent_is_resolved_and_one_that_never_was_is_not(world: World) -> None:
    names = [call(world, number) for number in range(4)]
    held = world.dispatcher().read(names[3])
    assert isinstance(held, Thread)
    assert (held.state, held.held_back) == (ThreadState.HELD, ("topic",))
    for number, name in enumerate(names):
        over = replace(end_of(number, name), at=world.clock.at)
        world.page(over)
    assert [page.thread for _, page in world.pager.pages if page.phase is Phase.RESOLVE] == names[:3]
    tick(world, 70)
    assert names[3] not in calls(world)


def end_of(number: int, name: str) -> Announcement:
    return replace(
        MESSAGE, key=f"over{number}", incident_id=name, kind=AnnouncementKind.RECOVERED, severity="warning"
    )


def test_a_call_that_is_delivered_again_is_counted_once(world: World) -> None:
    for _ in range(5):
        call(world, 1)
    call(world, 2)
    call(world, 3)
    assert len(calls(world)) == 3
    assert pages(world, "HELD BACK") == []


def test_without_the_count_everything_is_sent(world: World) -> None:
    blind = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["get_item"])))
    for number in range(6):
        call(blind, number)
    assert len(calls(world)) == 6
    assert "page.ceiling_unknown" in [name for name, _ in world.log.events]


def test_a_channel_has_room_again_as_its_calls_run_out_one_by_one(world: World) -> None:
    for number in range(3):
        call(world, number)
        world.clock.pass_time(20 * MINUTE)
    call(world, 3)
    assert len(calls(world)) == 4
    call(world, 4)
    assert len(calls(world)) == 4
