"""The rows of the lifecycle for a verdict: its step makes the move, and the act's slots remember it."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.incident import transitions
from firebreak.core.incident.events import Judged
from firebreak.core.incident.moved import Moved, climbing, left_as_it_is, move, to_humans
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import (
    Climb,
    Close,
    GiveToHumans,
    Hold,
    Keep,
    LookAgain,
    Rest,
    TakeBack,
    for_humans,
    judged_as,
    left_behind,
)
from firebreak.core.messages import incident_messages, reversal_messages
from firebreak.core.model import Verdict


def after_verdict(incident: Incident, event: Judged) -> Moved:
    """The step after a verdict; the verdict that the act's slots remember goes with the step."""
    moved = _after_step(incident, event)
    waits = isinstance(event.step, LookAgain | Hold | Keep)
    judged = None if waits else judged_as(incident, event.judgement, event.evidence)
    return replace(moved, change=replace(moved.change, judged=judged))


def _after_step(incident: Incident, event: Judged) -> Moved:
    why, now, step = event.judgement.why, event.evidence.now, event.step
    match step:
        case LookAgain(at):
            blind = incident.blind_looks + 1 if event.judgement.verdict is Verdict.UNKNOWN else 0
            after = transitions.look_again(incident, IncidentState.VERIFYING, at)
            return replace(move(incident, replace(after, blind_looks=blind), now, why), wake_at=at)
        case Hold(until, since):
            after = transitions.look_again(incident, IncidentState.HOLDING, until)
            holding = replace(after, healthy_since=since, blind_looks=0)
            return replace(move(incident, holding, now, f"holding: {why}"), wake_at=until)
        case Rest(at, since, back_at):
            return _resting(incident, event, at=at, since=since, back_at=back_at)
        case Keep(detail):
            return left_as_it_is(incident, now, detail)
        case TakeBack(purpose):
            back = transitions.taking_back(incident, purpose, now + CLIMB_TIMEOUT, why)
            harm = reversal_messages.made_worse(back, now, why) if purpose is Purpose.UNDO else None
            moved = move(incident, back, now, f"to {purpose}: {why}", harm)
            return replace(moved, request=request_of(back, now))
        case Close():
            closed = transitions.over(incident, IncidentState.CLOSED, why)
            # That it was over was announced when the temporary change came to rest.
            announced = incident.purpose is Purpose.RESTORE
            message = None if announced else incident_messages.recovered(closed, now, why)
            return move(incident, closed, now, f"closed: {why}", message)
        case Climb(rung):
            note = f"{why}{left_behind(incident, event.evidence)}"
            return climbing(incident, now, rung, note, f"climbing to rung {rung + 1}: {why}")
        case GiveToHumans():
            said = for_humans(incident, event.judgement, event.evidence)
            first = event.evidence.first_state
            return to_humans(incident, now, note=why, said=said, line=why, state=first)


def _resting(incident: Incident, event: Judged, *, at: datetime, since: datetime, back_at: datetime) -> Moved:
    """The first time, the recovery is announced; later looks at a resting incident announce nothing."""
    why, now = event.judgement.why, event.evidence.now
    resting = replace(transitions.look_again(incident, IncidentState.RESTING, at), healthy_since=since)
    message = None
    if judged_as(incident, event.judgement, event.evidence):
        message = incident_messages.recovered_for_now(resting, now, why, back_at)
    return replace(move(incident, resting, now, f"resting: {why}", message), wake_at=at)
