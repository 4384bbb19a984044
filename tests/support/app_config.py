"""AppConfig in memory behind real clients: botocore checks and writes each call, this answers it.

As its documents say it: version numbers count up, the locks of CreateHostedConfigurationVersion and
StartDeployment are compared, one deployment is under way at a time, a token counts once, and a session is
served a content only where it has another one. moto has no deployments and no data plane.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

from tests.support import builders as a

APPLICATION, ENVIRONMENT, PROFILE = "abc1234", "def1234", "0ab1234"
PLACE = (APPLICATION, ENVIRONMENT, PROFILE)
STRATEGY = "xyz1234"
SERVED = ("COMPLETE", "BAKING")


class Refused(Exception):
    """An answer of AWS that is none of success."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass
class FakeAppConfig:
    """One application with its environment and profile. `fails` answers an operation with an error instead.

    `ends` is the state that a deployment takes when it is started.
    """

    versions: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ends: str = "COMPLETE"
    at: datetime = a.NOW - timedelta(hours=1)

    def __post_init__(self) -> None:
        self._sessions: dict[str, bytes] = {}
        self._tokens = (f"token-{n}" for n in count())

    def attach(self, client: Any) -> Any:
        """The client, answered from here."""
        service = client.meta.service_model.service_id.hyphenize()
        events = client.meta.events
        events.register(f"before-parameter-build.{service}", self._asked, unique_id="fake-asked")
        events.register(f"before-call.{service}", self._answer, unique_id="fake-answer")
        return client

    def serve(self, content: bytes, description: str = "") -> int:
        """Writes and deploys a content, as the console can; returns its number."""
        number = self._next()
        self.versions[number] = (content, description)
        self._start(number, description)
        return number

    def take_back(self, state: str = "ROLLED_BACK") -> None:
        """AppConfig takes the newest deployment back."""
        self.deployments[-1]["State"] = state

    @property
    def served(self) -> int:
        """The number of the version that is served; 0 for none."""
        found = [one for one in self.deployments if one["State"] in SERVED]
        return int(found[-1]["ConfigurationVersion"]) if found else 0

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Any, context: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        self.calls.append(model.name)
        error = self.fails.get(model.name)
        try:
            if error:
                raise error
            answered = getattr(self, f"_{model.name}")(**context["asked"])
        except Refused as refused:
            meta = {"HTTPStatusCode": refused.status}
            failure = {"Error": {"Code": refused.code, "Message": "x"}, "ResponseMetadata": meta}
            return SimpleNamespace(status_code=refused.status), failure
        return SimpleNamespace(status_code=200), answered

    def _next(self) -> int:
        return max(self.versions, default=0) + 1

    def _start(self, number: int, description: str) -> dict[str, Any]:
        self.deployments.append(
            {
                "DeploymentNumber": len(self.deployments) + 1,
                "ConfigurationProfileId": PROFILE,
                "ConfigurationVersion": str(number),
                "State": self.ends,
                "PercentageComplete": 100.0 if self.ends in SERVED else 20.0,
                "StartedAt": self.at,
                "CompletedAt": self.at,
                "Description": description,
            }
        )
        return self.deployments[-1]

    def _CreateHostedConfigurationVersion(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        _of(asked, PROFILE)
        latest = asked.get("LatestVersionNumber")
        if latest is not None and latest != self._next() - 1:
            raise Refused("ConflictException", 409)
        number = self._next()
        asked["Description"].encode("ascii")
        self.versions[number] = (asked["Content"], asked["Description"])
        return {"VersionNumber": number}

    def _StartDeployment(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        _of(asked, PROFILE)
        assert (asked["EnvironmentId"], asked["DeploymentStrategyId"]) == (ENVIRONMENT, STRATEGY)
        latest = asked.get("LatestDeploymentNumber")
        under_way = bool(self.deployments) and self.deployments[-1]["State"] in ("DEPLOYING", "BAKING")
        if under_way or (latest is not None and latest != len(self.deployments)):
            raise Refused("ConflictException", 409)
        return self._start(int(asked["ConfigurationVersion"]), asked["Description"])

    def _GetDeployment(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        return dict(self.deployments[asked["DeploymentNumber"] - 1])

    def _ListDeployments(self, **_: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        return {"Items": self.deployments[::-1]}

    def _ListHostedConfigurationVersions(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        _of(asked, PROFILE)
        return {"Items": [{"VersionNumber": number} for number in self.versions]}

    def _GetHostedConfigurationVersion(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        if (found := self.versions.get(asked["VersionNumber"])) is None:
            raise Refused("ResourceNotFoundException", 404)
        return {"Content": io.BytesIO(found[0]), "Description": found[1]}

    def _StartConfigurationSession(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # AWS's name
        named = (asked[f"{one}Identifier"] for one in ("Application", "Environment", "ConfigurationProfile"))
        if tuple(named) != PLACE:
            raise Refused("ResourceNotFoundException", 404)
        return {"InitialConfigurationToken": self._session(b"")}

    def _session(self, has: bytes) -> str:
        token = next(self._tokens)
        self._sessions[token] = has
        return token

    def _GetLatestConfiguration(self, ConfigurationToken: str) -> dict[str, Any]:  # noqa: N802, N803  # AWS's names
        if ConfigurationToken not in self._sessions:
            raise Refused("BadRequestException")
        has = self._sessions.pop(ConfigurationToken)
        content = self.versions[self.served][0] if self.served else b""
        return {
            "NextPollConfigurationToken": self._session(content),
            "Configuration": io.BytesIO(b"" if content == has else content),
        }


def _of(asked: Mapping[str, Any], profile: str) -> None:
    assert (asked["ApplicationId"], asked["ConfigurationProfileId"]) == (APPLICATION, profile)
