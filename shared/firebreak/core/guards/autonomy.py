"""Guards: how far the policy lets Firebreak go by itself, and what a human said."""

from collections.abc import Sequence

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.formats import format_time
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.incident.states import Incident
from firebreak.core.manual import plan_id
from firebreak.core.model import (
    Autonomy,
    Obstacle,
    Plan,
    Request,
    RequestKind,
    same_change,
)
from firebreak.core.people import approved_by, claimed, names_a_person, people, person
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def approved(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The plan that humans approved is what would be done now, and enough of them approved it in time."""
    if not request.verified:
        return objected("approved", Reason.CALLER_UNCONFIRMED, _unconfirmed(request))
    # A human's own request had lifted it.
    if rules.autonomy is Autonomy.OBSERVE and not request.by_hand:
        return objected("approved", Reason.NOT_APPROVED, "the policy now says observe")
    if not isinstance(seen.incident, Incident):  # the in-flight guard says why
        return Check("approved", Result.NOT_LOOKED_AT, "not looked at: the incident is not known")
    asked, until = seen.incident.plan, seen.incident.due_at
    if until is None or seen.now > until:
        detail = f"it could be approved until {format_time(until)}" if until else "nothing waits for approval"
        return objected("approved", Reason.APPROVAL_EXPIRED, detail)
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("approved", unseen, Reason.NOT_READY_UNREADABLE, seen.now)
        case Plan() as plan if asked and same_change(asked, plan):
            return _nameless("approved", request, rules) or _enough_approvers(
                (*seen.incident.approved_by, request.by), rules, plan
            )
        case Plan() as plan:
            detail = f"approved: {asked.summary if asked else 'nothing'}; now it would be: {plan.summary}"
            return objected("approved", Reason.PLAN_CHANGED, detail)
        case Obstacle() | Absent():
            return objected("approved", Reason.PLAN_CHANGED, "it cannot be done any more")


def _enough_approvers(approvers: Sequence[str], rules: Rules, plan: Plan) -> Check:
    """The number of different people that the policy asks for."""
    detail = f"by {approved_by(approvers)}: {plan.summary}"
    if (count := len(people(approvers))) < rules.approvers:
        detail = f"{count} of {rules.approvers} people approved, {detail}"
        return objected("approved", Reason.NEEDS_ANOTHER_APPROVER, detail)
    return passed("approved", detail)


def _nameless(guard: str, request: Request, rules: Rules) -> Check | None:
    """The objection to a caller without a person's name where people are counted."""
    if rules.approvers == 1 or names_a_person(request.by):
        return None
    detail = f"{person(request.by)} is no person's name, and {rules.approvers} people must approve:"
    detail += " set the session's name (role_session_name), or use IAM Identity Center"
    return objected(guard, Reason.CALLER_UNCONFIRMED, detail)


def _unconfirmed(request: Request) -> str:
    return f"by {claimed(request.by)}" if request.by else "the request names nobody"


def as_previewed(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The plan of a manual request is the one that its human was shown, with the same doubts."""
    del rules
    if not request.verified:
        return objected("previewed", Reason.CALLER_UNCONFIRMED, _unconfirmed(request))
    match seen.plan:
        case Unknown() | NotRead() as unseen:
            return blind("previewed", unseen, Reason.NOT_READY_UNREADABLE, seen.now)
        case Plan() as plan if plan_id(plan) == request.plan_seen:
            return passed("previewed", f"by {person(request.by)}: {plan.summary}")
        case Plan() as plan:
            now = "; ".join((plan.summary, *plan.doubts))
            detail = f"it is not the plan that was shown; now it would be: {now}"
            return objected("previewed", Reason.PLAN_CHANGED, detail)
        case Obstacle() | Absent():
            return objected("previewed", Reason.PLAN_CHANGED, "it cannot be done any more")


def autonomy(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """How far the policy lets Firebreak go here by itself; with a doubt it never goes alone.

    A human who requests the act lifts it: the doubts were shown with the plan. Where the policy asks for more
    than one person, they are the first of those who approve.
    """
    detail = f"{rules.autonomy} by {rules.sources['autonomy']}"
    if request.kind is RequestKind.MANUAL:
        detail += f", lifted: requested by {person(request.by)}"
        if rules.approvers == 1:
            return passed("autonomy", detail)
        if nameless := _nameless("autonomy", request, rules):
            return nameless
        detail += f", but {rules.approvers} people must approve by {rules.sources['approvers']}"
        return objected("autonomy", Reason.NEEDS_APPROVAL, detail)
    doubts = seen.plan.doubts if isinstance(seen.plan, Plan) else ()
    match rules.autonomy:
        case Autonomy.AUTO if doubts:
            detail += f", but a human must approve: {'; '.join(doubts)}"
            return objected("autonomy", Reason.NEEDS_APPROVAL, detail)
        case Autonomy.AUTO:
            return passed("autonomy", detail)
        case Autonomy.APPROVE:
            return objected("autonomy", Reason.NEEDS_APPROVAL, detail)
        case Autonomy.OBSERVE:
            return objected("autonomy", Reason.OBSERVE_ONLY, detail)
