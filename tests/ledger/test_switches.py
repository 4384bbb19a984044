"""Kill switches: in when `pause` returns, whatever writes at the same time; out only for their holder."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebreak.core.ledger import ClaimResult
from firebreak.core.limits.history import Hold
from firebreak.core.readings import Unknown
from firebreak.errors import Conflict, Throttled, Unavailable
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.switches import ENDED_KEPT, LONGEST_WAIT, TRIES, Switches
from tests.ledger.claiming import claim_of
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, answer, fail

HOUR = timedelta(hours=1)
SCOPES = (
    "global",
    "action restart-service",
    f"group {a.TARGET.group_key}",
    f"target {a.TARGET.key}",
)


def hold(scope: str = "global", holder: str = "ana", **changes: Any) -> Hold:
    return replace(Hold(scope, holder, "migration", a.NOW, a.NOW + HOUR), **changes)


@pytest.fixture
def switches(table: Table) -> Switches:
    return Switches(table.client, table.name, wall=lambda: a.NOW, wait=lambda _: None)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_pause_is_seen_by_the_next_decision_and_stops_one_under_way(
    table: Table, switches: Switches, scope: str
) -> None:
    ledger = DynamoLedger(table.client, table.name)
    under_way = claim_of(ledger)
    switches.pause(hold(scope))
    assert ledger.look(a.request(), a.SCOPES).holds == (hold(scope),)
    assert ledger.claim(under_way) is ClaimResult.LOST


@pytest.mark.parametrize(
    "scope", ["action scale-service", f"group {a.TARGET.group_key}2", f"target {a.TARGET.key}2"]
)
def test_a_pause_of_something_else_stops_nothing_here(table: Table, switches: Switches, scope: str) -> None:
    switches.pause(hold(scope))
    ledger = DynamoLedger(table.client, table.name)
    assert ledger.claim(claim_of(ledger)) is ClaimResult.WON


def test_it_is_held_until_the_last_holder_lets_go(table: Table, switches: Switches) -> None:
    switches.pause(hold())
    switches.pause(hold(holder="bo", until=a.NOW + 2 * HOUR))
    ledger = DynamoLedger(table.client, table.name)
    assert switches.resume("global", "ana") is True
    assert ledger.claim(claim_of(ledger)) is ClaimResult.LOST
    assert switches.resume("global", "bo") is True
    assert ledger.claim(claim_of(ledger)) is ClaimResult.WON


def test_a_later_end_of_one_holder_is_not_cut_short_by_another(table: Table, switches: Switches) -> None:
    switches.pause(hold(holder="bo", until=a.NOW + 5 * HOUR))
    switches.pause(hold())
    ledger = DynamoLedger(table.client, table.name)
    late = claim_of(ledger, a.request(at=a.NOW + 2 * HOUR), at=a.NOW + 2 * HOUR)
    assert ledger.claim(late) is ClaimResult.LOST


def test_pausing_again_replaces_ones_own_hold(switches: Switches) -> None:
    switches.pause(hold())
    switches.pause(hold(why="still migrating", until=a.NOW + 2 * HOUR))
    assert switches.held() == [hold(why="still migrating", until=a.NOW + 2 * HOUR)]


def test_a_shorter_pause_does_not_shorten_the_longer_one_of_its_holder(switches: Switches) -> None:
    longer = hold(why="migration of all tables", until=a.NOW + 3 * HOUR)
    assert switches.pause(longer) == longer
    assert switches.pause(hold(why="smoke test")) == longer
    assert switches.held() == [longer]


def test_a_longer_pause_that_gets_in_first_is_not_shortened(table: Table, switches: Switches) -> None:
    longer = hold(until=a.NOW + 3 * HOUR)

    def between(name: str) -> None:
        if name == "put_item" and not switches.held():
            switches.pause(longer)

    mine = Switches(Wrapped(table.client, before=between), table.name, wait=lambda _: None)  # type: ignore[arg-type]  # wraps
    assert mine.pause(hold()) == longer
    assert switches.held() == [longer]


def test_after_a_resume_one_may_pause_for_less(switches: Switches) -> None:
    switches.pause(hold(until=a.NOW + 3 * HOUR))
    switches.resume("global", "ana")
    assert switches.pause(hold()) == hold()
    assert switches.held() == [hold()]


def test_a_switch_is_released_only_by_its_holder(switches: Switches) -> None:
    switches.pause(hold())
    assert switches.resume("global", "bo") is False
    assert switches.held() == [hold()]


def test_a_switch_never_held_is_not_released(switches: Switches) -> None:
    assert switches.resume("global", "ana") is False


def test_all_switches_are_listed_and_nothing_else(table: Table, switches: Switches) -> None:
    for scope in SCOPES:
        switches.pause(hold(scope))
    DynamoLedger(table.client, table.name).record_transition(a.alarm(), a.LATER)
    assert {held.scope for held in switches.held()} == set(SCOPES)


def test_an_expired_hold_is_kept_and_listed(switches: Switches) -> None:
    """An operator who asks why nothing happened last night finds it."""
    ended = hold(until=a.NOW - HOUR)
    switches.pause(ended)
    assert switches.held() == [ended]


LONG_OVER = a.NOW - ENDED_KEPT


def test_a_pause_removes_holds_that_ended_long_ago(switches: Switches) -> None:
    for n in range(3):
        switches.pause(hold(holder=f"job-{n}", since=LONG_OVER - HOUR, until=LONG_OVER))
    late = hold(holder="late", since=LONG_OVER - HOUR, until=LONG_OVER + timedelta(seconds=1))
    switches.pause(late)
    switches.pause(hold())
    assert {held.holder for held in switches.held()} == {"late", "ana"}


def test_a_resume_removes_holds_that_ended_long_ago(switches: Switches) -> None:
    for holder, until in (("old", LONG_OVER), ("late", LONG_OVER + timedelta(seconds=1))):
        switches.pause(hold(holder=holder, since=LONG_OVER - HOUR, until=until))
    switches.pause(hold("action restart-service", since=LONG_OVER - HOUR, until=LONG_OVER))
    assert switches.resume("global", "ana") is False
    assert {(held.scope, held.holder) for held in switches.held()} == {
        ("global", "late"),
        ("action restart-service", "ana"),
    }


def test_however_many_jobs_paused_in_the_past_the_item_stays_small(table: Table, switches: Switches) -> None:
    for n in range(60):
        day = a.NOW + timedelta(days=n)
        switches.pause(hold(holder=f"job-{n}", why="x" * 500, since=day, until=day + HOUR))
    item = table.get("SWITCH#global")
    assert item is not None
    assert len(item["holders"]["M"]) <= 2


def test_a_switch_never_expires_by_the_tables_time_to_live(table: Table, switches: Switches) -> None:
    switches.pause(hold())
    item = table.get("SWITCH#global")
    assert item is not None
    assert "expires_at" not in item


class Rival:
    """Somebody who pauses between the read and the write, the first few times."""

    def __init__(self, table: Table, times: int) -> None:
        self.theirs, self.left = Switches(table.client, table.name), times

    def __call__(self, name: str) -> None:
        if name == "put_item" and self.left:
            self.left -= 1
            self.theirs.pause(hold(holder=f"rival-{self.left}"))


def test_a_pause_at_the_same_time_as_others_loses_none_of_them(table: Table) -> None:
    mine = Switches(Wrapped(table.client, before=Rival(table, 5)), table.name)  # type: ignore[arg-type]  # wraps
    mine.pause(hold())
    assert {held.holder for held in mine.held()} == {"ana", *(f"rival-{k}" for k in range(5))}


def test_a_pause_that_never_gets_in_says_so(table: Table) -> None:
    refused = fail(answer("ConditionalCheckFailedException", operation="PutItem"), on={"put_item"})
    waits: list[float] = []
    client: Any = Wrapped(table.client, before=refused)
    with pytest.raises(Conflict):
        Switches(client, table.name, wait=waits.append).pause(hold())
    assert len(waits) == TRIES
    assert 0 <= min(waits) < max(waits) <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param(NO_CONNECTION, Unavailable, id="unreachable"),
        pytest.param(answer("ThrottlingException"), Throttled, id="throttled"),
    ],
)
@pytest.mark.parametrize("call", ["get_item", "put_item"])
def test_a_pause_that_could_not_be_written_raises(
    table: Table, call: str, error: Exception, meaning: type[Exception]
) -> None:
    switches = Switches(Wrapped(table.client, before=fail(error, on={call})), table.name)  # type: ignore[arg-type]  # wraps
    with pytest.raises(meaning):
        switches.pause(hold())


def test_a_switch_of_a_later_version_is_not_overwritten(table: Table, switches: Switches) -> None:
    switches.pause(hold())
    table.change("SWITCH#global", v={"N": "2"})
    with pytest.raises(Conflict):
        switches.resume("global", "ana")


@pytest.mark.parametrize("name", ["ana maria", "o'neill", "a#b", "ünal", "a.b:c"])
def test_a_holder_may_have_any_name(switches: Switches, name: str) -> None:
    switches.pause(hold(holder=name))
    assert [held.holder for held in switches.held()] == [name]
    assert switches.resume("global", name) is True


@pytest.mark.parametrize("minutes", [-4, 4], ids=["slow", "fast"])
def test_the_offset_of_a_wrong_clock_is_measured_against_awss(table: Table, minutes: int) -> None:
    wrong = Switches(table.client, table.name, wall=lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    assert abs(wrong.clock_offset() + timedelta(minutes=minutes)) < timedelta(seconds=10)


def test_a_right_clock_has_no_offset(table: Table) -> None:
    assert Switches(table.client, table.name).clock_offset() == timedelta()


def test_a_release_whose_reply_was_lost_is_still_a_release(table: Table) -> None:
    Switches(table.client, table.name).pause(hold())
    # The result of botocore's second try after a lost reply: the first was carried out.
    lost = fail(answer("ConditionalCheckFailedException", operation="PutItem"), on={"put_item"}, times=1)
    assert Switches(Wrapped(table.client, after=lost), table.name).resume("global", "ana") is True  # type: ignore[arg-type]  # wraps


def test_a_switch_that_dynamodb_did_not_process_is_not_taken_for_free(table: Table) -> None:
    class Busy:
        def batch_get_item(self, **asked: Any) -> dict[str, Any]:
            return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    busy: Any = Busy()
    assert isinstance(Switches(busy, table.name).holding("restart-service", a.TARGET), Unknown)


def test_the_holds_over_an_action_and_a_target_are_found_by_their_keys(table: Table) -> None:
    switches = Switches(table.client, table.name)
    here, elsewhere = f"target {a.TARGET.key}", "action scale-service"
    for scope in (here, elsewhere):
        switches.pause(Hold(scope, "ana", "x", a.NOW, a.NOW + timedelta(hours=1)))
    found = switches.holding("restart-service", a.TARGET)
    assert isinstance(found, tuple)
    assert [hold.scope for hold in found] == [here]
