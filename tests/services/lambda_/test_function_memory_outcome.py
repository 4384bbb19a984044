"""The outcome of a raise of a function's memory, and its undo."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Denied
from firebreak.services.lambda_.actions.adjust_function_memory import AdjustFunctionMemory
from firebreak.services.lambda_.functions import FunctionObservation
from tests.support.builders_functions import (
    OPTED_IN,
    OTHER_CODE,
    TARGET,
    FakeLambda,
    Time,
    alias,
    as_stored,
    function,
    planned,
    raising,
    seen,
)
from tests.support.builders_functions import raised as raised_seen

UPDATE, MOVE = "UpdateFunctionConfiguration", "UpdateAlias"
SAID = "Firebreak: memory 1024 to 1536 MB, code of version 7"
BLIND = Unknown("GetFunctionConfiguration: AccessDenied")


def on(aws: FakeLambda, time: Time | None = None) -> AdjustFunctionMemory:
    return AdjustFunctionMemory(aws, aws, (time or Time()).pace)


IDLE = on(FakeLambda())


def done(aws: FakeLambda) -> tuple[AdjustFunctionMemory, Plan, Receipt]:
    """An action that looked, planned and acted."""
    action = on(aws)
    plan = as_stored(planned(action, action.observe(TARGET)))
    return action, plan, action.execute(plan)


UNQUALIFIED = planned(IDLE, seen())
ALIASED = planned(IDLE, seen(alias()))
RAISED = function("8", memory=1536, description=SAID)
MOVED = raised_seen()


@pytest.mark.parametrize(
    ("plan", "now", "happened"),
    [
        pytest.param(UNQUALIFIED, seen(function=function(memory=1536)), True, id="raised"),
        pytest.param(UNQUALIFIED, seen(), False, id="as before"),
        pytest.param(UNQUALIFIED, seen(function=function(memory=2048)), None, id="a third value"),
        pytest.param(ALIASED, MOVED, True, id="alias moved"),
        pytest.param(ALIASED, seen(alias(), function=function(memory=1536)), False, id="never released"),
        pytest.param(
            ALIASED, replace(MOVED, versions={"8": function("8", code=OTHER_CODE)}), None, id="another deploy"
        ),
        pytest.param(ALIASED, replace(MOVED, versions={"8": BLIND}), None, id="version unreadable"),
        pytest.param(ALIASED, seen(), None, id="alias gone"),
        pytest.param(ALIASED, seen(aliases=BLIND), None, id="aliases unreadable"),
        pytest.param(UNQUALIFIED, seen(function=BLIND), None, id="function unreadable"),
    ],
)
def test_the_outcome_is_what_the_callers_have(
    plan: Plan, now: FunctionObservation, happened: bool | None
) -> None:
    found = IDLE.outcome(as_stored(plan), now)
    assert (None if isinstance(found, Unknown) else found) is happened


@pytest.mark.parametrize(
    ("changes", "settled"),
    [
        pytest.param({}, Settled.YES, id="done"),
        pytest.param({"update": "InProgress"}, Settled.NOT_YET, id="in progress"),
        pytest.param({"state": "Pending"}, Settled.NOT_YET, id="pending"),
        pytest.param({"update": "Failed"}, Settled.FAILED, id="failed"),
        pytest.param({"state": "Failed"}, Settled.FAILED, id="cannot run"),
        pytest.param({"memory": 2048}, None, id="somebody else's value"),
        pytest.param({"memory": 1024}, None, id="put back by somebody"),
    ],
)
def test_settled_follows_lambdas_own_word(changes: dict[str, Any], settled: Settled | None) -> None:
    now = seen(function=function(**{"memory": 1536} | changes))
    found = IDLE.settled(UNQUALIFIED, Receipt(summary=""), now)
    assert (None if isinstance(found, Unknown) else found) is settled


@pytest.mark.parametrize(
    ("plan", "now", "worse"),
    [
        pytest.param(UNQUALIFIED, seen(function=function(memory=1536)), False, id="well"),
        pytest.param(UNQUALIFIED, seen(function=function(state="Failed")), True, id="cannot be invoked"),
        pytest.param(
            UNQUALIFIED, seen(function=function(update="Failed")), False, id="the old values run on"
        ),
        pytest.param(
            ALIASED, replace(MOVED, versions={"8": replace(RAISED, state="Failed")}), True, id="version"
        ),
        pytest.param(ALIASED, seen(alias(), function=function(state="Failed")), False, id="not the callers'"),
    ],
)
def test_worse_is_only_what_the_callers_cannot_invoke(
    plan: Plan, now: FunctionObservation, worse: bool
) -> None:
    assert IDLE.worse(plan, now) is worse


def test_worse_is_not_known_where_nothing_was_seen() -> None:
    assert isinstance(IDLE.worse(UNQUALIFIED, seen(function=BLIND)), Unknown)


# --- the undo


@pytest.mark.parametrize("aws", [FakeLambda(), FakeLambda.with_alias()], ids=["direct", "behind an alias"])
def test_undo_gives_back_exactly_what_was_there(aws: FakeLambda) -> None:
    memory, aliases = aws.latest.memory, {name: one.version for name, one in aws.aliases_now.items()}
    action, plan, _ = done(aws)
    back = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(back, Plan)
    receipt = action.execute(as_stored(back))
    assert aws.latest.memory == memory
    assert {name: one.version for name, one in aws.aliases_now.items()} == aliases
    assert action.outcome(back, action.observe(TARGET)) is True
    assert action.settled(back, receipt, action.observe(TARGET)) is Settled.YES


def test_the_alias_goes_back_first_and_latest_may_stay_behind() -> None:
    aws = FakeLambda.with_alias()
    action, plan, _ = done(aws)
    back = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(back, Plan)
    aws.calls.clear()
    aws.before_write = raising(Denied(UPDATE, "AccessDeniedException"), on=UPDATE)
    receipt = action.execute(back)
    assert (aws.made, aws.aliases_now["live"].version) == ([MOVE], "7")
    assert receipt.summary.endswith(
        "$LATEST may not have its old values yet (UpdateFunctionConfiguration: AccessDeniedException)"
    )


@pytest.mark.parametrize(
    "latest",
    [function(memory=2048), function(memory=1536, update="InProgress")],
    ids=["somebody's memory", "somebody's update"],
)
def test_a_latest_changed_by_somebody_else_stays_while_the_alias_goes_back(latest: Any) -> None:
    back = IDLE.undo(ALIASED, replace(MOVED, function=latest), RequestKind.UNDO)
    assert isinstance(back, Plan)
    assert set(back.change) == {MOVE}
    assert back.warnings == (f"$LATEST stays as it is, with {latest.memory} MB: somebody changes it",)


def test_latest_is_left_alone_if_it_had_the_memory_before_the_act() -> None:
    released = planned(IDLE, seen(alias(), function=function(memory=1536)))
    back = IDLE.undo(as_stored(released), MOVED, RequestKind.UNDO)
    assert isinstance(back, Plan)
    assert set(released.change) == {"PublishVersion", MOVE}
    assert set(back.change) == {MOVE}
    assert back.warnings == ("$LATEST stays as it is, with 1536 MB: it was not this act that changed it",)


@pytest.mark.parametrize(
    ("plan", "now", "reason"),
    [
        pytest.param(
            UNQUALIFIED, seen(function=function(memory=2048)), Reason.CHANGED_SINCE, id="another memory"
        ),
        pytest.param(UNQUALIFIED, seen(), Reason.CHANGED_SINCE, id="put back already"),
        pytest.param(ALIASED, seen(alias()), Reason.CHANGED_SINCE, id="alias put back already"),
        pytest.param(
            ALIASED, replace(MOVED, versions={"8": function("8")}), Reason.CHANGED_SINCE, id="a later deploy"
        ),
        pytest.param(
            ALIASED,
            replace(MOVED, aliases=(alias("live", "8", weighted={"9": 0.1}),)),
            Reason.CHANGED_SINCE,
            id="a deployment runs",
        ),
        pytest.param(
            UNQUALIFIED,
            seen(function=function(memory=1536, update="InProgress")),
            Reason.NOT_READY,
            id="an update runs",
        ),
    ],
)
def test_undo_refuses_when_somebody_changed_it_since(
    plan: Plan, now: FunctionObservation, reason: Reason
) -> None:
    found = IDLE.undo(plan, now, RequestKind.UNDO)
    assert isinstance(found, Obstacle)
    assert found.reason is reason


def test_undo_is_not_known_where_the_function_cannot_be_read() -> None:
    assert isinstance(IDLE.undo(UNQUALIFIED, seen(function=BLIND), RequestKind.UNDO), Unknown)


def test_looking_asks_for_the_versions_behind_the_aliases() -> None:
    found = on(FakeLambda.with_alias()).observe(TARGET)
    assert (set(found.versions), found.tags, found.provisioned) == ({"7"}, OPTED_IN, frozenset())


def test_a_function_that_is_not_there_has_no_tags_to_read() -> None:
    class Nothing(FakeLambda):
        def configuration(self, name: str, version: str) -> Any:
            return ABSENT

    found = on(Nothing()).observe(TARGET)
    assert found.tags == ABSENT


def test_a_function_that_failed_with_more_memory_gets_the_old_one_back() -> None:
    broken = seen(function=function(memory=1536, state="Failed"))

    back = IDLE.undo(UNQUALIFIED, broken, RequestKind.UNDO)

    assert IDLE.worse(UNQUALIFIED, broken) is True
    assert isinstance(back, Plan)
    assert back.summary == "put back lambda:orders: memory 1536 to 1024 MB"
