"""The messages about an incident, where they depend on its alarm and its members."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.incident.states import Incident, Member, Purpose
from firebreak.core.messages import incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import AlarmState, Mute, Receipt
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
DONE = Receipt(summary="desired count is 3")
STEP = "step 1: restart-service: desired count is 3"
STAYS = "stays: 3 tasks; set it to 2 by hand"
LENT = replace(a.PLAN, stays="3 tasks; set it to 2 by hand", warnings=("it costs one task",))
INCIDENT = a.incident(receipt=DONE)
TAGS = {"firebreak:severity": "critical", "firebreak:runbook": "https://example.com/api"}
FULL = a.alarm(description="memory of the api", reason="1 datapoint over 90", tags=TAGS)


def joined(*names: str) -> tuple[Member, ...]:
    return tuple(a.member(name) for name in names)


def test_an_alarm_speaks_for_its_fields_of_an_announcement() -> None:
    assert incident_messages.about_alarm(FULL) == {
        "alarm_name": "api-memory-high",
        "alarm_since": FULL.since,
        "alarm_description": "memory of the api",
        "account": a.ACCOUNT,
        "region": a.REGION,
        "severity": "critical",
        "runbook": "https://example.com/api",
        "red": red_words(FULL),
        "alarm_reason": "1 datapoint over 90",
        "alarm_state": "ALARM",
    }


def test_without_an_alarm_nothing_speaks_for_them() -> None:
    assert incident_messages.about_alarm(None) == {}


@pytest.mark.parametrize(
    ("incident", "next_"),
    [
        pytest.param(
            a.incident(rung=1),
            "Firebreak checks at 10:04:30Z whether it helped. If not, Firebreak asks a human to take over.",
            id="it is looked at",
        ),
        pytest.param(
            a.incident(rung=1, due_at=None),
            "If it does not help, Firebreak asks a human to take over.",
            id="nobody looks",
        ),
    ],
)
def test_above_the_last_rung_is_a_human(incident: Incident, next_: str) -> None:
    assert incident_messages.acted(incident, a.NOW).next == next_


def test_an_act_on_an_alarm_that_was_muted_says_so_last() -> None:
    muted = a.incident(alarm=a.alarm(mute=Mute("nightly", a.NOW)))
    assert incident_messages.acted(muted, a.NOW, "requested by ana").facts == (
        "plan: restart ecs:prod/api",
        "before: running tasks 2",
        "requested by ana",
        "rung 1 of 2 (restart-service -> scale-service -> page)",
        (
            "muted: the CloudWatch mute rule nightly covered this alarm until 10:00:30Z;"
            " Firebreak has handled it since"
        ),
    )


@pytest.mark.parametrize(
    ("members", "left_out", "lines"),
    [
        pytest.param(joined("a"), 0, (), id="the one that opened it"),
        pytest.param(joined("a"), 3, (), id="one, and some for which there was no room"),
        pytest.param(joined("a", "b"), 0, ("its alarms: a, b",), id="two"),
        pytest.param(
            joined("a", "b"), 3, ("its alarms: a, b, and 3 more alarms, not watched",), id="two, and some"
        ),
    ],
)
def test_a_human_who_takes_over_sees_the_alarms_of_it(
    members: tuple[Member, ...], left_out: int, lines: Sequence[str]
) -> None:
    incident = replace(INCIDENT, members=members, left_out=left_out)
    assert incident_messages.given_to_humans(incident, a.NOW, "still red", AlarmState.ALARM).facts == (
        STEP,
        *lines,
    )


def test_a_human_who_takes_over_sees_the_change_that_stays_and_that_the_alarm_was_muted() -> None:
    incident = replace(INCIDENT, plan=LENT, alarm=a.alarm(mute=Mute("nightly", None)))
    assert incident_messages.given_to_humans(incident, a.NOW, "still red", AlarmState.ALARM).facts == (
        STEP,
        STAYS,
        "muted: the CloudWatch mute rule nightly covered this alarm; Firebreak has handled it since",
    )


@pytest.mark.parametrize(
    ("looked", "state"),
    [(AlarmState.INSUFFICIENT_DATA, "INSUFFICIENT_DATA"), (AlarmState.OK, "OK"), (None, "")],
)
def test_the_page_has_the_state_of_the_alarm_at_the_last_look(looked: AlarmState | None, state: str) -> None:
    assert incident_messages.given_to_humans(INCIDENT, a.NOW, "why", looked).alarm_state == state


@pytest.mark.parametrize(
    ("incident", "facts"),
    [
        pytest.param(replace(INCIDENT, plan=LENT), (STEP, STAYS, "it costs one task"), id="an act"),
        pytest.param(
            a.incident(rung=1, earlier=("restart-service: done",), action="scale-service"),
            (
                "step 1: restart-service: done",
                "step 2: scale-service: it is not known whether it was carried out",
            ),
            id="an earlier rung",
        ),
        pytest.param(a.incident(), (), id="nothing was carried out"),
    ],
)
def test_a_recovery_repeats_the_acts_the_change_that_stays_and_the_plans_warnings(
    incident: Incident, facts: tuple[str, ...]
) -> None:
    assert incident_messages.recovered(incident, a.NOW, "all OK").facts == facts


def test_a_recovery_for_now_names_no_change_that_stays_because_it_is_restored() -> None:
    message = incident_messages.recovered_for_now(
        replace(INCIDENT, plan=LENT), a.NOW, "all OK", a.NOW + 30 * MINUTE
    )
    assert message.facts == (STEP, "it costs one task")


def expired(**changes: object) -> Announcement:
    incident = replace(INCIDENT, **changes)  # type: ignore[arg-type]  # names are checked by replace
    return incident_messages.expired(incident, a.NOW, "older than 6h")


def test_an_incident_closed_for_its_age_names_the_change_that_stays() -> None:
    assert expired(plan=LENT).facts == (STEP, STAYS)


def test_the_page_of_an_incident_closed_for_its_age_watches_its_alarms() -> None:
    text = expired(members=joined("b", "a"), left_out=2)
    assert (text.watches, text.unwatched) == ((WatchedAlarm("a"), WatchedAlarm("b")), 2)


def test_more_alarms_than_a_page_looks_at_are_counted_with_those_that_had_no_room() -> None:
    text = expired(members=joined(*(f"a{n:03d}" for n in range(203))), left_out=2)
    assert (len(text.watches), text.unwatched) == (200, 5)


OVERRIDE = "inside never-window sale until 12:00:30Z; overridden by someone who claims to be ana: VP"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            lambda **words: incident_messages.acted(a.incident(), a.NOW, "ana", **words), id="acted"
        ),
        pytest.param(
            lambda **words: incident_messages.uncertain(a.incident(), a.NOW, "x", **words), id="lost"
        ),
        pytest.param(lambda **words: reversal_messages.put_back(a.incident(), a.NOW, **words), id="undone"),
        pytest.param(
            lambda **words: reversal_messages.put_back(a.incident(purpose=Purpose.RESTORE), a.NOW, **words),
            id="restored",
        ),
    ],
)
def test_the_page_of_an_act_despite_a_freeze_says_so_and_waits_for_no_hours(
    page: Callable[..., Announcement],
) -> None:
    usual, despite = page(), page(override=OVERRIDE)
    assert not usual.at_any_hour
    assert despite.at_any_hour
    assert [fact for fact in despite.facts if fact not in usual.facts] == [f"freeze: {OVERRIDE}"]
    assert replace(despite, facts=usual.facts, at_any_hour=False) == usual
