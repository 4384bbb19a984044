"""When DynamoDB answers badly or not at all: never a claim too many, never blindness taken for absence."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import ClaimResult
from firebreak.core.limits.history import Judged, ScopeHistory
from firebreak.core.limits.storm import CALM, RedAlarm, Storm
from firebreak.core.messages.storm_messages import storm_began
from firebreak.core.model import Verdict
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError, Conflict, Denied, OutcomeUnknown, Rejected, Throttled, Unavailable
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.items import scope_pk
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.transactions import AT_THE_SAME_TIME, TRIES
from tests.ledger.claiming import acted, change, claim_of, climb_of, record_of, waiting_to_climb, won
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.faults import CONNECT_TIMEOUT, NO_CONNECTION, READ_TIMEOUT, Wrapped, answer, fail

WON, LOST, UNKNOWN = ClaimResult.WON, ClaimResult.LOST, ClaimResult.UNKNOWN
CLAIM = {"transact_write_items"}
S = IncidentState

IN_DOUBT = [
    pytest.param(READ_TIMEOUT, id="reply lost"),
    pytest.param(NO_CONNECTION, id="no connection, on the second try"),
    pytest.param(CONNECT_TIMEOUT, id="connect timeout, on the second try"),
    pytest.param(answer("InternalServerError", 500), id="500"),
    pytest.param(answer("TransactionInProgressException"), id="still in progress"),
]


def disturbed(table: Table, **changes: Any) -> DynamoLedger:
    return DynamoLedger(Wrapped(table.client, **changes), table.name)  # type: ignore[arg-type]  # wraps the client


@pytest.mark.parametrize("error", IN_DOUBT)
def test_a_claim_that_was_written_is_won_although_its_reply_was_lost(table: Table, error: Exception) -> None:
    ledger = disturbed(table, after=fail(error, on=CLAIM))
    assert ledger.claim(claim_of(ledger)) is WON


@pytest.mark.parametrize("error", IN_DOUBT)
def test_a_claim_that_was_not_written_is_lost(table: Table, error: Exception) -> None:
    ledger = disturbed(table, before=fail(error, on=CLAIM))
    assert ledger.claim(claim_of(ledger)) is LOST


@pytest.mark.parametrize("error", IN_DOUBT)
def test_a_claim_in_doubt_is_lost_when_somebody_elses_is_there(table: Table, error: Exception) -> None:
    sound = DynamoLedger(table.client, table.name)
    mine = claim_of(sound, claim_id="mine")
    won(sound, claim_id="theirs")
    assert disturbed(table, before=fail(error, on=CLAIM)).claim(mine) is LOST


@pytest.mark.parametrize("error", IN_DOUBT)
def test_a_climb_in_doubt_that_was_not_written_is_lost(table: Table, error: Exception) -> None:
    sound = DynamoLedger(table.client, table.name)
    climb = claim_of(sound, climb_of(waiting_to_climb(sound)))
    assert disturbed(table, before=fail(error, on=CLAIM)).claim(climb) is LOST


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
def test_a_claim_in_doubt_that_cannot_be_read_again_is_unknown(table: Table, *, written: bool) -> None:
    claim = claim_of(DynamoLedger(table.client, table.name))
    lost, dark = fail(READ_TIMEOUT, on=CLAIM), fail(NO_CONNECTION, on={"batch_get_item"})

    def before(name: str) -> None:
        dark(name)
        if not written:
            lost(name)

    assert disturbed(table, before=before, after=lost).claim(claim) is UNKNOWN


def cancelled(*codes: str) -> Exception:
    return answer(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes], Message=""
    )


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param(answer("ProvisionedThroughputExceededException"), Throttled, id="throughput"),
        pytest.param(answer("ThrottlingException"), Throttled, id="throttled"),
        pytest.param(answer("RequestLimitExceeded"), Throttled, id="request limit"),
        pytest.param(answer("AccessDeniedException"), Denied, id="denied"),
        pytest.param(answer("ValidationException"), Rejected, id="rejected"),
        pytest.param(answer("ResourceNotFoundException"), AwsError, id="no table"),
    ],
)
def test_a_claim_that_was_refused_for_sure_raises_what_it_was(
    table: Table, error: Exception, meaning: type[AwsError]
) -> None:
    ledger = disturbed(table, before=fail(error, on=CLAIM))
    claim = claim_of(ledger)
    with pytest.raises(meaning):
        ledger.claim(claim)


class Cancelling:
    """A client whose transactions are cancelled for these reasons, as real DynamoDB reports them.

    The first `alone` of them are left alone, and those after so many `times`.
    """

    def __init__(self, inner: Any, *codes: str, times: int = 1_000_000, alone: int = 0) -> None:
        self.inner, self.codes, self.left, self.alone = inner, codes, times, alone
        self.exceptions = inner.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.alone or not self.left:
            self.alone = max(0, self.alone - 1)
            return self.inner.transact_write_items(**request)
        self.left -= 1
        reasons = [{"Code": code} for code in self.codes]
        body = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise self.exceptions.TransactionCanceledException(body, "TransactWriteItems")


@pytest.mark.parametrize(
    ("codes", "result"),
    [
        pytest.param(("None", "ConditionalCheckFailed"), LOST, id="a condition failed"),
        pytest.param(("TransactionConflict", "None"), LOST, id="another transaction was faster"),
    ],
)
def test_a_cancelled_claim_is_lost(table: Table, codes: tuple[str, ...], result: ClaimResult) -> None:
    ledger = DynamoLedger(Cancelling(table.client, *codes), table.name)  # type: ignore[arg-type]  # wraps the client
    assert ledger.claim(claim_of(ledger)) is result


@pytest.mark.parametrize(
    ("codes", "meaning"),
    [
        pytest.param(("ThrottlingError", "None"), Throttled, id="throttled"),
        pytest.param(("ProvisionedThroughputExceeded", "ConditionalCheckFailed"), Throttled, id="both"),
        pytest.param(("ItemCollectionSizeLimitExceeded",), Rejected, id="something else"),
    ],
)
def test_a_claim_cancelled_for_other_reasons_is_not_a_lost_race(
    table: Table, codes: tuple[str, ...], meaning: type[AwsError]
) -> None:
    ledger = DynamoLedger(Cancelling(table.client, *codes), table.name)  # type: ignore[arg-type]  # wraps the client
    claim = claim_of(ledger)
    with pytest.raises(meaning):
        ledger.claim(claim)


def refusal() -> Any:
    return record_of(a.request(), reason=Reason.BUDGET_FULL)


def test_a_decision_that_met_another_transaction_is_no_duplicate(table: Table) -> None:
    """Refusals with one announcement key share its item, and so may conflict there."""
    client = Cancelling(table.client, "None", "TransactionConflict", times=2)
    ledger = DynamoLedger(client, table.name)  # type: ignore[arg-type]  # wraps the client
    assert ledger.record(refusal(), None) is True
    assert table.get(f"DECISION#{refusal().key}") is not None


def test_a_decision_that_never_gets_through_raises_and_is_not_called_a_duplicate(table: Table) -> None:
    ledger = DynamoLedger(Cancelling(table.client, "TransactionConflict"), table.name)  # type: ignore[arg-type]  # wraps the client
    with pytest.raises(Conflict):
        ledger.record(refusal(), None)


def test_only_a_condition_that_failed_is_an_answer(table: Table) -> None:
    client = Cancelling(table.client, "TransactionConflict", "ValidationError")
    ledger = DynamoLedger(client, table.name)  # type: ignore[arg-type]  # wraps the client
    with pytest.raises(Conflict):
        ledger.record(refusal(), None)


def test_a_decision_that_is_there_is_a_duplicate_whatever_cancelled_the_second(table: Table) -> None:
    assert DynamoLedger(table.client, table.name).record(refusal(), None) is True
    ledger = DynamoLedger(Cancelling(table.client, "TransactionConflict"), table.name)  # type: ignore[arg-type]  # wraps the client
    assert ledger.record(refusal(), None) is False


JUDGED = Judged(Verdict.RECOVERED, a.NOW)


def busy(table: Table, times: int = 1_000_000) -> DynamoLedger:
    """A ledger whose transactions meet others' so many times."""
    return DynamoLedger(Cancelling(table.client, "None", AT_THE_SAME_TIME, times=times), table.name)  # type: ignore[arg-type]  # wraps the client


