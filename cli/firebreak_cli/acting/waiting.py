"""The outcome of a request: its decision in the ledger, and the incident that it opened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from firebreak.aws.translate import translated
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import delivery_key, incident_name
from firebreak.core.model import OwnEvent
from firebreak.errors import AwsError
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.items import DamagedItem, key
from firebreak_cli.acting.results import Result
from firebreak_cli.polling import Polling
from firebreak_cli.queries.ledger_queries import StoredDecision, read_decision

# A cold function, its reads and its call; one that was delivered late is found with `firebreak show`.
LONGEST = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result, the decision where there is one, and the incident where one was opened."""

    result: Result
    decision: StoredDecision | None = None
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Looks for the result of one request, again and again. A look that fails is made again."""

    client: Any
    table: str
    polling: Polling

    def outcome(self, event: OwnEvent, longest: timedelta = LONGEST) -> Outcome:
        """The result, or that it is not known when the wait is over."""
        return self.polling.until(
            lambda: self._seen(event),
            lambda found: found.result is not Result.UNKNOWN,
            longest,
            lambda found: f"waits for the {'reply of AWS' if found.decision else 'decision'}",
        )

    def _seen(self, event: OwnEvent) -> Outcome:
        try:
            decision = self._decision(delivery_key(event))
            if decision is None:
                return Outcome(Result.UNKNOWN)
            if decision.outcome != "act":
                return Outcome(Result.REFUSED, decision)
            incident = DynamoLedger(self.client, self.table).incident(incident_name(event))
        except (AwsError, DamagedItem):
            return Outcome(Result.UNKNOWN)
        if not isinstance(incident, Incident):
            return Outcome(Result.UNKNOWN, decision)
        return Outcome(_result_of(incident), decision, incident)

    def _decision(self, name: str) -> StoredDecision | None:
        with translated("GetItem", mutates=False):
            reply = self.client.get_item(
                TableName=self.table, Key=key(f"DECISION#{name}"), ConsistentRead=True
            )
        return read_decision(reply["Item"]) if "Item" in reply else None


def _result_of(incident: Incident) -> Result:
    match incident.state:
        case IncidentState.CLAIMED | IncidentState.UNCERTAIN:
            return Result.UNKNOWN
        case IncidentState.NOT_EXECUTED:
            return Result.NOT_EXECUTED
        case _ if incident.receipt is None:
            return Result.UNKNOWN
        case _:
            return Result.ACTED
