"""Every reason for acting or not acting, with the sentence an operator reads at 3 a.m."""

# long because: each reason is a line of the enum and of each table about all of them
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Disposition(StrEnum):
    """How a decision is shown to humans."""

    RECORD = "record"
    DIGEST = "digest"
    PAGE = "page"
    CLIMB = "climb"
    DEFER = "defer"


class Lasting(StrEnum):
    """The refusals that are one thread while their cause lasts: all of one alarm, or all of one target.

    `standing` is a state of the target that somebody chose and that comes back, such as every night. `no`:
    a thread each, unless the check names a cause of its own. Stored: members are never renamed.
    """

    NO = "no"
    ALARM = "alarm"
    TARGET = "target"
    STANDING = "standing"


class Reason(StrEnum):
    """Why a decision came out as it did. Stored in the ledger: members are never renamed."""

    CLEAR_TO_ACT = "clear_to_act"
    OBSERVE_ONLY = "observe_only"
    NEEDS_APPROVAL = "needs_approval"

    NOT_IN_ALARM = "not_in_alarm"
    PARENT_OF_CONTRIBUTORS = "parent_of_contributors"
    UNKNOWN_KIND = "unknown_kind"
    AHEAD_OF_TIME = "ahead_of_time"
    TARGET_NONE = "target_none"
    TARGET_AMBIGUOUS = "target_ambiguous"
    TARGET_MALFORMED = "target_malformed"
    TARGET_UNREADABLE = "target_unreadable"
    TARGET_UNSUPPORTED = "target_unsupported"
    OTHER_ACCOUNT = "other_account"
    ROUTED_TO_HUMANS = "routed_to_humans"
    UNKNOWN_ACTION_TAG = "unknown_action_tag"
    TAGS_LOST = "tags_lost"
    NOT_ROUTED = "not_routed"

    HEARTBEAT = "heartbeat"
    HEARTBEAT_BLIND = "heartbeat_blind"
    SWITCHED_OFF = "switched_off"
    SWITCH_UNREADABLE = "switch_unreadable"
    OWN_STACK = "own_stack"
    OWN_STACK_UNREADABLE = "own_stack_unreadable"
    NOT_OPTED_IN = "not_opted_in"
    ALARM_NOT_ALLOWED = "alarm_not_allowed"
    OTHER_STACK = "other_stack"
    ACTION_NONE = "action_none"
    OTHER_ACTION = "other_action"
    OPT_IN_UNREADABLE = "opt_in_unreadable"
    MUTED = "muted"
    MUTED_WITHOUT_END = "muted_without_end"
    SUPPRESSED = "suppressed"
    ACTIONS_DISABLED = "actions_disabled"
    MUTE_UNREADABLE = "mute_unreadable"
    WRONG_DIRECTION = "wrong_direction"
    DIRECTION_UNREADABLE = "direction_unreadable"
    OTHER_CONTROLLER = "other_controller"
    SAME_EFFECT = "same_effect"
    CONTROLLER_UNREADABLE = "controller_unreadable"
    TOO_OLD = "too_old"
    SUPERSEDED = "superseded"
    NO_LONGER_RED = "no_longer_red"
    NO_DATA_NOW = "no_data_now"
    NO_DATA = "no_data"
    NO_DATA_IGNORED = "no_data_ignored"
    ALARM_GONE = "alarm_gone"
    ALARM_UNREADABLE = "alarm_unreadable"
    DUPLICATE = "duplicate"
    DUPLICATE_UNREADABLE = "duplicate_unreadable"
    IN_FLIGHT = "in_flight"
    IN_FLIGHT_UNREADABLE = "in_flight_unreadable"
    DEPENDENCY_IN_FLIGHT = "dependency_in_flight"
    INCIDENT_MOVED_ON = "incident_moved_on"
    ACKNOWLEDGED = "acknowledged"
    FROZEN = "frozen"
    OUTSIDE_WINDOW = "outside_window"
    CALENDAR_CLOSED = "calendar_closed"
    CALENDAR_UNUSABLE = "calendar_unusable"
    CALENDAR_UNREADABLE = "calendar_unreadable"
    STORM = "storm"
    STORM_UNREADABLE = "storm_unreadable"
    BREAKER_OPEN = "breaker_open"
    COOLDOWN = "cooldown"
    RUNG_GAP = "rung_gap"
    BUDGET_FULL = "budget_full"
    CLOCK_BEHIND = "clock_behind"
    HISTORY_UNREADABLE = "history_unreadable"
    SHARE_REACHED = "share_reached"
    HEALTHY_FLOOR_REACHED = "healthy_floor_reached"
    GROUP_UNREADABLE = "group_unreadable"
    HELD_OUT = "held_out"

    TARGET_MISSING = "target_missing"
    NOT_REGISTERED = "not_registered"
    NOT_READY_UNREADABLE = "not_ready_unreadable"
    DEPLOYMENT_RUNNING = "deployment_running"
    DEPLOYMENT_FAILED = "deployment_failed"
    NO_ROOM_TO_DEPLOY = "no_room_to_deploy"
    TASK_DEFINITION_INACTIVE = "task_definition_inactive"
    UNSUPPORTED_CONTROLLER = "unsupported_controller"
    SCALED_TO_ZERO = "scaled_to_zero"
    NOT_ACTIVE = "not_active"
    MANAGED_ELSEWHERE = "managed_elsewhere"
    CEILING_REACHED = "ceiling_reached"
    SCALING_SUSPENDED = "scaling_suspended"
    NOT_READY = "not_ready"
    NOTHING_TO_ROLL_BACK = "nothing_to_roll_back"
    NO_RECENT_DEPLOYMENT = "no_recent_deployment"
    ROLLED_BACK_BEFORE = "rolled_back_before"
    RAISED_TOO_OFTEN = "raised_too_often"
    UNSAFE_ALIAS = "unsafe_alias"
    NO_SINGLE_BAD_TASK = "no_single_bad_task"
    TASK_PROTECTED = "task_protected"
    HOSTS_UNHEALTHY = "hosts_unhealthy"
    TOO_FEW_HEALTHY = "too_few_healthy"
    ALREADY_DONE = "already_done"
    RUNBOOK_UNUSABLE = "runbook_unusable"
    RUNBOOK_CHANGED = "runbook_changed"
    NOT_REVERSIBLE = "not_reversible"
    CHANGED_SINCE = "changed_since"
    RED_AGAIN = "red_again"
    PLAN_CHANGED = "plan_changed"
    APPROVAL_EXPIRED = "approval_expired"
    NOT_APPROVED = "not_approved"
    CALLER_UNCONFIRMED = "caller_unconfirmed"
    NEEDS_ANOTHER_APPROVER = "needs_another_approver"

    NOT_LOOKED_AT = "not_looked_at"
    LOST_RACE = "lost_race"
    PLAN_EXPIRED = "plan_expired"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    POLICY_UNUSABLE = "policy_unusable"
    POLICY_NOT_RENEWED = "policy_not_renewed"
    UNUSABLE_EVENT = "unusable_event"
    FUNCTION_FAILED = "function_failed"
    UNSUPPORTED_REQUEST = "unsupported_request"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One sentence for operators, and its disposition."""

    sentence: str
    disposition: Disposition


def _record(sentence: str) -> Meaning:
    return Meaning(sentence, Disposition.RECORD)


def _digest(sentence: str) -> Meaning:
    return Meaning(sentence, Disposition.DIGEST)


def _page(sentence: str) -> Meaning:
    return Meaning(sentence, Disposition.PAGE)


def _climb(sentence: str) -> Meaning:
    return Meaning(sentence, Disposition.CLIMB)


def _defer(sentence: str) -> Meaning:
    return Meaning(sentence, Disposition.DEFER)


MEANINGS: dict[Reason, Meaning] = {
    Reason.CLEAR_TO_ACT: _record("Every guard agreed."),
    Reason.OBSERVE_ONLY: _digest("The policy says observe, so Firebreak changes nothing here."),
    Reason.NEEDS_APPROVAL: _page("A human must approve first."),
    Reason.NOT_IN_ALARM: _record("The alarm is not red, so there is nothing to do."),
    Reason.PARENT_OF_CONTRIBUTORS: _record(
        "A multi-series alarm is handled through the events of its contributors."
    ),
    Reason.UNKNOWN_KIND: _page("This kind of alarm is not supported, so it is left to humans."),
    Reason.AHEAD_OF_TIME: _page(
        "The timestamp of the alarm's event is in the future, so Firebreak does not act on it."
    ),
    Reason.TARGET_NONE: _page("The alarm names no target."),
    Reason.TARGET_AMBIGUOUS: _page("The alarm names more than one target."),
    Reason.TARGET_MALFORMED: _page("The alarm's target is not in a valid format."),
    Reason.TARGET_UNREADABLE: _page("The target of the alarm could not be looked up."),
    Reason.TARGET_UNSUPPORTED: _page("The action does not support the alarm's target."),
    Reason.OTHER_ACCOUNT: _page("The metric or target is in another account."),
    Reason.ROUTED_TO_HUMANS: _page("The alarm is tagged to page a human."),
    Reason.UNKNOWN_ACTION_TAG: _page("The alarm's firebreak:action tag names no known action."),
    Reason.TAGS_LOST: _page(
        "CloudWatch could not send the alarm's tags, so it is not known what they ask for."
    ),
    Reason.NOT_ROUTED: _record("No EventBridge rule routes this alarm to Firebreak."),
    Reason.HEARTBEAT: _record("This is Firebreak's own heartbeat, and it arrived."),
    # Its absence is paged by an alarm; a page here would be a second one, and for a passing fault too.
    Reason.HEARTBEAT_BLIND: _record(
        "This is Firebreak's own heartbeat, but a part of the ledger could not be read, so it does not count."
    ),
    Reason.SWITCHED_OFF: _digest("A kill switch is held."),
    Reason.SWITCH_UNREADABLE: _page("The kill switches could not be read."),
    Reason.OWN_STACK: _page("The target belongs to Firebreak itself."),
    Reason.OWN_STACK_UNREADABLE: _page("It is not known whether the target belongs to Firebreak."),
    Reason.NOT_OPTED_IN: _record("The resource is not tagged firebreak:enabled=true."),
    Reason.ALARM_NOT_ALLOWED: _record("The target's tag firebreak:alarms does not name this alarm."),
    Reason.OTHER_STACK: _record(
        "It is for another stack of Firebreak: by the target's tag firebreak:stack, or as its heartbeat."
    ),
    Reason.ACTION_NONE: _record("The alarm is tagged firebreak:action=none."),
    Reason.OTHER_ACTION: _page("The alarm's firebreak:action tag names something other than this action."),
    Reason.OPT_IN_UNREADABLE: _page("It is not known whether the owner opted in."),
    Reason.MUTED: _defer("A CloudWatch mute window covers the alarm."),
    Reason.MUTED_WITHOUT_END: _page("A CloudWatch mute window covers the alarm, and its end cannot be read."),
    Reason.SUPPRESSED: _record("CloudWatch suppresses the alarm's actions."),
    Reason.ACTIONS_DISABLED: _record("The alarm's actions are disabled."),
    Reason.MUTE_UNREADABLE: _page("It is not known whether the alarm's actions are enabled."),
    Reason.WRONG_DIRECTION: _record(
        "The alarm fires when the metric is low; this action is for when it is high."
    ),
    Reason.DIRECTION_UNREADABLE: _page("It is not known whether the alarm fires on a high metric."),
    Reason.OTHER_CONTROLLER: _record("Something else acts on this alarm, and no tag asks Firebreak to act."),
    Reason.SAME_EFFECT: _page("The alarm also starts something else with the same effect as this action."),
    Reason.CONTROLLER_UNREADABLE: _page("It is not known what else acts on this alarm."),
    Reason.TOO_OLD: _page("The event came too late to act on."),
    Reason.SUPERSEDED: _record("A newer transition of this alarm has been seen."),
    Reason.NO_LONGER_RED: _record("The alarm is not red any more."),
    Reason.NO_DATA_NOW: _page("The alarm has no data any more, so it is not known whether it is red or OK."),
    Reason.NO_DATA: _page(
        "The alarm is red because no data came, so it is not known whether anything is wrong."
    ),
    Reason.NO_DATA_IGNORED: _record("No data comes for the alarm, and its owner says to ignore that."),
    Reason.ALARM_GONE: _record("The alarm does not exist any more."),
    Reason.ALARM_UNREADABLE: _page("The alarm could not be read, so it is not known to be red now."),
    Reason.DUPLICATE: _record("This delivery was already decided."),
    Reason.DUPLICATE_UNREADABLE: _page("It is not known whether this delivery was already decided."),
    Reason.IN_FLIGHT: _record("Another incident is in progress on this target; an alarm joins it."),
    Reason.IN_FLIGHT_UNREADABLE: _page("It is not known whether an incident is in progress on the target."),
    Reason.DEPENDENCY_IN_FLIGHT: _page(
        "An incident is in progress on another target that shares a dependency with this one."
    ),
    Reason.ACKNOWLEDGED: _record("A human has acknowledged this, so a later look changes nothing."),
    Reason.INCIDENT_MOVED_ON: _record("The incident has moved on since this was asked."),
    Reason.FROZEN: _digest("A freeze window of the policy holds."),
    Reason.OUTSIDE_WINDOW: _digest("The policy allows actions only inside its windows, and none is open."),
    Reason.CALENDAR_CLOSED: _digest("A Change Calendar of the policy is CLOSED."),
    Reason.CALENDAR_UNUSABLE: _page("A Change Calendar of the policy does not exist or cannot be used."),
    Reason.CALENDAR_UNREADABLE: _page("It is not known whether a Change Calendar of the policy is OPEN."),
    Reason.STORM: _record("Many alarms turned red at once; the storm itself was paged."),
    Reason.STORM_UNREADABLE: _page("It is not known whether there is a storm of alarms."),
    Reason.BREAKER_OPEN: _page("The circuit breaker is open: the action has not been helping."),
    Reason.COOLDOWN: _page("The last action on this target was too recent."),
    Reason.RUNG_GAP: _defer("The last rung of this incident was too recent."),
    Reason.BUDGET_FULL: _page("A budget is used up."),
    Reason.CLOCK_BEHIND: _page("This function's clock is behind the ledger."),
    Reason.HISTORY_UNREADABLE: _page("The history of actions could not be read."),
    Reason.SHARE_REACHED: _page("The disruption budget of the group allows no further target now."),
    Reason.HEALTHY_FLOOR_REACHED: _page("Too few members of the group would stay healthy."),
    Reason.GROUP_UNREADABLE: _page("The target's group could not be counted."),
    Reason.HELD_OUT: _page("The policy leaves some alarms alone on purpose, and this is one of them."),
    Reason.TARGET_MISSING: _page("The target does not exist."),
    Reason.NOT_REGISTERED: _page("The service is not registered with the alarm's target group any more."),
    Reason.NOT_READY_UNREADABLE: _page("The target could not be read."),
    Reason.DEPLOYMENT_RUNNING: _page("A deployment is running on the target."),
    # Unlike a running one it never ends by itself; a roll back as the next rung can end it.
    Reason.DEPLOYMENT_FAILED: _climb("A deployment of the target failed, and ECS did not go back from it."),
    Reason.NO_ROOM_TO_DEPLOY: _climb(
        "The service's minimum and maximum percent leave ECS no room to replace a task."
    ),
    Reason.TASK_DEFINITION_INACTIVE: _climb("The task definition is INACTIVE, so it cannot be deployed."),
    Reason.UNSUPPORTED_CONTROLLER: _climb("The target's deployment controller does not allow this action."),
    Reason.SCALED_TO_ZERO: _page("Somebody scaled the target to zero."),
    Reason.NOT_ACTIVE: _page("The target is not active."),
    Reason.MANAGED_ELSEWHERE: _page("Another AWS service manages the target."),
    Reason.CEILING_REACHED: _climb("The target is already at the ceiling."),
    Reason.SCALING_SUSPENDED: _climb("Scaling of the target is suspended."),
    Reason.NOT_READY: _page("The target is busy with a change of its own."),
    Reason.NOTHING_TO_ROLL_BACK: _climb("There is no earlier version to go back to."),
    Reason.NO_RECENT_DEPLOYMENT: _climb("No deployment is recent enough to be at fault."),
    Reason.ROLLED_BACK_BEFORE: _climb("This deployment was rolled back before."),
    Reason.RAISED_TOO_OFTEN: _page("Memory was raised so often that a leak is likely: its owner must look."),
    Reason.UNSAFE_ALIAS: _climb("The function's aliases do not allow this safely."),
    Reason.NO_SINGLE_BAD_TASK: _climb("There is no single task at fault."),
    Reason.HOSTS_UNHEALTHY: _climb(
        "The alarm counts unhealthy hosts, and a restart would replace the healthy ones as well."
    ),
    Reason.TASK_PROTECTED: _climb("The task is protected from being stopped."),
    Reason.TOO_FEW_HEALTHY: _climb("Too few healthy tasks would be left."),
    Reason.ALREADY_DONE: _page("The target is already in the state that this action would set."),
    Reason.RUNBOOK_UNUSABLE: _page("The runbook cannot be run."),
    Reason.RUNBOOK_CHANGED: _page("The runbook's content is not the content that the policy pins."),
    Reason.NOT_REVERSIBLE: _page("This action cannot be undone automatically."),
    Reason.CHANGED_SINCE: _page("Somebody changed the target since, so its values stay as they are."),
    Reason.RED_AGAIN: _page("An alarm is not OK, so the temporary change stays."),
    Reason.PLAN_CHANGED: _page("The approved plan is not the plan that would be carried out now."),
    Reason.APPROVAL_EXPIRED: _page("Nobody approved in time."),
    Reason.NOT_APPROVED: _page("The approval does not count."),
    Reason.CALLER_UNCONFIRMED: _page("It is not confirmed who sent the request, so it does not count."),
    Reason.NEEDS_ANOTHER_APPROVER: _page("Another person must approve as well."),
    Reason.NOT_LOOKED_AT: _record("Something this decision needs was not looked at."),
    Reason.LOST_RACE: _page("Other actions kept changing the ledger; nothing was changed."),
    Reason.PLAN_EXPIRED: _page("The checks took so long that the plan expired."),
    Reason.LEDGER_UNAVAILABLE: _page(
        "Firebreak could not reach a service that it depends on, so nothing was changed."
    ),
    Reason.POLICY_UNUSABLE: _page("The policy cannot be loaded, so nothing was changed."),
    Reason.POLICY_NOT_RENEWED: _page("The newest policy cannot be loaded: an earlier one stays in force."),
    Reason.UNUSABLE_EVENT: _page("The event cannot be read as an alarm."),
    Reason.FUNCTION_FAILED: _page("The function that should decide failed, so nothing was decided."),
    Reason.UNSUPPORTED_REQUEST: _page("This version does not support such a request."),
}

# How long the cause of a refusal lasts, for every reason that can page (a climb pages where no rung is left).
LASTING: Mapping[Reason, Lasting] = MappingProxyType(
    {
        # One event's, one human's, or that of something Firebreak cannot see: its check names the cause.
        Reason.NEEDS_APPROVAL: Lasting.NO,
        Reason.TARGET_UNREADABLE: Lasting.NO,
        Reason.SWITCH_UNREADABLE: Lasting.NO,
        Reason.OWN_STACK_UNREADABLE: Lasting.NO,
        Reason.OPT_IN_UNREADABLE: Lasting.NO,
        Reason.MUTE_UNREADABLE: Lasting.NO,
        Reason.DIRECTION_UNREADABLE: Lasting.NO,
        Reason.AHEAD_OF_TIME: Lasting.NO,
        Reason.CONTROLLER_UNREADABLE: Lasting.NO,
        Reason.ALARM_UNREADABLE: Lasting.NO,
        Reason.DUPLICATE_UNREADABLE: Lasting.NO,
        Reason.IN_FLIGHT_UNREADABLE: Lasting.NO,
        Reason.CALENDAR_UNUSABLE: Lasting.NO,
        Reason.CALENDAR_UNREADABLE: Lasting.NO,
        Reason.STORM_UNREADABLE: Lasting.NO,
        Reason.CLOCK_BEHIND: Lasting.NO,
        Reason.HELD_OUT: Lasting.NO,
        Reason.HISTORY_UNREADABLE: Lasting.NO,
        Reason.GROUP_UNREADABLE: Lasting.NO,
        Reason.NOT_READY_UNREADABLE: Lasting.NO,
        Reason.CHANGED_SINCE: Lasting.NO,
        Reason.RED_AGAIN: Lasting.NO,
        Reason.PLAN_CHANGED: Lasting.NO,
        Reason.APPROVAL_EXPIRED: Lasting.NO,
        Reason.NOT_APPROVED: Lasting.NO,
        Reason.CALLER_UNCONFIRMED: Lasting.NO,
        Reason.NEEDS_ANOTHER_APPROVER: Lasting.NO,
        Reason.LOST_RACE: Lasting.NO,
        Reason.PLAN_EXPIRED: Lasting.NO,
        Reason.LEDGER_UNAVAILABLE: Lasting.NO,
        Reason.POLICY_UNUSABLE: Lasting.NO,
        Reason.POLICY_NOT_RENEWED: Lasting.NO,
        Reason.UNUSABLE_EVENT: Lasting.NO,
        Reason.UNSUPPORTED_REQUEST: Lasting.NO,
        # The alarm's own: the same the next time it turns red.
        Reason.UNKNOWN_KIND: Lasting.ALARM,
        Reason.TARGET_NONE: Lasting.ALARM,
        Reason.TARGET_AMBIGUOUS: Lasting.ALARM,
        Reason.TARGET_MALFORMED: Lasting.ALARM,
        Reason.TARGET_UNSUPPORTED: Lasting.ALARM,
        Reason.OTHER_ACCOUNT: Lasting.ALARM,
        Reason.ROUTED_TO_HUMANS: Lasting.ALARM,
        Reason.UNKNOWN_ACTION_TAG: Lasting.ALARM,
        Reason.TAGS_LOST: Lasting.ALARM,
        Reason.OTHER_ACTION: Lasting.ALARM,
        Reason.SAME_EFFECT: Lasting.ALARM,
        Reason.HOSTS_UNHEALTHY: Lasting.ALARM,
        Reason.MUTED_WITHOUT_END: Lasting.ALARM,
        Reason.NO_DATA_NOW: Lasting.ALARM,
        Reason.NO_DATA: Lasting.ALARM,
        # One cause for many alarms (SHARED_BY_ALARMS).
        Reason.TOO_OLD: Lasting.ALARM,
        Reason.FUNCTION_FAILED: Lasting.ALARM,
        # The target's: the limits on it, and the state that it is in.
        Reason.OWN_STACK: Lasting.TARGET,
        Reason.DEPENDENCY_IN_FLIGHT: Lasting.TARGET,
        Reason.BREAKER_OPEN: Lasting.TARGET,
        Reason.COOLDOWN: Lasting.TARGET,
        Reason.BUDGET_FULL: Lasting.TARGET,
        Reason.SHARE_REACHED: Lasting.TARGET,
        Reason.HEALTHY_FLOOR_REACHED: Lasting.TARGET,
        Reason.TARGET_MISSING: Lasting.TARGET,
        Reason.NOT_REGISTERED: Lasting.TARGET,
        Reason.DEPLOYMENT_RUNNING: Lasting.TARGET,
        Reason.UNSUPPORTED_CONTROLLER: Lasting.TARGET,
        Reason.SCALED_TO_ZERO: Lasting.STANDING,
        Reason.NO_ROOM_TO_DEPLOY: Lasting.TARGET,
        Reason.TASK_DEFINITION_INACTIVE: Lasting.TARGET,
        Reason.DEPLOYMENT_FAILED: Lasting.TARGET,
        Reason.NOT_ACTIVE: Lasting.TARGET,
        Reason.MANAGED_ELSEWHERE: Lasting.TARGET,
        Reason.CEILING_REACHED: Lasting.TARGET,
        Reason.SCALING_SUSPENDED: Lasting.TARGET,
        Reason.NOT_READY: Lasting.TARGET,
        Reason.NOTHING_TO_ROLL_BACK: Lasting.TARGET,
        Reason.NO_RECENT_DEPLOYMENT: Lasting.TARGET,
        Reason.ROLLED_BACK_BEFORE: Lasting.TARGET,
        Reason.RAISED_TOO_OFTEN: Lasting.TARGET,
        Reason.UNSAFE_ALIAS: Lasting.TARGET,
        Reason.NO_SINGLE_BAD_TASK: Lasting.TARGET,
        Reason.TASK_PROTECTED: Lasting.TARGET,
        Reason.TOO_FEW_HEALTHY: Lasting.TARGET,
        Reason.ALREADY_DONE: Lasting.TARGET,
        Reason.RUNBOOK_UNUSABLE: Lasting.TARGET,
        Reason.RUNBOOK_CHANGED: Lasting.TARGET,
        Reason.NOT_REVERSIBLE: Lasting.TARGET,
    }
)

# Alarms refused for one of these with the same words share a cause: it is mended once for all of them.
SHARED_BY_ALARMS = frozenset({Reason.TARGET_MALFORMED, Reason.UNKNOWN_ACTION_TAG, Reason.TOO_OLD})

# These end by themselves, so that the alarm is looked at once more.
PASSING = frozenset({Reason.DEPLOYMENT_RUNNING, Reason.NOT_READY, Reason.DEPENDENCY_IN_FLIGHT})
