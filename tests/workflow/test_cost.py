"""The cost of a refused event: so many calls and no more, whatever else happens, and no shared scope.

docs/performance.md shows these numbers; a test compares.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.limits.storm import MOST_REMEMBERED, RedAlarm
from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from tests.docs.documents import document
from tests.proofs.concurrency.watching import items_of
from tests.support import builders as a
from tests.support.faults import Wrapped
from tests.support.world import TABLE, World, eventbridge

MINUTE = timedelta(minutes=1)
HERE = "docs/performance.md"

# The AWS operation of each method of the ports and the client; each is one request.
CALLS = {
    "batch_get_item": "BatchGetItem",
    "transact_write_items": "TransactWriteItems",
    "update_item": "UpdateItem",
    "put_item": "PutItem",
    "get_item": "GetItem",
    "tags": "ListTagsForResource",
    "describe": "DescribeAlarms",
    "service": "DescribeServices",
    "task_definition": "DescribeTaskDefinition",
    "group": "DescribeClusters",
    "announce": "PutEvents",
    "ask": "PutEvents",
    "check": "CreateSchedule",
    "ask_again": "CreateSchedule",
    "force_deployment": "UpdateService",
}


@dataclass
class Till:
    """Counts every outside call of a world from `open` on."""

    world: World
    items: list[str] = field(default_factory=list)
    _wrapped: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts: Any = self.world
        parts.dynamodb = self._wrap(_Items(self.world.dynamodb, self.items))
        parts.ledger = DynamoLedger(parts.dynamodb, TABLE)
        for name in ("alarms", "ecs", "bus", "schedules"):
            setattr(parts, name, self._wrap(getattr(parts, name)))

    def _wrap(self, inner: Any) -> Any:
        self._wrapped.append(Wrapped(inner))
        return self._wrapped[-1]

    def cost(self, alarm: Alarm) -> tuple[Reason, Counter[str]]:
        """Why one event was refused and what it cost, by AWS's names."""
        for one in self._wrapped:
            one.calls.clear()
        self.items.clear()
        self.world.bus.announced.clear()
        done = self.world.remediator().handle(eventbridge(alarm))
        assert done.outcome == "refuse"
        return done.reason, Counter(CALLS[name] for one in self._wrapped for name in one.calls)


class _Items:
    """A client that keeps the keys of everything that its transactions name."""

    def __init__(self, inner: Any, items: list[str]) -> None:
        self._inner = inner
        self._items = items

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def transact_write_items(self, **arguments: Any) -> Any:
        self._items += items_of("transact_write_items", arguments)
        return self._inner.transact_write_items(**arguments)


def other_alarm(world: World, service: str) -> Alarm:
    """The red alarm of another service."""
    world.ecs.services[f"ecs:prod/{service}"] = a.service(name=service)
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{service}"}
    return world.red(f"{service}-memory-high", tags=tags)


def by_a_ledger_guard(world: World) -> Alarm:
    """The stack's only slot is taken by another service."""
    world.policy = parse_policy(a.AUTO_POLICY.replace('stack = ["5/15m"', 'stack = ["1/15m"'), "one.toml")
    assert world.send(other_alarm(world, "web")).outcome == "act"
    return world.red()


def by_a_kill_switch(world: World) -> Alarm:
    """Somebody holds the global switch."""
    now = world.clock.at
    world.switches.pause(Hold("global", "jane", "deploying", now, now + 60 * MINUTE))
    return world.red()


def not_allowed(world: World) -> Alarm:
    """The service lacks the tag that lets Firebreak change it."""
    world.ecs.services[a.TARGET.display] = a.service(tags={})
    return world.red()


def a_duplicate(world: World) -> Alarm:
    """The same transition was decided a moment ago."""
    alarm = world.red()
    world.send(alarm)
    return alarm


def joined(world: World) -> Alarm:
    """Another alarm of the service is being worked on."""
    world.send(world.red("api-5xx"))
    return world.red()


def in_a_storm(world: World) -> Alarm:
    """A storm was declared with this alarm in it; what it remembers is written once a minute at most."""
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 2"), "storm.toml")
    world.send(other_alarm(world, "web"))
    assert world.send(world.red()).reason is Reason.STORM
    world.clock.pass_time(timedelta(seconds=1))
    return world.red()


