"""The AWS calls that the actions on Lambda functions need."""

from collections.abc import Mapping
from typing import Protocol

from firebreak.core.readings import Reading
from firebreak.services.lambda_.functions import AliasLive, FunctionLive


class FunctionReads(Protocol):
    """Looking at Lambda functions. Nothing here raises: blindness is an Unknown."""

    def configuration(self, function: str, version: str) -> Reading[FunctionLive]:
        """One configuration: `$LATEST` or a version's number; Absent when there is no such thing."""

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags of the function of that unqualified ARN."""

    def aliases(self, function: str) -> Reading[tuple[AliasLive, ...]]:
        """All its aliases."""

    def provisioned(self, function: str) -> Reading[frozenset[str]]:
        """Its aliases and versions with provisioned concurrency."""

    def published(self, function: str) -> Reading[Mapping[int, FunctionLive]]:
        """Every version that exists; the list does not report their states."""


class FunctionWrites(Protocol):
    """Changing Lambda functions; each call is sent once. Raises AwsError.

    Every call carries the revision it is based on: Conflict means that the revision has changed, and
    nothing was changed.
    """

    def set_memory(self, function: str, memory: int, revision: str) -> FunctionLive:
        """Set the memory of `$LATEST` in MB; everything else stays. Returns it after that."""

    def set_description(self, function: str, description: str, revision: str) -> FunctionLive:
        """Set the description of `$LATEST`; everything else stays. Returns it after that."""

    def publish(self, function: str, code: str, description: str, revision: str) -> FunctionLive:
        """Publish `$LATEST` if its code has that hash; returns the version."""

    def point(
        self, function: str, alias: str, version: str, revision: str, weights: Mapping[str, float]
    ) -> AliasLive:
        """Send the calls of the alias to that version, but for the parts that others get by weight."""


class LambdaConnections(Protocol):
    """Both sides of Lambda, looking and changing; connected only when asked for."""

    def functions(self) -> tuple[FunctionReads, FunctionWrites]:
        """Lambda functions, their versions and aliases."""
