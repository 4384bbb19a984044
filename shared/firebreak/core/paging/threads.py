"""A thread: all pages of one trouble, who was notified, who is next, and whether it is acknowledged.

    trigger ──► open ──time──► open, one step further up the route ... until
                 ├─ acknowledged      a human acknowledged it: nobody further up is called
                 ├─ informed          Firebreak is at work on it: likewise, until it asks again
                 └─ resolved          all who were notified get the end too; a new trigger starts again
    outside the hours of its route a page is held, and sent when they open

Pure: the input is an announcement or the time, with the route of the severity; the output is the
thread as it is then, and what to send on which channels.
"""

# long because: every move of a thread is read together with the others, which it must agree with

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.incident.rechecks import after_due_look
from firebreak.core.keys import digest
from firebreak.core.limits.budgets import format_duration
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.opt_in_notice import is_notice
from firebreak.core.paging.page import Phase, Severity, worse
from firebreak.core.paging.paused import holder_of
from firebreak.core.paging.rules import Route, Step, opens_at

_K = AnnouncementKind

# A human must come. Every other kind is sent to those who know of the thread.
TRIGGERS = frozenset(
    {
        _K.GIVEN_TO_HUMANS,
        _K.NOT_EXECUTED,
        _K.EXPIRED,
        _K.REFUSED,
        _K.APPROVAL,
        _K.UNDOING,
        _K.BLIND,
        _K.CRASHED,
        _K.STORM,
        _K.HOLD_OVER,
        _K.HELD_BACK,
        _K.LOOKED_AGAIN,
    }
)
RESOLVES = frozenset({_K.RECOVERED, _K.STORM_OVER})
# The human who acknowledged the trouble before may be gone when these come.
CALLS_AGAIN = frozenset({_K.HOLD_OVER, _K.STORM_OVER})

# Firebreak, or a human who answered, is at work: nobody is called meanwhile.
AT_WORK = frozenset({_K.ACTED, _K.DENIED})

# For these only the thread itself looks whether the alarm turned OK.
UNWATCHED = frozenset({_K.REFUSED, _K.BLIND, _K.CRASHED, _K.EXPIRED})

# A step that falls due within this time of a call goes with it: nobody gets two pages at one moment.
SAME_MOMENT = timedelta(minutes=1)
# A question that nobody answered ends by itself; its end calls, so a step waits this long for it.
AFTER_A_QUESTION = timedelta(minutes=2)

# How often such an alarm is looked at, and for how long before its page is left to humans.
LOOK_EVERY = timedelta(minutes=5)
LOOK_FOR = timedelta(days=1)


OUTSIDE_HOURS = "outside the hours of its severity"

# An incident's name, or the key of the announcement.
THREAD_ID = re.compile(r"i-[0-9a-f]{10}|[0-9a-f]{32}")
# The same with the call that is acknowledged.
CALL_ID = re.compile(r"(i-[0-9a-f]{10}|[0-9a-f]{32})\.([0-9a-f]{6})")


