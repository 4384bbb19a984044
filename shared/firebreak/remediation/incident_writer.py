"""Writes a change of an incident, and everything that follows from it, in the one safe order."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.incident.moved import Moved, Opened
from firebreak.core.incident.states import Incident
from firebreak.core.ports import Log, Schedules
from firebreak.errors import AwsError
from firebreak.ledger.ports import Ledger
from firebreak.remediation.outbox import Announcer


@dataclass(frozen=True, slots=True)
class IncidentWriter:
    """Schedules, then writes, then publishes: a change without its wake-up is found by the sweep alone."""

    ledger: Ledger
    schedules: Schedules
    announcer: Announcer
    log: Log

    def write(self, moved: Moved) -> bool:
        """Writes the change; returns False where the incident moved meanwhile. Raises AwsError."""
        if not self._move(moved):
            return False
        if moved.request:
            self.announcer.ask(moved.request)
        return True

    def repeat(self, moved: Moved) -> bool:
        """Writes the change that repeats a request; returns False where the incident moved meanwhile.

        Raises AwsError, unlike `write` also where the bus does not take the request: this is the repetition
        that `write` relies on. Its failure fails the sweep, which is what an operator sees of such a bus.
        """
        if not self._move(moved):
            return False
        if moved.request:
            self.announcer.bus.ask(moved.request)
        return True

    def open(self, opened: Opened) -> bool:
        """Writes the new incident; returns False where another one holds the target. Raises AwsError."""
        incident = opened.incident
        if opened.wake_at:
            self.wake(incident, incident.attempt, opened.wake_at)
        if not self.ledger.open(incident, opened.record, opened.message):
            return False
        self.announcer.publish(opened.message)
        if opened.request:
            self.announcer.ask(opened.request)
        return True

    def _move(self, moved: Moved) -> bool:
        if moved.later:
            self.schedules.ask_again(moved.later, moved.later.at)
        if moved.wake_at:
            self.wake(moved.after, moved.after.attempt, moved.wake_at)
        if not self.ledger.move(moved.change):
            return False
        self.announcer.publish(moved.change.message)
        return True

    def wake(self, incident: Incident, attempt: int, at: datetime) -> None:
        """Schedules a check. May fail without harm: the incident is due then, and the sweeper looks at it."""
        try:
            self.schedules.check(incident.id, incident.rung, attempt, at)
        except AwsError as error:
            self.log.event("check.unscheduled", incident=incident.id, error=str(error))
