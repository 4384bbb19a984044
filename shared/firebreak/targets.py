"""Which one thing an alarm asks to change: by its tag, its series, its metrics or its children.

Zero or several candidates are an answer for humans, never a reason to pick one. An empty name is
an error and never means "all".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from firebreak.core.model import Alarm, AlarmState, Metric, Target, Unresolved
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import ACTION_TAG
from firebreak.core.ses import ACCOUNT
from firebreak.loose import shown

TARGET_TAG = "firebreak:target"

# How deep composites may nest before we stop looking.
MAX_DEPTH = 3

# The label under which a query over several accounts names the account of a series.
_ACCOUNT_ATTRIBUTE = "aws.accountid"

_ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Naming:
    """How a service's resources are named: in metrics by dimensions, in a tag by characters.

    `group_dimension` is empty for services whose resources stand alone, `name_dimension` where no
    metric names them: those take a tag. `reserved` is a name that means more than one resource: only a tag
    may say it, never a metric.
    """

    group_dimension: str
    name_dimension: str
    characters: re.Pattern[str]
    reserved: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that together name one resource."""
        return (self.group_dimension, self.name_dimension) if self.group_dimension else (self.name_dimension,)

    @property
    def form(self) -> str:
        """How a tag spells the part after the colon."""
        return "/".join(self.dimensions) if self.name_dimension else "NAME"


# ECS takes up to 255 letters, digits, underscores and hyphens for clusters and for services.
# Function names have up to 64 characters [CreateFunction], environments up to 40 [CreateEnvironment],
# configuration sets up to 64 [CreateConfigurationSet]. A runbook has the name that the policy gives it.
SERVICES: Mapping[str, Naming] = {
    "ecs": Naming("ClusterName", "ServiceName", re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)),
    "lambda": Naming("", "FunctionName", re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)),
    "beanstalk": Naming("", "EnvironmentName", re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)),
    "ses": Naming("", "ses:configuration-set", re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII), ACCOUNT),
    "runbook": Naming("", "", re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)),
}

type Describe = Callable[[str], Reading[DescribedAlarm]]
type Found = Target | Unresolved


@dataclass(frozen=True, slots=True)
class _Home:
    """Where we are: a target elsewhere is not ours to change."""

    account: str
    region: str

    def holds(self, account: str, region: str = "") -> bool:
        return account in {"", self.account} and region in {"", self.region}


def needs_live_tags(alarm: Alarm) -> bool:
    """Whether the alarm's tags must be read: not both of ours rode in the event."""
    return not {ACTION_TAG, TARGET_TAG} <= alarm.tags.keys()


def resolve(
    alarm: Alarm,
    tags: Reading[Mapping[str, str]],
    describe: Describe,
    account: str,
    region: str,
) -> Found:
    """The one target of the alarm in our account and region, or why there is none.

    `tags` are the alarm's tags as read live; Unknown refuses, since a target tag that could not
    be seen must not give way to dimensions. `describe` takes an alarm's name and is only called
    for the children of a composite.
    """
    home = _Home(account, region)
    if isinstance(tags, Unknown):
        return Unresolved(Reason.TARGET_UNREADABLE, f"the alarm's tags could not be read: {tags.why}")
    if elsewhere := _elsewhere(alarm, home):
        return elsewhere
    live = tags if isinstance(tags, Mapping) else {}
    tag = live.get(TARGET_TAG, alarm.tags.get(TARGET_TAG))
    if tag is not None:
        return read_target(tag, account, region)
    return _from_event(alarm, describe, home)


def read_target(written: str, account: str, region: str) -> Found:
    """The target that a short form such as `ecs:prod/api` names in this account and region."""
    service, _, rest = written.partition(":")
    naming = SERVICES.get(service)
    if naming is None:
        known = ", ".join(f"{name}:" for name in SERVICES)
        return Unresolved(Reason.TARGET_MALFORMED, f"target {shown(written)} does not start with {known}")
    parts = rest.split("/")
    if len(parts) != len(naming.dimensions) or not all(map(naming.characters.fullmatch, parts)):
        form = f"{service}:{naming.form}"
        return Unresolved(Reason.TARGET_MALFORMED, f"target {shown(written)} is not of the form {form}")
    return Target(account, region, service, "/".join(parts[:-1]), parts[-1])


def _elsewhere(alarm: Alarm, home: _Home) -> Unresolved | None:
    if not home.holds(alarm.account, alarm.region):
        place = f"{alarm.account}/{alarm.region}"
        return Unresolved(Reason.OTHER_ACCOUNT, f"the alarm lives in {shown(place)}")
    series = alarm.contributor.attributes if alarm.contributor else {}
    named = [found for name, found in series.items() if name.casefold() == _ACCOUNT_ATTRIBUTE]
    return _foreign_metric([*named, *(metric.account for metric in alarm.metrics)], home)


def _foreign_metric(accounts: Iterable[str], home: _Home) -> Unresolved | None:
    foreign = next((account for account in accounts if not home.holds(account)), None)
    if foreign is None:
        return None
    return Unresolved(Reason.OTHER_ACCOUNT, f"the metric lives in account {shown(foreign)}")


def _from_event(alarm: Alarm, describe: Describe, home: _Home) -> Found:
    if alarm.contributor:
        named = _from_dimensions([alarm.contributor.attributes], home)
        if named is not None:
            return named
    named = _from_dimensions([metric.dimensions for metric in alarm.metrics], home)
    if named is not None:
        return named
    if alarm.children:
        return _Children(describe, home).resolve(alarm)
    return Unresolved(Reason.TARGET_NONE, f"no {TARGET_TAG} tag, and {_wanted()} in the alarm")


