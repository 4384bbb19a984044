"""Elastic Beanstalk things for tests: values, the API's raw shapes, and a fake service."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.model import Metric, Target
from firebreak.core.readings import ABSENT, Reading
from firebreak.services.beanstalk.environments import (
    ApplicationVersion,
    BeanstalkObservation,
    EnvironmentEvent,
    EnvironmentLive,
)
from tests.support import builders as a

ACCOUNT, REGION = a.ACCOUNT, a.REGION
ID = "e-rpqsewtp2j"
ARN = f"arn:aws:elasticbeanstalk:{REGION}:{ACCOUNT}:environment/shop/shop-prod"
TARGET = Target(ACCOUNT, REGION, "beanstalk", "", "shop-prod")
REQUEST_ID = "b7f3960b-4709-11e5-ba1e-07e16200da41"
ENABLED = {"firebreak:enabled": "true"}

# The newest event before anything was done.
QUIET_SINCE = a.NOW - timedelta(hours=2)

HEALTH_ALARM = a.alarm(
    "shop-prod-health",
    metrics=(Metric("AWS/ElasticBeanstalk", "EnvironmentHealth", {"EnvironmentName": "shop-prod"}),),
    tags={"firebreak:action": "restart-environment"},
)
REQUEST = a.request(action="restart-environment", alarm=HEALTH_ALARM, target=TARGET)


def environment(**changes: Any) -> EnvironmentLive:
    """An environment at rest, in bad health."""
    one = EnvironmentLive(
        arn=ARN,
        id=ID,
        name="shop-prod",
        application="shop",
        version="v42",
        status="Ready",
        health="Red",
        health_status="Degraded",
    )
    return replace(one, **changes)


def event(
    message: str = "Environment health has transitioned from Ok to Degraded.",
    after: timedelta = timedelta(),
    **changes: Any,
) -> EnvironmentEvent:
    """An event so long after the quiet began."""
    return replace(EnvironmentEvent(at=QUIET_SINCE + after, message=message, severity="INFO"), **changes)


BEGAN = event("restartAppServer is starting.", timedelta(hours=2, seconds=1), request_id=REQUEST_ID)
DONE = event("Restarted application server on all ec2 instances.", timedelta(hours=2, seconds=30))


def seen(
    environment: Reading[EnvironmentLive],
    *events: EnvironmentEvent,
    tagged: Reading[Mapping[str, str]] | None = None,
) -> BeanstalkObservation:
    """An observation with these events, newest first."""
    newest_first = tuple(sorted(events, key=lambda one: one.at, reverse=True))
    return BeanstalkObservation(
        environment=environment, tagged=ENABLED if tagged is None else tagged, events=newest_first
    )


# The events of a deployment of v42 that ended ten minutes before the alarm turned red.
DEPLOYMENT = "0e95c9da-291c-11e7-bef8-875246bb1f49"
ENDED = HEALTH_ALARM.since - timedelta(minutes=10)
DEPLOYED = tuple(
    EnvironmentEvent(
        at=ENDED - timedelta(seconds=before), message=message, severity="INFO", request_id=DEPLOYMENT
    )
    for before, message in (
        (0, "Environment update completed successfully."),
        (0, "New application version was deployed to running EC2 instances."),
        (30, "Deploying new version to instance(s)."),
        (36, "Environment update is starting."),
    )
)
V40, V41, V42, V43 = (
    ApplicationVersion(f"v{40 + n}", a.NOW - timedelta(days=10 - n), "PROCESSED") for n in range(4)
)


def deployed(**changes: Any) -> BeanstalkObservation:
    """An environment that v42 was deployed to lately, the only one of its application."""
    one = BeanstalkObservation(
        environment=environment(),
        tagged=ENABLED,
        events=DEPLOYED,
        versions=(V42, V41, V40),
        environments=1,
    )
    return replace(one, **changes)


@dataclass
class FakeBeanstalk:
    """Returns the given readings, answers every write with a request's id, and notes the calls."""

    environment_now: Reading[EnvironmentLive] = ABSENT
    tags_now: Reading[Mapping[str, str]] = field(default_factory=lambda: ENABLED)
    events_now: Reading[tuple[EnvironmentEvent, ...]] = ()
    versions_now: Reading[tuple[ApplicationVersion, ...]] = ()
    environments_now: Reading[int] = 1
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def environment(self, target: Target) -> Reading[EnvironmentLive]:
        self.calls.append(("environment", target.display))
        return self.environment_now

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        self.calls.append(("tags", arn))
        return self.tags_now

    def events(self, target: Target) -> Reading[tuple[EnvironmentEvent, ...]]:
        self.calls.append(("events", target.display))
        return self.events_now

    def versions(self, application: str) -> Reading[tuple[ApplicationVersion, ...]]:
        self.calls.append(("versions", application))
        return self.versions_now

    def environments(self, application: str) -> Reading[int]:
        self.calls.append(("environments", application))
        return self.environments_now

    def deploy(self, environment_id: str, name: str, version: str) -> str:
        self.calls.append(("deploy", environment_id, name, version))
        return REQUEST_ID

    def restart(self, environment_id: str, name: str) -> str:
        self.calls.append(("restart", environment_id, name))
        return REQUEST_ID


def raw_environment(**changes: Any) -> dict[str, Any]:
    """An environment in the format of the API; the same one as `environment()`."""
    return {
        "EnvironmentName": "shop-prod",
        "EnvironmentId": ID,
        "ApplicationName": "shop",
        "VersionLabel": "v42",
        "PlatformArn": f"arn:aws:elasticbeanstalk:{REGION}::platform/Corretto 21 on Amazon Linux 2023/4.5.1",
        "CNAME": f"shop-prod.{REGION}.elasticbeanstalk.com",
        "DateCreated": datetime.fromisoformat("2026-01-07T20:48:49.599+00:00"),
        "DateUpdated": datetime.fromisoformat("2026-11-12T18:16:55.019+00:00"),
        "Status": "Ready",
        "AbortableOperationInProgress": False,
        "Health": "Red",
        "HealthStatus": "Degraded",
        "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"},
        "EnvironmentArn": ARN,
    } | changes


def raw_event(**changes: Any) -> dict[str, Any]:
    """An event in the format of the API: one that no request caused."""
    return {
        "EventDate": QUIET_SINCE,
        "Message": "Environment health has transitioned from Ok to Degraded.",
        "ApplicationName": "shop",
        "EnvironmentName": "shop-prod",
        "Severity": "WARN",
    } | changes
