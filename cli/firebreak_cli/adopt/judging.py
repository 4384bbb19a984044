"""The entry of one alarm, from how it is described, its tags and its target.

Each alarm is read as if it turned red: the routes, the targets and the guards are those of the functions.
Where one of them would refuse, the alarm is left alone for that reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from firebreak.core.action_spec import Effect
from firebreak.core.guards.consent import allows
from firebreak.core.guards.controllers import controllers_of, names_of
from firebreak.core.model import AlarmKind, Target, Unresolved
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import NO_ACTION, TARGET_TRACKING_PREFIX, primary, route
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG, ALARMS_TAG, OPT_IN_TAG, STACK_TAG
from firebreak.core.watchdog import is_heartbeat
from firebreak.intake.lookups import Lookups, UnreadAlarms
from firebreak.intake.names import Found, Home
from firebreak.intake.target_groups import ServiceLookup, not_looked_up
from firebreak.intake.target_resolution import resolve
from firebreak.services.registry import CATALOG
from firebreak.wire.lenient_json import as_excerpt
from firebreak_cli.adopt.entries import ByItself, Do, Entry, LeftAlone, OptIn
from firebreak_cli.adopt.existing import ExistingAlarm
from firebreak_cli.adopt.notes import notes_of
from firebreak_cli.adopt.owners import owner_of
from firebreak_cli.adopt.severity_words import declared_severity
from firebreak_cli.adopt.suggestions import suggested

NOT_ASKED = NotRead("nobody looked at it")
# Alarms whose target, and whose metric, are only known of the series that turned red.
_OF_SERIES = frozenset(
    {AlarmKind.MULTI_SERIES, AlarmKind.CONTRIBUTOR, AlarmKind.PROMQL, AlarmKind.LOG, AlarmKind.UNKNOWN}
)
_WITHOUT_TARGET: Mapping[Reason, LeftAlone] = {
    Reason.TARGET_UNREADABLE: LeftAlone.TARGET_NOT_READ,
    Reason.OTHER_ACCOUNT: LeftAlone.OTHER_ACCOUNT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts besides the alarms: where they are, which services are behind which target groups.

    `target_tags` holds the tags of targets by their short form; those of any other are `unread`.
    `own_stack` is the stack of Firebreak itself, whose alarms are left alone.
    """

    home: Home
    behind: ServiceLookup = field(default_factory=lambda: not_looked_up("nobody can look here"))
    target_tags: Mapping[str, Reading[Mapping[str, str]]] = field(default_factory=dict)
    unread: NotRead = NOT_ASKED
    own_stack: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an alarm is left alone, in a word and in a sentence."""

    reason: LeftAlone
    why: str


def judged(alarm: ExistingAlarm, known: Known) -> Entry:
    """The entry of an alarm that is no composite, for itself alone."""
    entry = _unjudged(alarm, known)
    if objection := objection_to(alarm, known):
        return left(entry, objection, alarm)
    action = alarm.known_tags.get(ACTION_TAG) or _suggestion(alarm)
    if isinstance(action, Objection):
        return left(entry, action, alarm)
    named = resolve(alarm.event, alarm.known_tags, _lookups(known), action)
    return with_target(replace(entry, action=action), named.found, alarm, known)


def with_target(entry: Entry, found: Found, alarm: ExistingAlarm, known: Known) -> Entry:
    """The entry with its target: adopted, or left alone where there is none or nothing is missing."""
    if isinstance(found, Unresolved):
        reason = _WITHOUT_TARGET.get(found.reason, LeftAlone.NO_SINGLE_TARGET)
        return left(entry, Objection(reason, found.detail), alarm)
    tags = known.target_tags.get(found.display, known.unread)
    entry = replace(entry, target=found.display, target_owner=owner_of(found.name, tags))
    opt_in = _opt_in(found, tags, alarm.shown.name)
    if isinstance(opt_in, Objection):
        return left(entry, opt_in, alarm)
    blind = f": {tags.why}" if isinstance(tags, Unknown | NotRead) else ""
    doubt = f"whether {found.display} is opted in was not read{blind}" if blind else ""
    return _completed(replace(entry, opt_in=opt_in), alarm, doubt)


def _completed(entry: Entry, alarm: ExistingAlarm, doubt: str) -> Entry:
    """The entry with its severity, adopted if action, target, opt-in or tags in events are missing.

    For tags in events alone only where nobody manages it: not every tool has a setting for that.
    """
    not_in_events = entry.needs_propagation and not entry.owner.owns
    if not (entry.missing or entry.needs_opt_in or not_in_events):
        text = f"it leads to {entry.action} of {entry.target}, which is opted in"
        return left(entry, Objection(LeftAlone.NOTHING_MISSING, text), alarm)
    declared = declared_severity(entry.alarm, alarm.known_tags)
    rated = replace(entry, severity=declared.severity, severity_from=declared.source)
    return replace(rated, notes=notes_of(rated, alarm, (doubt, declared.doubt)))


def left(entry: Entry, objection: Objection, alarm: ExistingAlarm) -> Entry:
    """The entry, left alone."""
    alone = replace(entry, do=Do.LEAVE, reason=objection.reason, why=objection.why)
    return replace(alone, notes=notes_of(alone, alarm))


def _unjudged(alarm: ExistingAlarm, known: Known) -> Entry:
    return Entry(
        alarm=alarm.shown.name,
        arn=alarm.shown.arn,
        state=alarm.shown.state,
        since=alarm.shown.since,
        changed_at=alarm.changed_at,
        do=Do.ADOPT,
        tags=alarm.tags if isinstance(alarm.tags, Mapping) else None,
        rides=alarm.rides,
        owner=owner_of(alarm.shown.name, alarm.tags),
        by_itself=_by_itself(alarm, known),
    )


def unjudged_composite(alarm: ExistingAlarm, known: Known) -> Entry:
    """The entry of a composite before its children are looked at: by itself it leads nowhere."""
    return replace(_unjudged(alarm, known), by_itself=ByItself())


def _by_itself(alarm: ExistingAlarm, known: Known) -> ByItself:
    """The action and the target without any tag; the target is that of the action of its tag, if any."""
    action = primary(route(alarm.event, CATALOG)) or ""
    of = alarm.known_tags.get(ACTION_TAG) or action or next(iter(suggested(alarm.event.metrics)), "")
    if of not in CATALOG or alarm.event.kind is AlarmKind.COMPOSITE:
        return ByItself(action)
    found = resolve(alarm.event, {}, _lookups(known), of).found
    return ByItself(action, found.display if isinstance(found, Target) else "")


def _lookups(known: Known) -> Lookups:
    return Lookups(known.home, UnreadAlarms(NOT_ASKED), known.behind)


def objection_to(alarm: ExistingAlarm, known: Known) -> Objection | None:
    """The first reason to leave it alone, whatever its metric is."""
    name, tags = alarm.shown.name, alarm.known_tags
    if isinstance(alarm.tags, Unknown):
        return Objection(LeftAlone.TAGS_NOT_READ, f"its tags could not be read: {alarm.tags.why}")
    own = is_heartbeat(alarm.event, known.own_stack, known.home.account, known.home.region)
    if own or (known.own_stack and tags.get(STACK_TAG) == known.own_stack):
        return Objection(LeftAlone.OWN_ALARM, f"it is an alarm of Firebreak's stack {known.own_stack}")
    if name.startswith(TARGET_TRACKING_PREFIX):
        return Objection(LeftAlone.TARGET_TRACKING, "Application Auto Scaling made it and acts on it")
    if tagged := _by_action_tag(tags.get(ACTION_TAG)):
        return tagged
    if not alarm.shown.actions_enabled:
        return Objection(LeftAlone.ACTIONS_DISABLED, "its actions are disabled, so Firebreak would refuse")
    return None if ACTION_TAG in tags else _other_controller(alarm)


def _by_action_tag(tag: str | None) -> Objection | None:
    match tag:
        case None:
            return None
        case value if value == NO_ACTION:
            return Objection(LeftAlone.OPTED_OUT, f"it is tagged {ACTION_TAG}={NO_ACTION}")
        case value if value == PAGE_RUNG:
            return Objection(LeftAlone.FOR_HUMANS, f"it is tagged {ACTION_TAG}={PAGE_RUNG}")
        case value if value not in CATALOG:
            why = f"its tag {ACTION_TAG} is {as_excerpt(value)}, and no action has that name"
            return Objection(LeftAlone.UNKNOWN_TAG, why)
        case _:
            return None


def _other_controller(alarm: ExistingAlarm) -> Objection | None:
    controllers = controllers_of(alarm.shown.actions)
    scaling = [one for one in controllers if one.effect is Effect.SCALING]
    if scaling:
        return Objection(LeftAlone.DRIVES_SCALING, f"it drives {names_of(scaling)}")
    if controllers:
        return Objection(LeftAlone.OTHER_CONTROLLER, f"it starts {names_of(controllers)}")
    return None


def _suggestion(alarm: ExistingAlarm) -> str | Objection:
    """The one action that its metrics suggest."""
    if alarm.event.kind in _OF_SERIES:
        why = f"its kind is {alarm.event.kind}: its metric and target are known when it turns red"
        return Objection(LeftAlone.MANY_SERIES, why)
    actions = suggested(alarm.event.metrics)
    if len(actions) > 1:
        return Objection(LeftAlone.SEVERAL_ACTIONS, f"its metrics suggest {' and '.join(actions)}")
    if not actions:
        return Objection(LeftAlone.NO_ACTION, f"no action answers {_metrics_of(alarm)}")
    if not alarm.shown.comparison.startswith("Greater"):
        why = f"it fires when {_metrics_of(alarm)} is low ({alarm.shown.comparison or 'no comparison'})"
        return Objection(LeftAlone.LOW_SIDE, why)
    return actions[0]


def _metrics_of(alarm: ExistingAlarm) -> str:
    names = dict.fromkeys(f"{one.namespace} {one.name}".strip() for one in alarm.event.metrics)
    return ", ".join([*names][:3]) or "its expression"


def _opt_in(target: Target, tags: Reading[Mapping[str, str]], alarm: str) -> OptIn | Objection:
    """Whether the target takes part, or why it does not want to."""
    if target.is_account:
        return OptIn.NO_TARGET  # an account has no tags; the policy names it
    match tags:
        case Absent():
            return Objection(LeftAlone.TARGET_GONE, f"{target.display} does not exist")
        case Unknown() | NotRead():
            return OptIn.NOT_KNOWN
        case Mapping():
            pass
        case never:
            assert_never(never)
    if tags.get(OPT_IN_TAG, "true") != "true":
        why = f"{target.display} is tagged {OPT_IN_TAG}={as_excerpt(tags[OPT_IN_TAG])}"
        return Objection(LeftAlone.TARGET_REFUSES, why)
    if not allows(tags, alarm):
        why = f"the tag {ALARMS_TAG} of {target.display} does not name it"
        return Objection(LeftAlone.TARGET_REFUSES, why)
    return OptIn.YES if OPT_IN_TAG in tags else OptIn.MISSING
