"""Hand-written stand-ins for the outside world; each does what its port says and keeps the calls."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from firebreak.core.limits.calendars import CalendarReading
from firebreak.core.limits.disruption_budget import NO_FLOOR, GroupCount
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, OwnEvent, Target
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.errors import AwsError, Undelivered
from firebreak.services.beanstalk.ports import BeanstalkReads, BeanstalkWrites
from firebreak.services.ecs.model import Deployment, ScalableTarget, ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.ports import (
    DefinitionReads,
    DefinitionWrites,
    DeploymentReads,
    DeploymentWrites,
    EcsReads,
    EcsWrites,
    TaskReads,
    TaskWrites,
)
from firebreak.services.lambda_.ports import FunctionReads, FunctionWrites
from firebreak.services.ses.ports import SesReads, SesWrites
from firebreak.services.ssm.ports import Listed, RunbookReads, RunbookWrites


def as_confirmed(event: OwnEvent) -> OwnEvent:
    """The request with its caller's name, which AWS confirms without a look."""
    return replace(event, verified=bool(event.by), proof=None)


@dataclass
class FakeClock:
    """A clock that moves only on request; sleeping moves it."""

    at: datetime
    elapsed: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.pass_time(timedelta(seconds=seconds))

    def pass_time(self, length: timedelta) -> None:
        self.at += length
        self.elapsed += length.total_seconds()


