"""The texts of decisions that did not act, and of Firebreak's blindness. Pure text from values."""

from dataclasses import replace
from datetime import datetime, timedelta

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decision import AskApproval, Decision, Propose, Refuse
from firebreak.core.evaluation import MissingData
from firebreak.core.formats import format_time, quarter_hour
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import given_reason, mute_facts, objections, override_facts
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN, about_alarm, nothing_more
from firebreak.core.model import Alarm, RequestKind, Target
from firebreak.core.paging.paused import NEXT
from firebreak.core.people import caller, person
from firebreak.core.reasons import LASTING, MEANINGS, SHARED_BY_ALARMS, Disposition, Lasting, Reason
from firebreak.core.tags import MISSING_DATA_TAG

ANNOUNCED_ONCE = "Further refusals for this cause are counted and summed up."

IF_SILENT = (
    f"If silence is the symptom, tag the alarm {MISSING_DATA_TAG}={MissingData.SYMPTOM};"
    f" if it is normal, tag it {MISSING_DATA_TAG}={MissingData.IGNORE}."
)

COUNTED = "Further refusals are counted, and not paged until the alarm has stayed OK."

QUARTERLY = "Further unreadable events are recorded, and paged once in 15 minutes."

NOTHING_ANSWERED = "Nothing was changed. A question that was open still is, and the command can be run again."

QUIET = frozenset({Disposition.RECORD, Disposition.DEFER})


def of_decision(
    record: DecisionRecord, target: Target | None, *, of_an_incident: bool = False
) -> Announcement | None:
    """The announcement of a decision that did not act; None when its reason is only recorded."""
    quiet = record.decision.disposition in QUIET
    return None if quiet else announcement(record, target, of_an_incident=of_an_incident)


def announcement(
    record: DecisionRecord, target: Target | None, *, of_an_incident: bool = False
) -> Announcement:
    """The announcement of a decision, whatever its reason.

    The alarms of an incident are looked at by Verify, that of any other decision by its page.
    """
    decision = record.decision
    plan = decision.outcome.plan if isinstance(decision.outcome, Propose | AskApproval) else None
    deciding, sentence = decision.deciding, _sentence(decision)
    headline = f"{sentence} The plan would be: {plan.summary}" if plan else sentence
    lasting = Lasting.NO if of_an_incident else _lasting(record, target)
    key, cause = _key_of(record, target, lasting), _cause_of(decision, lasting)
    return Announcement(
        key=key,
        thread=key if cause else _thread_of(record),
        kind=_kind_of(decision),
        at=record.at,
        incident_id=record.incident_id,
        action=record.action,
        headline=headline,
        facts=(
            *objections(decision),
            *override_facts(decision.override),
            *(plan.warnings if plan else ()),
            *([f"requested by {caller(record.by, verified=record.verified)}"] if record.by else []),
            *given_reason(record.alarm),
            *mute_facts(record.alarm),
        ),
        next=_next_of(decision, lasting, record.alarm),
        by=_holder(decision),
        target=target.display if target else "",
        event=record.key,
        cause=cause,
        until=deciding.until if deciding else None,
        watches=() if of_an_incident else _watched(record.alarm),
        lasting=lasting,
        opted_in=decision.opted_in,
        **about_alarm(record.alarm),  # type: ignore[arg-type]  # the alarm's fields, listed once
    )


def _sentence(decision: Decision) -> str:
    """The reason in its own sentence; for a kill switch it names the switch and its holder."""
    deciding = decision.deciding
    return f"Paused: {deciding.detail}." if deciding and deciding.by else MEANINGS[decision.reason].sentence


def _holder(decision: Decision) -> str:
    """The holder of the kill switch that caused a refusal."""
    return decision.deciding.by if decision.deciding else ""


def _named_cause(decision: Decision) -> str:
    """The cause that the deciding check names, which many objections may have in common."""
    return decision.deciding.cause if decision.deciding else ""


def _watched(alarm: Alarm | None) -> tuple[WatchedAlarm, ...]:
    return (WatchedAlarm.of(alarm),) if alarm and not alarm.manual else ()


def _kind_of(decision: Decision) -> AnnouncementKind:
    if isinstance(decision.outcome, Propose):
        return AnnouncementKind.OBSERVED
    if isinstance(decision.outcome, AskApproval):
        return AnnouncementKind.APPROVAL
    return AnnouncementKind.REFUSED


