"""The target that the red children of a composite alarm name, by their tags and their dimensions."""

import re
from collections.abc import Iterable
from typing import assert_never

from firebreak.core.model import AlarmState, Metric, Target, Unresolved
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.tags import ACTION_TAG, TARGET_TAG
from firebreak.intake.dimensions import named_elsewhere
from firebreak.intake.lookups import Lookups, Resolution, by_metrics
from firebreak.intake.names import Found, Home, read_target
from firebreak.services.ecs.target_groups import counts_unhealthy_hosts
from firebreak.services.registry import CATALOG
from firebreak.wire.lenient_json import as_excerpt

# How deep composites may nest before the search stops.
MAX_DEPTH = 3
# A composite has at most 100 alarms below it, itself not among them
# (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html).
MOST_LOOKED_AT = 100
# Each red child costs a call for its tags.
MOST_RED = 20

_ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)


class RedChildren:
    """One walk over the alarms that a composite's rule names, as they are now; each is looked at once.

    The event's list of triggering alarms does not count: SetAlarmState lets the caller write that list.
    A child that is red because no data came names the target only where no other does: a guard refuses it.
    A composite too large to look at is not "could not be looked up", which counts towards a storm.
    """

    def __init__(self, lookups: Lookups, action: str) -> None:
        self._lookups = lookups
        self._reads = lookups.alarms
        self._home = lookups.home
        self._action = action
        self._service = CATALOG.service_of(action)
        self._seen: set[str] = set()
        self._red = 0
        self._targets: set[Target] = set()
        self._silent: set[Target] = set()
        self._elsewhere: set[Target] = set()
        self._groups: set[str] = set()
        self._unhealthy_hosts = False
        self._other_action: list[str] = []

    def resolve(self, name: str) -> Resolution:
        """The one target that the red children of the composite of that name agree on."""
        return Resolution(self._found(name), frozenset(self._groups), self._unhealthy_hosts)

    def _found(self, name: str) -> Found:
        self._seen.add(name)
        match self._reads.describe(name):
            case DescribedAlarm(children=children):
                return self._walk(children, MAX_DEPTH) or self._agreed()
            case Absent():
                return Unresolved(Reason.TARGET_NONE, f"the composite {as_excerpt(name)} does not exist")
            case Unknown(why) | NotRead(why):
                detail = f"the rule of {as_excerpt(name)} could not be looked at: {why}"
                return Unresolved(Reason.TARGET_UNREADABLE, detail)
            case _ as never:
                assert_never(never)

    def _agreed(self) -> Found:
        named = self._targets or self._silent or self._elsewhere
        if len(named) > 1:
            listed = ", ".join(sorted(target.display for target in named)[:3])
            return Unresolved(Reason.TARGET_AMBIGUOUS, f"the red children name {listed}")
        if named:
            return next(iter(named))
        text = "no red child of the composite names a target"
        if self._other_action:
            text += f"; {', '.join(self._other_action[:3])} count for no {self._action}"
        return Unresolved(Reason.TARGET_NONE, text)

    def _walk(self, children: Iterable[str], depth: int) -> Unresolved | None:
        problems = (self._visit(child, depth) for child in children)
        return next((problem for problem in problems if problem), None)

    def _visit(self, child: str, depth: int) -> Unresolved | None:
        written = _ALARM_ARN.fullmatch(child)
        if written and not self._home.holds(written[2], written[1]):
            return Unresolved(Reason.OTHER_ACCOUNT, f"child {as_excerpt(child)} lives elsewhere")
        name = written[3] if written else child
        if name in self._seen:
            return None
        self._seen.add(name)
        if len(self._seen) > MOST_LOOKED_AT + 1:
            detail = f"more than {MOST_LOOKED_AT} alarms are below the composite"
            return Unresolved(Reason.TARGET_MALFORMED, detail)
        return self._look(name, depth)

    def _look(self, name: str, depth: int) -> Unresolved | None:
        match self._reads.describe(name):
            case DescribedAlarm() as child:
                return self._take(child, depth) if AlarmState.ALARM in (child.state, child.shown) else None
            case Absent():
                return None
            case Unknown(why) | NotRead(why):
                return _unreadable(f"child {as_excerpt(name)}", why)
            case _ as never:
                assert_never(never)

    def _take(self, child: DescribedAlarm, depth: int) -> Unresolved | None:
        """One red child: its own tags first, then its children, then its dimensions."""
        if foreign := foreign_metric((metric.account for metric in child.metrics), self._home):
            return foreign
        self._red += 1
        if self._red > MOST_RED:
            detail = f"more than {MOST_RED} red children are not asked for their tags"
            return Unresolved(Reason.TARGET_AMBIGUOUS, detail)
        match self._reads.tags(child.arn):
            case Unknown(why) | NotRead(why):
                return _unreadable(f"the tags of child {as_excerpt(child.name)}", why)
            case Absent():
                return self._below(child, depth)
            case tags:
                pass
        asked = tags.get(ACTION_TAG, "")
        if self._service and asked not in {"", self._action}:
            self._other_action.append(f"{as_excerpt(child.name)} ({ACTION_TAG}={as_excerpt(asked)})")
            return None
        if TARGET_TAG in tags:
            written = read_target(tags[TARGET_TAG], self._home.account, self._home.region)
            return self._keep(child, Resolution(written))
        return self._below(child, depth)

    def _below(self, child: DescribedAlarm, depth: int) -> Unresolved | None:
        if not child.children:
            return self._keep(child, self._named(child.metrics))
        if depth == 1:
            detail = f"composites nest deeper than {MAX_DEPTH} at {as_excerpt(child.name)}"
            return Unresolved(Reason.TARGET_MALFORMED, detail)
        return self._walk(child.children, depth - 1)

    def _named(self, metrics: tuple[Metric, ...]) -> Resolution | None:
        if found := by_metrics(metrics, self._service, self._lookups):
            return found
        other = named_elsewhere(metrics, self._service, self._home) if self._service else None
        return Resolution(other) if other else None

    def _keep(self, child: DescribedAlarm, named: Resolution | None) -> Unresolved | None:
        found = named.found if named else None
        if isinstance(found, Target) and self._service not in {"", found.service}:
            self._elsewhere.add(found)
            return None
        # This counts for any result of looking up its group, a failed one included.
        self._unhealthy_hosts |= counts_unhealthy_hosts(child.metrics)
        match found:
            case Target() as target:
                (self._targets if child.state is AlarmState.ALARM else self._silent).add(target)
                self._groups |= named.groups if named else set()
                return None
            case None | Unresolved(Reason.TARGET_NONE):
                return None
            case Unresolved() as problem:
                return problem
            case _ as never:
                assert_never(never)


def foreign_metric(accounts: Iterable[str], home: Home) -> Unresolved | None:
    """The refusal of metrics that another account owns."""
    foreign = next((account for account in accounts if not home.holds(account)), None)
    if foreign is None:
        return None
    return Unresolved(Reason.OTHER_ACCOUNT, f"the metric lives in account {as_excerpt(foreign)}")


def _unreadable(what: str, why: str) -> Unresolved:
    return Unresolved(Reason.TARGET_UNREADABLE, f"{what} could not be looked at: {why}")
