"""Ledgers, and a function, that lack one of their conditions: the explorer must find each."""

from dataclasses import replace
from types import MappingProxyType

from firebreak.core.incident.states import Incident
from firebreak.core.ledger import Claim, ClaimResult, DecisionRecord, IncidentChange
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, OwnEvent
from firebreak.core.readings import ABSENT
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import with_entry, without_entry
from tests.proofs.interleavings.calls import AskingClock
from tests.proofs.interleavings.functions import Run, Wiring


class IgnoresScopes(MemoryLedger):
    """Takes slots without comparing them with the slots that the decision read."""

    def claim(self, claim: Claim) -> ClaimResult:
        now = {scope: self.memory.held.scopes.get(scope, ABSENT) for scope in claim.scopes}
        return super().claim(replace(claim, seen=replace(claim.seen, scopes=now)))


class IgnoresSwitches(MemoryLedger):
    """Does not look at kill switches again."""

    def claim(self, claim: Claim) -> ClaimResult:
        switches = self.memory.held.switches
        self.memory.held = replace(self.memory.held, switches=MappingProxyType({}))
        result = super().claim(claim)
        self.memory.held = replace(self.memory.held, switches=switches)
        return result


class IgnoresStorms(MemoryLedger):
    """Does not look at the storm again."""

    def claim(self, claim: Claim) -> ClaimResult:
        storm = self.memory.held.storm
        self.memory.held = replace(self.memory.held, storm=None)
        result = super().claim(claim)
        self.memory.held = replace(self.memory.held, storm=storm)
        return result


class IgnoresTransitions(MemoryLedger):
    """Does not ask whether the alarm has spoken since."""

    def claim(self, claim: Claim) -> ClaimResult:
        held, series = self.memory.held, claim.request.alarm.series
        self.memory.held = replace(held, transitions=without_entry(held.transitions, series))
        result = super().claim(replace(claim, seen=replace(claim.seen, transition=ABSENT)))
        if result is ClaimResult.LOST:
            self.memory.held = held
        return result


class RepeatsRungs(IgnoresScopes):
    """Puts decision, rung and incident whether or not they are there."""

    def claim(self, claim: Claim) -> ClaimResult:
        held, after = self.memory.held, claim.after
        self.memory.held = replace(
            held,
            decisions=without_entry(held.decisions, claim.record.key),
            rungs=without_entry(held.rungs, (after.id, after.rung, after.purpose)),
            incidents=with_entry(held.incidents, after.id, claim.before)
            if claim.before
            else without_entry(held.incidents, after.id),
        )
        result = super().claim(claim)
        if result is ClaimResult.LOST:
            self.memory.held = held
        return result


class RecordsAgain(MemoryLedger):
    """Overwrites a decision that is there."""

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        held = self.memory.held
        self.memory.held = replace(held, decisions=without_entry(held.decisions, record.key))
        return super().record(record, message, later)


class MovesFromAnywhere(MemoryLedger):
    """Moves an incident on from wherever it is by now."""

    def move(self, change: IncidentChange) -> bool:
        held = self.memory.held
        self.memory.held = replace(
            held, incidents=with_entry(held.incidents, change.before.id, change.before)
        )
        return super().move(change)


class JoinsAnything(MemoryLedger):
    """Joins an incident as it was read, although it may have been closed meanwhile."""

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        now = self.memory.held.incidents[incident.id]
        return super().join(now, alarm, record)


class KeepsNoAnnouncement(MemoryLedger):
    """Keeps no announcement with a move: a function killed before it publishes leaves silence."""

    def move(self, change: IncidentChange) -> bool:
        return super().move(replace(change, message=None))


class StandingClock(AskingClock):
    """A clock that stands still, so that a function never finds its deadline passed."""

    def monotonic(self) -> float:
        return 0.0


def unhurried(run: Run) -> Run:
    """The function without its look at the deadline."""

    def run_so(wiring: Wiring) -> object:
        wiring.clock = StandingClock(wiring.ask, wiring.clock.skew)
        return run(wiring)

    return run_so
