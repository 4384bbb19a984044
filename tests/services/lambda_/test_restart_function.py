"""Restarting a function: the mark in its description, the release behind an alias, and no undo."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled, same_change
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Conflict, OutcomeUnknown
from firebreak.services.lambda_.actions.restart_function import LONGEST, MARK, RestartFunction, marked
from firebreak.services.lambda_.functions import LATEST, FunctionObservation
from tests.support import builders as a
from tests.support.builders_functions import (
    CODE,
    OTHER_CODE,
    TARGET,
    FakeLambda,
    Time,
    alias,
    as_stored,
    function,
    planned,
    raising,
    refused,
    request,
    rules,
    seen,
)

UPDATE, PUBLISH, MOVE = "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"
SINCE = a.alarm().since
NOW_MARK = "Takes orders [restarted, red since 2026-11-20T10:00:00Z]"
BLIND = Unknown("GetFunctionConfiguration: AccessDenied")


def on(aws: FakeLambda) -> RestartFunction:
    return RestartFunction(aws, aws, Time().pace)


IDLE = on(FakeLambda())


# --- the mark


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("Takes orders", NOW_MARK, id="added"),
        pytest.param("Takes orders [restarted, red since 2026-11-01T00:00:00Z]", NOW_MARK, id="replaced"),
        pytest.param("", "[restarted, red since 2026-11-20T10:00:00Z]", id="no description"),
        pytest.param(
            "[restarted, red since 2026-11-01T00:00:00Z]",
            "[restarted, red since 2026-11-20T10:00:00Z]",
            id="only a mark",
        ),
        pytest.param(
            "[restarted by hand] orders",
            "[restarted by hand] orders [restarted, red since 2026-11-20T10:00:00Z]",
            id="words",
        ),
    ],
)
def test_the_mark_of_this_trouble_is_put_in_place_of_an_earlier_one(before: str, after: str) -> None:
    assert marked(before, SINCE) == after


def test_the_time_is_written_in_utc() -> None:
    elsewhere = a.NOW.astimezone(timezone(timedelta(hours=9)))
    assert marked("", elsewhere) == marked("", a.NOW)


@given(
    description=some.text(max_size=LONGEST),
    moments=some.lists(
        some.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001
        min_size=1,
        max_size=4,
    ),
)
def test_however_often_it_is_restarted_there_is_one_mark_and_no_more_than_lambda_takes(
    description: str, moments: list[datetime]
) -> None:
    for moment in moments:
        before, description = description, marked(description, moment)
        assert len(description) <= LONGEST
        assert f"{moment:%Y-%m-%dT%H:%M:%SZ}]" in description
    if not MARK.search(before):
        assert len(MARK.findall(description)) == 1


def test_a_description_that_is_too_long_is_cut_and_that_is_said() -> None:
    plan = planned(IDLE, seen(function=function(description="x" * LONGEST)))
    assert plan.warnings == ("the description is cut to make room for the mark of the restart",)
    assert planned(IDLE, seen()).warnings == ()


# --- what is planned


def test_without_an_alias_only_the_description_is_sent_under_the_revision() -> None:
    plan = planned(IDLE, seen())
    assert plan.change == {
        UPDATE: {"FunctionName": "orders", "Description": NOW_MARK, "RevisionId": "revision-of-$LATEST"}
    }
    assert plan.summary == "restart lambda:orders: new execution environments"


def test_behind_an_alias_the_same_code_is_published_and_the_alias_moved() -> None:
    plan = planned(IDLE, seen(alias()))
    assert plan.change == {
        UPDATE: {"FunctionName": "orders", "Description": NOW_MARK, "RevisionId": "revision-of-$LATEST"},
        PUBLISH: {
            "FunctionName": "orders",
            "CodeSha256": CODE,
            "Description": NOW_MARK,
            "RevisionId": "revision-of-$LATEST",
        },
        MOVE: {
            "FunctionName": "orders",
            "Name": "live",
            "RevisionId": "revision-of-live",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        },
    }


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        pytest.param(seen(function=ABSENT), Reason.TARGET_MISSING, id="missing"),
        pytest.param(seen(function=function(state="Pending")), Reason.NOT_READY, id="pending"),
        pytest.param(seen(function=function(update="InProgress")), Reason.NOT_READY, id="busy"),
        pytest.param(seen(alias("a"), alias("b")), Reason.UNSAFE_ALIAS, id="several aliases"),
        pytest.param(seen(alias("live", "7", weighted={"8": 0.1})), Reason.UNSAFE_ALIAS, id="weights"),
        pytest.param(seen(alias(), provisioned=frozenset({"live"})), Reason.UNSAFE_ALIAS, id="provisioned"),
        pytest.param(
            seen(alias(), versions={"7": function("7", code=OTHER_CODE)}), Reason.UNSAFE_ALIAS, id="code"
        ),
        pytest.param(
            seen(alias(), versions={"7": function("7", memory=512)}), Reason.UNSAFE_ALIAS, id="memory"
        ),
        pytest.param(
            seen(alias(), versions={"7": function("7", settings={})}), Reason.UNSAFE_ALIAS, id="settings"
        ),
    ],
)
def test_a_busy_or_unsafe_function_is_left_alone(observation: FunctionObservation, reason: Reason) -> None:
    assert refused(IDLE, observation).reason is reason


@pytest.mark.parametrize(
    "observation",
    [
        seen(function=BLIND),
        seen(aliases=BLIND),
        seen(alias(), versions={"7": BLIND}),
        seen(alias(), provisioned=BLIND),
    ],
    ids=["function", "aliases", "version", "provisioned concurrency"],
)
def test_a_failed_read_is_never_taken_for_safe(observation: FunctionObservation) -> None:
    assert isinstance(IDLE.plan(request("restart-function"), observation, rules()), Unknown)


def test_after_a_roll_back_it_would_release_the_bad_code_so_it_refuses() -> None:
    text = refused(IDLE, seen(alias(version="6"), versions={"6": function("6", code=OTHER_CODE)}))
    assert text == Obstacle(
        Reason.UNSAFE_ALIAS, "the code of $LATEST is not that of version 6: publishing would release it"
    )


@pytest.mark.parametrize("observation", [seen(), seen(alias())], ids=["direct", "behind an alias"])
def test_the_plan_approved_later_is_the_plan_that_was_shown(observation: FunctionObservation) -> None:
    proposed = IDLE.plan(request("restart-function"), observation, rules())
    later = IDLE.plan(request("restart-function", at=a.NOW + timedelta(minutes=20)), observation, rules())
    assert isinstance(proposed, Plan)
    assert isinstance(later, Plan)
    assert same_change(proposed, later)


def test_one_trouble_restarts_it_once() -> None:
    text = refused(IDLE, seen(function=function(description=NOW_MARK)))
    assert text.reason is Reason.ALREADY_DONE
    assert text.detail == (
        "its description ends [restarted, red since 2026-11-20T10:00:00Z]: it was restarted for this trouble"
    )


def test_a_change_that_an_earlier_try_left_unreleased_is_only_released() -> None:
    plan = planned(IDLE, seen(alias(), function=function(description=NOW_MARK)))
    assert set(plan.change) == {PUBLISH, MOVE}


# --- carried out, and judged


def done(aws: FakeLambda) -> tuple[RestartFunction, Plan, Receipt]:
    """An action that looked, planned and acted."""
    action = on(aws)
    plan = as_stored(planned(action, action.observe(TARGET)))
    return action, plan, action.execute(plan)


def test_without_an_alias_one_call_is_made_and_no_value_but_the_description_changes() -> None:
    aws = FakeLambda()
    before = aws.latest
    action, plan, receipt = done(aws)
    assert aws.made == [UPDATE]
    assert replace(aws.latest, description=before.description, revision=before.revision) == before
    assert receipt.summary == "$LATEST has a new description"
    now = action.observe(TARGET)
    assert (action.outcome(plan, now), action.settled(plan, receipt, now)) == (True, Settled.YES)


def test_behind_an_alias_its_callers_get_a_fresh_version() -> None:
    aws = FakeLambda.with_alias(working=3)
    action, plan, receipt = done(aws)
    assert (aws.made, aws.aliases_now["live"].version) == ([UPDATE, PUBLISH, MOVE], "8")
    assert (aws.versions["8"].description, aws.versions["8"].code) == (NOW_MARK, aws.versions["7"].code)
    now = action.observe(TARGET)
    assert (action.outcome(plan, now), action.settled(plan, receipt, now)) == (True, Settled.YES)
    assert action.worse(plan, now) is False


def test_a_second_restart_replaces_the_mark_instead_of_appending() -> None:
    aws = FakeLambda()
    done(aws)
    action = on(aws)
    asked = request("restart-function")
    later = replace(asked, alarm=replace(asked.alarm, since=SINCE + timedelta(hours=1)))
    plan = action.plan(later, action.observe(TARGET), rules())
    assert isinstance(plan, Plan)
    action.execute(plan)
    assert aws.latest.description == "Takes orders [restarted, red since 2026-11-20T11:00:00Z]"


def test_a_function_that_somebody_changed_since_the_look_is_left_alone() -> None:
    aws = FakeLambda()
    action = on(aws)
    plan = planned(action, action.observe(TARGET))
    aws.latest = replace(aws.latest, revision="somebody-else's")
    with pytest.raises(Conflict):
        action.execute(plan)
    assert aws.latest.description == "Takes orders"


@pytest.mark.parametrize("call", [UPDATE, PUBLISH, MOVE])
def test_a_lost_reply_is_in_doubt_and_the_outcome_is_what_the_callers_run(call: str) -> None:
    aws = FakeLambda.with_alias()
    aws.after_write = raising(OutcomeUnknown(call, "ReadTimeoutError"), on=call)
    action = on(aws)
    plan = planned(action, action.observe(TARGET))
    with pytest.raises(OutcomeUnknown):
        action.execute(plan)
    assert action.outcome(plan, action.observe(TARGET)) is (call == MOVE)


@pytest.mark.parametrize(
    ("changes", "happened"),
    [
        pytest.param({"description": NOW_MARK}, True, id="marked"),
        pytest.param({}, False, id="as before"),
        pytest.param({"description": "other"}, None, id="somebody's description"),
    ],
)
def test_the_outcome_is_read_from_the_mark(changes: dict[str, Any], happened: bool | None) -> None:
    found = IDLE.outcome(planned(IDLE, seen()), seen(function=function(LATEST, **changes)))
    assert (None if isinstance(found, Unknown) else found) is happened


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_a_restart_is_not_reversible(kind: RequestKind) -> None:
    found = IDLE.undo(planned(IDLE, seen()), seen(), kind)
    assert (found.reason, IDLE.spec.temporary) == (Reason.NOT_REVERSIBLE, False)
