"""64 workers at once, against the emulator: its own record of calls counts the acts.

Every worker is a whole function with real adapters and clients of its own; their clocks differ by up
to a minute, as the pad of a slot allows. FIREBREAK_PROVE=deep takes minutes, with
windows so short that slots run out and are taken again.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firebreak.aws.clients import reader
from firebreak.core.limits.history import Hold
from firebreak.core.limits.storm import MOST_REMEMBERED
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.reasons import Reason
from firebreak.ledger.switches import Switches
from firebreak_devtools.local.emulator import Running
from tests.proofs.concurrency.driver import WORKERS, Limits, Load, acted_twice, decided
from tests.proofs.concurrency.job import Result
from tests.proofs.concurrency.testbed import Delivery, Fleet, in_bursts, shuffled, transitions
from tests.proofs.concurrency.watching import TRANSACTION, Write

pytestmark = pytest.mark.local


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is. The stack's limit is to be used up."""

    services: int
    transitions: int
    again: int
    limits: Limits
    stack: int
    rounds: int
    burst: int
    every: float

    def deliveries(self, fleet: Fleet) -> list[Delivery]:
        """Each alarm's transitions in any order, with exact duplicates, in bursts."""
        first = transitions(
            fleet, self.transitions, spread=timedelta(minutes=15), every=timedelta(minutes=16)
        )
        return in_bursts(shuffled(first, self.again, seed=1), self.burst, self.every)


# The windows are shorter than clocks may differ, so that only the pad keeps an early clock from taking
# the slots of late ones again at once.
BRIEF = Limits(target="1/20s", group="3/20s", action="10/20s", stack="12/20s")
GATE = Size(services=100, transitions=5, again=500, limits=BRIEF, stack=12, rounds=1, burst=10_000, every=0.0)
# A slot is held 110 s (window and pad), the bursts go on for five minutes: slots run out several times.
SHORT = Limits(target="1/30s", group="2/30s", action="4/30s", stack="5/30s")
DEEP = Size(services=400, transitions=13, again=4800, limits=SHORT, stack=5, rounds=3, burst=400, every=12.0)
# Time enough for late clocks to take every slot before an early one looks.
HEAD_START = 8.0
SIZE = DEEP if os.environ.get("FIREBREAK_PROVE") == "deep" else GATE
STORM = Limits(storm='alarms = 10\nwithin = "1h"\nquiet = "1h"')


@contextmanager
def fleet_of(running: Running, *, services: int, clusters: int = 10) -> Iterator[Fleet]:
    """Red alarms on opted-in services, removed afterwards."""
    fleet = Fleet.prepare(running.session(), services=services, clusters=clusters)
    try:
        yield fleet
    finally:
        fleet.remove()


def assert_every_event_ended_in_one_decision(
    result: Result, fleet: Fleet, deliveries: Sequence[Delivery]
) -> None:
    """Nothing raised, nobody was blind, and the ledger holds each delivery's decision and no other."""
    assert result.raised == []
    assert result.outcomes.total() == len(deliveries)
    assert result.outcomes[f"refuse {Reason.LEDGER_UNAVAILABLE}"] == 0
    assert AnnouncementKind.BLIND not in result.announced.values()
    assert decided(fleet) == sorted({delivery.key for delivery in deliveries})


def test_no_window_at_any_level_sees_more_acts_than_its_limit(
    running: Running, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with fleet_of(running, services=SIZE.services) as fleet:
        deliveries = SIZE.deliveries(fleet)
        load = Load(running, fleet, SIZE.limits, tmp_path, head_start=HEAD_START)
        result = load.run(deliveries)
        assert load.violations() == []
        assert acted_twice(load.acts) == []
        assert_every_event_ended_in_one_decision(result, fleet, deliveries)
    # Otherwise it would have been no test: the slots were all taken, in the deep run again and again.
    assert len(load.acts) > SIZE.stack * (SIZE.rounds - 1)
    assert len(load.acts) == sum(write.is_claim and not write.lost_on for write in result.writes)
    assert result.outcomes["act clear_to_act"] == len(load.acts)
    record_property(
        "proof",
        f"real concurrency: {WORKERS} workers, {len(deliveries)} events over {SIZE.services} services, "
        f"{len(load.acts)} acts in AWS's record, no window over its limit",
    )


def trips(writes: Sequence[Write]) -> list[Write]:
    """The transactions that declared a storm."""
    return [
        write
        for write in writes
        if write.operation == TRANSACTION
        and not write.lost_on
        and not write.is_claim
        and any(item.startswith("STORM") for item in write.items)
    ]


def test_once_a_storm_is_declared_nothing_is_claimed_and_one_page_is_sent(
    running: Running, tmp_path: Path
) -> None:
    with fleet_of(running, services=80) as fleet:
        first = transitions(fleet, 3, spread=timedelta(minutes=1), every=timedelta(minutes=2))
        deliveries = shuffled(first, 60, seed=2)
        load = Load(running, fleet, STORM, tmp_path)
        result = load.run(deliveries)
        assert load.violations() == []
        assert_every_event_ended_in_one_decision(result, fleet, deliveries)
    (trip,) = trips(result.writes)
    late = [w for w in result.writes if w.is_claim and not w.lost_on and w.start > trip.end]
    assert late == []
    assert list(result.announced.values()).count(AnnouncementKind.STORM) == 1
    assert result.outcomes[f"refuse {Reason.STORM}"] > len(first) // 2
    counted = [w for w in result.writes if w.operation == "update_item" and w.items[0].startswith("STORM")]
    assert len([w for w in counted if w.start > trip.end]) <= MOST_REMEMBERED + WORKERS


def hold_everything(fleet: Fleet) -> None:
    """Somebody holds the global switch: every refusal has the same cause, which is announced once."""
    now = datetime.now(UTC)
    switches = Switches(reader(fleet.session, "dynamodb"), fleet.table)
    switches.pause(Hold("global", "jane", "deploying", now, now + timedelta(hours=1)))


@pytest.mark.parametrize("paused", [False, True], ids=["at work", "paused"])
def test_writes_that_meet_and_are_refused_as_dynamodb_does_lose_no_event(
    running: Running, tmp_path: Path, *, paused: bool
) -> None:
    with fleet_of(running, services=60) as fleet:
        if paused:
            hold_everything(fleet)
        first = transitions(fleet, 2, spread=timedelta(minutes=5), every=timedelta(minutes=6))
        deliveries = shuffled(first, 60, seed=3)
        load = Load(running, fleet, Limits(), tmp_path, processes=1, refuses=True)
        result = load.run(deliveries)
        assert load.violations() == []
        assert_every_event_ended_in_one_decision(result, fleet, deliveries)
