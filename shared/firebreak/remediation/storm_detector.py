"""Detects storms: each routed red alarm is counted once, beginning and end are announced once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from firebreak.core.limits.storm import (
    CALM,
    RedAlarm,
    Storm,
    StormRules,
    begins,
    ends,
    not_ok,
    outdated,
    renews,
    still_red,
    worth_remembering,
)
from firebreak.core.messages import storm_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.ports import AlarmReads, Clock, Log
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError
from firebreak.ledger.ports import Storms
from firebreak.remediation.alarm_status import read_states


class TellsStorms(Protocol):
    """Publishes announcements of storms that the ledger already holds; an Announcer, or Page itself."""

    def publish(self, message: Announcement | None) -> object:
        """Publishes it. May fail without harm: the ledger still holds it as unsettled."""


@dataclass(frozen=True, slots=True)
class StormWatch:
    """Counts red alarms and detects when they are a storm, and when it is over.

    `other_storm` is a storm whose alarms count as well towards the beginning of this one.
    """

    storms: Storms
    alarms: AlarmReads
    announcer: TellsStorms
    clock: Clock
    log: Log
    other_storm: Storms | None = None

    def count(self, red: RedAlarm | None, rules: StormRules, before: Reading[Storm]) -> Reading[Storm]:
        """The storm with the alarm remembered, if it is one that counts; Unknown when that fails."""
        known: Reading[Storm] = CALM if isinstance(before, Absent) else before
        now = self.clock.now()
        if red is None or not isinstance(known, Storm):
            return before
        try:
            known = self._renewed(known, red, now)
            if isinstance(known, Storm) and worth_remembering(known, red):
                after = self.storms.remember(red, outdated(known, rules, now), now)
                known = replace(after, tripped_at=known.tripped_at) if isinstance(after, Storm) else after
            return self._declared(known, rules)
        except AwsError as error:
            # The event must still end in a decision; an alarm that could not be counted refuses.
            self.log.event("storm.not_counted", series=red.series, error=str(error))
            return Unknown(f"{error.operation}: {error.code}")

    def _renewed(self, storm: Storm, red: RedAlarm, now: datetime) -> Reading[Storm]:
        """The storm, renewed by an alarm that turned red again; read once more where that was not written.

        Then another alarm renewed it, or the storm has just ended, and alarms after it start a new count.
        """
        if not renews(storm, red):
            return storm
        return replace(storm, renewed_at=now) if self.storms.renew(now) else self._found()

    def _found(self) -> Reading[Storm]:
        found = self.storms.look()
        return CALM if isinstance(found, Absent) else found

    def is_news(self, red: RedAlarm | None, before: Reading[Storm]) -> bool:
        """Whether counting the alarm would write it down."""
        known = CALM if isinstance(before, Absent) else before
        if red is None or not isinstance(known, Storm):
            return False
        return worth_remembering(known, red) or renews(known, red)

    def _declared(self, storm: Reading[Storm], rules: StormRules) -> Reading[Storm]:
        """The storm, declared if it begins; when somebody else declared it, it is one all the same."""
        now = self.clock.now()
        if not isinstance(storm, Storm) or not begins(storm, rules, now, self._dependency_incidents(storm)):
            return storm
        message = storm_messages.storm_began(storm, rules, now)
        if self.storms.trip(now, message):
            self.log.event("storm.began", alarms=len(storm.red))
            self.announcer.publish(message)
        return self.storms.look()

    def _dependency_incidents(self, storm: Storm) -> Storm:
        """The other storm; one that cannot be read counts as none, so that more is paged and not less."""
        found = self.other_storm.look() if self.other_storm and not storm.tripped_at else CALM
        return found if isinstance(found, Storm) else CALM

    def sweep(self, rules: StormRules) -> Unknown | NotRead | None:
        """Declares a storm whose declarer died, and ends one that is over. Raises AwsError.

        Returns the reason why the storm cannot be read, where it cannot.
        """
        storm = self._declared(self.storms.look(), rules)
        match storm:
            case Storm(tripped_at=None) | Absent():
                return None
            case Unknown(why) | NotRead(why):
                self.log.event("storm.unreadable", why=why)
                return storm
            case Storm():
                pass
        states = read_states(self.alarms, [red.watched for red in storm.red])
        red, left = still_red(storm, states), not_ok(storm, states)
        now = self.clock.now()
        if not ends(storm, red, rules, now):
            self._remind(storm, left, rules, now)
            return None
        message = storm_messages.storm_ended(storm, left, now)
        if self.storms.calm(storm, message):
            self.log.event("storm.ended", still_red=len(red))
            self.announcer.publish(message)
        return None

    def _remind(self, storm: Storm, left: storm_messages.Left, rules: StormRules, now: datetime) -> None:
        """Announces a lasting storm every hour, because nothing is acted on meanwhile."""
        self.log.event("storm.goes_on", not_ok=len(left))
        since = storm.tripped_at
        if since and now - since >= timedelta(hours=1):
            message = storm_messages.storm_goes_on(storm, left, rules, since, now)
            if self.storms.remind(message):
                self.announcer.publish(message)
