"""Decisions as the ledger holds them, and announcements, for tests."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decision import Decision
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import RequestKind
from firebreak.core.reasons import Lasting
from tests.support import builders as a


def decided(decision: Decision, **changes: object) -> DecisionRecord:
    """The ledger's record of a decision about the usual alarm, made now."""
    base = DecisionRecord(
        key="k" * 32,
        at=a.NOW,
        kind=RequestKind.ALARM,
        action="restart-service",
        incident_id="i-0123456789",
        target=a.TARGET.key,
        alarm=a.alarm(),
        decision=decision,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def announced(**changes: object) -> Announcement:
    """A page in which every field says something, so that a field left out of it is noticed."""
    base = Announcement(
        key="k",
        kind=AnnouncementKind.REFUSED,
        at=a.NOW,
        incident_id="i-0123456789",
        action="restart-service",
        headline="The budget is used up.",
        facts=("target: 2 of 2 in 15m",),
        next="Nothing was changed.",
        alarm_name="api",
        alarm_since=a.NOW,
        alarm_description="memory of the api",
        target="ecs:prod/api",
        account=a.ACCOUNT,
        region=a.REGION,
        rung=1,
        event="e",
        thread="t",
        cause="budget_full",
        until=a.NOW + timedelta(days=1),
        by="bo",
        retry=("api",),
        severity="critical",
        runbook="https://example.com/api",
        question="i-0123456789.1.01234567",
        watches=(WatchedAlarm("api"),),
        unwatched=2,
        lasting=Lasting.TARGET,
        counted_as="c",
        red="memory above 85%",
        alarm_reason="1 datapoint over 85",
        alarm_state="ALARM",
        opted_in=True,
        looks_at=a.NOW + timedelta(minutes=15),
        at_any_hour=True,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace
