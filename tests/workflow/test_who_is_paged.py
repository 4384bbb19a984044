"""The people paged, on which channel and when: through the functions, with a policy and the time."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.page import Phase
from firebreak.errors import NobodyNotified, PolicyError
from firebreak.paging.rendering import PageContext, body_of
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import World, announced, eventbridge, world_on_moto

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak"  # a name
PAGING = f"""
[paging]
severity = "warning"
severities = [{{ alarms = "api-*", severity = "critical" }}]
runbooks = [{{ alarms = "api-*", url = "https://wiki.example.com/api" }}]
logs = [{{ targets = "ecs:prod/*", group = "/ecs/{{name}}" }}]

[[paging.business]]
name = "office"
schedule = "cron(0 9 * * MON-FRI)"
duration = "PT8H"

[paging.channels.pd]
kind = "pagerduty"
secret = "{SECRET}/pd"
otherwise = "ops"

[paging.channels.ops]
kind = "slack"
secret = "{SECRET}/slack"
to = "C0123ABCD"

[[paging.routes]]
severities = ["critical"]
steps = [
  {{ after = "0s", channels = ["pd", "ops"], who = "the platform team" }},
  {{ after = "15m", channels = ["topic"], who = "the engineering lead" }},
]

[[paging.routes]]
severities = ["warning"]
hours = "business"
steps = [{{ after = "0s", channels = ["ops"], who = "the platform team" }}]
"""


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def announce(world: World, kind: AnnouncementKind = AnnouncementKind.GIVEN_TO_HUMANS, **changes: Any) -> None:
    message = incident_messages.given_to_humans(
        a.incident(), world.clock.at, "every rung was tried", AlarmState.ALARM
    )
    message = replace(message, kind=kind, key=f"{kind}-{world.clock.at}", **changes)
    world.page(message)


def tick(world: World, minutes: int) -> None:
    """The minute rule, for so long."""
    for _ in range(minutes):
        world.clock.pass_time(MINUTE)
        world.page_sweep()


def sent(world: World) -> list[tuple[str, Phase]]:
    return sorted((name, page.phase) for name, page in world.pager.pages)


def test_a_critical_page_goes_to_its_channels_and_up_until_somebody_has_it(world: World) -> None:
    announce(world)
    assert sent(world) == [("ops", Phase.TRIGGER), ("pd", Phase.TRIGGER)]
    tick(world, 14)
    assert len(world.pager.pages) == 2
    tick(world, 1)
    assert sent(world)[-1] == ("topic", Phase.TRIGGER)
    body = world.pager.pages[-1][1].body
    assert "(not acknowledged for 15m: paged the platform team, now the engineering lead)" in body
    tick(world, 60)
    assert len(world.pager.pages) == 3


def test_the_first_page_says_who_is_next_and_how_to_say_that_one_has_it(world: World) -> None:
    announce(world)
    body = world.pager.pages[0][1].body
    assert "Severity: critical\n" in body
    assert "Then:     the engineering lead at 10:15:30Z, unless somebody acknowledges\n" in body
    assert re.search(
        rf"Acknowledge: firebreak ack i-0123456789\.[0-9a-f]{{6}} {a.ON_STACK}\n",
        body,
    )
    assert ("Runbook on wiki.example.com", "https://wiki.example.com/api") in world.pager.pages[-1][1].links


@given(some.sampled_from(AnnouncementKind), some.sampled_from(Phase), some.booleans())
def test_every_page_that_somebody_further_up_follows_says_how_to_acknowledge(
    kind: AnnouncementKind, phase: Phase, follows: bool
) -> None:
    message = replace(
        incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM),
        kind=kind,
    )
    page_context = PageContext(
        phase=phase,
        after="the lead, unless somebody acknowledges" if follows else "",
        call=f"{'0' * 32}.abcdef",
    )
    body = body_of(message, StackAddress("firebreak", a.REGION, a.ACCOUNT), page_context)
    command = f"Acknowledge: firebreak ack {'0' * 32}.abcdef {a.ON_STACK}\n"
    assert (command in body) is (follows or phase is Phase.TRIGGER)


def test_everybody_who_was_paged_hears_that_it_is_over_on_the_message_they_got(world: World) -> None:
    announce(world)
    tick(world, 15)
    announce(world, AnnouncementKind.RECOVERED)
    over = {name: page for name, page in world.pager.pages if page.phase is Phase.RESOLVE}
    assert set(over) == {"pd", "ops", "topic"}


def test_a_warning_outside_of_hours_waits_for_them_and_is_not_lost(world: World) -> None:
    world.clock.pass_time(12 * HOUR)
    announce(world, alarm_name="web-latency")
    assert world.pager.pages == []
    tick(world, 5)
    assert world.pager.pages == []
    # From Friday night to Monday at nine.
    world.clock.pass_time(timedelta(days=2, hours=10, minutes=54, seconds=30))
    world.page_sweep()
    [(name, page)] = world.pager.pages
    assert (name, page.phase) == ("ops", Phase.TRIGGER)
    assert "(held since 2026-11-20 22:00:30Z: outside the hours of its severity)" in page.body


def test_a_channel_that_fails_is_replaced_by_the_one_that_is_named_for_that(world: World) -> None:
    world.pager.broken = frozenset({"pd", "ops"})
    announce(world)
    assert sent(world) == [("topic", Phase.TRIGGER)]
    assert world.log.counts.count("ChannelFailures") == 2


def test_with_every_channel_down_the_page_is_sent_again(world: World) -> None:
    world.pager.broken = frozenset({"pd", "ops", "topic"})
    with pytest.raises(NobodyNotified):
        announce(world)
    world.pager.broken = frozenset()
    world.clock.pass_time(61 * SECOND)
    announce(world)
    assert len(world.pager.pages) == 2


def test_without_the_ledger_the_first_step_is_paged_at_any_hour(world: World) -> None:
    world.clock.pass_time(12 * HOUR)
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION)))
    message = incident_messages.given_to_humans(
        a.incident(), world.clock.at, "every rung was tried", AlarmState.ALARM
    )
    dark.page_desk().handle(announced(replace(message, alarm_name="web-latency")))
    assert sent(world) == [("ops", Phase.TRIGGER)]


def test_a_page_that_could_not_be_held_is_sent_at_once(world: World) -> None:
    world.clock.pass_time(12 * HOUR)
    cut = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["transact_write_items"]))
    with pytest.raises(NobodyNotified):
        announce(replace(world, dynamodb=cut), alarm_name="web-latency")
    assert sent(world) == [("ops", Phase.TRIGGER)]


def test_with_a_broken_policy_the_page_goes_to_the_topic(world: World) -> None:
    def broken() -> Any:
        raise PolicyError("policy.toml", ["no"])

    desk = replace(world.page_desk(), rules=broken)
    desk.handle(world.recorded(incident_messages.given_to_humans(a.incident(), a.NOW, "x", AlarmState.ALARM)))
    assert sent(world) == [("topic", Phase.TRIGGER)]


def test_a_picture_comes_after_everybody_was_paged_and_a_missing_one_is_no_error(world: World) -> None:
    world.pictures.picture = b"png"
    announce(world)
    [(ref, picture)] = world.pager.pictures
    assert (ref.partition("-")[0], picture) == ("ops", b"png")


# --- what nobody else looks at


def page_only(world: World, name: str = "api-disk") -> None:
    alarm = world.red(name, tags={"firebreak:action": "page"})
    world.page_desk().handle(eventbridge(alarm))


def test_an_alarm_for_humans_that_goes_green_ends_its_page(world: World) -> None:
    page_only(world)
    world.alarms.turn("api-disk", AlarmState.OK, world.clock.at)
    tick(world, 14)
    assert [page for _, page in world.pager.pages if page.phase is Phase.RESOLVE] == []
    tick(world, 5)
    over = [page for _, page in world.pager.pages if page.phase is Phase.RESOLVE]
    assert len(over) == 2
    assert "The alarm has been OK for 15m." in over[0].body
    tick(world, 60)
    assert len(world.pager.pages) == 4


def test_one_that_stays_red_climbs(world: World) -> None:
    page_only(world)
    tick(world, 16)
    assert ("topic", Phase.TRIGGER) in sent(world)
