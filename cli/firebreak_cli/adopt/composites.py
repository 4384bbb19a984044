"""Composite alarms of a plan: adopted where all that is below them asks for one action on one target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from firebreak.core.model import AlarmKind
from firebreak.core.tags import ACTION_TAG, TARGET_TAG
from firebreak.intake.composites import MAX_DEPTH
from firebreak.intake.names import read_target
from firebreak.wire.lenient_json import as_excerpt
from firebreak_cli.adopt.alarm_rules import only_red_children
from firebreak_cli.adopt.entries import ByItself, Entry, LeftAlone
from firebreak_cli.adopt.existing import ExistingAlarm
from firebreak_cli.adopt.judging import (
    Known,
    Objection,
    left,
    objection_to,
    unjudged_composite,
    with_target,
)

_OF_OTHER_STATES = "has more than ALARM, AND, OR and AT_LEAST of ALARM: it may be red while a child is not"
_NOTHING_AGAINST_IT = frozenset({None, LeftAlone.NOTHING_MISSING})


def with_composites(
    alarms: Sequence[ExistingAlarm], single: Mapping[str, Entry], known: Known
) -> Mapping[str, Entry]:
    """The entries with those of the composites; what is below an adopted composite is left to it."""
    named = {alarm.shown.name: alarm for alarm in alarms}
    composites = [alarm for alarm in alarms if alarm.event.kind is AlarmKind.COMPOSITE]
    entries = {**single, **{one.shown.name: _judged(one, named, single, known) for one in composites}}
    for composite in composites:
        if entries[composite.shown.name].reason in _NOTHING_AGAINST_IT:
            _leave_children(composite, named, entries)
    return entries


def _leave_children(
    composite: ExistingAlarm, named: Mapping[str, ExistingAlarm], entries: dict[str, Entry]
) -> None:
    """Leave what is below the composite to it, but for what names its action itself."""
    for name in {child for child, _ in _below(composite, named, MAX_DEPTH)}:
        entry, alarm = entries.get(name), named.get(name)
        if entry and alarm and entry.adopted and ACTION_TAG not in alarm.known_tags:
            why = f"the composite {composite.shown.name} asks for it"
            entries[name] = left(entry, Objection(LeftAlone.COMPOSITE_CHILD, why), alarm)


def _judged(
    alarm: ExistingAlarm, named: Mapping[str, ExistingAlarm], single: Mapping[str, Entry], known: Known
) -> Entry:
    entry = replace(unjudged_composite(alarm, known), changed_at=_changed_at(alarm, named))
    if objection := objection_to(alarm, known):
        return left(entry, objection, alarm)
    tags, agreed = alarm.known_tags, _agreed(alarm, named, single)
    if ACTION_TAG in tags:
        return _tagged(entry, alarm, agreed, known)
    if isinstance(agreed, Objection):
        return left(entry, agreed, alarm)
    written = tags.get(TARGET_TAG, agreed.target)
    found = read_target(written, known.home.account, known.home.region)
    return with_target(replace(entry, action=agreed.action), found, alarm, known)


def _tagged(entry: Entry, alarm: ExistingAlarm, agreed: ByItself | Objection, known: Known) -> Entry:
    """A composite that names its action: its target is that of its tag, else of its red children."""
    entry = replace(entry, action=alarm.known_tags[ACTION_TAG])
    of_children = "" if isinstance(agreed, Objection) else agreed.target
    written = alarm.known_tags.get(TARGET_TAG, of_children)
    if not written:
        text = f"it leads to {entry.action} of what its red children name"
        return left(entry, Objection(LeftAlone.NOTHING_MISSING, text), alarm)
    entry = replace(entry, by_itself=ByItself("", of_children))
    return with_target(entry, read_target(written, known.home.account, known.home.region), alarm, known)


def _agreed(
    alarm: ExistingAlarm, named: Mapping[str, ExistingAlarm], single: Mapping[str, Entry]
) -> ByItself | Objection:
    """The action and the target that all alarms below ask for; one that asks for nothing is an objection."""
    if not only_red_children(alarm.rule):
        return _differ(f"its rule {_OF_OTHER_STATES}")
    found: set[ByItself] = set()
    for name, child in _below(alarm, named, MAX_DEPTH):
        if child is None:
            return _differ(f"its child {as_excerpt(name)} was not read, or nests too deep")
        if child.event.kind is AlarmKind.COMPOSITE:
            if not only_red_children(child.rule):
                return _differ(f"the rule of its child {name} {_OF_OTHER_STATES}")
            continue
        entry = single[name]
        if entry.reason not in _NOTHING_AGAINST_IT:
            return _differ(f"its child {name} is left alone: {entry.why}")
        found.add(ByItself(entry.action, entry.target))
    if len(found) != 1:
        listed = " and ".join(sorted(f"{one.action} of {one.target}" for one in found))
        return _differ(f"its children ask for {listed or 'nothing'}")
    return found.pop()


def _changed_at(alarm: ExistingAlarm, named: Mapping[str, ExistingAlarm]) -> datetime | None:
    """When it, or anything below it, was last configured."""
    below = [child for _, child in _below(alarm, named, MAX_DEPTH) if child]
    return max((one.changed_at for one in (alarm, *below) if one.changed_at), default=None)


def _differ(why: str) -> Objection:
    return Objection(LeftAlone.CHILDREN_DIFFER, why)


def _below(
    alarm: ExistingAlarm, named: Mapping[str, ExistingAlarm], depth: int
) -> Iterator[tuple[str, ExistingAlarm | None]]:
    """The alarms below a composite, and those below the composites among them; None for one not read."""
    for written in alarm.shown.children:
        is_arn = written.startswith("arn:")
        name = written.split(":alarm:", 1)[-1] if is_arn else written
        child = named.get(name)
        if child is not None and is_arn and child.shown.arn != written:
            child = None  # it is of another account or region
        nested = child is not None and child.event.kind is AlarmKind.COMPOSITE
        yield name, child if not nested or depth > 1 else None
        if child is not None and nested and depth > 1:
            yield from _below(child, named, depth - 1)
