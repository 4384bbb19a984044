"""The composition root: settings in, working functions out. Only this module knows all the others."""

# long because: each part of a function is put together here, and nowhere else

import random
import time
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from boto3.session import Session

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.bus import EventBus
from firebreak.aws.clients import (
    FAIL_FAST_SECONDS,
    brief,
    fail_fast,
    made_once,
    mutator,
    patient,
    reader,
    unsigned_reader,
)
from firebreak.aws.own_measures import DeadLetters, OwnEvents
from firebreak.aws.page_extras import LOG_CONNECT_SECONDS, LOG_REPLY_SECONDS, AlarmPictures, LogGroups
from firebreak.aws.schedules import SOONEST, SOONEST_ON_LOCAL_AWS, OneTimeSchedules
from firebreak.aws.secrets import CachedSecrets
from firebreak.aws.topic import TopicChannel
from firebreak.aws.user_agent import IncidentUserAgent
from firebreak.core.action_spec import ActionSpec, Runbook
from firebreak.core.limits.calendars import CalendarReading
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import CallerProof, OwnEvent, Target, Unresolved
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.people import Caller, Unconfirmed
from firebreak.core.ports import Clock, Log
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.core.watchdog import METRICS_NAMESPACE
from firebreak.errors import PolicyError, SettingsError
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak.intake.names import Found, Home, read_target
from firebreak.intake.target_groups import ServiceLookup, ServicesBehind
from firebreak.ledger.call_counts import DynamoCallCounts
from firebreak.ledger.channel_health import DynamoChannelHealth
from firebreak.ledger.deliveries import DynamoDeliveries
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.heartbeats import DynamoHeartbeats
from firebreak.ledger.page_tests import DynamoPageTests
from firebreak.ledger.policies import DynamoPolicies
from firebreak.ledger.retention import Retention
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.switches import Switches
from firebreak.ledger.threads import DynamoThreads
from firebreak.paging.channels.carrier import Carrier
from firebreak.paging.channels.factory import build
from firebreak.paging.enrichment import Enrichment
from firebreak.paging.handler import PageDesk
from firebreak.paging.notifier import Dispatcher
from firebreak.paging.secret_detectors import looks_secret, mask_known
from firebreak.policy.compiled import BUILD_SHOWN, build_id
from firebreak.policy.loader import LayerPolicy
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder, Summary
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.policy_keeper import PolicyKeeper
from firebreak.remediation.remediator import Remediator
from firebreak.remediation.self_watch import SelfWatch
from firebreak.remediation.snapshot import CalendarReads, Observer
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.tag_router import RememberedTags, TagRouter
from firebreak.remediation.verifier import Verifier
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS, BuiltActions
from firebreak.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from firebreak.remediation.diagnostics import DiagnosticsCollector, DiagnosticSources
    from firebreak.remediation.policy_in_force import PinnedDesk, PolicyInForce

# A call to a channel ends after 5 s, and so does a request for a picture: this is 5 s less the connection.
REPLY_SECONDS = 5.0 - FAIL_FAST_SECONDS


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


def jitter(tried: int) -> float:
    """Seconds to wait before the next try at a claim: spread, so that losers do not meet again."""
    return random.uniform(0.05, 0.25) * tried  # noqa: S311  # spreading load, not guarding a secret


def _is_frozen(policy: Callable[[], Policy], message: Announcement, now: datetime) -> bool:
    """Whether a freeze window holds the subject of an announcement; an unreadable policy ends none."""
    target = read_target(message.target, message.account, message.region)
    if not isinstance(target, Target):
        return False
    try:
        return policy().is_frozen(message.action, target, now)
    except PolicyError:
        return True


def _announced_by_the_desk(_: Announcement) -> None:
    """Page may not write to the bus: its desk asks for what is to be announced each minute."""


