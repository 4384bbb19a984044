"""Elastic Beanstalk environments: their state as it is read, their readiness and their health."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from firebreak.core.model import Obstacle, Target
from firebreak.core.readings import NotRead, Reading, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.services.stored_plans import value

READY = "Ready"
TERMINATING = frozenset({"Terminating", "Terminated"})

# The severity of a health, by the status of enhanced reporting and by the colour that every environment has.
# Info is green: something is under way, or a few requests fail. A missing value here (NoData, Unknown,
# Pending, Suspended; Grey) means that the health is not known. Source:
# docs.aws.amazon.com/elasticbeanstalk/latest/dg/health-enhanced-status.html
STATUS_RANKS: Mapping[str, int] = MappingProxyType(
    {"Ok": 0, "Info": 0, "Warning": 1, "Degraded": 2, "Severe": 3}
)
COLOUR_RANKS: Mapping[str, int] = MappingProxyType({"Green": 0, "Yellow": 1, "Red": 2})

# A version that cannot be deployed, by DescribeApplicationVersions' Status.
UNFIT = frozenset({"failed", "processing", "building"})

ERRORS = frozenset({"ERROR", "FATAL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLive:
    """An environment as DescribeEnvironments shows it now.

    `health_status` is empty without enhanced health reporting, `version` where no label is deployed,
    `operations_role` where the environment has none and Beanstalk works with its caller's rights.
    """

    arn: str
    id: str
    name: str
    application: str
    version: str
    status: str
    health: str
    health_status: str
    operations_role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentEvent:
    """One event of an environment; `request_id` is empty where no request caused it.

    `version` is the label that the event is about, where AWS names one.
    `message` may quote what commands on instances printed: it is compared and never shown or stored.
    """

    at: datetime
    message: str
    severity: str
    request_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationVersion:
    """One version of an application; `status` is empty where AWS does not report it."""

    label: str
    created: datetime
    status: str = ""

    @property
    def fit(self) -> bool:
        """Whether it can be deployed."""
        return self.status.casefold() not in UNFIT


def _not_needed() -> NotRead:
    return NotRead("this action does not need it")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeanstalkObservation:
    """All that a Beanstalk action looks at; the events come newest first.

    `versions` are the application's, and `environments` says how many it has, this one included.
    """

    environment: Reading[EnvironmentLive]
    tagged: Reading[Mapping[str, str]]
    events: Reading[tuple[EnvironmentEvent, ...]]
    versions: Reading[tuple[ApplicationVersion, ...]] = field(default_factory=_not_needed)
    environments: Reading[int] = field(default_factory=_not_needed)

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The environment's tags, as far as there is an environment."""
        return self.tagged if isinstance(self.environment, EnvironmentLive) else self.environment


def missing(target: Target) -> Obstacle:
    """The obstacle for an environment that is not there; AWS says the same of one that may not be seen."""
    return Obstacle(
        Reason.TARGET_MISSING, f"{target.display} does not exist, or may not be seen by this function's role"
    )


def not_ready(environment: EnvironmentLive) -> Obstacle | None:
    """Why the environment takes no change now: Beanstalk allows one operation at a time."""
    if environment.status in TERMINATING:
        return Obstacle(Reason.NOT_ACTIVE, f"the environment is {environment.status}")
    if environment.status != READY:
        return Obstacle(Reason.NOT_READY, f"the environment is {environment.status}, not {READY}")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreImage:
    """The state of an environment before the action; `last_event` is None when it had no events."""

    id: str
    version: str
    health: str
    health_status: str
    last_event: datetime | None

    @classmethod
    def of(cls, environment: EnvironmentLive, events: Sequence[EnvironmentEvent]) -> "PreImage":
        """The pre-image of the environment as it was seen."""
        return cls(
            id=environment.id,
            version=environment.version,
            health=environment.health,
            health_status=environment.health_status,
            last_event=max((event.at for event in events), default=None),
        )

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "PreImage | Unknown":
        """The pre-image back from a plan; Unknown when the stored values do not make one."""
        try:
            last = value(stored, "lastEvent", str)
            return cls(
                id=value(stored, "environmentId", str),
                version=value(stored, "version", str),
                health=value(stored, "health", str),
                health_status=value(stored, "healthStatus", str),
                last_event=datetime.fromisoformat(last) if last else None,
            )
        except ValueError as error:
            return Unknown(str(error))

    def stored(self) -> dict[str, object]:
        """The values that go into the plan and the ledger."""
        return {
            "environmentId": self.id,
            "version": self.version,
            "health": self.health,
            "healthStatus": self.health_status,
            "lastEvent": self.last_event.isoformat() if self.last_event else "",
        }

    def since(self, events: Sequence[EnvironmentEvent]) -> list[EnvironmentEvent]:
        """The events that came after the pre-image."""
        return [event for event in events if self.last_event is None or event.at > self.last_event]


@dataclass(frozen=True, slots=True)
class ThenAndNow:
    """The pre-image in a plan and the same environment as it is now, with its events since."""

    before: PreImage
    now: EnvironmentLive
    since: Sequence[EnvironmentEvent]

    @classmethod
    def of(cls, stored: Mapping[str, object], seen: BeanstalkObservation) -> "ThenAndNow | Unknown":
        """Both sides; Unknown when either is missing, or another environment bears the name by now."""
        before = PreImage.read(stored)
        if isinstance(before, Unknown):
            return before
        if not isinstance(seen.environment, EnvironmentLive):
            return unseen("the environment", seen.environment)
        if not isinstance(seen.events, tuple):
            return unseen("what happened to the environment", seen.events)
        if seen.environment.id != before.id:
            return Unknown(f"the name belongs to environment {seen.environment.id} now, not {before.id}")
        return cls(before, seen.environment, before.since(seen.events))


def worse(stored: Mapping[str, object], seen: BeanstalkObservation) -> bool | Unknown:
    """Whether the environment is in worse health than before.

    While it is busy the dip is the action's own, and judged when that is over.
    """
    compared = ThenAndNow.of(stored, seen)
    if isinstance(compared, Unknown):
        return compared
    before, now = compared.before, compared.now
    if now.status != READY:
        return False
    return _worse_health((before.health, before.health_status), (now.health, now.health_status))


def _worse_health(before: tuple[str, str], now: tuple[str, str]) -> bool | Unknown:
    """Compares by status where both have a meaningful one, else by colour."""
    statuses = STATUS_RANKS.get(before[1]), STATUS_RANKS.get(now[1])
    ranks = statuses if None not in statuses else (COLOUR_RANKS.get(before[0]), COLOUR_RANKS.get(now[0]))
    was, is_now = ranks
    if is_now == 0:
        return False
    if is_now is None:
        return Unknown(f"its health is {_in_words(now)}, which is inconclusive")
    if was is None:
        return Unknown(f"its health is {_in_words(now)}, and was {_in_words(before)}, which is inconclusive")
    return is_now > was


def _in_words(health: tuple[str, str]) -> str:
    return "/".join(part for part in health if part) or "not reported"
