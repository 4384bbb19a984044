"""Questions to humans: each has an id of its own, and an answer counts for that question alone.

A page prints the id in its command, so a command that is pasted late, or by a second person, answers
the question of that page and no later one.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.incident.states import Incident
from firebreak.core.keys import digest
from firebreak.core.model import OwnEvent, RequestKind

_QUESTION = re.compile(r"(i-[0-9a-f]{10})\.([1-9][0-9]?)\.([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Question:
    """A question's id, and the incident it is about."""

    id: str
    incident_id: str


def question_id(incident: Incident) -> str:
    """The id of an incident's question: the incident, the rung as people count it, and a hash of the plan.

    The attempt is part of the hash: a plan that is asked for a second time is a second question.
    """
    plan = incident.plan.summary if incident.plan else ""
    asked = digest("question", incident.id, incident.rung, incident.attempt, incident.action, plan)
    return f"{incident.id}.{incident.rung + 1}.{asked[:8]}"


def approval_of(incident: Incident, by: str, at: datetime) -> OwnEvent:
    """The request that approves the plan an incident asks about; `by` is the approver."""
    return OwnEvent(
        kind=RequestKind.APPROVAL,
        action=incident.action,
        incident_id=incident.id,
        rung=incident.rung,
        attempt=incident.attempt,
        at=at,
        alarm=incident.alarm,
        by=by,
        question=question_id(incident),
    )


def read_question(written: str) -> Question | None:
    """The question that a page printed so; None for anything else, such as an incident's id."""
    match = _QUESTION.fullmatch(written)
    return Question(written, match[1]) if match else None
