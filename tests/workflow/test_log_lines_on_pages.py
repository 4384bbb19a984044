"""The log that a page shows and its channels: by the policy alone, outside AWS only where it says so."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from firebreak.core.messages import incident_messages
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.paging.rules import ChannelKind
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, world_on_moto
from tests.workflow.test_who_is_paged import PAGING

WITH_LINES = PAGING.replace('kind = "slack"', 'kind = "slack"\nlog_lines = true')
TOPIC_ONLY = PAGING.replace('channels = ["pd", "ops"]', 'channels = ["topic"]')


def world_of(paging: str) -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + paging, "paging.toml")) as made:
        made.logs.groups["/ecs/api"] = ("ERROR cannot log in, password=hunter2",)
        made.logs.groups["/payroll"] = ("ERROR salary of ana is 1",)
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world_of(getattr(request, "param", PAGING))


def bodies(world: World, **tags: str) -> dict[str, str]:
    """The page about an alarm with these tags, by channel."""
    incident = a.incident()
    alarm: Alarm = replace(incident.alarm, tags={**incident.alarm.tags, **tags})
    message = incident_messages.given_to_humans(
        replace(incident, alarm=alarm), world.clock.at, "every rung was tried", AlarmState.ALARM
    )
    world.page(message)
    return {name: page.body for name, page in world.pager.pages}


def test_channels_that_leave_aws_name_the_log_group_and_show_no_line_of_it(world: World) -> None:
    found = bodies(world)
    assert set(found) == {"pd", "ops"}
    assert all("Log group: /ecs/api (no lines of it on this channel)" in body for body in found.values())
    assert not any("cannot log in" in body for body in found.values())


@pytest.mark.parametrize("world", [WITH_LINES], indirect=True)
def test_each_channel_shows_lines_only_if_its_own_section_says_so(world: World) -> None:
    found = bodies(world)
    assert "  | ERROR cannot log in, ***\n" in found["ops"]
    assert "cannot log in" not in found["pd"]


@pytest.mark.parametrize("world", [TOPIC_ONLY], indirect=True)
def test_the_topic_shows_lines(world: World) -> None:
    assert "  | ERROR cannot log in, ***\n" in bodies(world)["topic"]


@pytest.mark.parametrize("world", [TOPIC_ONLY], indirect=True)
def test_a_tag_of_the_alarm_chooses_no_log(world: World) -> None:
    body = bodies(world, **{"firebreak:log-group": "/payroll"})["topic"]
    assert "salary" not in body
    assert "cannot log in" in body


@pytest.mark.parametrize(
    ("kind", "said", "carries"),
    [
        ("topic", "", True),
        ("topic", "log_lines = false", False),
        ("slack", "", False),
        ("pagerduty", "", False),
        ("webhook", "", False),
        ("webhook", "log_lines = true", True),
    ],
)
def test_log_lines_are_carried_as_the_policy_of_a_channel_allows(kind: str, said: str, carries: bool) -> None:
    to = {
        "topic": "arn:aws:sns:eu-west-1:111122223333:x",
        "slack": "C0123ABCD",
        "pagerduty": "",
        "webhook": "https://a.example/",
    }
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak/x"
    lines = [f'kind = "{kind}"', f'to = "{to[kind]}"', said]
    lines += [f'secret = "{secret}"'] if kind != "topic" else []
    policy = parse_policy("\n".join([a.AUTO_POLICY, "[paging.channels.x]", *lines]), "p.toml")
    assert policy.paging.channels["x"].kind is ChannelKind(kind)
    assert policy.paging.channels["x"].log_lines is carries
    assert policy.paging.channels["topic"].log_lines