@dataclass
class ListLog:
    """Keeps every log event."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    gauges: list[tuple[str, float]] = field(default_factory=list)

    def event(self, name: str, **fields: object) -> None:
        self.events.append((name, fields))

    def about(self, correlation_id: str) -> AbstractContextManager[None]:
        return nullcontext()

    def came_in(self) -> None:
        self.count("Events")

    def count(self, name: str, by: int = 1) -> None:
        self.counts += [name] * by

    def gauge(self, name: str, value: float) -> None:
        self.gauges.append((name, value))


@dataclass
class FakeAlarms:
    """Alarms by name, their tags by ARN, and the series in ALARM by alarm name."""

    described: dict[str, Reading[DescribedAlarm]] = field(default_factory=dict)
    tagged: dict[str, Reading[Mapping[str, str]]] = field(default_factory=dict)
    series: dict[str, Reading[Mapping[str, Series]]] = field(default_factory=dict)

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        return self.described.get(name, ABSENT)

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        return self.tagged.get(arn, ABSENT)

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        found = {name: self.describe(name) for name in names}
        for one in found.values():
            if isinstance(one, Unknown | NotRead):
                return one
        return {name: one for name, one in found.items() if isinstance(one, DescribedAlarm)}

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        return self.series.get(name, {})

    def turn(self, name: str, state: AlarmState, since: datetime) -> None:
        """Put a known alarm into a state."""
        alarm = self.described[name]
        assert isinstance(alarm, DescribedAlarm)
        self.described[name] = replace(alarm, state=state, since=since)


@dataclass
class FakeCalendars:
    """Change Calendars by their ARNs, and what was asked about them."""

    states: dict[str, CalendarReading] = field(default_factory=dict)
    asked: list[tuple[str, datetime]] = field(default_factory=list)

    def state(self, arn: str, at: datetime) -> CalendarReading:
        self.asked.append((arn, at))
        return self.states.get(arn, ABSENT)


@dataclass
class FakeServices:
    """Every AWS service an action may ask for; asking for one the test did not give fails."""

    ecs_reads: EcsReads | None = None
    ecs_writes: EcsWrites | None = None
    function_reads: FunctionReads | None = None
    function_writes: FunctionWrites | None = None
    listed: Listed | None = None
    runbook_reads: RunbookReads | None = None
    runbook_writes: RunbookWrites | None = None
    deployment_reads: DeploymentReads | None = None
    deployment_writes: DeploymentWrites | None = None
    task_reads: TaskReads | None = None
    task_writes: TaskWrites | None = None
    definition_reads: DefinitionReads | None = None
    definition_writes: DefinitionWrites | None = None
    beanstalk_reads: BeanstalkReads | None = None
    beanstalk_writes: BeanstalkWrites | None = None
    ses_reads: SesReads | None = None
    ses_writes: SesWrites | None = None

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        assert self.ecs_reads
        assert self.ecs_writes
        return self.ecs_reads, self.ecs_writes

    def functions(self) -> tuple[FunctionReads, FunctionWrites]:
        assert self.function_reads
        assert self.function_writes
        return self.function_reads, self.function_writes

    def runbooks(self) -> tuple[Listed, RunbookReads, RunbookWrites]:
        assert self.listed
        assert self.runbook_reads
        assert self.runbook_writes
        return self.listed, self.runbook_reads, self.runbook_writes

    def ecs_deployments(self) -> tuple[DeploymentReads, DeploymentWrites]:
        assert self.deployment_reads
        assert self.deployment_writes
        return self.deployment_reads, self.deployment_writes

    def ecs_tasks(self) -> tuple[TaskReads, TaskWrites]:
        assert self.task_reads
        assert self.task_writes
        return self.task_reads, self.task_writes

    def task_definitions(self) -> tuple[DefinitionReads, DefinitionWrites]:
        assert self.definition_reads
        assert self.definition_writes
        return self.definition_reads, self.definition_writes

    def beanstalk(self) -> tuple[BeanstalkReads, BeanstalkWrites]:
        assert self.beanstalk_reads
        assert self.beanstalk_writes
        return self.beanstalk_reads, self.beanstalk_writes

    def ses(self) -> tuple[SesReads, SesWrites]:
        assert self.ses_reads
        assert self.ses_writes
        return self.ses_reads, self.ses_writes


@dataclass
class FakeEcs:
    """One account's ECS services. A new deployment completes at once unless `stuck` is set.

    `before_write` runs before each change and may raise AwsError or move the clock.
    """

    services: dict[str, Reading[ServiceLive]] = field(default_factory=dict)
    targets: dict[str, Reading[ScalableTarget]] = field(default_factory=dict)
    images: tuple[str, ...] = ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/api@sha256:" + "0" * 64,)
    writes: list[tuple[str, str, object]] = field(default_factory=list)
    stuck: bool = False
    before_write: Callable[[str], None] = lambda _: None
    reply_lost: AwsError | None = None
    counts: list[str] = field(default_factory=list)
    uncountable: Unknown | None = None

    def service(self, target: Target) -> Reading[ServiceLive]:
        return self.services.get(target.display, ABSENT)

    def task_definition(self, arn: str) -> Reading[TaskDefinitionLive]:
        return TaskDefinitionLive(arn=arn, images=self.images, cpu=256, memory=512)

    def scalable_target(self, target: Target) -> Reading[ScalableTarget]:
        return self.targets.get(target.display, ABSENT)

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        self.counts.append(target.group)
        if self.uncountable:
            return self.uncountable
        services = [
            s for s in self.services.values() if isinstance(s, ServiceLive) and s.cluster == target.group
        ]
        well = frozenset(replace(target, name=s.name).key for s in services if s.running >= s.desired)
        return GroupCount(total=len(services), counted_at=now, healthy=well if health else NO_FLOOR)

    def force_deployment(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        self._write("force_deployment", f"ecs:{cluster}/{service}", task_definition)
        return self._deploy(cluster, service, task_definition)

    def _deploy(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        live = self._live(cluster, service)
        fresh = Deployment(
            id=f"ecs-svc/{len(self.writes) + 100:019d}",
            status="PRIMARY",
            rollout="IN_PROGRESS" if self.stuck else "COMPLETED",
            task_definition=task_definition,
            desired=live.desired,
            running=live.running,
            failed=0,
        )
        older = tuple(replace(d, status="ACTIVE") for d in live.deployments) if self.stuck else ()
        after = replace(live, task_definition=task_definition, deployments=(fresh, *older))
        return self._keep(after)

    def use_task_definition(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        self._write("use_task_definition", f"ecs:{cluster}/{service}", task_definition)
        return self._deploy(cluster, service, task_definition)

    def set_desired_count(self, cluster: str, service: str, count: int) -> ServiceLive:
        self._write("set_desired_count", f"ecs:{cluster}/{service}", count)
        live = self._live(cluster, service)
        running = live.running if self.stuck else count
        primary = replace(live.deployments[0], desired=count, running=running)
        return self._keep(replace(live, desired=count, running=running, deployments=(primary,)))

    def set_min_capacity(self, cluster: str, service: str, minimum: int) -> None:
        self._write("set_min_capacity", f"ecs:{cluster}/{service}", minimum)

    def _live(self, cluster: str, service: str) -> ServiceLive:
        live = self.services[f"ecs:{cluster}/{service}"]
        assert isinstance(live, ServiceLive)
        return live

    def _keep(self, live: ServiceLive) -> ServiceLive:
        self.services[f"ecs:{live.cluster}/{live.name}"] = live
        if self.reply_lost:
            raise self.reply_lost
        return live

    def _write(self, name: str, target: str, value: object) -> None:
        self.before_write(name)
        self.writes.append((name, target, value))


@dataclass
class FakeBus:
    """Keeps published announcements and requests until a test takes them; `broken` makes it refuse."""

    announced: list[Announcement] = field(default_factory=list)
    asked: list[OwnEvent] = field(default_factory=list)
    broken: AwsError | None = None

    def announce(self, announcement: Announcement) -> None:
        self._try()
        self.announced.append(announcement)

    def ask(self, request: OwnEvent) -> None:
        self._try()
        self.asked.append(request)

    def _try(self) -> None:
        if self.broken:
            raise self.broken


@dataclass
class FakeSchedules:
    """One-time wake-ups by name; the same name twice is one wake-up."""

    checks: dict[tuple[str, int, int], datetime] = field(default_factory=dict)
    asks: list[tuple[OwnEvent, datetime]] = field(default_factory=list)
    broken: AwsError | None = None

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        if self.broken:
            raise self.broken
        self.checks.setdefault((incident_id, rung, attempt), at)

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        if self.broken:
            raise self.broken
        self.asks.append((request, at))


@dataclass
class FakePager:
    """A carrier that keeps every page; `broken` names the channels that take none."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    pages: list[tuple[str, Page]] = field(default_factory=list)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    broken: frozenset[str] = frozenset()

    def deliver(self, channel: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        del now
        if channel.name in self.broken:
            raise Undelivered(channel.name, "503", retryable=True)
        self.sent.append((page.subject, page.body))
        self.pages.append((channel.name, page))
        return ref or f"{channel.name}-{len(self.pages)}"

    def show(self, channel: ChannelRules, ref: str, picture: bytes) -> bool:
        if channel.name not in self.broken:
            self.pictures.append((ref, picture))
        return channel.name not in self.broken


@dataclass
class FakeLogs:
    """Log groups with their last errors."""

    groups: dict[str, Reading[tuple[str, ...]]] = field(default_factory=dict)

    def last(self, group: str, since: datetime, until: datetime) -> Reading[tuple[str, ...]]:
        assert since < until
        return self.groups.get(group, ABSENT)


@dataclass
class FakePictures:
    """The same picture of every alarm, or none."""

    picture: Reading[bytes] = ABSENT

    def of(self, alarm_arn: str) -> Reading[bytes]:
        assert alarm_arn.startswith("arn:aws:cloudwatch:")
        return self.picture


UNREAD = NotRead("not read in this test")
BLIND = Unknown("AccessDenied")
