"""The suspect deployment of an ECS service, and the deployments before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from firebreak.core.repeated_rollback import RollbackTarget
from firebreak.services.ecs.deployments import (
    AT_REST,
    STOPPED,
    SUCCESSFUL,
    DeploymentHistory,
    ServiceDeployment,
    is_recent,
)
from firebreak.services.ecs.task_memory import TaskSize, no_less


@dataclass(frozen=True, slots=True)
class Suspects:
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
    def success_before(self) -> ServiceDeployment | None:
        """The newest earlier success, whatever it ran."""
        return next((one for one in self.before if one.status == SUCCESSFUL), None)

    @property
    def earlier(self) -> ServiceDeployment | None:
        """The same success where it can be gone back to: its task definition is known, and is another one."""
        found = self.success_before
        usable = found and found.task_definition not in {"", self.deployment.task_definition}
        return found if usable else None

    @property
    def left_between(self) -> Sequence[ServiceDeployment]:
        """The tries since that success of neither it nor the suspect: somebody was moving away from it."""
        found = self.success_before
        if found is None:
            return []
        either = {self.deployment.task_definition, found.task_definition}
        since = self.before[: self.before.index(found)]
        return [one for one in since if one.task_definition not in either]

    @property
    def brought_before(self) -> "Suspects | None":
        """The deployments that brought that success: itself, or the one that it repeats."""
        found = self.success_before
        return self._behind(found) if found else None

    def _behind(self, earlier: ServiceDeployment) -> "Suspects":
        return _brought(self.before[self.before.index(earlier) :], self.contents)

    @property
    def rollback_target(self) -> RollbackTarget:
        """The way to the newest earlier success, as far as one is known."""
        found, since = self.success_before, self.tries[-1].began
        if found is None:
            return RollbackTarget(suspected_since=since, newest=None)
        newer = (self.tries[-1], *self.before)[self.before.index(found)]
        return RollbackTarget(
            suspected_since=since, newest=(self._behind(found).tries[-1].began, newer.began)
        )

    @property
    def is_rollback_target(self) -> bool:
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
        """Whether it is new compared with what ran last, but has the images, or all, of an older success."""
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
        if here is None or last is None or (here.memory, here.limits) == (last.memory, last.limits):
            return False
        return self.deployment.settings == self.before[0].settings and _gives_no_less(here, last)

    @property
    def only_changes_the_service(self) -> bool:
        """Whether it deployed what ran already, but for more memory, with other settings of the service."""
        last = next(iter(self.before), None)
        if last is None or last.status not in AT_REST or last.settings == self.deployment.settings:
            return False
        return _holds_the_same(self.deployment, last, self.contents)

    @property
    def restarts(self) -> "Suspects | None":
        """The suspects that brought the task definition if it only deploys that again; else None."""
        now, last = self.deployment, next(iter(self.before), None)
        if last is None or last.status not in AT_REST:
            return None
        same = (last.task_definition, last.settings) == (now.task_definition, now.settings)
        return _brought(self.before, self.contents) if same else None

    def recent(self, since: datetime, suspect_within: timedelta) -> ServiceDeployment | None:
        """The newest of the tries that can be at fault for an alarm that is red since then."""
        return next((one for one in self.tries if is_recent(one, since, suspect_within)), None)


def suspects(history: DeploymentHistory, contents: Mapping[str, TaskSize]) -> Suspects:
    """The suspects for what runs now; the history must have a deployment.

    A task definition that a restart deployed again, or a revision with more memory and nothing else,
    was brought by the deployment before it.
    """
    return _brought(history.deployments, contents)


def _brought(deployments: Sequence[ServiceDeployment], contents: Mapping[str, TaskSize]) -> Suspects:
    """The same for the first of these."""
    brought, newer = 0, deployments[0]
    for place, one in enumerate(deployments[1:], start=1):
        if one.status not in AT_REST or not _carries_on(newer, one, contents):
            break
        if one.status == SUCCESSFUL:
            brought = place
        newer = one
    return _tried(deployments[brought:], contents)


def under_way(history: DeploymentHistory, contents: Mapping[str, TaskSize]) -> Suspects:
    """The newest deployment as the suspect; the history must have one."""
    return _tried(history.deployments, contents)


def _tried(deployments: Sequence[ServiceDeployment], contents: Mapping[str, TaskSize]) -> Suspects:
    """The first of these, with the tries that stopped on the way to it."""
    tries = 1
    for one in deployments[1:]:
        if one.status != STOPPED or one.task_definition != deployments[0].task_definition:
            break
        tries += 1
    return Suspects(deployments[:tries], deployments[tries:], contents)


def as_far_as(history: DeploymentHistory, found: Suspects, success: int) -> frozenset[str]:
    """The task definitions from the newest deployment back to that success before the suspect."""
    successes = (one for one in found.before if one.status == SUCCESSFUL)
    last = next(islice(successes, success - 1, None), None)
    reach = history.deployments.index(last) + 1 if last else None
    return frozenset(one.task_definition for one in history.deployments[:reach])


def _carries_on(newer: ServiceDeployment, older: ServiceDeployment, contents: Mapping[str, TaskSize]) -> bool:
    """Whether the newer one deployed the same, but for more memory."""
    return newer.settings == older.settings and _holds_the_same(newer, older, contents)


def _holds_the_same(
    newer: ServiceDeployment, older: ServiceDeployment, contents: Mapping[str, TaskSize]
) -> bool:
    """Whether the newer one's task definition is the older one's, but for more memory."""
    if newer.task_definition == older.task_definition:
        return True
    new, old = contents.get(newer.task_definition), contents.get(older.task_definition)
    return new is not None and old is not None and _gives_no_less(new, old)


def _gives_no_less(new: TaskSize, old: TaskSize) -> bool:
    return new.rest == old.rest and no_less(new, old)


def _is_older(one: str, other: str) -> bool:
    """Whether one task definition is an older revision of the other's family."""
    (family, _, revision), (other_family, _, other_revision) = one.rpartition(":"), other.rpartition(":")
    numbers = revision.isdecimal() and other_revision.isdecimal()
    return numbers and family == other_family and int(revision) < int(other_revision)
