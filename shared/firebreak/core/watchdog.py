"""The watch over Firebreak itself: its own heartbeat alarm, and incidents that have waited too long.

The heartbeat is an alarm of the stack that a schedule turns red. It takes the way of every alarm and
ends in a record; a count of those records shows when that way is broken anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.incident.states import AWAITS_VERDICT, IncidentState
from firebreak.core.model import Alarm, Metric

# The namespace of the functions' metrics, as the template gives it to Powertools. A heartbeat's alarm watches
# a metric there that nobody writes, with the stack as its `service`.
METRICS_NAMESPACE = "Firebreak"
HEARTBEAT_METRIC = "NeverReported"

UNVERIFIED = AWAITS_VERDICT | {IncidentState.CLAIMED}


def is_heartbeat(alarm: Alarm, stack_name: str, account: str, region: str) -> bool:
    """Whether the alarm is the heartbeat of the stack of that name in that place; no name, no heartbeat."""
    here = (alarm.account, alarm.region) == (account, region)
    return bool(stack_name) and here and alarm.name == f"{stack_name}-heartbeat"


def heartbeat_of(metrics: Sequence[Metric], account: str) -> str:
    """The stack whose heartbeat an alarm of that account on these metrics is; empty where it is none.

    Where two stacks are in one region, the tag of either's heartbeat routes it to both. Its name and its
    target prove nothing: an alarm of a service `heartbeat` may have the same.
    """
    match metrics:
        case (Metric(dimensions={"service": stack, **others}) as one,) if not others:
            named = (one.namespace, one.name) == (METRICS_NAMESPACE, HEARTBEAT_METRIC)
            return stack if named and one.account in {"", account} else ""
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """An incident that nobody looked at in time: its state as stored, and when that look was due."""

    incident_id: str
    state: str
    due_at: datetime


def oldest_unverified(overdue: Sequence[Overdue], now: datetime) -> timedelta:
    """How long the act that waited longest beyond its time has waited for its verdict; zero for none."""
    return max((now - one.due_at for one in overdue if one.state in UNVERIFIED), default=timedelta())


def stuck_leases(overdue: Sequence[Overdue]) -> int:
    """How many claims are neither reported back nor found dead.

    A claim is a lease on its target. It is due minutes after nobody can be about to act on it any more
    (`claim_is_dead`), so one that is overdue is held by nobody.
    """
    return sum(one.state == IncidentState.CLAIMED for one in overdue)
