"""The policy's section for pages: severities, channels, recipients and times, and the content of a page."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from firebreak.core.limits.budgets import Budget, format_duration
from firebreak.core.limits.freeze import Window
from firebreak.core.paging.addresses import problem_with
from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import (
    CEILINGS,
    DEFAULT_PAGING,
    OWN_TOPIC,
    TOPIC,
    Ceilings,
    ChannelKind,
    ChannelRules,
    PagingRules,
    Route,
    Step,
    route_to_the_topic,
)
from firebreak.policy.patterns import AlarmPattern, TargetPattern
from firebreak.policy.units import SHORTEST_COUNT, BudgetText, CountedOver, Duration
from firebreak.policy.window_sections import HoursSection

# Enough for every known on-call plan; each route is walked for every page.
MOST_CHANNELS, MOST_STEPS, MOST_PATTERNS, MOST_HOURS = 20, 8, 200, 20

# A page that waits for room longer than this is of no use.
LONGEST_CEILING = timedelta(hours=24)

# The role of Page may read secrets of such names only (template.yaml).
SECRETS = "firebreak/"
_SECRET = re.compile(
    rf"arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:{SECRETS}|ssm:[a-z0-9-]+:[0-9]{{12}}:parameter/{SECRETS})"
    r"[A-Za-z0-9/_+=.@-]{1,400}"
)
_SLACK_CHANNEL = re.compile(r"(slack-gov\.com/)?[CGD][A-Z0-9]{6,20}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_WEBHOOK = re.compile(r"https?://\S+")
_PAGERDUTY = re.compile(r"(https://events\.eu\.pagerduty\.com)?")
_HTTPS = re.compile(r"https://\S{1,500}")
_LOG_GROUP = re.compile(r"[A-Za-z0-9_./#{}-]{1,512}")

type ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        raise ValueError(
            f'the ARN of a secret or of a SecureString parameter whose name begins with "{SECRETS}"'
        )
    return value


def _text_like(pattern: re.Pattern[str]) -> dict[str, object]:
    return {"type": "string", "pattern": f"^({pattern.pattern})$"}


def _https(value: str) -> str:
    if not _HTTPS.fullmatch(value):
        raise ValueError("an https address")
    return value


type SecretArn = Annotated[str, AfterValidator(_secret), WithJsonSchema(_text_like(_SECRET))]
type Link = Annotated[str, AfterValidator(_https), WithJsonSchema(_text_like(_HTTPS))]


def _calls(budget: Budget) -> Budget:
    if not SHORTEST_COUNT <= budget.window <= LONGEST_CEILING:
        raise ValueError(
            f"a window from {format_duration(SHORTEST_COUNT)} to {format_duration(LONGEST_CEILING)}"
        )
    return budget


type CallsText = Annotated[BudgetText, AfterValidator(_calls)]


class ChannelSection(_Section):
    """One way to humans."""

    kind: ChannelKind
    secret: SecretArn | None = None
    to: str = Field(default="", max_length=2048)
    otherwise: ChannelName = TOPIC
    log_lines: bool | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuses a kind of channel without its required keys, and keys that it does not use."""
        needs_secret = self.kind is not ChannelKind.TOPIC
        if needs_secret and self.secret is None:
            raise ValueError(f"secret: {self.kind} needs one")
        if not needs_secret and self.secret is not None:
            raise ValueError("secret: a topic needs none")
        pattern, form = _TO[self.kind]
        if not pattern.fullmatch(self.to):
            raise ValueError(f"to: {form}")
        if self.kind is ChannelKind.WEBHOOK and (problem := problem_with(self.to, this_machine=True)):
            raise ValueError(f"to: {problem}")
        return self

    def rules(self, name: str, *, demo: bool) -> ChannelRules:
        """The section as the core's ChannelRules; lines of a log leave AWS only where the policy says so."""
        in_aws = self.kind is ChannelKind.TOPIC
        return ChannelRules(
            name=name,
            kind=self.kind,
            secret=self.secret or "",
            to=self.to,
            otherwise=self.otherwise,
            log_lines=in_aws if self.log_lines is None else self.log_lines,
            this_machine=demo,
        )


_TO: Mapping[ChannelKind, tuple[re.Pattern[str], str]] = {
    ChannelKind.SLACK: (
        _SLACK_CHANNEL,
        'the id of a Slack channel, like "C0123ABCD", in GovSlack "slack-gov.com/C0123ABCD"',
    ),
    ChannelKind.PAGERDUTY: (_PAGERDUTY, "nothing, or https://events.eu.pagerduty.com for its EU region"),
    ChannelKind.WEBHOOK: (_WEBHOOK, "an https address"),
    ChannelKind.TOPIC: (_TOPIC, "the ARN of a topic"),
}


class StepSection(_Section):
    """The recipients of a page that nobody acknowledged for so long."""

    after: Duration
    channels: list[ChannelName] = Field(min_length=1, max_length=MOST_CHANNELS)
    who: str = Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")


