"""run-runbook: start an SSM Automation document of yours that the policy lists, in a fixed version."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

from firebreak.core.action_spec import ActionSpec, Effect, Permission, Runbook, RunbookSettings
from firebreak.core.evaluation import Missing
from firebreak.core.ledger import incident_name
from firebreak.core.model import (
    AlarmState,
    Failed,
    Obstacle,
    Plan,
    Receipt,
    Request,
    RequestKind,
    Settled,
    Target,
)
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import Rejected
from firebreak.services.action import EffectShowsOthers, OfNoGroup
from firebreak.services.ssm.ports import Listed, RunbookReads, RunbookWrites, SsmConnections
from firebreak.services.ssm.runbooks import (
    ACTIVE,
    AUTOMATION,
    RUNNING,
    DocumentLive,
    Run,
    RunbookObservation,
    settled,
)

SPEC = ActionSpec(
    name="run-runbook",
    service="runbook",
    effect=Effect.OTHER,
    does=(
        "starts an SSM Automation document of yours that the policy lists; "
        "it must be tagged, begin with the prefix and assume a role"
    ),
    irreversible="Firebreak cannot take back what a runbook did",
    # A run stays done.
    temporary=False,
    settings=RunbookSettings(),
    asks_by_default=True,
    # The state of the guard alarm is read by the right that every action has (RemediatorPolicy). A run
    # that is given tags at its start is also checked for AddTagsToResource.
    permissions=(
        Permission("ssm:GetDocument"),
        Permission("ssm:DescribeAutomationExecutions"),
        Permission("ssm:ListTagsForResource"),
        Permission("ssm:StartAutomationExecution", mutates=True),
        Permission("ssm:AddTagsToResource", mutates=True),
        Permission("iam:PassRole", mutates=True),
    ),
)

# The form in which a document names a parameter of its own: "{{ AutomationAssumeRole }}".
IN_BRACES = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")

# The namespace of the client tokens; any other would do, as long as it never changes.
TOKENS = UUID("6f1c5e0a-3a52-4f6f-9a53-5d3a6f0f1b77")


@dataclass(frozen=True, slots=True)
class RunRunbook(EffectShowsOthers, OfNoGroup):
    """Starts one run; SSM takes its client token once, so a rung can never start a second one.

    The document's effect is its owner's: nothing here can find out what it changed, or take it back.
    The guard alarm is passed to SSM, which stops the run when it turns red (AlarmConfiguration); an
    alarm that is red already would stop it at once, which is why the incident's own cannot guard.
    """

    spec: ClassVar = SPEC

    listed: Listed
    reads: RunbookReads
    writes: RunbookWrites

    def observe(self, target: Target) -> RunbookObservation:
        """The policy's entry for the runbook; then its document, runs and guard in parallel."""
        book = self.listed(target.name)
        if not isinstance(book, Runbook):
            unread = NotRead("the policy does not say which document it is")
            return RunbookObservation(runbook=book, document=unread, tags=unread, runs=unread, guard=unread)
        with ThreadPoolExecutor(max_workers=3) as pool:
            runs = pool.submit(self.reads.runs, book.document)
            tags = pool.submit(self.reads.tags, book.document)
            guard = pool.submit(self._guard, book)
            document = self.reads.document(book.document, book.version)
        return RunbookObservation(
            runbook=book,
            document=document,
            tags=_tags(tags.result(), book),
            runs=runs.result(),
            guard=guard.result(),
        )

    def _guard(self, book: Runbook) -> Reading[DescribedAlarm]:
        return self.reads.alarm(book.guard) if book.guard else NotRead("the runbook has no guard alarm")

    def plan(self, request: Request, seen: RunbookObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """One run with the policy's parameters: nothing out of the alarm ever becomes one."""
        name = request.target.name
        book = rules.settings_as(RunbookSettings).runbooks.get(name)
        if book is None:
            return _unusable(f"the policy names no runbook {name}")
        if seen.runbook != book:
            return Unknown("the runbook that was looked at is not the one in the policy")
        return _objection(book, seen) or _plan(request, book, seen)

    def execute(self, plan: Plan) -> Receipt:
        """Starts the run. Raises AwsError; Rejected for a plan without a fixed version and a token."""
        change = plan.change
        pinned = str(change.get("DocumentVersion", "")).isdecimal()
        if not (pinned and change.get("ClientToken") and change.get("DocumentName")):
            raise Rejected("StartAutomationExecution", "UnusablePlan")
        run = self.writes.start(change)
        return Receipt(summary=f"run {run} of {change['DocumentName']} began", after={"run": run})

    def outcome(self, plan: Plan, seen: RunbookObservation) -> bool | Unknown:
        """Whether a run carries the plan's token; a new one whose token cannot be read leaves it open."""
        runs = _runs(seen)
        if isinstance(runs, Unknown):
            return runs
        before = plan.before.get("runs")
        known = set(before) if isinstance(before, list | tuple) else set()
        new = [run for run in runs if run.id not in known]
        if any(run.token == plan.change.get("ClientToken") for run in new):
            return True
        unread = next((run for run in new if isinstance(run.token, Unknown | NotRead)), None)
        return Unknown(f"who started run {unread.id} could not be read") if unread else False

    def settled(self, plan: Plan, receipt: Receipt, seen: RunbookObservation) -> Settled | Failed | Unknown:
        """The state that the run itself reports; Unknown while it is not listed."""
        runs = _runs(seen)
        if isinstance(runs, Unknown):
            return runs
        run = _own_run(plan, receipt, runs)
        return settled(run) if run else Unknown("Firebreak's run is not listed")

    def worse(self, plan: Plan, seen: RunbookObservation) -> bool | Unknown:
        """Whether the guard alarm, which was not red when the run began, is red now."""
        guard = plan.before.get("guard")
        if not guard:
            return False
        if not isinstance(seen.runbook, Runbook) or seen.runbook.guard != guard:
            return Unknown(f"the policy no longer names the guard alarm {guard}")
        match seen.guard:
            case DescribedAlarm(state=AlarmState.ALARM):
                return True
            case DescribedAlarm(shown=AlarmState.ALARM, missing=Missing(detail=detail)):
                return Unknown(f"the guard alarm {guard} is red without data: {detail}")
            case DescribedAlarm():
                return False
            case Absent():
                return Unknown(f"the guard alarm {guard} does not exist any more")
            case Unknown(why) | NotRead(why):
                return Unknown(f"the guard alarm {guard} could not be read: {why}")

    def undo(self, plan: Plan, seen: RunbookObservation, kind: RequestKind) -> Obstacle:
        """The Obstacle that nothing is known to undo it, with the run's own description as the best clue."""
        del kind
        runs = _runs(seen)
        run = None if isinstance(runs, Unknown) else _own_run(plan, Receipt(summary=""), runs)
        text = f"; {run.description}" if run else ""
        return Obstacle(Reason.NOT_REVERSIBLE, f"{SPEC.irreversible}{text}")


def build(services: SsmConnections) -> RunRunbook:
    """The action on these services."""
    return RunRunbook(*services.runbooks())


def _tags(tags: Reading[Mapping[str, str]], book: Runbook) -> Reading[Mapping[str, str]]:
    """The tags; the plan reports a missing document, with its name and the version that is wanted."""
    return NotRead(f"document {book.document} has none") if isinstance(tags, Absent) else tags


def _unusable(detail: str) -> Obstacle:
    return Obstacle(Reason.RUNBOOK_UNUSABLE, detail)


def _objection(book: Runbook, seen: RunbookObservation) -> Obstacle | Unknown | None:
    return _no_document(book, seen.document) or _no_guard(book, seen.guard) or _busy(seen)


def _no_document(book: Runbook, document: Reading[DocumentLive]) -> Obstacle | Unknown | None:
    wanted = f"document {book.document} version {book.version}"
    match document:
        case Absent():
            return _unusable(f"{wanted} does not exist")
        case Unknown(why) | NotRead(why):
            return Unknown(f"{wanted} could not be read: {why}")
        case DocumentLive(kind=kind) if kind != AUTOMATION:
            return _unusable(f"{wanted} is of type {kind}, not {AUTOMATION}")
        case DocumentLive(status=status, status_detail=detail) if status != ACTIVE:
            return _unusable(f"{wanted} is {status}" + (f": {detail}" if detail else ""))
        case found:
            return (
                _changed(wanted, book, found)
                or _misfit(wanted, book, found.parameters)
                or _no_role(wanted, book, found)
            )


def _changed(wanted: str, book: Runbook, document: DocumentLive) -> Obstacle | None:
    """A document that was deleted and made again has the same version with other steps."""
    if not book.sha256 or document.sha256 == book.sha256:
        return None
    return Obstacle(
        Reason.RUNBOOK_CHANGED,
        f"the content of {wanted} has sha256 {document.sha256}; the policy pins {book.sha256}",
    )


def _misfit(wanted: str, book: Runbook, takes: Mapping[str, str | None]) -> Obstacle | None:
    if strange := sorted(book.parameters.keys() - takes.keys()):
        return _unusable(f"{wanted} takes no parameter {', '.join(strange)}")
    needed = {name for name, default in takes.items() if default is None}
    if missing := sorted(needed - book.parameters.keys()):
        return _unusable(f"{wanted} needs {', '.join(missing)}, which the policy does not give")
    return None


def _no_role(wanted: str, book: Runbook, document: DocumentLive) -> Obstacle | None:
    """Without a role of its own a run has the rights of this function, and could write the ledger."""
    named = IN_BRACES.fullmatch(document.role)
    given = (
        book.parameters.get(named[1], (document.parameters.get(named[1]) or "",))
        if named
        else (document.role,)
    )
    return (
        None
        if any(given)
        else _unusable(f"{wanted} assumes no role, so it would run with Firebreak's rights")
    )


def _no_guard(book: Runbook, guard: Reading[DescribedAlarm]) -> Obstacle | Unknown | None:
    if not book.guard:
        return None
    match guard:
        case DescribedAlarm() if AlarmState.ALARM in (guard.shown, guard.state):
            return _unusable(f"its guard alarm {book.guard} is red, so SSM would stop it at once")
        case DescribedAlarm():
            return None
        case Absent():
            return _unusable(f"its guard alarm {book.guard} does not exist")
        case Unknown(why) | NotRead(why):
            return Unknown(f"its guard alarm {book.guard} could not be read: {why}")


def _busy(seen: RunbookObservation) -> Obstacle | Unknown | None:
    """Two runs of one document may undo each other's work, no matter who started the other."""
    runs = _runs(seen)
    if isinstance(runs, Unknown):
        return runs
    running = next((run for run in runs if run.status in RUNNING), None)
    return Obstacle(Reason.NOT_READY, running.description) if running else None


def _plan(request: Request, book: Runbook, seen: RunbookObservation) -> Plan:
    incident, name = incident_name(request), request.target.name
    token = str(uuid5(TOKENS, f"{incident}/{request.rung}"))
    tags = {"firebreak:incident": incident, "firebreak:runbook": name, "firebreak:token": token}
    guard = {"AlarmConfiguration": {"Alarms": [{"Name": book.guard}], "IgnorePollAlarmFailure": False}}
    stopped = f", stopped if {book.guard} turns red" if book.guard else ""
    runs = _runs(seen)
    return Plan(
        summary=f"run {request.target.display}: {book.document} version {book.version}{stopped}",
        change={
            "DocumentName": book.document,
            "DocumentVersion": book.version,
            "ClientToken": token,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            **(
                {"Parameters": {key: [*values] for key, values in book.parameters.items()}}
                if book.parameters
                else {}
            ),
            **(guard if book.guard else {}),
        },
        before={
            "runs": [] if isinstance(runs, Unknown) else [run.id for run in runs],
            "guard": book.guard,
            "sha256": seen.document.sha256 if isinstance(seen.document, DocumentLive) else "",
        },
        patience_seconds=int(book.patience.total_seconds()),
    )


def _runs(seen: RunbookObservation) -> tuple[Run, ...] | Unknown:
    match seen.runs:
        case Absent():
            return Unknown("the document has no list of runs")
        case Unknown(why) | NotRead(why):
            return Unknown(f"the runs of the document could not be read: {why}")
        case runs:
            return runs


def _own_run(plan: Plan, receipt: Receipt, runs: Sequence[Run]) -> Run | None:
    """The run of the receipt, or the one that carries the plan's token."""
    named, token = receipt.after.get("run"), plan.change.get("ClientToken")
    return next((run for run in runs if run.id == named or run.token == token), None)
