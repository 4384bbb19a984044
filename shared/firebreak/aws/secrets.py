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
KEPT = timedelta(minutes=5)
# Pages that come together ask once for a secret that cannot be read; the next ones ask again.
FAILURE_KEPT = timedelta(seconds=15)
# While it cannot be read again, the last value stays in use: pages fail open.
OUTLIVES_BY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Reading[str] = field(repr=False)
    until: datetime
    since: datetime


class CachedSecrets:
    """ports.Secrets. `connect` makes the client of a service, when a secret first needs it."""

    def __init__(self, connect: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now
        self._clients: dict[str, Any] = {}
        self._kept: dict[str, _Kept] = {}

    def value(self, arn: str) -> Reading[str]:
        """The secret, at most five minutes old; an older one for an hour while it cannot be read."""
        now, kept = self._now(), self._kept.get(arn)
        if kept and kept.since <= now < kept.until:
            return kept.found
        found = self._read(arn)
        if not isinstance(found, Unknown):
            self._kept[arn] = _Kept(found, now + KEPT, now)
            return found
        if kept and isinstance(kept.found, str) and now < kept.since + KEPT + OUTLIVES_BY:
            self._kept[arn] = _Kept(kept.found, now + FAILURE_KEPT, kept.since)
            return kept.found
        self._kept[arn] = _Kept(found, now + FAILURE_KEPT, now)
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
