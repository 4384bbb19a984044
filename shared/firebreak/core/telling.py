"""What is said of each change: headline, numbers, and what happens next. Pure text from values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.budgets import spell
from firebreak.core.decision import AskApproval, Decision, Propose, Result
from firebreak.core.guards import clock
from firebreak.core.incident import Incident
from firebreak.core.ledger import DecisionRecord, digest
from firebreak.core.model import Alarm, Target
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.storm import RedAlarm, Storm, StormRules, fullest_window

TOLD_ONCE = "Further refusals for this cause are recorded, not paged: firebreak incidents."

# A page of more lines is not read at 3 a.m.; SNS itself would carry 256 KB.
MOST_LISTED = 30

NOTHING_LOOKS_AGAIN = (
    "Nothing will look at this again by itself: the alarm says nothing more while it stays red."
)


def _about_alarm(alarm: Alarm | None) -> dict[str, object]:
    if alarm is None:
        return {}
    return {
        "alarm_name": alarm.name,
        "alarm_since": alarm.since,
        "alarm_description": alarm.description,
        "account": alarm.account,
        "region": alarm.region,
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
    about = _about_alarm(incident.alarm)
    return Announcement(
        key=digest(incident.id, kind.value, incident.rung),
        kind=kind,
        at=at,
        incident_id=incident.id,
        action=incident.action,
        headline=headline,
        facts=tuple(facts),
        next=next_,
        target=incident.target.display,
        rung=incident.rung,
        **about,  # type: ignore[arg-type]  # the five alarm fields, spelled once
    )


def rung_words(incident: Incident) -> str:
    """The position on the ladder, as people count."""
    acting = [rung for rung in incident.ladder if rung != PAGE_RUNG]
    return f"rung {incident.rung + 1} of {len(acting)} ({' -> '.join(incident.ladder)})"


def acted(incident: Incident, at: datetime, policy_hash: str) -> Announcement:
    """The action was sent and AWS took it."""
    plan, receipt = incident.plan, incident.receipt
    planned = [f"plan: {plan.summary}", *plan.warnings] if plan else []
    facts = [*_position(incident), *planned, *_values(incident), f"policy {policy_hash}"]
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
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


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
    return of_incident(
        AnnouncementKind.NOT_EXECUTED,
        incident,
        at,
        f"Nothing was changed by this rung; it could not be carried out: {summary}",
        facts=[why, rung_words(incident)],
        next_=NOTHING_LOOKS_AGAIN,
    )


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
            *_values(incident),
        ],
        next_=f"Firebreak stops here. {NOTHING_LOOKS_AGAIN}",
    )


def recovered(incident: Incident, at: datetime, why: str) -> Announcement:
    """The trouble is over."""
    return of_incident(
        AnnouncementKind.RECOVERED,
        incident,
        at,
        why,
        facts=[rung_words(incident), *_values(incident)],
        next_="Nothing more happens; the incident is closed.",
    )


def expired(incident: Incident, at: datetime, why: str) -> Announcement:
    """The incident is closed for its age, not because it is known to be over."""
    return of_incident(
        AnnouncementKind.EXPIRED,
        incident,
        at,
        f"Firebreak stops watching this incident: {why}",
        facts=[rung_words(incident), *_values(incident)],
        next_=NOTHING_LOOKS_AGAIN,
    )


_QUIET = frozenset({Disposition.RECORD, Disposition.DEFER})


def of_decision(record: DecisionRecord, target: Target | None) -> Announcement | None:
    """What is told of a decision that did not act; None when its reason is only recorded."""
    decision = record.decision
    if decision.disposition in _QUIET:
        return None
    plan = decision.outcome.plan if isinstance(decision.outcome, Propose | AskApproval) else None
    sentence = MEANINGS[decision.reason].sentence
    headline = f"{sentence} It would have: {plan.summary}" if plan else sentence
    return Announcement(
        key=_key_of(record, target),
        kind=_kind_of(decision),
        at=record.at,
        incident_id=record.incident_id,
        action=record.action,
        headline=headline,
        facts=(
            *_objections(decision),
            *(plan.warnings if plan else ()),
            f"policy {decision.policy_hash or '-'}",
        ),
        next=_next_of(decision),
        target=target.display if target else "",
        event=record.key,
        **_about_alarm(record.alarm),  # type: ignore[arg-type]  # the five alarm fields, spelled once
    )


def _kind_of(decision: Decision) -> AnnouncementKind:
    if isinstance(decision.outcome, Propose):
        return AnnouncementKind.OBSERVED
    if isinstance(decision.outcome, AskApproval):
        return AnnouncementKind.APPROVAL
    return AnnouncementKind.REFUSED


def _key_of(record: DecisionRecord, target: Target | None) -> str:
    """Refusals for one cause are told once, proposals once a target and day; the rest each time."""
    deciding = record.decision.deciding
    if deciding and deciding.cause:
        return digest("cause", record.decision.reason.value, deciding.cause)
    if record.decision.reason is Reason.OBSERVE_ONLY:
        return digest("observe", target.key if target else "", record.action, f"{record.at:%Y-%m-%d}")
    return digest("decision", record.key)


def _objections(decision: Decision) -> list[str]:
    return [f"{c.guard}: {c.detail}" for c in decision.checks if c.result is Result.OBJECTED]


def _next_of(decision: Decision) -> str:
    deciding = decision.deciding
    again = f"It could act again from {clock(deciding.until)} on. " if deciding and deciding.until else ""
    once = f" {TOLD_ONCE}" if deciding and deciding.cause else ""
    return f"{again}{NOTHING_LOOKS_AGAIN}{once}"


def of_blindness(reason: Reason, cause: str, action: str, alarm: Alarm | None, at: datetime) -> Announcement:
    """Something Firebreak cannot do without is gone; told once a cause and quarter of an hour."""
    window = int(at.timestamp()) // 900
    return Announcement(
        key=digest("blind", reason.value, cause, window),
        kind=AnnouncementKind.BLIND,
        at=at,
        incident_id="",
        action=action,
        headline=MEANINGS[reason].sentence,
        facts=(cause,),
        next=NOTHING_LOOKS_AGAIN,
        **_about_alarm(alarm),  # type: ignore[arg-type]  # the five alarm fields, spelled once
    )


def storm_began(storm: Storm, rules: StormRules, at: datetime) -> Announcement:
    """Firebreak stops acting: so many alarms have one cause."""
    red = fullest_window(storm, rules, at)
    return Announcement(
        key=digest("storm began", at.isoformat()),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action="",
        headline=f"{len(red)} routed alarms turned red within {spell(rules.within)}: Firebreak stops acting.",
        facts=tuple(_red_lines(red)),
        next=_when_it_ends(rules),
    )


def _when_it_ends(rules: StormRules) -> str:
    return (
        f"It acts again {spell(rules.quiet)} after the last one turned red, once fewer than {rules.alarms}"
        " are, and tells you then. What is red by then is not acted on by itself."
    )


def storm_goes_on(
    storm: Storm, red: Sequence[RedAlarm], rules: StormRules, since: datetime, at: datetime
) -> Announcement:
    """Firebreak has not acted on anything since then; told alike within each full hour."""
    hours = (at - since) // timedelta(hours=1)
    return Announcement(
        key=digest("storm goes on", since.isoformat(), hours),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action="",
        headline=f"The storm that began at {clock(since)} goes on: nothing has been acted on for {hours} h.",
        facts=(f"red now: {len(red)} of the {len(storm.red)} that were counted", *_red_lines(red)),
        next=_when_it_ends(rules),
    )


def storm_ended(storm: Storm, red: Sequence[RedAlarm], at: datetime) -> Announcement:
    """Firebreak acts again on what turns red from now on."""
    since = f" since {clock(storm.tripped_at)}" if storm.tripped_at else ""
    left = f"still red: {len(red)} of the {len(storm.red)} that were counted"
    return Announcement(
        key=digest("storm ended", storm.version),
        kind=AnnouncementKind.STORM_OVER,
        at=at,
        incident_id="",
        action="",
        headline=f"The storm{since} is over: Firebreak acts again on what turns red from now on.",
        facts=(left, *_red_lines(red)),
        next=NOTHING_LOOKS_AGAIN if red else "",
    )


def _red_lines(red: Sequence[RedAlarm]) -> list[str]:
    lines = [f"{one.name}{' ' + one.contributor if one.contributor else ''}" for one in red[:MOST_LISTED]]
    more = len(red) - MOST_LISTED
    return [*lines, f"and {more} more"] if more > 0 else lines
