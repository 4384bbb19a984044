"""Any event on the bus ends in a value or in UnusableEvent, and a value can be stored."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState, OwnEvent
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events
from firebreak.wire.announcements import announcement_from_wire, announcement_to_wire
from firebreak.wire.lenient_json import LONGEST_ID, bounded_id
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.builders_announcements import announced
from tests.wire.test_wire import REQUEST as OF_A_REQUEST

TEXTS = some.text(max_size=12) | some.sampled_from(
    ["\ud800", "x" * 60_000, "2026-11-20T10:00:00", "1e999", "climb"]
)
ODD = some.none() | some.booleans() | some.integers() | some.floats() | TEXTS
ANY = some.recursive(
    ODD, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3)
)
REQUEST: dict[str, Any] = json.loads(json.dumps(request_event(OF_A_REQUEST)))
ANNOUNCEMENT: dict[str, Any] = json.loads(
    json.dumps(
        announcement_to_wire(incident_messages.given_to_humans(a.incident(), a.NOW, "why", AlarmState.ALARM))
    )
)


@pytest.mark.parametrize("changes", [{}, {"opted_in": False}])
def test_an_announcement_survives_the_round_trip(changes: dict[str, Any]) -> None:
    wire = announcement_to_wire(announced(**changes))
    assert ("opted_in" in wire) is not bool(changes)
    assert announcement_from_wire(json.loads(json.dumps(wire))) == announced(**changes)


def fields_of(value: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in value.items():
        yield (*path, name)
        if isinstance(inner, dict):
            yield from fields_of(inner, (*path, name))


def changed(value: dict[str, Any], path: tuple[str, ...], new: object) -> dict[str, Any]:
    inner = changed(value[path[0]], path[1:], new) if len(path) > 1 else new
    return {**value, path[0]: inner}


def can_be_stored(value: object) -> None:
    """As the ledger does: every text can be encoded, and every time has a zone."""
    json.dumps(value, ensure_ascii=False).encode()


@given(path=some.sampled_from(list(fields_of(REQUEST))), new=ANY)
@example(path=("detail", "alarm", "contributor", "attributes"), new={"\ud800": ""})  # a key is a text as well
@example(path=("detail", "alarm", "tags"), new={"\ud800": ""})
@example(path=("detail", "alarm", "since"), new="2026-11-20 10:00:00")
@example(path=("detail", "alarm", "since"), new="0001-01-01T00:00:00+23:59")
@example(path=("detail", "at"), new="2026-11-20t10:00:00")
def test_a_request_is_read_or_named_whatever_one_field_holds(path: tuple[str, ...], new: object) -> None:
    try:
        found = alarm_events.parse(changed(REQUEST, path, new))
    except UnusableEvent:
        return
    assert isinstance(found, OwnEvent)
    assert {found.at.tzinfo, found.alarm.since.tzinfo, found.alarm.sent_at.tzinfo} == {UTC}
    can_be_stored(request_event(found))
    series = found.alarm.contributor.id if found.alarm.contributor else ""
    assert len(series.encode()) <= LONGEST_ID


@given(path=some.sampled_from(list(fields_of(ANNOUNCEMENT))), new=ANY)
@example(path=("at",), new="2026-11-20 10:00:00")
@example(path=("at",), new="0001-01-01T00:00:00+23:59")
def test_an_announcement_is_read_or_named_whatever_one_field_holds(
    path: tuple[str, ...], new: object
) -> None:
    try:
        found = announcement_from_wire(changed(ANNOUNCEMENT, path, new))
    except UnusableEvent:
        return
    can_be_stored(announcement_to_wire(found))
    times = [found.at, found.alarm_since, found.until]
    assert all(time.tzinfo is not None for time in times if time)


@given(ANY)
def test_any_value_at_all_is_read_or_named(value: object) -> None:
    for read in (alarm_events.parse, announcement_from_wire):
        try:
            read(value)
        except UnusableEvent:
            continue


def test_a_contributor_with_a_very_long_id_is_itself_and_fits_into_a_key() -> None:
    one, other = (bounded_id("x" * 60_000 + end) for end in "ab")
    assert one != other
    assert len(one) <= LONGEST_ID
    assert bounded_id("x" * LONGEST_ID) == "x" * LONGEST_ID


@pytest.mark.parametrize("written", ["2026-11-20T10:00", "2026-11-20 10:00:00", "2026-11-20T11:00:00+01:00"])
def test_the_time_of_an_announcement_may_lack_seconds_and_zone(written: str) -> None:
    assert (
        announcement_from_wire({**ANNOUNCEMENT, "at": written}).at.isoformat() == "2026-11-20T10:00:00+00:00"
    )


@pytest.mark.parametrize(
    "change",
    [{"watches": {}}, {"watches": "api"}, {"watches": 5}, {"until": 5}, {"looks_at": [1]}],
    ids=str,
)
def test_an_odd_part_of_an_announcement_is_never_taken_for_none(change: dict[str, Any]) -> None:
    with pytest.raises(UnusableEvent):
        announcement_from_wire({**ANNOUNCEMENT, **change})


def test_an_announcement_without_a_kind_is_none() -> None:
    with pytest.raises(UnusableEvent, match="kind: nothing"):
        announcement_from_wire({key: value for key, value in ANNOUNCEMENT.items() if key != "kind"})


@pytest.mark.parametrize("odd", [[], {}, None, 1], ids=repr)
def test_a_detail_type_that_is_no_text_is_refused_like_any_other(odd: object) -> None:
    with pytest.raises(UnusableEvent, match="detail-type"):
        alarm_events.parse({**REQUEST, "detail-type": odd})
