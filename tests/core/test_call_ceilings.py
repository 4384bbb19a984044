"""The result of one turn of a thread where the ceiling of a channel is reached, and the count of calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.keys import digest
from firebreak.core.limits.budgets import Budget
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.ceilings import (
    braked,
    call_name,
    counted_at,
    entry,
    held_back,
    new_on,
    room_at,
    run_out,
)
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import LOOK_EVERY, LOOK_FOR, Sending, Thread, Turn
from tests.core.thread_fixtures import HOUR, MINUTE, NIGHT, announced

K = AnnouncementKind
SECOND = timedelta(seconds=1)
ROOM = NIGHT + HOUR
CALL = announced(K.GIVEN_TO_HUMANS)
THREAD = Thread(
    id="t",
    severity=Severity.ERROR,
    opened_at=NIGHT,
    latest=CALL,
    calls=True,
    call="c",
    steps=1,
    since=NIGHT,
    next_at=NIGHT + 10 * MINUTE,
    due_at=NIGHT + 10 * MINUTE,
)
# The first step was sent on these channels; "chat" was never notified of the thread.
CALLED = replace(THREAD, notified={"ops": "1", "lead": "2"})


def trigger(*channels: str, thread: Thread = THREAD) -> Turn:
    return Turn(thread, Sending(CALL, Phase.TRIGGER, channels, "a note"))


# --- which calls are new


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(None, ("ops", "chat"), id="a new thread"),
        pytest.param(CALLED, ("chat",), id="a thread that one of them knows"),
        pytest.param(replace(CALLED, over=True), ("ops", "chat"), id="a thread that was over"),
        pytest.param(replace(CALLED, steps=0), ("ops", "chat"), id="a thread that called nobody yet"),
    ],
)
def test_a_call_is_new_on_the_channels_that_did_not_carry_it(
    before: Thread | None, expected: tuple[str, ...]
) -> None:
    assert new_on(trigger("ops", "chat"), before) == expected


@pytest.mark.parametrize("phase", [Phase.UPDATE, Phase.ACKNOWLEDGE, Phase.RESOLVE])
def test_a_sending_that_is_no_call_is_never_new(phase: Phase) -> None:
    assert new_on(Turn(THREAD, Sending(CALL, phase, ("ops",))), None) == ()
    assert new_on(Turn(THREAD), None) == ()


# --- sent and waiting calls


@pytest.mark.parametrize("before", [None, CALLED], ids=["first", "further"])
def test_a_turn_that_sends_nothing_is_not_changed(before: Thread | None) -> None:
    assert braked(Turn(THREAD), before, {"ops": ROOM}, NIGHT) == Turn(THREAD)


@pytest.mark.parametrize(
    ("earlier", "full", "channels", "held"),
    [
        pytest.param((), (), ("ops", "chat"), (), id="room everywhere"),
        pytest.param((), ("chat",), ("ops",), ("chat",), id="one is full"),
        pytest.param(
            ("chat",), ("lead", "sms"), ("ops", "chat"), ("lead", "sms"), id="an earlier one has room"
        ),
        pytest.param(("sms",), ("chat",), ("ops",), ("chat", "sms"), id="an earlier one is not asked"),
    ],
)
def test_channels_with_room_are_called_and_those_without_are_kept(
    earlier: tuple[str, ...], full: tuple[str, ...], channels: tuple[str, ...], held: tuple[str, ...]
) -> None:
    before = replace(CALLED, held_back=earlier)
    after = braked(trigger("ops", "chat"), before, dict.fromkeys(full, ROOM), NIGHT)
    assert after == Turn(replace(THREAD, held_back=held), Sending(CALL, Phase.TRIGGER, channels, "a note"))


def test_when_a_thread_is_over_its_ceilings_are_as_well() -> None:
    before = replace(CALLED, held_back=("sms",), over=True)
    assert braked(trigger("ops", "chat"), before, {"chat": ROOM}, NIGHT).thread.held_back == ("chat",)
    resolved = Turn(THREAD, Sending(CALL, Phase.RESOLVE, ("ops", "sms")))
    assert braked(resolved, before, {}, NIGHT) == resolved


@pytest.mark.parametrize(
    ("before", "room", "again_at"),
    [
        pytest.param(None, ROOM, ROOM, id="a new thread"),
        pytest.param(None, NIGHT + MINUTE, NIGHT + LOOK_EVERY, id="not sooner than the next look"),
        pytest.param(replace(CALLED, over=True), ROOM, ROOM, id="a thread that was over"),
        pytest.param(replace(CALLED, steps=0, since=None), ROOM, ROOM, id="a thread that called nobody yet"),
        pytest.param(CALLED, ROOM, ROOM, id="the same step again"),
    ],
)
def test_a_first_call_without_room_waits_as_outside_the_hours(
    before: Thread | None, room: datetime, again_at: datetime
) -> None:
    before = before and replace(before, held_back=("sms",), over=before.over)
    full = {"ops": room, "chat": room + HOUR}
    held = ("chat", "ops", "sms") if before and not before.over else ("chat", "ops")
    since = before.since if before and not before.over else None
    after = braked(trigger("ops", "chat"), before, full, NIGHT)
    assert after == Turn(
        replace(THREAD, held_back=held, waiting=1, steps=0, since=since, next_at=None, due_at=again_at)
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(CALLED, ROOM, id="soon"),
        pytest.param(replace(CALLED, held_back=("lead",)), ROOM + HOUR, id="later"),
    ],
)
def test_a_further_step_without_room_stays_where_it_is(before: Thread, now: datetime) -> None:
    climbed = replace(THREAD, steps=2, next_at=None)
    room = now + 2 * HOUR
    after = braked(trigger("chat", thread=climbed), before, {"chat": room}, now)
    held = tuple(sorted({*before.held_back, "chat"}))
    assert after == Turn(replace(before, held_back=held, next_at=room, due_at=room))


def test_a_step_of_a_thread_that_was_over_is_a_first_call() -> None:
    climbed = replace(THREAD, steps=2)
    for before in (replace(CALLED, over=True), replace(CALLED, steps=0)):
        after = braked(trigger("chat", thread=climbed), before, {"chat": ROOM}, NIGHT)
        assert (after.thread.waiting, after.thread.steps) == (1, 0)


def test_a_held_call_whose_alarm_only_the_thread_looks_at_is_looked_at_meanwhile() -> None:
    watching = replace(THREAD, latest=announced(K.REFUSED))
    for now in (NIGHT, NIGHT + LOOK_FOR + HOUR):
        held = braked(trigger("ops", thread=watching), None, {"ops": now + HOUR}, now).thread
        assert held.due_at == now + LOOK_EVERY


@pytest.mark.parametrize(
    ("held", "channels"),
    [
        pytest.param((), ("ops", "chat"), id="nobody was held back"),
        pytest.param(("chat",), ("ops",), id="one was never called"),
        pytest.param(("ops",), ("ops", "chat"), id="one was called later"),
    ],
)
def test_a_channel_that_was_never_called_does_not_get_the_resolution(
    held: tuple[str, ...], channels: tuple[str, ...]
) -> None:
    over = Turn(CALLED, Sending(CALL, Phase.RESOLVE, ("ops", "chat"), "a note"))
    expected = Turn(CALLED, Sending(CALL, Phase.RESOLVE, channels, "a note"))
    assert braked(over, replace(CALLED, held_back=held), {}, NIGHT) == expected


def test_without_a_called_channel_the_end_is_not_sent() -> None:
    over = Turn(THREAD, Sending(CALL, Phase.RESOLVE, ("chat",)))
    assert braked(over, replace(THREAD, held_back=("chat",)), {}, NIGHT) == Turn(THREAD)


# --- how calls are counted


def test_a_call_is_counted_as_its_time_in_milliseconds_and_its_name() -> None:
    at = datetime(2001, 9, 9, 1, 46, 39, 5000, UTC)
    assert entry(at, "abc") == "0999999999005#abc"
    assert counted_at("0999999999005#abc") == at
    assert counted_at("0999999999005#a#b") == at


def test_a_count_that_cannot_be_read_was_in_1970() -> None:
    for written in ("", "x#abc", "99999999999999#abc"):
        assert counted_at(written) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_call_has_one_stored_name_and_another_call_of_its_thread_has_another() -> None:
    assert call_name(THREAD) == digest("call", "t", "c", NIGHT.isoformat())[:12]
    assert call_name(replace(THREAD, latest=announced(K.RECOVERED), steps=3)) == call_name(THREAD)


def test_a_call_counts_until_its_window_has_passed() -> None:
    entries = [entry(NIGHT - HOUR, "a"), entry(NIGHT - HOUR + SECOND, "b")]
    assert run_out(entries, HOUR, NIGHT) == entries[:1]


@pytest.mark.parametrize(
    ("ages", "acts", "expected"),
    [
        pytest.param([50, 40, 30], 3, 10, id="when the oldest has run out"),
        pytest.param([30, 50, 40], 3, 10, id="in whatever order they are counted"),
        pytest.param([50, 40, 30], 1, 30, id="when so many have run out that there is room"),
        pytest.param([50, 40], 3, 10, id="with fewer than the ceiling"),
        pytest.param([60, 40], 1, 20, id="one that has just run out does not count"),
        pytest.param([60], 1, 60, id="none counts"),
    ],
)
def test_when_there_is_room_again(ages: list[int], acts: int, expected: int) -> None:
    entries = [entry(NIGHT - age * MINUTE, str(age)) for age in ages]
    assert room_at(entries, Budget(acts, HOUR), NIGHT) == NIGHT + expected * MINUTE


# --- the page about a ceiling


@pytest.mark.parametrize(
    ("severity", "headline"),
    [
        (Severity.CRITICAL, "Channel ops carried 3 critical calls within 1h."),
        (Severity.ERROR, "Channel ops carried 3 calls below critical within 1h."),
    ],
)
def test_a_full_channel_is_announced_once_a_day_with_the_first_call_that_waits(
    severity: Severity, headline: str
) -> None:
    watches = (WatchedAlarm("api-memory-high"),)
    thread = replace(THREAD, severity=severity, latest=replace(CALL, watches=watches))
    key = digest("ceiling", "ops", severity is Severity.CRITICAL, "2026-11-20")
    assert held_back(thread, "ops", Budget(3, HOUR), NIGHT) == Announcement(
        key=key,
        thread=key,
        kind=K.HELD_BACK,
        at=NIGHT,
        incident_id="",
        action="",
        headline=headline,
        facts=(f"the first that waits for room: {CALL.headline}",),
        next="Each is sent as soon as there is room, unless its alarms are OK by then. Further ones are"
        " counted and summed up here.",
        alarm_name=CALL.alarm_name,
        account=CALL.account,
        region=CALL.region,
        event=call_name(thread),
        cause="ceiling",
        severity=severity.value,
        watches=watches,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, "api-cpu"), ({"alarm_name": ""}, "ecs:prod/api"), ({"alarm_name": "", "target": ""}, "t")],
    ids=str,
)
def test_it_names_the_alarm_the_target_or_the_thread_that_waits(
    changes: dict[str, str], expected: str
) -> None:
    latest = replace(CALL, **{"alarm_name": "api-cpu", "target": "ecs:prod/api", **changes})  # type: ignore[arg-type]  # texts
    assert held_back(replace(THREAD, latest=latest), "ops", Budget(3, HOUR), NIGHT).alarm_name == expected
