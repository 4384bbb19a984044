"""The meaning of each reason against an action ahead of the day: the check that it speaks for, or none.

Every reason has its place here (a test compares), so that a new one is not taken for harmless.
"""

from firebreak.core.reasons import Reason

# Nothing in the alarm names one target of the action, or there is no such target: FB205.
NO_TARGET = frozenset(
    {
        Reason.TARGET_NONE,
        Reason.TARGET_AMBIGUOUS,
        Reason.TARGET_MALFORMED,
        Reason.TARGET_UNSUPPORTED,
        Reason.OTHER_ACCOUNT,
        Reason.TARGET_MISSING,
        Reason.NOT_REGISTERED,
    }
)
# The owner of the target did not say yes to this alarm: FB206.
NO_CONSENT = frozenset({Reason.NOT_OPTED_IN, Reason.ALARM_NOT_ALLOWED})
# The policy only watches: FB208.
ONLY_WATCHED = frozenset({Reason.OBSERVE_ONLY})
# Somebody holds a kill switch over it: FB210.
PAUSED = frozenset({Reason.SWITCHED_OFF})
# The same on the day, unless somebody changes the alarm, the target or the policy: FB207.
LASTING = frozenset(
    {
        Reason.OWN_STACK,
        Reason.ACTION_NONE,
        Reason.OTHER_ACTION,
        Reason.ACTIONS_DISABLED,
        Reason.MUTED_WITHOUT_END,
        Reason.WRONG_DIRECTION,
        Reason.OTHER_CONTROLLER,
        Reason.SAME_EFFECT,
        Reason.HOSTS_UNHEALTHY,
        Reason.DEPLOYMENT_FAILED,
        Reason.NO_ROOM_TO_DEPLOY,
        Reason.TASK_DEFINITION_INACTIVE,
        Reason.UNSUPPORTED_CONTROLLER,
        Reason.SCALED_TO_ZERO,
        Reason.NOT_ACTIVE,
        Reason.MANAGED_ELSEWHERE,
        Reason.CEILING_REACHED,
        Reason.SCALING_SUSPENDED,
        Reason.UNSAFE_ALIAS,
        Reason.RUNBOOK_UNUSABLE,
        Reason.RUNBOOK_CHANGED,
    }
)
# Of the way to the action, before any guard: FB202.
NOT_ROUTED = frozenset({Reason.NOT_ROUTED, Reason.UNKNOWN_ACTION_TAG, Reason.UNKNOWN_KIND})
# A guard could not look.
UNSEEN = frozenset({reason for reason in Reason if reason.endswith("_unreadable")} | {Reason.NOT_LOOKED_AT})
# Another check of the registry speaks of it, or it is what was wanted.
ELSEWHERE = frozenset(
    {
        Reason.STORM,  # FB108
        Reason.CALENDAR_UNUSABLE,  # FB403
        Reason.HEARTBEAT,
        Reason.HEARTBEAT_BLIND,
        Reason.ROUTED_TO_HUMANS,
        Reason.OTHER_STACK,
        Reason.PARENT_OF_CONTRIBUTORS,  # FB202, as a look that cannot be made ahead
        Reason.CLEAR_TO_ACT,
        Reason.NEEDS_APPROVAL,
    }
)
# As it is at this moment: it says nothing of the bad day, or follows from limits that are meant.
OF_THE_MOMENT = frozenset(
    {
        Reason.NOT_IN_ALARM,
        Reason.AHEAD_OF_TIME,
        Reason.TAGS_LOST,
        Reason.MUTED,
        Reason.SUPPRESSED,
        Reason.TOO_OLD,
        Reason.SUPERSEDED,
        Reason.NO_LONGER_RED,
        Reason.NO_DATA_NOW,
        Reason.NO_DATA,
        Reason.NO_DATA_IGNORED,
        Reason.ALARM_GONE,
        Reason.DUPLICATE,
        Reason.IN_FLIGHT,
        Reason.DEPENDENCY_IN_FLIGHT,
        Reason.INCIDENT_MOVED_ON,
        Reason.ACKNOWLEDGED,
        Reason.FROZEN,
        Reason.OUTSIDE_WINDOW,
        Reason.CALENDAR_CLOSED,
        Reason.BREAKER_OPEN,
        Reason.COOLDOWN,
        Reason.RUNG_GAP,
        Reason.BUDGET_FULL,
        Reason.CLOCK_BEHIND,
        Reason.HELD_OUT,
        Reason.SHARE_REACHED,
        Reason.HEALTHY_FLOOR_REACHED,  # FB207 where the whole group is not above the floor
        Reason.DEPLOYMENT_RUNNING,
        Reason.NOT_READY,
        Reason.NOTHING_TO_ROLL_BACK,
        Reason.NO_RECENT_DEPLOYMENT,
        Reason.ROLLED_BACK_BEFORE,
        Reason.RAISED_TOO_OFTEN,
        Reason.NO_SINGLE_BAD_TASK,
        Reason.TASK_PROTECTED,
        Reason.TOO_FEW_HEALTHY,
        Reason.ALREADY_DONE,
        Reason.NOT_REVERSIBLE,
        Reason.CHANGED_SINCE,
        Reason.RED_AGAIN,
        Reason.PLAN_CHANGED,
        Reason.APPROVAL_EXPIRED,
        Reason.NOT_APPROVED,
        Reason.CALLER_UNCONFIRMED,
        Reason.NEEDS_ANOTHER_APPROVER,
        Reason.LOST_RACE,
        Reason.PLAN_EXPIRED,
        Reason.LEDGER_UNAVAILABLE,
        Reason.POLICY_UNUSABLE,
        Reason.POLICY_NOT_RENEWED,
        Reason.UNUSABLE_EVENT,
        Reason.FUNCTION_FAILED,
        Reason.UNSUPPORTED_REQUEST,
    }
)
