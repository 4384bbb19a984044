"""The texts of questions to humans and of their answers. Pure text from values."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.formats import format_time
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import mute_facts, objections, rung_words, values
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN, of_incident
from firebreak.core.people import person
from firebreak.core.reasons import MEANINGS, Reason


def approval(incident: Incident, record: DecisionRecord) -> Announcement:
    """The question to a human, who may approve; until then nothing happens."""
    plan = incident.plan
    until = f" by {format_time(incident.due_at)}" if incident.due_at else ""
    message = of_incident(
        AnnouncementKind.APPROVAL,
        incident,
        record.at,
        f"Approval requested: {plan.summary if plan else incident.action}",
        facts=[
            *(plan.warnings if plan else ()),
            *filter(None, [plan.reset_by if plan else ""]),
            *values(incident),
            *objections(record.decision),
            rung_words(incident),
            *mute_facts(incident.alarm),
        ],
        next_=f"No change is made unless somebody approves{until}."
        " Firebreak repeats every check before it makes the change.",
    )
    return replace(message, until=incident.due_at, question=question_id(incident))


def unanswered(incident: Incident) -> str:
    """The text for a question that was not answered in time."""
    asked = incident.plan.summary if incident.plan else incident.action
    return f"{MEANINGS[Reason.APPROVAL_EXPIRED].sentence} The request was: {asked}"


def denied(incident: Incident, by: str, why: str, at: datetime) -> Announcement:
    """The announcement that a human denied the request."""
    return of_incident(
        AnnouncementKind.DENIED,
        incident,
        at,
        f"Denied by {person(by)}: {why}",
        facts=[f"not done: {incident.plan.summary if incident.plan else incident.action}"],
        next_=f"Nothing was changed. {NOTHING_LOOKS_AGAIN}",
    )


def acknowledged(about: Announcement, thread: str, by: str, at: datetime) -> Announcement:
    """The announcement that a human acknowledged the thread."""
    return replace(
        about,
        key=digest("acknowledged", thread, by, at.isoformat()),
        kind=AnnouncementKind.ACKNOWLEDGED,
        at=at,
        headline=f"Acknowledged by {person(by)}.",
        facts=(),
        next="Nobody else is called. Everybody who was paged gets a message when it is over.",
        event="",
        thread=thread,
        cause="",
        until=None,
        by=by,
        retry=(),
        watches=(),
        unwatched=0,
        opted_in=False,
    )
