"""A function may die after any of its outside calls: still at most one act a rung, and never silence.

Each life is run as often as it has outside calls; in the nth run the function that makes the
nth call is killed right after it. Lambda then delivers its event again, or gives up and reports
the failure to Page; schedules fire and the sweeper runs as ever. The gate runs every third death, each
life from another one on; FIREBREAK_PROVE=deep runs them all.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.core.incident.states import FREES_TARGET, Incident, may_move
from firebreak.core.ledger import incident_name
from firebreak.core.model import Alarm, AlarmState
from firebreak.policy.compiler import parse_policy
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.faults import Death, Killed, Wrapped
from tests.support.quick_moto import call_directly
from tests.support.world import TABLE, World, check_event, create_table, eventbridge

MINUTE = timedelta(minutes=1)
STRIDE = 1 if os.environ.get("FIREBREAK_PROVE") == "deep" else 3
LIFE = 31  # minutes; longer than both rungs, their verification and the sweeps after them
SWEEP = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}

# A temporary change by a higher rung is restored within a life.
LENT_BRIEFLY = parse_policy(a.AUTO_POLICY + 'restore_after = "7m"\n', "lent.toml")

type Desk = Callable[[], Any]


@dataclass
class Life:
    """Runs one alarm to its end in a world whose functions share one death."""

    world: World
    retried: bool

    def run(self, alarm: Alarm, recovers_after: int) -> None:
        self.invoke(self.world.remediator, eventbridge(alarm))
        self.carry()
        for minute in range(1, LIFE):
            self.world.clock.pass_time(MINUTE)
            if minute == recovers_after:
                self.recover(alarm)
            self.fire()
            if minute % 5 == 0:
                self.invoke(self.world.verifier, SWEEP)
            self.carry()

    def invoke(self, desk: Desk, event: dict[str, Any]) -> None:
        try:
            desk().handle(event)
        except Killed:
            if self.retried:
                desk().handle(event)
            else:
                failed = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event}
                self.world.page_desk().handle(failed)

    def page(self, detail: dict[str, Any]) -> None:
        """Page is tried again in any case: it has nobody to report to."""
        event = {"detail-type": "Firebreak Announcement", "detail": detail}
        try:
            self.world.page_desk().handle(event)
        except Killed:
            self.world.clock.pass_time(2 * MINUTE)
            self.world.page_desk().handle(event)

    def carry(self) -> None:
        bus = self.world.bus
        while bus.announced or bus.asked:
            if bus.announced:
                self.page(announcement_to_wire(bus.announced.pop(0)))
            else:
                asked = bus.asked.pop(0)
                self.invoke(partial(self.world.remediator, asked.action), request_event(asked))

    def fire(self) -> None:
        schedules, now = self.world.schedules, self.world.clock.at
        for name in [name for name, at in schedules.checks.items() if at <= now]:
            del schedules.checks[name]
            self.invoke(self.world.verifier, check_event(*name))

    def recover(self, alarm: Alarm) -> None:
        alarms: Any = self.world.alarms
        alarms.inner.turn(alarm.name, AlarmState.OK, self.world.clock.at)  # the alarm is no function
        well = a.alarm(alarm.name, state=AlarmState.OK, since=self.world.clock.at)
        self.invoke(self.world.verifier, eventbridge(well))


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = reader(boto3.session.Session(region_name=a.REGION), "dynamodb")
        call_directly(client)
        yield client


def mortal_world(client: Any, death: Death) -> World:
    """A world on an empty table in which every outside call may be the last of its function."""
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
    create_table(client)
    world = World(Wrapped(client, after=death), policy=LENT_BRIEFLY)
    parts: Any = world
    for name in ("alarms", "ecs", "bus", "schedules", "pager"):
        setattr(parts, name, Wrapped(getattr(world, name), after=death))
    parts.ledger.move = watched(parts.ledger.move)
    return world


def watched(move: Any) -> Any:
    """The same move, checked against the state machine."""

    def checked(change: Any) -> Any:
        assert may_move(change.before.state, change.after.state), change
        return move(change)

    return checked


def run_life(client: Any, at: int, *, retried: bool, recovers_after: int) -> tuple[World, Death]:
    # The death waits until the alarm is red: the preparation is no function.
    death = Death(at=0)
    world = mortal_world(client, death)
    alarm = world.red()
    death.called.clear()
    death.at = at
    Life(world, retried).run(alarm, recovers_after)
    death.at = 0
    return world, death


def trouble(world: World) -> str:
    """The violated property of a finished life, or an empty text."""
    acts = Counter((name, value) for name, _, value in world.ecs.writes)
    if any(count > 1 for count in acts.values()):
        return f"acted twice: {acts}"
    if not world.pager.sent:
        return "no page was sent"
    repeated = [page for page, count in Counter(world.pager.sent).items() if count > 2]
    if repeated:
        return f"paged again and again: {repeated[0][0]}"
    incident = world.ledger.incident(incident_name(a.request(alarm=a.alarm(since=a.NOW))))
    if isinstance(incident, Incident) and incident.state not in FREES_TARGET:
        return f"left in the middle: {incident}"
    if world.ledger.unsettled_announcements(world.clock.at, 10):
        return "an announcement was never published"
    return ""


@pytest.mark.parametrize("retried", [True, False], ids=["delivered again", "given up"])
@pytest.mark.parametrize(
    ("recovers_after", "acts", "last"),
    [
        pytest.param(2, ["force_deployment"], "RESOLVED", id="recovers"),
        pytest.param(99, ["force_deployment", "set_desired_count"], "NEEDS YOU", id="stays red"),
        pytest.param(
            6, ["force_deployment", "set_desired_count", "set_desired_count"], "RESTORED", id="is given back"
        ),
    ],
)
def test_a_function_killed_after_any_outside_call_never_acts_twice_and_never_leaves_silence(
    dynamodb: Any,
    record_property: Callable[[str, object], None],
    recovers_after: int,
    acts: list[str],
    last: str,
    *,
    retried: bool,
) -> None:
    world, undisturbed = run_life(dynamodb, 0, retried=retried, recovers_after=recovers_after)
    assert [name for name, _, _ in world.ecs.writes] == acts
    assert last in world.subjects[-1]
    calls = undisturbed.called
    assert len(calls) > 30
    found: dict[str, str] = {}
    ends: Counter[str] = Counter()
    crash_points = range(1 + (len(acts) + retried) % STRIDE, len(calls) + 1, STRIDE)
    for nth in crash_points:
        world, death = run_life(dynamodb, nth, retried=retried, recovers_after=recovers_after)
        if wrong := trouble(world):
            found[f"call {nth}, {death.called[nth - 1]}"] = wrong
        ends[f"{len(world.ecs.writes)} acts, last page {world.pager.sent[-1][1].partition(':')[0]}"] += 1
    assert found == {}
    how = "delivered again" if retried else "given up"
    outcomes = ", ".join(f"{count} x {end}" for end, count in sorted(ends.items()))
    record_property("proof", f"crash points ({last}, {how}): {len(crash_points)} of {len(calls)}; {outcomes}")
