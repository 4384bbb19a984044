"""Remarks on an entry: what its owner should know, although it decides nothing."""

from collections.abc import Iterable, Iterator

from firebreak.core.tags import ACTION_TAG, MISSING_DATA_TAG
from firebreak_cli.adopt.entries import Entry, LeftAlone
from firebreak_cli.adopt.existing import ExistingAlarm
from firebreak_cli.adopt.suggestions import symptoms

# A guard refuses what such an alarm leads to by its metric.
_REFUSED = frozenset(
    {
        LeftAlone.DRIVES_SCALING,
        LeftAlone.OTHER_CONTROLLER,
        LeftAlone.LOW_SIDE,
        LeftAlone.ACTIONS_DISABLED,
    }
)


def notes_of(entry: Entry, alarm: ExistingAlarm, doubts: Iterable[str] = ()) -> tuple[str, ...]:
    """The remarks. `doubts` are those that its target and its severity gave rise to."""
    found = [*_of_adopted(entry, alarm), *doubts] if entry.adopted else _of_left(entry, alarm)
    return tuple(one for one in found if one)


def _of_adopted(entry: Entry, alarm: ExistingAlarm) -> Iterator[str]:
    if entry.tags is None:
        yield "its tags were not read: it may have some of these already, and an owner"
    if entry.needs_propagation:
        yield f"its tags are not in its events (tag propagation is off): {_without_propagation(entry)}"
    if alarm.shown.treat_missing_data == "breaching" and MISSING_DATA_TAG not in (entry.tags or {}):
        yield f"missing data turns it red, which is no symptom unless it is tagged {MISSING_DATA_TAG}=symptom"


def _without_propagation(entry: Entry) -> str:
    """The effect of tags that are not in the event: a function that the metric leads to looks at two."""
    if ACTION_TAG in {*entry.wanted, *(entry.tags or {})}:
        return "Route looks them up"
    return "pages do not see its severity, unless the policy says it (paging.severities)"


def _of_left(entry: Entry, alarm: ExistingAlarm) -> Iterator[str]:
    if not entry.by_itself.action:
        return
    leads = f"its metric leads to {' and '.join(symptoms(alarm.event.metrics))} without a tag"
    if entry.reason in _REFUSED:
        yield f"{leads}, and a guard refuses that"
    elif entry.reason is LeftAlone.SEVERAL_ACTIONS:
        yield f"{leads}: tag it {ACTION_TAG} with one of them, or with none"
    elif entry.reason is LeftAlone.COMPOSITE_CHILD:
        yield f"{leads}: tag it {ACTION_TAG}=none if only the composite is to be acted on"
