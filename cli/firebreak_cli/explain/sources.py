"""The sources of `explain`: the event alone, or with the caller's credentials all that an action sees."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, assert_never

from firebreak.core.decision import Snapshot
from firebreak.core.guards.consent import refuses
from firebreak.core.incident.states import Incident
from firebreak.core.limits.storm import CALM, Storm, red_alarm_of, with_red
from firebreak.core.model import Alarm, OwnEvent, Request, RequestKind, Target, Unresolved
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.watchdog import is_heartbeat
from firebreak.intake import target_resolution
from firebreak.intake.lookups import Lookups, Resolution
from firebreak.intake.names import Home
from firebreak.intake.target_groups import ServiceLookup, ServicesBehind, not_looked_up
from firebreak.ledger.ports import Ledger
from firebreak.policy.policy import Policy
from firebreak.remediation.snapshot import Observer, tags_of, with_application
from firebreak.services.connections import Connections, NoWrites
from firebreak.services.registry import ACTIONS
from firebreak_cli.stack import Stack

OFFLINE = NotRead("offline")

type Tags = Reading[Mapping[str, str]]


class Sources(Protocol):
    """A way to look. Nothing here changes anything."""

    def tags(self, alarm: Alarm) -> Tags:
        """The alarm's tags, as the action's function would see them."""

    def target(self, trigger: Alarm | OwnEvent, tags: Tags, action: str) -> Resolution:
        """The target of the alarm, or of the request's incident."""

    def snapshot(self, request: Request, rules: Rules, tags: Tags, now: datetime) -> Snapshot:
        """Everything the guards look at."""


