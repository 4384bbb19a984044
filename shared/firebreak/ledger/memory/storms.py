"""The storm's memory and the kill switches of a ledger in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from firebreak.core.limits.history import Hold
from firebreak.core.limits.storm import CALM, RedAlarm, Storm, may_renew
from firebreak.core.messages.announcement import Announcement
from firebreak.core.readings import ABSENT, Reading
from firebreak.ledger.memory.claims import announced_by
from firebreak.ledger.memory.state import Held, Memory, Switch, kept_hold, kept_red, kept_time, with_entry
from firebreak.ledger.storms import FORGET_AT_ONCE
from firebreak.ledger.switches import besides, stored_for


class MemoryStorms:
    """ports.Storms on the value that a MemoryLedger shares."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def look(self) -> Reading[Storm]:
        """The storm as it is remembered now."""
        return self.memory.held.storm or ABSENT

    def remember(self, red: RedAlarm, forget: Sequence[RedAlarm], at: datetime) -> Reading[Storm]:
        """Adds an alarm without comparing; returns the alarms that are remembered then."""

        def write(held: Held) -> tuple[Held, Storm]:
            known = held.storm or CALM
            others = [old.series for old in forget if old.series != red.series]
            gone = {red.series, *others[:FORGET_AT_ONCE]}
            kept = [other for other in known.red if other.series not in gone]
            reds = tuple(sorted((*kept, kept_red(red))))
            storm = replace(known, red=reds, version=known.version + 1, last_red_at=kept_time(at))
            return replace(held, storm=storm), replace(storm, tripped_at=None, renewed_at=None)

        return self.memory.change(write)

    def trip(self, at: datetime, message: Announcement) -> bool:
        """Declares the storm; False when somebody else did."""

        def write(held: Held) -> tuple[Held, bool]:
            known = held.storm or CALM
            if known.tripped_at:
                return held, False
            storm = replace(known, tripped_at=kept_time(at))
            return announced_by(replace(held, storm=storm), message), True

        return self.memory.change(write)

    def renew(self, at: datetime) -> bool:
        """Records that the storm is not quiet; False when recorded in the last minute, or it is over."""

        def write(held: Held) -> tuple[Held, bool]:
            if held.storm is None or not may_renew(held.storm, at):
                return held, False
            return replace(held, storm=replace(held.storm, renewed_at=kept_time(at))), True

        return self.memory.change(write)

    def remind(self, message: Announcement) -> bool:
        """Records that a storm goes on; False when that was recorded before."""

        def write(held: Held) -> tuple[Held, bool]:
            if message.waits_as in held.unpublished or message.waits_as in held.published:
                return held, False
            return announced_by(held, message), True

        return self.memory.change(write)

    def calm(self, storm: Storm, message: Announcement) -> bool:
        """Ends the storm and forgets its alarms; False when one more turned red meanwhile."""

        def write(held: Held) -> tuple[Held, bool]:
            now = held.storm or CALM
            if not now.tripped_at or (now.version, now.renewed_at) != (storm.version, storm.renewed_at):
                return held, False
            return announced_by(replace(held, storm=replace(CALM, version=storm.version + 1)), message), True

        return self.memory.change(write)


class MemorySwitches:
    """Holds and releases kill switches on the value that a MemoryLedger shares."""

    def __init__(self, memory: Memory, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.memory = memory
        self._wall = wall

    def pause(self, hold: Hold) -> Hold:
        """Holds a switch; returns the hold in effect: an earlier one of this holder if it ends later."""

        def write(held: Held) -> tuple[Held, Hold]:
            known = _holds(held, hold.scope)
            stored = stored_for(known, hold)
            holds = (*besides(known, hold.holder, hold.since), kept_hold(stored))
            return _with_switch(held, hold.scope, holds), stored

        return self.memory.change(write)

    def resume(self, scope: str, holder: str, now: datetime | None = None) -> bool:
        """Releases one holder's switch; False when it was not held. Without `now` the wall clock counts."""
        at = now or self._wall()

        def write(held: Held) -> tuple[Held, bool]:
            known = _holds(held, scope)
            released = any(hold.holder == holder for hold in known)
            return _with_switch(held, scope, tuple(besides(known, holder, at))), released

        return self.memory.change(write)

    def held(self) -> list[Hold]:
        """Every hold there is, those included that ended lately."""
        return [hold for switch in self.memory.held.switches.values() for hold in switch.holds]


def _holds(held: Held, scope: str) -> tuple[Hold, ...]:
    known = held.switches.get(scope)
    return known.holds if known else ()


def _with_switch(held: Held, scope: str, holds: tuple[Hold, ...]) -> Held:
    known = held.switches.get(scope)
    switch = Switch(holds, (known.version if known else 0) + 1)
    return replace(held, switches=with_entry(held.switches, scope, switch))
