"""Target groups: the ones that an alarm counts, and the ECS service that is registered behind them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.model import Metric, Target, Unresolved
from firebreak.core.reasons import Reason

DIMENSION = "TargetGroup"
# A series of a query has no namespace; a group's name is like no other.
NAMESPACES = frozenset({"AWS/ApplicationELB", "AWS/NetworkELB", ""})
UNHEALTHY_HOSTS = "UnHealthyHostCount"

# The time for which a read of all services is valid: for groups that it found, and for those it did not.
FRESH = timedelta(minutes=10)
FRESH_WITHOUT = timedelta(minutes=1)

# Up to 32 letters, digits and hyphens [CreateTargetGroup], and AWS's own id.
_NAME = re.compile(r"targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{1,32}", re.ASCII)
_ARN = re.compile(r"arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):(\d{12}):(targetgroup/.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Registrations:
    """All ECS services of the account and region that are behind a target group, as they were at `at`.

    `services` holds for each group (`targetgroup/NAME/ID`) its services as `CLUSTER/SERVICE`.
    """

    at: datetime
    services: Mapping[str, tuple[str, ...]]


def groups_of(metrics: Collection[Metric]) -> frozenset[str]:
    """The target groups that these metrics are about, as their dimension names them."""
    return frozenset(
        metric.dimensions[DIMENSION]
        for metric in metrics
        if metric.namespace in NAMESPACES and DIMENSION in metric.dimensions
    )


def counts_unhealthy_hosts(metrics: Collection[Metric]) -> bool:
    """Whether any of these metrics is a load balancer's number of unhealthy hosts."""
    return any(metric.namespace in NAMESPACES and metric.name == UNHEALTHY_HOSTS for metric in metrics)


def malformed(groups: Collection[str]) -> str | None:
    """The first value that is not the name of a target group."""
    return next((group for group in sorted(groups) if not _NAME.fullmatch(group)), None)


def group_in(arn: str, account: str, region: str) -> str:
    """The name of the target group of that ARN; empty when it lives elsewhere."""
    found = _ARN.fullmatch(arn)
    return found[3] if found and (found[1], found[2]) == (region, account) else ""


def answers(known: Registrations, groups: Collection[str], now: datetime) -> bool:
    """Whether these registrations may still be used for these groups.

    That a group was not among them is believed for a shorter time: a service may have been made since.
    """
    limit = FRESH if all(group in known.services for group in groups) else FRESH_WITHOUT
    return abs(now - known.at) < limit


def service_behind(
    known: Registrations, groups: Collection[str], account: str, region: str
) -> Target | Unresolved:
    """The one ECS service that is behind these groups, all of them, or why there is none.

    Two groups of one service are a blue/green pair.
    """
    for group in sorted(groups):
        if not known.services.get(group):
            return Unresolved(Reason.TARGET_NONE, f"no ECS service is registered behind {group}")
    behind = sorted({service for group in groups for service in known.services[group]})
    if len(behind) > 1:
        listed = ", ".join(f"ecs:{service}" for service in behind[:3])
        where = ", ".join(sorted(groups)[:3])
        return Unresolved(Reason.TARGET_AMBIGUOUS, f"{len(behind)} ECS services behind {where}: {listed}")
    cluster, _, name = behind[0].partition("/")
    return Target(account, region, "ecs", cluster, name)
