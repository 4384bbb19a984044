"""The lookups by which a target is named, and their result: the target, and its target groups."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from firebreak.core.model import Metric
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import NotRead, Reading
from firebreak.intake.dimensions import named_by
from firebreak.intake.names import Found, Home
from firebreak.intake.target_groups import ServiceLookup, not_looked_up
from firebreak.services.ecs.target_groups import groups_of

NO_GROUPS: frozenset[str] = frozenset()


class ChildReads(Protocol):
    """Reads alarms (see `ports.AlarmReads`). Nothing here raises."""

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name, Absent when there is none."""

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm, Absent when there is no such alarm."""


@dataclass(frozen=True, slots=True)
class UnreadAlarms:
    """ChildReads of a caller that has the event alone."""

    why: NotRead

    def describe(self, name: str) -> NotRead:
        """Not read."""
        del name
        return self.why

    def tags(self, arn: str) -> NotRead:
        """Not read."""
        del arn
        return self.why


@dataclass(frozen=True, slots=True)
class Lookups:
    """The place of this stack, and its lookups: alarms, and the services behind target groups."""

    home: Home
    alarms: ChildReads
    behind: ServiceLookup = field(default_factory=lambda: not_looked_up("nobody can look here"))

    @classmethod
    def none(cls, home: Home, why: NotRead) -> "Lookups":
        """The lookups of a caller that has the event alone."""
        return cls(home, UnreadAlarms(why), not_looked_up(why.why))


@dataclass(frozen=True, slots=True)
class Resolution:
    """The target of an alarm, or the reason why there is none.

    `groups` are the target groups that led to it, `unhealthy_hosts` says whether the alarm that led to it
    counts unhealthy hosts.
    """

    found: Found
    groups: frozenset[str] = NO_GROUPS
    unhealthy_hosts: bool = False


def by_metrics(metrics: Collection[Metric], service: str, lookups: Lookups) -> Resolution | None:
    """The target that the metrics name for that service: by its own dimensions, else by target groups."""
    if (found := named_by(metrics, service, lookups.home)) is not None:
        return Resolution(found)
    groups = groups_of(metrics) if service == "ecs" else NO_GROUPS
    return Resolution(lookups.behind(groups, lookups.home), groups) if groups else None
