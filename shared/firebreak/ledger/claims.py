"""The claim transaction: everything the decision read is compared, everything the act takes is written.

      observe ──────────────► decide ──► claim (one TransactWriteItems) ──► act
      versions v1..vn                    v1..vn unchanged?  switches free?  no storm?
                                         then slot in every scope, incident, rung, decision

Only so can two functions that both saw a free slot not both take it, and a kill switch thrown
in between not be overlooked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from firebreak.core.guards.table import NOT_IN_A_STORM
from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.ledger import Claim, DecisionRecord
from firebreak.core.limits.budgets import CLOCK_SKEW, is_ahead
from firebreak.core.limits.history import Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level, Scope, group_scope
from firebreak.core.messages.incident_facts import override_facts
from firebreak.core.model import Alarm, RequestKind
from firebreak.ledger.incident_items import incident_item
from firebreak.ledger.items import (
    STORM,
    Item,
    V,
    act_entry,
    decision_item,
    expires,
    key,
    number,
    scope_pk,
    stamped,
    text,
)
from firebreak.ledger.retention import REMEMBERED, USUAL, Retention
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import ConditionCheckTypeDef, PutTypeDef, TransactWriteItemTypeDef

NOT_NEWER = "(attribute_not_exists(#v) OR #v <= :v)"
ABSENT_KEY = "attribute_not_exists(pk)"
SWITCH_FREE = "attribute_not_exists(pk) OR held_until <= :free_before"
NO_STORM = "attribute_not_exists(tripped_at)"
REMEMBER = "SET last_transition = :since, #state = :state, #v = :v, expires_at = :end"
REMEMBER_VERDICT = (
    "SET acts.#slot.verdict = :verdict, acts.#slot.judged_at = :at, #version = #version + :one, #v = :v,"
    " expires_at = :end"
)
# A target's scope names its open incident; a shared dependency's names the incident that works on it.
POINTS_TO_INCIDENT = frozenset({Level.TARGET, Level.DEPENDENCY})
# A transition that earlier releases took from an event ahead of its time never happened.
NOT_SUPERSEDED = (
    f"{NOT_NEWER} AND (attribute_not_exists(last_transition) OR last_transition <= :since"
    " OR last_transition > :ahead)"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition expression with its names and values, kept together."""

    expression: str
    values: Item = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def switch_keys(action: str, scopes: Iterable[Scope]) -> list[str]:
    """The items of every switch that can stop an act: global, its action, and its groups and target."""
    return ["SWITCH#global", f"SWITCH#action#{action}", *scope_switches(scopes)]


def scope_switches(scopes: Iterable[Scope]) -> list[str]:
    """The switches over groups and targets alone."""
    places = (Level.GROUP, Level.TARGET)
    return [f"SWITCH#{scope.level.value}#{scope.key}" for scope in scopes if scope.level in places]


def claim_items(table: str, claim: Claim, retention: Retention = USUAL) -> "list[TransactWriteItemTypeDef]":
    """The transaction of a claim, in a fixed order."""
    items = [_scope_put(table, claim, scope) for scope in claim.scopes]
    free_before: Item = {":free_before": number(ms(claim.at - CLOCK_SKEW))}
    switches = switch_keys(claim.request.action, claim.scopes)
    items += [_check(table, key(pk), Condition(SWITCH_FREE, free_before)) for pk in switches]
    if claim.request.kind in NOT_IN_A_STORM:
        items += [_check(table, key(STORM), Condition(NO_STORM))]
    if claim.request.kind is RequestKind.ALARM:
        items += [transition_update(table, claim.request.alarm, claim.after.id, claim.at)]
    elif claim.request.kind is RequestKind.MANUAL:
        pass  # no alarm began it
    elif claim.before is None:
        items += [_named_by_wake(table, claim)]
    else:
        items += [_same_transition(table, claim)]
    items += [
        put_if_absent(table, decision_item(claim.record, retention)),
        put_if_absent(
            table,
            {
                **stamped(rung_pk(claim.after)),
                "claim": text(claim.after.claim_id),
                "expires_at": expires(claim.at + retention.rungs),
            },
        ),
        incident_put(table, claim.before, claim.after, retention),
        put(
            table,
            history_item(claim.after, claim.at, claimed_words(claim), retention),
        ),
    ]
    return items


