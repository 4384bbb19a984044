"""The transitions of alarms as CloudWatch keeps them, for 30 days."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from firebreak.aws.alarms import ALARM_TYPES
from firebreak.aws.translate import translated
from firebreak.core.model import AlarmState

# An alarm and the id of its series, its new state, and when it turned so.
type Turned = tuple[tuple[str, str], AlarmState, datetime]


def turned(
    client: Any, alarms: Iterable[str], first: datetime, until: datetime, look: Callable[[str], None]
) -> Iterator[Turned]:
    """Every transition of these alarms as a whole in that time, alarm by alarm, oldest first.

    An item that cannot be read is left out. Raises AwsError.
    """
    for number, alarm in enumerate(alarms, start=1):
        look(f"read the history of {number} alarms")
        asked = {
            "AlarmName": alarm,
            "AlarmTypes": [*ALARM_TYPES],
            "HistoryItemType": "StateUpdate",
            "StartDate": first,
            "EndDate": until,
            "ScanBy": "TimestampAscending",
            "MaxRecords": 100,
        }
        yield from _of_one(client, alarm, asked)


def _of_one(client: Any, alarm: str, asked: dict[str, Any]) -> Iterator[Turned]:
    while True:
        with translated("DescribeAlarmHistory", mutates=False):
            page = client.describe_alarm_history(**asked)
        for item in page["AlarmHistoryItems"]:
            state = state_in(item.get("HistoryData", ""))
            if state is not None:
                yield (alarm, ""), state, item["Timestamp"].astimezone(UTC)
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]


def state_in(data: str) -> AlarmState | None:
    """The new state in the HistoryData of a StateUpdate; None where it cannot be read."""
    try:
        return AlarmState(json.loads(data)["newState"]["stateValue"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
