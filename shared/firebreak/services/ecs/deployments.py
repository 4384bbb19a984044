"""The service deployments of an ECS service: how they are read, and how one ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import dropwhile

from firebreak.core.model import Settled
from firebreak.core.readings import (
    Reading,
    Unknown,
    unseen,
)
from firebreak.services.ecs.model import ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.readiness import short
from firebreak.services.ecs.task_memory import TaskSize

# The statuses of the API [ServiceDeploymentStatus].
PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
SUCCESSFUL = "SUCCESSFUL"
STOPPED = "STOPPED"
STOP_REQUESTED = "STOP_REQUESTED"
ROLLBACK_REQUESTED = "ROLLBACK_REQUESTED"
ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
ROLLBACK_FAILED = "ROLLBACK_FAILED"

RUNNING = frozenset({PENDING, IN_PROGRESS})
AT_REST = frozenset({SUCCESSFUL, STOPPED})
ROLLING_BACK = frozenset({STOP_REQUESTED, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS})
ROLLED_BACK = frozenset({ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeployment:
    """One deployment of a service as ECS remembers it (for 90 days).

    `task_definition` is empty where ECS no longer reports what it deployed. `settings` is a hash of the
    other settings of the service (network, load balancers), by which two deployments are compared.
    """

    arn: str
    status: str
    began: datetime
    ended: datetime | None
    task_definition: str
    settings: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentHistory:
    """The newest deployments of a service, newest first.

    `paused_hook` is the lifecycle hook at which the newest one waits for a human, and `replaces`
    says whether it has anything to go back to: a service's first deployment has not.
    """

    deployments: tuple[ServiceDeployment, ...]
    paused_hook: str = ""
    replaces: bool = True

    @property
    def newest(self) -> ServiceDeployment | None:
        """The one that runs, or ran last."""
        return next(iter(self.deployments), None)

    def named(self, arn: str) -> ServiceDeployment | None:
        """The deployment of that ARN, as far back as was looked."""
        return next((one for one in self.deployments if one.arn == arn), None)

    def without_rolled_back(self, running: str) -> "DeploymentHistory":
        """The history without the newest ones that ECS rolled back, if the success behind them runs again."""
        behind = tuple(dropwhile(lambda one: one.status == ROLLBACK_SUCCESSFUL, self.deployments))
        if not behind or behind[0].status != SUCCESSFUL or behind[0].task_definition != running:
            return self
        return replace(self, deployments=behind)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackObservation:
    """All that a roll back reads; `earlier` is the task definition that it would go back to.

    `contents` has the task definitions that the history names, by their ARN, and `unread` why some
    of them are missing there.
    """

    service: Reading[ServiceLive]
    history: Reading[DeploymentHistory]
    contents: Reading[Mapping[str, TaskSize]]
    earlier: Reading[TaskDefinitionLive]
    unread: Mapping[str, Unknown] = field(default_factory=dict)

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The service's tags, as far as the service could be read."""
        return self.service.tags if isinstance(self.service, ServiceLive) else self.service


def is_recent(deployment: ServiceDeployment, since: datetime, suspect_within: timedelta) -> bool:
    """Whether an alarm that is red since then turned so during the deployment or soon after it."""
    return deployment.began <= since <= (deployment.ended or deployment.began) + suspect_within


def when(deployment: ServiceDeployment, since: datetime, suspect_within: timedelta | None = None) -> str:
    """The order in time of the deployment and the alarm, in words."""
    name, ended = short(deployment.arn), deployment.ended or deployment.began
    limit = f", limit {ago(suspect_within)}" if suspect_within is not None else ""
    if since < deployment.began:
        return f"deployment {name} began {ago(deployment.began - since)} after the alarm turned red"
    if since < ended:
        return f"the alarm turned red during deployment {name}"
    return f"the alarm turned red {ago(since - ended)} after deployment {name}{limit}"


def ago(length: timedelta) -> str:
    """A length of time in words."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes} min" if minutes else f"{seconds} s"


def listed(
    history: Reading[DeploymentHistory], arn: str, *, newest: bool = False
) -> ServiceDeployment | Unknown:
    """The deployment of that ARN as it is now, for some purposes only while nothing followed it."""
    if not isinstance(history, DeploymentHistory):
        return unseen("the history of its deployments", history)
    found = history.named(arn)
    if found is None:
        return Unknown(f"deployment {short(arn)} is not listed any more")
    if newest and history.newest is not found:
        return Unknown(f"another deployment began after {short(arn)}")
    return found


def was_ended(deployment: ServiceDeployment) -> bool | Unknown:
    """Whether the deployment was ended, no matter who ended it."""
    if deployment.status in ROLLING_BACK | ROLLED_BACK:
        return True
    if deployment.status in RUNNING | {SUCCESSFUL}:
        return False
    return Unknown(f"deployment {short(deployment.arn)} is {deployment.status}, not rolled back")


def rollback_outcome(deployment: ServiceDeployment) -> Settled | Unknown:
    """The outcome of a deployment that was to be rolled back."""
    match deployment.status:
        case status if status == ROLLBACK_SUCCESSFUL:
            return Settled.YES
        case status if status in {ROLLBACK_FAILED, SUCCESSFUL}:
            return Settled.FAILED  # the second: it was through before the call arrived
        case status if status in ROLLING_BACK | RUNNING:
            return Settled.NOT_YET
        case status:
            return Unknown(f"deployment {short(deployment.arn)} is {status}, not rolled back")