class RouteSection(_Section):
    """The recipients of pages of some severities, and the hours."""

    severities: list[Severity] = Field(min_length=1)
    hours: Literal["any", "business"] = "any"
    steps: list[StepSection] = Field(min_length=1, max_length=MOST_STEPS)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Checks that the first step is immediate, and each later one later."""
        afters = [step.after for step in self.steps]
        if afters[0] != timedelta():
            raise ValueError('steps[0].after: "0s", or nobody is notified at once')
        if any(later <= earlier for earlier, later in pairwise(afters)):
            raise ValueError("steps: each later than the one before")
        return self


class NamedSeverity(_Section):
    """How bad alarms of such names are, where no tag says it."""

    alarms: AlarmPattern
    severity: Severity


class RunbookLink(_Section):
    """Where to read what to do about alarms of such names, where no tag says it."""

    alarms: AlarmPattern
    url: Link


class LogGroup(_Section):
    """The log group whose last errors pages about such targets show; `{name}` is the target's name."""

    targets: TargetPattern
    group: str = Field(pattern=f"^{_LOG_GROUP.pattern}$")


class PagingSection(_Section):
    """Everything said of pages; without it all of them go to the topic of the stack at any hour."""

    severity: Severity = DEFAULT_PAGING.usual
    digest_every: CountedOver = DEFAULT_PAGING.digest_every
    ceiling: CallsText = CEILINGS.calls
    critical_ceiling: CallsText = CEILINGS.critical
    severities: list[NamedSeverity] = Field(default=[], max_length=MOST_PATTERNS)
    business: list[HoursSection] = Field(default=[], max_length=MOST_HOURS)
    channels: dict[ChannelName, ChannelSection] = Field(default={}, max_length=MOST_CHANNELS)
    routes: list[RouteSection] = []
    runbooks: list[RunbookLink] = Field(default=[], max_length=MOST_PATTERNS)
    logs: list[LogGroup] = Field(default=[], max_length=MOST_PATTERNS)

    def rules(self, *, demo: bool = False) -> PagingRules:
        """The section as the core's PagingRules; severities without a route go to the topic at any hour."""
        channels = {name: section.rules(name, demo=demo) for name, section in self.channels.items()}
        hours = tuple(section.window() for section in self.business)
        routes = tuple(_route(route, hours) for route in self.routes)
        routed = {severity for route in routes for severity in route.severities}
        return PagingRules(
            usual=self.severity,
            named=tuple((one.alarms, one.severity) for one in self.severities),
            channels={**channels, TOPIC: OWN_TOPIC},
            routes=(*routes, route_to_the_topic(frozenset(Severity) - routed)),
            digest_every=self.digest_every,
            ceilings=Ceilings(self.ceiling, self.critical_ceiling),
            runbooks=tuple((one.alarms, one.url) for one in self.runbooks),
            logs=tuple((one.targets, one.group) for one in self.logs),
        )


def _route(section: RouteSection, hours: tuple[Window, ...]) -> Route:
    return Route(
        severities=frozenset(section.severities),
        hours=hours if section.hours == "business" else (),
        steps=tuple(Step(after=s.after, channels=tuple(s.channels), who=s.who) for s in section.steps),
    )


def addresses_inside(paging: PagingSection, demo: bool) -> Iterator[str]:  # noqa: FBT001 - as the file has it
    """Webhooks on this machine, where Lambda's runtime has its API, in a policy that is not the demo's."""
    for name, channel in paging.channels.items():
        if channel.kind is ChannelKind.WEBHOOK and not demo and (problem := problem_with(channel.to)):
            yield f"paging.channels.{name}: to: {problem}, unless demo = true"


def odd_paging(paging: PagingSection) -> Iterator[str]:
    """The parts that do not fit together, each with its path."""
    known = {*paging.channels, TOPIC}
    yield from _odd_ceilings(paging)
    if TOPIC in paging.channels:
        yield f'paging.channels.{TOPIC}: "{TOPIC}" is the stack\'s own; give it another name'
    for name, channel in paging.channels.items():
        yield from _odd_fallback(name, channel, paging.channels)
    seen: set[Severity] = set()
    for index, route in enumerate(paging.routes):
        path = f"paging.routes[{index}]"
        for step, section in enumerate(route.steps):
            for name in section.channels:
                if name not in known:
                    yield f'{path}.steps[{step}].channels: there is no channel "{name}"'
        for severity in route.severities:
            if severity in seen:
                yield f"{path}.severities: {severity} has a route already"
            seen.add(severity)
        if route.hours == "business" and not paging.business:
            yield f"{path}.hours: business hours need at least one of paging.business"


def _odd_ceilings(paging: PagingSection) -> Iterator[str]:
    if _rate(paging.critical_ceiling) < _rate(paging.ceiling):
        yield "paging.critical_ceiling: at least as many calls as paging.ceiling in the same time"


def _rate(budget: Budget) -> float:
    return budget.acts / budget.window.total_seconds()


def _odd_fallback(
    name: str, channel: ChannelSection, channels: Mapping[str, ChannelSection]
) -> Iterator[str]:
    passed, at = {name}, channel.otherwise
    while at != TOPIC:
        if at not in channels:
            yield f'paging.channels.{name}.otherwise: there is no channel "{at}"'
            return
        if at in passed:
            yield f"paging.channels.{name}.otherwise: goes in a circle and never reaches the topic"
            return
        passed.add(at)
        at = channels[at].otherwise