def verdicts(ledger: DynamoLedger) -> set[Judged | None]:
    scopes = ledger.look(a.request(), a.SCOPES).scopes.values()
    return {act.judged for seen in scopes if isinstance(seen, ScopeHistory) for act in seen.acts}


def test_a_move_that_conflicts_with_other_writers_is_retried_with_its_verdict(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name)
    moved = change(acted(ledger), S.VERIFYING, judged=JUDGED)
    assert busy(table, times=2).move(moved) is True
    assert ledger.incident(moved.after.id) == moved.after
    assert JUDGED in verdicts(ledger)


def test_a_move_that_never_gets_through_is_neither_superseded_nor_made_without_its_verdict(
    table: Table,
) -> None:
    """A caller that gets "superseded" stops; one that gets an error tries again, as the sweeper does."""
    ledger = DynamoLedger(table.client, table.name)
    incident = acted(ledger)
    crowded, before = busy(table), table.all()
    with pytest.raises(Conflict):
        crowded.move(change(incident, S.VERIFYING, judged=JUDGED))
    assert table.all() == before
    assert ledger.move(change(incident, S.VERIFYING, judged=JUDGED)) is True
    assert JUDGED in verdicts(ledger)


def test_a_move_whose_slots_are_gone_is_retried_as_well(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name)
    claim = won(ledger)
    moved = change(claim.after)
    assert ledger.move(moved) is True
    ledger.give_back(claim)
    client = Cancelling(table.client, AT_THE_SAME_TIME, times=2, alone=1)
    crowded = DynamoLedger(client, table.name)  # type: ignore[arg-type]  # wraps the client
    assert crowded.move(change(moved.after, S.PAGED, judged=JUDGED)) is True
    assert client.left == 0


