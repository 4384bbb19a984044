"""The readings of run-runbook: an Automation document, its runs, and the alarm that guards a run."""

from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.action_spec import Runbook
from firebreak.core.model import Failed, Settled
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import NotRead, Reading, Unknown

ACTIVE = "Active"
AUTOMATION = "Automation"

# Every status of AutomationExecutionStatus [GetAutomationExecution] but Exited, which is not documented:
# a status that is in none of these three has no known meaning.
RUNNING = frozenset(
    {
        "Pending",
        "InProgress",
        "Waiting",
        "Cancelling",
        "PendingApproval",
        "Approved",
        "Scheduled",
        "RunbookInProgress",
        "PendingChangeCalendarOverride",
        "ChangeCalendarOverrideApproved",
    }
)
SUCCEEDED = frozenset({"Success", "CompletedWithSuccess"})
FAILED = frozenset(
    {"Failed", "TimedOut", "Cancelled", "Rejected", "ChangeCalendarOverrideRejected", "CompletedWithFailure"}
)

FAILURE_LENGTH = 300

TOO_OLD = NotRead("too old to matter")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLive:
    """One version of a document; `parameters` holds the default of each, None for one that must be given.

    `role` is its `assumeRole` as it is written: a role's ARN, a parameter in braces, or nothing. `sha256` is
    that of its content in JSON, as GetDocument returns it.
    """

    name: str
    version: str
    status: str
    status_detail: str
    kind: str
    parameters: Mapping[str, str | None]
    role: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a document. `token` is the one it was started with, if Firebreak started it."""

    id: str
    version: str
    status: str
    failure: str = ""
    token: Reading[str] = TOO_OLD

    @property
    def description(self) -> str:
        """The run in words, with what it says of its failure as one short line."""
        why = " ".join(self.failure.split())[:FAILURE_LENGTH]
        return f"run {self.id} is {self.status}" + (f": {why}" if why else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookObservation:
    """All that run-runbook looks at. `runs` are those of the document, no matter who started them.

    `runbook` is the policy's entry for the target. `guard` is the runbook's guard alarm in the state
    that it is in for its owner, NotRead where it has none.
    """

    runbook: Reading[Runbook]
    document: Reading[DocumentLive]
    tags: Reading[Mapping[str, str]]
    runs: Reading[tuple[Run, ...]]
    guard: Reading[DescribedAlarm]


def settled(run: Run) -> Settled | Failed | Unknown:
    """Whether a run has come to its end, and which; a failure in its own words."""
    if run.status in RUNNING:
        return Settled.NOT_YET
    if run.status in SUCCEEDED:
        return Settled.YES
    if run.status in FAILED:
        return Failed(run.description)
    return Unknown(f"{run.description}, which is an unknown status")
