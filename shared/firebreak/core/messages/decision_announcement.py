"""The announcement of a decision that neither acts nor moves an incident.

An alarm without an action tag asks for nothing: unless it names one opted-in target, it is only recorded.
"""

from firebreak.core.decision import Decision, Result
from firebreak.core.incident.rechecks import refused_look
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.messages.observe_mode import LEDGER_FAULTS, obstacle, of_observed
from firebreak.core.messages.opt_in_notice import NOT_WANTED, notice
from firebreak.core.model import Autonomy, Request, RequestKind
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def announcement_of(record: DecisionRecord, request: Request, rules: Rules) -> Announcement | None:
    """The announcement of a recorded decision; None when recording it is enough.

    A human who approved or requested the act gets an answer under any autonomy, and a human who asked again
    gets one whatever the opt-in.
    """
    if request.incident_id and record.decision.reason is Reason.TOO_OLD:
        return None  # the pages of the incident, which has moved on, announced the result
    observed = rules.autonomy is Autonomy.OBSERVE
    if request.refused and not observed:
        return refused_look(record, request.target, request.refused)
    first = not request.incident_id and not request.by
    if first and request.by_symptom and _not_opted_in(record.decision):
        return None
    if first and not request.by_symptom and record.decision.reason in NOT_WANTED:
        return notice(record, request.target, observed=observed)
    if observed and request.kind not in (RequestKind.APPROVAL, RequestKind.MANUAL):
        return of_observed(record, request.target, rules.ladder)
    return of_decision(record, request.target, of_an_incident=bool(request.incident_id))


def announcement_of_unresolved(
    record: DecisionRecord, *, asked: bool, observes: bool, refused: str = ""
) -> Announcement | None:
    """The announcement of a refusal for which no target is known.

    `asked` says that the alarm's owner named an action, or may have; `observes` that the policy acts on no
    target with this action; `refused` is the page that promised a look, if it is one.
    """
    if refused and not observes:
        return refused_look(record, None, refused)
    announced = of_decision(record, None) if asked else None
    if announced is None or not observes or record.alarm is None or record.decision.reason in LEDGER_FAULTS:
        return announced
    return obstacle(announced, record, record.alarm.arn)


def _not_opted_in(decision: Decision) -> bool:
    """Whether it is known that the target's owner did not opt in, whatever else the decision rests on."""
    objections = {check.reason for check in decision.checks if check.result is Result.OBJECTED}
    return not objections.isdisjoint({*NOT_WANTED, Reason.TARGET_MISSING, Reason.ACTION_NONE})
