"""The notice that the target of a tagged alarm is not opted in: announced once, until it is opted in."""

from dataclasses import replace

from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import announcement
from firebreak.core.model import Target
from firebreak.core.reasons import Reason
from firebreak.core.tags import ACTION_TAG, ALARMS_TAG, OPT_IN_TAG

_K = AnnouncementKind
NEXT = (
    f"Firebreak does nothing here. Tag the target {OPT_IN_TAG}=true, or remove {ACTION_TAG} from the alarm. "
    "This is announced once, until the target is opted in."
)
NEXT_ALARM = (
    f"Firebreak does nothing here. Add the alarm's name to the target's tag {ALARMS_TAG}, or remove "
    f"{ACTION_TAG} from the alarm. This is announced once, until an alarm of this name may act."
)
# The owner of the target did not consent to this alarm.
NOT_WANTED = frozenset({Reason.NOT_OPTED_IN, Reason.ALARM_NOT_ALLOWED})
_WORDS = {Reason.NOT_OPTED_IN: "not opted in", Reason.ALARM_NOT_ALLOWED: "alarm not allowed"}


def notice(record: DecisionRecord, target: Target, *, observed: bool) -> Announcement:
    """The announcement that an alarm's owner asked for an action on a target that is not opted in."""
    found = announcement(record, target)
    kind = _K.OBSERVED if observed else _K.REFUSED
    key = _key(found, record.decision.reason, kind)
    return replace(
        found,
        kind=kind,
        key=key,
        thread=key,
        headline=f"The alarm is tagged with {record.action}, but {_why(record.decision.reason)}.",
        next=NEXT_ALARM if record.decision.reason is Reason.ALARM_NOT_ALLOWED else NEXT,
        cause=Reason.NOT_OPTED_IN.value if observed else "",
    )


def _why(reason: Reason) -> str:
    if reason is Reason.ALARM_NOT_ALLOWED:
        return f"its target's tag {ALARMS_TAG} does not name it"
    return "its target is not opted in"


def is_notice(message: Announcement) -> bool:
    """Whether it is such a notice."""
    return message.key in {key for reason in _WORDS for key in _keys(message, reason)}


def notices_ended_by(message: Announcement) -> tuple[str, ...]:
    """The notices that may be announced again: its decision found the opt-in that they ask for.

    The notice that the target's tag does not name the alarm shows that the target is opted in.
    """
    if not (message.target and message.alarm_name):
        return ()
    if message.opted_in or _acts(message):
        return tuple(key for reason in _WORDS for key in _keys(message, reason))
    opted_in = message.key in _keys(message, Reason.ALARM_NOT_ALLOWED)
    return _keys(message, Reason.NOT_OPTED_IN) if opted_in else ()


def _acts(message: Announcement) -> bool:
    """Whether it is an act, a question or a proposal: those of an incident do not say what was found."""
    proposes = message.kind is _K.OBSERVED and message.cause == Reason.OBSERVE_ONLY
    return proposes or message.kind in {_K.ACTED, _K.APPROVAL}


def _keys(message: Announcement, reason: Reason) -> tuple[str, ...]:
    return tuple(_key(message, reason, kind) for kind in (_K.REFUSED, _K.OBSERVED))


def _key(message: Announcement, reason: Reason, kind: AnnouncementKind) -> str:
    """The key: one a target, alarm and reason, and another where the policy now does more than observe."""
    return digest(
        _WORDS[reason], kind.value, message.account, message.region, message.target, message.alarm_name
    )
