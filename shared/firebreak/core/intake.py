"""Alarms that are refused before any guard runs, and the requests in their tags."""

from collections.abc import Mapping
from datetime import datetime

from firebreak.core.action_spec import Catalog
from firebreak.core.decide import refuse
from firebreak.core.decision import Check, Decision, Defer, Result
from firebreak.core.formats import format_time
from firebreak.core.missing_data import NOTHING_SAID, MissingDataRules, is_symptom
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Target, Unresolved
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import NO_ACTION, TARGET_TRACKING_PREFIX
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG, TARGET_TAG

# No tag makes such an alarm worth a page.
ONLY_RECORDED = frozenset({Reason.NOT_IN_ALARM, Reason.PARENT_OF_CONTRIBUTORS})


def reject_early(alarm: Alarm, rules: MissingDataRules = NOTHING_SAID) -> Unresolved | None:
    """Why this alarm is not looked into any further, if so; one whose silence is the symptom is red."""
    if alarm.state is not AlarmState.ALARM and not is_symptom(alarm, rules):
        return Unresolved(Reason.NOT_IN_ALARM, f"the alarm is {alarm.state}")
    if alarm.contributor:
        return None
    match alarm.kind:
        case AlarmKind.MULTI_SERIES | AlarmKind.PROMQL:
            return Unresolved(Reason.PARENT_OF_CONTRIBUTORS, "its contributors send events of their own")
        case AlarmKind.UNKNOWN:
            return Unresolved(Reason.UNKNOWN_KIND, "its configuration matches no documented kind of alarm")
        case _:
            return None


def require_supported(found: Target | Unresolved, action: str, catalog: Catalog) -> Target | Unresolved:
    """The target, unless the action is for another service's resources."""
    if isinstance(found, Unresolved) or catalog.service_of(action) in ("", found.service):
        return found
    text = f"{action} is for {catalog.service_of(action)} targets, and the alarm is about {found.display}"
    return Unresolved(Reason.TARGET_UNSUPPORTED, text)


def why_human(alarm: Alarm) -> Unresolved:
    """Why an alarm that was routed to Page is for humans; a tag that did come outweighs lost ones."""
    tag = alarm.tags.get(ACTION_TAG)
    if tag is None and alarm.tags_lost:
        return Unresolved(Reason.TAGS_LOST, "alarmTagsStatus is not SUCCESS")
    reason = Reason.ROUTED_TO_HUMANS if tag == PAGE_RUNG else Reason.UNKNOWN_ACTION_TAG
    return Unresolved(reason, f"{ACTION_TAG}={tag or ''}")


def held_back(alarm: Alarm, now: datetime) -> Decision | None:
    """The decision on an alarm for humans that CloudWatch holds back, as `muted` decides it for actions."""
    mute = alarm.mute
    if mute and mute.until is None:
        return refuse(Reason.MUTED_WITHOUT_END, f"muted by {mute.by} with no readable end")
    if mute and mute.until and mute.until > now:
        detail = f"muted by {mute.by} until {format_time(mute.until)}"
        check = Check("intake", Result.OBJECTED, detail, Reason.MUTED, mute.until)
        return Decision(Defer(mute.until), Reason.MUTED, (check,), "")
    if alarm.suppressed_by:
        return refuse(Reason.SUPPRESSED, f"actions suppressed by {alarm.suppressed_by}")
    return None


def why_not_routed(alarm: Alarm) -> Unresolved:
    """Why no rule routes this alarm to an action or to Page (see `routing.route`)."""
    if alarm.state is not AlarmState.ALARM:
        return Unresolved(Reason.NOT_IN_ALARM, f"the alarm is {alarm.state}")
    if alarm.tags.get(ACTION_TAG) == NO_ACTION:
        return Unresolved(Reason.ACTION_NONE, f"the alarm says {ACTION_TAG}={NO_ACTION}")
    untagged = f"no {ACTION_TAG} tag came with the event"
    if alarm.name.startswith(TARGET_TRACKING_PREFIX):
        return Unresolved(Reason.NOT_ROUTED, f"{untagged}, and target tracking owns the alarm")
    if alarm.contributor:
        return Unresolved(Reason.NOT_ROUTED, f"{untagged}, and one series alone is no known symptom")
    return Unresolved(Reason.NOT_ROUTED, f"{untagged}, and none of its metrics is a known symptom")


def is_asked_for(alarm: Alarm, tags: Reading[Mapping[str, str]]) -> bool:
    """Whether the alarm's owner wants something done, or may want it: then a refusal is worth a page.

    An owner who names a target without an action wants one as well.
    """
    if alarm.tags_lost or isinstance(tags, Unknown | NotRead):
        return True
    known = {**(tags if isinstance(tags, Mapping) else {}), **alarm.tags}
    if known.get(ACTION_TAG) == NO_ACTION:
        return False
    return bool(known.get(ACTION_TAG) or TARGET_TAG in known)


def unconfirmed(alarm: Alarm, action: str, tags: Reading[Mapping[str, str]]) -> Unresolved | None:
    """Why an alarm that the router passed on is not this action's, if so.

    The event came over a bus on which others may write, so only the alarm's own tags count.
    """
    if not alarm.by_router or isinstance(tags, Unknown | NotRead):
        return None
    named = tags.get(ACTION_TAG) if isinstance(tags, Mapping) else None
    if named == action:
        return None
    detail = f"the alarm's own tags say {ACTION_TAG}={named or 'nothing'}, not {action}"
    return Unresolved(Reason.NOT_ROUTED, detail)


def tag_names_action(alarm: Alarm, tags: Reading[Mapping[str, str]]) -> bool:
    """Whether the alarm's owner named an action, in the event or in the tags as read live."""
    live = tags if isinstance(tags, Mapping) else {}
    return bool(alarm.tags.get(ACTION_TAG) or live.get(ACTION_TAG))