def new_in_a_storm(world: World) -> Alarm:
    """A storm was declared, and this alarm is not among those that it remembers."""
    in_a_storm(world)
    return world.red("api-5xx")


def in_a_full_storm(world: World) -> Alarm:
    """Fill the storm with red alarms."""
    in_a_storm(world)
    for n in range(MOST_REMEMBERED):
        DynamoStorms(world.dynamodb, TABLE).remember(
            RedAlarm(world.clock.at, f"arn-{n}", f"a{n}"), (), world.clock.at
        )
    return world.red("api-5xx")


# The first reads of every alarm (its tags may name another target), and its record.
FIRST = {"ListTagsForResource": 1, "BatchGetItem": 1}
RED = {"UpdateItem": 1}  # one more red alarm, for the storm; not for one that is known, nor for a duplicate
RECORD = {"TransactWriteItems": 1}
ANNOUNCED = {"PutEvents": 1, "UpdateItem": 1}
TARGETS_INCIDENT = {"BatchGetItem": 1}  # where an incident was opened on the target before
CONSENT = {"DescribeServices": 1, "DescribeTaskDefinition": 1}  # before an alarm counts, or joins


def together(*parts: Mapping[str, int]) -> Counter[str]:
    return sum(map(Counter, parts), Counter())


CASES: Mapping[str, tuple[Callable[[World], Alarm], Reason, Counter[str]]] = {
    "a ledger guard objects": (
        by_a_ledger_guard,
        Reason.BUDGET_FULL,
        together(FIRST, CONSENT, RED, RECORD, ANNOUNCED),
    ),
    "a kill switch is held": (
        by_a_kill_switch,
        Reason.SWITCHED_OFF,
        together(FIRST, CONSENT, RED, RECORD, ANNOUNCED),
    ),
    "its target does not allow it": (
        not_allowed,
        Reason.NOT_OPTED_IN,
        together(FIRST, CONSENT, RECORD, ANNOUNCED),
    ),
    "a duplicate": (a_duplicate, Reason.DUPLICATE, together(FIRST, TARGETS_INCIDENT)),
    "joined to an open incident": (
        joined,
        Reason.IN_FLIGHT,
        together(FIRST, TARGETS_INCIDENT, CONSENT, RED, RECORD),
    ),
    "in a storm": (in_a_storm, Reason.STORM, together(FIRST, RECORD)),
    "new in a storm": (new_in_a_storm, Reason.STORM, together(FIRST, CONSENT, RED, RECORD)),
    "in a storm that is full": (in_a_full_storm, Reason.STORM, together(FIRST, RECORD)),
}
each_case = pytest.mark.parametrize(("prepare", "reason", "calls"), CASES.values(), ids=CASES)


@each_case
def test_a_refused_event_costs_so_many_calls(
    world: World, prepare: Callable[[World], Alarm], reason: Reason, calls: Counter[str]
) -> None:
    alarm = prepare(world)
    assert Till(world).cost(alarm) == (reason, calls)


@each_case
def test_a_refusal_makes_no_transaction_on_a_shared_scope(
    world: World, prepare: Callable[[World], Alarm], reason: Reason, calls: Counter[str]
) -> None:
    alarm = prepare(world)
    till = Till(world)
    till.cost(alarm)
    assert [item for item in till.items if item.startswith(("SCOPE#", "STORM", "SWITCH#"))] == []
    assert bool(till.items) == bool(calls["TransactWriteItems"])


def test_the_cost_does_not_grow_with_what_was_refused_before(world: World) -> None:
    alarm = by_a_ledger_guard(world)
    till = Till(world)
    _, first = till.cost(alarm)
    for n in range(20):
        till.cost(other_alarm(world, f"s{n}"))
    _, later = till.cost(world.red("api-5xx"))
    assert later == first


def test_the_document_shows_these_numbers() -> None:
    rows = {row[0]: row[1:] for row in document(HERE).table("a refusal")}
    assert rows == {
        name: [str(calls.total()), ", ".join(f"{count} {call}" for call, count in sorted(calls.items()))]
        for name, (_, _, calls) in CASES.items()
    }
