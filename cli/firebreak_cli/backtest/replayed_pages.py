"""Alarms that are for humans by their tags, as Page treats them in a replay."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.decide import refuse
from firebreak.core.intake import held_back, why_human
from firebreak.core.ledger import DecisionRecord, alarm_key, untargeted
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import of_decision, per_alarm
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.paging.digests import put_off, put_off_no_longer
from firebreak.core.reasons import Reason
from firebreak.core.rules import PAGE_RUNG
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms
from firebreak_cli.backtest.replayed_ports import MuteEnd, WakeUps
from firebreak_cli.backtest.tally import Tally

type Recorded = tuple[DecisionRecord, Announcement | None]


@dataclass(slots=True)
class ReplayedPages:
    """Counts what Page decides and announces. An alarm that is muted waits for the end of its window."""

    alarms: ReplayedAlarms
    tally: Tally
    wake_ups: WakeUps
    now: Callable[[], datetime]
    _held: dict[str, Announcement] = field(default_factory=dict)

    def page(self, alarm: Alarm) -> Recorded:
        """Decides on the alarm; returns the decision and what was announced of it."""
        why, now, key = why_human(alarm), self.now(), alarm_key(alarm, PAGE_RUNG)
        routed = refuse(why.reason, why.detail)
        message = of_decision(untargeted(key, alarm, PAGE_RUNG, routed, now), None)
        decision = (held_back(alarm, now) if message else None) or routed
        record = untargeted(key, alarm, PAGE_RUNG, decision, now)
        paged = of_decision(record, None)
        self.tally.decided(record, paged)
        if paged:
            self.tally.announced(paged)
        elif message and decision.reason is Reason.MUTED and alarm.mute and alarm.mute.until:
            self._hold(put_off(per_alarm(message), alarm.mute.until), alarm.mute.until)
        return record, paged

    def _hold(self, message: Announcement, until: datetime) -> None:
        """Keeps the announcement until then; the window of the newest transition counts."""
        self._held[message.key] = message
        self.wake_ups.mute_ends(MuteEnd(message.key), until)

    def mute_ended(self, ended: MuteEnd) -> None:
        """Announces the alarm, unless it is OK or gone by now, or a later window covers it."""
        held, now = self._held.get(ended.key), self.now()
        if held is None or (held.until and held.until > now):
            return
        del self._held[ended.key]
        latest = [self.alarms.latest((one.name, one.contributor)) for one in held.watches]
        if any(one and one.after is not AlarmState.OK for one in latest):
            self.tally.announced(put_off_no_longer(held, now))