class ThreadState(StrEnum):
    """Where a thread stands, in one word for humans."""

    HELD = "held"
    INFORMED = "informed"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All pages of one trouble.

    `calls` says that a human must come, `over` that it is resolved. `notified` holds the channels that were
    notified, with the answer of each; `call` names the announcement that last called a human (empty where an
    older release wrote it, and where the trouble was over before anybody was called); `steps` counts the
    steps of the route that were notified, the first of them at `since`. `latest` is the last announcement,
    `waiting` how many announcements are held. `next_at` is the time of the next step, `due_at` when
    somebody has to look at the thread again.
    `held_back` are the channels that did not carry the call, because their ceiling was reached. `answered_by`
    is the human who had acknowledged the trouble when it was over, for those who look back at it.
    """

    id: str
    severity: Severity
    opened_at: datetime
    latest: Announcement
    calls: bool = False
    call: str = ""
    over: bool = False
    acknowledged_by: str = ""
    waiting: int = 0
    notified: Mapping[str, str] = field(default_factory=dict)
    steps: int = 0
    since: datetime | None = None
    next_at: datetime | None = None
    due_at: datetime | None = None
    version: int = 0
    held_back: tuple[str, ...] = ()
    answered_by: str = ""

    @property
    def call_id(self) -> str:
        """The id that an acknowledgement names: the thread, and the call that its page was about."""
        return f"{self.id}.{self.call}" if self.call else self.id

    @property
    def state(self) -> ThreadState:
        """The state of the thread."""
        if self.waiting:
            return ThreadState.HELD
        if self.over:
            return ThreadState.RESOLVED
        if self.acknowledged_by:
            return ThreadState.ACKNOWLEDGED
        return ThreadState.OPEN if self.calls else ThreadState.INFORMED


@dataclass(frozen=True, slots=True)
class Sending:
    """One announcement to be sent on some channels; `note` says why to these, and why now."""

    message: Announcement
    phase: Phase
    channels: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """The announcement to send, if any, and the thread as it is once that was sent."""

    thread: Thread
    sending: Sending | None = None


def thread_id(message: Announcement) -> str:
    """The thread an announcement belongs to: that of its incident, unless it names another."""
    return message.thread or message.incident_id or message.key


def phase_of(message: Announcement) -> Phase:
    """The effect of an announcement on its thread.

    An end that leaves alarms red calls a human all the same. An end that leaves alarms that are not known to
    be OK does not end the thread: those who know of it are notified, and the thread stays as it is.
    """
    if message.kind in CALLS_AGAIN and not message.retry and (message.watches or message.unwatched):
        return Phase.UPDATE
    if message.kind in TRIGGERS or (message.kind is _K.STORM_OVER and message.retry):
        return Phase.TRIGGER
    if message.kind in RESOLVES:
        return Phase.RESOLVE
    return Phase.ACKNOWLEDGE if message.kind is _K.ACKNOWLEDGED else Phase.UPDATE


def asks_again(thread: Thread, message: Announcement) -> bool:
    """Whether an announced trouble needs a human after all: Firebreak was at work on it in between."""
    idle = not (thread.calls or thread.over or thread.waiting)
    return idle and phase_of(message) is Phase.TRIGGER and message.at > thread.latest.at


def receive(
    before: Thread | None, message: Announcement, severity: Severity, route: Route, now: datetime
) -> Turn:
    """The turn after an announcement: it is sent at once, or held until the hours of its route open.

    An acknowledgement, or a digest during a held call, does not replace the latest announcement.
    """
    thread = before or Thread(id=thread_id(message), severity=severity, opened_at=now, latest=message)
    if message.kind is _K.STORM and thread.latest.kind is not _K.STORM and thread.latest.at > message.at:
        # It was on its way when the storm ended: its recipients have been notified of that end.
        return Turn(thread)
    if thread.over and thread.latest.at > message.at and phase_of(message) is Phase.TRIGGER:
        # It was on its way when the trouble ended: news, and no new beginning.
        return Turn(
            thread, Sending(message, Phase.UPDATE, tuple(thread.notified)) if thread.notified else None
        )
    aside = message.kind is _K.ACKNOWLEDGED or (message.kind is _K.DIGEST and thread.calls and thread.waiting)
    thread = thread if aside else replace(thread, latest=message)
    if message.kind in CALLS_AGAIN and phase_of(message) is Phase.TRIGGER:
        thread = replace(thread, acknowledged_by="", steps=0)
    match phase_of(message):
        case Phase.TRIGGER if message.kind is _K.LOOKED_AGAIN and thread.calls:
            # Those to whom the look was promised were called with the promise.
            return _updated(thread, message, route, now)
        case Phase.TRIGGER:
            return _called(_asked_for(thread, severity, now), route, now)
        case Phase.UPDATE:
            return _updated(_at_work(thread) if message.kind in AT_WORK else thread, message, route, now)
        case Phase.ACKNOWLEDGE:
            return _acknowledged(thread, message, route, now)
        case Phase.RESOLVE:
            unheard = before is not None and _is_held(before)
            if unheard and before and is_notice(before.latest):  # the next transition must call
                return Turn(replace(_over(thread), call="", waiting=0, due_at=None))
            return _resolved(thread, route, now, unheard=unheard)
        case never:
            assert_never(never)


def come_due(thread: Thread, route: Route, now: datetime) -> Turn:
    """The turn when time passes: a held page is sent when the hours open, the next step when it is due."""
    if thread.steps >= len(route.steps):
        # The route has become shorter, or a worse severity has a shorter one: no step stays due for ever.
        thread = replace(thread, next_at=None)
    if (ends := _end_of_question(thread)) and now < ends:
        return Turn(replace(thread, due_at=ends))
    climbs = thread.next_at and thread.next_at <= now
    if not (thread.waiting or climbs):
        return Turn(replace(thread, due_at=_due(thread, now)))
    if opens := opens_at(route, now):
        return Turn(replace(thread, due_at=opens))
    return _opened(thread, route, now) if thread.waiting else _climbed(thread, route, now)


def climbs_later(thread: Thread, now: datetime) -> Turn:
    """The turn without a further step while all alarms are OK; whether they stay OK is looked at soon."""
    later = now + LOOK_EVERY
    return Turn(replace(thread, next_at=later, due_at=later))


def _end_of_question(thread: Thread) -> datetime | None:
    """When to stop waiting for the end of an unanswered question, where the next step falls due with it."""
    latest, step_at = thread.latest, thread.next_at
    if thread.waiting or latest.kind is not _K.APPROVAL or not (latest.until and step_at):
        return None
    together = abs(step_at - latest.until) <= SAME_MOMENT
    return latest.until + AFTER_A_QUESTION if together else None


def _asked_for(thread: Thread, severity: Severity, now: datetime) -> Thread:
    """A thread with a call: one that is over or never called starts again; else the worse severity counts."""
    if not (thread.calls or thread.waiting):
        thread = replace(thread, severity=severity, opened_at=now if thread.over else thread.opened_at)
    acknowledged = ("" if thread.over else thread.acknowledged_by) or holder_of(thread.latest)
    return replace(
        thread,
        severity=worse(thread.severity, severity),
        calls=True,
        call=digest("call", thread.latest.key)[:6],
        over=False,
        acknowledged_by=acknowledged,
        answered_by="" if thread.over else thread.answered_by,
    )


def _at_work(thread: Thread) -> Thread:
    return replace(thread, calls=False, next_at=None, due_at=None, steps=0, since=None)


def _held(thread: Thread, opens: datetime) -> Turn:
    return Turn(replace(thread, waiting=thread.waiting + 1, due_at=_first(opens, thread.due_at)))


def _called(thread: Thread, route: Route, now: datetime, note: str = "") -> Turn:
    """The turn of a call: to the first step and all who know of it; a running clock of the steps runs on."""
    if not note and not thread.latest.at_any_hour and (opens := opens_at(route, now)):
        return _held(thread, opens)
    who, after = _known(thread, route), replace(thread, waiting=0)
    holder = holder_of(thread.latest)
    if thread.acknowledged_by and thread.acknowledged_by != holder:
        return Turn(replace(after, due_at=_due(after, now)), Sending(thread.latest, Phase.UPDATE, who, note))
    if holder:
        # The holder counts as having acknowledged it: the first step is notified, and nobody further up.
        after = replace(after, since=after.since or now, steps=max(after.steps, 1), next_at=None)
    elif not thread.steps:
        after = replace(after, since=now, steps=1, next_at=_next(thread, route, 1, now))
    elif thread.next_at and thread.next_at <= now + SAME_MOMENT and thread.steps < len(route.steps):
        return _climbed(after, route, now, also=who)
    return Turn(replace(after, due_at=_due(after, now)), Sending(thread.latest, Phase.TRIGGER, who, note))


def _updated(thread: Thread, message: Announcement, route: Route, now: datetime) -> Turn:
    opens = opens_at(route, now)
    if opens and not message.at_any_hour:
        return _held(thread, opens)
    if thread.waiting and not opens:
        # The hours have just opened: the held page may be a call, and nobody has been notified of it.
        return _opened(replace(thread, waiting=thread.waiting + 1), route, now)
    # A page that is held stays so where this one alone cannot wait.
    due = _first(opens if thread.waiting else None, _due(thread, now))
    return Turn(replace(thread, due_at=due), Sending(message, Phase.UPDATE, _known(thread, route)))


def _acknowledged(thread: Thread, message: Announcement, route: Route, now: datetime) -> Turn:
    """An acknowledgement: sent at any hour to all who were notified; a held page is still sent later."""
    after, opens = replace(thread, acknowledged_by=message.by, next_at=None), thread.due_at
    after = replace(after, due_at=_first(opens if thread.waiting else None, _due(after, now)))
    who = _informed(thread, route)
    return Turn(after, Sending(message, Phase.ACKNOWLEDGE, who) if who else None)


def _is_held(thread: Thread) -> bool:
    """Whether its call waits, and nobody was notified of this trouble yet."""
    return bool(thread.calls and thread.waiting and not thread.since)


def _over(thread: Thread) -> Thread:
    return replace(
        thread,
        over=True,
        calls=False,
        acknowledged_by="",
        answered_by=thread.acknowledged_by or thread.answered_by,
        next_at=None,
        steps=0,
        since=None,
    )


def _resolved(thread: Thread, route: Route, now: datetime, *, unheard: bool) -> Turn:
    """The end: for all who were notified, at any hour; else for the first step of the route, in its hours.

    Where nobody was notified (`unheard`) the end is news, and resolves no page.
    """
    over, informed = _over(thread), () if unheard else _informed(thread, route)
    if not informed and (opens := opens_at(route, now)):
        return _held(over, opens)
    channels = informed or route.steps[0].channels
    phase = Phase.UPDATE if thread.waiting and not informed else Phase.RESOLVE
    return Turn(replace(over, waiting=0, due_at=None), Sending(thread.latest, phase, channels))


def _opened(thread: Thread, route: Route, now: datetime) -> Turn:
    """The turn when the hours open: the newest held announcement, with the number of those before it."""
    others = f", and {thread.waiting - 1} before it" if thread.waiting > 1 else ""
    full = f"the ceiling of {', '.join(thread.held_back)} was reached" if thread.held_back else ""
    note = f"held since {thread.opened_at:%Y-%m-%d %H:%M:%S}Z{others}: {full or OUTSIDE_HOURS}"
    if thread.calls:
        return _called(thread, route, now, note)
    after = replace(thread, waiting=0, due_at=None)
    return Turn(after, Sending(thread.latest, Phase.UPDATE, _known(thread, route), note))


def _climbed(thread: Thread, route: Route, now: datetime, also: Iterable[str] = ()) -> Turn:
    """The turn when nobody acknowledged in time: the next step, and the channels `also`, called anyway."""
    step, since = route.steps[thread.steps], thread.since or thread.opened_at
    note = (
        f"not acknowledged for {format_duration(_rounded(now - since))}:"
        f" paged {_whom(route.steps[: thread.steps])}, now {step.who}"
    )
    steps = thread.steps + 1
    after = replace(thread, steps=steps, next_at=_next(thread, route, steps, now))
    channels = tuple(dict.fromkeys((*also, *step.channels)))
    return Turn(
        replace(after, due_at=_due(after, now)), Sending(thread.latest, Phase.TRIGGER, channels, note)
    )


def _informed(thread: Thread, route: Route) -> tuple[str, ...]:
    """The channels that were notified, and those of a step whose answer was lost: it may have arrived."""
    of_steps = (channel for step in route.steps[: thread.steps] for channel in step.channels)
    return tuple(dict.fromkeys((*thread.notified, *of_steps)))


def _known(thread: Thread, route: Route) -> tuple[str, ...]:
    """The channels of the route's first step, and those that were notified already."""
    return tuple(dict.fromkeys((*route.steps[0].channels, *thread.notified)))


