"""Changes that would make a decision come out otherwise, in words an operator can act on."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from firebreak.core.decision import Check, Decision, Result
from firebreak.core.formats import format_time
from firebreak.core.paging.commands import StackAddress, command
from firebreak.core.reasons import Reason
from firebreak.core.tags import (
    ACTION_TAG,
    ALARMS_TAG,
    ANSWERING_STACK_TAG,
    MISSING_DATA_TAG,
    OPT_IN_TAG,
    TARGET_TAG,
)
from firebreak.services.registry import CATALOG

# The form in which a tag names one resource of each service.
_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "ecs": "ecs:CLUSTER/SERVICE",
        "lambda": "lambda:FUNCTION",
        "beanstalk": "beanstalk:ENVIRONMENT",
        "ses": "ses:CONFIGURATION-SET",
        "runbook": "runbook:NAME",
    }
)
_NAMING = frozenset({Reason.TARGET_NONE, Reason.TARGET_AMBIGUOUS, Reason.TARGET_MALFORMED})
_KNOWN = ", ".join(CATALOG)

# A command as it stands in the table; it is printed for the stack in question.
_COMMAND = re.compile(r"`firebreak ([^`]+)`")

_OVERRIDE = (
    'a named human goes on with --despite-freeze "WHY" (act, retry, undo), unless the policy forbids that'
)

# Reasons that are missing here pass by themselves, or are for AWS to change.
ADVICE: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.OBSERVE_ONLY: 'set autonomy = "auto" for this target in the policy',
        Reason.NEEDS_APPROVAL: 'somebody approves, or (unless in doubt) the policy says autonomy = "auto"',
        Reason.CALLER_UNCONFIRMED: "the person runs it again, with a right clock and a named session",
        Reason.NEEDS_ANOTHER_APPROVER: "another person approves the same question",
        Reason.NO_DATA: f"tag the alarm {MISSING_DATA_TAG}=symptom, if silence is the symptom, or =ignore",
        Reason.NOT_IN_ALARM: "only an alarm that turns red asks for an action",
        Reason.PARENT_OF_CONTRIBUTORS: "its contributors' own events are answered",
        Reason.ROUTED_TO_HUMANS: f"tag the alarm {ACTION_TAG} with an action ({_KNOWN})",
        Reason.TAGS_LOST: (
            "handle this one by hand; CloudWatch sends the tags again with the next change of state"
        ),
        Reason.UNKNOWN_ACTION_TAG: f"tag the alarm {ACTION_TAG} with one of {_KNOWN}, page, none",
        Reason.NOT_ROUTED: f"tag the alarm {ACTION_TAG} with an action ({_KNOWN})",
        Reason.ACTION_NONE: f"take the tag {ACTION_TAG}=none off the alarm",
        Reason.OTHER_ACTION: "let the alarm's tags propagate, so that its own action is asked",
        Reason.SWITCHED_OFF: "its holder runs `firebreak resume`; who that is: `firebreak switches`",
        Reason.ALARM_NOT_ALLOWED: f"add the alarm's name to the resource's tag {ALARMS_TAG}",
        Reason.OTHER_STACK: f"ask the stack that the resource's tag {ANSWERING_STACK_TAG} names",
        Reason.NOT_OPTED_IN: f"tag the resource {OPT_IN_TAG}=true",
        Reason.SUPPRESSED: "the suppressor releases the alarm: CloudWatch then sends it again",
        Reason.ACTIONS_DISABLED: "enable the alarm's actions",
        Reason.WRONG_DIRECTION: f"tag the alarm {ACTION_TAG} with the action it is for",
        Reason.OTHER_CONTROLLER: f"tag the alarm {ACTION_TAG} with the action, or take its own action away",
        Reason.SAME_EFFECT: "take the alarm's own action away, or tag it with another action",
        Reason.FROZEN: _OVERRIDE,
        Reason.OUTSIDE_WINDOW: _OVERRIDE,
        Reason.CALENDAR_CLOSED: _OVERRIDE,
        Reason.CALENDAR_UNUSABLE: f"correct freeze.calendars, or share the calendar; {_OVERRIDE}",
        Reason.CALENDAR_UNREADABLE: f"let the role read it (ChangeCalendarArns); {_OVERRIDE}",
        Reason.TOO_OLD: 'if it is red still, ask for it again: `firebreak retry "..."`',
        Reason.SUPERSEDED: "only a new transition of the alarm is acted on",
        Reason.DUPLICATE: "only a new transition of the alarm is acted on",
    }
)


def advice(
    decision: Decision, *, offline: bool, action: str = "", stack: StackAddress | None = None
) -> list[str]:
    """One line for each objection that something can be done about, in the guards' order.

    `action` says of which service the target would be, `stack` what the commands are for.
    """
    lines = [_line(check, action) for check in decision.checks if check.result is Result.OBJECTED]
    blind = [check.guard for check in decision.checks if check.result is Result.NOT_LOOKED_AT]
    unread = offline and decision.reason is Reason.TARGET_UNREADABLE
    if offline and (blind or unread):
        lines.append(f"run it without --offline to look at: {', '.join(blind) or 'the alarms below it'}")
    return [_with_commands(line, stack) for line in lines if line]


def _with_commands(line: str, stack: StackAddress | None) -> str:
    build = stack.command if stack else command
    return _COMMAND.sub(lambda found: build(*found[1].split()), line)


def _line(check: Check, action: str) -> str:
    what = ADVICE.get(check.reason, "") if check.reason else ""
    if check.reason in _NAMING:
        what = f"tag the alarm {TARGET_TAG}={_FORMS[CATALOG.service_of(action) or 'ecs']}"
    if not check.until:
        return f"{check.guard}: {what}" if what else ""
    by_itself = f"passes at {check.until:%Y-%m-%d} {format_time(check.until)}"
    return f"{check.guard}: {by_itself}, or {what}" if what else f"{check.guard}: {by_itself}"
