"""Guards: how much may be done, how often, and to how many at once."""

from datetime import datetime, timedelta

from firebreak.core.action_spec import MemorySettings
from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.formats import format_time, quarter_hour
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.limits.breaker import (
    Closed,
    Open,
    Trying,
    backed_off,
    breaker,
    failures_in_a_row,
    with_overdue_judged,
)
from firebreak.core.limits.budgets import PAD, format_duration, held, next_slot, readable
from firebreak.core.limits.disruption_budget import GroupCount, allowed, left_healthy, unavailable_members
from firebreak.core.limits.history import Act
from firebreak.core.limits.scopes import (
    Level,
    Scope,
    action_scope,
    group_scope,
    target_scope,
)
from firebreak.core.model import (
    Plan,
    Request,
)
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules

# Memory that has to be raised more often than the policy says within a month is leaking.
MEMORY_RAISE_WINDOW = timedelta(days=30)


def breaker_closed(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The action has been helping: on this target, and over the whole stack."""
    lines: list[str] = []
    for scope in (target_scope(request.target), action_scope(request.target, request.action)):
        match seen.scopes.get(scope, NotRead("not asked for")):
            case Unknown() | NotRead() as unseen:
                return blind("breaker", unseen, Reason.HISTORY_UNREADABLE, seen.now)
            case Absent():
                acts: list[Act] = []
            case history:
                acts = _tried_before(request, history.acts, rules, seen.now)
        match breaker(acts, request.target.key, rules.breakers[scope.level], seen.now):
            case Closed(detail):
                lines.append(f"{scope} {detail}")
            case Open(detail, until):
                held_by = f"{scope} {detail}, open until {format_time(until)}"
                cause = _beyond_the_target(scope, f"{until:%FT%TZ}")
                return objected("breaker", Reason.BREAKER_OPEN, held_by, until, cause=cause)
            case Trying(detail, since):
                cause = _beyond_the_target(scope, f"tried after {since:%FT%TZ}")
                return objected("breaker", Reason.BREAKER_OPEN, f"{scope} {detail}", cause=cause)
    return passed("breaker", ", ".join(lines))


def _beyond_the_target(scope: Scope, what: str) -> str:
    """The cause that the refusals of several targets share; those of one target are one thread by reason."""
    return "" if scope.level is Level.TARGET else f"{scope.level} {scope.key} {what}"


def _tried_before(request: Request, acts: tuple[Act, ...], rules: Rules, now: datetime) -> list[Act]:
    """The acts of the same action, but for those of this very incident."""
    same = [a for a in acts if a.action == request.action and a.incident_id != (request.incident_id or None)]
    return with_overdue_judged(same, now, rules.max_incident_age)


def cooldown(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The target rests between incidents, twice as long after each that was not helped."""
    if request.incident_id:
        return Check("cooldown", Result.NOT_APPLICABLE, "inside one incident the rung gap counts")
    acts = acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("cooldown", acts, Reason.HISTORY_UNREADABLE, seen.now)
    failed = len(failures_in_a_row(with_overdue_judged(acts, seen.now, rules.max_incident_age)))
    rest = backed_off(rules.cooldown, failed, rules.max_cooldown)
    by = f" by {rules.sources['cooldown']}" + (f", doubled {failed} times" if failed else "")
    return _rest("cooldown", Reason.COOLDOWN, rest, acts, seen.now, by=by)


def rung_gap(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """The rungs of one incident keep a distance."""
    if not request.incident_id:
        return Check("rung gap", Result.NOT_APPLICABLE, "first response")
    acts = acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("rung gap", acts, Reason.HISTORY_UNREADABLE, seen.now)
    own = tuple(act for act in acts if act.incident_id == request.incident_id)
    return _rest("rung gap", Reason.RUNG_GAP, rules.rung_gap, own, seen.now)


def memory_raise_limit(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Memory that has to be raised again and again is a leak, which more memory only feeds."""
    limit = rules.settings.raises if isinstance(rules.settings, MemorySettings) else 0
    if not limit:
        return Check("memory raise limit", Result.NOT_APPLICABLE, "this action raises nothing for good")
    acts = acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("memory raise limit", acts, Reason.HISTORY_UNREADABLE, seen.now)
    raised = [
        act.at for act in acts if act.action == request.action and act.at > seen.now - MEMORY_RAISE_WINDOW
    ]
    detail = f"raised {len(raised)}/{limit} times in {format_duration(MEMORY_RAISE_WINDOW)}"
    if len(raised) < limit:
        return passed("memory raise limit", detail)
    free_at = sorted(raised)[-limit] + MEMORY_RAISE_WINDOW
    return objected("memory raise limit", Reason.RAISED_TOO_OFTEN, detail, free_at)


def already_rolled_back(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A deployment is rolled back once, and nothing goes back to what a roll back took out."""
    del rules
    way = seen.plan.rollback_target if isinstance(seen.plan, Plan) else None
    if way is None:  # without any plan the readiness guard says why
        return Check("already rolled back", Result.NOT_APPLICABLE, "no roll back is planned")
    acts = acts_in(target_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("already rolled back", acts, Reason.HISTORY_UNREADABLE, seen.now)
    repeats = way.repeats(act.at for act in acts if act.action == request.action)
    if repeats:
        return objected("already rolled back", Reason.ROLLED_BACK_BEFORE, repeats)
    return passed("already rolled back", "neither it nor what it goes back to was rolled back lately")


def acts_in(scope: Scope, seen: Snapshot) -> tuple[Act, ...] | Unknown | NotRead:
    """The acts that the scope remembers."""
    match seen.scopes.get(scope, NotRead(f"the {scope}'s history was not asked for")):
        case Unknown() | NotRead() as unseen:
            return unseen
        case Absent():
            return ()
        case history:
            return history.acts


def _rest(
    guard: str, reason: Reason, gap: timedelta, acts: tuple[Act, ...], now: datetime, *, by: str = ""
) -> Check:
    if not acts:
        return passed(guard, "no recent action")
    last = max(act.at for act in acts)
    detail = (
        f"last action {format_time(last)}, rest {format_duration(gap)}{by}, over at {format_time(last + gap)}"
    )
    return objected(guard, reason, detail, last + gap) if last + gap > now else passed(guard, detail)


def budgets(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Every window at every level must have a free slot."""
    lines: list[str] = []
    # The scopes that were asked for must be there; those that the target's tags added are there as well.
    for scope in dict.fromkeys((*rules.scopes(request.target), *seen.scopes)):
        match seen.scopes.get(scope, NotRead("not asked for")):
            case Unknown() | NotRead() as unseen:
                return blind("budgets", unseen, Reason.HISTORY_UNREADABLE, seen.now)
            case Absent():
                acts: list[datetime] = []
            case history:
                acts = [act.at for act in history.acts]
        if acts and max(acts) > seen.now:
            ahead = f"{scope} history is at {format_time(max(acts))}"
            ahead += f", this function's clock at {format_time(seen.now)}"
            return objected("budgets", Reason.CLOCK_BEHIND, ahead, max(acts), cause=quarter_hour(seen.now))
        for budget in rules.limits(scope):
            window = format_duration(budget.window)
            used = f"{scope} {len(held(acts, budget, seen.now))}/{budget.acts} in {window}"
            if free_at := next_slot(acts, budget, seen.now):
                pad = f"the window plus {format_duration(PAD)} for clock differences"
                detail = f"budget {used}, next slot {format_time(free_at)} ({pad})"
                cause = _beyond_the_target(scope, f"{budget} {free_at:%FT%TZ}")
                return objected("budgets", Reason.BUDGET_FULL, detail, free_at, cause=cause)
            lines.append(used)
    return passed("budgets", ", ".join(lines))


def disruption_budget(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Only so many targets of a group may be acted on, and enough of them must stay healthy."""
    if not request.target.group:
        return Check("disruption budget", Result.NOT_APPLICABLE, "the target is in no group")
    match seen.group:
        case Unknown() | NotRead() as unseen:
            return blind("disruption budget", unseen, Reason.GROUP_UNREADABLE, seen.now)
        case Absent():
            return objected("disruption budget", Reason.GROUP_UNREADABLE, "the group does not exist")
        case group:
            acts = acts_in(group_scope(request.target), seen)
    if not isinstance(acts, tuple):
        return blind("disruption budget", acts, Reason.HISTORY_UNREADABLE, seen.now)
    acts = tuple(with_overdue_judged(acts, seen.now, rules.max_incident_age))
    hit = unavailable_members(acts, rules.disruption, seen.now) | {request.target.key}
    limit = allowed(group.total, rules.disruption)
    age = readable(seen.now - group.counted_at)
    within = format_duration(rules.disruption.within)
    detail = f"{len(hit)}/{limit} of {group.total} in {within} (counted {age} ago)"
    detail += f" by {rules.sources['disruption']}"
    if len(hit) > limit:
        return objected("disruption budget", Reason.SHARE_REACHED, detail)
    return (
        _above_floor(request, rules, group, acts, detail, now=seen.now)
        if rules.disruption.min_healthy
        else passed("disruption budget", detail)
    )


def _above_floor(
    request: Request, rules: Rules, group: GroupCount, acts: tuple[Act, ...], detail: str, *, now: datetime
) -> Check:
    match group.healthy:
        case Unknown() | NotRead() as unseen:
            return blind("disruption budget", unseen, Reason.GROUP_UNREADABLE, now)
        case Absent():
            return objected("disruption budget", Reason.GROUP_UNREADABLE, "the group does not exist")
        case healthy:
            left = left_healthy(healthy, acts, request.target.key)
    detail += f"; {left} would stay healthy, min_healthy {rules.disruption.min_healthy}"
    if left < rules.disruption.min_healthy:
        return objected("disruption budget", Reason.HEALTHY_FLOOR_REACHED, detail)
    return passed("disruption budget", detail)
