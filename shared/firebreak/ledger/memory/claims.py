"""The conditions of each write to a ledger in memory, and the writes themselves.

Each condition stands for one of firebreak.ledger.claims, where DynamoDB keeps it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from firebreak.core.guards.table import NOT_IN_A_STORM
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.ledger import Claim, ClaimResult, DecisionRecord, IncidentChange
from firebreak.core.limits.budgets import CLOCK_SKEW, is_ahead
from firebreak.core.limits.history import Act, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope, group_scope, judged_in
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, RequestKind
from firebreak.errors import Conflict
from firebreak.ledger.claims import POINTS_TO_INCIDENT, claimed_words, slot_name, switch_keys
from firebreak.ledger.memory.state import (
    Held,
    kept_act,
    kept_incident,
    kept_size,
    kept_time,
    with_entries,
    with_entry,
    without_entry,
)


def claimed(claim: Claim, held: Held) -> tuple[Held, ClaimResult]:
    """The ledger with the claim in it, if everything is as it was read."""
    free = (
        scopes_unchanged(claim, held)
        and switches_free(claim, held)
        and no_storm(claim, held)
        and alarm_unchanged(claim, held)
        and claim.record.key not in held.decisions
        and rung_free(claim, held)
        and is_as_read(held, claim.before, claim.after.id)
    )
    return (_with_claim(held, claim), ClaimResult.WON) if free else (held, ClaimResult.LOST)


def scopes_unchanged(claim: Claim, held: Held) -> bool:
    """Every scope has the version that was read, or is still missing."""
    return all(
        (now.version if (now := held.scopes.get(scope)) else None)
        == (seen.version if isinstance(seen, ScopeHistory) else None)
        for scope, seen in claim.seen.scopes.items()
    )


def switches_free(claim: Claim, held: Held) -> bool:
    """No switch holds within the clock skew."""
    free_before = kept_time(claim.at - CLOCK_SKEW)
    names = (
        pk.removeprefix("SWITCH#").replace("#", " ", 1)
        for pk in switch_keys(claim.request.action, claim.scopes)
    )
    ends = (held.switches[name].held_until for name in names if name in held.switches)
    return all(end is None or end <= free_before for end in ends)


def no_storm(claim: Claim, held: Held) -> bool:
    """No storm was declared, where storms apply to this kind of request."""
    return claim.request.kind not in NOT_IN_A_STORM or held.storm is None or held.storm.tripped_at is None


def alarm_unchanged(claim: Claim, held: Held) -> bool:
    """The alarm sent no transition since: for a new alarm nothing newer, for a next rung nothing at all.

    A manual request has no alarm.
    """
    if claim.request.kind is RequestKind.MANUAL:
        return True
    if claim.request.kind is RequestKind.ALARM:
        return not_superseded(held, claim.request.alarm, claim.at)
    seen = claim.seen.transition
    now = held.transitions.get(claim.request.alarm.series)
    if not isinstance(seen, Transition):
        return now is None
    return now is not None and now.since == seen.since


def rung_free(claim: Claim, held: Held) -> bool:
    """Nobody claimed this rung before."""
    return _rung(claim.after) not in held.rungs


def not_superseded(held: Held, alarm: Alarm, now: datetime) -> bool:
    """No newer transition of the alarm was seen; one that has not happened yet is none."""
    known = held.transitions.get(alarm.series)
    return known is None or known.since <= kept_time(alarm.since) or is_ahead(known.since, kept_time(now))


def is_as_read(held: Held, before: Incident | None, incident_id: str = "") -> bool:
    """The incident has the version, state and rung that were read, or is still missing."""
    if before is None:
        return incident_id not in held.incidents
    now = held.incidents.get(before.id)
    read = (before.version, before.state, before.rung)
    return now is not None and (now.version, now.state, now.rung) == read


def _with_claim(held: Held, claim: Claim) -> Held:
    after = claim.after
    held = replace(
        held,
        scopes=with_entries(held.scopes, {scope: _with_slot(claim, scope) for scope in claim.scopes}),
        rungs=with_entry(held.rungs, _rung(after), after.claim_id),
        incidents=with_entry(held.incidents, after.id, kept_incident(after)),
    )
    if claim.before is None and claim.request.kind is not RequestKind.MANUAL:
        held = _named(held, claim.request.alarm, after.id, claim.at)
    return with_line(decided_by(held, claim.record), after, claim.at, claimed_words(claim))


def _named(held: Held, alarm: Alarm, incident_id: str, now: datetime) -> Held:
    """The ledger with the incident recorded for the alarm's OK; a newer transition that was seen stays."""
    known = held.transitions.get(alarm.series)
    if known is None or not_superseded(held, alarm, now):
        return seen_by(held, alarm, incident_id)
    named = replace(known, incident_id=incident_id)
    return replace(held, transitions=with_entry(held.transitions, alarm.series, named))


