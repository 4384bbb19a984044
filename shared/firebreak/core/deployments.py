"""The service deployments of an ECS service: which one to blame, and what ran before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.model import Settled
from firebreak.core.observed import ServiceLive, TaskDefinitionLive
from firebreak.core.readings import (
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.rollout import short
from firebreak.core.task_memory import TaskSize

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

    `task_definition` is empty where ECS does not tell any more what it deployed.
    """

    arn: str
    status: str
    began: datetime
    ended: datetime | None
    task_definition: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackObservation:
    """What a roll back looks at; `earlier` is the task definition that it would go back to.

    `contents` has every task definition that the history names, by its ARN.
    """

    service: Reading[ServiceLive]
    history: Reading[DeploymentHistory]
    contents: Reading[Mapping[str, TaskSize]]
    earlier: Reading[TaskDefinitionLive]

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The service's tags, as far as the service could be read."""
        return self.service.tags if isinstance(self.service, ServiceLive) else self.service


@dataclass(frozen=True, slots=True)
class Blamed:
    """The deployment that brought what runs now, and all that came before it, newest first.

    Its `tries` are itself and, after it, those of the same task definition that stopped on the way:
    what they had started ran already.
    """

    tries: Sequence[ServiceDeployment]
    before: Sequence[ServiceDeployment]
    contents: Mapping[str, TaskSize]

    @property
    def deployment(self) -> ServiceDeployment:
        """The newest of the tries."""
        return self.tries[0]

    @property
    def earlier(self) -> ServiceDeployment | None:
        """The newest earlier success; None when what it ran is not known, or was the same."""
        found = next((one for one in self.before if one.status == SUCCESSFUL), None)
        usable = found and found.task_definition not in {"", self.deployment.task_definition}
        return found if usable else None

    @property
    def is_way_back(self) -> bool:
        """Whether it is a roll back, or a second try of what was rolled back.

        That is: it went to an older revision than the one before it, or to one that had run before,
        be it under a new number. The same once more is neither: that is a restart, or a new image
        behind an old tag.
        """
        now = self.deployment.task_definition
        before = next(iter(self.before), None)
        if before is None or (before.status == SUCCESSFUL and before.task_definition == now):
            return False
        ran_before = any(one.task_definition == now for one in self.before)
        return ran_before or _is_older(now, before.task_definition) or self._reverts(now, before)

    def _reverts(self, now: str, before: ServiceDeployment) -> bool:
        """Whether it is new beside what ran last, but has the images, or all, of an older success."""
        here, last = self.contents.get(now), self.contents.get(before.task_definition)
        if here is None or last is None:
            return False
        older = [
            self.contents[one.task_definition]
            for one in self.before
            if one.status == SUCCESSFUL and one.task_definition in self.contents
        ]
        images = here.images != last.images and any(one.images == here.images for one in older)
        return images or (here.rest != last.rest and any(one.rest == here.rest for one in older))

    @property
    def only_adds_memory(self) -> bool:
        """Whether all that it changed is that tasks have more memory than before."""
        here = self.contents.get(self.deployment.task_definition)
        last = self.contents.get(self.before[0].task_definition) if self.before else None
        if here is None or last is None:
            return False
        return here.rest == last.rest and here.total > last.total

    def recent(self, since: datetime, blame: timedelta) -> ServiceDeployment | None:
        """The newest of the tries that can be at fault for an alarm that is red since then."""
        return next((one for one in self.tries if is_recent(one, since, blame)), None)


def blamed(history: DeploymentHistory, contents: Mapping[str, TaskSize]) -> Blamed:
    """What to blame for what runs now; the history must have a deployment.

    What a restart deployed anew, or a revision with more memory and nothing else, was brought by
    the deployment before it.
    """
    brought, newer = 0, history.deployments[0]
    for place, one in enumerate(history.deployments[1:], start=1):
        if one.status not in AT_REST or not _carries_on(newer, one, contents):
            break
        if one.status == SUCCESSFUL:
            brought = place
        newer = one
    return _tried(history.deployments[brought:], contents)


def under_way(history: DeploymentHistory, contents: Mapping[str, TaskSize]) -> Blamed:
    """The newest deployment as the one to blame; the history must have one."""
    return _tried(history.deployments, contents)


def _tried(deployments: Sequence[ServiceDeployment], contents: Mapping[str, TaskSize]) -> Blamed:
    """The first of these, with the tries that stopped on the way to it."""
    tries = 1
    for one in deployments[1:]:
        if one.status != STOPPED or one.task_definition != deployments[0].task_definition:
            break
        tries += 1
    return Blamed(deployments[:tries], deployments[tries:], contents)


def _carries_on(newer: ServiceDeployment, older: ServiceDeployment, contents: Mapping[str, TaskSize]) -> bool:
    """Whether the newer one deployed the same, but for more memory."""
    if newer.task_definition == older.task_definition:
        return True
    new, old = contents.get(newer.task_definition), contents.get(older.task_definition)
    return new is not None and old is not None and new.rest == old.rest and new.total >= old.total


def _is_older(one: str, other: str) -> bool:
    """Whether one task definition is an older revision of the other's family."""
    (family, _, revision), (other_family, _, other_revision) = one.rpartition(":"), other.rpartition(":")
    numbers = revision.isdecimal() and other_revision.isdecimal()
    return numbers and family == other_family and int(revision) < int(other_revision)


def is_recent(deployment: ServiceDeployment, since: datetime, blame: timedelta) -> bool:
    """Whether an alarm that is red since then turned so during the deployment or soon after it."""
    return deployment.began <= since <= (deployment.ended or deployment.began) + blame


def when(deployment: ServiceDeployment, since: datetime, blame: timedelta | None = None) -> str:
    """How the deployment and the alarm stand to each other in time, in words."""
    name, ended = short(deployment.arn), deployment.ended or deployment.began
    limit = f", the policy blames for {ago(blame)}" if blame is not None else ""
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
    """Whether the call to end it arrived; who else may have ended it makes no difference to it."""
    if deployment.status in ROLLING_BACK | ROLLED_BACK:
        return True
    if deployment.status in RUNNING | {SUCCESSFUL}:
        return False
    return Unknown(f"deployment {short(deployment.arn)} is {deployment.status}, not rolled back")


def ending(deployment: ServiceDeployment) -> Settled | Unknown:
    """What became of a deployment that was to be rolled back."""
    match deployment.status:
        case status if status == ROLLBACK_SUCCESSFUL:
            return Settled.YES
        case status if status in {ROLLBACK_FAILED, SUCCESSFUL}:
            return Settled.FAILED  # the second: it was through before the call arrived
        case status if status in ROLLING_BACK | RUNNING:
            return Settled.NOT_YET
        case status:
            return Unknown(f"deployment {short(deployment.arn)} is {status}, not rolled back")