def _next(thread: Thread, route: Route, steps: int, announced_at: datetime) -> datetime | None:
    """When the step after so many comes: as long after the last as the route says, however late that was.

    A look that may end it, and falls due with it, comes first.
    """
    if steps >= len(route.steps):
        return None
    step_at = announced_at + route.steps[steps].after - route.steps[steps - 1].after
    return after_due_look(thread.latest.looks_at, step_at)


def _due(thread: Thread, now: datetime) -> datetime | None:
    return _first(thread.next_at, now + LOOK_EVERY if looks(thread, now) else None)


def looks(thread: Thread, now: datetime) -> bool:
    """Whether the thread itself has to look if its alarms are OK; before it is sent, at any age."""
    return bool(thread.calls and watched(thread) and not _is_old(thread, now))


def gives_up(thread: Thread, now: datetime) -> bool:
    """Whether the thread has looked at its alarms for long enough, and not all of them became OK."""
    return bool(thread.calls and watched(thread) and _is_old(thread, now))


def _is_old(thread: Thread, now: datetime) -> bool:
    return not thread.waiting and now - (thread.since or thread.opened_at) >= LOOK_FOR


def watched(thread: Thread) -> tuple[WatchedAlarm, ...]:
    """The alarms that only the thread looks at; those of a cause belong to its digest."""
    latest = thread.latest
    if latest.cause or latest.unwatched or latest.kind not in UNWATCHED | CALLS_AGAIN:
        return ()
    if latest.watches:
        return latest.watches
    # The release before named no alarms to be watched.
    names = latest.retry or (
        (latest.alarm_name,) if latest.alarm_name and not _of_an_incident(latest) else ()
    )
    return tuple(WatchedAlarm(name) for name in names)


def _of_an_incident(message: Announcement) -> bool:
    """Whether Verify looks at the alarms; a decision that opened no incident has an id made of its key."""
    return bool(message.incident_id) and message.incident_id != f"i-{message.event[:10]}"


def _first(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at), default=None)


def _whom(steps: Iterable[Step]) -> str:
    return ", then ".join(step.who for step in steps)


def _rounded(span: timedelta) -> timedelta:
    """Whole minutes of it, or whole seconds where it is shorter than one."""
    unit = timedelta(minutes=1) if span >= timedelta(minutes=1) else timedelta(seconds=1)
    return span // unit * unit
