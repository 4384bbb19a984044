from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.model import Alarm, OwnEvent
from firebreak.core.routing import primary, route
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse
from firebreak.services.registry import CATALOG
from firebreak.wire.requests import alarm_from_wire, alarm_to_wire
from tests.support.sample_events import load, usable

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
KEYS = st.text(max_size=8) | st.sampled_from(
    ["source", "detail-type", "detail", "alarmData", "state", "value", "alarmName", "Records", "time", "v"]
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
SAMPLES = {name: load(name) for name in usable()}

# A path is the keys and indexes that lead to one node of a JSON value.
type Path = tuple[str | int, ...]


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, found in inner:
        yield (*at, key)
        yield from paths(found, (*at, key))


def parent_of(event: object, path: Path) -> Any:  # a dict or a list, indexed by the last step
    for step in path[:-1]:
        event = cast("Any", event)[step]
    return event


@st.composite
def damaged_samples(draw: st.DrawFn) -> object:
    event = deepcopy(SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from([*paths(event)]))
        if draw(st.booleans()):
            del parent_of(event, path)[path[-1]]
        else:
            parent_of(event, path)[path[-1]] = draw(ANY_JSON)
        if not event:
            break
    return event


def alarm_or_refusal(event: object) -> Alarm | OwnEvent | UnusableEvent:
    try:
        return parse(event)
    except UnusableEvent as refusal:
        return refusal


def check(outcome: Alarm | OwnEvent | UnusableEvent) -> None:
    match outcome:
        case UnusableEvent() as refusal:
            assert len(refusal.found) < 250
            assert refusal.found.isascii()
            assert refusal.found.isprintable()
        case OwnEvent() as request:
            check(request.alarm)
        case Alarm() as alarm:
            assert alarm.name
            assert alarm.since.tzinfo is UTC
            assert primary(route(alarm, CATALOG)) in {None, "page", *CATALOG}
            assert alarm_from_wire(alarm_to_wire(alarm)) == alarm


@given(ANY_JSON)
@settings(deadline=None)
def test_any_json_is_an_alarm_a_request_or_refused(event: object) -> None:
    check(alarm_or_refusal(event))


@given(damaged_samples())
@settings(deadline=None, max_examples=400)
def test_a_damaged_sample_is_an_alarm_a_request_or_refused(event: object) -> None:
    check(alarm_or_refusal(event))


RELIED_ON = {("detail",), ("detail", "alarmName"), ("detail", "state"), ("detail", "state", "value")}


@pytest.mark.parametrize("value", [None, 7, "odd", [], {}, [{}]], ids=repr)
@pytest.mark.parametrize(
    "name", ["ecs_memory_alarm_tagged", "composite_tagged", "muted_alarm", "contributor_alarm"]
)
def test_no_field_but_name_and_state_can_keep_an_alarm_from_being_read(name: str, value: object) -> None:
    original = parse(SAMPLES[name])
    for path in paths(SAMPLES[name]):
        # The words that say what an event is are allowed to turn it away.
        if path in RELIED_ON or (path[0] in {"source", "detail-type"} and value == "odd"):
            continue
        event = deepcopy(SAMPLES[name])
        parent_of(event, path)[path[-1]] = value

        alarm = parse(event)

        assert isinstance(alarm, Alarm), path
        assert isinstance(original, Alarm)
        assert (original.name, original.state) == (alarm.name, alarm.state), path
