"""The record of a replay: the same report as of a stack, about what would have been done."""

from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.ledger import Claim, DecisionRecord, IncidentChange
from firebreak.core.limits.history import Judged
from firebreak.core.limits.scopes import short_key
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.page import Severity
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import Transition
from firebreak_cli.statistics.record import WAITS_TO_ACT, Act, BudgetUse, Call, Decided, Record
from firebreak_cli.statistics.times_red import TimesRed


@dataclass(slots=True)
class Recording:
    """`Witness`: keeps what a report shows. It grows with the history."""

    claims: list[Claim] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    reds: TimesRed = field(default_factory=TimesRed)
    alarms: dict[str, frozenset[str]] = field(default_factory=dict)
    verdicts: dict[tuple[str, int], Judged] = field(default_factory=dict)

    def turned(self, transition: Transition) -> None:
        """Takes the transition into the times red."""
        self.reds.turn(transition.subject, transition.after, transition.at)

    def decided(self, record: DecisionRecord, word: str, at: datetime) -> None:
        """Keeps the decision."""
        alarm, reason = record.alarm, record.decision.reason.value
        name, target = alarm.name if alarm else "", short_key(record.target)
        self.decisions.append(Decided(at=at, outcome=word, reason=reason, alarm=name, target=target))

    def acted(self, claim: Claim) -> None:
        """Keeps the act."""
        self.claims.append(claim)
        self.alarms[claim.after.id] = frozenset(one.name for one in claim.after.members)

    def moved(self, change: IncidentChange) -> None:
        """Keeps the verdict on the rung, and the alarms that joined."""
        self.alarms[change.after.id] = frozenset(one.name for one in change.after.members)
        if change.judged:
            self.verdicts[change.before.id, change.before.rung] = change.judged

    def called(self, message: Announcement, severity: Severity, at: datetime) -> None:
        """Keeps the call."""
        self.calls.append(Call(at=at, severity=severity.value, alarm=message.alarm_name))

    def record_of(self, replay: Replay) -> Record:
        """The record of the finished replay."""
        facts, reader = replay.facts, replay.reader
        acted = {claim.after.id for claim in self.claims}
        return Record(
            source=f"{facts.account} {facts.region}, policy {replay.policy.hash}",
            first=reader.start,
            until=facts.end,
            acts=tuple(map(self._act, self.claims)),
            decisions=tuple(self.decisions),
            calls=tuple(self.calls),
            waiting=tuple(
                one.alarm.since
                for one in replay.incidents()
                if one.state in WAITS_TO_ACT and one.id not in acted
            ),
            reds=self.reds.all,
            budgets=_budgets(replay),
            replayed=True,
            notes=tuple(f"{line[:1].upper()}{line[1:]}." for line in replay.assumptions),
        )

    def _act(self, claim: Claim) -> Act:
        after = claim.after
        judged = self.verdicts.get((after.id, after.rung))
        return Act(
            at=claim.at,
            action=after.action,
            target=after.target.display,
            incident=after.id,
            rung=after.rung,
            alarms=self.alarms[after.id],
            red_since=after.alarm.since,
            verdict=judged.verdict if judged else None,
            judged_at=judged.at if judged else None,
        )


def _budgets(replay: Replay) -> tuple[BudgetUse, ...]:
    """The fullest windows as the replay counted them, the fullest first."""
    used = [
        BudgetUse(
            scope=str(scope),
            key=scope.key,
            window=budget.window,
            most=window.most,
            limit=budget.acts,
            at=window.at,
        )
        for (scope, budget), window in replay.tally.windows.items()
    ]
    return tuple(sorted(used, key=lambda one: (-one.most / one.limit, one.scope, one.key)))