def _wanted() -> str:
    return "no " + " or ".join(" with ".join(n.dimensions) for n in SERVICES.values() if n.name_dimension)


def _from_dimensions(seen: Iterable[Mapping[str, str]], home: _Home) -> Found | None:
    """What the dimensions name, over all metrics; None when they name nothing of ours at all."""
    seen = list(seen)
    found = [_by_naming(name, n, seen, home) for name, n in SERVICES.items() if n.name_dimension]
    named = [target for target in found if target is not None]
    if len(named) > 1:
        return Unresolved(Reason.TARGET_AMBIGUOUS, "the dimensions name resources of several services")
    return named[0] if named else None


def _by_naming(service: str, naming: Naming, seen: list[Mapping[str, str]], home: _Home) -> Found | None:
    values = {name: {dims[name] for dims in seen if name in dims} for name in naming.dimensions}
    if not any(values.values()):
        return None
    if problem := _problem(naming, values):
        return problem
    if not any(set(naming.dimensions) <= dims.keys() for dims in seen):
        detail = f"{' and '.join(naming.dimensions)} stand on different metrics"
        return Unresolved(Reason.TARGET_NONE, detail)
    *group, name = (next(iter(values[dimension])) for dimension in naming.dimensions)
    return Target(home.account, home.region, service, "/".join(group), name)


def _problem(naming: Naming, values: Mapping[str, set[str]]) -> Unresolved | None:
    """The first objection to the values of the dimensions: malformed, then missing, then several."""
    for name, found in values.items():
        odd = next((value for value in sorted(found) if not naming.characters.fullmatch(value)), None)
        if odd is not None:
            return Unresolved(Reason.TARGET_MALFORMED, f"{name} is {shown(odd) if odd else 'empty'}")
        if naming.reserved in found:
            detail = f"{name} is {shown(naming.reserved)}, a name that here means everything"
            return Unresolved(Reason.TARGET_MALFORMED, detail)
    for name, found in values.items():
        if not found:
            given = " and ".join(sorted(other for other, some in values.items() if some))
            return Unresolved(Reason.TARGET_NONE, f"{given} without {name}")
    for name, found in values.items():
        if len(found) > 1:
            named = ", ".join(shown(value) for value in sorted(found)[:3])
            return Unresolved(Reason.TARGET_AMBIGUOUS, f"{len(found)} values of {name}: {named}")
    return None


class _Children:
    """One walk over a composite's children that are red now; each alarm is looked at once."""

    def __init__(self, describe: Describe, home: _Home) -> None:
        self._describe = describe
        self._home = home
        self._seen: set[str] = set()
        self._targets: dict[Target, str] = {}

    def resolve(self, composite: Alarm) -> Found:
        self._seen.add(composite.name)
        if problem := self._walk(composite.children, MAX_DEPTH):
            return problem
        if len(self._targets) > 1:
            named = ", ".join(sorted(target.display for target in self._targets)[:3])
            return Unresolved(Reason.TARGET_AMBIGUOUS, f"the red children name {named}")
        if not self._targets:
            return Unresolved(Reason.TARGET_NONE, "no red child of the composite names a target")
        return next(iter(self._targets))

    def _walk(self, children: Iterable[str], depth: int) -> Unresolved | None:
        problems = (self._visit(child, depth) for child in children)
        return next((problem for problem in problems if problem), None)

    def _visit(self, child: str, depth: int) -> Unresolved | None:
        told = _ALARM_ARN.fullmatch(child)
        if told and not self._home.holds(told[2], told[1]):
            return Unresolved(Reason.OTHER_ACCOUNT, f"child {shown(child)} lives elsewhere")
        name = told[3] if told else child
        if name in self._seen:
            return None
        self._seen.add(name)
        return self._look(name, depth)

    def _look(self, name: str, depth: int) -> Unresolved | None:
        match self._describe(name):
            case DescribedAlarm() as child:
                return self._take(child, depth) if child.state is AlarmState.ALARM else None
            case Absent():
                return None
            case Unknown(why) | NotRead(why):
                detail = f"child {shown(name)} could not be looked at: {why}"
                return Unresolved(Reason.TARGET_UNREADABLE, detail)
            case _ as never:
                assert_never(never)

    def _take(self, child: DescribedAlarm, depth: int) -> Unresolved | None:
        if child.children:
            return self._deeper(child, depth)
        if foreign := _foreign_metric((metric.account for metric in child.metrics), self._home):
            return foreign
        match _from_dimensions(_all_dimensions(child.metrics), self._home):
            case Target() as target:
                self._targets[target] = child.name
                return None
            case None | Unresolved(Reason.TARGET_NONE):
                return None
            case Unresolved() as problem:
                return problem
            case _ as never:
                assert_never(never)

    def _deeper(self, child: DescribedAlarm, depth: int) -> Unresolved | None:
        if depth == 1:
            detail = f"composites nest deeper than {MAX_DEPTH} at {shown(child.name)}"
            return Unresolved(Reason.TARGET_UNREADABLE, detail)
        return self._walk(child.children, depth - 1)


def _all_dimensions(metrics: Iterable[Metric]) -> list[Mapping[str, str]]:
    return [metric.dimensions for metric in metrics]
