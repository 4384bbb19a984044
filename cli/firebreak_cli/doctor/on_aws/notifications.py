"""An alarm's life as CloudWatch keeps it for 30 days: how it turned, and whether it could notify."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from firebreak.core.model import AlarmState
from firebreak_cli.queries.alarm_history import state_in
from firebreak_cli.queries.alarm_pages import alarm_pages

KEPT = timedelta(days=30)
_STATE, _ACTION = "StateUpdate", "Action"


@dataclass(frozen=True, slots=True)
class Life:
    """The transitions of one alarm and the notifications that it tried, oldest first.

    A notification is True where it succeeded. An item that cannot be read is left out.
    """

    turned: Sequence[tuple[datetime, AlarmState]]
    notified: Sequence[tuple[datetime, bool]]

    def first(self, state: AlarmState) -> datetime | None:
        """When it first turned so."""
        return next((at for at, one in self.turned if one is state), None)

    def notified_since(self, at: datetime) -> Sequence[bool]:
        """The notifications from then on."""
        return [succeeded for when, succeeded in self.notified if when >= at]


def life_of(client: Any, alarm: str, since: datetime) -> Life:
    """The life of an alarm since then. Raises AwsError."""
    asked: dict[str, Any] = {
        "AlarmName": alarm,
        "StartDate": since,
        "ScanBy": "TimestampAscending",
        "MaxRecords": 100,
    }
    turned: list[tuple[datetime, AlarmState]] = []
    notified: list[tuple[datetime, bool]] = []
    for page in alarm_pages(client.describe_alarm_history, "DescribeAlarmHistory", **asked):
        for item in page["AlarmHistoryItems"]:
            at, data = item["Timestamp"].astimezone(UTC), item.get("HistoryData", "")
            state, succeeded = state_in(data), _succeeded(data)
            if item["HistoryItemType"] == _STATE and state is not None:
                turned.append((at, state))
            elif item["HistoryItemType"] == _ACTION and succeeded is not None:
                notified.append((at, succeeded))
    return Life(turned, notified)


def _succeeded(data: str) -> bool | None:
    """Whether the HistoryData of an Action says that it succeeded; None where it cannot be read."""
    try:
        state = json.loads(data)["actionState"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return {"Succeeded": True, "Failed": False}.get(state)
