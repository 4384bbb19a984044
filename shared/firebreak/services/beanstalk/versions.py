"""The version that an environment ran before, and the time at which the current one was deployed.

Beanstalk keeps no list of an environment's deployments. There are its events, which show that a version
was deployed and may name it, and the application's versions with the dates on which they were made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from firebreak.core.model import Obstacle
from firebreak.core.readings import Reading, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.services.beanstalk.environments import (
    ERRORS,
    ApplicationVersion,
    BeanstalkObservation,
    EnvironmentEvent,
    EnvironmentLive,
)

# The beginnings of a deployment's events: at its start, and at its end.
DEPLOYED = "new application version was deployed"
DEPLOYS = ("deploying new version to instance", DEPLOYED)


@dataclass(frozen=True, slots=True)
class VersionDeployment:
    """A deployment of a version, from the first of its events to the last.

    `label` is the version that its events name, if they do. `failed` says that errors came with it,
    `completed` that it came to its end all the same.
    """

    began: datetime
    ended: datetime
    label: str = ""
    failed: bool = False
    completed: bool = False

    def not_at_fault(self, red_since: datetime, suspect_within: timedelta) -> Obstacle | None:
        """Why an alarm that turned red then is not this deployment's fault."""
        if red_since < self.began:
            early = _format_duration(self.began - red_since)
            return Obstacle(
                Reason.NO_RECENT_DEPLOYMENT, f"the alarm turned red {early} before the newest deployment"
            )
        late = red_since - self.ended
        if late > suspect_within:
            text = f"the newest deployment ended {_format_duration(late)} before the alarm turned red"
            return Obstacle(
                Reason.NO_RECENT_DEPLOYMENT,
                f"{text}; at most {_format_duration(suspect_within)} is its fault",
            )
        return None


def deployments(events: Sequence[EnvironmentEvent]) -> tuple[VersionDeployment, ...]:
    """All deployments that the events report, newest first; each event that no request caused is one."""
    requests: dict[str | int, list[EnvironmentEvent]] = {}
    for place, event in enumerate(events):
        requests.setdefault(event.request_id or place, []).append(event)
    found = [one for request in requests.values() if (one := _deployment(request))]
    return tuple(sorted(found, key=lambda one: one.ended, reverse=True))


def _deployment(events: Sequence[EnvironmentEvent]) -> VersionDeployment | None:
    times = [event.at for event in events if event.message.casefold().startswith(DEPLOYS)]
    if not times:
        return None
    return VersionDeployment(
        began=min(times),
        ended=max(times),
        label=next((event.version for event in events if event.version), ""),
        failed=any(event.severity in ERRORS for event in events),
        completed=any(event.message.casefold().startswith(DEPLOYED) for event in events),
    )


def suspect(
    environment: EnvironmentLive,
    events: Sequence[EnvironmentEvent],
    red_since: datetime,
    suspect_within: timedelta,
) -> VersionDeployment | Obstacle:
    """The deployment that brought what runs, if an alarm that turned red then may be its fault."""
    found = deployments(events)
    if not found:
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, "its newest events report no deployment")
    newest, brought = found[0], _brought(found, environment.version)
    innocent = newest.not_at_fault(red_since, suspect_within)
    if newest.label not in {"", environment.version}:
        text = f"version {newest.label} was deployed last and {environment.version or '(none)'} runs"
        left = f"{text}: its deployment failed, and went back to that"
        return innocent or Obstacle(Reason.ROLLED_BACK_BEFORE, left)
    named = [one.label for one in found[1:] if one.label]
    if not newest.label and named[:1] == [environment.version]:
        text = f"the newest deployment names no version, and {named[0]} was the one before it already"
        return innocent or Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
    if brought.not_at_fault(red_since, suspect_within) is None:
        return brought
    repeated = f"version {environment.version} was only deployed again: it had been deployed before"
    return innocent or Obstacle(Reason.NOTHING_TO_ROLL_BACK, repeated)


def _brought(found: Sequence[VersionDeployment], label: str) -> VersionDeployment:
    """The first of the deployments of that version in a row; one that failed brought nothing."""
    row = list(takewhile(lambda one: one.label == label, found))
    return next((one for one in reversed(row) if not one.failed), found[0])


@dataclass(frozen=True, slots=True)
class Previous:
    """The version to go back to; `inferred` says that only dates speak for it, and no event names it.

    It `ran` since that deployment, or since it was made where none is known, and at most `until` the
    next one. `doubts` name versions that may have run since.
    """

    label: str
    inferred: bool
    ran: VersionDeployment
    until: datetime
    doubts: tuple[str, ...] = ()


