"""Lambda functions for tests: values, the API's raw shapes, and a Lambda that keeps its own rules."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any

from firebreak.core.model import Metric, Obstacle, Plan, Request, Target
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.rules import Rules
from firebreak.errors import AwsError, Conflict, NotFound
from firebreak.services.action import AnyAction
from firebreak.services.lambda_.function_release import Pace
from firebreak.services.lambda_.functions import LATEST, AliasLive, FunctionLive, FunctionObservation
from firebreak.services.registry import CATALOG
from tests.support import builders as a

ARN = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:orders"
TARGET = Target(a.ACCOUNT, a.REGION, "lambda", "", "orders")
CODE = "fxCmqJTVBwa3HMe/TDyVLjYUXQC7qsz/CNSDfWSX8Co="
OTHER_CODE = "3pVYvY8Q1Pz7xJ0rXWqW6fU4XrJm7b1kq0oT1w9bD2E="
PUBLISHED = a.NOW - timedelta(minutes=10)
OPTED_IN = {"firebreak:enabled": "true"}


def function(version: str = LATEST, **changes: Any) -> FunctionLive:
    """A configuration at rest with 1 GB."""
    one = FunctionLive(
        arn=ARN if version == LATEST else f"{ARN}:{version}",
        name="orders",
        version=version,
        memory=1024,
        description="Takes orders",
        code=CODE,
        revision=f"revision-of-{version}",
        state="Active",
        update="Successful",
        modified=PUBLISHED,
        settings={"Timeout": "30", "Environment": "e3b0c442"},
    )
    return replace(one, **changes)


def alias(
    name: str = "live", version: str = "7", weighted: Mapping[str, float] = MappingProxyType({})
) -> AliasLive:
    """An alias; `weighted` are the parts of its calls that go to other versions."""
    return AliasLive(name=name, version=version, revision=f"revision-of-{name}", weighted=dict(weighted))


def seen(*aliases: AliasLive, **changes: Any) -> FunctionObservation:
    """An observation of the function with these aliases, each on a version like `$LATEST`."""
    one = FunctionObservation(
        function=function(),
        function_tags=OPTED_IN,
        aliases=aliases,
        versions={one.version: function(one.version) for one in aliases},
        provisioned=frozenset[str](),
        published={6: OLD, 7: function("7")},
    )
    return replace(one, **changes)


def raised() -> FunctionObservation:
    """The observation after the memory of `seen(alias())` was raised: version 8 is behind the alias."""
    said = "Firebreak: memory 1024 to 1536 MB, code of version 7"
    return seen(
        alias(version="8"),
        function=function(memory=1536),
        versions={"8": function("8", memory=1536, description=said)},
    )


OLD = function("6", code=OTHER_CODE, modified=PUBLISHED - timedelta(days=2))


def deployed(**changes: Any) -> FunctionObservation:
    """Version 7 was released lately; 6 is other code."""
    return replace(seen(alias(), versions={"7": function("7"), "6": OLD}), **changes)


def history(*versions: FunctionLive) -> FunctionObservation:
    """All versions that exist; the alias is at the last of them."""
    return deployed(
        aliases=(alias(version=versions[-1].version),),
        versions={one.version: one for one in versions},
        published={int(one.version): one for one in versions},
    )


def request(action: str = "adjust-function-memory", resource: str = "", **changes: Any) -> Request:
    """A request about the function; `resource` is the dimension Resource of the alarm's metric."""
    dimensions = {"FunctionName": "orders"} | ({"Resource": resource} if resource else {})
    metrics = (Metric("AWS/Lambda", "Duration", dimensions),)
    base = Request(
        kind=a.request().kind,
        action=action,
        alarm=a.alarm("orders-slow", metrics=metrics, tags={}),
        target=TARGET,
        at=a.NOW,
    )
    return replace(base, **changes)


def rules(action: str = "adjust-function-memory", **settings: Any) -> Rules:
    """The policy for one request, with the settings that function actions read."""
    usual = a.auto_policy().rules("scale-service", TARGET)
    return replace(usual, action=action, settings=replace(CATALOG.settings_of(action), **settings))


def planned(action: AnyAction, observation: FunctionObservation, **settings: Any) -> Plan:
    """The plan of an action that has no objection."""
    plan = action.plan(request(action.spec.name), observation, rules(action.spec.name, **settings))
    assert isinstance(plan, Plan), plan
    return plan


def refused(action: AnyAction, observation: FunctionObservation, **settings: Any) -> Obstacle:
    """The obstacle an action finds."""
    obstacle = action.plan(request(action.spec.name), observation, rules(action.spec.name, **settings))
    assert isinstance(obstacle, Obstacle), obstacle
    return obstacle


@dataclass
class Time:
    """Time that passes only while somebody waits, or when a test says so."""

    at: float = 100.0

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    @property
    def pace(self) -> Pace:
        return Pace(monotonic=lambda: self.at, sleep=self.sleep)


