"""The first line of a page and its subject: what is needed, what is red, and how old the reading is."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import AlarmKind, AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.needs import need_of
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.reasons import Reason
from firebreak.paging.rendering import PageContext, ascii_subject_of, body_of, plain, subject_of
from tests.support import builders as a

STACK = StackAddress("firebreak", a.REGION, a.ACCOUNT)
PHONE = 60
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
RED = replace(
    incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM),
    red="MemoryUtilization 91.3 > 80 for 3 of 3 minutes (ServiceName api)",
    alarm_since=a.NOW,
)


@given(
    kind=some.sampled_from(AnnouncementKind),
    phase=some.sampled_from(Phase),
    severity=some.sampled_from(Severity),
    by=some.text(),
    about=some.builds(dict, target=some.text(), facts=some.sampled_from([(), ("stays: desired count 3",)])),
)
def test_whatever_is_long_a_phone_shows_what_is_needed(
    kind: AnnouncementKind, phase: Phase, severity: Severity, by: str, about: dict[str, Any]
) -> None:
    message = replace(RED, kind=kind, by=by, cause=Reason.SWITCHED_OFF.value, **about)
    context = PageContext(phase=phase, severity=severity)
    need = plain(need_of(message, phase, severity))
    first, subject = body_of(message, STACK, context).splitlines()[0], subject_of(message, context)
    assert all(need in line for line in (first, subject[:PHONE]))
    if need.isascii():
        assert need in ascii_subject_of(message, context)[:PHONE]


@pytest.mark.parametrize(
    ("now", "read_at"),
    [
        pytest.param(a.NOW, "", id="at once"),
        pytest.param(a.NOW + MINUTE, "", id="a minute later"),
        pytest.param(a.NOW + MINUTE + MOMENT, " at 10:00:30Z", id="later"),
        pytest.param(a.NOW + timedelta(days=1), " at 2026-11-20 10:00:30Z", id="another day"),
    ],
)
def test_a_reading_says_when_it_was_made_unless_that_was_just_now(now: datetime, read_at: str) -> None:
    context = PageContext(now=now)
    lines = body_of(RED, STACK, context).splitlines()
    assert f"MemoryUtilization 91.3 > 80{read_at}; every rung" in lines[0]
    assert f"MemoryUtilization 91.3 > 80{read_at}; every rung" in subject_of(RED, context)
    assert f"Red:      {RED.red}{read_at}" in lines


def test_a_reading_of_an_unknown_time_claims_none() -> None:
    lines = body_of(replace(RED, alarm_since=None), STACK, PageContext(now=a.NOW + 9 * MINUTE)).splitlines()
    assert f"Red:      {RED.red}" in lines


def test_the_rule_of_a_composite_alarm_is_no_reading() -> None:
    composite = red_words(a.alarm(kind=AlarmKind.COMPOSITE, children=("arn:aws:cloudwatch:r:1:alarm:cpu",)))
    lines = body_of(replace(RED, red=composite), STACK, PageContext(now=a.NOW + 9 * MINUTE)).splitlines()
    assert "Red:      its rule names cpu" in lines
    assert "its rule names cpu; every rung" in lines[0]


def test_a_page_about_no_alarm_begins_with_its_headline() -> None:
    storm = replace(RED, kind=AnnouncementKind.STORM, target="", alarm_name="", action="", red="")
    context = PageContext(phase=Phase.TRIGGER)
    said = "STORM: action needed. every rung was tried"
    assert subject_of(storm, context) == f"[Firebreak] {said}"
    assert body_of(storm, STACK, context).splitlines()[0] == said
