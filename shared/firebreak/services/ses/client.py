"""Sending with SES, as `SesReads` and `SesWrites` define it.

Of an account only whether it may send is read: senders, recipients and contents of mail are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.translate import look, send
from firebreak.core.readings import Absent, Reading, Unknown
from firebreak.services.ses.sending import SendingLive

if TYPE_CHECKING:
    from collections.abc import Mapping

type Answer = Mapping[str, Any]


class SesClient(Protocol):
    """The calls of boto3's client `sesv2` that are used here, as AWS names them."""

    def get_configuration_set(self, *, ConfigurationSetName: str) -> Answer: ...  # noqa: N803, D102 - AWS describes them
    def get_account(self) -> Answer: ...  # noqa: D102 - AWS describes them
    def put_configuration_set_sending_options(  # noqa: D102 - AWS describes them
        self,
        *,
        ConfigurationSetName: str,  # noqa: N803 - AWS's name
        SendingEnabled: bool,  # noqa: N803 - AWS's name
    ) -> Answer: ...
    def put_account_sending_attributes(self, *, SendingEnabled: bool) -> Answer: ...  # noqa: N803, D102 - AWS describes them


class SesReader:
    """Looks with a client that only reads."""

    def __init__(self, client: SesClient) -> None:
        self._client = client

    def configuration_set(self, name: str) -> Reading[SendingLive]:
        """The set's own switch; Unknown if the answer does not contain it."""
        return look("GetConfigurationSet", lambda: self._configuration_set(name))

    def account(self) -> Reading[SendingLive]:
        """The account's switch; there is always an account."""
        seen = look("GetAccount", self._account)
        return Unknown("GetAccount: NotFound") if isinstance(seen, Absent) else seen

    def _configuration_set(self, name: str) -> SendingLive:
        answer = self._client.get_configuration_set(ConfigurationSetName=name)
        return SendingLive(
            enabled=answer["SendingOptions"]["SendingEnabled"],
            tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())},
        )

    def _account(self) -> SendingLive:
        answer = self._client.get_account()
        return SendingLive(enabled=answer["SendingEnabled"], enforcement=answer.get("EnforcementStatus", ""))


class SesWriter:
    """Stops mail. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, client: SesClient) -> None:
        self._client = client

    def pause_configuration_set(self, name: str) -> None:
        """Mail through the set is refused from then on; nothing is queued."""
        send(
            "PutConfigurationSetSendingOptions",
            lambda: self._client.put_configuration_set_sending_options(
                ConfigurationSetName=name, SendingEnabled=False
            ),
        )

    def pause_account(self) -> None:
        """All mail of the account in this region is refused from then on; nothing is queued."""
        send(
            "PutAccountSendingAttributes",
            lambda: self._client.put_account_sending_attributes(SendingEnabled=False),
        )
