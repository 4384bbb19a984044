"""SSM Change Calendars in the format of the API: open, closed, no calendar at all, or not to be read."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.limits.calendars import CalendarAnswer, CalendarReading, CalendarState, UnusableCalendar
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ssm.client_calendars import CalendarReader
from tests.support import builders as a
from tests.support.builders_ecs import session

ARN = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:document/prod-changes"
ASKED = {"CalendarNames": [ARN], "AtTime": "2026-11-20T10:00:30Z"}


@cache
def client() -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make("ssm")


def state(stubber: Stubber, at: datetime = a.NOW) -> CalendarReading:
    with stubber:
        found = CalendarReader(client, a.REGION).state(ARN, at)
    stubber.assert_no_pending_responses()
    return found


def answered(answer: dict[str, str], at: datetime = a.NOW) -> CalendarReading:
    stubber = Stubber(client())
    stubber.add_response("get_calendar_state", answer, ASKED)
    return state(stubber, at)


def failed(code: str, status: int = 400) -> CalendarReading:
    stubber = Stubber(client())
    stubber.add_client_error("get_calendar_state", code, "document/prod-changes, hunter2", status)
    return state(stubber)


def test_an_open_calendar_closes_at_its_next_transition() -> None:
    answer = {"State": "OPEN", "AtTime": "2026-11-20T10:00:30Z", "NextTransitionTime": "2026-11-24T21:15:19Z"}
    assert answered(answer) == CalendarAnswer(
        CalendarState.OPEN, datetime(2026, 11, 24, 21, 15, 19, tzinfo=UTC)
    )


def test_a_closed_calendar_without_an_event_to_come_has_no_next_transition() -> None:
    assert answered({"State": "CLOSED", "AtTime": "2026-11-20T10:00:30Z"}) == CalendarAnswer(
        CalendarState.CLOSED, None
    )


def test_the_time_is_asked_for_in_utc_whatever_its_zone_is() -> None:
    berlin = a.NOW.astimezone(timezone(timedelta(hours=1)))
    assert answered({"State": "OPEN"}, berlin) == CalendarAnswer(CalendarState.OPEN)


def test_a_transition_that_is_no_time_is_not_known() -> None:
    odd = answered({"State": "CLOSED", "NextTransitionTime": "soon"})
    assert odd == CalendarAnswer(CalendarState.CLOSED, None)


@pytest.mark.parametrize("answer", [{}, {"State": "AJAR"}], ids=["no state", "another state"])
def test_an_answer_without_a_known_state_is_none(answer: dict[str, str]) -> None:
    assert answered(answer) == Unknown("GetCalendarState: unexpected answer")


def test_a_document_that_does_not_exist_or_is_not_shared_is_absent() -> None:
    assert failed("InvalidDocument") == ABSENT


@pytest.mark.parametrize("code", ["InvalidDocumentType", "UnsupportedCalendarException"])
def test_a_document_that_is_no_calendar_of_its_kind_is_unusable(code: str) -> None:
    assert failed(code) == UnusableCalendar(code)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", 400),
        ("ThrottlingException", 400),
        ("InternalServerError", 500),
        ("ValidationException", 400),
    ],
)
def test_a_read_that_failed_is_unknown_and_quotes_no_message(code: str, status: int) -> None:
    assert failed(code, status) == Unknown(f"GetCalendarState: {code}")


def test_a_calendar_of_another_region_is_not_asked_for() -> None:
    def no_client() -> Any:
        raise AssertionError("a client was made")

    found = CalendarReader(no_client, "us-east-1").state(ARN, a.NOW)
    assert found == UnusableCalendar("it is in another region than Firebreak")
