"""The state of an environment and of its instances, read before a restart or a deployment replaces it."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

from firebreak.aws.translate import look
from firebreak.core.readings import ABSENT, Absent
from firebreak.services.beanstalk.environments import STATUS_RANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from firebreak.core.model import Plan, Target
    from firebreak.core.readings import Reading

type Lines = tuple[str, ...]

ENVIRONMENT, INSTANCES = "environment and events", "instances"

# The newest events and the worst instances: a start for a human, in one answer each.
MOST_EVENTS, MOST_INSTANCES = 10, 10

# From here on an event quotes what a command printed on an instance, which may be a secret.
OUTPUT = "Output:"


class EnvironmentDiagnostics:
    """remediation.diagnostics.DiagnosticSources on Elastic Beanstalk.

    `connect` returns a client that gives up early, the same one for the same service.
    """

    def __init__(self, connect: Callable[[str], Any]) -> None:
        self._connect = connect

    def of(self, target: Target, plan: Plan) -> Mapping[str, Callable[[], Reading[Lines]]]:
        """The environment with its newest events, and the health of its instances."""
        own = plan.change.get("environmentId")
        return {
            ENVIRONMENT: partial(look, "DescribeEnvironments", partial(self._environment, target, own)),
            INSTANCES: partial(look, "DescribeInstancesHealth", partial(self._instances, target)),
        }

    def _environment(self, target: Target, own: object) -> Lines | Absent:
        """The environment of the plan: a terminated one of the same name is shown for about an hour."""
        client = self._connect("elasticbeanstalk")
        answer = client.describe_environments(EnvironmentNames=[target.name])
        found = [one for one in answer["Environments"] if one["EnvironmentId"] == own]
        if not found:
            return ABSENT
        events = client.describe_events(EnvironmentName=target.name, MaxRecords=MOST_EVENTS)["Events"]
        oldest_first = sorted(events, key=lambda event: event["EventDate"])
        return (*map(_event, oldest_first), _described(found[0]))

    def _instances(self, target: Target) -> Lines:
        """The worst instances first; AWS refuses this where health reporting is not enhanced."""
        answer = self._connect("elasticbeanstalk").describe_instances_health(
            EnvironmentName=target.name, AttributeNames=["HealthStatus", "Causes", "LaunchedAt", "Deployment"]
        )
        found = sorted(answer["InstanceHealthList"], key=_rank)
        left = len(found) - MOST_INSTANCES
        more = (f"and {left} more, no worse than these",) if left > 0 else ()
        return (*map(_instance, found[:MOST_INSTANCES]), *more)


def _rank(instance: Mapping[str, Any]) -> int:
    """The worst first, and before them those whose health is not known."""
    return -STATUS_RANKS.get(instance.get("HealthStatus", ""), len(STATUS_RANKS))


def _event(event: Mapping[str, Any]) -> str:
    said = event.get("Message", "").partition(OUTPUT)
    quoted = f"{said[0]}(output not kept)" if said[1] else said[0]
    return f"{_time(event['EventDate'])} {event.get('Severity', '')} {quoted}"


def _described(raw: Mapping[str, Any]) -> str:
    health = "/".join(filter(None, (raw.get("Health"), raw.get("HealthStatus"))))
    platform = raw.get("PlatformArn", "").rpartition(":platform/")[2] or raw.get("SolutionStackName", "")
    runs = f"version {raw.get('VersionLabel', '(none)')} on {platform or 'no named platform'}"
    changed = f", changed {_time(raw['DateUpdated'])}" if "DateUpdated" in raw else ""
    return f"{raw['EnvironmentId']}: {raw['Status']}, health {health or 'not reported'}, {runs}{changed}"


def _instance(raw: Mapping[str, Any]) -> str:
    causes = "; ".join(raw.get("Causes", ()))
    since = f", launched {_time(raw['LaunchedAt'])}" if "LaunchedAt" in raw else ""
    deployed = raw.get("Deployment", {})
    label = f", version {deployed['VersionLabel']}" if deployed.get("VersionLabel") else ""
    state = f" {deployed['Status']}" if label and deployed.get("Status") else ""
    health = raw.get("HealthStatus") or "health not known"
    return f"{raw['InstanceId']} {health}{since}{label}{state}{f': {causes}' if causes else ''}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
