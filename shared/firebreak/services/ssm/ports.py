"""The calls of SSM Automation that run-runbook needs, and the policy that names the runbooks."""

from collections.abc import Callable, Mapping
from typing import Protocol

from firebreak.core.action_spec import Runbook
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Reading
from firebreak.services.ssm.runbooks import DocumentLive, Run

# The policy's entry for the runbook of that name; Absent when it names none.
type Listed = Callable[[str], Reading[Runbook]]


class RunbookReads(Protocol):
    """Looking at documents and their runs. Nothing here raises: blindness is an Unknown."""

    def document(self, name: str, version: str) -> Reading[DocumentLive]:
        """That version of the document; Absent when either does not exist."""

    def tags(self, document: str) -> Reading[Mapping[str, str]]:
        """The document's tags."""

    def runs(self, document: str) -> Reading[tuple[Run, ...]]:
        """Its runs, the newest first; only of the newest few is the token read."""

    def alarm(self, name: str) -> Reading[DescribedAlarm]:
        """An alarm in the state that it is in for its owner, Absent when there is none of that name."""


class RunbookWrites(Protocol):
    """Starting runs; each call is sent once. Raises AwsError."""

    def start(self, arguments: Mapping[str, object]) -> str:
        """Start a run with exactly these arguments; returns its id."""


class SsmConnections(Protocol):
    """Both sides of SSM Automation, looking and changing; connected only when asked for."""

    def runbooks(self) -> tuple[Listed, RunbookReads, RunbookWrites]:
        """The runbooks of the policy, and SSM Automation, which runs them."""
