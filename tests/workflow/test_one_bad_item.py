"""One bad item, answer or policy keeps no other from being looked at, and is announced once a day."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from firebreak.core.incident.states import IncidentState
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.page import Severity
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Unknown
from firebreak.errors import AwsError, NobodyNotified, PolicyError, Throttled
from firebreak.ledger.items import key, number, stamped, text
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from tests.core.thread_fixtures import announced
from tests.support import builders as a
from tests.support.faults import Wrapped
from tests.support.world import TABLE, World, world_on_moto
from tests.workflow.test_storms import WIDE

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NAMES = "abcde"
POLICY = parse_policy(WIDE.replace("alarms = 4", "alarms = 40"), "bad.toml")

PAGE_SWEEP = {"source": "firebreak", "detail-type": "Firebreak Page Sweep", "detail": {"v": 1}}

type Item = dict[str, Any]
type Break = Callable[[Item], Item]


def without(name: str) -> Break:
    return lambda item: {field: value for field, value in item.items() if field != name}


def having(name: str, value: Item) -> Break:
    return lambda item: {**item, name: value}


ODD: list[Item] = [
    {"N": "1"},
    {"S": "{"},
    {"S": "[]"},
    {"S": "null"},
    {"S": "1e999"},
    {"BOOL": True},
    {"L": []},
]
FIELDS = [
    "state",
    "target",
    "members",
    "alarm",
    "plan",
    "receipt",
    "ladder",
    "version",
    "opened_at",
    "acted_at",
]
breaks = some.one_of(
    some.sampled_from(FIELDS).map(without),
    some.builds(having, some.sampled_from([*FIELDS, "due_at", "purpose"]), some.sampled_from(ODD)),
    some.sampled_from(
        [
            having("state", {"S": "of a later release"}),
            having("v", {"N": "99"}),
            having("plan", {"S": '{"summary": "x", "change": {}, "before": {}}'}),
            having("members", {"S": '[["a"]]'}),
            having("target", {"S": '["a", "b", "xx", "", "c"]'}),
            having("action", {"S": "of-a-later-release"}),
        ]
    ),
)


def world_with_overdue() -> contextlib.AbstractContextManager[World]:
    @contextlib.contextmanager
    def made() -> Iterator[World]:
        with world_on_moto(policy=POLICY) as world:
            for name in NAMES:
                world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
                tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
                assert world.send(world.red(f"{name}-high", tags=tags)).outcome == "act"
                world.alarms.turn(f"{name}-high", AlarmState.OK, world.clock.at)
            world.schedules.checks.clear()
            world.clock.pass_time(20 * MINUTE)
            yield world

    return made()


@pytest.fixture
def world() -> Iterator[World]:
    with world_with_overdue() as made:
        yield made


def ids(world: World) -> dict[str, str]:
    """The incident of each service."""
    overdue = world.ledger.overdue(world.clock.at, 50)
    return {world.incident(one.incident_id).target.name: one.incident_id for one in overdue}


def rewrite(world: World, pk: str, change: Break, sk: str = "META") -> None:
    item = world.dynamodb.get_item(TableName=TABLE, Key=key(pk, sk))["Item"]
    world.dynamodb.put_item(TableName=TABLE, Item={**change(item), **key(pk, sk)})


def sweep(world: World) -> None:
    """A sweep, which may fail at its end for what it met."""
    with contextlib.suppress(AwsError, NobodyNotified):
        world.sweep()


def blind_pages(world: World) -> list[str]:
    return [subject for subject in world.subjects if " BLIND: " in subject]


@given(
    broken=some.dictionaries(some.sampled_from(NAMES), breaks, max_size=len(NAMES)),
    dark=some.sets(some.sampled_from(NAMES)),
    unruled=some.sets(some.sampled_from(NAMES)),
)
@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
def test_whichever_incidents_cannot_be_looked_at_all_others_are(
    broken: dict[str, Break], dark: set[str], unruled: set[str]
) -> None:
    with world_with_overdue() as world:
        of = ids(world)
        for name, change in broken.items():
            rewrite(world, f"INC#{of[name]}", change)
        sound = world.ledger
        world.ledger = dark_for(world, {of[name] for name in dark})
        world.policy = PolicyFor(world.policy, unruled)
        sweep(world)
        world.ledger = sound
        for name in set(NAMES) - set(broken) - dark - unruled:
            assert world.incident(of[name]).state is IncidentState.HOLDING, name


class PolicyFor(Policy):
    """A policy that does not load for some targets."""

    def __init__(self, inner: Policy, unruled: set[str]) -> None:
        super().__init__(**{field.name: getattr(inner, field.name) for field in fields(inner)})
        object.__setattr__(self, "unruled", unruled)

    def rules(self, action: str, target: Any) -> Any:
        if target.name in self.unruled:  # type: ignore[attr-defined]  # set above
            raise PolicyError("bad.toml", ["line 1"])
        return super().rules(action, target)


def dark_for(world: World, refused: set[str]) -> Any:
    """The ledger, which throttles every look at these incidents."""
    ledger: Any = Wrapped(world.ledger)
    inner = world.ledger

    def incident(name: str) -> Any:
        if name in refused:
            raise Throttled("BatchGetItem", "ThrottlingException")
        return inner.incident(name)

    ledger.incident = incident
    return ledger


def no_policy() -> Policy:
    raise PolicyError("bad.toml", ["line 1", "line 2"])


def test_without_a_policy_dead_claims_are_found_and_it_is_announced_once_a_day(world: World) -> None:
    of = ids(world)
    for name in "de":
        rewrite(world, f"INC#{of[name]}", having("state", text("claimed")))  # type: ignore[arg-type]  # an item
    world.clock.at = a.NOW.replace(hour=12)
    for _ in range(12 * 10):
        with contextlib.suppress(AwsError, NobodyNotified):
            replace(world.verifier(), policy=no_policy).handle(
                {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}
            )
        world.deliver()
        world.clock.pass_time(5 * MINUTE)
    assert [world.incident(of[name]).state for name in "de"] == [IncidentState.UNCERTAIN] * 2
    assert len(blind_pages(world)) == 1
    assert "2 problems in the policy" in world.pager.sent[-1][1] or len(world.pager.sent) > 1
    world.sweep()
    assert {world.incident(one).state for one in of.values()} <= {
        IncidentState.HOLDING,
        IncidentState.VERIFYING,
        IncidentState.CLOSED,
        IncidentState.PAGED,
    }


def test_a_check_that_meets_no_policy_leaves_the_incident_due_and_does_not_crash(world: World) -> None:
    incident = next(iter(ids(world).values()))
    found = replace(world.verifier(), policy=no_policy)._check(incident, None)
    assert found.outcome == "policy_unusable"
    assert incident in ids(world).values()


def test_an_incident_that_cannot_be_read_is_announced_once_a_day(
    world: World,
) -> None:
    of = ids(world)
    rewrite(world, f"INC#{of['a']}", without("target"))
    world.clock.at = a.NOW.replace(hour=12)
    for _ in range(24):
        sweep(world)
        world.clock.pass_time(5 * MINUTE)
    assert len(blind_pages(world)) == 1
    world.clock.pass_time(24 * HOUR)
    sweep(world)
    assert len(blind_pages(world)) == 2


def test_fifty_incidents_that_cannot_be_read_let_the_others_have_their_turn(world: World) -> None:
    of = ids(world)
    for n in range(50):
        damaged = stamped(f"INC#i-{n:010x}", "META") | {
            "attention": text("due"),
            "attention_at": number(n + 1),
        }
        world.dynamodb.put_item(TableName=TABLE, Item=damaged)
    sweep(world)
    world.clock.pass_time(5 * MINUTE)
    sweep(world)
    assert {world.incident(one).state for one in of.values()} == {IncidentState.HOLDING}


@pytest.mark.parametrize("prefix", ["OUT#x", "DEFER#x"])
@pytest.mark.parametrize("odd", range(len(ODD)))
def test_a_broken_announcement_or_request_keeps_nobody_waiting_and_is_announced_once(
    world: World, prefix: str, odd: int
) -> None:
    kind, name = ("announce", "told") if prefix == "OUT#x" else ("ask", "request")
    item = {**stamped(prefix), name: ODD[odd], "attention": text(kind), "attention_at": number(1)}
    world.dynamodb.put_item(TableName=TABLE, Item=item)
    of = ids(world)
    for _ in range(3):
        sweep(world)
        world.clock.pass_time(5 * MINUTE)
    assert {world.incident(one).state for one in of.values()} <= {IncidentState.HOLDING, IncidentState.CLOSED}
    reports = [body for _, body in world.pager.sent if "cannot be read" in body]
    assert len(reports) == 1


@pytest.mark.parametrize(
    "part", ["unsettled_announcements", "overdue_requests", "overdue", "incidents_with_humans"]
)
def test_a_list_that_cannot_be_read_stops_no_other_look(world: World, part: str) -> None:
    def dark(*_: object) -> Any:
        raise Throttled("Query", "ThrottlingException")

    of, inner = ids(world), world.ledger
    refusing: Any = Wrapped(inner)
    setattr(refusing, part, dark)
    world.ledger = refusing
    with pytest.raises(Throttled):
        world.sweep()
    world.ledger = inner
    judged = {world.incident(one).state for one in of.values()} == {IncidentState.HOLDING}
    assert judged is (part != "overdue")


def test_threads_that_cannot_be_looked_at_let_the_others_have_their_turn(world: World) -> None:
    """Fifty whose page no channel takes, and one that is due after them."""
    threads = DynamoThreads(world.dynamodb, TABLE)
    calls = announced(AnnouncementKind.GIVEN_TO_HUMANS, world.clock.at, incident_id="")
    for n in range(51):
        thread = Thread(
            id=f"{n:032x}",
            severity=Severity.CRITICAL,
            opened_at=world.clock.at,
            latest=calls,
            waiting=1,
            calls=True,
            due_at=world.clock.at - timedelta(seconds=60 - n),
        )
        assert threads.save(None, thread, world.clock.at)
    world.pager.broken = frozenset(world.policy.paging.channels)
    for _ in range(2):
        world.clock.pass_time(MINUTE)
        world.page_sweep()
    asked = [fields["about"] for name, fields in world.log.events if name == "page.due_failed"]
    assert f"{50:032x}" in asked


@pytest.mark.parametrize("dark", ["due_threads", "due_digests"])
def test_a_list_of_pages_that_cannot_be_read_stops_not_the_other(world: World, dark: str) -> None:
    for name, kind in (("THREAD", "page"), ("DIGEST", "digest")):
        damaged = stamped(f"{name}#{'a' * 32}") | {
            "told": number(1),
            "attention": text(kind),
            "attention_at": number(1),
        }
        world.dynamodb.put_item(TableName=TABLE, Item=damaged)

    def throttled(*_: object) -> Any:
        raise Throttled("Query", "ThrottlingException")

    desk = world.page_desk()
    threads: Any = Wrapped(desk.dispatcher.threads)
    setattr(threads, dark, throttled)
    found = replace(desk, dispatcher=replace(desk.dispatcher, threads=threads)).handle(PAGE_SWEEP)

    assert found.outcome == "failed"
    assert len([body for _, body in world.pager.sent if "cannot be read" in body]) == 1


@pytest.mark.parametrize("part", ["META", "RED"])
def test_a_storm_that_cannot_be_read_is_announced_once_a_day(world: World, part: str) -> None:
    world.clock.at = a.NOW.replace(hour=12)
    damaged = {"tripped_at": text("x"), "version": text("x")}
    world.dynamodb.put_item(
        TableName=TABLE, Item={**stamped("STORM", "-" if part == "META" else part), **damaged}
    )
    for _ in range(24):
        sweep(world)
        world.clock.pass_time(5 * MINUTE)
    assert len(blind_pages(world)) == 1


def test_a_thread_of_any_shape_keeps_no_other_from_being_looked_at(world: World) -> None:
    for n, odd in enumerate(ODD):
        item = {
            **stamped(f"THREAD#{n:032x}"),
            "latest": odd,
            "attention": text("page"),
            "attention_at": number(1),
        }
        world.dynamodb.put_item(TableName=TABLE, Item=item)
        item = {
            **stamped(f"DIGEST#{n:032x}"),
            "told": odd,
            "attention": text("digest"),
            "attention_at": number(1),
        }
        world.dynamodb.put_item(TableName=TABLE, Item=item)
    world.page_sweep()
    assert world.log.counts.count("PageSweeps") == 1


def test_an_incident_that_was_put_off_keeps_its_due_time(world: World) -> None:
    before = world.ledger.overdue(world.clock.at, 1)[0]
    world.ledger.put_off_incident(before.incident_id, world.clock.at)
    last = world.ledger.overdue(world.clock.at, 50)[-1]
    assert last == before
    world.ledger.put_off_incident("i-0000000000", world.clock.at)
    assert "Item" not in world.dynamodb.get_item(TableName=TABLE, Key=key("INC#i-0000000000", "META"))


def test_any_damage_of_an_item_reads_as_unknown(world: World) -> None:
    of = ids(world)
    rewrite(world, f"INC#{of['a']}", having("alarm", {"S": '{"since": 1e999}'}))
    assert isinstance(world.ledger.incident(of["a"]), Unknown)