def test_a_move_that_somebody_else_made_is_superseded_in_spite_of_other_writers(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name)
    incident = acted(ledger)
    assert ledger.move(change(incident, S.VERIFYING)) is True
    assert busy(table, times=2).move(change(incident, S.VERIFYING, judged=JUDGED)) is False


def red(name: str = "a") -> RedAlarm:
    return RedAlarm(a.NOW, name, name)


BEGINS = storm_began(CALM, a.rules().storm, a.NOW)


def test_a_storm_that_met_a_claim_is_declared_all_the_same(table: Table) -> None:
    storms = DynamoStorms(Cancelling(table.client, AT_THE_SAME_TIME, times=2), table.name)  # type: ignore[arg-type]  # wraps the client
    assert storms.trip(a.NOW, BEGINS) is True


def test_a_storm_that_cannot_be_declared_is_not_taken_for_declared_by_somebody_else(table: Table) -> None:
    storms = DynamoStorms(Cancelling(table.client, AT_THE_SAME_TIME), table.name)  # type: ignore[arg-type]  # wraps the client
    with pytest.raises(Conflict):
        storms.trip(a.NOW, BEGINS)


def test_a_red_alarm_that_met_the_end_of_a_storm_is_remembered_all_the_same(table: Table) -> None:
    """DynamoDB reports the same conflict of a single write by another code than of a transaction."""
    met = fail(answer("TransactionConflictException", operation="UpdateItem"), on={"update_item"}, times=2)
    storms = DynamoStorms(Wrapped(table.client, before=met), table.name)  # type: ignore[arg-type]  # wraps the client
    found = storms.remember(red(), (), a.NOW)
    assert isinstance(found, Storm)
    assert found.red == (red(),)


@pytest.mark.parametrize("times", [4, 5])
def test_a_renewal_in_conflict_is_retried_and_not_taken_for_one_that_somebody_else_made(
    table: Table, times: int
) -> None:
    DynamoStorms(table.client, table.name).trip(a.NOW, BEGINS)
    met = fail(
        answer("TransactionConflictException", operation="UpdateItem"), on={"update_item"}, times=times
    )
    storms = DynamoStorms(Wrapped(table.client, before=met), table.name)  # type: ignore[arg-type]  # wraps the client
    if times < TRIES:
        assert storms.renew(a.NOW) is True
    else:
        with pytest.raises(Conflict):
            storms.renew(a.NOW)


