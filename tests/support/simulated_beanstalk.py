"""An Elastic Beanstalk simulated behind botocore's client: neither moto nor local AWS has the calls.

Arguments go through the service model on the way in, answers are checked against it on the way out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from firebreak.aws.clients import mutator
from firebreak.services.connections import Connections
from tests.support.builders_beanstalk import ARN, REQUEST_ID, raw_environment
from tests.support.builders_ecs import session
from tests.support.world import World, world_on_moto

CHANGES = ("RestartAppServer", "UpdateEnvironment")


@cache
def _session() -> boto3.Session:
    """One for all: a new session reads botocore's models again, which takes longer than most tests."""
    return session()


@dataclass
class SimulatedBeanstalk:
    """One environment, its events and its application; it is busy from a change until `come_to_rest`."""

    now: datetime
    health: tuple[str, str] = ("Red", "Degraded")
    version: str = "v42"
    status: str = "Ready"
    events: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=lambda: {"firebreak:enabled": "true"})
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    made: Any = None

    def client(self, service: str) -> Any:
        """A client of the real model whose calls end here."""
        self.made = self.made or self._make(service)
        return self.made

    def _make(self, service: str) -> Any:
        client = mutator(_session(), service)
        client.meta.events.register("before-parameter-build.elastic-beanstalk", _keep)
        client.meta.events.register("before-call.elastic-beanstalk", self._answer)
        return client

    def _answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        asked: dict[str, Any] = context["asked"]
        if model.name in CHANGES:
            self.changes.append((model.name, asked))
        answer: dict[str, Any] = getattr(self, f"_{model.name}")(asked)
        if model.output_shape:
            problems = ParamValidator().validate(answer, model.output_shape)
            assert not problems.has_errors(), problems.generate_report()
        answer["ResponseMetadata"] = {"RequestId": REQUEST_ID, "HTTPStatusCode": HTTPStatus.OK}
        return SimpleNamespace(status_code=HTTPStatus.OK), answer

    def log_event(self, message: str, after: timedelta = timedelta(), **more: str) -> None:
        """Write an event of the environment."""
        line = {"EventDate": self.now + after, "Message": message, "EnvironmentName": "shop-prod"}
        self.events.insert(0, {**line, "Severity": "INFO", **more})

    def deployed_before(self, version: str) -> None:
        """An older event that names a version, two days ago."""
        more = {"RequestId": "r-older", "VersionLabel": version}
        self.log_event("Environment update is starting.", -timedelta(days=2), **more)

    def deploy(self, ago: timedelta) -> None:
        """The events of a deployment of the running version, so long ago."""
        for seconds, message in (
            (-40, "Environment update is starting."),
            (-30, "Deploying new version to instance(s)."),
            (0, "New application version was deployed to running EC2 instances."),
        ):
            self.log_event(message, timedelta(seconds=seconds) - ago, RequestId="r-deployment")

    def come_to_rest(self, health: tuple[str, str] = ("Green", "Ok")) -> None:
        """The operation is over."""
        self.status, self.health = "Ready", health

    def _environment(self) -> dict[str, Any]:
        return raw_environment(
            Status=self.status, VersionLabel=self.version, Health=self.health[0], HealthStatus=self.health[1]
        )

    def _DescribeEnvironments(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        assert asked in ({"EnvironmentNames": ["shop-prod"]}, {"ApplicationName": "shop"})
        return {"Environments": [self._environment()]}

    def _DescribeEvents(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        assert asked["EnvironmentName"] == "shop-prod"
        return {"Events": self.events[: asked["MaxRecords"]]}

    def _ListTagsForResource(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        assert asked == {"ResourceArn": ARN}
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def _DescribeApplicationVersions(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        assert asked["ApplicationName"] == "shop"
        made = {"v41": timedelta(days=2), "v42": timedelta(days=1)}
        versions = [
            {"VersionLabel": label, "DateCreated": self.now - age, "Status": "Processed"}
            for label, age in made.items()
        ]
        return {"ApplicationVersions": versions}

    def _RestartAppServer(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        self.status = "Updating"
        self.log_event("restartAppServer is starting.", timedelta(seconds=1), RequestId=REQUEST_ID)
        return {}

    def _UpdateEnvironment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        self.status, self.version = "Updating", asked["VersionLabel"]
        self.log_event("Environment update is starting.", timedelta(seconds=1), RequestId=REQUEST_ID)
        return self._environment()


def _keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Remember the arguments as they were given, before they are written out for the wire."""
    context["asked"] = dict(params)


@dataclass
class BeanstalkWorld(World):
    """All functions in one process, on a simulated Beanstalk."""

    simulated: SimulatedBeanstalk | None = None

    def services(self) -> Any:
        assert self.simulated
        return Connections(self.simulated.client, self.simulated.client)


@contextmanager
def beanstalk_world(simulated: SimulatedBeanstalk, **parts: Any) -> Iterator[BeanstalkWorld]:
    """A fresh world with an empty ledger on that Beanstalk."""
    with world_on_moto() as world:
        yield BeanstalkWorld(world.dynamodb, simulated=simulated, **parts)
