"""The transitions of alarms as CloudWatch keeps them, for 30 days."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.core.model import AlarmState
from firebreak_cli.queries.alarm_pages import alarm_pages

# An alarm and the id of its series, its new state, and when it turned so.
type Turned = tuple[tuple[str, str], AlarmState, datetime]


def turned(
    client: Any, alarms: Iterable[str], first: datetime, until: datetime, look: Callable[[str], None]
) -> Iterator[Turned]:
    """Every transition of these alarms as a whole in that time, alarm by alarm, oldest first.

    An item that cannot be read is left out. Raises AwsError.
    """
    types = AlarmTypes()
    for number, alarm in enumerate(alarms, start=1):
        look(f"read the history of {number} alarms")
        asked = {
            "AlarmName": alarm,
            "HistoryItemType": "StateUpdate",
            "StartDate": first,
            "EndDate": until,
            "ScanBy": "TimestampAscending",
            "MaxRecords": 100,
        }
        yield from _of_one(client, alarm, asked, types)


def _of_one(client: Any, alarm: str, asked: dict[str, Any], types: AlarmTypes) -> Iterator[Turned]:
    for page in alarm_pages(client.describe_alarm_history, "DescribeAlarmHistory", types, **asked):
        for item in page["AlarmHistoryItems"]:
            state = state_in(item.get("HistoryData", ""))
            if state is not None:
                yield (alarm, ""), state, item["Timestamp"].astimezone(UTC)


def state_in(data: str) -> AlarmState | None:
    """The new state in the HistoryData of a StateUpdate; None where it cannot be read."""
    try:
        return AlarmState(json.loads(data)["newState"]["stateValue"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
