"""The texts of changes that are put back, or stay. Pure text from values."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.formats import format_time
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import override_facts, rung_words, values
from firebreak.core.messages.incident_messages import of_incident
from firebreak.core.model import AlarmState


def change_stays(incident: Incident, at: datetime, why: str) -> Announcement:
    """A temporary change is not taken back; this is announced because the restore had been promised."""
    message = of_incident(
        AnnouncementKind.KEPT,
        incident,
        at,
        f"The temporary change stays: {why}",
        facts=values(incident),
        next_="Firebreak leaves it as it is. Decide when convenient whether to take it back.",
    )
    return replace(message, alarm_state=AlarmState.OK.value)


def restore_waits(incident: Incident, at: datetime, why: str, again_at: datetime) -> Announcement:
    """The announcement that something holds a restore back: once a cause."""
    message = of_incident(
        AnnouncementKind.KEPT,
        incident,
        at,
        f"The temporary change stays for now: {why}",
        facts=values(incident),
        next_=f"Firebreak tries again at {format_time(again_at)} to take it back.",
    )
    return replace(message, key=digest(message.key, why), alarm_state=AlarmState.OK.value)


def made_worse(incident: Incident, at: datetime, why: str) -> Announcement:
    """The act made things worse, so it is put back at once; a human is called meanwhile."""
    return of_incident(
        AnnouncementKind.UNDOING,
        incident,
        at,
        f"{why}: Firebreak restores the previous values.",
        facts=[*values(incident), rung_words(incident)],
        next_="Firebreak restores them now. A message follows when that is done or has failed.",
    )


def put_back(incident: Incident, at: datetime, *, override: str = "") -> Announcement:
    """The values from before the act are restored; the page shows both sets of values.

    `override` is that of `acted` (core/messages/incident_messages.py).
    """
    plan, receipt = incident.plan, incident.receipt
    restored = incident.purpose is Purpose.RESTORE
    due = f"Firebreak checks at {format_time(incident.due_at)} again. " if incident.due_at else ""
    message = of_incident(
        AnnouncementKind.RESTORED if restored else AnnouncementKind.UNDONE,
        incident,
        at,
        f"{incident.action} taken back: {receipt.summary}" if receipt else f"{incident.action} taken back",
        facts=[
            f"why: {incident.note}",
            *([f"plan: {plan.summary}"] if plan else []),
            *values(incident),
            *override_facts(override),
        ],
        next_=f"{due}If the alarm comes back, the change is made again and stays."
        if restored
        else f"{due}After that no further automatic action: a human takes over.",
    )
    message = replace(message, at_any_hour=bool(override))
    return replace(message, alarm_state=AlarmState.OK.value) if restored else message
