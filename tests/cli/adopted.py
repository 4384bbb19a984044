"""Alarms as DescribeAlarms shows them, and plans made of them, for the tests of `firebreak adopt`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from firebreak.core.readings import ABSENT, Absent, Reading, Unknown
from firebreak.intake.names import Home
from firebreak.intake.target_groups import ServicesBehind
from firebreak.services.ecs.target_groups import Registrations
from firebreak_cli.adopt.entries import Entry, Plan
from firebreak_cli.adopt.existing import ExistingAlarm, existing_alarm
from firebreak_cli.adopt.judging import Known
from firebreak_cli.adopt.planner import plan
from tests.docs.documents import ROOT
from tests.support import builders as a

SAMPLE_ALARMS = ROOT / "examples/adopt/alarms.json"
SAMPLE_TAGS = ROOT / "examples/adopt/tags.json"
HOME = Home(a.ACCOUNT, a.REGION)
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
GREATER, LESS = "GreaterThanThreshold", "LessThanThreshold"
_POLICY = "scalingPolicy:1:resource/ecs/service/prod/api:policyName/step"
SCALING = f"arn:aws:autoscaling:{a.REGION}:{a.ACCOUNT}:{_POLICY}"


def raw(
    name: str = "api-memory", metric: str = "AWS/ECS MemoryUtilization", **changes: Any
) -> dict[str, Any]:
    """One metric alarm of DescribeAlarms' answer; by default on the memory of ecs:prod/api."""
    namespace, _, metric_name = metric.partition(" ")
    dimensions = changes.pop("dimensions", {"ClusterName": "prod", "ServiceName": "api"})
    return {
        "AlarmName": name,
        "AlarmArn": a.arn_of(name),
        "ActionsEnabled": True,
        "AlarmActions": [],
        "OKActions": [],
        "StateValue": "OK",
        "StateUpdatedTimestamp": NOW,
        "Namespace": namespace,
        "MetricName": metric_name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 85.0,
        "ComparisonOperator": GREATER,
        "TreatMissingData": "missing",
    } | changes


def composite(name: str, rule: str, **changes: Any) -> dict[str, Any]:
    """One composite alarm of DescribeAlarms' answer."""
    return {
        "AlarmName": name,
        "AlarmArn": a.arn_of(name),
        "ActionsEnabled": True,
        "StateValue": "OK",
        "StateUpdatedTimestamp": NOW,
        "AlarmRule": rule,
    } | changes


def existing(shape: Mapping[str, Any], tags: Reading[Mapping[str, str]] | None = None) -> ExistingAlarm:
    """An alarm with its tags, by default with none."""
    return existing_alarm(shape, {} if tags is None else tags, NOW)


def planned(
    *alarms: ExistingAlarm,
    target_tags: Mapping[str, Reading[Mapping[str, str]]] | None = None,
    services: Mapping[str, tuple[str, ...]] | None = None,
    own_stack: str = "firebreak",
) -> Plan:
    """The plan; `services` holds the ECS services behind target groups. Targets have no tags."""
    known = Known(
        home=HOME,
        behind=ServicesBehind(NoCache(), Services(services or {}), lambda: NOW),
        target_tags=AnyTarget() if target_tags is None else target_tags,
        own_stack=own_stack,
    )
    return plan(alarms, known, NOW)


def entry(*alarms: ExistingAlarm, name: str = "", **known: Any) -> Entry:
    """The entry of the alarm of that name, by default of the first."""
    wanted = name or alarms[0].shown.name
    return next(one for one in planned(*alarms, **known).entries if one.alarm == wanted)


class AnyTarget(dict[str, Reading[Mapping[str, str]]]):
    """Every target exists and has no tags."""

    def get(self, key: str, default: Any = None) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True)
class Services:
    """A look at all ECS services."""

    behind: Mapping[str, tuple[str, ...]]

    def registrations(self, now: datetime) -> Registrations:
        return Registrations(now, self.behind)


class NoCache:
    def look(self) -> Absent:
        return ABSENT

    def keep(self, found: Registrations) -> None:
        del found


@cache
def sample_alarms() -> Sequence[ExistingAlarm]:
    """The alarms of the example, with their tags."""
    printed = json.loads(SAMPLE_ALARMS.read_text(encoding="utf-8"))
    tags = sample_tags()
    answers = [*printed["MetricAlarms"], *printed["CompositeAlarms"]]
    return [existing(one, tags.get(one["AlarmArn"], {})) for one in answers]


@cache
def sample_tags() -> Mapping[str, Mapping[str, str]]:
    """The tags of the example by ARN."""
    listed = json.loads(SAMPLE_TAGS.read_text(encoding="utf-8"))["ResourceTagMappingList"]
    return {one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in listed}


@dataclass
class Resources:
    """A TagStore in memory; the tags of what is `blind` cannot be read."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    made: list[tuple[str, str]] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)

    def read(self, arn: str) -> Reading[Mapping[str, str]]:
        if arn in self.blind:
            return Unknown("ListTagsForResource: AccessDenied")
        return dict(self.tags[arn]) if arn in self.tags else ABSENT

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        self.made.append(("add", arn))
        self.tags[arn] |= tags

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        self.made.append(("remove", arn))
        self.tags[arn] = {key: value for key, value in self.tags[arn].items() if key not in keys}
