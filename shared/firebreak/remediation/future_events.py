"""Refuses an OK whose time has not come yet: recorded under a key of its own, and announced."""

from datetime import datetime

from firebreak.core import ahead
from firebreak.core.decide import refuse
from firebreak.core.keys import digest
from firebreak.core.ledger import alarm_key, untargeted
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Alarm
from firebreak.ledger.ports import Ledger
from firebreak.remediation.decision_recorder import Summary
from firebreak.remediation.outbox import Announcer


def refuse_ahead(alarm: Alarm, ledger: Ledger, announcer: Announcer, now: datetime) -> Summary | None:
    """The result of an event that is ahead of its time; None when it is not."""
    if not (why := ahead.refused(alarm, now)):
        return None
    key = digest(why.reason.value, alarm_key(alarm, "verify"))
    record = untargeted(key, alarm, "verify", refuse(why.reason, why.detail), now)
    message = of_decision(record, None)
    if ledger.record(record, message):
        announcer.publish(message)
    return Summary(record.decision.word, why.reason, record.incident_id)
