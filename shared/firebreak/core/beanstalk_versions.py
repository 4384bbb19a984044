"""Which version an environment ran before, and when the one it runs was deployed.

Beanstalk keeps no list of an environment's deployments. There are its events, which tell that a version
was deployed and may name it, and the application's versions with the dates on which they were made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.beanstalk import (
    ApplicationVersion,
    BeanstalkObservation,
    EnvironmentEvent,
    EnvironmentLive,
)
from firebreak.core.model import Obstacle
from firebreak.core.readings import Reading, Unknown, unseen
from firebreak.core.reasons import Reason

# How the events of a deployment begin: at its start, and at its end.
DEPLOYS = ("deploying new version to instance", "new application version was deployed")


@dataclass(frozen=True, slots=True)
class VersionDeployment:
    """When the version that runs now was deployed, from the first of its events to the last."""

    began: datetime
    ended: datetime

    @classmethod
    def newest(cls, events: Sequence[EnvironmentEvent]) -> "VersionDeployment | None":
        """The newest that the events tell of."""
        told = [event for event in events if event.message.casefold().startswith(DEPLOYS)]
        if not told:
            return None
        last = max(told, key=lambda event: event.at)
        same = [event.at for event in told if event.request_id and event.request_id == last.request_id]
        return cls(began=min([*same, last.at]), ended=last.at)

    def not_to_blame(self, red_since: datetime, blame: timedelta) -> Obstacle | None:
        """Why an alarm that turned red then is not this deployment's fault."""
        if red_since < self.began:
            early = _spell(self.began - red_since)
            return Obstacle(
                Reason.NO_RECENT_DEPLOYMENT, f"the alarm turned red {early} before the newest deployment"
            )
        late = red_since - self.ended
        if late > blame:
            told = f"the newest deployment ended {_spell(late)} before the alarm turned red"
            return Obstacle(Reason.NO_RECENT_DEPLOYMENT, f"{told}; at most {_spell(blame)} is its fault")
        return None


@dataclass(frozen=True, slots=True)
class Previous:
    """The version to go back to; `concluded` says that only dates speak for it, and no event names it."""

    label: str
    concluded: bool


def previous(
    environment: EnvironmentLive, began: datetime, seen: BeanstalkObservation
) -> Previous | Obstacle | Unknown:
    """The version that ran before the deployment that began then, if it is certain and still there.

    The events' own labels count first. Without them the dates do, but only where the application has
    this one environment: what was deployed lately was then deployed here. Neither counts where the
    events tell of a deployment in between whose version they do not name: that one ran before.
    """
    if not isinstance(seen.versions, tuple):
        return unseen("the application's versions", seen.versions)
    known = {version.label: version for version in seen.versions}
    current = known.get(environment.version)
    if current is None:
        told = f"version {environment.version or '(none)'}, which runs, is not among the application's"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, told)
    earlier = [event for event in seen.events if event.at < began] if isinstance(seen.events, tuple) else []
    if ran := next((event for event in earlier if event.version not in {"", environment.version}), None):
        return _named(ran, known.get(ran.version), current, earlier)
    found = _by_dates(current, seen.versions, environment.application, seen.environments)
    return _left(known[found.label], earlier) or found if isinstance(found, Previous) else found


def _unnamed(events: Sequence[EnvironmentEvent], since: datetime) -> int:
    """How many deployments the events tell of after that moment without naming the version."""
    named = {event.request_id for event in events if event.version}
    told = (event for event in events if event.at > since and event.message.casefold().startswith(DEPLOYS))
    # Events that no request caused are counted one by one: too many refuse, too few would deploy.
    return len(
        {one.request_id or one.at for one in told if not (one.version or one.request_id in named - {""})}
    )


def _named(
    ran: EnvironmentEvent,
    found: ApplicationVersion | None,
    current: ApplicationVersion,
    earlier: Sequence[EnvironmentEvent],
) -> Previous | Obstacle:
    label = ran.version
    if found is None or not found.fit:
        told = f"version {label}, which ran before {current.label}, was deleted or cannot be deployed"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, told)
    if found.created > current.created:
        told = f"{current.label} is older than {label}, which ran before it: it is a roll back itself"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, told)
    if _unnamed(earlier, ran.at):
        told = f"version {label} was named as deployed, but after it and before {current.label} something"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{told} was deployed that no event names")
    return Previous(label, concluded=False)


def _by_dates(
    current: ApplicationVersion,
    versions: Sequence[ApplicationVersion],
    application: str,
    environments: Reading[int],
) -> Previous | Obstacle | Unknown:
    if not isinstance(environments, int):
        return unseen("how many environments the application has", environments)
    if environments != 1:
        told = f"its events name no earlier version, and any of the {environments} environments of"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{told} {application} may have run the others")
    newer = [version.label for version in versions if version.created > current.created]
    if newer:
        told = f"version {newer[0]} is newer than {current.label}, which may be a roll back itself"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, told)
    older = [version for version in versions if version.created < current.created and version.fit]
    if not older:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"there is no version older than {current.label}")
    return Previous(max(older, key=lambda version: version.created).label, concluded=True)


def _left(candidate: ApplicationVersion, earlier: Sequence[EnvironmentEvent]) -> Obstacle | None:
    """Why the candidate may have been left: one deployment is its own, any more may be another's."""
    if (count := _unnamed(earlier, candidate.created)) <= 1:
        return None
    told = f"{count} deployments lie between the making of {candidate.label} and the newest one"
    return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{told}: it may have been left for an older one")


def _spell(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
