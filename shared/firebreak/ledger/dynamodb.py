"""The ledger in DynamoDB: one table, strongly consistent reads, conditional writes."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.incident.states import Incident
from firebreak.core.incident.transitions import joined
from firebreak.core.ledger import (
    Claim,
    ClaimResult,
    DecisionRecord,
    HistoryLine,
    IncidentChange,
    LedgerView,
    delivery_key,
)
from firebreak.core.limits.history import ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope, judged_in, target_scope
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, OwnEvent, Request
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.watchdog import Overdue
from firebreak.errors import (
    AwsError,
    Conflict,
    OutcomeUnknown,
    Unavailable,
)
from firebreak.ledger.claims import (
    claim_items,
    history_item,
    incident_put,
    opened_words,
    put,
    put_if_absent,
    scope_switches,
    slot_name,
    switch_keys,
    transition_update,
    unchanged,
    verdict_update,
)
from firebreak.ledger.incident_items import read_incident
from firebreak.ledger.items import (
    META,
    RED,
    SINGLE,
    STORM,
    DamagedItem,
    Fields,
    Item,
    decision_item,
    expires,
    key,
    number,
    read_decided,
    read_scope,
    read_transition,
    scope_pk,
    stamped,
    text,
)
from firebreak.ledger.outbox_items import (
    outbox_item,
    put_off,
    read_announcement,
    read_request,
    read_waiting,
    request_item,
    settle,
)
from firebreak.ledger.reads import (
    Found,
    Place,
    Sleep,
    dependency_incidents_in,
    find,
    histories_in,
    holds_in,
    pointed_to,
    pointers_in,
    read_as,
    storm_in,
    together,
)
from firebreak.ledger.retention import REMEMBERED, USUAL, Retention
from firebreak.ledger.transactions import retry_on_conflict, transact, won, written
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ATTENTION_INDEX = "attention"


class DynamoLedger:
    """ports.Ledger on one DynamoDB table."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        sleep: Sleep = time.sleep,
        retention: Retention = USUAL,
    ) -> None:
        self._client, self._table, self._sleep, self._kept = client, table, sleep, retention

    def look(self, request: Request, scopes: Sequence[Scope]) -> LedgerView:
        """Reads all in one consistent batch; open incidents that its scopes point to are read right after."""
        switches = switch_keys(request.action, scopes)
        decision, alarm = f"DECISION#{delivery_key(request)}", f"ALARM#{request.alarm.series}"
        wanted = [(pk, SINGLE) for pk in (*map(scope_pk, scopes), *switches, decision, alarm, STORM)]
        wanted.append((STORM, RED))
        if request.incident_id:
            wanted.append((f"INC#{request.incident_id}", META))
        found = self._find(wanted)
        histories = histories_in(found, scopes)
        incidents = self._incidents(pointers_in(histories.values()) - {request.incident_id})
        return LedgerView(
            holds=holds_in(found, switches),
            decided=read_as(found[decision, SINGLE], read_decided),
            transition=read_as(found[alarm, SINGLE], read_transition),
            incident=read_as(found[f"INC#{request.incident_id}", META], read_incident)
            if request.incident_id
            else pointed_to(histories[target_scope(request.target)], incidents),
            dependency_incidents=dependency_incidents_in(histories, incidents),
            scopes=histories,
            storm=storm_in(found),
        )

    def read_more_scopes(self, view: LedgerView, scopes: Sequence[Scope]) -> LedgerView:
        """The view with the histories and switches of groups that only the live target named."""
        switches = scope_switches(scopes)
        found = self._find([(pk, SINGLE) for pk in (*map(scope_pk, scopes), *switches)])
        holds = together(view.holds, holds_in(found, switches))
        return replace(view, holds=holds, scopes={**view.scopes, **histories_in(found, scopes)})

    def _incidents(self, ids: Collection[str]) -> Mapping[str, Reading[Incident]]:
        places = {incident_id: (f"INC#{incident_id}", META) for incident_id in ids}
        found = self._find(list(places.values())) if places else {}
        return {incident_id: read_as(found[place], read_incident) for incident_id, place in places.items()}

    def claim(self, claim: Claim) -> ClaimResult:
        """Takes everything at once. A lost reply is re-read: this claim's id there means that it won."""
        try:
            transact(self._client, claim_items(self._table, claim, self._kept), claim.after.claim_id)
        except Conflict:
            return ClaimResult.LOST
        except (OutcomeUnknown, Unavailable):
            # Unavailable may refer to botocore's second try, after the first was carried out.
            return self._reread_claim(claim)
        return ClaimResult.WON

    def _reread_claim(self, claim: Claim) -> ClaimResult:
        try:
            now = self.incident(claim.after.id)
        except AwsError:
            return ClaimResult.UNKNOWN
        if isinstance(now, Incident):
            return ClaimResult.WON if now.claim_id == claim.after.claim_id else ClaimResult.LOST
        return ClaimResult.LOST if isinstance(now, Absent) else ClaimResult.UNKNOWN

    def give_back(self, claim: Claim) -> None:
        """Removes this claim's slot from every scope. Raises the first AwsError once each was tried."""
        failed: list[AwsError] = []
        for scope in claim.scopes:
            try:
                retry_on_conflict(
                    partial(self._free_slot, scope, slot_name(claim.after.id, claim.after.rung))
                )
            except AwsError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def _free_slot(self, scope: Scope, slot: str) -> None:
        with translated("UpdateItem", mutates=True):
            self._client.update_item(
                TableName=self._table,
                Key=key(scope_pk(scope)),
                UpdateExpression="REMOVE acts.#slot SET #version = #version + :one",
                ConditionExpression="attribute_exists(acts.#slot)",
                ExpressionAttributeNames={"#slot": slot, "#version": "version"},
                ExpressionAttributeValues={":one": number(1)},
            )

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        """Keeps a decision, its message and its later request, all or none; no shared scope is written."""
        items = [put_if_absent(self._table, decision_item(record, self._kept)), *self._outbox(message)]
        items += [put(self._table, request_item(later))] if later else []
        place = (f"DECISION#{record.key}", SINGLE)
        try:
            return written(self._client, items)
        except Conflict:
            # The write in the way may have been the same event's other delivery.
            if isinstance(self._find([place])[place], dict):
                return False
            raise

    def open(self, incident: Incident, record: DecisionRecord, message: Announcement | None) -> bool:
        """Opens an incident whose first rung cannot help, or waits for a human."""
        pk = scope_pk(target_scope(incident.target))
        found = self._find([(pk, SINGLE)])[pk, SINGLE]
        history = read_as(found, partial(read_scope, target_scope(incident.target)))
        if isinstance(history, Unknown | NotRead):
            return False
        seen = history if isinstance(history, ScopeHistory) else None
        if seen and self._is_held(seen.incident_id):
            return False
        scope: Item = {**(found if isinstance(found, dict) else {}), **stamped(pk)}
        scope |= {"incident": text(incident.id), "version": number((seen.version if seen else 0) + 1)}
        scope |= {"expires_at": expires(record.at + REMEMBERED)}
        scope.setdefault("acts", {"M": {}})
        return won(
            self._client,
            [
                put(self._table, scope, unchanged(seen)),
                put_if_absent(self._table, decision_item(record, self._kept)),
                incident_put(self._table, None, incident, self._kept),
                put(self._table, history_item(incident, record.at, opened_words(record), self._kept)),
                transition_update(self._table, incident.alarm, incident.id, record.at),
                *self._outbox(message),
            ],
        )

    def _is_held(self, incident_id: str) -> bool:
        """Whether somebody opened an incident since the decision looked; it can only let go later."""
        if not incident_id:
            return False
        match self.incident(incident_id):
            case Incident() as other:
                return other.holds_target
            case Absent():
                return False
            case Unknown() | NotRead():
                return True

    def move(self, change: IncidentChange) -> bool:
        """Moves an incident on, with its history line, its decision, its message, and its act's verdict.

        Raises Conflict when others wrote at the same time at every try. It must not be False: a superseded
        caller announces nothing more, while an error is reported, and the incident is found again when it is
        due. Nor may it go on without the verdict: an act that helped would count as one that did not.
        """
        items = [
            incident_put(self._table, change.before, change.after, self._kept),
            put(self._table, history_item(change.after, change.at, change.what, self._kept)),
        ]
        if change.record:
            items.append(put_if_absent(self._table, decision_item(change.record, self._kept)))
        items += self._outbox(change.message)
        verdicts = self._verdicts(change)
        if written(self._client, [*items, *verdicts]):
            return True
        # Slots may be gone (forgotten, damaged): the incident must go on without them.
        return bool(verdicts) and written(self._client, items)

    def _verdicts(self, change: IncidentChange) -> "list[TransactWriteItemTypeDef]":
        if not change.judged:
            return []
        incident = change.before
        scopes = judged_in(incident.target, incident.action)
        return [verdict_update(self._table, scope, incident, change.judged) for scope in scopes]

    def note(self, incident_id: str, at: datetime, what: str) -> None:
        """Adds a line that belongs to no version: superseded writes, late news."""
        line: Item = {
            **stamped(f"INC#{incident_id}", f"E#{ms(at)}"),
            "at": number(ms(at)),
            "what": text(what),
            "expires_at": expires(at + self._kept.incidents),
        }
        with translated("PutItem", mutates=True):
            self._client.put_item(TableName=self._table, Item=line)

    def incident(self, incident_id: str) -> Reading[Incident]:
        """The incident, read consistently."""
        place = (f"INC#{incident_id}", META)
        return read_as(self._find([place])[place], read_incident)

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        """Adds a member; the version it bumps stops a Verify that is closing on the old members."""
        after = joined(incident, alarm)
        return won(
            self._client,
            [
                incident_put(self._table, incident, after, self._kept),
                put(self._table, history_item(after, record.at, f"joined by alarm {alarm.name}", self._kept)),
                put_if_absent(self._table, decision_item(record, self._kept)),
                transition_update(self._table, alarm, incident.id, record.at),
            ],
        )

    def record_transition(self, alarm: Alarm, now: datetime) -> Reading[Transition]:
        """Records a transition; returns the one that was known before, newer or not."""
        place = (f"ALARM#{alarm.series}", SINGLE)
        before = read_as(self._find([place])[place], read_transition)
        if not isinstance(before, Unknown):
            # The incident is left as it is: a claim may be naming it at this moment.
            written(self._client, [transition_update(self._table, alarm, None, now)])
        return before

    def settle_announcement(self, waits_as: str, at: datetime) -> None:
        """Marks an announcement that reached the bus as published; Page reads it when the event arrives."""
        settle(self._client, self._table, waits_as, at)

    def announcement(self, waits_as: str) -> Reading[Announcement]:
        """The announcement that the ledger holds under this name, published or not."""
        place = (f"OUT#{waits_as}", SINGLE)
        return read_as(self._find([place])[place], read_announcement)

    def unsettled_announcements(self, older_than: datetime, limit: int) -> Sequence[Announcement]:
        """Announcements still waiting; of one that cannot be read, its name is announced."""
        return [read_waiting(item, older_than) for item in self._attention("announce", older_than, limit)]

    def overdue_requests(self, before: datetime, limit: int) -> Sequence[tuple[str, Reading[OwnEvent]]]:
        """Kept requests whose time has passed."""
        kept = self._attention("ask", before, limit)
        return [
            (Fields(item).text("pk").removeprefix("DEFER#"), read_as(item, read_request)) for item in kept
        ]

    def settle_request(self, key_: str) -> None:
        """Deletes a kept request; its decision stays."""
        with translated("DeleteItem", mutates=True):
            self._client.delete_item(TableName=self._table, Key=key(f"DEFER#{key_}"))

    def overdue(self, before: datetime, limit: int) -> Sequence[Overdue]:
        """Incidents past due, those first that waited longest for a look, as far as the index has them."""
        return [_overdue(item, before) for item in self._attention("due", before, limit)]

    def put_off_incident(self, incident_id: str, until: datetime) -> None:
        """Puts it behind the others that are due; its due time is kept."""
        put_off(self._client, self._table, key(f"INC#{incident_id}", META), until)

    def put_off_request(self, key_: str, until: datetime) -> None:
        """Puts it behind the others that are due."""
        put_off(self._client, self._table, key(f"DEFER#{key_}"), until)

    def put_off_announcement(self, waits_as: str, until: datetime) -> None:
        """Puts it behind the others that wait."""
        put_off(self._client, self._table, key(f"OUT#{waits_as}"), until)

    def incidents_with_humans(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents that were handed to humans, oldest first."""
        return [_incident_id(item) for item in self._attention("humans", before, limit)]

    def history(self, incident_id: str) -> list[HistoryLine]:
        """An incident's lines, oldest first."""
        with translated("Query", mutates=False):
            reply = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :line)",
                ExpressionAttributeValues={":pk": text(f"INC#{incident_id}"), ":line": text("E#")},
                ConsistentRead=True,
            )
        lines = [Fields(item) for item in reply["Items"]]
        details = [(line.time("at"), line.text("sk"), line.text("what")) for line in lines]
        return [HistoryLine(n, at, what) for n, (at, _, what) in enumerate(sorted(details))]

    def _attention(self, kind: str, before: datetime, limit: int) -> Iterable[Item]:
        """The oldest of them; the index holds whole items, and a reply ends at 1 MB of them."""
        with translated("Query", mutates=False):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=ATTENTION_INDEX,
                KeyConditionExpression="attention = :kind AND attention_at <= :before",
                ExpressionAttributeValues={":kind": text(kind), ":before": number(ms(before))},
                PaginationConfig={"MaxItems": limit, "PageSize": limit},
            )
            return [item for page in pages for item in page["Items"]]

    def _outbox(self, message: Announcement | None) -> "list[TransactWriteItemTypeDef]":
        return [put(self._table, outbox_item(message))] if message else []

    def _find(self, places: Sequence[Place]) -> Found:
        return find(self._client, self._table, places, self._sleep)


def _overdue(item: Item, before: datetime) -> Overdue:
    """The readable part of an incident past due: a damaged one is looked at like the others."""
    fields = Fields(item)
    try:
        state, due_at = fields.text("state", ""), fields.maybe_time("due_at") or fields.time("attention_at")
    except DamagedItem:
        return Overdue(_incident_id(item), "", before)
    return Overdue(_incident_id(item), state, due_at)


def _incident_id(item: Item) -> str:
    return Fields(item).text("pk").removeprefix("INC#")
