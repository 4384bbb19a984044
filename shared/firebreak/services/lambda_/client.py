"""Lambda functions, as the protocols in ports.py define them.

Environment variables and the other settings never leave this module but as hashes, which are compared
in memory: some of them are secrets. GetFunction is not used, as it returns the code as well.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from firebreak.aws.translate import look, send
from firebreak.core.readings import Unknown
from firebreak.services.canonical import FUNCTION_CONFIGURATION, MAP, fingerprint
from firebreak.services.lambda_.functions import LATEST, AliasLive, FunctionLive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import AliasConfigurationResponseTypeDef, AliasConfigurationTypeDef

    from firebreak.core.readings import Reading

# ListVersionsByFunction gives 50 a page at most [ListVersionsByFunction]. More pages than this would
# outlast the plan that is made of them.
PAGES = 20
TOO_MANY = Unknown(f"ListVersionsByFunction: more than {PAGES * 50} versions")

# The members of a configuration besides the settings that publishing freezes: names, hashes, states, and
# members that the actions compare separately. Lambda chooses the runtime's own version and patches it
# (all members: FunctionConfiguration of the API reference).
NOT_SETTINGS = frozenset(
    {
        "CodeSha256",
        "CodeSize",
        "ConfigSha256",
        "Description",
        "FunctionArn",
        "FunctionName",
        "LastModified",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "MasterArn",
        "MemorySize",
        "ResponseMetadata",
        "RevisionId",
        "RuntimeVersionConfig",
        "State",
        "StateReason",
        "StateReasonCode",
        "Version",
    }
)


class FunctionReader:
    """Looks at functions with a client that only reads."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def configuration(self, function: str, version: str) -> Reading[FunctionLive]:
        """One configuration, without a qualifier for `$LATEST`."""
        chosen = {} if version == LATEST else {"Qualifier": version}
        return look(
            "GetFunctionConfiguration",
            lambda: _function(self._client.get_function_configuration(FunctionName=function, **chosen)),
        )

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """The function's tags; none is an empty mapping."""
        return look("ListTags", lambda: dict(self._client.list_tags(Resource=arn).get("Tags", {})))

    def aliases(self, function: str) -> Reading[tuple[AliasLive, ...]]:
        """All aliases."""
        pages = self._client.get_paginator("list_aliases").paginate
        return look(
            "ListAliases",
            lambda: tuple(_alias(raw) for page in pages(FunctionName=function) for raw in page["Aliases"]),
        )

    def provisioned(self, function: str) -> Reading[frozenset[str]]:
        """The last part of each ARN that has provisioned concurrency."""
        pages = self._client.get_paginator("list_provisioned_concurrency_configs").paginate
        return look(
            "ListProvisionedConcurrencyConfigs",
            lambda: frozenset(
                raw["FunctionArn"].rsplit(":", 1)[-1]
                for page in pages(FunctionName=function)
                for raw in page["ProvisionedConcurrencyConfigs"]
            ),
        )

    def published(self, function: str) -> Reading[Mapping[int, FunctionLive]]:
        """Every version, without its state, which the list leaves out [ListVersionsByFunction].

        Unknown where there are so many that listing them takes too long.
        """
        return look("ListVersionsByFunction", lambda: self._published(function))

    def _published(self, function: str) -> dict[int, FunctionLive] | Unknown:
        found: dict[int, FunctionLive] = {}
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        for count, page in enumerate(pages):
            if count >= PAGES:
                return TOO_MANY
            versions = [raw for raw in page["Versions"] if raw["Version"] != LATEST]
            found |= {int(raw["Version"]): _function(raw) for raw in versions}
        return found


class FunctionWriter:
    """Changes functions. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def set_memory(self, function: str, memory: int, revision: str) -> FunctionLive:
        """Sends the memory alone: what is left out stays, and the environment is never sent."""
        return _updated(
            lambda: self._client.update_function_configuration(
                FunctionName=function, MemorySize=memory, RevisionId=revision
            )
        )

    def set_description(self, function: str, description: str, revision: str) -> FunctionLive:
        """Sends the description alone."""
        return _updated(
            lambda: self._client.update_function_configuration(
                FunctionName=function, Description=description, RevisionId=revision
            )
        )

    def publish(self, function: str, code: str, description: str, revision: str) -> FunctionLive:
        """Publishes; where nothing changed since the last version, Lambda answers with that one."""
        return send(
            "PublishVersion",
            lambda: _function(
                self._client.publish_version(
                    FunctionName=function, CodeSha256=code, Description=description, RevisionId=revision
                )
            ),
        )

    def point(
        self, function: str, alias: str, version: str, revision: str, weights: Mapping[str, float]
    ) -> AliasLive:
        """Names the other versions that get a part, also when none does: weights left out would stay."""
        return send(
            "UpdateAlias",
            lambda: _alias(
                self._client.update_alias(
                    FunctionName=function,
                    Name=alias,
                    FunctionVersion=version,
                    RoutingConfig={"AdditionalVersionWeights": weights},
                    RevisionId=revision,
                )
            ),
        )


def _updated(update: Callable[[], Mapping[str, Any]]) -> FunctionLive:
    return send("UpdateFunctionConfiguration", lambda: _function(update()))


def _function(raw: Mapping[str, Any]) -> FunctionLive:
    return FunctionLive(
        arn=raw["FunctionArn"],
        name=raw["FunctionName"],
        version=raw["Version"],
        memory=raw["MemorySize"],
        description=raw.get("Description", ""),
        code=raw["CodeSha256"],
        revision=raw["RevisionId"],
        state=raw.get("State", ""),
        update=raw.get("LastUpdateStatus", ""),
        modified=_time(raw["LastModified"]),
        snap_start=raw.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions",
        managed="CapacityProviderConfig" in raw,
        hidden=_hidden(raw),
        settings=_settings(raw),
    )


def _settings(raw: Mapping[str, Any]) -> dict[str, str]:
    """A hash of every setting that says something; of SnapStart only what was asked for."""
    asked = {name: value for name, value in raw.items() if name not in NOT_SETTINGS and _says(value, name)}
    if "SnapStart" in asked:
        asked["SnapStart"] = asked["SnapStart"].get("ApplyOn", "None")
    return {name: fingerprint(value, FUNCTION_CONFIGURATION, name) for name, value in asked.items()}


def _says(value: object, path: str) -> bool:
    """Whether a setting is more than empty: `{"SubnetIds": []}` is as good as left out.

    A variable whose value is empty is not: what is in a map was put there by its owner.
    """
    if isinstance(value, dict) and FUNCTION_CONFIGURATION.get(path) != MAP:
        return any(_says(inner, f"{path}.{name}") for name, inner in value.items())
    return bool(value)


def _hidden(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings in whose place there is an error, as when Firebreak may not use the environment's key."""
    settings = ((name, value) for name, value in raw.items() if name not in NOT_SETTINGS)
    return tuple(name for name, value in settings if isinstance(value, dict) and "Error" in value)


def _alias(raw: AliasConfigurationTypeDef | AliasConfigurationResponseTypeDef) -> AliasLive:
    weights = raw.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return AliasLive(
        name=raw["Name"],
        version=raw["FunctionVersion"],
        revision=raw["RevisionId"],
        weighted=dict(weights),
    )


def _time(written: str) -> datetime:
    """A time as Lambda writes it: 2026-11-20T09:55:00.000+0000."""
    return datetime.fromisoformat(written)
