"""The limits do not rest on reserved concurrency: many copies of a function at once stay within them.

The template reserves nothing by default, so as many copies run as the account has room for. Here all of them
have looked before the first one claims, the worst order for the limits. tests/proofs/concurrency does the
same with 64 workers against the emulator, in every order that real time makes.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, Lock, local
from typing import Any

import pytest

from firebreak.core.ledger import Claim, ClaimResult
from firebreak.ledger.dynamodb import DynamoLedger
from tests.support import builders as a
from tests.support.world import TABLE, World, eventbridge, world_on_moto

# More than the template ever reserved for an action, and than the budget of the policy.
COPIES, BUDGET = 32, 5
# The threads wait for each other; a copy that never claims must fail the test and not hang it.
PATIENT = 60.0


@dataclass(frozen=True)
class OneCallAtATime:
    """DynamoDB serializes what meets; moto does so only where one call ends before the next."""

    client: Any
    lock: Any

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        if not callable(call):
            return call

        def alone(*args: Any, **asked: Any) -> Any:
            with self.lock:
                return call(*args, **asked)

        return alone


class AllHaveLooked(DynamoLedger):
    """The ledger of copies of which none claims for the first time before all are about to."""

    def __init__(self, client: Any, table: str, copies: int) -> None:
        super().__init__(client, table)
        self._barrier, self._mine = Barrier(copies), local()

    def claim(self, claim: Claim) -> ClaimResult:
        if not getattr(self._mine, "claims", False):
            self._mine.claims = True
            self._barrier.wait(PATIENT)
        return super().claim(claim)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        shared = World(OneCallAtATime(made.dynamodb, Lock()))
        shared.ledger = AllHaveLooked(shared.dynamodb, TABLE, COPIES)
        yield shared


def red_service(world: World, name: str) -> dict[str, Any]:
    """The event of another service's alarm."""
    world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
    return eventbridge(world.red(f"{name}-memory-high", tags=tags))


def test_copies_that_all_look_before_any_of_them_claims_act_no_more_often_than_the_budget_says(
    world: World,
) -> None:
    events = [red_service(world, f"s{number}") for number in range(COPIES)]
    with ThreadPoolExecutor(COPIES) as copies:
        results = list(copies.map(lambda event: world.remediator().handle(event), events))

    acts = len(world.ecs.writes)
    assert 0 < acts <= BUDGET
    assert Counter(one.outcome for one in results) == {"act": acts, "refuse": COPIES - acts}

    # A copy that lost its claim several times gives up, so a slot may be left; what is left is counted right.
    world.ledger = DynamoLedger(world.dynamodb, TABLE)
    for number in range(BUDGET):
        world.remediator().handle(red_service(world, f"later{number}"))
    assert len(world.ecs.writes) == BUDGET
