"""The ceiling of a channel: so many new calls in any window, and a higher one for critical calls.

A call is new where its channel has not carried it yet. One above the ceiling waits until there is room, and
is counted in a digest. Everything else about a thread that was sent goes on. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from firebreak.core.keys import digest
from firebreak.core.limits.budgets import Budget, format_duration
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import LOOK_EVERY, Sending, Thread, Turn, watched

_MILLISECONDS = re.compile(r"[0-9]{1,13}")

# The cause under which a held call is counted.
CAUSE = "ceiling"
NEXT = (
    "Each is sent as soon as there is room, unless its alarms are OK by then. Further ones are counted and"
    " summed up here."
)


def call_name(thread: Thread) -> str:
    """The name of one call of one thread: the same when it is delivered again."""
    return digest("call", thread.id, thread.call, thread.opened_at.isoformat())[:12]


def entry(at: datetime, call: str) -> str:
    """A call as it is counted."""
    return f"{int(at.timestamp() * 1000):013d}#{call}"


def counted_at(written: str) -> datetime:
    """When a call was counted; one that cannot be read was long ago."""
    stamp = written.partition("#")[0]
    return datetime.fromtimestamp(int(stamp) / 1000 if _MILLISECONDS.fullmatch(stamp) else 0, UTC)


def run_out(entries: Iterable[str], window: timedelta, now: datetime) -> list[str]:
    """The calls that count no more."""
    return [one for one in entries if counted_at(one) + window <= now]


def room_at(entries: Iterable[str], budget: Budget, now: datetime) -> datetime:
    """When there is room again on a channel whose ceiling is reached."""
    held = sorted(at for one in entries if (at := counted_at(one)) + budget.window > now)
    left = max(len(held) - budget.acts, 0)
    return held[left] + budget.window if held else now + budget.window


def new_on(turn: Turn, before: Thread | None) -> tuple[str, ...]:
    """The channels on which a turn is a new call. A page about the ceiling itself is never held."""
    sending = turn.sending
    if (
        not sending
        or sending.phase is not Phase.TRIGGER
        or sending.message.kind is AnnouncementKind.HELD_BACK
    ):
        return ()
    known = before.notified if before and before.steps and not before.over else {}
    return tuple(channel for channel in sending.channels if channel not in known)


def braked(turn: Turn, before: Thread | None, full: Mapping[str, datetime], now: datetime) -> Turn:
    """The turn without the channels whose ceiling is reached; `full` says when each has room again."""
    sending, earlier = turn.sending, before.held_back if before and not before.over else ()
    if not sending:
        return turn
    if sending.phase is not Phase.TRIGGER:
        return _without(turn, sending, earlier)
    left = tuple(channel for channel in sending.channels if channel not in full)
    if not left:
        return _held(turn, before, tuple(sorted({*earlier, *full})), min(full.values()), now)
    held = tuple(sorted({*earlier, *full} - {*left}))
    return Turn(replace(turn.thread, held_back=held), replace(sending, channels=left))


def _without(turn: Turn, sending: Sending, held: tuple[str, ...]) -> Turn:
    """The turn without the channels that were never called: they get no update on it either."""
    unaware = {*held} - {*turn.thread.notified}
    left = tuple(channel for channel in sending.channels if channel not in unaware)
    return replace(turn, sending=replace(sending, channels=left) if left else None)


def _held(turn: Turn, before: Thread | None, held: tuple[str, ...], room: datetime, now: datetime) -> Turn:
    """The turn without a call now: a first call waits as outside the hours, a further step is put off."""
    again_at = max(room, now + LOOK_EVERY)
    if before and before.steps and not before.over and turn.thread.steps > before.steps:
        return Turn(replace(before, held_back=held, next_at=again_at, due_at=again_at))
    since = before.since if before and not before.over else None
    waits = replace(turn.thread, held_back=held, waiting=1, steps=0, since=since, next_at=None)
    due = now + LOOK_EVERY if watched(waits) else again_at
    return Turn(replace(waits, due_at=due))


def held_back(thread: Thread, channel: str, budget: Budget, now: datetime) -> Announcement:
    """The announcement that a call waits for room on a channel: once a day, the others are summed up."""
    latest, critical = thread.latest, thread.severity is Severity.CRITICAL
    kinds = "critical calls" if critical else "calls below critical"
    key = digest("ceiling", channel, critical, f"{now:%Y-%m-%d}")
    return Announcement(
        key=key,
        thread=key,
        kind=AnnouncementKind.HELD_BACK,
        at=now,
        incident_id="",
        action="",
        headline=f"Channel {channel} carried {budget.acts} {kinds} within {format_duration(budget.window)}.",
        facts=(f"the first that waits for room: {latest.headline}",),
        next=NEXT,
        alarm_name=latest.alarm_name or latest.target or thread.id,
        account=latest.account,
        region=latest.region,
        event=call_name(thread),
        cause=CAUSE,
        severity=thread.severity.value,
        watches=latest.watches,
    )
