"""The function that the template's rules route an alarm to, computed as a pure function.

The rules themselves are EventBridge patterns in template.yaml; this says the same for `explain`,
and for a function that checks what its own rule let through:

- by tag: red, and `firebreak:action` names the action, for every kind of alarm;
- by symptom: red, one of the metrics is a known symptom, no action tag, tags not lost, a whole
  alarm rather than one series, and not an alarm that target tracking owns;
- page: red, and the tag says `page`, or names nothing known, or no tag came and tags were lost;
- without data (INSUFFICIENT_DATA): by tag to the action, which decides whether that is the symptom, and
  to page if the tag says `page` and `firebreak:missing-data` says `symptom`;
- verify: the OK of an alarm with any action tag but `none`, or with a known symptom;
- route: red, and no tag came with the event, unless target tracking owns the alarm. `by_live_tags`
  gives the function that its live tags name.

`firebreak:action=none` matches no rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from firebreak.core.action_spec import Catalog
from firebreak.core.evaluation import MissingData
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG, MISSING_DATA_TAG

NO_ACTION = "none"
VERIFY = "verify"
ROUTER = "route"
_NO_ACTIONS = frozenset({PAGE_RUNG, VERIFY, ROUTER})

# Alarms that Application Auto Scaling makes for itself; it alone acts on them.
TARGET_TRACKING_PREFIX = "TargetTracking-"


class By(StrEnum):
    """The part of the alarm that made a rule match."""

    TAG = "tag"
    SYMPTOM = "symptom"
    UNKNOWN_TAG = "unknown-tag"
    TAGS_LOST = "tags-lost"
    RECOVERY = "recovery"
    UNTAGGED = "untagged"


@dataclass(frozen=True, slots=True)
class Route:
    """One rule's match: the function by the name of its action, `page`, `verify` or `route`."""

    function: str
    by: By


def route(alarm: Alarm, catalog: Catalog) -> tuple[Route, ...]:
    """Every function that the rules invoke for this transition; none at all is a valid answer."""
    match alarm.state:
        case AlarmState.ALARM:
            return (*_to_actions(alarm, catalog), *_to_page(alarm, catalog), *_to_router(alarm))
        case AlarmState.OK:
            return _to_verify(alarm, catalog)
        case AlarmState.INSUFFICIENT_DATA:
            return (*_to_whom_silence_may_matter(alarm, catalog), *_to_router(alarm))
        case _ as never:
            assert_never(never)


def primary(routes: tuple[Route, ...]) -> str | None:
    """The one action to explain: the first that may change something, else `page`, else None."""
    actions = [route.function for route in routes if route.function not in _NO_ACTIONS]
    pages = [route.function for route in routes if route.function == PAGE_RUNG]
    return next(iter((*actions, *pages)), None)


def by_live_tags(alarm: Alarm, tags: Mapping[str, str], catalog: Catalog) -> str | None:
    """The function that an alarm's live tags ask for, where no rule could see them; None where none does.

    A tag that no action goes by is for Page, as where it rides in the event. The action that the symptom
    leads to already is not asked twice.
    """
    if alarm.state is AlarmState.INSUFFICIENT_DATA:
        return primary(_to_whom_silence_may_matter(replace(alarm, tags=tags), catalog))
    match tags.get(ACTION_TAG):
        case None | "none":
            return None
        case tag if tag in _by_symptom(alarm, catalog):
            return None
        case tag if tag in catalog:
            return tag
        case _:
            return PAGE_RUNG


def _to_router(alarm: Alarm) -> tuple[Route, ...]:
    untagged = ACTION_TAG not in alarm.tags and not alarm.tags_lost
    owned = alarm.name.startswith(TARGET_TRACKING_PREFIX)
    return (Route(ROUTER, By.UNTAGGED),) if untagged and not owned else ()


def _to_actions(alarm: Alarm, catalog: Catalog) -> tuple[Route, ...]:
    tag = alarm.tags.get(ACTION_TAG)
    if tag is not None and tag in catalog:
        return (Route(tag, By.TAG),)
    if tag is not None or alarm.tags_lost:
        return ()
    return tuple(Route(action, By.SYMPTOM) for action in _by_symptom(alarm, catalog))


def _by_symptom(alarm: Alarm, catalog: Catalog) -> tuple[str, ...]:
    if alarm.contributor is not None or alarm.name.startswith(TARGET_TRACKING_PREFIX):
        return ()
    meant = {catalog.by_symptom(metric.namespace, metric.name) for metric in alarm.metrics}
    return tuple(action for action in catalog if action in meant)


def _to_page(alarm: Alarm, catalog: Catalog) -> tuple[Route, ...]:
    match alarm.tags.get(ACTION_TAG):
        case None:
            return (Route(PAGE_RUNG, By.TAGS_LOST),) if alarm.tags_lost else ()
        case tag if tag == PAGE_RUNG:
            return (Route(PAGE_RUNG, By.TAG),)
        case tag if tag in (*catalog, NO_ACTION):
            return ()
        case _:
            return (Route(PAGE_RUNG, By.UNKNOWN_TAG),)


def _to_whom_silence_may_matter(alarm: Alarm, catalog: Catalog) -> tuple[Route, ...]:
    """The routes without data: by tag to an action, which decides if it is the symptom; by both to Page."""
    tag = alarm.tags.get(ACTION_TAG)
    if tag is not None and tag in catalog:
        return (Route(tag, By.TAG),)
    paged = tag == PAGE_RUNG and alarm.tags.get(MISSING_DATA_TAG) == MissingData.SYMPTOM
    return (Route(PAGE_RUNG, By.TAG),) if paged else ()


def _to_verify(alarm: Alarm, catalog: Catalog) -> tuple[Route, ...]:
    # A contributor's event has no previous state; from OK to OK nothing recovered. Lost tags do
    # not matter here: Verify only looks.
    tag = alarm.tags.get(ACTION_TAG)
    routed = bool(_by_symptom(alarm, catalog)) if tag is None else tag != NO_ACTION
    if alarm.previous is AlarmState.OK or not routed:
        return ()
    return (Route(VERIFY, By.RECOVERY),)
