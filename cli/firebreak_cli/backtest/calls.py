"""The announcements of a replay, each once a key, and the calls for somebody among them."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.digests import STAYS_OK
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import PagingRules
from firebreak.core.paging.severities import severity_of
from firebreak.core.paging.threads import phase_of
from firebreak.core.reasons import Lasting
from firebreak_cli.backtest.witness import NOBODY, Witness

# Announcements repeat under one key for a day at most (decision_messages.DAILY).
REMEMBERED_FOR = timedelta(days=1, hours=1)
MOST_STORMS = 100


@dataclass(slots=True)
class Calls:
    """The counts. A lasting cause that was not met for `STAYS_OK` calls again, as its page does."""

    rules: PagingRules
    witness: Witness = NOBODY
    by_severity: Counter[Severity] = field(default_factory=Counter)
    by_hour: Counter[int] = field(default_factory=Counter)
    by_kind: Counter[AnnouncementKind] = field(default_factory=Counter)
    storms: list[datetime] = field(default_factory=list)
    _seen: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def announced(self, message: Announcement, at: datetime) -> None:
        """Counts an announcement, unless its key was announced before."""
        if not self._is_known(message, at):
            self.count(message, at)

    def count(self, message: Announcement, at: datetime) -> None:
        """Counts an announcement that has no key in common with another."""
        self.by_kind[message.kind] += 1
        if message.kind is AnnouncementKind.STORM and len(self.storms) < MOST_STORMS:
            self.storms.append(at)
        if phase_of(message) is Phase.TRIGGER:
            severity = severity_of(message, self.rules)
            self.by_severity[severity] += 1
            self.by_hour[at.hour] += 1
            self.witness.called(message, severity, at)

    def _is_known(self, message: Announcement, at: datetime) -> bool:
        before = self._seen.get(message.key)
        lasting = message.lasting is not Lasting.NO
        if before is None or lasting:
            self._seen[message.key] = at
            self._seen.move_to_end(message.key)
        while self._seen and at - next(iter(self._seen.values())) > REMEMBERED_FOR:
            self._seen.popitem(last=False)
        return before is not None and not (lasting and at - before >= STAYS_OK)
