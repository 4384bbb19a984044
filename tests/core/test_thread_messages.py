"""A human acknowledges a thread, or its watch ends: the changes against the page that it began with."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.approval_messages import acknowledged
from firebreak.core.messages.thread_messages import green_again, no_longer_watched
from firebreak.core.model import AlarmState
from firebreak.core.readings import ABSENT, Unknown
from tests.support import builders as a
from tests.support.builders_announcements import announced

API, WEB = WatchedAlarm("api"), WatchedAlarm("web")
SINCE, AT = a.NOW, a.NOW + timedelta(days=1)

PAGE = announced()


def changed(message: Announcement) -> dict[str, object]:
    """The fields that differ from the page; every field of the page has a value."""
    page = asdict(PAGE)
    return {name: value for name, value in asdict(message).items() if value != page[name]}


def test_every_field_of_the_page_says_something() -> None:
    assert [name for name, value in asdict(PAGE).items() if not value] == []


def test_an_acknowledgement_is_announced_in_its_thread_and_leaves_nothing_to_watch() -> None:
    ana = "arn:aws:sts::111122223333:assumed-role/on-call/ana"

    assert changed(acknowledged(PAGE, "thread", ana, AT)) == {
        "key": digest("acknowledged", "thread", ana, AT.isoformat()),
        "kind": AnnouncementKind.ACKNOWLEDGED,
        "at": AT,
        "headline": "Acknowledged by ana (role on-call).",
        "facts": (),
        "next": "Nobody else is called. Everybody who was paged gets a message when it is over.",
        "event": "",
        "thread": "thread",
        "cause": "",
        "until": None,
        "by": ana,
        "retry": (),
        "watches": (),
        "unwatched": 0,
        "opted_in": False,
        "at_any_hour": False,
    }


def test_an_alarm_that_is_ok_again_ends_what_the_page_said() -> None:
    assert changed(green_again(PAGE, AT, since=SINCE)) == {
        "key": digest("green again", "k", SINCE.isoformat(), 1),
        "kind": AnnouncementKind.RECOVERED,
        "at": AT,
        "headline": "The alarm is OK again. Paged before: The budget is used up.",
        "facts": (),
        "next": "No further action.",
        "event": "",
        "cause": "",
        "until": None,
        "retry": (),
        "alarm_state": "OK",
        "at_any_hour": False,
    }


@pytest.mark.parametrize(
    ("count", "watches", "alarms"),
    [
        pytest.param(1, (), "The alarm is", id="one"),
        pytest.param(1, (API, WEB), "All its alarms are", id="several of one page"),
        pytest.param(2, (API,), "All its alarms are", id="several of one cause"),
    ],
)
def test_several_alarms_that_are_ok_again_are_counted(
    count: int, watches: tuple[WatchedAlarm, ...], alarms: str
) -> None:
    message = green_again(replace(PAGE, watches=watches), AT, since=SINCE, count=count)
    assert message.headline == f"{alarms} OK again. Paged before: The budget is used up."


def test_an_end_is_announced_once_however_often_it_is_looked_at_and_again_for_a_new_beginning() -> None:
    def key(at: datetime = AT, since: datetime = SINCE, count: int = 1) -> str:
        return green_again(PAGE, at, since=since, count=count).key

    assert key(at=AT + timedelta(minutes=1)) == key()
    assert len({key(), key(since=AT), key(count=2)}) == 3


def test_a_page_that_is_no_longer_watched_names_the_states_of_its_alarms_and_resolves_nothing() -> None:
    states: dict[WatchedAlarm, AlarmReading] = {
        WEB: Unknown("ThrottlingException"),
        API: AlarmState.ALARM,
        WatchedAlarm("ok"): AlarmState.OK,
    }

    assert changed(no_longer_watched(PAGE, states, AT, SINCE)) == {
        "key": digest("no longer watched", "k", SINCE.isoformat(), AT.date().isoformat()),
        "kind": AnnouncementKind.NO_LONGER_WATCHED,
        "at": AT,
        "headline": "Firebreak no longer watches this, and it is not known to be over.",
        "facts": ("api is still red", "web could not be read: ThrottlingException"),
        "next": "Resolve it yourself once you have checked it.",
        "event": "",
        "cause": "",
        "until": None,
        "retry": (),
        "watches": (),
        "alarm_state": "",
        "at_any_hour": False,
    }


@pytest.mark.parametrize(("count", "last"), [(30, "a29 does not exist any more"), (32, "and 2 more")])
def test_of_many_alarms_a_page_lists_as_many_as_are_read(count: int, last: str) -> None:
    states = {WatchedAlarm(f"a{number:02d}"): ABSENT for number in range(count)}
    facts = no_longer_watched(PAGE, states, AT, SINCE).facts
    assert (len(facts), facts[-1]) == (min(count, 31), last)