def previous(
    environment: EnvironmentLive, began: datetime, seen: BeanstalkObservation
) -> Previous | Obstacle | Unknown:
    """The version that ran before the deployment that began then, if it is certain and still there.

    The events' own labels count first, but for those of deployments that failed. Without them the
    dates do, but only where the application has this one environment: what was deployed lately was
    then deployed here. Neither counts where the events report a deployment in between whose version
    they do not name: that one ran before.
    """
    if not isinstance(seen.versions, tuple):
        return unseen("the application's versions", seen.versions)
    known = {version.label: version for version in seen.versions}
    current = known.get(environment.version)
    if current is None:
        text = f"version {environment.version or '(none)'}, which runs, is not among the application's"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
    events = seen.events if isinstance(seen.events, tuple) else ()
    earlier = [event for event in events if event.at < began]
    failed = {event.request_id for event in events if event.severity in ERRORS} - {""}
    others = (event for event in earlier if event.version not in {"", environment.version})
    if ran := next((event for event in others if event.request_id not in failed), None):
        return _named(ran, known, current, earlier, began)
    found = _by_dates(current, seen.versions, environment.application, seen.environments)
    if not isinstance(found, ApplicationVersion):
        return found
    made = VersionDeployment(found.created, found.created)
    return (
        _left(found, earlier)
        or _never_ran(found, earlier)
        or Previous(found.label, inferred=True, ran=made, until=began)
    )


def _unnamed(events: Sequence[EnvironmentEvent], since: datetime) -> int:
    """The number of deployments that the events report after that moment without naming the version."""
    named = {event.request_id for event in events if event.version}
    begun = (event for event in events if event.at > since and event.message.casefold().startswith(DEPLOYS))
    # Events that no request caused are counted one by one: too many refuse, too few would deploy.
    return len(
        {one.request_id or one.at for one in begun if not (one.version or one.request_id in named - {""})}
    )


def _named(
    ran: EnvironmentEvent,
    versions: Mapping[str, ApplicationVersion],
    current: ApplicationVersion,
    earlier: Sequence[EnvironmentEvent],
    began: datetime,
) -> Previous | Obstacle:
    label, found = ran.version, versions.get(ran.version)
    if found is None or not found.fit:
        text = f"version {label}, which ran before {current.label}, was deleted or cannot be deployed"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
    if found.created > current.created:
        text = f"{current.label} is older than {label}, which ran before it: it is a roll back itself"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, text)
    if _unnamed(earlier, ran.at):
        text = f"version {label} was named as deployed, but after it and before {current.label} something"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{text} was deployed that no event names")
    known = deployments(earlier)
    since = [one for one in known if one.began > ran.at]
    before = [one for one in known if one.began <= ran.at]
    others = [one for one in since if one.failed and one.label not in {label, current.label}]
    doubts = filter(None, (_doubt(one, versions.get(one.label), found, current.label) for one in others))
    own = before and before[0].label == label
    return Previous(
        label,
        inferred=False,
        ran=_brought(before, label) if own else VersionDeployment(ran.at, ran.at, label),
        until=min((one.began for one in since), default=began),
        doubts=tuple(doubts),
    )


def _doubt(
    failed: VersionDeployment, version: ApplicationVersion | None, candidate: ApplicationVersion, now: str
) -> str:
    """The doubt that a deployment with errors casts on the candidate before it; empty if there is none."""
    text = "was deployed with errors since"
    if failed.completed:
        return f"version {failed.label} {text}, and may have run before {now}"
    if version is None or version.created <= candidate.created:
        why = f"somebody may have been leaving {candidate.label}"
        return f"version {failed.label}, which is no newer, {text}: {why}"
    return ""


def _by_dates(
    current: ApplicationVersion,
    versions: Sequence[ApplicationVersion],
    application: str,
    environments: Reading[int],
) -> ApplicationVersion | Obstacle | Unknown:
    if not isinstance(environments, int):
        return unseen("how many environments the application has", environments)
    if environments != 1:
        text = f"its events name no earlier version, and any of the {environments} environments of"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{text} {application} may have run the others")
    newer = [version.label for version in versions if version.created > current.created]
    if newer:
        text = f"version {newer[0]} is newer than {current.label}, which may be a roll back itself"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, text)
    older = [version for version in versions if version.created < current.created and version.fit]
    if not older:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"there is no version older than {current.label}")
    return max(older, key=lambda version: version.created)


def _left(candidate: ApplicationVersion, earlier: Sequence[EnvironmentEvent]) -> Obstacle | None:
    """Why the candidate may have been left: one deployment is its own, any more may be another's."""
    if (count := _unnamed(earlier, candidate.created)) <= 1:
        return None
    text = f"{count} deployments lie between the making of {candidate.label} and the newest one"
    return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{text}: it may have been left for an older one")


def _never_ran(candidate: ApplicationVersion, earlier: Sequence[EnvironmentEvent]) -> Obstacle | None:
    """Why the candidate cannot be what ran, where all that may have been its deployment failed."""
    own = [
        one
        for one in deployments(earlier)
        if one.label == candidate.label or (not one.label and one.began > candidate.created)
    ]
    if not own or not all(one.failed for one in own):
        return None
    text = f"the only deployment that may have been of {candidate.label} failed: it never ran"
    return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)


def _format_duration(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
