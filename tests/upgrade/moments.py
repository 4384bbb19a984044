"""The moments at which an upgrade may come: each drives a world of functions up to one and stops there.

They use only what the worlds of both releases have, so that the release before runs them as well
(record.py).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, Mute
from firebreak.errors import OutcomeUnknown, Unavailable
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)
STEPS = """
[paging.channels.pd]
kind = "pagerduty"
secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak/pd"
[[paging.routes]]
severities = ["critical", "warning"]
steps = [
  { after = "0s", channels = ["pd"], who = "the platform team" },
  { after = "15m", channels = ["topic"], who = "the engineering lead" },
]
"""
SWEEP: Mapping[str, object] = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}
SCALE = {"firebreak:action": "scale-service"}
ASKING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')
STORMY = a.AUTO_POLICY.replace("alarms = 50", 'alarms = 3\nwithin = "5m"\nquiet = "10m"')
GAPPED = a.AUTO_POLICY.replace('rung_gap = "1m"', 'rung_gap = "10m"')


class _DiedError(BaseException):
    """The function ends here, as one that Lambda stops."""


def _die(_: str) -> None:
    raise _DiedError


def acted(world: World) -> None:
    """A service was restarted; its check is scheduled."""
    world.send(world.red())


def claimed(world: World) -> None:
    """The function died between its claim and its act."""
    world.ecs.before_write = _die
    with suppress(_DiedError):
        world.send(world.red())
    world.ecs.before_write = lambda _: None


def uncertain(world: World) -> None:
    """The reply to the act was lost."""
    world.ecs.reply_lost = OutcomeUnknown("UpdateService", "time-out")
    world.send(world.red())
    world.ecs.reply_lost = None


def verifying(world: World) -> None:
    """One of two alarms is OK again."""
    first = world.red()
    world.send(first)
    world.send(world.red("api-5xx"))
    world.pass_time(2 * MINUTE)
    world.green(first)


def holding(world: World) -> None:
    """The alarm is OK, and has to stay so."""
    alarm = world.red()
    world.send(alarm)
    world.pass_time(2 * MINUTE)
    world.green(alarm)


def _healed(world: World) -> Alarm:
    alarm = world.red(tags=SCALE)
    world.send(alarm, "scale-service")
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    return alarm


def resting(world: World) -> None:
    """More tasks run until the alarm has been OK for half an hour."""
    _healed(world)
    world.pass_time(6 * MINUTE)


def undoing(world: World) -> None:
    """The rest is over; the request to take the tasks back is on the bus."""
    _healed(world)
    world.pass_time(6 * MINUTE)
    world.clock.pass_time(35 * MINUTE)
    world.verifier().handle(SWEEP)


def climbing(world: World) -> None:
    """The restart did not help; the request for the next rung is on the bus."""
    world.send(world.red())
    world.clock.pass_time(6 * MINUTE)
    world.verifier().handle(SWEEP)


def deferred(world: World) -> None:
    """The next rung waits for the gap between rungs; its request is scheduled."""
    world.policy = parse_policy(GAPPED, "gap.toml")
    world.send(world.red())
    world.pass_time(5 * MINUTE)


def awaiting_approval(world: World) -> None:
    """A human was asked."""
    world.policy = parse_policy(ASKING, "approve.toml")
    world.send(world.red())


def paged(world: World) -> None:
    """The ladder has ended with a human."""
    world.send(world.red())
    world.pass_time(10 * MINUTE)


def not_executed(world: World) -> None:
    """It was too late to act."""
    check = world.schedules.check

    def slowly(incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        check(incident_id, rung, attempt, at)
        world.clock.pass_time(timedelta(seconds=11))

    world.schedules.check = slowly  # type: ignore[method-assign]
    world.send(world.red())
    world.schedules.check = check  # type: ignore[method-assign]


def closed(world: World) -> None:
    """An incident is over; its target rests."""
    holding(world)
    world.pass_time(6 * MINUTE)


def paused(world: World) -> None:
    """Everything is paused, and an alarm was refused for it."""
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + 120 * MINUTE))
    world.send(world.red())


def storm(world: World) -> None:
    """Many alarms are red at once."""
    world.policy = parse_policy(STORMY, "storm.toml")
    for name in "abcde":
        world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
        tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
        world.send(world.red(f"{name}-memory-high", tags=tags))


def unannounced(world: World) -> None:
    """The act was made, and the bus did not take its announcement."""
    world.bus.broken = Unavailable("PutEvents", "503")
    world.send(world.red())
    world.bus.broken = None


def muted(world: World) -> None:
    """An alarm waits for the end of its mute window; its request is scheduled, and kept in the ledger."""
    world.send(world.red(mute=Mute("friday", world.clock.at + 30 * MINUTE)))


def page_due(world: World) -> None:
    """A human was paged; fifteen minutes later the next one is, unless somebody acknowledges."""
    world.policy = parse_policy(a.AUTO_POLICY + STEPS, "steps.toml")
    paged(world)


def refused(world: World) -> None:
    """Somebody's deployment runs, so the alarm was refused."""
    service = a.service()
    running = replace(service.deployments[0], rollout="IN_PROGRESS")
    world.ecs.services[a.TARGET.display] = replace(service, deployments=(running,))
    world.send(world.red())


MOMENTS = MappingProxyType(
    {
        one.__name__: one
        for one in (
            acted,
            awaiting_approval,
            claimed,
            climbing,
            closed,
            deferred,
            holding,
            muted,
            not_executed,
            page_due,
            paged,
            paused,
            refused,
            resting,
            storm,
            unannounced,
            uncertain,
            undoing,
            verifying,
        )
    }
)
type Moment = Callable[[World], None]
