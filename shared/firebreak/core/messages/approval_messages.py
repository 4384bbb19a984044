"""The texts of questions to humans and of their answers. Pure text from values."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.formats import format_time
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import (
    mute_facts,
    objections,
    override_facts,
    rung_words,
    values,
)
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN, of_incident
from firebreak.core.people import approved_by, people, person
from firebreak.core.reasons import MEANINGS, Reason

_ANOTHER = "another person approves"


def approval(incident: Incident, record: DecisionRecord, approvers: int) -> Announcement:
    """The question to humans, so many of whom must approve; until then nothing happens."""
    plan = incident.plan
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
            *_approvals(incident, approvers),
            *override_facts(incident.override),
            rung_words(incident),
            *mute_facts(incident.alarm),
        ],
        next_=_no_change_unless(_missing(incident, approvers), incident),
    )
    return _question(message, incident)


def _question(message: Announcement, incident: Incident) -> Announcement:
    """A question does not wait for office hours where somebody overrides a freeze: it would end unseen."""
    return replace(
        message,
        until=incident.due_at,
        question=question_id(incident),
        at_any_hour=bool(incident.override),
    )


def half_approved(incident: Incident, approvers: int, at: datetime) -> Announcement:
    """The same question, once more for those who did not answer it: one approval is not enough here."""
    plan = incident.plan.summary if incident.plan else incident.action
    message = of_incident(
        AnnouncementKind.APPROVAL,
        incident,
        at,
        f"Another person must approve: {plan}",
        facts=[*_approvals(incident, approvers), *override_facts(incident.override), rung_words(incident)],
        next_=_no_change_unless(_ANOTHER, incident),
    )
    return _question(replace(message, key=digest(message.key, *incident.approved_by)), incident)


def _approvals(incident: Incident, approvers: int) -> list[str]:
    if not incident.approved_by:
        return []
    count = len(people(incident.approved_by))
    return [f"approved by {approved_by(incident.approved_by)}: {count} of {approvers} people"]


def _missing(incident: Incident, approvers: int) -> str:
    """The people whose yes the question waits for, with their verb."""
    if incident.approved_by:
        return _ANOTHER
    return f"{approvers} different people approve" if approvers > 1 else "somebody approves"


def _no_change_unless(who: str, incident: Incident) -> str:
    until = f" by {format_time(incident.due_at)}" if incident.due_at else ""
    again = "Firebreak repeats every check before it makes the change."
    return f"No change is made unless {who}{until}. {again}"


def unanswered(incident: Incident) -> str:
    """The text for a question that was not answered in time."""
    asked = incident.plan.summary if incident.plan else incident.action
    if incident.approved_by:
        return f"Only {approved_by(incident.approved_by)} approved in time. The request was: {asked}"
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
        at_any_hour=False,
    )
