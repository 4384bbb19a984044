"""Transitions as the functions get them: the event that CloudWatch sends, and where the rules route it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firebreak.core.model import Alarm, AlarmState, Contributor
from firebreak.core.routing import ROUTER, by_live_tags, route
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import MAX_TEXT_CHARACTERS, parse
from firebreak.services.registry import CATALOG
from firebreak_cli.backtest.facts import AlarmFacts, Facts
from firebreak_cli.backtest.mute_windows import MuteWindows
from firebreak_cli.backtest.transitions import Transition
from firebreak_cli.queries import state_change
from firebreak_cli.queries.tag_propagation import riding

_STATES = {state.value: state for state in AlarmState}


@dataclass(slots=True)
class AlarmEvents:
    """Makes events of transitions. The parts that are the same each time are read once an alarm and state."""

    facts: Facts
    mutes: MuteWindows
    _templates: dict[tuple[str, AlarmState], Alarm] = field(default_factory=dict)
    _functions: dict[tuple[str, bool, AlarmState, str], tuple[str, ...]] = field(default_factory=dict)

    def alarm(self, transition: Transition) -> Alarm:
        """The alarm of the event."""
        return replace(
            self._bare(transition),
            since=transition.at,
            sent_at=transition.at,
            reason=transition.reason[:MAX_TEXT_CHARACTERS],
            evaluation=transition.evaluation,
            suppressed_by=transition.suppressed_by,
            mute=self.mutes.over(transition.alarm, transition.at),
        )

    def functions(self, transition: Transition) -> tuple[str, ...]:
        """The functions that the rules invoke; Route by the one that it would pass the alarm on to.

        Route itself is left where nobody knows the tags that it would read.
        """
        key = (transition.alarm, bool(transition.contributor), transition.after, transition.before)
        if key not in self._functions:
            self._functions[key] = self._routed(self._bare(transition))
        return self._functions[key]

    def _routed(self, alarm: Alarm) -> tuple[str, ...]:
        named = tuple(found.function for found in route(alarm, CATALOG))
        tags = self.facts.alarms[alarm.name].tags
        if ROUTER not in named or not isinstance(tags, Mapping):
            return named
        passed_to = by_live_tags(alarm, tags, CATALOG)
        return (*(name for name in named if name != ROUTER), *((passed_to,) if passed_to else ()))

    def _bare(self, transition: Transition) -> Alarm:
        """The alarm without what differs between two events."""
        series = transition.contributor
        return replace(
            self._template(transition.alarm, transition.after),
            previous=_STATES.get(transition.before),
            contributor=Contributor(series, transition.attributes) if series else None,
        )

    def _template(self, name: str, state: AlarmState) -> Alarm:
        key = (name, state)
        if key not in self._templates:
            self._templates[key] = self._event(self.facts.alarms[name], state)
        return self._templates[key]

    def _event(self, alarm: AlarmFacts, state: AlarmState) -> Alarm:
        """The alarm's event of that state, with those of its tags that CloudWatch says are in it."""
        tags = riding(alarm.config, alarm.tags, unsaid=False) if isinstance(alarm.tags, Mapping) else {}
        turned = state_change.Transition(alarm.described.name, self.facts.start, "", state.value, "")
        try:
            event = state_change.state_change_event(turned, alarm.config, tags)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise UnusableEvent("an alarm of another shape", "one that DescribeAlarms answers") from error
        parsed = parse(event)
        assert isinstance(parsed, Alarm)  # noqa: S101  # state_change_event makes no request
        return parsed