@dataclass
class FakeLambda:
    """One function as Lambda keeps it: every change gives a new revision, and an update works for a while.

    `working` is how many looks an update takes until it is done. `before_write` runs before each
    change with the call's name and may raise AwsError; `after_write` runs when it is done, and may too.
    """

    latest: FunctionLive = field(default_factory=function)
    aliases_now: dict[str, AliasLive] = field(default_factory=dict)
    versions: dict[str, FunctionLive] = field(default_factory=dict)
    tags_now: Reading[Mapping[str, str]] = field(default_factory=lambda: OPTED_IN)
    provisioned_now: Reading[frozenset[str]] = frozenset[str]()
    working: int = 0
    before_write: Callable[[str], None] = lambda _: None
    after_write: Callable[[str], None] = lambda _: None
    calls: list[tuple[str, ...]] = field(default_factory=list)
    _left: int = 0
    _revisions: Any = field(default_factory=lambda: count(1))

    @classmethod
    def with_alias(cls, version: str = "7", **changes: Any) -> "FakeLambda":
        """Behind the alias `live`, which runs a version like `$LATEST`."""
        return cls(
            aliases_now={"live": alias(version=version)}, versions={version: function(version)}, **changes
        )

    def configuration(self, name: str, version: str) -> Reading[FunctionLive]:
        if version != LATEST:
            return self.versions.get(version, ABSENT)
        if self._left:
            self._left -= 1
            return replace(self.latest, update="InProgress")
        return self.latest

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        return self.tags_now

    def aliases(self, name: str) -> Reading[tuple[AliasLive, ...]]:
        return tuple(self.aliases_now.values())

    def provisioned(self, name: str) -> Reading[frozenset[str]]:
        return self.provisioned_now

    def published(self, name: str) -> Reading[Mapping[int, FunctionLive]]:
        return {int(number): live for number, live in self.versions.items()}

    def set_memory(self, name: str, memory: int, revision: str) -> FunctionLive:
        return self._update(revision, "memory", memory)

    def set_description(self, name: str, description: str, revision: str) -> FunctionLive:
        return self._update(revision, "description", description)

    def publish(self, name: str, code: str, description: str, revision: str) -> FunctionLive:
        with_code = code == self.latest.code
        self._begin("PublishVersion", based=with_code and revision == self.latest.revision)
        if self._left:
            raise Conflict("PublishVersion", "ResourceConflictException")
        number = str(max([int(one) for one in self.versions], default=0) + 1)
        version = replace(
            self.latest,
            version=number,
            arn=f"{ARN}:{number}",
            description=description,
            revision=self._revision(),
            modified=datetime(2026, 11, 20, 10, 1, tzinfo=UTC),
        )
        self.versions[number] = version
        return self._done("PublishVersion", version)

    def point(
        self, name: str, alias: str, version: str, revision: str, weights: Mapping[str, float]
    ) -> AliasLive:
        found = self.aliases_now[alias]
        self._begin("UpdateAlias", based=revision == found.revision)
        if version not in self.versions:
            raise NotFound("UpdateAlias", "ResourceNotFoundException")
        moved = AliasLive(name=alias, version=version, revision=self._revision(), weighted=weights)
        self.aliases_now[alias] = moved
        self._done("UpdateAlias", self.versions[version])
        return moved

    def _update(self, revision: str, what: str, value: object) -> FunctionLive:
        self._begin("UpdateFunctionConfiguration", based=revision == self.latest.revision)
        changes: dict[str, Any] = {what: value, "revision": self._revision()}
        self.latest = replace(self.latest, **changes)
        answer = replace(self.latest, update="InProgress")
        self._left = self.working
        self.latest = replace(self.latest, revision=self._revision())
        return self._done("UpdateFunctionConfiguration", answer)

    def _begin(self, call: str, *, based: bool) -> None:
        self.before_write(call)
        self.calls.append((call,))
        if not based:
            raise Conflict(call, "PreconditionFailedException")

    def _done(self, call: str, live: FunctionLive) -> FunctionLive:
        self.after_write(call)
        return live

    def _revision(self) -> str:
        return f"revision-{next(self._revisions)}"

    @property
    def made(self) -> list[str]:
        """The changing calls that were sent, in their order."""
        return [call for call, *_ in self.calls]


def as_stored(plan: Plan) -> Plan:
    """The plan as a ledger gives it back."""
    change, before = (json.loads(json.dumps(part)) for part in (plan.change, plan.before))
    return replace(plan, change=change, before=before)


def not_published_yet(plan: Plan) -> Plan:
    """The rest of a release whose update is done."""
    return replace(plan, change={name: plan.change[name] for name in ("PublishVersion", "UpdateAlias")})


def not_moved_yet(plan: Plan) -> Plan:
    """The rest of a release whose version 8 is published."""
    move: Any = plan.change["UpdateAlias"]
    return replace(plan, change={"UpdateAlias": move | {"FunctionVersion": "8"}})


def raising(error: AwsError, on: str) -> Callable[[str], None]:
    """A function that raises the error at one call."""

    def act(call: str) -> None:
        if call == on:
            raise error

    return act


def raw_function(version: str = LATEST, **changes: Any) -> dict[str, Any]:
    """A configuration in the format of the API, secrets included."""
    return {
        "FunctionName": "orders",
        "FunctionArn": ARN if version == LATEST else f"{ARN}:{version}",
        "Version": version,
        "Runtime": "python3.13",
        "Role": f"arn:aws:iam::{a.ACCOUNT}:role/orders",
        "Handler": "app.handler",
        "CodeSize": 1234,
        "Description": "Takes orders",
        "Timeout": 30,
        "MemorySize": 1024,
        "LastModified": "2026-11-20T09:50:30.000+0000",
        "CodeSha256": CODE,
        "Environment": {"Variables": {"DB_PASSWORD": "hunter2"}},
        "TracingConfig": {"Mode": "Active"},
        "RevisionId": f"revision-of-{version}",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": {"RuntimeVersionArn": f"arn:aws:lambda:{a.REGION}::runtime:{'0c' * 32}"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/orders"},
    } | changes


def raw_alias(name: str = "live", version: str = "7", **changes: Any) -> dict[str, Any]:
    """An alias in the format of the API."""
    return {
        "AliasArn": f"{ARN}:{name}",
        "Name": name,
        "FunctionVersion": version,
        "Description": "",
        "RevisionId": f"revision-of-{name}",
    } | changes
