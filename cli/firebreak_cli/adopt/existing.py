"""Alarms as DescribeAlarms shows them, read as the events that they would send if they turned red now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.aws.described_alarms import described_alarm
from firebreak.core.model import NO_TAGS, Alarm, AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Reading
from firebreak.core.tags import ACTION_TAG
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events
from firebreak.wire.lenient_json import as_excerpt, parse_timestamp, text
from firebreak_cli.queries.state_change import Transition, state_change_event
from firebreak_cli.queries.tag_propagation import riding

_CONFIGURED = "AlarmConfigurationUpdatedTimestamp"
_TIMES = ("StateUpdatedTimestamp", "StateTransitionedTimestamp", _CONFIGURED)
_NEEDED = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp", "ActionsEnabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingAlarm:
    """One alarm: its configuration and state, as its event would name it, and its tags.

    `event` holds no tags. `rides` says that a tag that names an action would be in it. `rule` is that of a
    composite. `changed_at` is when it was last configured, to the millisecond; None where nothing says it.
    """

    shown: DescribedAlarm
    event: Alarm
    tags: Reading[Mapping[str, str]]
    rides: bool
    rule: str = ""
    changed_at: datetime | None = None

    @property
    def known_tags(self) -> Mapping[str, str]:
        """Its tags; none where they were not read."""
        return self.tags if isinstance(self.tags, Mapping) else NO_TAGS


def existing_alarm(raw: Mapping[str, Any], tags: Reading[Mapping[str, str]], now: datetime) -> ExistingAlarm:
    """One alarm of DescribeAlarms' answer. Raises UnusableEvent naming what is missing or odd in it."""
    missing = [name for name in _NEEDED if name not in raw]
    if missing:
        raise UnusableEvent(f"an alarm without {', '.join(missing)}", "an alarm as describe-alarms prints it")
    if not text(raw["AlarmName"]).strip():
        raise UnusableEvent("an alarm without a name", "AlarmName")
    named = as_excerpt(raw["AlarmName"])
    timed = {**raw, **{name: _time(raw[name]) for name in _TIMES if name in raw}}
    try:
        shown, event = described_alarm(timed), _event(timed, now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        found = f"alarm {named} with an odd or missing {error.args[0] if error.args else 'value'}"
        raise UnusableEvent(found, "an alarm as describe-alarms prints it") from error
    return ExistingAlarm(
        shown=shown,
        event=event,
        tags=tags,
        rides=_rides(raw),
        rule=text(raw.get("AlarmRule")),
        changed_at=_changed_at(timed),
    )


def _time(value: object) -> datetime:
    found = value if isinstance(value, datetime) else parse_timestamp(value)
    if found is None:
        raise UnusableEvent(f"the time {as_excerpt(value)}", "a time in ISO 8601")
    return found


def _changed_at(timed: Mapping[str, Any]) -> datetime | None:
    found: datetime | None = timed.get(_CONFIGURED)
    return found and milliseconds(found)


def milliseconds(at: datetime) -> datetime:
    """To the millisecond, as a plan's file holds it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _event(raw: Mapping[str, Any], now: datetime) -> Alarm:
    change = Transition(raw["AlarmName"], now, AlarmState.OK, AlarmState.ALARM, "as if it turned red")
    parsed = alarm_events.parse(state_change_event(change, raw, NO_TAGS))
    if not isinstance(parsed, Alarm):
        raise TypeError("alarm")
    return parsed


def _rides(raw: Mapping[str, Any]) -> bool:
    """Whether the tag that names the action is in the alarm's events; by default no tag is."""
    return bool(riding(raw, {ACTION_TAG: ""}, unsaid=False))
