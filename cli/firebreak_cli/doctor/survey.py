"""Every alarm as if it turned red now, through the decision that a deployed function would make.

Nothing is changed. An alarm that neither carries a tag of Firebreak nor has a known symptom of a target that
opted in is nobody's wish, and is only counted.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.described_alarms import described_alarm
from firebreak.core.decision import Result as CheckResult
from firebreak.core.model import Alarm, AlarmState, Unresolved
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import NO_ACTION
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG
from firebreak.core.watchdog import heartbeat_of
from firebreak.errors import AwsError, UnusableEvent
from firebreak.policy.policy import Policy
from firebreak.remediation.snapshot import Observer
from firebreak_cli.doctor.obstacles import UNSEEN
from firebreak_cli.exit_codes import ending_of
from firebreak_cli.explain.explainer import Explainer, Explanation, routed
from firebreak_cli.explain.sources import LiveSources, live_sources
from firebreak_cli.queries.live_alarms import as_if_red_event
from firebreak_cli.queries.tag_propagation import riding
from firebreak_cli.stack import Stack, patient

type Listed = Mapping[str, Mapping[str, Any]]
type Tags = Reading[Mapping[str, str]]

# AWS states no rate for ListTagsForResource, and what is throttled in the end could not be looked at.
TAGS_AT_ONCE = 4
OWN_TAGS = "firebreak:"
SERIES = "it watches many series, and the one that turns red names its target"

# An untagged alarm that is refused for one of these is left alone by design: nobody asked for anything.
NOT_ASKED_FOR = frozenset(
    {
        Reason.NOT_OPTED_IN,
        Reason.ALARM_NOT_ALLOWED,
        Reason.OTHER_STACK,
        Reason.TARGET_MISSING,
        Reason.OTHER_CONTROLLER,
        Reason.WRONG_DIRECTION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """An alarm that somebody wants answered, and the decision it would get.

    `explained` is None where that cannot be said ahead, and `unseen` why, or where no function can read its
    event, and `unusable` why. `riding` are those of its tags that come with its events.
    """

    name: str
    state: str
    tags: Mapping[str, str]
    riding: Mapping[str, str]
    explained: Explanation | None
    unseen: str = ""
    unusable: str = ""

    @property
    def own_tags(self) -> Mapping[str, str]:
        """Its tags for Firebreak."""
        return {key: value for key, value in self.tags.items() if key.startswith(OWN_TAGS)}

    @property
    def action(self) -> str:
        """The action that it leads to; empty for none, and where humans are paged."""
        primary = self.explained.routing.primary if self.explained else None
        return primary if primary and _changes(primary) else ""

    @property
    def objections(self) -> Mapping[Reason, str]:
        """The reasons against the action with their numbers, in the guards' order."""
        checks = self.explained.decision.checks if self.explained else ()
        found = {one.reason: one.detail for one in checks if one.result is CheckResult.OBJECTED}
        return {reason: detail for reason, detail in found.items() if reason}

    @property
    def not_looked(self) -> Sequence[str]:
        """The guards that could not look, with the reason."""
        checks = self.explained.decision.checks if self.explained else ()
        return [f"{one.guard}: {one.detail}" for one in checks if one.result is CheckResult.NOT_LOOKED_AT]


@dataclass(frozen=True, slots=True)
class Survey:
    """The alarms that somebody wants answered, by name, and how many others there are.

    `other_stacks` are the stacks of Firebreak whose heartbeats are among the others.
    """

    alarms: tuple[Surveyed, ...]
    others: int
    other_stacks: frozenset[str] = frozenset()

    @property
    def acting(self) -> Sequence[Surveyed]:
        """Those that lead to an action."""
        return [one for one in self.alarms if one.action]

    @property
    def acting_names(self) -> frozenset[str]:
        """The names of those that lead to an action; none where another one that may could not be seen."""
        return frozenset() if self.unseen else frozenset(one.name for one in self.acting)

    @property
    def unseen(self) -> Sequence[Surveyed]:
        """Those of which it cannot be said ahead."""
        return [one for one in self.alarms if one.unseen]


