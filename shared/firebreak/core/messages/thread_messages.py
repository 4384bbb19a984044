"""The end of a thread that only itself looks at: all its alarms are OK, or its looks are over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm, few_of, not_ok_words
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_messages import MOST_LISTED
from firebreak.core.model import AlarmState
from firebreak.core.paging.digests import OVER


def green_again(about: Announcement, at: datetime, *, since: datetime, count: int = 1) -> Announcement:
    """The alarm that a page was about is OK again, or all `count` of one cause, without Firebreak's doing.

    However often it is looked at, it is one announcement for all that began at `since`.
    """
    alarms = "All its alarms are" if max(count, len(about.watches)) > 1 else "The alarm is"
    return replace(
        about,
        key=digest("green again", about.key, since.isoformat(), count),
        kind=AnnouncementKind.RECOVERED,
        at=at,
        headline=f"{alarms} OK again. Paged before: {about.headline}",
        facts=(),
        next=OVER,
        event="",
        cause="",
        until=None,
        retry=(),
        alarm_state=AlarmState.OK.value,
        at_any_hour=False,
    )


def no_longer_watched(
    about: Announcement, states: Mapping[WatchedAlarm, AlarmReading], at: datetime, since: datetime
) -> Announcement:
    """The alarms of a page were looked at for long enough and are not all OK: nobody looks at them again.

    It resolves nothing.
    """
    return replace(
        about,
        key=digest("no longer watched", about.key, since.isoformat(), at.date().isoformat()),
        kind=AnnouncementKind.NO_LONGER_WATCHED,
        at=at,
        headline="Firebreak no longer watches this, and it is not known to be over.",
        facts=tuple(few_of(not_ok_words(states), MOST_LISTED)),
        next="Resolve it yourself once you have checked it.",
        event="",
        cause="",
        until=None,
        retry=(),
        watches=(),
        alarm_state="",
        at_any_hour=False,
    )
