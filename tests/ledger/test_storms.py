"""The storm's memory, in every ledger: red alarms are added blindly, beginning and end are decided once."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.readings import ABSENT
from tests.ledger.conftest import Kept
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
TOLD = incident_messages.acted(a.incident(), a.NOW)


def red(name: str = "api-memory-high", minute: int = 0) -> RedAlarm:
    return RedAlarm(a.NOW + minute * MINUTE, a.arn_of(name), name)


def announced(key: str) -> Announcement:
    return replace(TOLD, key=key)


def remembered(kept: Kept, *reds: RedAlarm) -> Storm:
    for one in reds:
        kept.storms.remember(one, (), one.since)
    found = kept.storms.look()
    assert isinstance(found, Storm)
    return found


def test_at_first_nothing_is_remembered(kept: Kept) -> None:
    assert kept.storms.look() == ABSENT
    assert kept.ledger.look(a.request(), a.SCOPES).storm == ABSENT


def test_every_alarm_is_remembered_once_with_its_newest_time(kept: Kept) -> None:
    storm = remembered(kept, red("b"), red("a"), red("b", minute=1))
    assert storm.red == (red("a"), red("b", minute=1))
    assert (storm.version, storm.tripped_at, storm.last_red_at) == (3, None, a.NOW + MINUTE)
    assert kept.ledger.look(a.request(), a.SCOPES).storm == storm


def test_what_is_forgotten_makes_room(kept: Kept) -> None:
    remembered(kept, red("a"), red("b"))
    after = kept.storms.remember(red("c", minute=9), (red("a"), red("b")), a.NOW + 9 * MINUTE)
    assert isinstance(after, Storm)
    assert after.red == (red("c", minute=9),)
    assert kept.storms.look() == after


def test_an_alarm_that_is_red_again_replaces_its_own_outdated_time(kept: Kept) -> None:
    """What is outdated is counted back from the newest of all: an old time of the same alarm may be in it."""
    remembered(kept, red("a"), red("b", minute=6))
    after = kept.storms.remember(red("a", minute=10), (red("a"),), a.NOW + 10 * MINUTE)
    assert isinstance(after, Storm)
    assert after.red == (red("b", minute=6), red("a", minute=10))


def test_a_storm_is_declared_once_and_told_with_it(kept: Kept) -> None:
    remembered(kept, red())
    assert kept.storms.trip(a.NOW, announced("first")) is True
    assert kept.storms.trip(a.NOW + MINUTE, announced("second")) is False
    storm = kept.storms.look()
    assert isinstance(storm, Storm)
    assert (storm.tripped_at, storm.version) == (a.NOW, 1)
    assert [one.key for one in kept.ledger.unsettled_announcements(a.NOW, 10)] == ["first"]


def test_a_storm_that_changed_since_it_was_read_does_not_end(kept: Kept) -> None:
    remembered(kept, red())
    kept.storms.trip(a.NOW, announced("begins"))
    read = remembered(kept, red("b"))
    remembered(kept, red("c"))
    assert kept.storms.calm(read, announced("ends")) is False
    assert isinstance(now := kept.storms.look(), Storm)
    assert now.tripped_at == a.NOW


def test_a_storm_that_ends_leaves_nothing_but_its_version(kept: Kept) -> None:
    remembered(kept, red(), red("b"))
    kept.storms.trip(a.NOW, announced("begins"))
    read = kept.storms.look()
    assert isinstance(read, Storm)
    assert kept.storms.calm(read, announced("ends")) is True
    assert kept.storms.look() == Storm(red=(), version=read.version + 1)
    assert kept.storms.calm(read, announced("ends again")) is False


def test_a_storm_is_renewed_once_a_minute_and_only_while_it_lasts(kept: Kept) -> None:
    remembered(kept, red())
    assert kept.storms.renew(a.NOW) is False
    kept.storms.trip(a.NOW, announced("begins"))
    second = timedelta(seconds=1)
    times = (a.NOW, a.NOW + MINUTE - second, a.NOW + MINUTE, a.NOW)
    assert [kept.storms.renew(at) for at in times] == [True, False, True, False]
    storm = kept.storms.look()
    assert isinstance(storm, Storm)
    assert (storm.version, storm.renewed_at, storm.last_red_at) == (1, a.NOW + MINUTE, a.NOW)
    assert kept.ledger.look(a.request(), a.SCOPES).storm == storm


def test_a_storm_that_was_renewed_since_it_was_read_does_not_end(kept: Kept) -> None:
    remembered(kept, red())
    kept.storms.trip(a.NOW, announced("begins"))
    for minute in (1, 2):
        read = kept.storms.look()
        assert isinstance(read, Storm)
        assert kept.storms.renew(a.NOW + minute * MINUTE)
        assert kept.storms.calm(read, announced("ends")) is False
    read = kept.storms.look()
    assert isinstance(read, Storm)
    assert kept.storms.calm(read, announced("ends")) is True
    assert kept.storms.look() == Storm(red=(), version=2)