def _rung(incident: Incident) -> tuple[str, int, Purpose]:
    return incident.id, incident.rung, incident.purpose


def _with_slot(claim: Claim, scope: Scope) -> ScopeHistory:
    """The scope as it was read, with this claim's slot; acts that no limit counts any more are forgotten."""
    seen = claim.seen.scopes[scope]
    history = seen if isinstance(seen, ScopeHistory) else ScopeHistory(scope, (), 0)
    size = claim.group_size if scope == group_scope(claim.request.target) else None
    size = size or history.size
    return ScopeHistory(
        scope,
        oldest_first(map(kept_act, claim.acts_in(history))),
        history.version + 1,
        claim.after.id if scope.level in POINTS_TO_INCIDENT else "",
        kept_size(size) if size else None,
    )


def oldest_first(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Acts in the order in which a scope shows them."""
    return tuple(sorted(acts, key=lambda act: act.at))


def without_slot(claim: Claim, scope: Scope, held: Held) -> tuple[Held, None]:
    """The ledger without the claim's slot in that scope. Raises Conflict when it is not there."""
    history = held.scopes.get(scope, ScopeHistory(scope, (), 0))
    left = tuple(act for act in history.acts if not _is_of(act, claim.after))
    if len(left) == len(history.acts):
        raise Conflict("UpdateItem", "ConditionalCheckFailedException")
    after = replace(history, acts=left, version=history.version + 1)
    return replace(held, scopes=with_entry(held.scopes, scope, after)), None


def judged(held: Held, change: IncidentChange) -> Held:
    """The act's slots with its verdict; when one of them is gone, all stay as they are."""
    verdict, incident = change.judged, change.before
    scopes = judged_in(incident.target, incident.action)
    found = {scope: held.scopes[scope] for scope in scopes if scope in held.scopes}
    complete = len(found) == len(scopes)
    if not complete or not all(any(_is_of(act, incident) for act in h.acts) for h in found.values()):
        return held
    said = Judged(verdict.verdict, kept_time(verdict.at)) if verdict else None
    judged_scopes = {
        scope: replace(
            history,
            version=history.version + 1,
            acts=tuple(replace(act, judged=said) if _is_of(act, incident) else act for act in history.acts),
        )
        for scope, history in found.items()
    }
    return replace(held, scopes=with_entries(held.scopes, judged_scopes))


def _is_of(act: Act, incident: Incident) -> bool:
    """Whether the act is the incident's at its present rung."""
    return slot_name(act.incident_id, act.rung) == slot_name(incident.id, incident.rung)


def seen_by(held: Held, alarm: Alarm, incident_id: str | None) -> Held:
    """The alarm's transition remembered, with its incident where there is one to name."""
    known = held.transitions.get(alarm.series)
    named = incident_id if incident_id is not None else known.incident_id if known else ""
    transition = Transition(kept_time(alarm.since), alarm.state, named)
    return replace(held, transitions=with_entry(held.transitions, alarm.series, transition))


def decided_by(held: Held, record: DecisionRecord | None) -> Held:
    """The decision kept."""
    if record is None:
        return held
    kept = replace(record, inputs=None)  # nothing replays a decision from memory
    return replace(held, decisions=with_entry(held.decisions, record.key, kept))


def announced_by(held: Held, message: Announcement | None) -> Held:
    """The announcement kept until it reached the bus."""
    return (
        replace(held, unpublished=with_entry(held.unpublished, message.waits_as, message))
        if message
        else held
    )


def published(held: Held, waits_as: str) -> Held:
    """The ledger with the announcement, which waits no more."""
    if (message := held.unpublished.get(waits_as)) is None:
        return held
    kept = with_entry(held.published, waits_as, message)
    return replace(held, unpublished=without_entry(held.unpublished, waits_as), published=kept)


def with_line(held: Held, incident: Incident, at: datetime, what: str) -> Held:
    """One line of an incident's history; its place is the version it belongs to."""
    place = (incident.id, f"E#{incident.version:06d}")
    return replace(held, lines=with_entry(held.lines, place, (kept_time(at), what)))
