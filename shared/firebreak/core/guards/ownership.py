"""Guards: the owners of the alarm and of the target, and other controllers of the alarm."""

from collections.abc import Mapping

from firebreak.core.action_spec import Catalog, Effect
from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.guards.consent import allows, other_stack
from firebreak.core.guards.controllers import Controller, controllers_of, names_of
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.model import Request
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.tags import ACTION_TAG, ALARMS_TAG, ANSWERING_STACK_TAG, OPT_IN_TAG, STACK_TAG
from firebreak.core.watchdog import heartbeat_of, is_heartbeat


def heartbeat(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The alarm is Firebreak's own heartbeat, which is only recorded, and counts if all the ledger was read.

    It comes first: no kill switch, freeze or missing target may hide that an alarm got this far.
    """
    del rules
    if not is_heartbeat(request.alarm, seen.stack_name, request.target.account, request.target.region):
        return _of_another_stack(request, seen)
    of_ledger = (
        seen.holds,
        seen.decided,
        seen.transition,
        seen.incident,
        seen.dependency_incidents,
        seen.storm,
    )
    blind_to = [one.why for one in (*of_ledger, *seen.scopes.values()) if isinstance(one, Unknown | NotRead)]
    if blind_to:
        return objected("heartbeat", Reason.HEARTBEAT_BLIND, f"could not look: {blind_to[0]}")
    return objected("heartbeat", Reason.HEARTBEAT, f"the heartbeat of stack {seen.stack_name}")


def _of_another_stack(request: Request, seen: Snapshot) -> Check:
    """The heartbeat of another stack is that one's; its target exists for none."""
    other = heartbeat_of(request.alarm.metrics, request.alarm.account)
    if other and seen.stack_name:
        return objected("heartbeat", Reason.OTHER_STACK, f"the heartbeat of stack {other}")
    return Check("heartbeat", Result.NOT_APPLICABLE, "another alarm")


def own_stack(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target belongs to Firebreak itself."""
    del request, rules
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("own stack", unseen, Reason.OWN_STACK_UNREADABLE, seen.now)
        case Absent():
            return passed("own stack", "the target has no tags")
        case tags if tags.get(STACK_TAG) == seen.stack_name:
            return objected("own stack", Reason.OWN_STACK, f"it is part of stack {seen.stack_name}")
        case _:
            return passed("own stack", f"it is not part of stack {seen.stack_name}")


def opt_in(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The owner of the resource said yes and the owner of the alarm did not say none.

    A request by hand has no alarm: the resource's own tag alone decides.
    """
    del rules
    if request.by_hand:
        return _target_opted_in(request, seen)
    in_event = request.alarm.tags.get(ACTION_TAG)
    if in_event is None:
        match seen.alarm_tags:
            case Unknown() | NotRead() as unseen:
                return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE, seen.now)
            case Absent():
                in_event = ""
            case tags:
                in_event = tags.get(ACTION_TAG, "")
    if in_event == "none":
        return objected("opt-in", Reason.ACTION_NONE, f"the alarm says {ACTION_TAG}=none")
    # A second look is for the action that was refused, to which the ladder of the tag's action had led.
    if in_event not in {"", request.action} and not (request.incident_id or request.refused):
        # Without tags in its event an alarm is routed by its symptom, whatever its owner wants.
        return objected("opt-in", Reason.OTHER_ACTION, f"the alarm says {ACTION_TAG}={in_event!r}")
    return _target_opted_in(request, seen)


def _target_opted_in(request: Request, seen: Snapshot) -> Check:
    match seen.target_tags:
        case Unknown() | NotRead() as unseen:
            return blind("opt-in", unseen, Reason.OPT_IN_UNREADABLE, seen.now)
        case Absent():
            return objected("opt-in", Reason.TARGET_MISSING, "the target does not exist")
        case tags if (other := other_stack(tags, seen.stack_name)) is not None:
            detail = f"{ANSWERING_STACK_TAG} is {other!r}, and this is {seen.stack_name}"
            return objected("opt-in", Reason.OTHER_STACK, detail)
        case tags if tags.get(OPT_IN_TAG) == "true" and not _may_ask(request, tags):
            detail = f"the target's tag {ALARMS_TAG} is {tags.get(ALARMS_TAG)!r}"
            return objected("opt-in", Reason.ALARM_NOT_ALLOWED, detail)
        case tags if tags.get(OPT_IN_TAG) == "true":
            return passed("opt-in", f"{OPT_IN_TAG}=true")
        case tags:
            value = f"{tags[OPT_IN_TAG]!r}" if OPT_IN_TAG in tags else "not set"
            return objected("opt-in", Reason.NOT_OPTED_IN, f"{OPT_IN_TAG} is {value}")


def _may_ask(request: Request, tags: Mapping[str, str]) -> bool:
    """Whether the target's list of alarms lets this request act; it says nothing about humans."""
    return request.by_hand or allows(tags, request.alarm.name)


def load_balancer(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The live service is behind every target group that led to it.

    Which service that is may have been looked up minutes ago.
    """
    del rules
    if not request.groups:
        return Check("load balancer", Result.NOT_APPLICABLE, "no target group led to the target")
    match seen.target_groups:
        case Unknown() | NotRead() as unseen:
            return blind("load balancer", unseen, Reason.TARGET_UNREADABLE, seen.now)
        case Absent():
            return objected("load balancer", Reason.TARGET_MISSING, "the target does not exist")
        case registered:
            gone = sorted(request.groups - registered)
    if gone:
        detail = f"it is not registered with {', '.join(gone)}"
        return objected("load balancer", Reason.NOT_REGISTERED, detail)
    return passed("load balancer", f"it is registered with {', '.join(sorted(request.groups))}")


def controllers_seen(seen: Snapshot, catalog: Catalog) -> tuple[Controller, ...]:
    """The other controllers of the alarm, if it was read; Firebreak's own functions are not among them."""
    if not isinstance(seen.alarm, DescribedAlarm):
        return ()
    own = (f"{seen.stack_name}-{function}" for function in (*catalog, "page", "verify"))
    return controllers_of(seen.alarm.actions, own)


def other_controller(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Something else acts on the alarm: without a tag it is left to that, and nothing is ever done twice."""
    match seen.alarm:
        case Unknown() | NotRead() as unseen:
            return blind("other controller", unseen, Reason.CONTROLLER_UNREADABLE, seen.now)
        case Absent() if request.by_hand:
            return passed("other controller", "no alarm of the target is red")
        case Absent():
            return passed("other controller", "the alarm is gone, so it starts nothing")
        case _:
            others = controllers_seen(seen, rules.catalog)
    if not others:
        return passed("other controller", "its own actions change nothing")
    if request.by_symptom:
        return objected("other controller", Reason.OTHER_CONTROLLER, f"it starts {names_of(others)}")
    effect = rules.catalog.effect_of(request.action)
    same = [one for one in others if one.effect is effect is not Effect.OTHER]
    if same:
        detail = f"it starts {names_of(same)}, whose effect is {effect} as well"
        cause = f"{request.target.key} {request.action} {detail}"
        return objected("other controller", Reason.SAME_EFFECT, detail, cause=cause)
    return passed("other controller", f"it starts {names_of(others)} as well; its tag asks for this action")
