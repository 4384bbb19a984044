"""The move that an event makes of an incident, and the rows of the lifecycle that several events share."""

from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.incident import transitions
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import DecisionRecord, IncidentChange
from firebreak.core.messages import incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, OwnEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The move that an event makes of an incident.

    `change` is written in one transaction. `wake_at` is when Verify looks again and `later` a request for
    later: both are scheduled before the change is written. `request` is asked for once it is.
    """

    change: IncidentChange
    wake_at: datetime | None = None
    later: OwnEvent | None = None
    request: OwnEvent | None = None

    @property
    def after(self) -> Incident:
        """The incident as it is then."""
        return self.change.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new incident, and the decision that opens it without an act.

    Both are written in one transaction, with the message; the wake-up and the request are those of `Moved`.
    """

    incident: Incident
    record: DecisionRecord
    message: Announcement | None
    wake_at: datetime | None
    request: OwnEvent | None


def move(
    before: Incident, after: Incident, at: datetime, what: str, message: Announcement | None = None
) -> Moved:
    """The move with its history line and its announcement, and nothing that follows."""
    return Moved(change=IncidentChange(before=before, after=after, at=at, what=what, message=message))


def climbing(incident: Incident, now: datetime, rung: int, note: str, line: str) -> Moved:
    """The move to a higher rung, whose request follows."""
    above = transitions.climbing(incident, rung, now + CLIMB_TIMEOUT, note)
    return replace(move(incident, above, now, line), request=request_of(above, now))


def to_humans(
    incident: Incident,
    now: datetime,
    *,
    note: str,
    said: str,
    line: str,
    state: AlarmState | None,
    opted_in: bool = False,
) -> Moved:
    """The move to humans.

    `note` is stored with the incident, `said` is what humans read, `line` goes into its history.
    """
    paged = transitions.over(incident, IncidentState.PAGED, note)
    message = replace(incident_messages.given_to_humans(paged, now, said, state), opted_in=opted_in)
    return move(incident, paged, now, f"given to humans: {line}", message)


def left_as_it_is(incident: Incident, now: datetime, detail: str) -> Moved:
    """The end of an incident whose temporary change is not taken back."""
    closed = transitions.over(incident, IncidentState.CLOSED, f"the temporary change stays: {detail}")
    return move(incident, closed, now, closed.note, reversal_messages.change_stays(closed, now, detail))
