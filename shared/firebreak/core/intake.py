"""Alarms that need no guard to be refused: not red, spoken for by others, or not understood."""

from firebreak.core.model import Alarm, AlarmKind, AlarmState, Unresolved
from firebreak.core.reasons import Reason


def turn_away(alarm: Alarm) -> Unresolved | None:
    """Why this alarm is not looked into any further, if so."""
    if alarm.state is not AlarmState.ALARM:
        return Unresolved(Reason.NOT_IN_ALARM, f"the alarm is {alarm.state}")
    if alarm.contributor:
        return None
    match alarm.kind:
        case AlarmKind.MULTI_SERIES | AlarmKind.PROMQL:
            return Unresolved(Reason.PARENT_OF_CONTRIBUTORS, "its contributors send events of their own")
        case AlarmKind.UNKNOWN:
            return Unresolved(Reason.UNKNOWN_KIND, "its configuration matches no documented kind of alarm")
        case _:
            return None
