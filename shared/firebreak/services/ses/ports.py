"""The AWS calls that pause-sending needs."""

from typing import Protocol

from firebreak.core.readings import Reading
from firebreak.services.ses.sending import SendingLive


class SesReads(Protocol):
    """Looking at whether mail may be sent. Nothing here raises: blindness is an Unknown."""

    def configuration_set(self, name: str) -> Reading[SendingLive]:
        """One configuration set's sending, with its tags; Absent when there is none of that name."""

    def account(self) -> Reading[SendingLive]:
        """The sending of the whole account in this region."""


class SesWrites(Protocol):
    """Stopping mail; each call is sent once. Raises AwsError. There is no way here to start it again."""

    def pause_configuration_set(self, name: str) -> None:
        """Stops the mail that is sent through one configuration set."""

    def pause_account(self) -> None:
        """Stops all mail that the account sends in this region."""


class SesConnections(Protocol):
    """Both sides of SES, looking and changing; connected only when asked for."""

    def ses(self) -> tuple[SesReads, SesWrites]:
        """The sending of mail."""
