"""What is announced of a decision that neither acts nor moves an incident."""

from firebreak.core.announcement import Announcement
from firebreak.core.ledger import DecisionRecord
from firebreak.core.model import Autonomy, Request, RequestKind
from firebreak.core.observe_mode import of_observed
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.telling_decisions import of_decision


def announcement_of(record: DecisionRecord, request: Request, rules: Rules) -> Announcement | None:
    """The announcement of a recorded decision; None when recording it is enough.

    A human who approved gets an answer under any autonomy.
    """
    if request.incident_id and record.decision.reason is Reason.TOO_OLD:
        return None  # the pages of the incident, which has moved on, said what came of it
    if rules.autonomy is Autonomy.OBSERVE and request.kind is not RequestKind.APPROVAL:
        return of_observed(record, request.target, rules.ladder)
    return of_decision(record, request.target, of_an_incident=bool(request.incident_id))
