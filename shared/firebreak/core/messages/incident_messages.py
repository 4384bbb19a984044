"""The texts of each change: headline, numbers, and the next step. Pure text from values."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from firebreak.core.alarm_readings import few_of, within_bounds
from firebreak.core.formats import format_time
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import (
    given_reason,
    mute_facts,
    override_facts,
    rung_words,
    stays,
    steps,
    values,
)
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import RUNBOOK_TAG, SEVERITY_TAG

NOTHING_MORE = "No further automatic action."
NOTHING_LOOKS_AGAIN = f"{NOTHING_MORE} CloudWatch sends nothing more until the alarm changes state."


# A page of more lines is not read at 3 a.m.; SNS itself would carry 256 KB.
MOST_LISTED = 30


def about_alarm(alarm: Alarm | None) -> dict[str, object]:
    """The fields of an announcement that come from its alarm."""
    if alarm is None:
        return {}
    if alarm.manual:
        return {"account": alarm.account, "region": alarm.region}
    return {
        "alarm_name": alarm.name,
        "alarm_since": alarm.since,
        "alarm_description": alarm.description,
        "account": alarm.account,
        "region": alarm.region,
        "severity": alarm.tags.get(SEVERITY_TAG, ""),
        "runbook": alarm.tags.get(RUNBOOK_TAG, ""),
        "red": red_words(alarm),
        "alarm_reason": alarm.reason,
        "alarm_state": alarm.state.value,
    }


def of_incident(
    kind: AnnouncementKind,
    incident: Incident,
    at: datetime,
    headline: str,
    *,
    facts: Sequence[str] = (),
    next_: str = "",
) -> Announcement:
    """An announcement about an incident's present rung."""
    about = about_alarm(incident.alarm)
    return Announcement(
        key=digest(incident.id, kind.value, incident.rung, *_purpose(incident)),
        kind=kind,
        at=at,
        incident_id=incident.id,
        action=incident.action,
        headline=headline,
        facts=(*facts, *given_reason(incident.alarm)),
        next=next_,
        target=incident.target.display,
        rung=incident.rung,
        **about,  # type: ignore[arg-type]  # the alarm's fields, listed once
    )


def _purpose(incident: Incident) -> tuple[str, ...]:
    """The key part that sets the pages of an undo or a restore apart from those of the act itself."""
    return () if incident.purpose is Purpose.ACT else (incident.purpose.value,)


def acted(incident: Incident, at: datetime, people: str = "", *, override: str = "") -> Announcement:
    """The action was sent and AWS took it; `people` says in words who requested it or approved it.

    Where they overrode a freeze, `override` says so, and the page waits for no hours.
    """
    plan, receipt = incident.plan, incident.receipt
    planned = [f"plan: {plan.summary}", *plan.warnings, *filter(None, [plan.reset_by])] if plan else []
    done = receipt.summary if receipt else (plan.summary if plan else "done")
    message = of_incident(
        AnnouncementKind.ACTED,
        incident,
        at,
        f"{incident.action}: {done}",
        facts=[
            *planned,
            *values(incident),
            *filter(None, [people]),
            *override_facts(override),
            *_position(incident),
            *mute_facts(incident.alarm),
        ],
        next_=_after(incident),
    )
    return replace(message, at_any_hour=bool(override))


def _after(incident: Incident) -> str:
    """When the act is judged, and what follows if it did not help."""
    above = next_rung_name(incident)
    follows = "Firebreak asks a human to take over" if above == PAGE_RUNG else f"{above} is next"
    if incident.due_at is None:
        return f"If it does not help, {follows}."
    return f"Firebreak checks at {format_time(incident.due_at)} whether it helped. If not, {follows}."


def _position(incident: Incident) -> list[str]:
    """The position on the ladder, and the reason for the climb from the rung below."""
    climbed = [f"why this rung: {incident.note}"] if incident.rung and incident.note else []
    return [rung_words(incident), *climbed]


def next_rung_name(incident: Incident) -> str:
    """The name of the rung above the present one."""
    above = incident.ladder[incident.rung + 1 :]
    return above[0] if above else PAGE_RUNG


