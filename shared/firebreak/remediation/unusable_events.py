"""Events that Verify and Page cannot read: recorded and paged once, never a crash that Lambda repeats."""

import json
import re
from datetime import datetime

from firebreak.core.decide import refuse
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord, untargeted
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events
from firebreak.ledger.ports import Ledger
from firebreak.remediation.decision_recorder import Summary
from firebreak.remediation.outbox import Announcer

_INCIDENT = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def read_alarm(event: object, expected: str) -> Alarm | UnusableEvent:
    """The alarm that an event carries, or why it carries none."""
    try:
        found = alarm_events.parse(event)
    except UnusableEvent as error:
        return error
    return found if isinstance(found, Alarm) else UnusableEvent("a request for an action", expected)


def read_check(event: object) -> tuple[str, int] | None:
    """The incident and the attempt of a check, if the event is one."""
    match event:
        case {
            "detail-type": "Firebreak Check",
            "detail": {"v": 1, "incident": str(name), "attempt": int(n)},
        } if _INCIDENT.fullmatch(name):
            return name, n
        case _:
            return None


def unusable_key(event: object) -> str:
    """The key of an event by its content, so that a redelivery is the same event."""
    return digest("unusable", json.dumps(event, sort_keys=True, default=str))


def unusable_record(event: object, error: UnusableEvent, function: str, now: datetime) -> DecisionRecord:
    """The decision about an event that cannot be read."""
    return untargeted(unusable_key(event), None, function, refuse(Reason.UNUSABLE_EVENT, str(error)), now)


def refuse_unusable(
    event: object, error: UnusableEvent, ledger: Ledger, announcer: Announcer, now: datetime
) -> Summary:
    """Records and pages an event that Verify cannot read. Raises AwsError when the ledger is unreachable."""
    record = unusable_record(event, error, "verify", now)
    announcer.log.event("verification.unusable_event", incident=record.incident_id, error=str(error))
    message = of_decision(record, None)
    if ledger.record(record, message):
        announcer.publish(message)
    return Summary(record.decision.word, record.decision.reason, record.incident_id)
