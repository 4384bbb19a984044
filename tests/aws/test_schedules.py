"""One-time schedules: named so that asking twice is asking once, never earlier than asked."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from firebreak.aws.clients import reader
from firebreak.aws.schedules import SOONEST_ON_LOCAL_AWS, OneTimeSchedules, expression
from firebreak.core.model import OwnEvent, RequestKind
from firebreak.errors import AwsError, Denied, OutcomeUnknown, Rejected, Throttled
from firebreak.intake import alarm_events
from tests.support import builders as a
from tests.support.faults import Wrapped, answer

VERIFY = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-Verify:live"
OWN = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-RestartService:live"
ROLE = "arn:aws:iam::111122223333:role/firebreak-scheduler"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/5d1c0e5e-0000-0000-0000-000000000000"
SECOND = timedelta(seconds=1)
WAKE = OwnEvent(
    kind=RequestKind.WAKE,
    action="restart-service",
    incident_id="i-0123456789",
    rung=0,
    attempt=1,
    at=a.NOW,
    alarm=a.alarm(),
)


class Recorder:
    """A scheduler that keeps what it was asked to create, and may refuse."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.error = error

    def create_schedule(self, **request: Any) -> dict[str, str]:
        self.asked.append(request)
        if self.error:
            raise self.error
        return {"ScheduleArn": "arn"}


def schedules(client: Any) -> OneTimeSchedules:
    return OneTimeSchedules(client, "firebreak", ROLE, VERIFY, OWN, now=lambda: a.NOW - timedelta(hours=1))


@pytest.mark.parametrize("ago", [timedelta(0), SECOND, timedelta(days=3)])
def test_a_time_that_has_passed_or_is_about_to_is_asked_for_in_a_minute(ago: timedelta) -> None:
    recorder: Any = Recorder()
    own = OneTimeSchedules(recorder, "firebreak", ROLE, VERIFY, OWN, now=lambda: a.NOW)
    own.check("i-0123456789", 0, 0, a.NOW - ago)
    own.ask_again(WAKE, a.NOW + 59 * SECOND)
    own.ask_again(WAKE, a.NOW + 61 * SECOND)
    asked = [one["ScheduleExpression"] for one in recorder.asked]
    assert asked == [expression(a.NOW + n * SECOND) for n in (60, 60, 61)]


@pytest.mark.parametrize(
    ("at", "written"),
    [
        pytest.param(a.NOW, "at(2026-11-20T10:00:30)", id="a whole second"),
        pytest.param(
            a.NOW + timedelta(microseconds=1), "at(2026-11-20T10:00:31)", id="a fraction: never too early"
        ),
        pytest.param(
            datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "at(2027-01-01T00:00:00)", id="new year"
        ),
        pytest.param(
            datetime(2026, 11, 20, 12, 0, 30, tzinfo=timezone(timedelta(hours=2))),
            "at(2026-11-20T10:00:30)",
            id="another zone",
        ),
    ],
)
def test_the_expression_is_utc_in_whole_seconds_without_a_zone(at: datetime, written: str) -> None:
    """AWS refuses a zone suffix; moto takes it, so this is held here."""
    assert expression(at) == written


def test_a_check_carries_all_that_verify_needs() -> None:
    client = Recorder()
    schedules(client).check("i-0123456789", 1, 2, a.NOW)
    (asked,) = client.asked
    assert json.loads(asked["Target"]["Input"]) == {
        "source": "firebreak",
        "detail-type": "Firebreak Check",
        "detail": {"v": 1, "incident": "i-0123456789", "rung": 1, "attempt": 2},
    }
    assert (asked["Target"]["Arn"], asked["Target"]["RoleArn"]) == (VERIFY, ROLE)
    assert (asked["ScheduleExpression"], asked["GroupName"]) == ("at(2026-11-20T10:00:30)", "firebreak")
    assert (asked["FlexibleTimeWindow"], asked["ActionAfterCompletion"]) == ({"Mode": "OFF"}, "DELETE")


def test_a_wake_up_comes_back_as_the_request_that_was_made() -> None:
    client = Recorder()
    schedules(client).ask_again(WAKE, a.NOW)
    (asked,) = client.asked
    untagged = replace(WAKE.alarm, tags={})  # what may be done is read from the alarm itself
    assert alarm_events.parse(json.loads(asked["Target"]["Input"])) == replace(WAKE, alarm=untagged)
    assert asked["Target"]["Arn"] == OWN


