"""Alarms, metrics and children for the tests of what an alarm names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Metric, Target, Unresolved
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.core.reasons import Reason
from firebreak.intake.lookups import ChildReads, Lookups
from firebreak.intake.names import Home
from firebreak.intake.target_resolution import resolve

ACCOUNT = "111122223333"
REGION = "eu-west-1"
OTHER = "444455556666"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PLAIN = Alarm(
    arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:red",
    name="red",
    account=ACCOUNT,
    region=REGION,
    kind=AlarmKind.METRIC,
    state=AlarmState.ALARM,
    since=NOW,
    sent_at=NOW,
)
NOT_READ = NotRead("needless")
API = Target(ACCOUNT, REGION, "ecs", "prod", "api")

type Found = Target | Unresolved
type Described = Mapping[str, Reading[DescribedAlarm]]


def metric(
    cluster: str | None = None, service: str | None = None, *, account: str = "", **more: str
) -> Metric:
    named = {"ClusterName": cluster, "ServiceName": service, **more}
    dimensions = {name: value for name, value in named.items() if value is not None}
    return Metric("AWS/ECS", "MemoryUtilization", dimensions, account)


def child(
    name: str, *metrics: Metric, state: AlarmState = AlarmState.ALARM, children: tuple[str, ...] = ()
) -> DescribedAlarm:
    return DescribedAlarm(
        name=name,
        arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        state=state,
        since=NOW,
        actions_enabled=True,
        metrics=metrics,
        children=children,
    )


def never_asked(name: str) -> Reading[DescribedAlarm]:
    pytest.fail(f"described {name}")


@dataclass(frozen=True)
class Reads:
    """Alarms by name and their tags by name."""

    by_name: Callable[[str], Reading[DescribedAlarm]] = never_asked
    tagged: Mapping[str, Reading[Mapping[str, str]]] = field(default_factory=dict)

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        return self.by_name(name)

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        return self.tagged.get(arn.rpartition(":")[2], ABSENT)


def found_for(
    alarm: Alarm,
    tags: Reading[Mapping[str, str]] = NOT_READ,
    reads: ChildReads | None = None,
    action: str = "restart-service",
) -> Found:
    return resolve(alarm, tags, Lookups(Home(ACCOUNT, REGION), reads or Reads()), action).found


def outcome(found: Found) -> str | Reason:
    return found.display if isinstance(found, Target) else found.reason


def watching(*metrics: Metric) -> Alarm:
    return replace(PLAIN, metrics=metrics)


def tagged(target: str) -> Alarm:
    return replace(PLAIN, tags={"firebreak:target": target})


def series(**attributes: str) -> Alarm:
    return replace(PLAIN, kind=AlarmKind.CONTRIBUTOR, contributor=Contributor("1", attributes))


def composite(*children: str) -> Alarm:
    """A composite whose event names these children; its live rule names them as well."""
    return replace(PLAIN, kind=AlarmKind.COMPOSITE, children=children)


def looked_up(
    composite_alarm: Alarm,
    described: Described,
    *,
    rule: tuple[str, ...] | None = None,
    tags: Mapping[str, Reading[Mapping[str, str]]] | None = None,
) -> Found:
    live = child(composite_alarm.name, children=composite_alarm.children if rule is None else rule)
    known = {composite_alarm.name: live, **described}
    return found_for(composite_alarm, reads=Reads(known.__getitem__, tags or {}))
