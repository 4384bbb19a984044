"""A look that a page promised: it waits for the end, and its result is posted in the page's thread."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.decide import refuse
from firebreak.core.incident.rechecks import refused_look
from firebreak.core.paging.page import Page, Phase
from firebreak.core.reasons import Reason
from firebreak.errors import NobodyNotified
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.builders_announcements import decided
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World, announced, eventbridge, world_on_moto
from tests.workflow.test_flapping import labels, wait
from tests.workflow.test_looking_again import HOUR, MINUTE, PROMISE, acts, deploying, refused, world
from tests.workflow.test_who_is_paged import PAGING

__all__ = ["world"]

DUE = (
    "A look was due at 10:15:30Z; Firebreak looks every 15 minutes until 14:00:30Z"
    " while this is still in the way."
)


def pages(world: World, channel: str) -> list[Page]:
    return [page for name, page in world.pager.pages if name == channel]


def called_threads(world: World) -> Counter[str]:
    return Counter(page.thread for page in pages(world, "pd") if page.phase is Phase.TRIGGER)


def looks(world: World) -> int:
    """The number of looks that found the deployment; the sweep repeats each, as the same delivery."""
    return [summary.reason for summary in world.summaries].count(Reason.DEPLOYMENT_RUNNING)


def scaled_to_zero(world: World) -> None:
    """The deployment has ended, and something else refuses."""
    world.ecs.services[a.TARGET.display] = a.service(desired=0, running=0)


def given_to_humans_for_a_deployment(world: World) -> None:
    world.ecs.services[a.TARGET.display] = a.service(controller="EXTERNAL")
    world.remediator().handle(eventbridge(world.red()))
    deploying(world)
    world.deliver()


@pytest.mark.parametrize("minutes", [1, 16, 47, 225])
def test_it_acts_once_a_deployment_has_ended_however_long_it_took(world: World, minutes: int) -> None:
    refused(world)
    wait(world, minutes * MINUTE, 5 * MINUTE)
    assert acts(world) == 0
    deploying(world, running=False)
    wait(world, 20 * MINUTE)
    assert acts(world) >= 1


def test_a_look_that_finds_the_deployment_still_running_pages_nobody(world: World) -> None:
    refused(world)
    wait(world, 61 * MINUTE)
    assert looks(world) == 4
    assert labels(world) == {"NOT ACTING": 1}


def test_after_four_hours_it_says_once_that_nothing_looks_any_more(world: World) -> None:
    refused(world)
    wait(world, 6 * HOUR, 5 * MINUTE)
    assert looks(world) == 16
    assert labels(world) == {"NOT ACTING": 1, "LOOKED AGAIN": 1}
    [last] = [page for page in pages(world, "pd") if page.body.startswith("LOOKED AGAIN")]
    assert (last.phase, last.thread) == (Phase.UPDATE, pages(world, "pd")[0].thread)
    assert "Firebreak has looked for 4 hours, and does not look again." in last.body


def test_a_lost_schedule_of_a_later_look_costs_minutes_only(world: World) -> None:
    refused(world)
    wait(world, 17 * MINUTE)
    world.schedules.asks.clear()
    deploying(world, running=False)
    wait(world, 20 * MINUTE)
    assert acts(world) >= 1


def test_nobody_further_up_is_called_where_the_look_has_acted(world: World) -> None:
    refused(world)
    deploying(world, running=False)
    wait(world, 18 * MINUTE)
    assert acts(world) == 1
    assert pages(world, "topic") == []
    assert labels(world) == {"NOT ACTING": 1, "ACTED": 1}
    assert len({page.thread for page in pages(world, "pd")}) == 1


def test_a_step_called_after_the_look_was_due_is_not_promised_it(world: World) -> None:
    refused(world)
    wait(world, 60 * MINUTE)
    [called] = pages(world, "topic")
    assert f"{called.at:%H:%M}" == "10:17"
    assert PROMISE not in called.body
    assert DUE in called.body


def test_a_refused_look_is_announced_once_in_the_thread_of_the_page(world: World) -> None:
    refused(world)
    scaled_to_zero(world)
    wait(world, 60 * MINUTE)
    assert len(called_threads(world)) == 1
    assert labels(world)["LOOKED AGAIN"] == 1
    assert len({page.thread for page in pages(world, "pd")}) == 1


def test_a_refused_look_after_needs_you_opens_no_second_page(world: World) -> None:
    given_to_humans_for_a_deployment(world)
    wait(world, 40 * MINUTE)
    assert len(called_threads(world)) == 1
    scaled_to_zero(world)
    wait(world, 20 * MINUTE)
    assert len(called_threads(world)) == 1
    assert labels(world)["LOOKED AGAIN"] == 1


def test_a_refusal_after_an_act_that_helped_for_a_while_is_paged_again() -> None:
    restless = (a.AUTO_POLICY + PAGING).replace('cooldown = "15m"', 'cooldown = "1s"')
    with world_on_moto(policy=parse_policy(restless, "p.toml")) as world:
        alarm = refused(world)
        deploying(world, running=False)
        wait(world, 16 * MINUTE)
        world.green(alarm)
        wait(world, 9 * MINUTE)
        assert labels(world) == {"NOT ACTING": 1, "ACTED": 1, "RESOLVED": 1}
        refused(world)
        assert labels(world) == {"NOT ACTING": 2, "ACTED": 1, "RESOLVED": 1}
        assert len(called_threads(world)) == 1


@pytest.mark.parametrize("reachable", [True, False])
def test_the_result_of_a_look_calls_a_human_where_its_page_is_not_known(
    world: World, *, reachable: bool
) -> None:
    record = decided(refuse(Reason.BUDGET_FULL, "3 of 3"))
    message = refused_look(record, a.TARGET, "a cause that is over")
    assert message
    assert world.ledger.record(record, message)
    client: Any = Wrapped(
        world.dynamodb, before=fail(NO_CONNECTION, on=[] if reachable else ["batch_get_item"])
    )
    desk = world.page_desk()
    dispatcher = replace(desk.dispatcher, threads=DynamoThreads(client, TABLE))
    with suppress(NobodyNotified):
        replace(desk, dispatcher=dispatcher).handle(announced(message))
    assert {(page.phase, page.thread) for page in pages(world, "pd")} == {
        (Phase.TRIGGER, message.incident_id)
    }
    assert labels(world) == {"NOT ACTING": 1}
