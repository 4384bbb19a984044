"""Storms of pages that last: alarms that flap, and the pages about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages.storm_messages import storm_ended
from firebreak.core.model import Alarm
from firebreak.errors import Throttled
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.storm_detector import StormWatch
from tests.support import builders as a
from tests.support.faults import Killed, Wrapped, fail
from tests.support.world import TABLE, World, eventbridge, world_on_moto
from tests.workflow.test_flapping import labels, wait
from tests.workflow.test_who_is_paged import PAGING

MINUTE = timedelta(minutes=1)
STORMY = a.AUTO_POLICY.replace("alarms = 50", 'alarms = 10\nwithin = "5m"\nquiet = "10m"') + PAGING


def stormy_world(policy: str = STORMY) -> Any:
    return world_on_moto(policy=parse_policy(policy, "stormy.toml"))


def paged(world: World, name: str) -> Alarm:
    alarm = world.red(name, tags={"firebreak:action": "page"})
    world.page_desk().handle(eventbridge(alarm))
    return alarm


def red(world: World, n: int) -> RedAlarm:
    return RedAlarm(world.clock.at, f"arn-web-{n:02d}", f"web-{n:02d}")


def threads(world: World) -> int:
    return len({page.thread for name, page in world.pager.pages if name == "pd"})


def test_alarms_that_flap_together_for_two_hours_are_two_storms_and_not_ten() -> None:
    with stormy_world(STORMY.replace("alarms = 10", "alarms = 4")) as world:
        for _ in range(20):
            reds = [paged(world, f"web-{n:02d}") for n in range(5)]
            wait(world, 3 * MINUTE)
            for alarm in reds:
                world.green(alarm)
            wait(world, 3 * MINUTE)
        assert (labels(world)["STORM OVER"], threads(world)) == (1, 2)
        wait(world, 30 * MINUTE)
        assert (labels(world)["STORM OVER"], threads(world)) == (2, 2)


def test_one_alarm_that_flaps_keeps_a_storm_for_little_more_than_an_hour() -> None:
    with stormy_world() as world:
        for n in range(12):
            world.green(paged(world, f"web-{n:02d}"))
        for _ in range(13):
            alarm = paged(world, "web-00")
            wait(world, 3 * MINUTE)
            world.green(alarm)
            wait(world, 3 * MINUTE)
        assert (labels(world)["STORM OVER"], threads(world)) == (1, 1)
        paged(world, "web-50")
        assert "web-50" in world.pager.pages[-1][1].subject


@pytest.mark.parametrize("of_pages", [False, True])
def test_of_two_hundred_that_turn_red_again_at_one_moment_one_writes(*, of_pages: bool) -> None:
    with stormy_world() as world:
        written: list[str] = []
        client: Any = Wrapped(world.dynamodb, after=written.append)
        storms = DynamoStorms(client, TABLE, of_pages=of_pages)
        watch = StormWatch(storms, world.looks(), world.announcer(), world.clock, world.log)
        for n in range(200):
            watch.count(red(world, n), world.policy.storm, storms.look())
        world.clock.pass_time(MINUTE)
        read, before = storms.look(), written.count("update_item")
        after = [watch.count(red(world, n), world.policy.storm, read) for n in range(200)]
        assert {one.renewed_at for one in after if isinstance(one, Storm)} == {world.clock.at}
        assert written.count("update_item") == before + 1


def test_an_alarm_red_as_the_storm_ends_starts_a_new_count_and_is_paged_by_itself() -> None:
    with stormy_world() as world:
        storms = DynamoStorms(world.dynamodb, TABLE, of_pages=True)
        for n in range(12):
            paged(world, f"web-{n:02d}")
        world.clock.pass_time(2 * MINUTE)
        read = storms.look()
        assert isinstance(read, Storm)
        assert storms.calm(read, storm_ended(read, (), world.clock.at))
        watch = StormWatch(storms, world.looks(), world.announcer(), world.clock, world.log)
        again = replace(read.red[0], since=world.clock.at)
        found = watch.count(again, world.policy.storm, read)
        assert isinstance(found, Storm)
        assert (found.tripped_at, found.red) == (None, (again,))


def killed_after(world: World, call: str, event: dict[str, Any]) -> None:
    """Page dies after the ledger stored the announcement, and before anybody was paged."""
    desk = world.page_desk()
    mortal: Any = Wrapped(desk.storms, after=fail(Killed("here"), on=[call]))
    with pytest.raises(Killed):
        replace(desk, storms=mortal).handle(event)


@pytest.mark.parametrize("quiet", [10, 5])
@pytest.mark.parametrize("lost", [(), ("trip",), ("calm",), ("trip", "calm")], ids=str)
def test_each_page_of_a_storm_is_sent_once_and_none_after_its_end(quiet: int, lost: tuple[str, ...]) -> None:
    """Published by the function that declares or ends the storm, or by the sweeper when that one died."""
    with stormy_world(STORMY.replace('quiet = "10m"', f'quiet = "{quiet}m"')) as world:
        reds = [paged(world, f"web-{n:02d}") for n in range(9)]
        if "trip" in lost:
            last = world.red("web-09", tags={"firebreak:action": "page"})
            killed_after(world, "trip", eventbridge(last))
        else:
            last = paged(world, "web-09")
        for alarm in (*reds, last):
            world.green(alarm)
        if "calm" in lost:
            wait(world, (quiet - 1) * MINUTE)
            world.clock.pass_time(MINUTE)
            killed_after(world, "calm", {"detail-type": "Firebreak Page Sweep"})
        wait(world, 40 * MINUTE)
        found = [mark for body in bodies(world) if (mark := body.split(":")[0]).startswith("STORM")]
        # With a short quiet its end was paged before the sweeper publishes its beginning.
        assert found == (["STORM OVER"] if (lost, quiet) == (("trip",), 5) else ["STORM", "STORM OVER"])


def test_an_announcement_that_the_sweeper_publishes_again_is_not_paged_again() -> None:
    """Page sent it, and could not settle it in the ledger."""
    with stormy_world() as world:
        cut = Ledger(world.dynamodb, TABLE)
        world.ledger = cut
        reds = [paged(world, f"web-{n:02d}") for n in range(12)]
        for alarm in reds:
            world.green(alarm)
        wait(world, 11 * MINUTE)
        world.ledger = DynamoLedger(world.dynamodb, TABLE)
        wait(world, 30 * MINUTE)
        assert labels(world) == {"STORM": 1, "STORM OVER": 1}
        assert "page.waits" in [name for name, _ in world.log.events]


def test_an_alarm_red_in_a_long_storm_is_named_on_its_next_page() -> None:
    with stormy_world() as world:
        for n in range(40):
            paged(world, f"web-{n:02d}")
        wait(world, 70 * MINUTE)
        paged(world, "web-payments-stopped")
        wait(world, 60 * MINUTE)
        text = "".join(bodies(world))
        missing = [name for n in range(40) if (name := f"web-{n:02d}") not in text]
        assert ("web-payments-stopped" in text, missing) == (True, [])


class Ledger(DynamoLedger):
    """Keeps everything waiting."""

    def settle_announcement(self, waits_as: str, at: datetime) -> None:
        raise Throttled("UpdateItem", "ThrottlingException")


def bodies(world: World) -> list[str]:
    return [page.body for name, page in world.pager.pages if name == "pd"]