def uncertain(incident: Incident, at: datetime, why: str, *, override: str = "") -> Announcement:
    """Nobody knows whether the action was carried out; it is not repeated. `override` is that of `acted`."""
    at_time = format_time(incident.due_at) if incident.due_at else ""
    due = f"Firebreak checks at {at_time} whether it was carried out. " if at_time else ""
    summary = incident.plan.summary if incident.plan else incident.action
    message = of_incident(
        AnnouncementKind.UNCERTAIN,
        incident,
        at,
        f"It is not known whether this was carried out: {summary}",
        facts=[why, *values(incident), *override_facts(override), rung_words(incident)],
        next_=f"{due}The request is not sent again.",
    )
    return replace(message, at_any_hour=bool(override))


def not_executed(incident: Incident, at: datetime, why: str) -> Announcement:
    """The action was claimed but certainly not carried out."""
    summary = incident.plan.summary if incident.plan else incident.action
    nothing = "This step could not be carried out and changed nothing"
    if incident.purpose is not Purpose.ACT:
        nothing = f"The change by {incident.action} stays; it could not be put back"
    unchanged = values(incident) if incident.purpose is not Purpose.ACT else ()
    return of_incident(
        AnnouncementKind.NOT_EXECUTED,
        incident,
        at,
        f"{nothing}: {summary}",
        facts=[why, *unchanged, rung_words(incident)],
        next_=nothing_more(incident.alarm),
    )


HEARS_OF_OK = "You get a message when every alarm of the incident is OK."
HEARS_OF_REST = "You get a message when the target is at rest."


def nothing_more(alarm: Alarm | None) -> str:
    """The next step where Firebreak stops and nothing will start it again by itself."""
    return NOTHING_MORE if alarm and alarm.manual else NOTHING_LOOKS_AGAIN


def given_to_humans(
    incident: Incident, at: datetime, why: str, alarm_state: AlarmState | None
) -> Announcement:
    """Firebreak stops here. `alarm_state` is that of the last look, None where it is not known."""
    message = of_incident(
        AnnouncementKind.GIVEN_TO_HUMANS,
        incident,
        at,
        why,
        facts=[*steps(incident), *stays(incident), *_members(incident), *mute_facts(incident.alarm)],
        next_=f"{NOTHING_MORE} {HEARS_OF_REST if incident.has_no_alarm else HEARS_OF_OK}",
    )
    return replace(message, alarm_state=alarm_state.value if alarm_state else "")


def _members(incident: Incident) -> list[str]:
    """The alarms of the incident, where there are more than the one that opened it."""
    names = [member.name for member in incident.members]
    left_out = [f"and {incident.left_out} more alarms, not watched"] if incident.left_out else []
    return [f"its alarms: {', '.join([*few_of(names), *left_out])}"] if len(names) > 1 else []


def recovered(incident: Incident, at: datetime, why: str) -> Announcement:
    """The announcement that the trouble is over."""
    done = steps(incident) if incident.earlier or incident.receipt else ()
    message = of_incident(
        AnnouncementKind.RECOVERED,
        incident,
        at,
        why,
        # A change that only a human takes back does not end with the alarm.
        facts=[*done, *stays(incident), *(incident.plan.warnings if incident.plan else ())],
        next_="No further action. The incident is closed.",
    )
    return replace(message, alarm_state=AlarmState.OK.value)


def expired(incident: Incident, at: datetime, why: str) -> Announcement:
    """The incident is closed for its age, not because it is known to be over."""
    message = of_incident(
        AnnouncementKind.EXPIRED,
        incident,
        at,
        f"Firebreak stops watching this incident: {why}",
        facts=[*steps(incident), *stays(incident)],
        next_=NOTHING_LOOKS_AGAIN,
    )
    watches, unwatched = within_bounds(member.watched for member in incident.members)
    return replace(message, watches=watches, unwatched=unwatched + incident.left_out, alarm_state="")


def recovered_for_now(incident: Incident, at: datetime, why: str, back_at: datetime) -> Announcement:
    """The trouble is over, and the temporary change is taken back later."""
    message = recovered(incident, at, why)
    lent = set(stays(incident))
    return replace(
        message,
        facts=tuple(fact for fact in message.facts if fact not in lent),
        next=f"The change is temporary: it is taken back at {format_time(back_at)} if all stays well.",
    )


def recovered_after_humans(incident: Incident, at: datetime, why: str) -> Announcement:
    """The recovery for the humans who were paged, even if one was announced before they were."""
    message = recovered(incident, at, why)
    return replace(message, key=digest(message.key, "after humans"))
