"""The AWS calls that the Elastic Beanstalk actions need."""

from collections.abc import Mapping
from typing import Protocol

from firebreak.core.model import Target
from firebreak.core.readings import Reading
from firebreak.services.beanstalk.environments import ApplicationVersion, EnvironmentEvent, EnvironmentLive


class BeanstalkReads(Protocol):
    """Looking at environments. Nothing here raises: blindness is an Unknown."""

    def environment(self, target: Target) -> Reading[EnvironmentLive]:
        """The environment; Absent when there is none, or none that may be seen."""

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags of the environment of that ARN."""

    def events(self, target: Target) -> Reading[tuple[EnvironmentEvent, ...]]:
        """The latest events of the environment, newest first."""

    def versions(self, application: str) -> Reading[tuple[ApplicationVersion, ...]]:
        """The versions of an application, newest first."""

    def environments(self, application: str) -> Reading[int]:
        """The number of an application's environments that are not terminated."""


class BeanstalkWrites(Protocol):
    """Changing environments; each call is sent once. Raises AwsError."""

    def restart(self, environment_id: str, name: str) -> str:
        """Restart the application server on every instance; returns the id of the request."""

    def deploy(self, environment_id: str, name: str, version: str) -> str:
        """Deploy a version of the application to the environment; returns the id of the request."""


class BeanstalkConnections(Protocol):
    """Both sides of Elastic Beanstalk, looking and changing; connected only when asked for."""

    def beanstalk(self) -> tuple[BeanstalkReads, BeanstalkWrites]:
        """Elastic Beanstalk environments."""