@dataclass(slots=True)
class AllRed:
    """`AlarmReads` in which every alarm is red; tags are read once, when they are needed."""

    known: Mapping[str, DescribedAlarm]
    live: CloudWatchAlarms
    since: datetime
    _tags: dict[str, Tags] = field(default_factory=dict)

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name, as if it were red."""
        found = self.known.get(name)
        if found is None:
            return ABSENT
        return replace(found, state=AlarmState.ALARM, since=self.since, reason="", evaluation=None)

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist, as if they were red."""
        found = {name: self.describe(name) for name in names}
        return {name: one for name, one in found.items() if isinstance(one, DescribedAlarm)}

    def tags(self, arn: str) -> Tags:
        """All tags of the alarm."""
        if arn not in self._tags:
            self._tags[arn] = self.live.tags(arn)
        return self._tags[arn]

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """Not asked: no single series is looked at ahead."""
        return NotRead(f"the series of {name} are not asked ahead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """Looks at one stack's alarms. `rides_unsaid` says whether tags ride where CloudWatch does not say."""

    stack: Stack
    policy: Policy
    own: frozenset[str]
    rides_unsaid: bool
    now: datetime
    progress: Callable[[str], None]

    def survey(self, listed: Listed) -> Survey:
        """Every alarm in turn. Raises AwsError only where nothing can be asked at all."""
        known = dict(_readable(listed))
        alarms = AllRed(known, CloudWatchAlarms(self._patient("cloudwatch")), self.now)
        explainer = self._explainer(alarms)
        self._read_tags(alarms, [shape for name, shape in listed.items() if name not in self.own])
        found: list[Surveyed] = []
        for number, name in enumerate(sorted(set(listed) - self.own), start=1):
            self.progress(f"looked at {number} of {len(listed)} alarms")
            one = self._one(listed[name], alarms, explainer)
            found += [one] if one else []
        beats = {self._beating(one) for name, one in known.items() if name not in self.own}
        return Survey(tuple(found), len(listed) - len(found), frozenset(beats - {""}))

    def _beating(self, alarm: DescribedAlarm) -> str:
        """The other stack of Firebreak whose heartbeat it is, which asks for nothing here; empty for none."""
        return heartbeat_of(alarm.metrics, self.stack.account)

    def _patient(self, service: str) -> Any:
        """A client for the reads of all alarms and their targets, which AWS throttles."""
        return patient(self.stack.session, service)

    def _read_tags(self, alarms: AllRed, listed: Sequence[Mapping[str, Any]]) -> None:
        """Reads the tags of all alarms, a few at a time: most alarms need nothing else."""
        arns = [shape["AlarmArn"] for shape in listed if shape["AlarmName"] in alarms.known]
        with ThreadPoolExecutor(max_workers=TAGS_AT_ONCE) as pool:
            for number, _ in enumerate(pool.map(alarms.tags, arns), start=1):
                self.progress(f"read the tags of {number} of {len(arns)} alarms")

    def _explainer(self, alarms: AllRed) -> Explainer:
        live = live_sources(self.stack, self.policy, self._patient)

        @cache  # clients are made once for each action, not for each alarm
        def observer(action: str) -> Observer:
            return replace(live.observer(action), alarms=alarms)

        sources: LiveSources = replace(live, alarms=alarms, observer=observer)
        return Explainer(policy=self.policy, sources=sources, clock="real", offline=False)

    def _one(self, shape: Mapping[str, Any], alarms: AllRed, explainer: Explainer) -> Surveyed | None:
        """The alarm, or None where nobody wants it answered."""
        if shape["AlarmName"] not in alarms.known:
            return _not_seen(shape["AlarmName"], "CloudWatch describes it in an unexpected way")
        tags = alarms.tags(shape["AlarmArn"])
        known = tags if isinstance(tags, dict) else {}
        seen = Surveyed(
            name=shape["AlarmName"],
            state=shape["StateValue"],
            tags=known,
            riding=riding(shape, known, unsaid=self.rides_unsaid),
            explained=None,
        )
        if isinstance(tags, Unknown | NotRead):
            return replace(seen, unseen=f"its tags could not be read: {tags.why}")
        if seen.tags.get(ACTION_TAG) == NO_ACTION or self._beating(alarms.known[seen.name]):
            return None
        if not _has_one_state(shape):
            return replace(seen, unseen=SERIES) if seen.own_tags else None
        try:
            trigger = as_if_red_event(shape, seen.tags, self.now, unsaid=self.rides_unsaid)
        except UnusableEvent as error:
            return replace(seen, unusable=str(error)) if seen.own_tags else None
        return self._explained(seen, trigger, explainer)

    def _explained(self, seen: Surveyed, trigger: Alarm, explainer: Explainer) -> Surveyed | None:
        try:
            found = explainer.explain(trigger, self.now)
        except AwsError as error:
            wanted = seen.own_tags or _changes(routed(trigger).primary)
            return replace(seen, unseen=ending_of(error).lines[0]) if wanted else None
        if found.decision.reason is Reason.PARENT_OF_CONTRIBUTORS:
            return replace(seen, unseen=SERIES) if seen.own_tags else None
        seen = replace(seen, explained=found)
        return seen if seen.own_tags or _asked_for(seen, found) else None


def _readable(listed: Listed) -> Iterator[tuple[str, DescribedAlarm]]:
    for name, shape in listed.items():
        with contextlib.suppress(KeyError, ValueError):
            yield name, described_alarm(shape)


def _not_seen(name: str, why: str) -> Surveyed:
    return Surveyed(name=name, state="", tags={}, riding={}, explained=None, unseen=why)


def _has_one_state(shape: Mapping[str, Any]) -> bool:
    """Whether the alarm is a metric's, an expression's or a composite's, and not one of logs or of PromQL."""
    return any(shape.get(key) for key in ("MetricName", "Metrics", "AlarmRule"))


def _changes(primary: str | None) -> bool:
    """Whether the function that gets the alarm is an action's."""
    return primary not in (None, PAGE_RUNG)


def _asked_for(seen: Surveyed, found: Explanation) -> bool:
    """Whether an untagged alarm is answered by its symptom, or may be: its target could not be read."""
    if isinstance(found.target, Unresolved):
        return bool(seen.action) and found.target.reason in UNSEEN
    return bool(seen.action) and not NOT_ASKED_FOR & set(seen.objections)