def rung_pk(incident: Incident) -> str:
    """The item that lets a rung be acted on once, undone once and restored once."""
    purpose = "" if incident.purpose is Purpose.ACT else f"#{incident.purpose}"
    return f"RUNG#{incident.id}#{incident.rung}{purpose}"


def claimed_words(claim: Claim) -> str:
    """The history line of a claim."""
    after = claim.after
    what = "" if after.purpose is Purpose.ACT else f" to {after.purpose}"
    by = f", {claim.people}" if claim.people else ""
    line = f"claimed rung {after.rung + 1}{what}: {after.action}{by}"
    return "; ".join([line, *override_facts(claim.record.decision.override)])


def opened_words(record: DecisionRecord) -> str:
    """The first history line of an incident that a decision opens without an act."""
    decision = record.decision
    line = f"opened without acting: {decision.reason}"
    return "; ".join([line, *override_facts(decision.override)])


def put(table: str, item: Item, condition: Condition | None = None) -> "TransactWriteItemTypeDef":
    """A put, with a condition if there is one."""
    request: PutTypeDef = {"TableName": table, "Item": item}
    if condition:
        request["ConditionExpression"] = condition.expression
        if condition.values:
            request["ExpressionAttributeValues"] = condition.values
        if condition.names:
            request["ExpressionAttributeNames"] = condition.names
    return {"Put": request}


def put_if_absent(table: str, item: Item) -> "TransactWriteItemTypeDef":
    """A put that fails when the key is taken."""
    return put(table, item, Condition(ABSENT_KEY))


def history_item(incident: Incident, at: datetime, what: str, retention: Retention = USUAL) -> Item:
    """One line of an incident's history; its place is the version it belongs to."""
    return {
        **stamped(f"INC#{incident.id}", f"E#{incident.version:06d}"),
        "at": number(ms(at)),
        "what": text(what),
        "expires_at": expires(at + retention.incidents),
    }


def incident_put(
    table: str, before: Incident | None, after: Incident, retention: Retention = USUAL
) -> "TransactWriteItemTypeDef":
    """Writes the incident if it is still as it was read: same state, rung and version."""
    if before is None:
        return put_if_absent(table, incident_item(after, retention))
    expression = f"{NOT_NEWER} AND #version = :version AND #state = :state AND rung = :rung"
    values: Item = {
        ":v": number(V),
        ":version": number(before.version),
        ":state": text(before.state.value),
        ":rung": number(before.rung),
    }
    names = {"#v": "v", "#version": "version", "#state": "state"}
    return put(table, incident_item(after, retention), Condition(expression, values, names))


def transition_update(
    table: str, alarm: Alarm, incident_id: str | None, now: datetime
) -> "TransactWriteItemTypeDef":
    """Records the transition unless a newer one was seen, and its incident where there is one to name."""
    values: Item = {":since": number(ms(alarm.since)), ":state": text(alarm.state.value), ":v": number(V)}
    values |= {":ahead": number(ms(now + CLOCK_SKEW)), ":end": expires(now + REMEMBERED)}
    if incident_id is not None:
        values[":incident"] = text(incident_id)
    return {
        "Update": {
            "TableName": table,
            "Key": key(f"ALARM#{alarm.series}"),
            "UpdateExpression": REMEMBER if incident_id is None else f"{REMEMBER}, incident = :incident",
            "ConditionExpression": NOT_SUPERSEDED,
            "ExpressionAttributeNames": {"#state": "state", "#v": "v"},
            "ExpressionAttributeValues": values,
        }
    }


def _same_transition(table: str, claim: Claim) -> "TransactWriteItemTypeDef":
    """The check that the alarm sent no transition since it was read: an OK in between must stop a climb."""
    return _check(table, key(f"ALARM#{claim.request.alarm.series}"), _not_spoken(claim))


