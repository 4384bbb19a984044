"""Moving an event in time: its own times keep their distances from each other."""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.model import Alarm, OwnEvent


def sent_at(trigger: Alarm | OwnEvent) -> datetime:
    """The time at which the event was sent."""
    return trigger.sent_at if isinstance(trigger, Alarm) else trigger.at


def moved_to(trigger: Alarm | OwnEvent, at: datetime) -> Alarm | OwnEvent:
    """The same event as if it had been sent at that time. Raises OverflowError where a time has no date."""
    moved: Alarm | OwnEvent = _moved(trigger, at - sent_at(trigger))
    return moved


def _moved(value: Any, by: timedelta) -> Any:
    """The value with every time in it shifted."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple):
        return tuple(_moved(part, by) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _moved(getattr(value, field.name), by) for field in fields(value) if field.init}
        return replace(value, **parts)
    return value
