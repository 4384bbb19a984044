"""Sending with SES: of one configuration set, or of the whole account in this region."""

from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.model import NO_TAGS
from firebreak.core.readings import Reading

# The measure of AWS against an account whose mail bounces or is complained about too much. [GetAccount]
SHUTDOWN = "SHUTDOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingLive:
    """Whether mail is sent now. `enforcement` is AWS's own measure, reported for an account only."""

    enabled: bool
    tags: Mapping[str, str] = NO_TAGS
    enforcement: str = ""


@dataclass(frozen=True, slots=True)
class SesObservation:
    """All that pause-sending looks at."""

    sending: Reading[SendingLive]

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The tags of the resource that sends, as far as it could be read."""
        return self.sending.tags if isinstance(self.sending, SendingLive) else self.sending
