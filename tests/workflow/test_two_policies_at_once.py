"""For a minute after a push two functions may decide by two policies: the ledger counts the acts of both."""

from datetime import datetime, timedelta

import pytest

from firebreak.core.reasons import Reason
from firebreak.ledger.incident_items import read_incident
from firebreak.ledger.items import META
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from tests.support import builders as a
from tests.support.world import TABLE, World, eventbridge

HOUR = timedelta(hours=1)
BREAKERS = """
[breaker.target]
failures = 50
comebacks = 50
[breaker.action]
failures = 50
comebacks = 50
"""
LADDER = 'ladder = ["restart-service", "scale-service", "page"]'


def budget(per_target: str) -> Policy:
    text = a.AUTO_POLICY.replace('target = ["2/15m", "3/1h", "7/24h"]', f"target = {per_target}")
    text = text.replace('cooldown = "15m"', 'cooldown = "0s"').replace(LADDER, "")
    return parse_policy(text + BREAKERS, "budget.toml")


# The limits of a target, by window.
STRICT, WIDE = {HOUR: 1, 6 * HOUR: 2}, {6 * HOUR: 3}
POLICIES = {"s": (budget('["1/1h", "2/6h"]'), STRICT), "w": (budget('["3/6h"]'), WIDE)}


def count(acts: list[datetime], now: datetime, window: timedelta) -> int:
    return sum(now - at < window for at in acts)


# Each letter is a red alarm, decided by a function that has that policy, 45 minutes after the last one.
@pytest.mark.parametrize(
    "turns", ["wwwwww", "ssssss", "wswsws", "swwsww", "wwwsss", "sswwww", "wsswws", "swswww"]
)
def test_every_act_is_within_the_limits_of_its_own_policy_counted_over_the_acts_of_both(
    world: World, turns: str
) -> None:
    acts: list[datetime] = []
    for number, letter in enumerate(turns):
        world.policy, limits = POLICIES[letter]
        now, alarm = world.clock.now(), world.red(f"api-memory-{number}")
        done = world.remediator().handle(eventbridge(alarm))
        room = all(count(acts, now, window) < most for window, most in limits.items())
        assert (done.outcome == "act") is room, (number, letter, done)
        assert room or done.reason is Reason.BUDGET_FULL
        if done.outcome == "act":
            acts.append(now)
        world.deliver()
        world.pass_time(timedelta(minutes=5))
        world.green(alarm)
        world.pass_time(timedelta(minutes=40))
    assert acts_in_the_ledger(world) == acts
    # So where both have a limit for a window, the sum stays within the larger one.
    most = max(limits[6 * HOUR] for _, limits in POLICIES.values())
    assert max(count(acts[: n + 1], at, 6 * HOUR) for n, at in enumerate(acts)) <= most


def acts_in_the_ledger(world: World) -> list[datetime]:
    """When something was changed, as the incidents in the ledger have it."""
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    incidents = [
        read_incident(one) for one in items if one["pk"]["S"].startswith("INC#") and one["sk"]["S"] == META
    ]
    return sorted(one.acted_at for one in incidents if one.acted_at)
