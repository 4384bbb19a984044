import pytest

from firebreak.core.model import Failed, Settled
from firebreak.core.readings import NotRead, Unknown
from firebreak.services.ssm.runbooks import FAILED, RUNNING, SUCCEEDED, Run, settled

RUN = Run(id="r-1", version="3", status="Success")


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [(RUNNING, Settled.NOT_YET), (SUCCEEDED, Settled.YES)],
    ids=["running", "succeeded"],
)
def test_a_run_has_settled_when_it_says_so(statuses: frozenset[str], expected: Settled) -> None:
    assert {settled(Run(id="r-1", version="3", status=status)) for status in statuses} == {expected}


@pytest.mark.parametrize("status", sorted(FAILED))
def test_a_run_that_failed_says_so_in_its_own_words(status: str) -> None:
    run = Run(id="r-1", version="3", status=status, failure="Step 2 stopped")
    assert settled(run) == Failed(f"run r-1 is {status}: Step 2 stopped")


def test_the_statuses_are_those_of_the_api() -> None:
    assert {"Pending", "InProgress", "Waiting", "Cancelling", "PendingApproval"} <= RUNNING
    assert {"Approved", "Scheduled", "RunbookInProgress", "PendingChangeCalendarOverride"} <= RUNNING
    assert "ChangeCalendarOverrideApproved" in RUNNING
    assert len(RUNNING) == 10
    assert {"Success", "CompletedWithSuccess"} == SUCCEEDED
    assert {"Failed", "TimedOut", "Cancelled", "Rejected"} < FAILED
    assert {"ChangeCalendarOverrideRejected", "CompletedWithFailure"} < FAILED
    assert len(FAILED) == 6


def test_a_status_that_nothing_explains_is_unknown_with_the_runs_own_words() -> None:
    run = Run(id="r-1", version="3", status="Exited", failure=" Step 2\n\tstopped ")
    assert settled(run) == Unknown("run r-1 is Exited: Step 2 stopped, which is an unknown status")


def test_a_run_without_a_failure_has_only_its_status() -> None:
    assert RUN.description == "run r-1 is Success"


def test_a_long_failure_is_cut_at_its_three_hundredth_character() -> None:
    run = Run(id="r-1", version="3", status="Failed", failure="x" * 301)
    assert run.description == f"run r-1 is Failed: {'x' * 300}"


def test_the_token_of_a_run_is_not_read_unless_somebody_read_it() -> None:
    assert RUN.token == NotRead("too old to matter")
