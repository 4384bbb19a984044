"""`firebreak explain`: from an event's file, or a live alarm, to the decision it would get."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from firebreak.core.model import Alarm, AlarmState, OwnEvent
from firebreak.core.readings import NotRead, Unknown
from firebreak.intake.alarm_events import placed
from firebreak.policy.policy import Policy
from firebreak.wire.lenient_json import parse_timestamp
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.explain.event_file import Given, read_event
from firebreak_cli.explain.event_times import moved_to, sent_at
from firebreak_cli.explain.explainer import Explainer, Explanation
from firebreak_cli.explain.sns_messages import NO_TAGS
from firebreak_cli.explain.sources import LiveSources, OfflineSources, live_sources
from firebreak_cli.policies import StackPolicy, policy_in, policy_of, policy_path
from firebreak_cli.stack import DEFAULT_POLICY, Stack, find

NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The subject of an explanation: an event's file, or the name of a live alarm.

    `policy` overrides the policy that ships or that the stack names. `at` moves the event to a time; `now`
    sets the clock of an offline explanation. Both are ISO 8601 or "now"; empty leaves things as they are.
    """

    event: str
    alarm: str
    policy: Path | None
    stack: str
    offline: bool
    at: str
    now: str


def answer(asked: Question, environment: Environment) -> tuple[Explanation, str]:
    """The explanation, and the policy file it was made with. Raises Ending, PolicyError or AwsError."""
    if bool(asked.event) == bool(asked.alarm):
        raise Ending(BAD_INPUT, "expected the file of an event, or --alarm NAME")
    if asked.offline and asked.alarm:
        raise Ending(
            BAD_INPUT, "--alarm looks at the live alarm: leave --offline out, or give an event's file"
        )
    if asked.now and not asked.offline:
        raise Ending(BAD_INPUT, "--now: goes with --offline; the ledger is compared with the real clock")
    given = None if asked.alarm else read_event(asked.event)
    if asked.offline and given:
        return _offline(asked, given, environment.now)
    return _live(asked, given, environment)


def _offline(asked: Question, given: Given, clock: Callable[[], datetime]) -> tuple[Explanation, str]:
    used = policy_in(asked.policy) if asked.policy else policy_in(policy_path(DEFAULT_POLICY), DEFAULT_POLICY)
    trigger = _moved(asked, given.trigger, clock)
    now = _time("--now", asked.now, clock)
    of = "given" if now or asked.at else "event"
    explainer = Explainer(
        policy=used.policy, sources=OfflineSources(tagless=given.lacks_tags), clock=of, offline=True
    )
    found = explainer.explain(trigger, now or sent_at(trigger))
    return replace(found, notes=given.lacks), used.place


def _live(asked: Question, given: Given | None, environment: Environment) -> tuple[Explanation, str]:
    from firebreak_cli.explain.deployed_policy import compared

    stack = find(environment, asked.stack)
    used: StackPolicy = policy_in(asked.policy) if asked.policy else policy_of(stack)
    policy = used.policy
    given = given or _of_live_alarm(stack, policy, asked.alarm, environment.now())
    trigger, lacks = given.trigger, given.lacks
    if isinstance(trigger, Alarm):
        trigger = placed(trigger, stack.account, stack.region, stack.partition)
        if given.lacks_tags:
            trigger, lacks = _with_live_tags(stack, trigger, lacks)
    trigger = _moved(asked, trigger, environment.now)
    sources = live_sources(stack, policy)
    as_if = _as_if(sources, trigger, given.as_if_red or bool(asked.at))
    now = sent_at(trigger) if asked.at else environment.now()
    clock = "given" if asked.at else "real"
    found = Explainer(policy=policy, sources=as_if, clock=clock, offline=False).explain(trigger, now)
    found = replace(found, notes=lacks, stack=stack.address)
    return found if asked.policy else compared(found, stack, used), used.place


def _of_live_alarm(stack: Stack, policy: Policy, name: str, now: datetime) -> Given:
    """The event of the alarm's last turning red, or as if it turned red now."""
    from firebreak_cli.queries.live_alarms import described_alarm, is_red, of_stack, red_event, tags_of

    alarms = of_stack(stack, lambda: policy.missing_data)
    described = described_alarm(alarms, name)
    red = is_red(described)
    trigger = red_event(stack.reader("cloudwatch"), name, tags_of(alarms, described), now, red=red)
    if red:
        return Given(trigger, ("The event was built from the live alarm, as of its turning red",))
    text = f"The alarm is {described.state}: explained as if it turned red now"
    return Given(trigger, (text,), as_if_red=True)


def _with_live_tags(stack: Stack, alarm: Alarm, lacks: tuple[str, ...]) -> tuple[Alarm, tuple[str, ...]]:
    """The alarm of a message that carries no tags, with those that it has now."""
    from firebreak.aws.alarms import CloudWatchAlarms

    match CloudWatchAlarms(stack.reader("cloudwatch")).tags(alarm.arn):
        case Unknown() | NotRead():
            return alarm, lacks
        case tags:
            rest = tuple(line for line in lacks if line != NO_TAGS)
            live = "An SNS message carries no tags of the alarm: those that it has now were taken"
            return replace(alarm, tags=tags if isinstance(tags, dict) else {}), (live, *rest)


def _as_if(sources: LiveSources, trigger: Alarm | OwnEvent, as_if_red: bool) -> LiveSources:  # noqa: FBT001 - a fact
    red = isinstance(trigger, Alarm) and trigger.state is AlarmState.ALARM
    return sources.as_if_red(trigger) if as_if_red and red and isinstance(trigger, Alarm) else sources


def _moved(asked: Question, trigger: Alarm | OwnEvent, clock: Callable[[], datetime]) -> Alarm | OwnEvent:
    at = _time("--at", asked.at, clock)
    if at is None:
        return trigger
    try:
        return moved_to(trigger, at)
    except OverflowError as error:
        raise Ending(
            BAD_INPUT, f"--at {asked.at}: no time of the event may lie beyond the years 1 to 9999"
        ) from error


def _time(option: str, written: str, clock: Callable[[], datetime]) -> datetime | None:
    if not written:
        return None
    read = clock() if written == NOW else parse_timestamp(written)
    if read is None:
        raise Ending(BAD_INPUT, f"{option} {written}: expected a time such as 2026-11-20T10:00:00Z, or now")
    return read