@dataclass(frozen=True, slots=True)
class OfflineSources:
    """Sees the event and nothing else. The alarm's own account and region are taken to be Firebreak's.

    `tagless` says that the event cannot carry tags, so that none in it means nothing.
    """

    tagless: bool = False

    def tags(self, alarm: Alarm) -> Tags:
        """The event's tags where they are all there is to know, else not read."""
        return OFFLINE if self.tagless or target_resolution.needs_live_tags(alarm) else alarm.tags

    def target(self, trigger: Alarm | OwnEvent, tags: Tags, action: str) -> Resolution:
        """The target that the event names; an incident's own target is in the ledger, which is not read."""
        alarm = alarm_of(trigger)
        home = Home(alarm.account, alarm.region)
        if isinstance(trigger, OwnEvent) and trigger.kind is RequestKind.MANUAL:
            return target_resolution.named_by_human(trigger, home)
        return target_resolution.resolve(alarm, tags, Lookups.none(home, OFFLINE), action)

    def snapshot(self, request: Request, rules: Rules, tags: Tags, now: datetime) -> Snapshot:
        """A snapshot in which nothing was read."""
        return Snapshot(
            now=now,
            stack_name="",
            holds=OFFLINE,
            decided=OFFLINE,
            transition=OFFLINE,
            incident=OFFLINE,
            dependency_incidents=OFFLINE,
            scopes=dict.fromkeys(rules.scopes(request.target), OFFLINE),
            storm=OFFLINE,
            alarm=OFFLINE,
            alarm_tags=tags,
            series_in_alarm=OFFLINE,
            target_tags=OFFLINE,
            plan=OFFLINE,
            group=OFFLINE,
            calendars={one.arn: OFFLINE for one in rules.calendars},
            only_event=not request.incident_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSources:
    """Sees what a deployed action would see now. Every method may raise AwsError.

    Unlike an action it looks at the live state also when a ledger guard objects: all of the
    explanation is wanted.
    """

    account: str
    region: str
    ledger: Ledger
    alarms: AlarmReads
    observer: Callable[[str], Observer]
    behind: ServiceLookup = field(default_factory=lambda: not_looked_up("nobody can look here"))

    def as_if_red(self, red: Alarm) -> "LiveSources":
        """The same, but they see this alarm as red since then."""
        from firebreak_cli.queries.live_alarms import AsIfRed

        seen = AsIfRed(self.alarms, red.name, red.since)
        return replace(self, alarms=seen, observer=lambda action: replace(self.observer(action), alarms=seen))

    def tags(self, alarm: Alarm) -> Tags:
        """The tags in the event over those on the alarm."""
        return tags_of(alarm, self.alarms)

    def target(self, trigger: Alarm | OwnEvent, tags: Tags, action: str) -> Resolution:
        """The incident's target where the request is for one, else what the alarm names."""
        alarm, home = alarm_of(trigger), Home(self.account, self.region)
        lookups = Lookups(home, self.alarms, self.behind)
        if isinstance(trigger, OwnEvent) and trigger.kind is RequestKind.MANUAL:
            return target_resolution.named_by_human(trigger, home)
        if isinstance(trigger, OwnEvent) and trigger.incident_id:
            hosts = target_resolution.counts_hosts_below(alarm, tags, lookups)
            return Resolution(self._target_of(trigger.incident_id), unhealthy_hosts=hosts)
        return target_resolution.resolve(alarm, tags, lookups, action)

    def _target_of(self, incident_id: str) -> Target | Unresolved:
        match self.ledger.incident(incident_id):
            case Incident(target=target):
                return target
            case Unknown(why) | NotRead(why):
                return Unresolved(Reason.IN_FLIGHT_UNREADABLE, why)
            case Absent():
                return Unresolved(Reason.INCIDENT_MOVED_ON, "the incident is not in the ledger")
            case never:
                assert_never(never)

    def snapshot(self, request: Request, rules: Rules, tags: Tags, now: datetime) -> Snapshot:
        """The ledger, then the alarm and the target."""
        observer = self.observer(request.action)
        view = self.ledger.look(request, rules.scopes(request.target))
        seen = observer.ledger_only(view, tags, now, "not looked at yet")
        seen = observer.live(request, rules, seen, now)
        own = is_heartbeat(request.alarm, observer.stack_name, self.account, self.region)
        if not own and not refuses(seen.target_tags, request.alarm.name, observer.stack_name):
            seen = replace(seen, storm=_with_this_one(request, rules, seen.storm, now))
        return with_application(self.ledger, request, rules, view, seen, now=lambda: now)[1]


def _with_this_one(request: Request, rules: Rules, storm: Reading[Storm], now: datetime) -> Reading[Storm]:
    """The storm as the function would find it once it has counted this alarm; nothing is written."""
    known, red = CALM if isinstance(storm, Absent) else storm, red_alarm_of(request, now)
    if red is None or not isinstance(known, Storm):
        return storm
    return with_red(known, red, rules.storm, now)


def alarm_of(trigger: Alarm | OwnEvent) -> Alarm:
    """The transition that is explained, or that opened the incident."""
    return trigger if isinstance(trigger, Alarm) else trigger.alarm


def live_sources(stack: Stack, policy: Policy, reader: Callable[[str], Any] | None = None) -> LiveSources:
    """The sources for a deployed stack, with the caller's credentials; the policy defines its runbooks.

    `reader` makes the clients that read targets and the ledger; by default they are the stack's.
    """
    from firebreak.aws.clients import made_once
    from firebreak.ledger.dynamodb import DynamoLedger
    from firebreak.services.ecs.client_registrations import DynamoRegistrations, RegistrationReader
    from firebreak.services.ssm.client_calendars import CalendarReader
    from firebreak_cli.queries.live_alarms import of_stack

    ask = reader or stack.reader
    cache = DynamoRegistrations(ask("dynamodb"), stack.ledger_table)
    registered = RegistrationReader(ask("ecs"), time.monotonic, stack.account, stack.region)
    alarms = of_stack(stack, lambda: policy.missing_data)
    calendars = CalendarReader(partial(made_once(ask), "ssm"), stack.region)
    services = Connections(
        ask,
        lambda _: NoWrites(),
        lambda name: policy.runbook(name) or ABSENT,
        lambda: policy.missing_data,
    )
    return LiveSources(
        account=stack.account,
        region=stack.region,
        ledger=DynamoLedger(ask("dynamodb"), stack.ledger_table),
        alarms=alarms,
        observer=lambda action: Observer(ACTIONS[action](services), alarms, stack.name, calendars.state),
        behind=ServicesBehind(cache, registered, lambda: datetime.now(UTC), keeps=False),
    )
