"""Reads the configuration that AppConfig serves now, with Powertools' provider of parameters.

Imported only where a policy comes from AppConfig: the provider and its client take some 6 ms of a cold start.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.parameters.appconfig import AppConfigProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from firebreak.aws.translate import translate
from firebreak.errors import Unavailable

# The least that AppConfig allows; how often it is asked is up to remediation/policy_in_force.py.
SHORTEST_INTERVAL_SECONDS = 15


class AppConfiguration:
    """One configuration profile in one environment. `connect` makes the client for `appconfigdata`."""

    def __init__(self, connect: Callable[[], Any], application: str, environment: str, profile: str) -> None:
        self._connect = connect
        self._application, self._environment, self._profile = application, environment, profile
        self._client: Any = None
        self._provider: AppConfigProvider | None = None

    def read(self) -> bytes:
        """The content that is deployed now; empty where AppConfig served none. Raises AwsError.

        A token of a session counts once and for a day. The provider keeps one whose call failed, and would
        fail with it for as long as the process lives, so each failure ends the session.
        """
        provider = self._provider or self._session()
        try:
            found = provider.get(
                self._profile,
                force_fetch=True,
                RequiredMinimumPollIntervalInSeconds=SHORTEST_INTERVAL_SECONDS,
            )
        except GetParameterError as error:
            self._provider = None
            return _nothing_or_raise(error)
        return found if isinstance(found, bytes) else b""

    def _session(self) -> AppConfigProvider:
        self._client = self._client or self._connect()
        self._provider = AppConfigProvider(
            environment=self._environment, application=self._application, boto3_client=self._client
        )
        return self._provider


def _nothing_or_raise(error: GetParameterError) -> bytes:
    """Raises the AwsError for the error that the provider wrapped; its text is never looked at."""
    match error.__context__:
        case KeyError():  # the provider's, of a session that was never served a content
            return b""
        case sdk.ClientError() as refused:
            raise translate(refused, refused.operation_name, mutates=False) from error
        case sdk.BotoCoreError() | ResponseParserError() as failed:
            raise translate(failed, "GetLatestConfiguration", mutates=False) from error
        case other:
            raise Unavailable("GetLatestConfiguration", type(other).__name__) from error
