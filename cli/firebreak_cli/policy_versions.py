"""The versions of a policy in AppConfig: which are there, which is deployed, and writing another one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.aws.translate import send, translated
from firebreak.core.readings import NotRead
from firebreak.errors import NotFound
from firebreak_cli.exit_codes import NOT_KNOWN, Ending
from firebreak_cli.stack import Stack, client

# Newest first; the one in force is nearly always the newest.
MOST_PAGES = 5
BAKING = "BAKING"
SERVED = frozenset({"COMPLETE", BAKING})
# While one of these is under way, AppConfig starts no other.
UNDER_WAY = frozenset({"VALIDATING", "DEPLOYING", BAKING, "ROLLING_BACK"})
TAKEN_BACK = frozenset({"ROLLED_BACK", "REVERTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One deployment of a version. `version` is 0 where AppConfig names none by a number.

    `profile` is the configuration profile whose version it is, empty where that is not said: an environment
    may serve several.
    """

    number: int
    profile: str
    version: int
    state: str
    percent: float
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether AppConfig has ended it, one way or the other."""
        return self.state not in UNDER_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as it was written; `description` says by whom."""

    number: int
    content: bytes
    description: str


class PolicyVersions:
    """The configuration profile of one stack. Every method raises AwsError; making it may raise Ending.

    The stack must take its policy from AppConfig: `stack.policy_configuration` names the place.
    """

    def __init__(self, stack: Stack) -> None:
        if isinstance(stack.policy_configuration, NotRead):
            raise Ending(NOT_KNOWN, stack.policy_source_not_known)
        application, environment, profile = stack.policy_configuration
        self.profile = profile
        self._reader = stack.reader("appconfig")
        self._writer = client(stack.session, "appconfig", once=True)
        self._environment = {"ApplicationId": application, "EnvironmentId": environment}
        self._profile = {"ApplicationId": application, "ConfigurationProfileId": profile}

    def deployments(self) -> Iterator[Deployed]:
        """The deployments of the environment, newest first, as far as anybody needs them."""
        asked: dict[str, Any] = dict(self._environment)
        for _ in range(MOST_PAGES):
            with translated("ListDeployments", mutates=False):
                page = self._reader.list_deployments(**asked)
            # AWS sends the newest first, local AWS the oldest.
            yield from sorted(map(_deployed, page["Items"]), key=lambda one: -one.number)
            if not (token := page.get("NextToken")):
                return
            asked["NextToken"] = token

    def deployment(self, number: int) -> Deployed:
        """One deployment as it is now."""
        with translated("GetDeployment", mutates=False):
            return _deployed(self._reader.get_deployment(**self._environment, DeploymentNumber=number))

    def version(self, number: int) -> Version | None:
        """The version of that number; None where there is none."""
        try:
            with translated("GetHostedConfigurationVersion", mutates=False):
                found = self._reader.get_hosted_configuration_version(**self._profile, VersionNumber=number)
                content = found["Content"].read()
        except NotFound:
            return None
        return Version(number=number, content=content, description=str(found.get("Description", "")))

    def latest_number(self) -> int:
        """The number of the newest version, deployed or not; 0 where there is none."""
        with translated("ListHostedConfigurationVersions", mutates=False):
            pages = self._reader.get_paginator("list_hosted_configuration_versions").paginate(**self._profile)
            return max((one["VersionNumber"] for page in pages for one in page["Items"]), default=0)

    def write(self, content: bytes, description: str, latest: int) -> int:
        """Writes a version after that one and returns its number. Raises Conflict where another came between.

        AppConfig compares the latest number itself, but only where there is one.
        """
        lock = {"LatestVersionNumber": latest} if latest else {}
        return send(
            "CreateHostedConfigurationVersion",
            lambda: int(
                self._writer.create_hosted_configuration_version(
                    **self._profile,
                    **lock,
                    Description=description,
                    Content=content,
                    ContentType="application/json",
                )["VersionNumber"]
            ),
        )

    def start(self, version: int, description: str, strategy: str, latest: int) -> Deployed:
        """Deploys a version. Raises Conflict where another deployment than that one is the latest."""
        lock = {"LatestDeploymentNumber": latest} if latest else {}
        return send(
            "StartDeployment",
            lambda: _deployed(
                self._writer.start_deployment(
                    **self._environment,
                    **lock,
                    ConfigurationProfileId=self._profile["ConfigurationProfileId"],
                    ConfigurationVersion=str(version),
                    DeploymentStrategyId=strategy,
                    Description=description,
                )
            ),
        )


def _deployed(found: Any) -> Deployed:
    version = str(found.get("ConfigurationVersion", ""))
    return Deployed(
        number=int(found["DeploymentNumber"]),
        profile=str(found.get("ConfigurationProfileId", "")),
        version=int(version) if version.isascii() and version.isdecimal() else 0,
        state=str(found["State"]),
        percent=float(found.get("PercentageComplete", 0)),
        started_at=found.get("StartedAt"),
        completed_at=found.get("CompletedAt"),
    )
