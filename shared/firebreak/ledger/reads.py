"""The results of one batch read, as the readings of a decision."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.incident.states import Incident
from firebreak.core.limits.history import Hold, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.limits.storm import CALM, Storm
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.errors import UNEXPECTED_SHAPE, UnusableEvent
from firebreak.ledger.items import (
    RED,
    SINGLE,
    STORM,
    DamagedItem,
    Fields,
    Item,
    key,
    read_holds,
    read_red,
    read_renewed,
    read_scope,
    read_tripped,
    scope_pk,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

type Place = tuple[str, str]
type Found = dict[Place, Item | Unknown | None]


# DynamoDB is asked again for keys that it left out of a batch read, after each of these seconds.
ASK_AGAIN_AFTER = (0.05, 0.2)

type Sleep = Callable[[float], None]


def find(client: "DynamoDBClient", table: str, places: Sequence[Place], sleep: Sleep = time.sleep) -> Found:
    """The items at these places, in one consistent batch read. Raises AwsError.

    None stands for an item that does not exist. Keys that DynamoDB left out are asked for twice more; those
    that it leaves out then too are Unknown.
    """
    found: Found = dict.fromkeys(places)
    left: Sequence[Place] = places
    for pause in (*ASK_AGAIN_AFTER, None):
        items, left = _batch(client, table, left)
        found |= {place_of(item): item for item in items}
        if not left or pause is None:
            break
        sleep(pause)
    return found | {place: Unknown("DynamoDB did not process this key") for place in left}


def _batch(
    client: "DynamoDBClient", table: str, places: Sequence[Place]
) -> tuple[Sequence[Item], Sequence[Place]]:
    """The items of one batch read, and the places that it left out."""
    with translated("BatchGetItem", mutates=False):
        reply = client.batch_get_item(
            RequestItems={table: {"Keys": [key(*place) for place in places], "ConsistentRead": True}}
        )
    unprocessed = reply.get("UnprocessedKeys", {})
    left = unprocessed[table]["Keys"] if table in unprocessed else []
    return reply["Responses"].get(table, []), [place_of(item) for item in left]


def place_of(item: Mapping[str, object]) -> Place:
    """The place of an item."""
    fields = Fields(item)  # type: ignore[arg-type]  # keys and items have the same attribute shape
    return fields.text("pk"), fields.text("sk")


def read_as[T](found: Item | Unknown | None, read: Callable[[Item], T]) -> Reading[T]:
    """The item as `read` reads it: Absent when there is none, Unknown when it is damaged in any way."""
    if found is None:
        return ABSENT
    if isinstance(found, Unknown):
        return found
    try:
        return read(found)
    except (DamagedItem, UnusableEvent) as error:
        return Unknown(f"the ledger item is damaged at {error}")
    except UNEXPECTED_SHAPE as error:
        return Unknown(f"the ledger item is damaged: {type(error).__name__}")


def histories_in(found: Found, scopes: Sequence[Scope]) -> dict[Scope, Reading[ScopeHistory]]:
    """The histories of these scopes."""
    return {scope: read_as(found[scope_pk(scope), SINGLE], partial(read_scope, scope)) for scope in scopes}


def pointers_in(histories: Iterable[Reading[ScopeHistory]]) -> set[str]:
    """The incidents that work on the targets and dependencies, by these histories."""
    return {
        history.incident_id
        for history in histories
        if isinstance(history, ScopeHistory) and history.incident_id
    }


def pointed_to(
    history: Reading[ScopeHistory], incidents: Mapping[str, Reading[Incident]]
) -> Reading[Incident]:
    """The incident that works on a scope, by its history."""
    if not isinstance(history, ScopeHistory):
        return history
    return incidents[history.incident_id] if history.incident_id else ABSENT


def dependency_incidents_in(
    histories: Mapping[Scope, Reading[ScopeHistory]], incidents: Mapping[str, Reading[Incident]]
) -> Reading[tuple[Incident, ...]]:
    """The incidents that work on the shared dependencies; one that cannot be read hides the rest."""
    found: list[Incident] = []
    for scope, history in histories.items():
        if scope.level is not Level.DEPENDENCY or isinstance(history, Absent):
            continue
        if isinstance(history, ScopeHistory) and history.incident_id not in incidents:
            continue
        match pointed_to(history, incidents):
            case Incident() as incident:
                found.append(incident)
            case Absent():
                continue
            case Unknown() | NotRead() as unseen:
                return unseen
    return tuple(found)


def storm_in(found: Found, pk: str = STORM) -> Reading[Storm]:
    """The red alarms and whether they are a storm; Unknown where one of the two cannot be read."""
    red = read_as(found[pk, RED], read_red)
    match _tripped(found[pk, SINGLE]):
        case Unknown() as unseen:
            return unseen
        case None, _:
            return red
        case since, renewed:
            # A storm whose alarms nobody remembers is still a storm.
            storm = CALM if isinstance(red, Absent) else red
            if not isinstance(storm, Storm):
                return storm
            return replace(storm, tripped_at=since, renewed_at=renewed)


def _tripped(found: Item | Unknown | None) -> tuple[datetime | None, datetime | None] | Unknown:
    """The time since which it is a storm, and the time at which that was renewed."""
    if found is None:
        return None, None
    if isinstance(found, Unknown):
        return found
    try:
        return read_tripped(found), read_renewed(found)
    except DamagedItem as error:
        return Unknown(f"the ledger item is damaged at {error}")


def together(some: Reading[tuple[Hold, ...]], more: Reading[tuple[Hold, ...]]) -> Reading[tuple[Hold, ...]]:
    """The holds of two reads; one that failed hides the other."""
    if isinstance(some, tuple) and isinstance(more, tuple):
        return some + more
    return more if isinstance(some, tuple | Absent) else some


def holds_in(found: Found, pks: Sequence[str]) -> Reading[tuple[Hold, ...]]:
    """The holders of these switches; one that cannot be read hides the rest."""
    holds: list[Hold] = []
    for pk in pks:
        scope = pk.removeprefix("SWITCH#").replace("#", " ", 1)
        match read_as(found[pk, SINGLE], partial(read_holds, scope)):
            case Unknown() | NotRead() as unseen:
                return unseen
            case Absent():
                continue
            case some:
                holds += some
    return tuple(holds)
