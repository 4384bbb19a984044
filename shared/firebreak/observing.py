"""Looking: the ledger first, the live world only when no ledger guard objected already."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.decision import Snapshot
from firebreak.core.ledger import LedgerView
from firebreak.core.model import Alarm, Obstacle, Plan, Request
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.core.rules import Rules
from firebreak.ports import Action, AlarmReads


@dataclass(frozen=True, slots=True)
class Observer:
    """Takes snapshots for one action."""

    action: Action
    alarms: AlarmReads
    stack_name: str

    def ledger_only(
        self, view: LedgerView, tags: Reading[Mapping[str, str]], now: datetime, why: str
    ) -> Snapshot:
        """A snapshot whose live readings are NotRead because of `why`."""
        unread = NotRead(why)
        return Snapshot(
            now=now,
            stack_name=self.stack_name,
            holds=view.holds,
            decided=view.decided,
            transition=view.transition,
            incident=view.incident,
            scopes=view.scopes,
            alarm=unread,
            alarm_tags=tags,
            series_in_alarm=unread,
            target_tags=unread,
            plan=unread,
        )

    def live(self, request: Request, rules: Rules, before: Snapshot, now: datetime) -> Snapshot:
        """The same snapshot with the alarm and the target looked at, in parallel."""
        with ThreadPoolExecutor(max_workers=3) as pool:
            alarm = pool.submit(self.alarms.describe, request.alarm.name)
            series = pool.submit(self._series, request.alarm)
            seen = pool.submit(self.action.observe, request.target)
        observation = seen.result()
        plan: Reading[Plan | Obstacle] = self.action.plan(request.target, observation, rules)
        return replace(
            before,
            now=now,
            alarm=alarm.result(),
            series_in_alarm=series.result(),
            target_tags=observation.tags,
            plan=plan,
        )

    def _series(self, alarm: Alarm) -> Reading[frozenset[str]]:
        if not alarm.contributor:
            return NotRead("the alarm has no contributors")
        return self.alarms.series_in_alarm(alarm.name)

    def tags(self, alarm: Alarm, *, needed: bool) -> Reading[Mapping[str, str]]:
        """The alarm's tags: those in the event over those on the alarm, read only when needed."""
        if not needed:
            return alarm.tags
        match self.alarms.tags(alarm.arn):
            case Unknown() | NotRead() as unseen:
                return unseen
            case Mapping() as live:
                return {**live, **alarm.tags}
            case absent:
                return alarm.tags or absent
