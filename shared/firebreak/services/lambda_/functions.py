"""Lambda functions: their state as it is read, the alias that their callers use, and whether it may move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.model import Alarm, Obstacle, Target
from firebreak.core.readings import (
    Absent,
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.tags import ALIAS_TAG

LATEST = "$LATEST"

ACTIVE = "Active"
FAILED = "Failed"
IN_PROGRESS = "InProgress"

NOT_COMPARED = "cannot be compared: Firebreak may not read it (a key of its own?)"
UNASKED = NotRead("not needed by this action")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLive:
    """One configuration of a function: `$LATEST`, or a published version, which never changes.

    `code` is the hash of its code. `settings` holds a hash of every other value that publishing would
    freeze, by name: it is compared in memory, and never shown or stored, as some of the values are
    secrets. `hidden` names those that Lambda could not show. `modified` is when the configuration was
    changed last, for a version shortly before it was published.
    """

    arn: str
    name: str
    version: str
    memory: int
    description: str
    code: str
    revision: str
    state: str
    update: str
    modified: datetime
    snap_start: bool = False
    managed: bool = False
    hidden: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def at_rest(self) -> bool:
        """Whether Lambda is done with what it was last asked for, and it can be invoked and changed."""
        return self.state == ACTIVE and self.update not in (IN_PROGRESS, FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasLive:
    """An alias; `weighted` are the parts of its calls that go to other versions, by their number.

    AWS allows one such version. [docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html]
    """

    name: str
    version: str
    revision: str
    weighted: Mapping[str, float] = field(default_factory=dict)

    @property
    def parts(self) -> Mapping[str, float]:
        """Those parts that get any calls."""
        return {version: share for version, share in self.weighted.items() if share > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionObservation:
    """All that a function's action looks at; parts an action does not need stay NotRead.

    `versions` holds those that aliases point at, by number; `published` every version that exists, as the
    list shows it, without its state; `provisioned` the aliases and versions with provisioned concurrency.
    """

    function: Reading[FunctionLive]
    function_tags: Reading[Mapping[str, str]]
    aliases: Reading[tuple[AliasLive, ...]]
    versions: Mapping[str, Reading[FunctionLive]] = field(default_factory=dict)
    provisioned: Reading[frozenset[str]] = UNASKED
    published: Reading[Mapping[int, FunctionLive]] = UNASKED

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The function's tags, as far as the function could be read."""
        return self.function_tags if isinstance(self.function, FunctionLive) else self.function


@dataclass(frozen=True, slots=True)
class UnqualifiedCallers:
    """Callers that use the function without an alias: they run `$LATEST`."""


@dataclass(frozen=True, slots=True)
class AliasCallers:
    """Callers that use this alias; `live` is the version that runs behind it."""

    alias: AliasLive
    live: FunctionLive


type Callers = UnqualifiedCallers | AliasCallers


def ready(target: Target, seen: FunctionObservation) -> FunctionLive | Obstacle | Unknown:
    """The function itself, or why nothing can be done to it now."""
    match seen.function:
        case Absent():
            return Obstacle(Reason.TARGET_MISSING, f"{target.display} does not exist")
        case Unknown() | NotRead():
            return unseen("the function", seen.function)
        case latest:
            return _busy(latest) or latest


def _busy(latest: FunctionLive) -> Obstacle | None:
    if latest.managed:
        text = "it runs on a capacity provider, where memory and versions follow other rules"
        return Obstacle(Reason.MANAGED_ELSEWHERE, text)
    if latest.state != ACTIVE:
        return Obstacle(Reason.NOT_READY, f"its state is {latest.state or 'not given'}")
    if latest.update in (IN_PROGRESS, FAILED):
        return Obstacle(Reason.NOT_READY, f"its last update is {latest.update}")
    return None


