"""Carrying out a change of a function: the order of the calls, and what stops it half-way."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import Unknown
from firebreak.errors import Conflict, Denied, OutcomeUnknown, Rejected
from firebreak.services.lambda_.actions.adjust_function_memory import AdjustFunctionMemory
from firebreak.services.lambda_.functions import LATEST
from tests.support.builders_functions import (
    OTHER_CODE,
    TARGET,
    FakeLambda,
    Time,
    alias,
    as_stored,
    planned,
    raising,
    seen,
)

UPDATE, PUBLISH, MOVE = "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"


def on(aws: FakeLambda, time: Time | None = None) -> AdjustFunctionMemory:
    return AdjustFunctionMemory(aws, aws, (time or Time()).pace)


IDLE = on(FakeLambda())


def done(aws: FakeLambda, time: Time | None = None) -> tuple[AdjustFunctionMemory, Plan, Receipt]:
    """An action that looked, planned and acted."""
    action = on(aws, time)
    plan = as_stored(planned(action, action.observe(TARGET)))
    return action, plan, action.execute(plan)


def test_without_an_alias_one_call_is_made() -> None:
    aws = FakeLambda()
    action, plan, receipt = done(aws)
    assert (aws.made, aws.latest.memory) == ([UPDATE], 1536)
    assert receipt == Receipt(summary="$LATEST has 1536 MB", after={"version": LATEST, "memory": 1536})
    assert action.outcome(plan, action.observe(TARGET)) is True


@pytest.mark.parametrize("working", [0, 1, 12])
def test_behind_an_alias_the_version_is_published_once_the_update_is_done(working: int) -> None:
    aws = FakeLambda.with_alias(working=working)
    action, plan, receipt = done(aws)
    assert aws.made == [UPDATE, PUBLISH, MOVE]
    assert (aws.aliases_now["live"].version, aws.versions["8"].memory) == ("8", 1536)
    assert receipt.after == {"alias": "live", "version": "8", "memory": 1536}
    assert action.outcome(plan, action.observe(TARGET)) is True
    assert action.settled(plan, receipt, action.observe(TARGET)) is Settled.YES


def test_an_update_that_takes_too_long_is_in_doubt_and_reaches_no_caller() -> None:
    aws, time = FakeLambda.with_alias(working=1000), Time()
    action = on(aws, time)
    plan = planned(action, action.observe(TARGET))
    with pytest.raises(OutcomeUnknown, match="UpdateFunctionConfiguration: StillInProgress"):
        action.execute(plan)
    assert aws.made == [UPDATE]
    assert 109 < time.at <= 110
    aws._left = 0
    assert action.outcome(plan, action.observe(TARGET)) is False


def test_the_next_try_takes_up_what_was_left_unreleased() -> None:
    aws = FakeLambda.with_alias(working=1000)
    action = on(aws)
    with pytest.raises(OutcomeUnknown):
        action.execute(planned(action, action.observe(TARGET)))
    aws.working = aws._left = 0
    done(aws)
    assert (aws.made, aws.versions["8"].memory) == ([UPDATE, PUBLISH, MOVE], 1536)


@pytest.mark.parametrize("call", [UPDATE, PUBLISH, MOVE])
def test_a_lost_reply_is_in_doubt_and_the_outcome_is_what_the_callers_have(call: str) -> None:
    aws = FakeLambda.with_alias()
    aws.after_write = raising(OutcomeUnknown(call, "ReadTimeoutError"), on=call)
    action = on(aws)
    plan = planned(action, action.observe(TARGET))
    with pytest.raises(OutcomeUnknown):
        action.execute(plan)
    assert action.outcome(plan, action.observe(TARGET)) is (call == MOVE)


@pytest.mark.parametrize("call", [PUBLISH, MOVE])
def test_a_refusal_after_the_first_call_is_not_called_nothing_happened(call: str) -> None:
    aws = FakeLambda.with_alias(before_write=raising(Denied(call, "AccessDeniedException"), on=call))
    with pytest.raises(OutcomeUnknown, match=f"{call}: AccessDeniedException"):
        done(aws)


def test_a_refusal_of_the_first_call_says_that_nothing_happened() -> None:
    aws = FakeLambda.with_alias(before_write=raising(Denied(UPDATE, "AccessDeniedException"), on=UPDATE))
    with pytest.raises(Denied):
        done(aws)
    assert aws.made == []


def test_a_function_that_somebody_changed_since_the_look_is_left_alone() -> None:
    aws = FakeLambda.with_alias()
    action = on(aws)
    plan = planned(action, action.observe(TARGET))
    aws.latest = replace(aws.latest, revision="somebody-else's")
    with pytest.raises(Conflict):
        action.execute(plan)
    assert aws.latest.memory == 1024


@pytest.mark.parametrize(
    "changes", [{"code": OTHER_CODE}, {"settings": {"Timeout": "3"}}, {"memory": 2048}], ids=str
)
def test_a_change_by_somebody_else_between_update_and_publishing_is_not_released(
    changes: dict[str, Any],
) -> None:
    aws = FakeLambda.with_alias()

    def meddle(call: str) -> None:
        if call == UPDATE:
            aws.latest = replace(aws.latest, revision="theirs", **changes)

    aws.after_write = meddle
    with pytest.raises(OutcomeUnknown):
        done(aws)
    assert aws.made == [UPDATE]


def test_an_alias_that_somebody_moved_since_the_look_is_left_where_it_is() -> None:
    aws = FakeLambda.with_alias()
    action = on(aws)
    plan = planned(action, action.observe(TARGET))
    aws.aliases_now["live"] = replace(alias(version="6"), revision="moved")
    with pytest.raises(OutcomeUnknown, match="UpdateAlias: PreconditionFailedException"):
        action.execute(plan)
    assert aws.aliases_now["live"].version == "6"


def test_an_update_that_fails_is_in_doubt_and_nothing_is_published() -> None:
    aws = FakeLambda.with_alias()

    def fail(call: str) -> None:
        aws.latest = replace(aws.latest, update="Failed")

    aws.after_write = fail
    with pytest.raises(OutcomeUnknown, match="UpdateFailed"):
        done(aws)
    assert aws.made == [UPDATE]


def test_publishing_that_eats_up_the_time_leaves_the_alias_alone() -> None:
    aws, time = FakeLambda.with_alias(), Time()
    aws.after_write = lambda call: time.sleep(11 if call == PUBLISH else 0)
    with pytest.raises(OutcomeUnknown, match="UpdateAlias: OutOfTime"):
        done(aws, time)
    assert aws.made == [UPDATE, PUBLISH]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({UPDATE: "orders"}, id="no arguments"),
        pytest.param(
            {UPDATE: {"FunctionName": "orders", "RevisionId": "1", "MemorySize": "many"}}, id="text"
        ),
        pytest.param(
            {MOVE: {"FunctionName": "orders", "Name": "live", "RevisionId": "1"}}, id="move to nothing"
        ),
        pytest.param(
            {
                UPDATE: {"FunctionName": "orders", "RevisionId": "1", "MemorySize": 256},
                MOVE: {"FunctionName": "other", "Name": "live", "RevisionId": "1", "FunctionVersion": "7"},
            },
            id="two functions",
        ),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing(change: dict[str, Any]) -> None:
    aws = FakeLambda.with_alias()
    plan = replace(planned(IDLE, seen()), change=change)
    with pytest.raises(Rejected):
        on(aws).execute(plan)
    assert aws.made == []
    assert isinstance(IDLE.outcome(plan, seen()), Unknown)
    assert isinstance(IDLE.settled(plan, Receipt(summary=""), seen()), Unknown)
    assert isinstance(IDLE.undo(plan, seen(), RequestKind.UNDO), Unknown)
