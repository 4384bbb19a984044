"""The ledger in memory: the same conditions as in DynamoDB, without a table.

The tests that play interleavings and long sequences of alarms through the real workflow need a ledger
that is quick and can be put back. tests/ledger holds both to one contract.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from firebreak.core.incident.states import ENDED, WITH_HUMANS, Incident
from firebreak.core.incident.transitions import joined
from firebreak.core.ledger import (
    Claim,
    ClaimResult,
    DecisionRecord,
    HistoryLine,
    IncidentChange,
    LedgerView,
    delivery_key,
)
from firebreak.core.limits.history import Decided, Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope, target_scope
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, OwnEvent, Request
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.watchdog import Overdue
from firebreak.errors import Conflict
from firebreak.ledger.claims import opened_words, scope_switches, switch_keys
from firebreak.ledger.memory.claims import (
    announced_by,
    claimed,
    decided_by,
    is_as_read,
    judged,
    not_superseded,
    published,
    seen_by,
    with_line,
    without_slot,
)
from firebreak.ledger.memory.state import Held, Memory, kept_incident, kept_time, with_entry, without_entry
from firebreak.ledger.reads import dependency_incidents_in, pointed_to, pointers_in, together


class MemoryLedger:
    """ports.Ledger on a value in memory."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()

    def look(self, request: Request, scopes: Sequence[Scope]) -> LedgerView:
        """Everything the decision needs, read at one moment."""
        held = self.memory.held
        histories = _histories(held, scopes)
        pointers = pointers_in(histories.values()) - {request.incident_id}
        incidents: Mapping[str, Reading[Incident]] = {
            id_: held.incidents.get(id_, ABSENT) for id_ in pointers
        }
        record = held.decisions.get(delivery_key(request))
        return LedgerView(
            holds=_holds_of(held, switch_keys(request.action, scopes)),
            decided=_decided(record) if record else ABSENT,
            transition=held.transitions.get(request.alarm.series, ABSENT),
            incident=held.incidents.get(request.incident_id, ABSENT)
            if request.incident_id
            else pointed_to(histories[target_scope(request.target)], incidents),
            dependency_incidents=dependency_incidents_in(histories, incidents),
            scopes=histories,
            storm=held.storm or ABSENT,
        )

    def read_more_scopes(self, view: LedgerView, scopes: Sequence[Scope]) -> LedgerView:
        """The view with further scopes and their switches, which may be of a later moment."""
        held = self.memory.held
        holds = together(view.holds, _holds_of(held, scope_switches(scopes)))
        return replace(view, holds=holds, scopes={**view.scopes, **_histories(held, scopes)})

    def claim(self, claim: Claim) -> ClaimResult:
        """Takes everything at once, or nothing."""
        return self.memory.change(partial(claimed, claim))

    def give_back(self, claim: Claim) -> None:
        """Removes this claim's slot from every scope. Raises Conflict once each was tried."""
        failed: list[Conflict] = []
        for scope in claim.scopes:
            try:
                self.memory.change(partial(without_slot, claim, scope))
            except Conflict as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        """Keeps a decision, its message and its later request; False when it was decided before."""

        def write(held: Held) -> tuple[Held, bool]:
            if record.key in held.decisions:
                return held, False
            after = announced_by(decided_by(held, record), message)
            if later:
                after = replace(after, requests=with_entry(after.requests, delivery_key(later), later))
            return after, True

        return self.memory.change(write)

    def open(self, incident: Incident, record: DecisionRecord, message: Announcement | None) -> bool:
        """Opens an incident without acting; False when another one holds the target by now."""

        def write(held: Held) -> tuple[Held, bool]:
            scope = target_scope(incident.target)
            seen = held.scopes.get(scope, ScopeHistory(scope, (), 0))
            first = held.incidents.get(seen.incident_id)
            taken = record.key in held.decisions or incident.id in held.incidents
            if (first and first.holds_target) or taken or not not_superseded(held, incident.alarm, record.at):
                return held, False
            history = replace(seen, version=seen.version + 1, incident_id=incident.id)
            after = replace(held, scopes=with_entry(held.scopes, scope, history))
            after = _with_incident(after, incident)
            said = announced_by(decided_by(after, record), message)
            after = with_line(said, incident, record.at, opened_words(record))
            return seen_by(after, incident.alarm, incident.id), True

        return self.memory.change(write)

    def move(self, change: IncidentChange) -> bool:
        """Moves an incident on with all that belongs to it; False when it is not as it was read."""

        def write(held: Held) -> tuple[Held, bool]:
            decided = change.record and change.record.key in held.decisions
            if not is_as_read(held, change.before) or decided:
                return held, False
            after = with_line(_with_incident(held, change.after), change.after, change.at, change.what)
            after = announced_by(decided_by(after, change.record), change.message)
            return judged(after, change) if change.judged else after, True

        return self.memory.change(write)

    def note(self, incident_id: str, at: datetime, what: str) -> None:
        """Adds a line that belongs to no version; two of one millisecond are one, as in DynamoDB."""

        def write(held: Held) -> tuple[Held, None]:
            place = (incident_id, f"E#{int(kept_time(at).timestamp() * 1000)}")
            return replace(held, lines=with_entry(held.lines, place, (kept_time(at), what))), None

        self.memory.change(write)

    def incident(self, incident_id: str) -> Reading[Incident]:
        """The incident as it is now."""
        return self.memory.held.incidents.get(incident_id, ABSENT)

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        """Adds a member; the version it bumps stops a Verify that is closing on the old members."""

        def write(held: Held) -> tuple[Held, bool]:
            stale = not is_as_read(held, incident) or not not_superseded(held, alarm, record.at)
            if stale or record.key in held.decisions:
                return held, False
            wider = joined(incident, alarm)
            after = with_line(_with_incident(held, wider), wider, record.at, f"joined by alarm {alarm.name}")
            return seen_by(decided_by(after, record), alarm, incident.id), True

        return self.memory.change(write)

    def record_transition(self, alarm: Alarm, now: datetime) -> Reading[Transition]:
        """Records a transition; returns the one that was known before, newer or not."""

        def write(held: Held) -> tuple[Held, Reading[Transition]]:
            before = held.transitions.get(alarm.series)
            after = seen_by(held, alarm, None) if not_superseded(held, alarm, now) else held
            return after, before or ABSENT

        return self.memory.change(write)

    def settle_announcement(self, waits_as: str, at: datetime) -> None:
        """Marks an announcement that reached the bus as published."""
        del at
        self.memory.change(lambda held: (published(held, waits_as), None))

    def announcement(self, waits_as: str) -> Reading[Announcement]:
        """An announcement that waits or was published."""
        held = self.memory.held
        return held.unpublished.get(waits_as) or held.published.get(waits_as) or ABSENT

    def unsettled_announcements(self, older_than: datetime, limit: int) -> Sequence[Announcement]:
        """Announcements still waiting, oldest first."""
        held = self.memory.held
        return _first(
            held.unpublished.values(),
            lambda message: _place(held, "OUT", message.waits_as, message.at),
            older_than,
            limit,
        )

    def overdue_requests(self, before: datetime, limit: int) -> Sequence[tuple[str, Reading[OwnEvent]]]:
        """Kept requests whose time has passed, oldest first."""
        held = self.memory.held
        return _first(
            held.requests.items(), lambda kept: _place(held, "DEFER", kept[0], kept[1].at), before, limit
        )

    def settle_request(self, key: str) -> None:
        """Forgets a kept request; its decision stays."""
        self.memory.change(lambda held: (replace(held, requests=without_entry(held.requests, key)), None))

    def overdue(self, before: datetime, limit: int) -> Sequence[Overdue]:
        """Incidents past due, oldest first."""
        held = self.memory.held
        waiting = (i for i in held.incidents.values() if i.state not in WITH_HUMANS | ENDED)
        late = _first(
            waiting, lambda one: one.due_at and _place(held, "INC", one.id, one.due_at), before, limit
        )
        return [Overdue(i.id, i.state.value, kept_time(i.due_at)) for i in late if i.due_at]

    def put_off_incident(self, incident_id: str, until: datetime) -> None:
        """Puts it behind the others that are due; its due time is kept."""
        self._put_off("INC", incident_id, until)

    def put_off_request(self, key: str, until: datetime) -> None:
        """Puts it behind the others that are due."""
        self._put_off("DEFER", key, until)

    def put_off_announcement(self, waits_as: str, until: datetime) -> None:
        """Puts it behind the others that wait."""
        self._put_off("OUT", waits_as, until)

    def _put_off(self, kind: str, name: str, until: datetime) -> None:
        self.memory.change(
            lambda held: (replace(held, put_off=with_entry(held.put_off, f"{kind}#{name}", until)), None)
        )

    def incidents_with_humans(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents that were handed to humans, oldest first."""
        handed = (i for i in self.memory.held.incidents.values() if i.state in WITH_HUMANS)
        return [i.id for i in _first(handed, lambda incident: incident.opened_at, before, limit)]

    def history(self, incident_id: str) -> list[HistoryLine]:
        """An incident's lines, oldest first."""
        kept = self.memory.held.lines.items()
        lines = sorted((at, place, what) for (of, place), (at, what) in kept if of == incident_id)
        return [HistoryLine(n, at, what) for n, (at, _, what) in enumerate(lines)]


def _place(held: Held, kind: str, name: str, at: datetime) -> datetime:
    """The time at which an item is due, or is next in turn where a look failed."""
    return max(at, held.put_off.get(f"{kind}#{name}", at))


def _histories(held: Held, scopes: Sequence[Scope]) -> dict[Scope, Reading[ScopeHistory]]:
    return {scope: held.scopes.get(scope, ABSENT) for scope in scopes}


def _holds_of(held: Held, pks: Sequence[str]) -> tuple[Hold, ...]:
    names = [pk.removeprefix("SWITCH#").replace("#", " ", 1) for pk in pks]
    return tuple(hold for name in names if name in held.switches for hold in held.switches[name].holds)


def _decided(record: DecisionRecord) -> Decided:
    decision = record.decision
    return Decided(record.key, kept_time(record.at), decision.word, decision.reason.value)


def _with_incident(held: Held, incident: Incident) -> Held:
    return replace(held, incidents=with_entry(held.incidents, incident.id, kept_incident(incident)))


def _first[T](
    kept: Iterable[T], when: Callable[[T], datetime | None], before: datetime, limit: int
) -> list[T]:
    """The oldest that are due by then."""
    due = [(at, one) for one in kept if (at := when(one)) and kept_time(at) <= kept_time(before)]
    return [one for _, one in sorted(due, key=lambda pair: pair[0])][:limit]
