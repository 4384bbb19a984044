"""SES things for tests: values and a fake service."""

from dataclasses import dataclass, field

from firebreak.core.model import Metric, Target
from firebreak.core.readings import Reading
from firebreak.services.ses.sending import SendingLive, SesObservation
from tests.support import builders as a

TARGET = Target(a.ACCOUNT, a.REGION, "ses", "", "newsletter")
WHOLE_ACCOUNT = Target(a.ACCOUNT, a.REGION, "ses", "", "account")
ENABLED = {"firebreak:enabled": "true"}
TAGS = {"firebreak:action": "pause-sending"}

BOUNCES = a.alarm(
    "newsletter-bounces",
    metrics=(Metric("AWS/SES", "Reputation.BounceRate", {"ses:configuration-set": "newsletter"}),),
    tags=TAGS,
)
REQUEST = a.request(action="pause-sending", alarm=BOUNCES, target=TARGET)
ACCOUNT_REQUEST = a.request(action="pause-sending", alarm=BOUNCES, target=WHOLE_ACCOUNT)


def sending(*, enabled: bool = True, enforcement: str = "") -> SendingLive:
    """A configuration set that sends, opted in."""
    return SendingLive(enabled=enabled, tags=ENABLED, enforcement=enforcement)


def seen(reading: Reading[SendingLive] | None = None) -> SesObservation:
    """An observation; by default mail is sent."""
    return SesObservation(sending() if reading is None else reading)


@dataclass
class FakeSes:
    """Returns the given readings and notes the calls."""

    set_now: Reading[SendingLive] = field(default_factory=sending)
    account_now: Reading[SendingLive] = field(default_factory=lambda: SendingLive(enabled=True))
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def configuration_set(self, name: str) -> Reading[SendingLive]:
        self.calls.append(("configuration_set", name))
        return self.set_now

    def account(self) -> Reading[SendingLive]:
        self.calls.append(("account",))
        return self.account_now

    def pause_configuration_set(self, name: str) -> None:
        self.calls.append(("pause_configuration_set", name))

    def pause_account(self) -> None:
        self.calls.append(("pause_account",))
