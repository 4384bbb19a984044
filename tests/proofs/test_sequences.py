"""No limit is exceeded in any window, for any events in any order, however clocks differ within the pad.

The functions are the real ones, on the ledger in memory; acts are counted by the true time they arrive at.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.model import Target
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.storms import MemoryStorms
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.fakes import FakeClock
from tests.support.world import World, eventbridge

SECOND = timedelta(seconds=1)
TARGETS = tuple(
    Target(a.ACCOUNT, a.REGION, "ecs", group, name)
    for group, name in (("prod", "api"), ("prod", "web"), ("prod", "jobs"), ("dev", "api"))
)
POLICY = (
    a.AUTO_POLICY.replace('cooldown = "15m"', 'cooldown = "0s"')
    .replace('["2/15m", "3/1h", "7/24h"]', '["2/10m", "3/1h"]')
    .replace('group = ["5/15m"]', 'group = ["3/10m"]\naction = ["4/15m"]')
    .replace('["5/15m", "40/24h"]', '["4/10m", "6/1h"]')
    + """
[breaker.target]
failures = 50
comebacks = 50
[breaker.action]
failures = 50
comebacks = 50
[[dependencies]]
name = "db"
targets = ["ecs:*/api"]
budget = ["2/20m"]
"""
)


@dataclass
class Skewed:
    """A function's clock: it differs from the true one, which alone moves."""

    true: FakeClock
    skew: timedelta

    def now(self) -> datetime:
        return self.true.now() + self.skew

    def monotonic(self) -> float:
        return self.true.monotonic()

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


@dataclass(frozen=True)
class Step:
    """After so many seconds one alarm turns red, seen by functions whose clocks are off by `skew`."""

    after: int
    target: int
    skew: int
    recovers: bool


steps = st.builds(
    Step, st.integers(0, 900), st.integers(0, len(TARGETS) - 1), st.integers(-30, 30), st.booleans()
)


def in_memory(policy: Policy, note: Callable[[str, str, object], None]) -> Any:
    """A world on the ledger in memory, whose ECS notes each act."""
    parts: dict[str, Any] = {"ledger": MemoryLedger()}
    world: Any = World(None, policy=policy)
    watch, storms = world.storm_watch, MemoryStorms(parts["ledger"].memory)
    parts["storm_watch"] = lambda: replace(watch(), storms=storms)
    for name, part in parts.items():
        setattr(world, name, part)
    for target in TARGETS:
        world.ecs.services[target.display] = replace(a.service(name=target.name), cluster=target.group)
    setattr(world.ecs, "_write", note)  # noqa: B010  # mypy would refuse the plain assignment
    return world


class Scenery:
    """A world in memory that notes each act with its true time."""

    def __init__(self, policy: Policy) -> None:
        self.true = FakeClock(a.NOW)
        self.acts: list[tuple[datetime, Target, str]] = []
        self.world = in_memory(policy, self.note)

    def note(self, name: str, display: str, value: object) -> None:
        target = next(one for one in TARGETS if one.display == display)
        action = "restart-service" if name == "force_deployment" else "scale-service"
        self.acts.append((self.true.at, target, action))

    def apply(self, step: Step) -> None:
        self.world.clock = Skewed(self.true, step.skew * SECOND)
        self.let_pass(step.after * SECOND)
        target = TARGETS[step.target]
        tags = {"firebreak:action": "restart-service", "firebreak:target": target.display}
        since = self.true.at
        alarm = a.alarm(f"{target.group}-{target.name}", since=since, sent_at=since, tags=tags)
        self.world.alarms.described[alarm.name] = a.described(alarm.name, since=since)
        self.world.alarms.tagged[alarm.arn] = tags
        self.world.remediator().handle(eventbridge(alarm))
        self.carry_on()
        if step.recovers:
            self.let_pass(120 * SECOND)
            self.world.alarms.turn(alarm.name, "OK", self.true.at)

    def let_pass(self, length: timedelta) -> None:
        """Time passes in minutes; due work is done, and the sweeper runs every five minutes."""
        end = self.true.at + length
        while self.true.at < end:
            self.true.pass_time(min(timedelta(minutes=1), end - self.true.at))
            self.world.schedules.asks.clear()  # the sweeper finds what a schedule lost
            if any(at <= self.world.clock.now() for at in self.world.schedules.checks.values()):
                self.world._fire(self.world.clock.now())
            self.carry_on()

    def carry_on(self) -> None:
        self.world.bus.announced.clear()
        while self.world.bus.asked:
            asked = self.world.bus.asked.pop(0)
            self.world.remediator(asked.action).handle(request_event(asked))


def fullest(acts: list[datetime], window: timedelta) -> int:
    return max((sum(1 for at in acts if start <= at < start + window) for start in acts), default=0)


def limits_of(policy: Policy) -> dict[Scope, tuple[Budget, ...]]:
    """Every scope that any act could take a slot in, with its budgets."""
    found: dict[Scope, tuple[Budget, ...]] = {}
    for target in TARGETS:
        for action in ("restart-service", "scale-service"):
            rules = policy.rules(action, target)
            found |= {scope: rules.limits(scope) for scope in rules.scopes(target)}
    return found


@given(st.lists(steps, max_size=14))
def test_no_limit_is_exceeded_in_any_window_for_any_sequence_of_events_and_clock_steps(
    story: list[Step],
) -> None:
    policy = parse_policy(POLICY, "sequences.toml")
    scenery = Scenery(policy)
    for step in story:
        scenery.apply(step)
    scenery.let_pass(timedelta(minutes=30))
    for scope, budgets in limits_of(policy).items():
        mine = [
            at
            for at, target, action in scenery.acts
            if scope in scopes_of(target, action, policy.rules(action, target).dependencies)
        ]
        for budget in budgets:
            assert fullest(mine, budget.window) <= budget.acts, (scope, budget, mine)


def test_the_story_acts_at_all_and_fills_its_limits() -> None:
    scenery = Scenery(parse_policy(POLICY, "sequences.toml"))
    for n in range(12):
        scenery.apply(Step(after=30, target=n % len(TARGETS), skew=(-30, 30)[n % 2], recovers=False))
    acts = [at for at, _, _ in scenery.acts]
    assert fullest(acts, timedelta(minutes=10)) == 4
    assert Level.DEPENDENCY in {scope.level for scope in limits_of(parse_policy(POLICY, "x"))}
