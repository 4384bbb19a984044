"""Secrets from Secrets Manager and Parameter Store: read when they are needed, kept for minutes.

A value is never part of an error, a log line or a repr.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from firebreak.aws.translate import look
from firebreak.core.readings import Absent, NotRead, Reading, Unknown

# A changed secret takes effect after this long; one read costs some 50 ms and a fraction of a cent.
CACHED_FOR = timedelta(minutes=5)
# Pages that come together ask once for a secret that cannot be read; the next ones ask again.
FAILURE_CACHED_FOR = timedelta(seconds=15)
# While it cannot be read again, the last value stays in use: pages fail open.
OUTLIVES_BY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Cached:
    found: Reading[str] = field(repr=False)
    until: datetime
    since: datetime


class CachedSecrets:
    """ports.Secrets. `connect` makes the client of a service, when a secret first needs it."""

    def __init__(self, connect: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now
        self._clients: dict[str, Any] = {}
        self._cached: dict[str, _Cached] = {}

    def value(self, arn: str) -> Reading[str]:
        """The secret, at most five minutes old; an older one for an hour while it cannot be read."""
        now, cached = self._now(), self._cached.get(arn)
        if cached and cached.since <= now < cached.until:
            return cached.found
        found = self._read(arn)
        if not isinstance(found, Unknown):
            self._cached[arn] = _Cached(found, now + CACHED_FOR, now)
            return found
        if cached and isinstance(cached.found, str) and now < cached.since + CACHED_FOR + OUTLIVES_BY:
            self._cached[arn] = _Cached(cached.found, now + FAILURE_CACHED_FOR, cached.since)
            return cached.found
        self._cached[arn] = _Cached(found, now + FAILURE_CACHED_FOR, now)
        return found

    def _read(self, arn: str) -> Reading[str]:
        match arn.split(":", 5):
            case ["arn", _, "secretsmanager", _, _, _]:
                return _usable(look("GetSecretValue", lambda: self._secret(arn)))
            case ["arn", _, "ssm", _, _, name] if name.startswith("parameter/"):
                return _usable(look("GetParameter", lambda: self._parameter(arn)))
            case _:
                return Unknown("not the ARN of a secret or of a parameter")

    def _secret(self, arn: str) -> str | Unknown:
        reply = self._client("secretsmanager").get_secret_value(SecretId=arn)
        return str(reply["SecretString"]) if "SecretString" in reply else Unknown("the secret is binary")

    def _parameter(self, arn: str) -> str | Unknown:
        parameter = self._client("ssm").get_parameter(Name=arn, WithDecryption=True)["Parameter"]
        if parameter["Type"] != "SecureString":
            return Unknown("the parameter is not a SecureString")
        return str(parameter["Value"])

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._connect(service)
        return self._clients[service]


def _usable(found: Reading[str | Unknown]) -> Reading[str]:
    """The value as plain text: the console suggests a JSON document, which no channel would take."""
    if isinstance(found, Absent | Unknown | NotRead):
        return found
    value = found.strip()
    if not value:
        return Unknown("the secret is empty")
    if value.startswith("{"):
        return Unknown("the secret holds a JSON document; store the value alone")
    return value
