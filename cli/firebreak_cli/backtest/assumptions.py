"""The assumptions of a replay on its acts, and their effect on the alarms of the history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.incident.states import FREES_TARGET, Incident
from firebreak.core.limits.calendars import CalendarAnswer, CalendarReading, CalendarState
from firebreak.core.model import AlarmState
from firebreak.core.readings import Unknown
from firebreak_cli.backtest.mute_windows import MuteRules
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms
from firebreak_cli.backtest.transitions import Transition
from firebreak_cli.exit_codes import BAD_INPUT, Ending


class Effect(StrEnum):
    """The effect that an act is assumed to have on its alarms."""

    AS_HISTORY = "as-history"
    HELPS = "helps"
    DOES_NOT_HELP = "does-not-help"


def read_effect(written: str) -> Effect:
    """The effect of that name. Raises Ending for any other."""
    if written not in set(Effect):
        raise Ending(BAD_INPUT, f"--assume {written}: one of {', '.join(Effect)}")
    return Effect(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """The assumptions of a replay where the history says nothing.

    With `opted_in` every target has the opt-in tag.
    """

    effect: Effect = Effect.AS_HISTORY
    opted_in: bool = False

    def lines(self, mute_rules: MuteRules | Unknown, *, calendars: int = 0) -> tuple[str, ...]:
        """The assumptions in words, a line each, about an account with these mute rules.

        `calendars` is the number of Change Calendars of the policy.
        """
        by_effect = {
            Effect.AS_HISTORY: "an act changes nothing: its alarms go on as the history has them",
            Effect.HELPS: "every act helps at once: its alarms are OK until the history turns them red again",
            Effect.DOES_NOT_HELP: "no act helps: its alarms stay red as long as Firebreak works on them",
        }
        return (
            by_effect[self.effect],
            "alarms, tags and targets were as they are today",
            "every target was ready, unless something lasting stands in its way today",
            "every target was opted in" if self.opted_in else "targets were opted in as they are today",
            "nobody approved, denied, acknowledged, paused or deployed anything",
            _about_mutes(mute_rules),
            *(
                ["the Change Calendars of the policy were OPEN: no history has their past"]
                if calendars
                else []
            ),
            "Firebreak itself was up at all times",
        )


def assumed_open(arn: str, at: datetime) -> CalendarReading:
    """The state of a Change Calendar in a replay."""
    del arn, at
    return CalendarAnswer(CalendarState.OPEN)


def _about_mutes(mute_rules: MuteRules | Unknown) -> str:
    if isinstance(mute_rules, Unknown):
        return f"no mute rule of CloudWatch held an alarm back: {mute_rules.why}"
    if not (mute_rules.rules or mute_rules.unreadable):
        return "no mute rule of CloudWatch held an alarm back: there is none today"
    known, in_all = len(mute_rules.rules), len(mute_rules.rules) + len(mute_rules.unreadable)
    return f"CloudWatch's mute rules were as they are today: {known} of {in_all} read"


@dataclass(frozen=True, slots=True)
class AssumedEffect:
    """Holds the alarms of an act in the state that is assumed."""

    effect: Effect
    alarms: ReplayedAlarms

    def acted(self, incidents: Iterable[Incident], target_key: str, now: datetime) -> None:
        """An act was carried out on the target."""
        if self.effect is Effect.AS_HISTORY:
            return
        for incident in incidents:
            if incident.target.key == target_key and incident.holds_target:
                for member in incident.members:
                    subject = (member.name, member.contributor)
                    if self.effect is Effect.HELPS:
                        self.alarms.pin(subject, AlarmState.OK, now)
                    else:
                        self.alarms.pin(subject, AlarmState.ALARM, member.since or now)

    def overrules(self, transition: Transition) -> bool:
        """Whether the alarm is held in another state than the transition gives it."""
        if self.effect is Effect.AS_HISTORY:
            return False
        pinned = self.alarms.pinned(transition.subject)
        if pinned is AlarmState.OK and transition.after is AlarmState.ALARM:
            self.alarms.unpin(transition.subject)
            return False
        return pinned is not None

    def let_go(self, incidents: Iterable[Incident]) -> list[Transition]:
        """Lets alarms go on as in the history once no incident works on them; returns those that are OK."""
        working = {
            (member.name, member.contributor)
            for one in incidents
            if one.state not in FREES_TARGET
            for member in one.members
        }
        free = self.alarms.held_red() - working
        for subject in free:
            self.alarms.unpin(subject)
        latest = (self.alarms.latest(subject) for subject in sorted(free))
        return [one for one in latest if one and one.after is AlarmState.OK]
