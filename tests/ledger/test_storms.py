"""The storm's memory, in every ledger: red alarms are added blindly, beginning and end are decided once."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.readings import ABSENT
from tests.ledger.conftest import LedgerPorts
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
MESSAGE = incident_messages.acted(a.incident(), a.NOW)


def red(name: str = "api-memory-high", minute: int = 0) -> RedAlarm:
    return RedAlarm(a.NOW + minute * MINUTE, a.arn_of(name), name)


def announced(key: str) -> Announcement:
    return replace(MESSAGE, key=key)


def remembered(ports: LedgerPorts, *reds: RedAlarm) -> Storm:
    for one in reds:
        ports.storms.remember(one, (), one.since)
    found = ports.storms.look()
    assert isinstance(found, Storm)
    return found


def test_at_first_nothing_is_remembered(ports: LedgerPorts) -> None:
    assert ports.storms.look() == ABSENT
    assert ports.ledger.look(a.request(), a.SCOPES).storm == ABSENT


def test_every_alarm_is_remembered_once_with_its_newest_time(ports: LedgerPorts) -> None:
    storm = remembered(ports, red("b"), red("a"), red("b", minute=1))
    assert storm.red == (red("a"), red("b", minute=1))
    assert (storm.version, storm.tripped_at, storm.last_red_at) == (3, None, a.NOW + MINUTE)
    assert ports.ledger.look(a.request(), a.SCOPES).storm == storm


def test_red_alarms_that_are_forgotten_make_room(ports: LedgerPorts) -> None:
    remembered(ports, red("a"), red("b"))
    after = ports.storms.remember(red("c", minute=9), (red("a"), red("b")), a.NOW + 9 * MINUTE)
    assert isinstance(after, Storm)
    assert after.red == (red("c", minute=9),)
    assert ports.storms.look() == after


def test_an_alarm_that_is_red_again_replaces_its_own_outdated_time(ports: LedgerPorts) -> None:
    """Ages count back from the newest alarm of all: an old time of the same alarm may be in the storm."""
    remembered(ports, red("a"), red("b", minute=6))
    after = ports.storms.remember(red("a", minute=10), (red("a"),), a.NOW + 10 * MINUTE)
    assert isinstance(after, Storm)
    assert after.red == (red("b", minute=6), red("a", minute=10))


def test_a_storm_is_declared_once_together_with_its_announcement(ports: LedgerPorts) -> None:
    remembered(ports, red())
    assert ports.storms.trip(a.NOW, announced("first")) is True
    assert ports.storms.trip(a.NOW + MINUTE, announced("second")) is False
    storm = ports.storms.look()
    assert isinstance(storm, Storm)
    assert (storm.tripped_at, storm.version) == (a.NOW, 1)
    assert [one.key for one in ports.ledger.unsettled_announcements(a.NOW, 10)] == ["first"]


def test_a_storm_that_changed_since_it_was_read_does_not_end(ports: LedgerPorts) -> None:
    remembered(ports, red())
    ports.storms.trip(a.NOW, announced("begins"))
    read = remembered(ports, red("b"))
    remembered(ports, red("c"))
    assert ports.storms.calm(read, announced("ends")) is False
    assert isinstance(now := ports.storms.look(), Storm)
    assert now.tripped_at == a.NOW


def test_a_storm_that_ends_leaves_nothing_but_its_version(ports: LedgerPorts) -> None:
    remembered(ports, red(), red("b"))
    ports.storms.trip(a.NOW, announced("begins"))
    read = ports.storms.look()
    assert isinstance(read, Storm)
    assert ports.storms.calm(read, announced("ends")) is True
    assert ports.storms.look() == Storm(red=(), version=read.version + 1)
    assert ports.storms.calm(read, announced("ends again")) is False


def test_a_storm_is_renewed_once_a_minute_and_only_while_it_lasts(ports: LedgerPorts) -> None:
    remembered(ports, red())
    assert ports.storms.renew(a.NOW) is False
    ports.storms.trip(a.NOW, announced("begins"))
    second = timedelta(seconds=1)
    times = (a.NOW, a.NOW + MINUTE - second, a.NOW + MINUTE, a.NOW)
    assert [ports.storms.renew(at) for at in times] == [True, False, True, False]
    storm = ports.storms.look()
    assert isinstance(storm, Storm)
    assert (storm.version, storm.renewed_at, storm.last_red_at) == (1, a.NOW + MINUTE, a.NOW)
    assert ports.ledger.look(a.request(), a.SCOPES).storm == storm


def test_a_storm_that_was_renewed_since_it_was_read_does_not_end(ports: LedgerPorts) -> None:
    remembered(ports, red())
    ports.storms.trip(a.NOW, announced("begins"))
    for minute in (1, 2):
        read = ports.storms.look()
        assert isinstance(read, Storm)
        assert ports.storms.renew(a.NOW + minute * MINUTE)
        assert ports.storms.calm(read, announced("ends")) is False
    read = ports.storms.look()
    assert isinstance(read, Storm)
    assert ports.storms.calm(read, announced("ends")) is True
    assert ports.storms.look() == Storm(red=(), version=2)