def callers(alarm: Alarm, seen: FunctionObservation) -> Callers | Obstacle | Unknown:
    """The alias, or `$LATEST`, that the function's callers use.

    The tag `firebreak:alias` decides; else what the alarm's own metrics are about (their dimension
    Resource); else the only alias there is; without any, `$LATEST`. Several aliases and nothing that
    names one are an obstacle: callers may use any of them. So is a tag that names another one than
    the alarm.
    """
    if not isinstance(seen.aliases, tuple):
        return unseen("the list of its aliases", seen.aliases)
    if not isinstance(seen.function_tags, Mapping):
        return unseen("its tags", seen.function_tags)
    by_name = {alias.name: alias for alias in seen.aliases}
    tagged, about = seen.function_tags.get(ALIAS_TAG), qualifier(alarm)
    if tagged and about in by_name.keys() - {tagged}:
        text = f"its tag {ALIAS_TAG} says {tagged}, and the alarm is about alias {about}"
        return Obstacle(Reason.UNSAFE_ALIAS, text)
    named = tagged or about
    if named == LATEST or (not named and not by_name):
        return UnqualifiedCallers()
    if not named and len(by_name) > 1:
        text = f"its callers may use {', '.join(sorted(by_name))}: tag it {ALIAS_TAG} with the one"
        return Obstacle(Reason.UNSAFE_ALIAS, text)
    alias = by_name.get(named) if named else seen.aliases[0]
    if alias is None:
        return Obstacle(Reason.UNSAFE_ALIAS, f"it has no alias {named}")
    return _alias_callers(alias, seen)


def qualifier(alarm: Alarm) -> str:
    """The part of the function that the alarm's metrics are about: an alias, a version, `$LATEST`, or empty.

    Lambda's metrics carry Resource as well as FunctionName when they are reported by alias or version
    (`orders:live`); an unqualified name there stands for calls without a qualifier.
    [docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html]
    """
    resources = {metric.dimensions.get("Resource", "") for metric in alarm.metrics}
    if len(resources) != 1:
        return ""
    name, _, qualified = resources.pop().partition(":")
    return qualified or (LATEST if name else "")


def _alias_callers(alias: AliasLive, seen: FunctionObservation) -> Callers | Obstacle | Unknown:
    if alias.version == LATEST:
        return UnqualifiedCallers()
    live = seen.versions.get(alias.version, NotRead("no alias pointed at it"))
    match live:
        case Absent():
            return Obstacle(Reason.UNSAFE_ALIAS, f"version {alias.version} of alias {alias.name} is gone")
        case Unknown() | NotRead():
            return unseen(f"version {alias.version}", live)
        case found:
            return AliasCallers(alias, found)


def shifting(alias: AliasLive) -> Obstacle | None:
    """The obstacle of an alias that divides its calls: somebody, or CodeDeploy, is moving it right now."""
    if not alias.weighted:
        return None
    text = f"alias {alias.name} sends a part of its calls to version {', '.join(sorted(alias.weighted))}"
    return Obstacle(
        Reason.UNSAFE_ALIAS, f"{text}: stop or finish that deployment (CodeDeploy, if it runs one)"
    )


def unreleasable(
    latest: FunctionLive, found: AliasCallers, seen: FunctionObservation
) -> Obstacle | Unknown | None:
    """Why a new version must not be published and put behind the alias; None when it may.

    Publishing releases everything that is in `$LATEST`, so that must be what the alias runs already.
    """
    alias, live = found.alias, found.live
    if obstacle := shifting(alias):
        return obstacle
    if isinstance(seen.provisioned, Unknown | NotRead):
        return unseen("provisioned concurrency", seen.provisioned)
    # Absent: the call knows no other way to say that there is none, and the function itself was found.
    warm = seen.provisioned if isinstance(seen.provisioned, frozenset) else frozenset[str]()
    if held := sorted(warm & {alias.name, alias.version}):
        text = f"{held[0]} has provisioned concurrency, which a move would lose until it is provisioned again"
        return Obstacle(Reason.UNSAFE_ALIAS, text)
    if latest.snap_start:
        return Obstacle(Reason.UNSAFE_ALIAS, "SnapStart: a new version takes minutes to be published")
    if latest.code != live.code:
        text = f"the code of {LATEST} is not that of version {live.version}: publishing would release it"
        return Obstacle(Reason.UNSAFE_ALIAS, text)
    if hidden := sorted({*latest.hidden, *live.hidden}):
        return Unknown(f"{', '.join(hidden)} {NOT_COMPARED}")
    if unlike := _unlike(latest, live):
        text = f"{LATEST} differs from version {live.version} in {', '.join(unlike)}"
        return Obstacle(Reason.UNSAFE_ALIAS, f"{text}: publishing would release that")
    return None


def _unlike(one: FunctionLive, other: FunctionLive) -> list[str]:
    """The names of the settings that are not equal in both."""
    names = one.settings.keys() | other.settings.keys()
    return sorted(name for name in names if one.settings.get(name) != other.settings.get(name))
