"""The world of a page: all functions in one process, a policy with routes, and the rules of each minute."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.incident import transitions
from firebreak.core.incident.questions import approval_of
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import IncidentChange
from firebreak.core.limits.history import Hold
from firebreak.core.messages import approval_messages
from firebreak.core.model import Alarm, AlarmState, Metric
from firebreak.core.paging.threads import Thread
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.simulated_ecs import EcsWorld, SimulatedEcs, ecs_world
from tests.support.world import TABLE, World, eventbridge, world_on_moto
from tests.workflow.test_acting_by_hand import asked
from tests.workflow.test_larger_tasks import Service

MINUTE = timedelta(minutes=1)
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak"  # a name
ANA = "arn:aws:sts::111122223333:assumed-role/on-call/ana"

PAGING = f"""
[paging]
severities = [{{ alarms = "api-*", severity = "critical" }}]
runbooks = [{{ alarms = "api-*", url = "https://wiki.example.com/api" }}]
logs = [{{ targets = "ecs:prod/api", group = "/ecs/{{name}}" }}]

[[paging.business]]
name = "office"
schedule = "cron(0 9 * * MON-FRI)"
duration = "PT8H"

[paging.channels.on-call]
kind = "pagerduty"
secret = "{SECRET}/pagerduty"

[[paging.routes]]
severities = ["critical"]
steps = [
  {{ after = "0s", channels = ["topic"], who = "the platform team" }},
  {{ after = "15m", channels = ["on-call"], who = "the engineering lead" }},
  {{ after = "30m", channels = ["on-call"], who = "the CTO" }},
]

[[paging.routes]]
severities = ["warning"]
hours = "business"
steps = [{{ after = "0s", channels = ["topic"], who = "the platform team" }}]
"""
AUTO = a.AUTO_POLICY + PAGING
APPROVE = AUTO.replace('autonomy = "auto"', 'autonomy = "approve"', 1)
OBSERVE = AUTO.replace('autonomy = "auto"', 'autonomy = "observe"', 1)
STORM = AUTO.replace("alarms = 50", 'alarms = 10\nwithin = "5m"\nquiet = "10m"')
MEMORY = AUTO + '[actions.adjust-task-memory]\nladder = ["adjust-task-memory", "page"]\nceiling = 2048\n'


@dataclass
class PageWorld:
    """The world in which a scene runs."""

    world: World

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.world.clock.at

    def red(self, name: str = "api-memory-high", action: str = "restart-service", **changes: object) -> Alarm:
        """An alarm turns red and its event is delivered."""
        tags = {"firebreak:action": action, **changes.pop("more", {})}  # type: ignore[dict-item]  # texts
        alarm = self.world.red(name, tags=tags, description="Memory of the API over 80 %.", **changes)
        self.world.remediator(action).handle(measured(alarm))
        self.world.deliver()
        return alarm

    def green(self, alarm: Alarm) -> None:
        """It goes OK, and Verify hears of it."""
        self.world.green(alarm)
        self.world.deliver()

    def wait(self, minutes: float) -> None:
        """Time passes, with the schedules and the rules of each minute and every five."""
        end = self.now + minutes * MINUTE
        while self.now < end:
            self.world.pass_time(min(MINUTE, end - self.now))
            self.world.page_sweep()
            self.world.deliver()

    def sweep(self) -> None:
        """The rule of every five minutes."""
        self.world.sweep()

    def pause(self, minutes: int) -> None:
        """A human stops Firebreak."""
        self.world.switches.pause(
            Hold("global", "ana", "migration of the database", self.now, self.now + minutes * MINUTE)
        )

    def incident(self) -> Incident:
        """The only incident there is."""
        [name] = {page.thread for _, page in self.world.pager.pages if page.thread.startswith("i-")}
        return self.world.incident(name)

    def approve(self) -> Summary:
        """Publishes the request of `firebreak approve`."""
        asked = self.incident()
        yes = approval_of(asked, ANA, self.now)
        done = self.world.remediator(asked.action).handle(request_event(yes))
        self.world.deliver()
        return done

    def act(self) -> Summary:
        """Publishes the request of `firebreak act`."""
        done = self.world.remediator().handle(request_event(replace(asked(self.world), by=ANA)))
        self.world.deliver()
        return done

    def deny(self) -> None:
        """Writes the denial of `firebreak deny`."""
        asked = self.incident()
        after = transitions.over(asked, IncidentState.PAGED, f"denied by {ANA}: we are migrating it")
        text = approval_messages.denied(after, ANA, "we are migrating it", self.now)
        assert self.world.ledger.move(
            IncidentChange(before=asked, after=after, at=self.now, what=after.note, message=text)
        )
        self.world.announcer().publish(text)
        self.world.deliver()

    def acknowledge(self) -> None:
        """Writes and announces the acknowledgement of `firebreak ack`."""
        threads = DynamoThreads(self.world.dynamodb, TABLE)
        thread = threads.thread(self.incident().id)
        assert isinstance(thread, Thread)
        text = approval_messages.acknowledged(thread.latest, thread.id, ANA, self.now)
        assert threads.acknowledge(thread, _acknowledged(thread), text)
        self.world.announcer().publish(text)
        self.world.deliver()

    def turn(self, alarm: Alarm, state: AlarmState) -> None:
        """The alarm changes and its event is lost."""
        self.world.alarms.turn(alarm.name, state, self.now)

    def changed(self, **changes: object) -> None:
        """The service as its owner left it."""
        self.world.ecs.services[a.TARGET.display] = a.service(**changes)

    def services(self, names: list[str]) -> None:
        """So many services of the cluster."""
        for name in names:
            self.world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)

    def red_of(self, service: str) -> Alarm:
        """The alarm of that service turns red."""
        target = f"ecs:prod/{service}"
        memory = Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": service})
        return self.red(f"api-{service}", more={"firebreak:target": target}, metrics=(memory,))


def measured(alarm: Alarm) -> dict[str, Any]:
    """The event of an alarm with CloudWatch's evaluation: three minutes above 80 %."""
    event = eventbridge(alarm)
    if alarm.evaluation:  # it carries its evaluation
        return event
    values = [83.4, 88.0, 91.3]
    event["detail"]["state"] |= {
        "reason": "Threshold Crossed: 3 out of the last 3 datapoints [91.3, 88.0, 83.4] were greater than the"
        " threshold (80.0) (minimum 3 datapoints for OK -> ALARM transition).",
        "reasonData": json.dumps(
            {"period": 60, "statistic": "Average", "recentDatapoints": values, "threshold": 80.0}
        ),
    }
    return event


def _acknowledged(thread: Thread) -> Thread:
    return replace(thread, acknowledged_by=ANA, next_at=None)


@contextmanager
def page_world(policy: str) -> Iterator[PageWorld]:
    """A fresh world under a policy."""
    with world_on_moto(policy=parse_policy(policy, "pages.toml")) as world:
        world.logs.groups["/ecs/api"] = (
            "2026-11-20T10:00:12Z ERROR java.lang.OutOfMemoryError: Java heap space",
            "2026-11-20T10:00:13Z ERROR cannot log in: password=hunter2",
        )
        yield PageWorld(world)


@contextmanager
def page_world_on_ecs(policy: str) -> Iterator[PageWorld]:
    """The same with a service that has revisions of its task definition."""
    parsed: Policy = parse_policy(policy, "pages.toml")
    with ecs_world(SimulatedEcs(answers=Service().answers()), policy=parsed) as world:
        made: EcsWorld = world
        yield PageWorld(made)
