"""The facts of a policy test, in the place of what a function would read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.decision import Snapshot
from firebreak.core.limits.calendars import CalendarAnswer, CalendarReading, CalendarState
from firebreak.core.limits.disruption_budget import NO_FLOOR, GroupCount
from firebreak.core.limits.history import Act, Hold, Judged, ScopeHistory
from firebreak.core.limits.scopes import Scope, application_scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.model import Alarm, Obstacle, OwnEvent, Plan, Request, Target
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.rules import Rules
from firebreak.intake import target_resolution
from firebreak.intake.lookups import Lookups, Resolution
from firebreak.intake.names import Home, read_target
from firebreak.ledger.claims import switch_keys
from firebreak.policy.policy import Policy
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.explain.sources import Tags, alarm_of
from firebreak_cli.policy_tests.schema import ActFact, PolicyTest

NOT_STATED = NotRead("no test states it")
PLAN = Plan(summary="the change that the action would make", change={}, before={})


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationSources:
    """Sees what a test states; everything else is as it is when nothing objects."""

    test: PolicyTest
    policy: Policy

    def tags(self, alarm: Alarm) -> Tags:
        """The tags of the event, and those that the test states over them."""
        return {**alarm.tags, **self.test.alarm.tags}

    def target(self, trigger: Alarm | OwnEvent, tags: Tags, action: str) -> Resolution:
        """The target that the event names."""
        alarm = alarm_of(trigger)
        lookups = Lookups.none(Home(alarm.account, alarm.region), NOT_STATED)
        return target_resolution.resolve(alarm, tags, lookups, action)

    def snapshot(self, request: Request, rules: Rules, tags: Tags, now: datetime) -> Snapshot:
        """The stated facts, as the guards read them."""
        scopes = _scopes(rules, request.target, self._application)
        known = {one.calendar.name for one in self.policy.calendars}
        if unknown := sorted(self.test.calendars.keys() - known):
            raise Ending(BAD_INPUT, f"calendars: {unknown[0]} is no calendar of the policy")
        return Snapshot(
            now=now,
            stack_name="",
            holds=tuple(self._holds(request, scopes, now)) or ABSENT,
            decided=ABSENT,
            transition=ABSENT,
            incident=ABSENT,
            dependency_incidents=(),
            scopes=self._histories(request, scopes, now),
            storm=_storm(request.alarm, rules, now) if self.test.storm else ABSENT,
            alarm=self._alarm(request.alarm),
            alarm_tags=tags,
            series_in_alarm=NotRead("no contributors"),
            target_tags=self.test.target.tags,
            plan=self._plan(),
            group=self._group(request.target, now),
            calendars={one.arn: self._calendar(one.name) for one in rules.calendars},
        )

    def _calendar(self, name: str) -> CalendarReading:
        """A calendar is OPEN unless the test states another state."""
        match self.test.calendars.get(name, CalendarState.OPEN):
            case CalendarState() as state:
                return CalendarAnswer(state)
            case "UNREADABLE":
                return Unknown("the test states it")

    def _alarm(self, alarm: Alarm) -> DescribedAlarm:
        fact = self.test.alarm
        return DescribedAlarm(
            name=alarm.name,
            arn=alarm.arn,
            state=fact.state,
            since=alarm.since,
            actions_enabled=True,
            comparison=fact.comparison,
            metrics=alarm.metrics,
            children=alarm.children,
            evaluation=alarm.evaluation,
            actions=tuple(fact.actions),
        )

    def _plan(self) -> Plan | Obstacle:
        fact = self.test.target
        if fact.obstacle:
            return Obstacle(fact.obstacle, "the test states it")
        return replace(PLAN, doubts=tuple(fact.doubts))

    def _group(self, target: Target, now: datetime) -> Reading[GroupCount]:
        fact = self.test.target
        if fact.group_size is None:
            return NOT_STATED
        others = (f"{target.group_key}/healthy-{n}" for n in range(fact.group_healthy or 0))
        healthy = NO_FLOOR if fact.group_healthy is None else frozenset(others)
        return GroupCount(total=fact.group_size, counted_at=now, healthy=healthy)

    def _histories(
        self, request: Request, scopes: Iterable[Scope], now: datetime
    ) -> Mapping[Scope, Reading[ScopeHistory]]:
        """The acts of each scope of the request; an act of another target counts where they share a scope."""
        usual = request.target
        slots = [(self._scopes_of(fact, usual), _slot(fact, usual, now)) for fact in self.test.acts]
        acts = {scope: [slot for places, slot in slots if scope in places] for scope in scopes}
        return {
            scope: ScopeHistory(scope, tuple(sorted(found, key=lambda act: act.at)), version=1)
            if found
            else ABSENT
            for scope, found in acts.items()
        }

    def _scopes_of(self, fact: ActFact, usual: Target) -> Sequence[Scope]:
        target = named_target(fact.target, usual)
        own = self._application if target == usual else ""
        return _scopes(self.policy.rules(fact.action, target), target, fact.application or own)

    @property
    def _application(self) -> str:
        """The application that a tag of the target names, as the policy calls the tag."""
        return self.test.target.tags.get(self.policy.defaults.application_tag, "")

    def _holds(self, request: Request, scopes: Iterable[Scope], now: datetime) -> Iterable[Hold]:
        """The stated pauses that cover the request."""
        over = switch_keys(request.action, scopes)
        for fact in self.test.pauses:
            scope = fact.scope.at(request.target.account, request.target.region)
            if scope.pk in over:
                since, until = now - timedelta(minutes=1), now + fact.remaining
                yield Hold(scope.key, "the test", fact.reason, since, until)


def _scopes(rules: Rules, target: Target, application: str) -> Sequence[Scope]:
    named = [application_scope(target, application)] if application else []
    return [*rules.scopes(target), *named]


def _slot(fact: ActFact, usual: Target, now: datetime) -> Act:
    at = now - fact.ago
    judged = Judged(fact.verdict, min(now, at + timedelta(minutes=5))) if fact.verdict else None
    return Act(at, "i-stated", fact.action, 0, named_target(fact.target, usual).key, judged)


def _storm(alarm: Alarm, rules: Rules, now: datetime) -> Storm:
    """A storm of other alarms that turned red just now."""
    others = (RedAlarm(now, f"{alarm.arn}-{n}", f"alarm-{n}") for n in range(rules.storm.alarms))
    return Storm(red=tuple(others), version=1, tripped_at=now, last_red_at=now)


def named_target(written: str, usual: Target) -> Target:
    """The target of a short form in the account and region of another; that one itself for none."""
    found = read_target(written, usual.account, usual.region) if written else usual
    if not isinstance(found, Target):
        raise Ending(BAD_INPUT, found.detail)
    return found
