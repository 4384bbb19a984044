"""Looks after a refusal for something that ends by itself, such as a running deployment.

CloudWatch sends nothing more while the alarm stays red, so nobody else would look when it has ended. A look
is a request like any other, and names the refusal that it follows. While something of that kind is still in
the way it is put off, without an announcement; any other answer is the end of the looks:

    refusal ──15 min──► look ── in the way ──15 min──► look ... after four hours nothing looks any more
                          └── acts, or is refused: the page that promised it is updated
"""

from dataclasses import replace
from datetime import datetime, timedelta

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decision import Decision, Refuse
from firebreak.core.formats import format_date_time, format_time
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import COUNTED, announcement, of_decision
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN
from firebreak.core.messages.opt_in_notice import NOT_WANTED
from firebreak.core.model import OwnEvent, Request, RequestKind, Target
from firebreak.core.reasons import PASSING, Disposition

# Most deployments and configuration changes have ended by then.
LOOK_AGAIN_AFTER = timedelta(minutes=15)
# An obstacle that lasts longer is stuck and needs a human, who was called at the beginning.
LOOK_AGAIN_FOR = timedelta(hours=4)
MOST_LOOKS = LOOK_AGAIN_FOR // LOOK_AGAIN_AFTER
# A step of a route that falls due within this time of a look waits this long for the result of the look.
AFTER_A_LOOK = timedelta(minutes=2)
# Far above the attempts of a first request, and of the look before, so that the names of no two ever meet.
AFTER_HUMANS, EACH_LOOK = 1_000, 1_000_000

_PROMISES = frozenset({AnnouncementKind.REFUSED, AnnouncementKind.OBSERVED, AnnouncementKind.GIVEN_TO_HUMANS})


def after_refusal(request: Request, decision: Decision, thread: str, now: datetime) -> OwnEvent | None:
    """The look after the refusal of an alarm's first request; `thread` is the thread of its page."""
    woken = request.kind is RequestKind.WAKE and not request.incident_id and not request.refused
    first = (request.kind is RequestKind.ALARM or woken) and not request.by
    if not first or not _passes(decision):
        return None
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=request.action,
        incident_id="",
        rung=0,
        attempt=request.attempt + 1,
        at=now + LOOK_AGAIN_AFTER,
        alarm=request.alarm,
        refused=thread,
    )


def after_humans(incident: Incident, decision: Decision, now: datetime) -> OwnEvent | None:
    """The look after an incident was given to humans: a first request for the action that was refused."""
    if incident.purpose is not Purpose.ACT or not _passes(decision):
        return None
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=incident.action,
        incident_id="",
        rung=0,
        attempt=AFTER_HUMANS + incident.rung,
        at=now + LOOK_AGAIN_AFTER,
        alarm=incident.alarm,
        refused=incident.id,
    )


def after_look(request: Request, decision: Decision, now: datetime) -> OwnEvent | None:
    """The next look, where one finds that something is still in the way; None after the last of them.

    It keeps to the times that the page promised, unless those have passed.
    """
    if not request.refused or not _passes(decision) or request.attempt >= (MOST_LOOKS - 1) * EACH_LOOK:
        return None
    at = request.at + LOOK_AGAIN_AFTER
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=request.action,
        incident_id="",
        rung=0,
        attempt=request.attempt + EACH_LOOK,
        at=at if at > now else now + LOOK_AGAIN_AFTER,
        alarm=request.alarm,
        refused=request.refused,
    )


def with_look(
    message: Announcement | None, request: Request, decision: Decision, now: datetime
) -> tuple[Announcement | None, OwnEvent | None]:
    """The announcement of a decision, and the look that follows it; one that is put off is not announced."""
    if again := after_look(request, decision, now):
        return None, again
    again = after_refusal(request, decision, message.key, now) if message else None
    return (promised(message, again, COUNTED) if message and again else message), again


def promised(message: Announcement, again: OwnEvent, also: str) -> Announcement:
    """The announcement of a refusal with the looks that follow it; `also` is what else comes next."""
    return replace(message, next=f"{_words(again.at)} {also}", looks_at=again.at)


def next_of(message: Announcement, now: datetime) -> str:
    """The next step as of now: a look whose time has passed is no longer promised."""
    if message.looks_at is None or now < message.looks_at or message.kind not in _PROMISES:
        return message.next
    since, until = format_date_time(message.looks_at, now), format_date_time(_last(message.looks_at), now)
    if now < _last(message.looks_at) + AFTER_A_LOOK:
        return f"A look was due at {since}; Firebreak looks every 15 minutes until {until} {_MEANWHILE}."
    return f"Looks were due from {since} until {until}, and Firebreak does not look again."


def after_due_look(looks_at: datetime | None, step_at: datetime) -> datetime:
    """When a step of a route comes: after the look that falls due with it, if one does."""
    if looks_at is None:
        return step_at
    nth = max(0, min(MOST_LOOKS - 1, round((step_at - looks_at) / LOOK_AGAIN_AFTER)))
    look = looks_at + nth * LOOK_AGAIN_AFTER
    return look + AFTER_A_LOOK if abs(step_at - look) <= AFTER_A_LOOK else step_at


def refused_look(record: DecisionRecord, target: Target | None, refused: str) -> Announcement | None:
    """The announcement of a look that is refused for good; `refused` is the page that promised it.

    A pause or a freeze gathers what it holds back on a page of its own, as for every other request.
    """
    if record.decision.disposition is Disposition.DIGEST:
        return of_decision(record, target)
    of = announcement if record.decision.reason in NOT_WANTED else of_decision
    message = of(record, target, of_an_incident=True)
    if message is None or not isinstance(record.decision.outcome, Refuse):
        return message
    hours = LOOK_AGAIN_FOR // timedelta(hours=1)
    over = f"Firebreak has looked for {hours} hours, and does not look again. {NOTHING_LOOKS_AGAIN}"
    return replace(
        message,
        thread=refused,
        counted_as=refused,
        kind=AnnouncementKind.LOOKED_AGAIN,
        headline=f"Firebreak looked again and does not act. {message.headline}",
        next=over if _passes(record.decision) else message.next,
        cause="",
        watches=(WatchedAlarm.of(record.alarm),) if record.alarm else (),
    )


def of_its_page(message: Announcement | None, refused: str) -> Announcement | None:
    """The result of a look, as a part of the page that promised it: an incident's, or a cause's."""
    return replace(message, thread=refused, counted_as=refused) if message and refused else message


def is_of_a_cause(message: Announcement) -> bool:
    """Whether the page that promised the look is that of a cause, whose thread its digest names."""
    return bool(message.counted_as) and not message.counted_as.startswith("i-")


def without_its_page(message: Announcement) -> Announcement:
    """The result of a look whose page is no longer known: a refusal, or an act, like any other."""
    kind = AnnouncementKind.REFUSED if message.kind is AnnouncementKind.LOOKED_AGAIN else message.kind
    return replace(message, kind=kind, thread="", counted_as="")


def _words(first: datetime) -> str:
    until = format_time(_last(first))
    return (
        f"Firebreak looks again at {format_time(first)} if the alarm is still red,"
        f" and every 15 minutes until {until} {_MEANWHILE}."
    )


_MEANWHILE = "while this is still in the way"


def _last(first: datetime) -> datetime:
    return first + (MOST_LOOKS - 1) * LOOK_AGAIN_AFTER


def _passes(decision: Decision) -> bool:
    return isinstance(decision.outcome, Refuse) and decision.reason in PASSING