@pytest.mark.parametrize(
    "change",
    [{"rung": 1}, {"attempt": 2}, {"incident_id": "i-9876543210"}],
    ids=lambda change: next(iter(change)),
)
def test_each_rung_and_attempt_has_a_schedule_of_its_own(change: dict[str, Any]) -> None:
    client = Recorder()
    usual: dict[str, Any] = {"incident_id": "i-0123456789", "rung": 0, "attempt": 1}
    schedules(client).check(**usual, at=a.NOW)
    schedules(client).check(**(usual | change), at=a.NOW)
    assert len({asked["Name"] for asked in client.asked}) == 2


def test_the_same_check_has_the_same_name_whatever_its_time() -> None:
    client = Recorder()
    schedules(client).check("i-0123456789", 0, 1, a.NOW)
    schedules(client).check("i-0123456789", 0, 1, a.NOW + SECOND)
    assert len({asked["Name"] for asked in client.asked}) == 1


def test_a_wake_up_without_an_incident_is_named_by_its_alarm() -> None:
    client = Recorder()
    first = OwnEvent(**{**_fields(WAKE), "incident_id": ""})
    other = OwnEvent(**{**_fields(WAKE), "incident_id": "", "alarm": a.alarm("api-5xx")})
    for wake in (first, other, first):
        schedules(client).ask_again(wake, a.NOW)
    names = [asked["Name"] for asked in client.asked]
    assert names[0] == names[2] != names[1]


def _fields(event: OwnEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in OwnEvent.__dataclass_fields__}


def test_a_schedule_that_is_there_already_is_there() -> None:
    client = Recorder(answer("ConflictException", 409, "CreateSchedule"))
    schedules(client).check("i-0123456789", 0, 0, a.NOW)
    assert len(client.asked) == 1


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param(answer("AccessDeniedException", 403, "CreateSchedule"), Denied, id="denied"),
        pytest.param(answer("ThrottlingException", 429, "CreateSchedule"), Throttled, id="throttled"),
        pytest.param(answer("ValidationException", 400, "CreateSchedule"), Rejected, id="rejected"),
        pytest.param(answer("InternalServerException", 500, "CreateSchedule"), OutcomeUnknown, id="500"),
    ],
)
def test_a_schedule_that_is_not_there_raises(error: Exception, meaning: type[AwsError]) -> None:
    with pytest.raises(meaning):
        schedules(Recorder(error)).check("i-0123456789", 0, 0, a.NOW)


def test_botocore_accepts_the_request_and_the_name_is_a_legal_one() -> None:
    client = reader(boto3.session.Session(region_name=a.REGION), "scheduler")
    wrapped = Wrapped(client)
    with Stubber(client) as stub:
        names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        expected = dict.fromkeys(names, ANY) | {"ActionAfterCompletion": "DELETE"}
        stub.add_response("create_schedule", {"ScheduleArn": "arn"}, expected)
        schedules(wrapped).check("i-0123456789", 0, 0, a.NOW)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("key", "named"), [pytest.param(KEY, {"KmsKeyArn": KEY}, id="own"), pytest.param("", {}, id="of AWS")]
)
def test_what_a_schedule_delivers_is_under_the_key_of_the_stack(key: str, named: dict[str, str]) -> None:
    client = reader(boto3.session.Session(region_name=a.REGION), "scheduler")
    own = OneTimeSchedules(client, "firebreak", ROLE, VERIFY, OWN, now=lambda: a.NOW, key_arn=key)
    with Stubber(client) as stub:
        names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        expected = dict.fromkeys(names, ANY) | {"ActionAfterCompletion": "DELETE"} | named
        for _ in range(2):
            stub.add_response("create_schedule", {"ScheduleArn": "arn"}, expected)
        own.check("i-0123456789", 0, 0, a.NOW)
        own.ask_again(WAKE, a.NOW)
        stub.assert_no_pending_responses()


def test_on_local_aws_a_check_of_seconds_comes_in_seconds() -> None:
    client = Recorder()
    soonest = SOONEST_ON_LOCAL_AWS
    named = OneTimeSchedules(client, "group", "role", VERIFY, OWN, now=lambda: a.NOW, soonest=soonest)  # type: ignore[arg-type]  # the one call it makes
    named.check("i-0123456789", 0, 0, a.NOW + timedelta(seconds=6))
    (asked,) = client.asked
    assert asked["ScheduleExpression"] == expression(a.NOW + timedelta(seconds=6))
