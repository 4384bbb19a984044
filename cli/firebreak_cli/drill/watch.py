"""Watching a drill: what the ledger knows of one alarm's transition, looked up again and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.aws.translate import translated
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.ledger import HistoryLine
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.messages.incident_messages import of_incident
from firebreak.core.model import Alarm, AlarmState
from firebreak.ledger.deliveries import LEASE, NOTIFIED
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.items import Fields, Item, key, read_transition
from firebreak.wire.epoch import at_ms
from firebreak_cli.drill.times import Milestone, Seen
from firebreak_cli.operations.retries import first_answers
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.ledger_queries import Bounds

# The event and DescribeAlarms may report one transition's time a little differently.
SAME_TRANSITION = timedelta(seconds=5)

# A decision that opened no incident is looked for less and less often: without the index, by scanning.
FIRST_SCAN, LONGEST_BETWEEN_SCANS = timedelta(seconds=4), timedelta(seconds=60)

_K = AnnouncementKind


@dataclass(slots=True)
class LedgerWatch:
    """Looks at one stack's ledger for what followed once `alarm` was red. Every look may raise AwsError."""

    client: Any
    table: str
    alarm: Alarm
    bounds: Bounds = field(default_factory=Bounds)
    _scan_at: datetime | None = None
    _between_scans: timedelta = FIRST_SCAN

    def look(self, seen: Seen, now: datetime) -> Seen:
        """The state of the drill as it is known now; what was known before stays known."""
        if not seen.incident_id:
            seen = self._find_incident(seen)
        if seen.incident_id:
            return self._follow(seen)
        return self._find_decision(seen, now) if not seen.outcome else seen

    def _find_incident(self, seen: Seen) -> Seen:
        item = self._item(f"ALARM#{self.alarm.series}")
        last = read_transition(item) if item else None
        if last is None or last.state is not AlarmState.ALARM or not self._is_of_this_drill(last.since, seen):
            return seen
        return replace(seen, incident_id=last.incident_id)

    def _find_decision(self, seen: Seen, now: datetime) -> Seen:
        """Finds the decision by its time, for nothing points to a decision that opened no incident."""
        if self._scan_at is None:
            self._scan_at = now + self._between_scans
        if now < self._scan_at:
            return seen
        self._between_scans = min(2 * self._between_scans, LONGEST_BETWEEN_SCANS)
        self._scan_at = now + self._between_scans
        since = seen.red_at - SAME_TRANSITION
        found = ledger_queries.decisions_about(self.client, self.table, self.alarm.name, since, self.bounds)
        answers = first_answers(found.decisions)
        own = [one.decision for one in answers if self._is_of_this_drill(one.alarm.since, seen)]
        if not own:
            return seen
        return replace(seen, decided_at=own[0].at, outcome=own[0].outcome, reason=own[0].reason)

    def _is_of_this_drill(self, since: datetime, seen: Seen) -> bool:
        return since >= seen.red_at - SAME_TRANSITION

    def _follow(self, seen: Seen) -> Seen:
        ledger = DynamoLedger(self.client, self.table)
        incident = ledger.incident(seen.incident_id)
        if not isinstance(incident, Incident):  # unreadable for a moment; what was known stays
            return seen
        lines, patience = tuple(ledger.history(incident.id)), dict(seen.patience)
        if incident.plan and incident.purpose is Purpose.ACT:
            patience[incident.rung] = timedelta(seconds=incident.plan.patience_seconds)
        return replace(
            seen,
            decided_at=incident.opened_at,  # one transaction writes the decision, the claim and the incident
            outcome=self._outcome(incident, lines, seen),
            state=incident.state,
            rung=incident.rung,
            lines=lines,
            patience=patience,
            announced={**seen.announced, **dict(self._announced(incident, seen.announced))},
        )

    def _outcome(self, incident: Incident, lines: Sequence[HistoryLine], seen: Seen) -> str:
        if incident.opened_at < seen.red_at - SAME_TRANSITION:
            return "join"
        return "act" if lines and lines[0].what.startswith("claimed ") else incident.state.value

    def _announced(
        self, incident: Incident, known: Mapping[Milestone, datetime]
    ) -> Iterable[tuple[Milestone, datetime]]:
        here = incident.rung
        for milestone in ((_K.ACTED, 0), (_K.RECOVERED, here), (_K.GIVEN_TO_HUMANS, here)):
            if milestone not in known and (at := self._announced_at(*milestone, incident)):
                yield milestone, at

    def _announced_at(self, kind: AnnouncementKind, rung: int, incident: Incident) -> datetime | None:
        """The time at which humans were notified; the stored mark has the end of the sender's lease."""
        of_then = replace(incident, rung=rung, purpose=Purpose.ACT)
        announced = of_incident(kind, of_then, incident.opened_at, "")
        item = self._item(f"PAGE#{announced.key}")
        if not item or Fields(item).text("state", "") != NOTIFIED:
            return None
        return at_ms(Fields(item).number("lease_until")) - LEASE

    def _item(self, pk: str) -> Item | None:
        with translated("GetItem", mutates=False):
            reply = self.client.get_item(TableName=self.table, Key=key(pk), ConsistentRead=True)
        item: Item | None = reply.get("Item")
        return item
