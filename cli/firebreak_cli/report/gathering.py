"""The record of a stack: out of its ledger, and the alarms' history that CloudWatch keeps."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.incident.states import Incident
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.history import Act as Slot
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError
from firebreak.ledger.diagnostics import DynamoDiagnostics
from firebreak_cli.progress import Progress
from firebreak_cli.queries import acts, by_range
from firebreak_cli.queries.alarm_history import turned
from firebreak_cli.queries.by_range import Source
from firebreak_cli.queries.deciding_policy import DeployedPolicy
from firebreak_cli.queries.ledger_queries import StoredDecision
from firebreak_cli.report.budget_use import budget_use
from firebreak_cli.report.function_use import function_use, functions_of
from firebreak_cli.report.heartbeat_coverage import coverage_of
from firebreak_cli.stack import Stack, patient
from firebreak_cli.statistics.cost import Cost, Prices
from firebreak_cli.statistics.record import (
    COST_NOT_ASKED,
    WAITS_TO_ACT,
    Act,
    Call,
    Decided,
    Evidence,
    Record,
    Red,
)
from firebreak_cli.statistics.times_red import times_red

# An act may belong to an incident that opened so much earlier.
_EARLIER = timedelta(days=2)


@dataclass(slots=True)
class _Readable:
    """Takes what could be read, and counts the rest."""

    damaged: int = 0

    def of[T](self, found: Iterable[T | Unknown]) -> Iterator[T]:
        for one in found:
            if isinstance(one, Unknown):
                self.damaged += 1
            else:
                yield one


def gather(
    stack: Stack,
    first: datetime,
    until: datetime,
    progress: Progress,
    prices: Prices | None = None,
    *,
    evidence: int = 0,
) -> Record:
    """Everything that the stack recorded in that time. Raises AwsError where the ledger cannot be read.

    The cost of the functions is read where there are prices. `evidence` is of how many acts at most the state
    before them is read as well.
    """
    readable, source = _Readable(), _source(stack, first, until, progress)
    earlier = _source(stack, first - _EARLIER, until, progress)
    decisions, deciding = _decisions(readable.of(by_range.decisions(source)))
    incidents = {one.id: one for one in readable.of(by_range.incidents(earlier))}
    threads = list(readable.of(by_range.threads(source)))
    slots = sorted(readable.of(acts.acts(source)), key=lambda one: one.at)
    answered = {one.latest.incident_id for one in threads if answered_by(one)}
    done = tuple(_act(slot, incidents.get(slot.incident_id), answered) for slot in slots)
    kept = list(readable.of(_evidence(stack, done, evidence)))
    return Record(
        source=stack.place,
        first=first,
        until=until,
        acts=done,
        decisions=decisions,
        calls=tuple(_call(one) for one in threads if one.call),
        waiting=tuple(_waiting(incidents, {slot.incident_id for slot in slots}, first)),
        reds=_reds(stack, decisions, first, until, progress.look),
        budgets=budget_use(stack, slots, deciding),
        cost=_cost(stack, first, until, prices) if prices else COST_NOT_ASKED,
        coverage=coverage_of(stack, first, until),
        damaged=readable.damaged,
        evidence=tuple(kept[:evidence]),
    )


def _cost(stack: Stack, first: datetime, until: datetime, prices: Prices) -> Cost | Unknown:
    try:
        used = function_use(stack.reader("cloudwatch"), functions_of(stack.name), first, until)
    except AwsError as error:
        return Unknown(f"the functions' metrics in CloudWatch could not be read ({error.code})")
    if isinstance(used, Unknown):
        return used
    return Cost(tuple(sorted(used, key=lambda one: -one.cost(prices))), prices)


def _evidence(stack: Stack, done: Sequence[Act], most: int) -> Iterator[Evidence | Unknown]:
    """That of the newest acts, newest first; acts of which none was kept count as well."""
    if not most:
        return
    store = DynamoDiagnostics(stack.reader("dynamodb"), stack.ledger_table)
    targets = {act.incident: act.target for act in done[-most:] if act.incident}
    for incident, target in reversed(targets.items()):
        for act in reversed(list(store.each(incident))):
            yield act if isinstance(act, Unknown) else Evidence(target=target, act=act)


def _source(stack: Stack, first: datetime, until: datetime, progress: Progress) -> Source:
    return Source(
        client=stack.reader("dynamodb"),
        table=stack.ledger_table,
        first=first,
        until=until + CLOCK_SKEW,  # a function's clock may be ahead of this machine's
        on_page=lambda: progress.look("reading the ledger"),
    )


def answered_by(thread: Thread) -> str:
    """The human who acknowledged the trouble, also where it is over; empty for nobody."""
    return thread.acknowledged_by or thread.answered_by


def _act(slot: Slot, incident: Incident | None, answered: set[str]) -> Act:
    """The act with what its incident says; one whose incident is not found has no alarms."""
    return Act(
        at=slot.at,
        action=slot.action,
        target=short_key(slot.target),
        incident=slot.incident_id,
        rung=slot.rung,
        alarms=frozenset(member.name for member in incident.members) if incident else frozenset(),
        red_since=incident.alarm.since if incident else None,
        verdict=slot.judged.verdict if slot.judged else None,
        judged_at=slot.judged.at if slot.judged else None,
        acknowledged=slot.incident_id in answered,
    )


def _decisions(read: Iterable[StoredDecision]) -> tuple[tuple[Decided, ...], DeployedPolicy | None]:
    """The decisions without their checks, which fill memory, and the policy of the newest.

    An OK that no incident waits for is recorded as a decision, too; it is a recovery.
    """
    kept: list[Decided] = []
    newest: DeployedPolicy | None = None
    for one in read:
        if one.policy and (newest is None or one.at >= newest.at):
            newest = DeployedPolicy(one.policy, one.at)
        if one.reason != Reason.NOT_IN_ALARM:
            kept.append(_decided(one))
    return tuple(kept), newest


def _decided(one: StoredDecision) -> Decided:
    return Decided(
        at=one.at,
        outcome=one.outcome,
        reason=one.reason,
        alarm=one.alarm,
        target=short_key(one.target),
        overrode=any(check.get("overridden") is True for check in one.checks),
    )


def _call(thread: Thread) -> Call:
    return Call(
        at=thread.opened_at,
        severity=thread.severity.value,
        alarm=thread.latest.alarm_name,
        acknowledged=bool(answered_by(thread)),
    )


def _waiting(incidents: Mapping[str, Incident], acted: set[str], first: datetime) -> Iterator[datetime]:
    for incident in incidents.values():
        if incident.state in WAITS_TO_ACT and incident.id not in acted and incident.opened_at >= first:
            yield incident.alarm.since


def _reds(
    stack: Stack,
    decisions: Iterable[Decided],
    first: datetime,
    until: datetime,
    look: Callable[[str], None],
) -> tuple[Red, ...] | NotRead | Unknown:
    """The times red of every alarm that was decided about; Unknown where CloudWatch does not say."""
    alarms = sorted({one.alarm for one in decisions} - {""})
    if not alarms:
        return ()
    try:
        client = patient(stack.session, "cloudwatch")
        return times_red(turned(client, alarms, first, until, look))
    except AwsError as error:
        return Unknown(f"the alarms' history in CloudWatch could not be read ({error.code})")
