"""The plan of an adoption as frozen values: an entry for each alarm, with what it would take and why.

An entry is either adopted (tags are missing somewhere) or left alone for a reason of a closed list. People
may change `do`, `action`, `target` and `severity`; the tags follow from those.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.model import NO_TAGS, AlarmState
from firebreak.core.tags import ACTION_TAG, OPT_IN_TAG, SEVERITY_TAG, TARGET_TAG
from firebreak_cli.adopt.owners import NOBODY, Owner

OPTED_IN: Mapping[str, str] = {OPT_IN_TAG: "true"}
# Tags that functions take from an alarm's event where they are there.
_READ_IN_EVENTS = frozenset({ACTION_TAG, TARGET_TAG, SEVERITY_TAG})


class Do(StrEnum):
    """The proposal for one alarm. Written to plans: members are never renamed."""

    ADOPT = "adopt"
    LEAVE = "leave"


class LeftAlone(StrEnum):
    """Why an alarm is left alone. Written to plans: members are never renamed."""

    NOTHING_MISSING = "nothing_missing"
    FOR_HUMANS = "for_humans"
    OPTED_OUT = "opted_out"
    UNKNOWN_TAG = "unknown_tag"
    COMPOSITE_CHILD = "composite_child"
    CHILDREN_DIFFER = "children_differ"
    TARGET_TRACKING = "target_tracking"
    DRIVES_SCALING = "drives_scaling"
    OTHER_CONTROLLER = "other_controller"
    LOW_SIDE = "low_side"
    NO_ACTION = "no_action"
    SEVERAL_ACTIONS = "several_actions"
    MANY_SERIES = "many_series"
    NO_SINGLE_TARGET = "no_single_target"
    TARGET_NOT_READ = "target_not_read"
    TARGET_GONE = "target_gone"
    TARGET_REFUSES = "target_refuses"
    OTHER_ACCOUNT = "other_account"
    ACTIONS_DISABLED = "actions_disabled"
    TAGS_NOT_READ = "tags_not_read"
    OWN_ALARM = "own_alarm"


MEANINGS: Mapping[LeftAlone, str] = {
    LeftAlone.NOTHING_MISSING: "it leads to its action already, and its target is opted in",
    LeftAlone.FOR_HUMANS: "its tag gives it to humans (`firebreak:action=page`)",
    LeftAlone.OPTED_OUT: "its tag says `firebreak:action=none`",
    LeftAlone.UNKNOWN_TAG: "its tag `firebreak:action` names no action",
    LeftAlone.COMPOSITE_CHILD: "a composite alarm over it is adopted, or was before",
    LeftAlone.CHILDREN_DIFFER: (
        "a composite whose children do not all ask for one action on one target, or whose rule has more than "
        "them in ALARM"
    ),
    LeftAlone.TARGET_TRACKING: "target tracking made it for itself",
    LeftAlone.DRIVES_SCALING: "it drives a scaling policy",
    LeftAlone.OTHER_CONTROLLER: "it starts something else that changes things",
    LeftAlone.LOW_SIDE: "it fires on a low value, or on both sides of a band",
    LeftAlone.NO_ACTION: "no action answers its metric",
    LeftAlone.SEVERAL_ACTIONS: "its metrics suggest several actions",
    LeftAlone.MANY_SERIES: "it watches many series, or is of a kind whose metric is not known",
    LeftAlone.NO_SINGLE_TARGET: "it names no target, or several",
    LeftAlone.TARGET_NOT_READ: "its target is found by a look that was not made or failed",
    LeftAlone.TARGET_GONE: "its target does not exist",
    LeftAlone.TARGET_REFUSES: "the tags of its target say no, to all alarms or to this one",
    LeftAlone.OTHER_ACCOUNT: "its metric is of another account",
    LeftAlone.ACTIONS_DISABLED: "its actions are disabled, so Firebreak would refuse",
    LeftAlone.TAGS_NOT_READ: "its tags could not be read",
    LeftAlone.OWN_ALARM: "it is an alarm of Firebreak itself",
}


class OptIn(StrEnum):
    """Whether the target takes part. `not known` is no answer: the tag is proposed, and looked at again."""

    YES = "yes"
    MISSING = "missing"
    NOT_KNOWN = "not known"
    NO_TARGET = ""


@dataclass(frozen=True, slots=True)
class ByItself:
    """The action and the target to which an alarm leads without any tag; empty where it leads to none."""

    action: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One alarm of the plan.

    `reason` and `why` are the planner's; a human may adopt the alarm all the same. `tags` are all of its
    tags, None where they were not read. `severity` is what its name or its tags say, by `severity_from`.
    `changed_at` is when the alarm, or any below it, was last configured. `rides` says that its tags are in
    its events.
    """

    alarm: str
    arn: str
    state: AlarmState
    since: datetime
    do: Do
    changed_at: datetime | None = None
    reason: LeftAlone | None = None
    why: str = ""
    action: str = ""
    target: str = ""
    severity: str = ""
    severity_from: str = ""
    by_itself: ByItself = ByItself()
    tags: Mapping[str, str] | None = NO_TAGS
    rides: bool = False
    owner: Owner = NOBODY
    opt_in: OptIn = OptIn.NO_TARGET
    target_owner: Owner = NOBODY
    notes: tuple[str, ...] = ()

    @property
    def adopted(self) -> bool:
        """Whether something is proposed for it."""
        return self.do is Do.ADOPT

    @property
    def red(self) -> bool:
        """Whether it was red when it was read: a part of the silent baseline."""
        return self.state is AlarmState.ALARM

    @property
    def wanted(self) -> Mapping[str, str]:
        """The tags that it needs for its action, its target and its severity."""
        return dict(self._wanted())

    def _wanted(self) -> Iterator[tuple[str, str]]:
        if self.action and self.action != self.by_itself.action:
            yield ACTION_TAG, self.action
        if self.target and self.target != self.by_itself.target:
            yield TARGET_TAG, self.target
        if self.severity:
            yield SEVERITY_TAG, self.severity

    @property
    def missing(self) -> Mapping[str, str]:
        """The tags to be added to the alarm; a key that it has already is never among them."""
        if not self.adopted:
            return {}
        return {key: value for key, value in self.wanted.items() if key not in (self.tags or {})}

    @property
    def needs_opt_in(self) -> bool:
        """Whether the target's tag is to be added."""
        return self.adopted and self.opt_in in {OptIn.MISSING, OptIn.NOT_KNOWN}

    @property
    def read_in_events(self) -> frozenset[str]:
        """The keys of its tags, of those that it needs too, that functions take from its events."""
        return _READ_IN_EVENTS & {*self.wanted, *(self.tags or {})}

    @property
    def needs_propagation(self) -> bool:
        """Whether its tags matter and are not in its events."""
        return self.adopted and not self.rides and bool(self.read_in_events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entries of one account and region, in the order of the alarms' names."""

    account: str
    region: str
    made_at: datetime
    entries: tuple[Entry, ...]

    @property
    def adopted(self) -> tuple[Entry, ...]:
        """The entries for which something is proposed."""
        return tuple(entry for entry in self.entries if entry.adopted)

    @property
    def left(self) -> tuple[Entry, ...]:
        """The entries that are left alone."""
        return tuple(entry for entry in self.entries if not entry.adopted)

    @property
    def baseline(self) -> tuple[Entry, ...]:
        """The alarms that are red already: CloudWatch sends nothing more about them, so nothing acts."""
        return tuple(entry for entry in self.entries if entry.red)

    @property
    def opt_ins(self) -> Mapping[str, Owner]:
        """The targets whose tag is to be added, each once, with who manages them."""
        return {entry.target: entry.target_owner for entry in self.adopted if entry.needs_opt_in}