class Wiring:
    """Builds one function's parts from its settings; clients are made once a cold start."""

    def __init__(
        self, settings: Settings, log: Log, *, session: Session | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self.log = log
        self.session = session or Session(region_name=settings.region)
        self.clock = clock or SystemClock()
        self.user_agent = IncidentUserAgent(self.session)
        self.alarm_types = AlarmTypes()
        # The ledger's writes are conditional or carry a token, so re-sending them is safe.
        self.dynamodb = reader(self.session, "dynamodb")
        self.retention = Retention(decisions=settings.decisions_kept, build=build_id()[:BUILD_SHOWN])
        self.ledger = DynamoLedger(self.dynamodb, settings.ledger_table, self.clock.sleep, self.retention)
        self.bus = EventBus(reader(self.session, "events"), settings.bus_name)
        self.announcer = Announcer(self.bus, self.ledger, log)

    @cached_property
    def policies(self) -> "LayerPolicy | PolicyInForce":
        """The policy of a function that acts or verifies."""
        return self._policies(self.dynamodb, self.announcer.announce_without_ledger, attempts=2)

    def _policies(
        self, memory: "DynamoDBClient", announce: Callable[[Announcement], None], *, attempts: int
    ) -> "LayerPolicy | PolicyInForce":
        """The layer's policy, or the one in AppConfig, imported only there: a look takes 16 s at worst."""
        if not self.settings.policy_configuration:
            return LayerPolicy(self.settings.policy_path)
        from firebreak.aws.app_configuration import AppConfiguration
        from firebreak.remediation.policy_in_force import PolicyInForce

        own, connect = self.settings, partial(fail_fast, self.session, "appconfigdata", attempts=attempts)
        return PolicyInForce(
            fetch=AppConfiguration(connect, *own.policy_configuration).read,
            kept=DynamoPolicies(memory, own.ledger_table, configuration=own.policy_configuration).last_loaded,
            layer=LayerPolicy(own.policy_path).policy,
            announce=announce,
            stack=StackAddress(own.stack_name, own.region, own.account),
            now=self.clock.now,
            log=self.log,
        )

    def decided_by_one_policy(
        self, desk: "Remediator | Verifier"
    ) -> "Remediator | Verifier | PinnedDesk[Summary]":
        """The desk; where the policy can change during an event, the event is decided by one all the same."""
        policies = self.policies
        if isinstance(policies, LayerPolicy):
            return desk
        from firebreak.remediation.policy_in_force import PinnedDesk

        return PinnedDesk(desk.handle, policies)

    def services(self) -> Connections:
        """The services that actions work with: reading clients, and writing ones that send once."""
        return Connections(
            partial(reader, self.session),
            partial(mutator, self.session),
            self._listed,
            lambda: self.policies.policy().missing_data,
        )

    def _listed(self, name: str) -> Reading[Runbook]:
        """The policy's entry for a runbook."""
        try:
            return self.policies.policy().runbook(name) or ABSENT
        except PolicyError as error:
            return Unknown(error.cause)

    def schedules(self) -> OneTimeSchedules:
        """The one-time schedules; a wake-up of this function goes to the alias it was invoked by."""
        own = self.settings
        client = reader(self.session, "scheduler")
        return OneTimeSchedules(
            client,
            own.schedule_group,
            own.schedule_role_arn,
            own.verify_arn or own.function_arn,
            own.function_arn,
            now=self.clock.now,
            soonest=SOONEST_ON_LOCAL_AWS if own.local_aws else SOONEST,
            key_arn=own.schedule_key_arn,
        )

    def alarms(self, policy: Callable[[], Policy] | None = None) -> EffectiveAlarms:
        """Reads alarms, in their effective state for their owners, by that policy or the one for acts."""
        found = CloudWatchAlarms(reader(self.session, "cloudwatch"), self.alarm_types)
        return EffectiveAlarms(found, lambda: (policy or self.policies.policy)().missing_data)

    def storm_watch(self) -> StormWatch:
        """Counts red alarms."""
        storms = DynamoStorms(self.dynamodb, self.settings.ledger_table)
        return StormWatch(storms, self.alarms(), self.announcer, self.clock, self.log)

    def services_behind(self) -> ServiceLookup:
        """Finds the ECS service behind a target group; connected when the first alarm needs it."""

        def ask(groups: Collection[str], home: Home) -> Found:
            from firebreak.services.ecs.client_registrations import DynamoRegistrations, RegistrationReader

            own, clock = self.settings, self.clock
            reads = RegistrationReader(reader(self.session, "ecs"), clock.monotonic, own.account, own.region)
            cache = DynamoRegistrations(self.dynamodb, own.ledger_table)
            return ServicesBehind(cache, reads, clock.now)(groups, home)

        return ask

    def confirm(self, event: OwnEvent) -> OwnEvent | Unresolved:
        """The request with its caller's name; connected when a human's request comes."""
        from firebreak.remediation.callers import CallerCheck

        def ask(proof: CallerProof) -> Caller | Unconfirmed | Unknown:
            from firebreak.aws.callers import StsCallers

            own = self.settings
            stack = StackAddress(own.stack_name, own.region, own.account)
            return StsCallers(partial(unsigned_reader, self.session), stack).caller_of(proof)

        return CallerCheck(ask, self.settings.account).confirm(event)

    def remediator(self, action_name: str) -> Remediator:
        """The function of one action. Raises SettingsError when there is none of that name."""
        if action_name not in ACTIONS:
            raise SettingsError("ACTION", f"names no action: {action_name!r}")
        action, schedules = ACTIONS[action_name](self.services()), self.schedules()
        return Remediator(
            action=action,
            observer=Observer(action, self.alarms(), self.settings.stack_name, self.change_calendars()),
            ledger=self.ledger,
            schedules=schedules,
            announcer=self.announcer,
            recorder=DecisionRecorder(self.ledger, schedules, self.announcer, self.clock, self.log),
            storms=self.storm_watch(),
            policy=self.policies.policy,
            acknowledged=DynamoThreads(self.dynamodb, self.settings.ledger_table).acknowledged_by,
            clock=self.clock,
            log=self.log,
            new_id=lambda: uuid.uuid4().hex,
            jitter=jitter,
            account=self.settings.account,
            region=self.settings.region,
            partition=self.settings.partition,
            confirm=self.confirm,
            behind=self.services_behind(),
            naming=self.user_agent.naming,
            diagnostics=self._diagnostics(action.spec),
        )

    def change_calendars(self) -> CalendarReads:
        """Reads Change Calendars; imported and connected when a policy that names one needs it."""
        connect = made_once(partial(brief, self.session))

        def state(arn: str, at: datetime) -> CalendarReading:
            from firebreak.services.ssm.client_calendars import CalendarReader

            return CalendarReader(partial(connect, "ssm"), self.settings.region).state(arn, at)

        return state

    def _diagnostics(self, spec: ActionSpec) -> "DiagnosticsCollector | None":
        """Reads what an action ends or replaces; imported by the functions that need it."""
        if not spec.keeps_diagnostics:
            return None
        from firebreak.aws.alarm_metrics import AlarmMetrics
        from firebreak.ledger.diagnostics import DynamoDiagnostics
        from firebreak.remediation.diagnostics import DiagnosticsCollector

        connect = made_once(
            partial(
                fail_fast,
                self.session,
                connect_seconds=LOG_CONNECT_SECONDS,
                read_seconds=LOG_REPLY_SECONDS,
            )
        )
        return DiagnosticsCollector(
            sources=self._sources(spec.service, connect),
            picture=AlarmMetrics(connect, self.clock.now).picture,
            store=DynamoDiagnostics(self.dynamodb, self.settings.ledger_table, self.retention),
            mask=mask_known,
            clock=self.clock,
            log=self.log,
        )

    def _sources(self, service: str, connect: Callable[[str], Any]) -> "DiagnosticSources":
        """The sources of a service's actions. Raises SettingsError for a service that has none."""
        match service:
            case "ecs":
                from firebreak.services.ecs.client_diagnostics import TaskDiagnostics

                return TaskDiagnostics(connect, self.clock.now)
            case "lambda":
                from firebreak.services.lambda_.client_diagnostics import FunctionDiagnostics

                return FunctionDiagnostics(connect, self.clock.now, self.clock.monotonic)
            case "beanstalk":
                from firebreak.services.beanstalk.client_diagnostics import EnvironmentDiagnostics

                return EnvironmentDiagnostics(connect)
            case _:
                raise SettingsError("ACTION", f"keeps diagnostics, and {service} has no sources for them")

    def verifier(self) -> Verifier:
        """The Verify function; its role may not change what its actions look at."""
        return Verifier(
            actions=BuiltActions(self.services()),
            alarms=self.alarms(),
            ledger=self.ledger,
            schedules=self.schedules(),
            bus=self.bus,
            announcer=self.announcer,
            storms=self.storm_watch(),
            policy=self.policies.policy,
            clock=self.clock,
            log=self.log,
            stack_name=self.settings.stack_name,
            account=self.settings.account,
            region=self.settings.region,
            partition=self.settings.partition,
            keep_policy=self._policy_keeper().keep,
            measure=self.self_watch().measure,
        )

    def self_watch(self) -> SelfWatch:
        """Measures the stack itself; connected by the first sweep, and asked once and briefly."""
        own, connect = self.settings, made_once(partial(fail_fast, self.session))
        return SelfWatch(
            newest_heartbeat=DynamoHeartbeats(self.dynamodb, own.ledger_table).newest,
            dead_letters=DeadLetters(connect, own.dead_letters_url).count,
            lost_events=OwnEvents(connect, METRICS_NAMESPACE, own.stack_name).lost,
            log=self.log,
        )

    def _policy_keeper(self) -> PolicyKeeper:
        """Keeps the policy's text; Verify alone does, for no act waits for it."""
        return PolicyKeeper(
            policy=self.policies.policy,
            text=self.policies.text,
            looks_secret=looks_secret,
            texts=DynamoPolicies(
                self.dynamodb,
                self.settings.ledger_table,
                self.retention,
                configuration=self.settings.policy_configuration,
            ),
            log=self.log,
            served=self.policies.served,
        )

    def tag_router(self) -> TagRouter:
        """The Route function; it waits longer than others, for CloudWatch throttles these calls early."""
        alarms = CloudWatchAlarms(patient(self.session, "cloudwatch"))
        return TagRouter(
            tags=RememberedTags(alarms.tags, self.clock),
            publish=self.bus.route,
            log=self.log,
            account=self.settings.account,
            region=self.settings.region,
            partition=self.settings.partition,
        )

    def page_desk(self) -> PageDesk:
        """The Page function; raises SettingsError where it has no topic.

        It has a ledger of its own that is asked once and briefly: a page must not wait for one that hangs.
        """
        if not self.settings.topic_arn:
            raise SettingsError("PAGE_TOPIC_ARN", "is not set")
        own, memory = self.settings, fail_fast(self.session, "dynamodb")
        policies = self._policies(memory, _announced_by_the_desk, attempts=1)
        dispatcher = Dispatcher(
            threads=DynamoThreads(memory, own.ledger_table),
            carrier=self._carrier(memory),
            counts=DynamoCallCounts(memory, own.ledger_table),
            enrichment=self._enrichment(memory),
            clock=self.clock,
            log=self.log,
            stack=StackAddress(own.stack_name, own.region, own.account),
        )
        return PageDesk(
            ledger=DynamoLedger(memory, own.ledger_table, self.clock.sleep, self.retention),
            deliveries=DynamoDeliveries(memory, own.ledger_table),
            tests=DynamoPageTests(memory, own.ledger_table),
            dispatcher=dispatcher,
            storms=DynamoStorms(memory, own.ledger_table, of_pages=True),
            holding=DynamoStorms(memory, own.ledger_table),
            storm=lambda: policies.for_pages().storm,
            alarms=self.alarms(policies.for_pages),
            rules=lambda: policies.for_pages().paging,
            frozen=partial(_is_frozen, policies.policy),
            policy_trouble=policies.trouble,
            clock=self.clock,
            log=self.log,
            account=own.account,
            region=own.region,
            partition=own.partition,
        )

    def _carrier(self, memory: "DynamoDBClient") -> Carrier:
        """All channels; the channel that belongs to AWS is made here, the others bring their own clients."""
        secrets = CachedSecrets(partial(reader, self.session), self.clock.now)
        sns = fail_fast(self.session, "sns", read_seconds=REPLY_SECONDS)

        def topic(rules: ChannelRules) -> TopicChannel:
            return TopicChannel(rules.name, sns, rules.to or self.settings.topic_arn)

        return Carrier(
            lambda rules: build(rules, secrets, topic=topic, now=self.clock.now),
            DynamoChannelHealth(memory, self.settings.ledger_table),
            self.log,
        )

    def _enrichment(self, memory: "DynamoDBClient") -> Enrichment:
        """The additions to pages: each is requested once, and briefly, because the page waits for it."""
        logs = fail_fast(
            self.session, "logs", connect_seconds=LOG_CONNECT_SECONDS, read_seconds=LOG_REPLY_SECONDS
        )
        cloudwatch = fail_fast(self.session, "cloudwatch", read_seconds=REPLY_SECONDS)
        return Enrichment(
            switches=Switches(memory, self.settings.ledger_table),
            errors=LogGroups(logs, self.clock.monotonic),
            pictures=AlarmPictures(cloudwatch),
            partition=self.settings.partition,
        )
