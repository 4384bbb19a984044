"""Events with a time that has not come yet."""

from datetime import datetime

from firebreak.core.limits.budgets import is_ahead
from firebreak.core.model import Alarm, OwnEvent, Unresolved
from firebreak.core.reasons import Reason


def refused(trigger: Alarm | OwnEvent, now: datetime) -> Unresolved | None:
    """Why this event is not looked into, if the time of its alarm has not come yet.

    If it were remembered as the newest of its alarm, it would block every real transition until then.
    """
    alarm = trigger if isinstance(trigger, Alarm) else trigger.alarm
    if not is_ahead(alarm.since, now):
        return None
    detail = f"it says {alarm.state} since {alarm.since:%Y-%m-%d %H:%M:%S}Z"
    return Unresolved(Reason.AHEAD_OF_TIME, detail)
