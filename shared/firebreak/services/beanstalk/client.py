"""Elastic Beanstalk environments, as `BeanstalkReads` and `BeanstalkWrites` define them.

Configuration settings, which hold what an environment gives its application as variables, are never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.translate import look, send
from firebreak.core.readings import ABSENT, Absent, Reading, Unknown
from firebreak.services.beanstalk.environments import ApplicationVersion, EnvironmentEvent, EnvironmentLive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firebreak.core.model import Target

TERMINATED = "Terminated"

# More than a few operations write, few enough for one short answer.
EVENTS = 100
# The most that one answer holds, and as many versions as an application may have unless AWS raised its
# quota. [DescribeApplicationVersions; docs.aws.amazon.com/general/latest/gr/elasticbeanstalk.html]
VERSIONS = 1000

type Answer = Mapping[str, Any]


class BeanstalkClient(Protocol):
    """The calls of boto3's client that are used here, as AWS names them."""

    def describe_environments(self, **names: str | list[str]) -> Answer: ...  # noqa: D102 - AWS describes them
    def describe_events(self, *, EnvironmentName: str, MaxRecords: int) -> Answer: ...  # noqa: N803, D102 - AWS describes them
    def list_tags_for_resource(self, *, ResourceArn: str) -> Answer: ...  # noqa: N803, D102 - AWS describes them
    def describe_application_versions(self, *, ApplicationName: str, MaxRecords: int) -> Answer: ...  # noqa: N803, D102 - AWS describes them
    def restart_app_server(self, *, EnvironmentId: str, EnvironmentName: str) -> Answer: ...  # noqa: N803, D102 - AWS describes them
    def update_environment(  # noqa: D102 - AWS describes them
        self,
        *,
        EnvironmentId: str,  # noqa: N803 - AWS's name
        EnvironmentName: str,  # noqa: N803 - AWS's name
        VersionLabel: str,  # noqa: N803 - AWS's name
    ) -> Answer: ...


class BeanstalkReader:
    """Looks at environments with a client that only reads."""

    def __init__(self, client: BeanstalkClient) -> None:
        self._client = client

    def environment(self, target: Target) -> Reading[EnvironmentLive]:
        """The environment that bears the name; a terminated one only where no other does.

        For about an hour AWS shows a terminated environment next to a new one of the same name.
        """
        return look("DescribeEnvironments", lambda: self._environment(target))

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags; Unknown if AWS does not find a resource that it has just shown."""
        seen = look("ListTagsForResource", lambda: self._tags(arn))
        return Unknown("ListTagsForResource: NotFound") if isinstance(seen, Absent) else seen

    def events(self, target: Target) -> Reading[tuple[EnvironmentEvent, ...]]:
        """The newest hundred of the last six weeks, which is all that AWS keeps."""
        return look("DescribeEvents", lambda: self._events(target))

    def versions(self, application: str) -> Reading[tuple[ApplicationVersion, ...]]:
        """All of them, newest first; of an application with more than fit one answer they are Unknown."""
        seen = look("DescribeApplicationVersions", lambda: self._versions(application))
        return Unknown("DescribeApplicationVersions: NotFound") if isinstance(seen, Absent) else seen

    def environments(self, application: str) -> Reading[int]:
        """The number of environments that are not terminated; it reads the application's other ones, too."""
        return look("DescribeEnvironments", lambda: self._environments(application))

    def _versions(self, application: str) -> tuple[ApplicationVersion, ...] | Unknown:
        answer = self._client.describe_application_versions(ApplicationName=application, MaxRecords=VERSIONS)
        if answer.get("NextToken"):
            return Unknown(f"DescribeApplicationVersions: more than {VERSIONS} versions")
        found = [
            ApplicationVersion(raw["VersionLabel"], raw["DateCreated"], raw.get("Status", ""))
            for raw in answer["ApplicationVersions"]
        ]
        return tuple(sorted(found, key=lambda version: version.created, reverse=True))

    def _environments(self, application: str) -> int:
        answer = self._client.describe_environments(ApplicationName=application)
        return sum(raw["Status"] != TERMINATED for raw in answer["Environments"])

    def _environment(self, target: Target) -> EnvironmentLive | Absent | Unknown:
        answer = self._client.describe_environments(EnvironmentNames=[target.name])
        found = [_environment(raw) for raw in answer["Environments"]]
        live = [environment for environment in found if environment.status != TERMINATED]
        if len(live) > 1:
            return Unknown(f"DescribeEnvironments: {len(live)} environments bear the name")
        return next(iter([*live, *found]), ABSENT)

    def _tags(self, arn: str) -> Mapping[str, str]:
        answer = self._client.list_tags_for_resource(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for tag in answer["ResourceTags"]}

    def _events(self, target: Target) -> tuple[EnvironmentEvent, ...]:
        answer = self._client.describe_events(EnvironmentName=target.name, MaxRecords=EVENTS)
        found = [_event(raw) for raw in answer["Events"]]
        return tuple(sorted(found, key=lambda event: event.at, reverse=True))


class BeanstalkWriter:
    """Changes environments. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, client: BeanstalkClient) -> None:
        self._client = client

    def restart(self, environment_id: str, name: str) -> str:
        """Sends both names, so that a new environment of the same name is not taken for the old one."""
        return send(
            "RestartAppServer",
            lambda: _request_id(
                self._client.restart_app_server(EnvironmentId=environment_id, EnvironmentName=name)
            ),
        )

    def deploy(self, environment_id: str, name: str, version: str) -> str:
        """Sends a version and nothing else: AWS refuses a version together with options."""
        return send(
            "UpdateEnvironment",
            lambda: _request_id(
                self._client.update_environment(
                    EnvironmentId=environment_id, EnvironmentName=name, VersionLabel=version
                )
            ),
        )


def _environment(raw: Answer) -> EnvironmentLive:
    return EnvironmentLive(
        arn=raw["EnvironmentArn"],
        id=raw["EnvironmentId"],
        name=raw["EnvironmentName"],
        application=raw["ApplicationName"],
        version=raw.get("VersionLabel", ""),
        status=raw["Status"],
        health=raw.get("Health", ""),
        health_status=raw.get("HealthStatus", ""),
        operations_role=raw.get("OperationsRole", ""),
    )


def _event(raw: Answer) -> EnvironmentEvent:
    return EnvironmentEvent(
        at=raw["EventDate"],
        message=raw.get("Message", ""),
        severity=raw.get("Severity", ""),
        request_id=raw.get("RequestId", ""),
        version=raw.get("VersionLabel", ""),
    )


def _request_id(answer: Answer) -> str:
    """The request's id, which its events carry; an answer without one is an answer all the same."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
