"""The policy on pages: who is notified, on which channels, at what hours, and who next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.freeze import Window
from firebreak.core.paging.page import Severity

# The topic of the stack: there without any policy, and the last resort of every other channel.
TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Ceilings:
    """How many new calls a channel carries: those below critical, and critical ones separately."""

    calls: Budget
    critical: Budget

    def of(self, severity: Severity) -> Budget:
        """The ceiling that calls of a severity are counted against."""
        return self.critical if severity is Severity.CRITICAL else self.calls


# More than a call every two minutes is read by nobody.
CEILINGS = Ceilings(Budget(30, timedelta(hours=1)), Budget(90, timedelta(hours=1)))


class ChannelKind(StrEnum):
    """The kind of channel that carries a page. `topic` is Amazon SNS."""

    TOPIC = "topic"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    WEBHOOK = "webhook"


# The channels that a picture of the metrics can be added to; the others carry text.
CARRY_PICTURES = frozenset({ChannelKind.SLACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """One channel by the name that routes use.

    `secret` is the ARN of its bot token (Slack), routing key (PagerDuty) or signing key (webhook); `to`
    the Slack channel's id, the webhook's address, or a topic's ARN. `otherwise` is the channel that is
    used when this one fails. `log_lines` says whether it may carry lines of a log, `this_machine` whether
    its address may be on this machine.
    """

    name: str
    kind: ChannelKind
    secret: str = ""
    to: str = ""
    otherwise: str = TOPIC
    log_lines: bool = False
    this_machine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The channels notified `after` so long without an acknowledgement, and their name for the page."""

    after: timedelta
    channels: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The steps for some severities. Outside `hours` their pages are held; none means any hour."""

    severities: frozenset[Severity]
    steps: tuple[Step, ...]
    hours: tuple[Window, ...] = ()


def opens_at(route: Route, now: datetime) -> datetime | None:
    """When a route that is closed now opens; None while it is open.

    Windows that never open again hold nothing back: a page that is late for ever is lost.
    """
    if not route.hours or any(window.covering(now) for window in route.hours):
        return None
    return min((start for window in route.hours if (start := window.next_start(now))), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingRules:
    """The paging part of the policy. `named` are patterns of alarm names with their severity, in their order.

    `logs` are patterns of targets with the log group whose last errors a page may show. `digest_every`
    is how often pages for one cause are summed up.
    """

    usual: Severity
    named: tuple[tuple[str, Severity], ...]
    channels: Mapping[str, ChannelRules]
    routes: tuple[Route, ...]
    digest_every: timedelta
    ceilings: Ceilings = CEILINGS
    runbooks: tuple[tuple[str, str], ...] = ()
    logs: tuple[tuple[str, str], ...] = ()

    def route(self, severity: Severity) -> Route:
        """The route of a severity; every one has its route."""
        return next(route for route in self.routes if severity in route.severities)

    def carries_log_lines(self, channels: Iterable[str]) -> bool:
        """Whether any of these channels may carry lines of a log; one that is unknown is the topic."""
        return any(self.channels.get(name, self.channels[TOPIC]).log_lines for name in channels)


OWN_TOPIC = ChannelRules(name=TOPIC, kind=ChannelKind.TOPIC, log_lines=True)


def route_to_the_topic(severities: frozenset[Severity]) -> Route:
    """The route of severities that the policy names none for: the stack's topic, at any hour."""
    step = Step(after=timedelta(), channels=(TOPIC,), who="the topic's subscribers")
    return Route(severities=severities, steps=(step,))


# The rules where the policy says nothing of pages, or does not load.
DEFAULT_PAGING = PagingRules(
    usual=Severity.WARNING,
    named=(),
    channels={TOPIC: OWN_TOPIC},
    routes=(route_to_the_topic(frozenset(Severity)),),
    digest_every=timedelta(hours=1),
)
