"""What is said of each change: headline, numbers, and what happens next. Pure text from values."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from firebreak.core.alarm_readings import few_of, within_bounds
from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.decision import Decision, Result
from firebreak.core.guards import clock
from firebreak.core.incident import Incident, Purpose
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.model import Alarm
from firebreak.core.questions import question_id
from firebreak.core.rules import PAGE_RUNG

NOTHING_LOOKS_AGAIN = (
    "Nothing more is done about this by itself: the alarm says nothing more while it stays red."
)


# Tags of an alarm that speak to whoever is paged about it.
SEVERITY_TAG = "firebreak:severity"
RUNBOOK_TAG = "firebreak:runbook"

# A hash is kept whole to be compared; for a human its beginning is enough. One of core/canonical.py begins
# with the number of its tables.
_HASH = re.compile(r"(?:[0-9]+:)?[0-9a-f]{64}")

# A page is read on a phone: of a longer list it tells how long it is.
MOST_SHOWN = 3
# A page of more lines is not read at 3 a.m.; SNS itself would carry 256 KB.
MOST_LISTED = 30


def about_alarm(alarm: Alarm | None) -> dict[str, object]:
    """The fields of an announcement that its alarm speaks for."""
    if alarm is None:
        return {}
    return {
        "alarm_name": alarm.name,
        "alarm_since": alarm.since,
        "alarm_description": alarm.description,
        "account": alarm.account,
        "region": alarm.region,
        "severity": alarm.tags.get(SEVERITY_TAG, ""),
        "runbook": alarm.tags.get(RUNBOOK_TAG, ""),
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
        facts=tuple(facts),
        next=next_,
        target=incident.target.display,
        rung=incident.rung,
        **about,  # type: ignore[arg-type]  # the alarm's fields, spelled once
    )


def _purpose(incident: Incident) -> tuple[str, ...]:
    """What sets the pages of an undo or a restore apart from those of the act itself."""
    return () if incident.purpose is Purpose.ACT else (incident.purpose.value,)


def rung_words(incident: Incident) -> str:
    """The position on the ladder, as people count."""
    acting = [rung for rung in incident.ladder if rung != PAGE_RUNG]
    return f"rung {incident.rung + 1} of {len(acting)} ({' -> '.join(incident.ladder)})"


def acted(incident: Incident, at: datetime, policy_hash: str, by: str = "") -> Announcement:
    """The action was sent and AWS took it; `by` names the human who asked for it or approved it."""
    plan, receipt = incident.plan, incident.receipt
    planned = [f"plan: {plan.summary}", *plan.warnings, *filter(None, [plan.reset_by])] if plan else []
    word = [f"by the word of {by}"] if by else []
    facts = [*_position(incident), *word, *planned, *_values(incident), f"policy {policy_hash}"]
    done = receipt.summary if receipt else (plan.summary if plan else "done")
    due = f"Firebreak looks at {clock(incident.due_at)} whether it helped. " if incident.due_at else ""
    return of_incident(
        AnnouncementKind.ACTED,
        incident,
        at,
        f"{incident.action}: {done}",
        facts=facts,
        next_=f"{due}If not, the next rung is {next_rung_name(incident)}.",
    )


def _position(incident: Incident) -> list[str]:
    """Where on the ladder, and what led from the rung below to this one."""
    climbed = [f"why this rung: {incident.note}"] if incident.rung and incident.note else []
    return [rung_words(incident), *climbed]


def next_rung_name(incident: Incident) -> str:
    """What stands above the present rung."""
    above = incident.ladder[incident.rung + 1 :]
    return above[0] if above else PAGE_RUNG


def _values(incident: Incident) -> list[str]:
    lines = []
    if incident.plan:
        lines.append("before: " + _pairs(incident.plan.before))
    if incident.receipt and incident.receipt.after:
        lines.append("after: " + _pairs(incident.receipt.after))
    return lines


def _pairs(values: object) -> str:
    if isinstance(values, dict):
        return ", ".join(f"{name}={_shown(value)}" for name, value in sorted(values.items()))
    return str(values)


def _shown(value: object) -> str:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return f"{value[:12]}…"
    if not isinstance(value, list | tuple):
        return str(value)
    return "+".join(map(str, value)) if len(value) <= MOST_SHOWN else f"{len(value)} of them"


def uncertain(incident: Incident, at: datetime, why: str) -> Announcement:
    """Nobody knows whether the action was carried out; it is never repeated."""
    due = f"Firebreak looks at {clock(incident.due_at)} what is true. " if incident.due_at else ""
    summary = incident.plan.summary if incident.plan else incident.action
    return of_incident(
        AnnouncementKind.UNCERTAIN,
        incident,
        at,
        f"It is not known whether this was carried out: {summary}",
        facts=[why, rung_words(incident), *_values(incident)],
        next_=f"{due}It will not be sent again.",
    )


def not_executed(incident: Incident, at: datetime, why: str) -> Announcement:
    """The action was claimed but certainly not carried out."""
    summary = incident.plan.summary if incident.plan else incident.action
    nothing = "Nothing was changed by this rung; it could not be carried out"
    if incident.purpose is not Purpose.ACT:
        nothing = f"What {incident.action} had changed stays; it could not be put back"
    return of_incident(
        AnnouncementKind.NOT_EXECUTED,
        incident,
        at,
        f"{nothing}: {summary}",
        facts=[
            why,
            rung_words(incident),
            *(_values(incident) if incident.purpose is not Purpose.ACT else ()),
        ],
        next_=NOTHING_LOOKS_AGAIN,
    )


HEARS_OF_OK = "You hear when every alarm of it is OK."


def given_to_humans(incident: Incident, at: datetime, why: str) -> Announcement:
    """Firebreak stops here."""
    return of_incident(
        AnnouncementKind.GIVEN_TO_HUMANS,
        incident,
        at,
        why,
        facts=[
            f"reached: {', then '.join(incident.ladder[: incident.rung + 1])}",
            rung_words(incident),
            *_members(incident),
            *_values(incident),
        ],
        next_=f"Firebreak changes nothing more here. {HEARS_OF_OK}",
    )


def _members(incident: Incident) -> list[str]:
    """The alarms of the incident, where it is more than the one that opened it."""
    names = [member.name for member in incident.members]
    left_out = [f"and {incident.left_out} more alarms, not watched"] if incident.left_out else []
    return [f"its alarms: {', '.join([*few_of(names), *left_out])}"] if len(names) > 1 else []


def recovered(incident: Incident, at: datetime, why: str) -> Announcement:
    """The trouble is over."""
    return of_incident(
        AnnouncementKind.RECOVERED,
        incident,
        at,
        why,
        # What only a human takes back is not over with the alarm.
        facts=[rung_words(incident), *(incident.plan.warnings if incident.plan else ()), *_values(incident)],
        next_="Nothing more happens; the incident is closed.",
    )


def expired(incident: Incident, at: datetime, why: str) -> Announcement:
    """The incident is closed for its age, not because it is known to be over."""
    told = of_incident(
        AnnouncementKind.EXPIRED,
        incident,
        at,
        f"Firebreak stops watching this incident: {why}",
        facts=[rung_words(incident), *_values(incident)],
        next_=NOTHING_LOOKS_AGAIN,
    )
    watches, unwatched = within_bounds(member.watched for member in incident.members)
    return replace(told, watches=watches, unwatched=unwatched + incident.left_out)


def recovered_for_now(incident: Incident, at: datetime, why: str, back_at: datetime) -> Announcement:
    """The trouble is over, and what was lent against it is taken back later."""
    told = recovered(incident, at, why)
    back = f"it is taken back at {clock(back_at)} if all stays well."
    return replace(told, next=f"The change is temporary: {back}")


def recovered_after_humans(incident: Incident, at: datetime, why: str) -> Announcement:
    """It is over; whoever was paged hears so, although a recovery may have been told before they were."""
    told = recovered(incident, at, why)
    return replace(told, key=digest(told.key, "after humans"))


def acknowledged(about: Announcement, thread: str, by: str, at: datetime) -> Announcement:
    """A human has it."""
    return replace(
        about,
        key=digest("acknowledged", thread, by, at.isoformat()),
        kind=AnnouncementKind.ACKNOWLEDGED,
        at=at,
        headline=f"{by} has it.",
        facts=(),
        next="Nobody else is called. Whoever was told hears when it is over.",
        event="",
        thread=thread,
        cause="",
        until=None,
        by=by,
        retry=(),
        watches=(),
        unwatched=0,
    )


def kept(incident: Incident, at: datetime, why: str) -> Announcement:
    """What was lent is not taken back; it was promised, so it is told."""
    return of_incident(
        AnnouncementKind.KEPT,
        incident,
        at,
        f"The temporary change stays: {why}",
        facts=[rung_words(incident), *_values(incident)],
        next_="Firebreak leaves it as it is. All is well; decide at leisure whether to take it back.",
    )


def restore_waits(incident: Incident, at: datetime, why: str, again_at: datetime) -> Announcement:
    """Something holds a restore back; told once a cause."""
    told = of_incident(
        AnnouncementKind.KEPT,
        incident,
        at,
        f"The temporary change stays for now: {why}",
        facts=[rung_words(incident), *_values(incident)],
        next_=f"All is well. Firebreak tries again at {clock(again_at)} to take it back.",
    )
    return replace(told, key=digest(told.key, why))


def undoing(incident: Incident, at: datetime, why: str) -> Announcement:
    """What was done made things worse, so it is put back at once."""
    return of_incident(
        AnnouncementKind.UNDOING,
        incident,
        at,
        f"{why}: the values from before are put back.",
        facts=[rung_words(incident), *_values(incident)],
        next_="Firebreak tells you when they are, or why they cannot be.",
    )


def put_back(incident: Incident, at: datetime, policy_hash: str) -> Announcement:
    """The values from before the act are there again; both sets of values are told."""
    plan, receipt = incident.plan, incident.receipt
    restored = incident.purpose is Purpose.RESTORE
    due = f"Firebreak looks at {clock(incident.due_at)} again. " if incident.due_at else ""
    return of_incident(
        AnnouncementKind.RESTORED if restored else AnnouncementKind.UNDONE,
        incident,
        at,
        receipt.summary if receipt else "put back",
        facts=[
            f"why: {incident.note}",
            *([f"plan: {plan.summary}"] if plan else []),
            *_values(incident),
            f"policy {policy_hash}",
        ],
        next_=f"{due}If the alarm comes back, the change is made again and stays."
        if restored
        else f"{due}Then it is yours.",
    )


def approval(incident: Incident, record: DecisionRecord) -> Announcement:
    """A human may say yes; until then nothing happens."""
    plan = incident.plan
    until = clock(incident.due_at) if incident.due_at else "it is withdrawn"
    asked = of_incident(
        AnnouncementKind.APPROVAL,
        incident,
        record.at,
        f"May Firebreak do this? {plan.summary if plan else incident.action}",
        facts=[
            rung_words(incident),
            *(plan.warnings if plan else ()),
            *filter(None, [plan.reset_by if plan else ""]),
            *objections(record.decision),
            *_values(incident),
            f"policy {record.decision.policy_hash or '-'}",
        ],
        next_=f"Nothing is changed unless somebody says yes until {until}; then all is looked at again.",
    )
    return replace(asked, question=question_id(incident))


def denied(incident: Incident, by: str, why: str, at: datetime) -> Announcement:
    """A human said no."""
    return of_incident(
        AnnouncementKind.DENIED,
        incident,
        at,
        f"{by} said no: {why}",
        facts=[rung_words(incident), *_values(incident)],
        next_=f"Nothing was changed. {NOTHING_LOOKS_AGAIN}",
    )


def objections(decision: Decision) -> list[str]:
    """What every guard that was against it says, with its numbers."""
    return [f"{c.guard}: {c.detail}" for c in decision.checks if c.result is Result.OBJECTED]
