"""Acts that a human requests: the request, the value that stands for its alarm, and the name of its plan.

The human's word replaces the alarm and lifts autonomy. Every other guard looks as it does for an alarm, and
the plan must be the one that the human was shown.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from firebreak.core.keys import digest
from firebreak.core.model import Alarm, AlarmKind, AlarmState, OwnEvent, Plan, RequestKind, Target, flat
from firebreak.core.rules import PAGE_RUNG

# The name under which lists show an incident that no alarm began.
MANUAL_NAME = "manual request"

# The most red alarms of the target that a request names: each is up to 64 KB of an event of 256 KB.
MOST_RED = 20

# The most characters of a human's reason to override a freeze: it is on a page and in the history.
MOST_DESPITE_FREEZE = 500


def stand_in(target: Target, why: str, at: datetime) -> Alarm:
    """The value that stands where an alarm would be; `why` is the human's reason (untrusted text)."""
    return Alarm(
        arn=f"manual/{target.key}",
        name=MANUAL_NAME,
        account=target.account,
        region=target.region,
        kind=AlarmKind.MANUAL,
        state=AlarmState.ALARM,
        since=at,
        sent_at=at,
        reason=why,
    )


def plan_id(plan: Plan) -> str:
    """The name of a plan: equal for plans that would send the same to AWS, with the same doubts."""
    return digest("plan", json.dumps(flat(plan.change), sort_keys=True, default=str), *plan.doubts)


def manual_request(
    action: str,
    target: Target,
    *,
    by: str,
    why: str,
    at: datetime,
    red: Sequence[Alarm] = (),
    despite_freeze: str = "",
) -> OwnEvent:
    """The request of a human, before the plan is known; its time makes it a delivery of its own."""
    return OwnEvent(
        kind=RequestKind.MANUAL,
        action=action,
        incident_id="",
        rung=0,
        attempt=int(at.timestamp() * 1000),
        at=at,
        alarm=stand_in(target, why, at),
        by=by,
        target=target.display,
        red=tuple(red[:MOST_RED]),
        despite_freeze=despite_freeze,
    )


def manual_ladder(action: str) -> tuple[str, ...]:
    """The ladder of an act by hand: a human asked for one action, and for no other one after it."""
    return (action, PAGE_RUNG)
