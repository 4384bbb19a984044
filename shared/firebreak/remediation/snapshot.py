"""Snapshots: the ledger first, the live world only when no ledger guard objected already."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decision import Decision, Snapshot
from firebreak.core.guards.freeze import calendars_for
from firebreak.core.guards.table import BOUND_BY_FREEZES
from firebreak.core.incident.states import PURPOSE_OF, Incident
from firebreak.core.incident.transitions import joins
from firebreak.core.ledger import LedgerView
from firebreak.core.limits.calendars import CalendarReading
from firebreak.core.limits.disruption_budget import GroupCount, allowed, unavailable_members
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import application_scope, group_scope
from firebreak.core.messages.decision_messages import QUIET
from firebreak.core.model import Alarm, AlarmState, Obstacle, Plan, Request, RequestKind, Target
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.intake.target_resolution import needs_live_tags
from firebreak.ledger.ports import Ledger
from firebreak.remediation.alarm_status import describe_each
from firebreak.services.action import AnyAction, Observation
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.target_groups import group_in

type CalendarReads = Callable[[str, datetime], CalendarReading]


def no_calendars(arn: str, at: datetime) -> CalendarReading:
    """The reading where nobody can look: an act is refused, as after a failed read."""
    del arn, at
    return Unknown("no reader of calendars is at hand")


@dataclass(frozen=True, slots=True)
class Observer:
    """Takes snapshots for one action; `calendars` reads the state of a Change Calendar at a time."""

    action: AnyAction
    alarms: AlarmReads
    stack_name: str
    calendars: CalendarReads = no_calendars

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
            dependency_incidents=view.dependency_incidents,
            scopes=view.scopes,
            storm=view.storm,
            alarm=unread,
            alarm_tags=tags,
            series_in_alarm=unread,
            target_tags=unread,
            plan=unread,
            group=unread,
        )

    def live(
        self,
        request: Request,
        rules: Rules,
        before: Snapshot,
        now: datetime,
        known: Observation | None = None,
    ) -> Snapshot:
        """The same snapshot with the alarm and the target read, in parallel.

        `known` is the target where it was read a moment ago.
        """
        bound = request.kind in BOUND_BY_FREEZES
        wanted = [one.arn for one in calendars_for(request, rules)] if bound else []
        with ThreadPoolExecutor(max_workers=4 + len(wanted)) as pool:
            alarm = pool.submit(self._alarm, request, before)
            series = pool.submit(self._series, request.alarm)
            seen = pool.submit(lambda: known or self.target(request.target))
            group = pool.submit(self._group, request, rules, before, now)
            calendars = {arn: pool.submit(self.calendars, arn, now) for arn in wanted}
        observation = seen.result()
        plan = self._plan(request, rules, before.incident, observation)
        return replace(
            before,
            now=now,
            alarm=alarm.result(),
            series_in_alarm=series.result(),
            target_tags=observation.tags,
            target_groups=_target_groups(request, observation),
            plan=plan,
            group=group.result(),
            calendars={arn: found.result() for arn, found in calendars.items()},
        )

    def _plan(
        self, request: Request, rules: Rules, incident: Reading[Incident], seen: Observation
    ) -> Reading[Plan | Obstacle]:
        """The plan of the act; for an undo, the one that the plan to be taken back gives."""
        if request.kind not in PURPOSE_OF:
            return self.action.plan(request, seen, rules)
        if not isinstance(incident, Incident) or incident.plan is None:
            return Unknown("the incident carries no plan that could be taken back")
        return self.action.undo(incident.plan, seen, request.kind)

    def _group(self, request: Request, rules: Rules, before: Snapshot, now: datetime) -> Reading[GroupCount]:
        """The target's group: a recent count where that lets Firebreak act, else counted now.

        So no refusal comes from an old count, and min_healthy always knows who is well now.
        """
        health = rules.disruption.min_healthy > 0
        if not request.target.group:
            return NotRead("the target is in no group")
        history = before.scopes.get(group_scope(request.target))
        if isinstance(history, ScopeHistory) and history.size and not health:
            size, hit = (
                history.size,
                unavailable_members(history.acts, rules.disruption, now) | {request.target.key},
            )
            if now - size.counted_at < rules.disruption.count_max_age and len(hit) <= allowed(
                size.total, rules.disruption
            ):
                return GroupCount(total=size.total, counted_at=size.counted_at)
        return self.action.group(request.target, now, health=health)

    def _alarm(self, request: Request, before: Snapshot) -> Reading[DescribedAlarm]:
        """The alarm; for a request of an incident, the member that decides whether it is red.

        Of a manual request those that it names as red, for what else they start.
        """
        if request.kind is RequestKind.MANUAL:
            return loudest(
                [*describe_each(self.alarms, [WatchedAlarm.of(one) for one in request.red]).values()]
            )
        if not isinstance(before.incident, Incident) or before.incident.id != request.incident_id:
            return self.alarms.describe(request.alarm.name)
        members = [member.watched for member in before.incident.members]
        found = loudest([*describe_each(self.alarms, members).values()])
        left_out = before.incident.left_out
        if left_out and isinstance(found, DescribedAlarm) and found.state is AlarmState.OK:
            return Unknown(f"{left_out} more alarms joined than are looked at")
        return found

    def _series(self, alarm: Alarm) -> Reading[Mapping[str, Series]]:
        if not alarm.contributor:
            return NotRead("the alarm has no contributors")
        return self.alarms.series_in_alarm(alarm.name)

    def plan_again(
        self, request: Request, rules: Rules, incident: Reading[Incident]
    ) -> Reading[Plan | Obstacle]:
        """The plan that a new look at the target gives; for an undo of the incident as it was read."""
        return self._plan(request, rules, incident, self.target(request.target))

    def target(self, target: Target) -> Observation:
        """The target alone."""
        seen: Observation = self.action.observe(target)
        return seen


def tags_of(alarm: Alarm, alarms: AlarmReads) -> Reading[Mapping[str, str]]:
    """The alarm's tags: those in the event over those on the alarm, read only where they may add some.

    A manual request has no alarm, and so no tags.
    """
    if alarm.manual:
        return ABSENT
    if not needs_live_tags(alarm):
        return alarm.tags
    match alarms.tags(alarm.arn):
        case Unknown() | NotRead() as unseen:
            return unseen
        case Mapping() as live:
            return {**live, **alarm.tags}
        case absent:
            return alarm.tags or absent


def needs_consent(request: Request, decision: Decision, incident: Reading[Incident]) -> bool:
    """Whether to read the target's tags although a guard objected that needs none of them.

    Before the alarm joins an incident, and before a human hears of it or an incident begins with it.
    """
    if not decision.objected or any(check.reason is Reason.DUPLICATE for check in decision.checks):
        return False
    if isinstance(incident, Incident) and joins(request, decision, incident):
        return True
    return not request.incident_id and decision.disposition not in QUIET


def with_consent(
    request: Request, decision: Decision, seen: Snapshot, tags: Reading[Mapping[str, str]]
) -> Snapshot:
    """The snapshot with the target's tags where they are known; else the objecting guard's reason stands.

    A target that is gone keeps no alarm from the incident that works on it.
    """
    joining = isinstance(seen.incident, Incident) and joins(request, decision, seen.incident)
    match tags:
        case Unknown() | NotRead():
            return seen
        case Absent() if joining:
            return seen
        case known:
            return replace(seen, target_tags=known)


def _target_groups(request: Request, seen: Observation) -> Reading[frozenset[str]]:
    """The target groups that the live service is registered with, where one led to it."""
    if not request.groups:
        return NotRead("no target group led here")
    service: Reading[ServiceLive] = getattr(seen, "service", NotRead("it is no ECS service"))
    if not isinstance(service, ServiceLive):
        return service
    where = request.target
    return frozenset(group_in(arn, where.account, where.region) for arn in service.target_groups)


def loudest(members: Sequence[Reading[DescribedAlarm]]) -> Reading[DescribedAlarm]:
    """The member that decides whether the incident is red.

    A red one, else one that could not be read, else one without data or gone, else a green one. A red one
    stands for all that are red: it has the actions of each.
    """
    found = min(members, key=_quietness, default=ABSENT)
    if not isinstance(found, DescribedAlarm) or found.state is not AlarmState.ALARM:
        return found
    red = [one for one in members if isinstance(one, DescribedAlarm) and one.state is AlarmState.ALARM]
    return replace(found, actions=tuple(sorted({action for one in red for action in one.actions})))


def _quietness(member: Reading[DescribedAlarm]) -> int:
    match member:
        case DescribedAlarm(state=AlarmState.ALARM):
            return 0
        case Unknown() | NotRead():
            return 1
        case DescribedAlarm(state=AlarmState.OK):
            return 3
        case _:
            return 2


def with_application(
    ledger: Ledger,
    request: Request,
    rules: Rules,
    view: LedgerView,
    seen: Snapshot,
    *,
    now: Callable[[], datetime],
) -> tuple[LedgerView, Snapshot]:
    """View and snapshot with the group that a tag of the target names, if it names one.

    The clock is read again after that read: an act that was claimed meanwhile is not of the future.
    """
    tags = seen.target_tags if isinstance(seen.target_tags, Mapping) else {}
    application = tags.get(rules.application_tag, "") if rules.application_tag else ""
    if not application:
        return view, seen
    wider = ledger.read_more_scopes(view, [application_scope(request.target, application)])
    return wider, replace(seen, now=now(), holds=wider.holds, scopes=wider.scopes)
