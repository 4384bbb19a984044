"""A table that takes connections and never answers delays a page by seconds; counted, not waited for."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from firebreak.aws.page_extras import LOG_CALL_SECONDS
from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState
from firebreak.settings import Settings
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import ListLog
from tests.support.world import eventbridge

TOPIC = f"arn:aws:sns:{a.REGION}:{a.ACCOUNT}:pages"
SETTINGS = Settings(
    stack_name="firebreak",
    ledger_table="ledger",
    bus_name="firebreak",
    schedule_group="firebreak",
    schedule_role_arn=f"arn:aws:iam::{a.ACCOUNT}:role/scheduler",
    verify_arn="",
    topic_arn=TOPIC,
    # Not there, so everything goes to the topic.
    policy_path=Path("no-such-policy.toml"),
    function_arn=f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:firebreak-page:live",
    account=a.ACCOUNT,
    region=a.REGION,
)
# Until a human hears, and until the function ends: Page's Timeout is 60 s, and its channels want most of it.
HEARD_WITHIN, OVER_WITHIN = 20.0, 30.0

ANNOUNCED = {
    "detail-type": "Firebreak Announcement",
    "detail": announcement_to_wire(
        incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM)
    ),
}
ALARM = eventbridge(a.alarm(tags={"firebreak:action": "page"}))


class Xml:
    """The body of SNS's answer."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield b"<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>"


@dataclass
class Hung:
    """Every attempt at a call of DynamoDB takes all the time that its client has for connection and reply."""

    seconds: float = 0.0
    heard_after: list[float] = field(default_factory=list)
    longest: dict[str, float] = field(default_factory=dict)

    def session(self) -> boto3.session.Session:
        session = boto3.session.Session(region_name=a.REGION)
        made = session.client

        def client(service: str, **options: Any) -> Any:
            config = options["config"]
            one: Any = made(service, **options)  # type: ignore[call-overload]  # any service
            each = config.connect_timeout + config.read_timeout
            self.longest[service] = each * config.retries["total_max_attempts"]
            one.meta.events.register("before-send.dynamodb", lambda **_: self._wait(each))
            one.meta.events.register("before-send.sns.Publish", self._published)
            return one

        session.client = client  # type: ignore[assignment, method-assign]  # counts, then makes the same
        return session

    def _wait(self, each: float) -> None:
        self.seconds += each
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    def _published(self, request: AWSRequest, **_: Any) -> AWSResponse:
        self.heard_after.append(self.seconds)
        return AWSResponse(str(request.url), 200, HTTPHeaders(), Xml())


@pytest.mark.parametrize("event", [ANNOUNCED, ALARM], ids=["announced", "alarm"])
def test_a_page_is_sent_soon_although_the_ledger_hangs(event: object) -> None:
    hung = Hung()
    Wiring(SETTINGS, ListLog(), session=hung.session()).page_desk().handle(event)
    [heard] = hung.heard_after
    assert 0 < heard <= HEARD_WITHIN
    assert hung.seconds <= OVER_WITHIN


def test_no_call_around_a_page_takes_longer_than_is_written_of_it() -> None:
    hung = Hung()
    Wiring(SETTINGS, ListLog(), session=hung.session()).page_desk().handle(ANNOUNCED)
    found = {service: hung.longest[service] for service in ("sns", "logs")}
    assert found == {"sns": 5, "logs": LOG_CALL_SECONDS}
