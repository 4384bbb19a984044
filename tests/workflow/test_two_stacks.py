"""Two stacks in one account and region: the rules of both match, and the target's tag decides."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from firebreak.core.model import Alarm, Metric
from firebreak.core.reasons import Reason
from tests.support import builders as a
from tests.support.world import World, create_table, eventbridge, world_on_moto

NAMES = ("firebreak", "firebreak-b")


@pytest.fixture
def stacks() -> Iterator[tuple[World, World]]:
    """Two stacks with a ledger each, and the same alarms and services under both."""
    with world_on_moto() as first:
        create_table(first.dynamodb, "ledger-b")
        yield (
            first,
            World(
                first.dynamodb,
                clock=first.clock,
                alarms=first.alarms,
                ecs=first.ecs,
                stack=NAMES[1],
                table="ledger-b",
            ),
        )


def leave_to(stacks: tuple[World, World], name: str) -> None:
    tags = {"firebreak:enabled": "true", "firebreak:stack": name}
    stacks[0].ecs.services[a.TARGET.display] = a.service(tags=tags)


@pytest.mark.parametrize("named", NAMES)
@pytest.mark.parametrize("tags", [{}, {"firebreak:action": "restart-service"}], ids=["by symptom", "by tag"])
def test_one_alarm_in_both_is_one_act_of_the_stack_that_the_target_names(
    stacks: tuple[World, World], named: str, tags: dict[str, str]
) -> None:
    leave_to(stacks, named)
    event = eventbridge(replace(stacks[0].red("api-memory-high"), tags=tags))

    answers = {world.stack: world.remediator().handle(event) for world in stacks}

    assert answers.pop(named).outcome == "act"
    (other,) = answers.values()
    assert (other.outcome, other.reason) == ("refuse", Reason.OTHER_STACK)
    assert len(stacks[0].ecs.writes) == 1


def test_the_stack_that_leaves_it_to_the_other_pages_nobody(stacks: tuple[World, World]) -> None:
    leave_to(stacks, NAMES[1])
    tagged = replace(stacks[0].red("api-memory-high"), tags={"firebreak:action": "restart-service"})

    stacks[0].remediator().handle(eventbridge(tagged))

    assert stacks[0].bus.announced == []


def test_without_the_tag_each_stack_acts_for_itself(stacks: tuple[World, World]) -> None:
    """Neither knows the other's ledger: the documents ask for the tag wherever there are two."""
    event = eventbridge(stacks[0].red("api-memory-high"))

    assert [world.remediator().handle(event).outcome for world in stacks] == ["act"] * 2


def heartbeat(stacks: tuple[World, World], tags: dict[str, str]) -> Alarm:
    never = Metric("Firebreak", "NeverReported", {"service": NAMES[1]})
    return replace(stacks[1].red(f"{NAMES[1]}-heartbeat", metrics=(never,)), tags=tags)


def test_the_heartbeat_of_the_other_stack_is_recorded_and_pages_nobody(stacks: tuple[World, World]) -> None:
    """Its tag routes it to the functions of both."""
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:{NAMES[1]}/heartbeat"}
    event = eventbridge(heartbeat(stacks, tags))

    reasons = [world.remediator().handle(event).reason for world in stacks]

    assert reasons == [Reason.OTHER_STACK, Reason.HEARTBEAT]
    assert [world.bus.announced for world in stacks] == [[], []]


def test_the_heartbeat_of_the_other_stack_whose_tags_were_lost_pages_nobody(
    stacks: tuple[World, World],
) -> None:
    """Without its tags it is an alarm for humans, in both."""
    event = eventbridge(heartbeat(stacks, {}))

    reasons = [world.page_desk().handle(event).reason for world in stacks]

    assert reasons == [Reason.OTHER_STACK, Reason.HEARTBEAT_BLIND]
    assert [world.pager.sent for world in stacks] == [[], []]


def test_the_alarm_of_a_service_that_is_named_as_a_heartbeat_is_answered(stacks: tuple[World, World]) -> None:
    stacks[0].ecs.services["ecs:prod/heartbeat"] = a.service(name="heartbeat")
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/heartbeat"}
    event = eventbridge(replace(stacks[0].red("prod-heartbeat"), tags=tags))

    assert stacks[0].remediator().handle(event).outcome == "act"


def test_a_name_that_no_stack_has_keeps_all_of_them_off(stacks: tuple[World, World]) -> None:
    leave_to(stacks, "firebreak-c")
    event = eventbridge(stacks[0].red("api-memory-high"))

    reasons = [world.remediator().handle(event).reason for world in stacks]

    assert reasons == [Reason.OTHER_STACK] * 2
    assert stacks[0].ecs.writes == []
