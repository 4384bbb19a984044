"""A refusal names the holder of the kill switch, and a critical severity comes first in the headline."""

from dataclasses import replace

import pytest

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Severity
from firebreak.core.paging.paused import by_severity, holder_of
from firebreak.core.reasons import Reason
from tests.core.thread_fixtures import announced

PAUSED = announced(
    AnnouncementKind.REFUSED, cause=Reason.SWITCHED_OFF.value, by="ana", headline="Paused: global by ana."
)


@pytest.mark.parametrize(
    ("announcement", "holder"),
    [
        pytest.param(PAUSED, "ana", id="refused because of the kill switch"),
        pytest.param(replace(PAUSED, cause=Reason.COOLDOWN.value), "", id="refused for another reason"),
        pytest.param(replace(PAUSED, kind=AnnouncementKind.DIGEST), "", id="no refusal"),
    ],
)
def test_a_refusal_because_of_the_kill_switch_belongs_to_its_holder(
    announcement: Announcement, holder: str
) -> None:
    assert holder_of(announcement) == holder


def test_a_critical_severity_under_a_pause_comes_first_in_the_headline() -> None:
    expected = "A critical alarm is red under a pause. Paused: global by ana."
    assert by_severity(PAUSED, Severity.CRITICAL) == replace(PAUSED, headline=expected)


@pytest.mark.parametrize("severity", [one for one in Severity if one is not Severity.CRITICAL])
def test_another_severity_does_not_change_the_announcement(severity: Severity) -> None:
    assert by_severity(PAUSED, severity) == PAUSED


def test_without_a_pause_a_critical_refusal_is_announced_as_it_was() -> None:
    refused = replace(PAUSED, cause=Reason.COOLDOWN.value)
    assert by_severity(refused, Severity.CRITICAL) == refused
