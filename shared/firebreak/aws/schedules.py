"""One-time schedules of EventBridge Scheduler, with fixed names: asking twice creates one schedule."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from firebreak.aws.translate import translated
from firebreak.core.keys import digest
from firebreak.core.model import OwnEvent
from firebreak.errors import Conflict
from firebreak.wire.requests import request_event

if TYPE_CHECKING:
    from types_boto3_scheduler import EventBridgeSchedulerClient

# A wake-up that is not delivered within a quarter of an hour is left to the sweeper.
DELIVER_WITHIN_SECONDS = 900
DELIVER_RETRIES = 8

# CreateSchedule may refuse a time that has passed when it checks it, and AWS fires within the minute.
SOONEST = timedelta(seconds=60)
# Local AWS uses this machine's clock and fires to the second; the waits of demos rely on that.
SOONEST_ON_LOCAL_AWS = timedelta(seconds=1)


class _Encrypted(TypedDict, total=False):
    """The part of the request that names a key."""

    KmsKeyArn: str


class OneTimeSchedules:
    """ports.Schedules on one schedule group; no schedule is asked for sooner than `soonest` after `now`.

    `key_arn` is the KMS key that encrypts what they deliver, empty for AWS's own.
    """

    def __init__(
        self,
        client: "EventBridgeSchedulerClient",
        group: str,
        role_arn: str,
        verify_arn: str,
        own_arn: str,
        *,
        now: Callable[[], datetime],
        soonest: timedelta = SOONEST,
        key_arn: str = "",
    ) -> None:
        self._client = client
        self._group = group
        self._role_arn = role_arn
        self._verify_arn = verify_arn
        self._own_arn = own_arn
        self._now = now
        self._soonest = soonest
        self._encrypted: _Encrypted = {"KmsKeyArn": key_arn} if key_arn else {}

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        """Schedules a wake-up of Verify; the name is the incident, rung and attempt."""
        detail = {"v": 1, "incident": incident_id, "rung": rung, "attempt": attempt}
        event = {"source": "firebreak", "detail-type": "Firebreak Check", "detail": detail}
        self._create(f"check-{digest(incident_id, rung, attempt)}", at, self._verify_arn, event)

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        """Schedules the delivery of a request to this function at that time."""
        subject = request.incident_id or request.alarm.series
        name = digest(
            request.kind,
            subject,
            int(request.alarm.since.timestamp()),
            request.action,
            request.rung,
            request.attempt,
        )
        self._create(f"ask-{name}", at, self._own_arn, request_event(request))

    def _create(self, name: str, at: datetime, target_arn: str, event: Mapping[str, object]) -> None:
        try:
            with translated("CreateSchedule", mutates=True):
                self._client.create_schedule(
                    Name=name,
                    GroupName=self._group,
                    ScheduleExpression=expression(max(at, self._now() + self._soonest)),
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    **self._encrypted,
                    Target={
                        "Arn": target_arn,
                        "RoleArn": self._role_arn,
                        "Input": json.dumps(event),
                        "RetryPolicy": {
                            "MaximumEventAgeInSeconds": DELIVER_WITHIN_SECONDS,
                            "MaximumRetryAttempts": DELIVER_RETRIES,
                        },
                    },
                )
        except Conflict:
            return  # the same name is the same schedule


def expression(at: datetime) -> str:
    """The one-time expression: UTC, the next whole second, no zone suffix (AWS refuses one).

    Never earlier than asked: a check that wakes before a wait is over finds that it is not over.
    """
    rounded = at.astimezone(UTC) + timedelta(microseconds=-at.microsecond % 1_000_000)
    return f"at({rounded:%Y-%m-%dT%H:%M:%S})"
