"""Lasting causes and announcements that a mute window defers: every field of their announcements."""

from dataclasses import replace
from datetime import datetime

import pytest

from firebreak.core.keys import digest
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.digests import ended, put_off, put_off_no_longer
from firebreak.core.reasons import Lasting
from tests.core.test_digest_pages import FIRST, FOUND, HOUR
from tests.support import builders as a


def test_the_end_of_a_lasting_cause_is_announced_with_every_field_in_the_thread_of_its_episode() -> None:
    episode = replace(FOUND, first=replace(FIRST, lasting=Lasting.TARGET))
    thread = digest("episode", "k", "2026-11-20T10:00:30+00:00")
    assert ended(episode, a.NOW + HOUR) == replace(
        FIRST,
        key=digest("stayed ok", "k", "2026-11-20T10:00:30+00:00"),
        kind=AnnouncementKind.RECOVERED,
        at=a.NOW + HOUR,
        headline="Each of its 3 alarms has been OK for 15m. Paged before: Paused by ana.",
        facts=("3 times since 10:00:30Z", "api", "cart", "web"),
        next="No further action.",
        event="",
        thread=thread,
        cause="",
        until=None,
        lasting=Lasting.NO,
        counted_as="k",
        alarm_state="OK",
    )


def test_the_end_of_a_repeated_cause_says_how_often_it_came() -> None:
    twice = replace(FOUND, first=replace(FIRST, lasting=Lasting.ALARM), count=2, names=("api",))
    assert ended(twice, a.NOW + HOUR).facts == ("2 times since 10:00:30Z",)


def test_an_announcement_that_a_mute_window_defers_is_counted_separately_until_the_window_ends() -> None:
    held = put_off(replace(FIRST, lasting=Lasting.ALARM), a.NOW + 2 * HOUR)
    assert held == replace(
        FIRST,
        key=digest("muted", "refusal"),
        cause="muted",
        until=a.NOW + 2 * HOUR,
        lasting=Lasting.NO,
        counted_as="refusal",
    )


@pytest.mark.parametrize(
    ("until", "ended_at"),
    [
        pytest.param(a.NOW + HOUR, "its mute window ended at 11:00:30Z", id="an end that is known"),
        pytest.param(None, "its mute window ended", id="an end that an older release did not keep"),
    ],
)
def test_a_deferred_announcement_is_made_as_if_it_came_when_its_window_ended(
    until: datetime | None, ended_at: str
) -> None:
    held = replace(put_off(FIRST, a.NOW + HOUR), until=until)
    assert put_off_no_longer(held, a.NOW + HOUR) == replace(
        FIRST,
        key="refusal",
        thread="refusal",
        cause="routed_to_humans",
        at=a.NOW + HOUR,
        event=digest("e", "after the mute"),
        facts=(ended_at, "until noon"),
        until=None,
        lasting=Lasting.ALARM,
        counted_as="",
    )