def _not_spoken(claim: Claim) -> Condition:
    seen = claim.seen.transition
    if not isinstance(seen, Transition):
        return Condition(ABSENT_KEY)
    return Condition("last_transition = :seen", {":seen": number(ms(seen.since))})


def _named_by_wake(table: str, claim: Claim) -> "TransactWriteItemTypeDef":
    """The same check, and the incident recorded for the alarm's OK; a newer transition seen stays."""
    seen, alarm, same = claim.seen.transition, claim.request.alarm, _not_spoken(claim)
    values: Item = {":incident": text(claim.after.id), ":v": number(V), **same.values}
    values[":end"] = expires(claim.at + REMEMBERED)
    names, update = {"#v": "v"}, "SET incident = :incident, #v = :v, expires_at = :end"
    if not isinstance(seen, Transition) or seen.since <= alarm.since or is_ahead(seen.since, claim.at):
        update, names = f"{REMEMBER}, incident = :incident", names | {"#state": "state"}
        values |= {":since": number(ms(alarm.since)), ":state": text(alarm.state.value)}
    return {
        "Update": {
            "TableName": table,
            "Key": key(f"ALARM#{alarm.series}"),
            "UpdateExpression": update,
            "ConditionExpression": f"{NOT_NEWER} AND {same.expression}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


def _check(table: str, item_key: Item, condition: Condition) -> "TransactWriteItemTypeDef":
    request: ConditionCheckTypeDef = {
        "TableName": table,
        "Key": item_key,
        "ConditionExpression": condition.expression,
    }
    if condition.values:
        request["ExpressionAttributeValues"] = condition.values
    return {"ConditionCheck": request}


def unchanged(history: ScopeHistory | None) -> Condition:
    """The condition that a scope is as it was read: the same version, or still missing."""
    if history is None:
        return Condition(ABSENT_KEY)
    values: Item = {":v": number(V), ":version": number(history.version)}
    return Condition(f"{NOT_NEWER} AND #version = :version", values, {"#v": "v", "#version": "version"})


def _scope_put(table: str, claim: Claim, scope: Scope) -> "TransactWriteItemTypeDef":
    reading = claim.seen.scopes[scope]
    history = reading if isinstance(reading, ScopeHistory) else None
    acts = {slot_name(act.incident_id, act.rung): act_entry(act) for act in claim.acts_in(history)}
    item: Item = {
        **stamped(scope_pk(scope)),
        "version": number((history.version if history else 0) + 1),
        "acts": {"M": acts},
        "expires_at": expires(claim.at + REMEMBERED),
    }
    if scope.level in POINTS_TO_INCIDENT:
        item["incident"] = text(claim.after.id)
    size = claim.group_size if scope == group_scope(claim.request.target) else None
    if size := size or (history.size if history else None):
        item |= {"size": number(size.total), "counted_at": number(ms(size.counted_at))}
    return put(table, item, unchanged(history))


def slot_name(incident_id: str, rung: int) -> str:
    """A slot's name in its scope: one a rung of an incident, for a rung is acted on at most once."""
    return f"{incident_id}:{rung}"


def verdict_update(
    table: str, scope: Scope, incident: Incident, judged: Judged
) -> "TransactWriteItemTypeDef":
    """Writes the verdict on an act into its slot; a decision made without it must look again."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(scope_pk(scope)),
            "UpdateExpression": REMEMBER_VERDICT,
            "ConditionExpression": f"{NOT_NEWER} AND attribute_exists(acts.#slot)",
            "ExpressionAttributeNames": {
                "#slot": slot_name(incident.id, incident.rung),
                "#version": "version",
                "#v": "v",
            },
            "ExpressionAttributeValues": {
                ":verdict": text(judged.verdict.value),
                ":at": number(ms(judged.at)),
                ":end": expires(judged.at + REMEMBERED),
                ":one": number(1),
                ":v": number(V),
            },
        }
    }