def _lasting(record: DecisionRecord, target: Target | None) -> Lasting:
    """Whether its cause lasts beyond this event.

    A human's request is answered each time, and so is an incident's, which has its own thread.
    """
    decision = record.decision
    asked = record.kind not in (RequestKind.ALARM, RequestKind.WAKE) or bool(record.by)
    if asked or record.alarm is None or not isinstance(decision.outcome, Refuse):
        return Lasting.NO
    if _named_cause(decision):
        return Lasting.NO
    found = LASTING.get(decision.reason, Lasting.NO)
    return Lasting.ALARM if target is None and found is not Lasting.NO else found


def _key_of(record: DecisionRecord, target: Target | None, lasting: Lasting) -> str:
    """Refusals for one cause are announced once, proposals once a day (see below), the rest each time."""
    reason = record.decision.reason
    if reason is Reason.UNUSABLE_EVENT:
        return digest("unusable", record.action, quarter_hour(record.at))
    if lasting is Lasting.ALARM and reason in SHARED_BY_ALARMS:
        return digest("shared", reason.value, _shared_words(record.decision))
    if lasting is Lasting.ALARM and record.alarm:
        return digest("lasting", lasting.value, record.alarm.series)
    if lasting is not Lasting.NO and target:
        return digest("lasting", lasting.value, target.key)
    if cause := _named_cause(record.decision):
        return digest("cause", reason.value, cause)
    if reason is Reason.OBSERVE_ONLY:
        return proposal_key(record, target)
    return digest("decision", record.key)


def per_alarm(message: Announcement) -> Announcement:
    """The same in a thread of its own alarm, where alarms with the same mistake would share one."""
    if message.cause != Reason.UNKNOWN_ACTION_TAG:
        return message
    key = digest("alone", message.key, *(f"{one.name} {one.contributor}" for one in message.watches))
    return replace(message, key=key, thread=key)


def _thread_of(record: DecisionRecord) -> str:
    """The thread of the events that a function cannot read: one, as nothing in them distinguishes them.

    A request of nobody known has one of its own, so that it never stands in the place of an open question.
    """
    if record.decision.reason is Reason.CALLER_UNCONFIRMED:
        return digest("unconfirmed", record.incident_id, record.action)
    if record.decision.reason is Reason.UNUSABLE_EVENT:
        return digest("unusable", record.action)
    return ""


def _shared_words(decision: Decision) -> str:
    """The mistake that they share; empty for late events: one delay often delays all, each to another age."""
    late = decision.reason is Reason.TOO_OLD
    return "" if late or not decision.deciding else decision.deciding.detail


def proposal_key(record: DecisionRecord, target: Target | None) -> str:
    """The key of a proposal, the act that another autonomy would allow: one a target, action and day."""
    return digest("observe", target.key if target else "", record.action, f"{record.at:%Y-%m-%d}")


def _cause_of(decision: Decision, lasting: Lasting) -> str:
    """The reason, where one announcement stands for many decisions."""
    observed = decision.reason is Reason.OBSERVE_ONLY
    shared = observed or _named_cause(decision) or lasting is not Lasting.NO
    return decision.reason.value if shared else ""


def _next_of(decision: Decision, lasting: Lasting, alarm: Alarm | None) -> str:
    deciding = decision.deciding
    again = (
        f"Firebreak may act again from {format_time(deciding.until)} on. "
        if deciding and deciding.until
        else ""
    )
    once = f" {ANNOUNCED_ONCE}" if _named_cause(decision) else ""
    once = once if lasting is Lasting.NO else f" {COUNTED}"
    once = f" {QUARTERLY}" if decision.reason is Reason.UNUSABLE_EVENT else once
    if holder := _holder(decision):
        return f"{NEXT.format(holder=person(holder))}{once}"
    if decision.reason is Reason.CALLER_UNCONFIRMED:
        return NOTHING_ANSWERED
    silent = f"{IF_SILENT} " if decision.reason is Reason.NO_DATA else ""
    return f"{silent}{again}{nothing_more(alarm)}{once}"


# A fault that a sweep meets every five minutes until somebody mends it is announced once a day.
DAILY = timedelta(days=1)


def of_blindness(
    reason: Reason,
    cause: str,
    action: str,
    alarm: Alarm | None,
    at: datetime,
    *,
    every: timedelta = timedelta(minutes=15),
) -> Announcement:
    """The announcement that something Firebreak depends on is gone: once a cause within each `every`."""
    window = int(at.timestamp()) // int(every.total_seconds())
    return Announcement(
        key=digest("blind", reason.value, cause, window),
        thread=digest("blind", reason.value, cause),
        kind=AnnouncementKind.BLIND,
        at=at,
        incident_id="",
        action=action,
        headline=MEANINGS[reason].sentence,
        facts=(cause,),
        next=NOTHING_LOOKS_AGAIN,
        watches=_watched(alarm),
        **about_alarm(alarm),  # type: ignore[arg-type]  # the alarm's fields, listed once
    )
