"""The pages of a storm as a whole, and what a claim and a policy say of their scopes."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.decide import refuse
from firebreak.core.keys import digest
from firebreak.core.ledger import Claim, DecisionRecord, LedgerView
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.limits.storm import RedAlarm, Storm, StormRules, quiet_until
from firebreak.core.messages import incident_messages, storm_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState, RequestKind
from firebreak.core.paging.digests import MOST_RETRIED
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
RULES = StormRules(alarms=3, within=5 * MINUTE, quiet=10 * MINUTE, late=10 * MINUTE)


def reds(count: int) -> tuple[RedAlarm, ...]:
    """So many red alarms within two minutes; the first is one series of a multi-series alarm."""
    return tuple(
        RedAlarm(a.NOW + n * timedelta(seconds=1), f"arn-{n}", f"alarm-{n}", "5d3e" if n == 0 else "")
        for n in range(count)
    )


def in_alarm(red: Iterable[RedAlarm]) -> list[tuple[RedAlarm, AlarmReading]]:
    return [(one, AlarmState.ALARM) for one in red]


# One thread from beginning to end, by the millisecond in which it began.
THREAD = digest("storm", 1795168830000)


def test_a_storm_that_begins_is_announced_with_every_field_and_the_alarms_of_its_window() -> None:
    long_ago = RedAlarm(a.NOW - 60 * MINUTE, "arn-old", "old")
    storm = Storm(red=(long_ago, *reds(3)), version=7, tripped_at=a.NOW)
    assert storm_messages.storm_began(storm, RULES, a.NOW) == Announcement(
        key=digest("storm began", a.NOW.isoformat()),
        kind=AnnouncementKind.STORM,
        at=a.NOW,
        incident_id="",
        action="",
        headline="3 routed alarms turned red within 5m: Firebreak stops acting.",
        facts=("alarm-0 5d3e", "alarm-1", "alarm-2"),
        next="Firebreak acts again 10m after the last one turned red, once fewer than 3 are red, and"
        " sends a message then. It does not act by itself on alarms that are red by then.",
        thread=THREAD,
    )


def test_a_storm_that_lasts_is_announced_each_hour_with_every_field() -> None:
    storm = Storm(red=reds(3), version=7, tripped_at=a.NOW)
    at = a.NOW + 61 * MINUTE
    message = storm_messages.storm_goes_on(storm, in_alarm(storm.red[:1]), RULES, a.NOW, at)
    assert (message.key, message.thread) == (digest("storm goes on", a.NOW.isoformat(), 1), THREAD)
    assert (message.kind, message.at) == (AnnouncementKind.STORM, at)
    assert (message.incident_id, message.action) == ("", "")
    assert message.headline == "The storm that began at 10:00:30Z goes on: nothing has been acted on for 1 h."
    assert message.facts == ("red now: 1 of the 3 that were counted", "alarm-0 5d3e")
    assert message.next == storm_messages.storm_began(Storm(red=reds(3), version=7), RULES, a.NOW).next


def test_a_storm_that_is_over_is_announced_with_every_field_and_the_alarms_that_are_still_red() -> None:
    storm = Storm(red=reds(3), version=7, tripped_at=a.NOW)
    assert storm_messages.storm_ended(storm, in_alarm(reds(2)), a.NOW + 20 * MINUTE) == Announcement(
        key=digest("storm ended", 7),
        kind=AnnouncementKind.STORM_OVER,
        at=a.NOW + 20 * MINUTE,
        incident_id="",
        action="",
        headline="2 of 3 alarms still red. The storm since 10:00:30Z is over:"
        " Firebreak acts again on alarms that turn red from now on.",
        facts=("still red: 2 of the 3 that were counted", "alarm-0 5d3e", "alarm-1"),
        next=incident_messages.NOTHING_LOOKS_AGAIN,
        thread=THREAD,
        retry=("alarm-0", "alarm-1"),
        watches=(WatchedAlarm("alarm-0", "5d3e"), WatchedAlarm("alarm-1")),
    )


def test_an_alarm_that_could_not_be_read_is_neither_counted_as_red_nor_left_out_and_may_be_retried() -> None:
    storm = Storm(red=reds(3), version=7, tripped_at=a.NOW)
    first, second, _ = sorted(storm.red)
    left: storm_messages.Left = [(first, AlarmState.ALARM), (second, Unknown("ThrottlingException"))]
    unread = f"{second.watched.shown} could not be read: ThrottlingException"
    said = (
        storm_messages.storm_ended(storm, left, a.NOW),
        storm_messages.storm_ended_by(storm, left, "ana", "why", a.NOW),
        storm_messages.storm_goes_on(storm, left, RULES, a.NOW, a.NOW + 61 * MINUTE),
    )
    assert said[0].headline.startswith("1 of 3 alarms still red, 1 not known to be OK. The storm")
    for one in said:
        assert [*one.facts[-3:]] == [
            f"{'red now' if one is said[2] else 'still red'}: 1 of the 3 that were counted",
            first.watched.shown,
            unread,
        ]
    assert said[0].retry == said[1].retry == (first.name, second.name)


def test_a_storm_that_left_nothing_red_promises_nothing() -> None:
    found = storm_messages.storm_ended(Storm(red=reds(3), version=7), (), a.NOW)
    assert found.facts == ("still red: 0 of the 3 that were counted",)
    assert (found.headline.partition(" is over")[0], found.next) == (
        "None of 3 alarms is known to be red. The storm",
        "",
    )
    assert (found.thread, found.retry) == ("", ())


def test_a_series_of_many_is_listed_separately_and_retried_by_its_alarm() -> None:
    red = (RedAlarm(a.NOW, "arn-x#1", "x", "one"), RedAlarm(a.NOW, "arn-x#2", "x", "two"))
    found = storm_messages.storm_ended(Storm(red=red, version=7), in_alarm(red), a.NOW)
    assert (found.facts[1:], found.retry) == (("x one", "x two"), ("x",))


def test_the_first_of_very_many_are_to_be_retried() -> None:
    many = tuple(RedAlarm(a.NOW, f"arn-{n}", f"alarm-{n:02d}") for n in range(MOST_RETRIED + 1))
    found = storm_messages.storm_ended(Storm(red=many, version=7), in_alarm(many), a.NOW)
    assert found.retry == tuple(f"alarm-{n:02d}" for n in range(MOST_RETRIED))


def test_a_storm_that_somebody_ended_is_announced_with_the_person_the_reason_and_the_count() -> None:
    storm = Storm(red=reds(2), version=7, tripped_at=a.NOW)
    left = in_alarm(storm.red)
    assert storm_messages.storm_ended_by(
        storm, left, "ana", "the link is back", a.NOW + MINUTE
    ) == Announcement(
        key=storm_messages.storm_ended(storm, (), a.NOW).key,
        kind=AnnouncementKind.STORM_OVER,
        at=a.NOW + MINUTE,
        incident_id="",
        action="",
        headline="2 of 2 alarms still red. ana ended the storm since 10:00:30Z: the link is back",
        facts=(
            (
                "Firebreak acts again on alarms that turn red from now on;"
                " alarms that turned red before are not handled again."
            ),
            "still red: 2 of the 2 that were counted",
            "alarm-0 5d3e",
            "alarm-1",
        ),
        next=incident_messages.NOTHING_LOOKS_AGAIN,
        thread=THREAD,
        retry=("alarm-0", "alarm-1"),
        watches=(WatchedAlarm("alarm-0", "5d3e"), WatchedAlarm("alarm-1")),
    )


@pytest.mark.parametrize(
    ("last_red", "quiet"),
    [(None, 10), (-2, 10), (3, 13)],
    ids=["nobody since", "the last came before it was declared", "one came later"],
)
def test_it_was_quiet_for_long_enough_after_the_beginning_and_the_last_red_alarm(
    last_red: int | None, quiet: int
) -> None:
    last = None if last_red is None else a.NOW + last_red * MINUTE
    storm = Storm(red=reds(2), version=7, tripped_at=a.NOW, last_red_at=last)
    assert quiet_until(storm, RULES) == a.NOW + quiet * MINUTE


def test_without_a_storm_nobody_waits_for_quiet() -> None:
    assert quiet_until(Storm(red=reds(2), version=7, last_red_at=a.NOW), RULES) is None


@pytest.mark.parametrize(
    ("count", "last", "lines"),
    [(30, "alarm-29", 31), (31, "and 1 more", 32), (99, "and 69 more", 32)],
)
def test_a_page_lists_thirty_alarms_and_counts_the_rest(count: int, last: str, lines: int) -> None:
    facts = storm_messages.storm_ended(Storm(red=reds(count), version=7), in_alarm(reds(count)), a.NOW).facts
    assert (facts[30], facts[-1], len(facts)) == ("alarm-29", last, lines)


def test_a_slot_is_taken_in_every_scope_that_was_looked_at() -> None:
    scopes = dict.fromkeys((*a.SCOPES, Scope(Level.DEPENDENCY, "db")), ABSENT)
    view = LedgerView(
        holds=ABSENT,
        decided=ABSENT,
        transition=ABSENT,
        incident=ABSENT,
        dependency_incidents=ABSENT,
        scopes=scopes,
        storm=ABSENT,
    )
    record = DecisionRecord(
        key="k",
        at=a.NOW,
        kind=RequestKind.ALARM,
        action="restart-service",
        incident_id="i-0123456789",
        target=a.TARGET.key,
        alarm=None,
        decision=refuse(Reason.BUDGET_FULL, "full"),
    )
    claim = Claim(request=a.request(), seen=view, at=a.NOW, before=None, after=a.incident(), record=record)
    assert claim.scopes == tuple(scopes)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param(Scope(Level.DEPENDENCY, "db"), (Budget(1, MINUTE),), id="named in the policy"),
        pytest.param(Scope(Level.DEPENDENCY, "queue"), (), id="a dependency without a budget"),
        pytest.param(Scope(Level.STACK, "all"), (Budget(2, MINUTE),), id="a level"),
        pytest.param(Scope(Level.GROUP, "prod"), (), id="a level without a budget"),
    ],
)
def test_a_scope_has_the_budgets_of_its_level_or_its_name(scope: Scope, expected: tuple[Budget, ...]) -> None:
    rules = a.rules(budgets={Level.STACK: (Budget(2, MINUTE),)}, dependencies={"db": (Budget(1, MINUTE),)})
    assert rules.limits(scope) == expected