def test_a_red_alarm_of_a_later_version_is_refused_at_once(table: Table) -> None:
    table.change("STORM", "RED", v={"N": "2"})
    client = Wrapped(table.client)
    with pytest.raises(Conflict):
        DynamoStorms(client, table.name).remember(red(), (), a.NOW)  # type: ignore[arg-type]  # wraps the client
    assert client.calls == ["update_item"]


CALLS = {
    "look": lambda ledger: ledger.look(a.request(), a.SCOPES),
    "record": lambda ledger: ledger.record(refusal(), None),
    "incident": lambda ledger: ledger.incident("i-0123456789"),
    "record_transition": lambda ledger: ledger.record_transition(a.alarm(), a.LATER),
    "note": lambda ledger: ledger.note("i-0123456789", a.NOW, "late news"),
    "settle_announcement": lambda ledger: ledger.settle_announcement("key", a.NOW),
    "unsettled_announcements": lambda ledger: ledger.unsettled_announcements(a.NOW, 10),
    "overdue": lambda ledger: ledger.overdue(a.NOW, 10),
    "history": lambda ledger: ledger.history("i-0123456789"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("error", "meanings"),
    [
        pytest.param(NO_CONNECTION, (Unavailable,), id="unreachable"),
        pytest.param(answer("ThrottlingException"), (Throttled,), id="throttled"),
        pytest.param(answer("AccessDeniedException"), (Denied,), id="denied"),
        pytest.param(READ_TIMEOUT, (Unavailable, OutcomeUnknown), id="reply lost"),
    ],
)
def test_whatever_is_asked_of_a_ledger_that_does_not_answer_raises(
    table: Table, name: str, error: Exception, meanings: tuple[type[AwsError], ...]
) -> None:
    ledger = disturbed(table, before=fail(error))
    with pytest.raises(meanings):
        CALLS[name](ledger)


def test_a_slot_that_could_not_be_given_back_stays_taken(table: Table) -> None:
    claim = won(DynamoLedger(table.client, table.name))
    ledger = disturbed(table, before=fail(NO_CONNECTION, on={"update_item"}))
    with pytest.raises(Unavailable):
        ledger.give_back(claim)
    again = claim_of(ledger, a.request(alarm=a.alarm("api-5xx")), claim_id="claim-2")
    assert all(getattr(seen, "acts", ()) for seen in again.seen.scopes.values())


def test_a_slot_that_others_write_at_the_same_time_is_given_back_at_another_try(table: Table) -> None:
    claim = won(DynamoLedger(table.client, table.name))
    left = [2]

    def crowded(name: str) -> None:
        if name == "update_item" and left[0]:
            left[0] -= 1
            raise Conflict("UpdateItem", "TransactionConflictException")

    disturbed(table, before=crowded).give_back(claim)
    again = DynamoLedger(table.client, table.name).look(a.request(), a.SCOPES)
    assert not any(getattr(seen, "acts", ()) for seen in again.scopes.values())


def test_a_scope_that_is_always_written_keeps_no_other_slot_taken(table: Table) -> None:
    claim = won(DynamoLedger(table.client, table.name))
    first = scope_pk(claim.scopes[0])

    class Crowded(Wrapped):
        def update_item(self, **request: Any) -> Any:
            if request["Key"]["pk"] == {"S": first}:
                raise Conflict("UpdateItem", "TransactionConflictException")
            return table.client.update_item(**request)

    with pytest.raises(Conflict):
        DynamoLedger(Crowded(table.client), table.name).give_back(claim)  # type: ignore[arg-type]  # wraps the client
    again = DynamoLedger(table.client, table.name).look(a.request(), a.SCOPES)
    taken = [scope for scope in claim.scopes if getattr(again.scopes[scope], "acts", ())]
    assert taken == [claim.scopes[0]]


def test_giving_back_twice_changes_nothing_more(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name)
    claim = won(ledger)
    ledger.give_back(claim)
    before = table.all()
    with pytest.raises(Conflict):
        ledger.give_back(claim)
    assert table.all() == before


def test_giving_back_a_claim_that_never_was_changes_nothing(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name)
    claim = won(ledger)
    before = table.all()
    with pytest.raises(Conflict):
        ledger.give_back(replace(claim, after=replace(claim.after, id="i-9876543210")))
    assert table.all() == before
