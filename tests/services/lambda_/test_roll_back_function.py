"""Rolling a function's alias back: whose fault it is, how far back, what is sent, and the way forward."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Conflict, OutcomeUnknown
from firebreak.services.lambda_.actions.roll_back_function import RollBackFunction
from firebreak.services.lambda_.functions import LATEST, FunctionObservation
from tests.support import builders as a
from tests.support.builders_functions import (
    OLD,
    OPTED_IN,
    OTHER_CODE,
    PUBLISHED,
    TARGET,
    FakeLambda,
    alias,
    as_stored,
    deployed,
    function,
    history,
    raising,
    request,
    rules,
    seen,
)

NAME = "roll-back-function"
MOVE = "UpdateAlias"
BLIND = Unknown("GetFunctionConfiguration: AccessDenied")
BY_NUMBER = "only its number says that version 6 ran behind alias live before: Lambda keeps no record of it"


def on(aws: FakeLambda) -> RollBackFunction:
    return RollBackFunction(aws, aws)


IDLE = on(FakeLambda())


def red(after: timedelta = timedelta(minutes=5)) -> Request:
    """The alarm turned red so long after version 7 was made."""
    asked = request(NAME)
    return replace(asked, alarm=replace(asked.alarm, since=PUBLISHED + after))


def planned(observation: FunctionObservation | None = None, asked: Request | None = None) -> Plan:
    plan = IDLE.plan(asked or red(), observation or deployed(), rules("roll-back-function"))
    assert isinstance(plan, Plan), plan
    return plan


def lately_deployed() -> FakeLambda:
    """A Lambda whose alias was just moved to version 7."""
    aws = FakeLambda.with_alias()
    aws.versions["6"] = OLD
    return aws


def test_the_alias_is_pointed_at_the_version_before_with_explicit_weights() -> None:
    plan = planned()
    assert plan.change == {
        MOVE: {
            "FunctionName": "orders",
            "Name": "live",
            "FunctionVersion": "6",
            "RevisionId": "revision-of-live",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        }
    }
    assert (plan.before["alias"], plan.before["version"], plan.warnings) == ("live", "7", (BY_NUMBER,))
    assert plan.summary == "point alias live of lambda:orders at version 6 instead of 7"


def test_past_deleted_versions_only_a_human_goes() -> None:
    older = (replace(OLD, version="2"), replace(OLD, version="3"))
    plan = planned(history(*older, function("7")))
    move: Any = plan.change[MOVE]
    text = "of versions 4 to 6, which were deleted, one may have run before 7: only its number speaks for 3"
    assert (move["FunctionVersion"], plan.doubts) == ("3", (text,))
    assert plan.warnings[0] == text
    assert planned(history(replace(OLD, version="5"), function("7"))).doubts == (
        "version 6, which was deleted, may have run before 7: only its number speaks for 5",
    )


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=5), timedelta(minutes=30)], ids=str)
def test_a_version_is_suspected_for_an_alarm_within_the_suspect_window(after: timedelta) -> None:
    assert MOVE in planned(asked=red(after)).change


@pytest.mark.parametrize(
    ("after", "text"),
    [
        pytest.param(
            timedelta(minutes=30, seconds=1),
            "version 7 was made 0:30:01 before the alarm turned red, limit 30m",
            id="long after",
        ),
        pytest.param(timedelta(days=2), "version 7 was made 2 days, 0:00:00 before", id="days after"),
        pytest.param(
            timedelta(milliseconds=-1), "the alarm was red before version 7 was made", id="before it"
        ),
    ],
)
def test_an_alarm_outside_of_it_is_not(after: timedelta, text: str) -> None:
    found = IDLE.plan(red(after), deployed(), rules("roll-back-function"))
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.NO_RECENT_DEPLOYMENT
    assert found.detail.startswith(text)


def test_the_policy_sets_the_suspect_window() -> None:
    found = IDLE.plan(
        red(timedelta(minutes=5)),
        deployed(),
        rules("roll-back-function", suspect_within=timedelta(minutes=4)),
    )
    assert isinstance(found, Obstacle)
    assert found.detail.endswith("limit 4m")


@pytest.mark.parametrize(
    ("observation", "reason", "text"),
    [
        pytest.param(
            seen(),
            Reason.NOTHING_TO_ROLL_BACK,
            "its callers use $LATEST, which has no earlier version",
            id="no alias",
        ),
        pytest.param(
            history(function("7")),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 7 is the oldest that exists",
            id="the first version",
        ),
        pytest.param(
            deployed(versions={"7": function("7"), "6": ABSENT}),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 6 does not exist any more",
            id="deleted just now",
        ),
        pytest.param(
            deployed(versions={"7": function("7"), "6": replace(OLD, state="Failed")}),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 6 cannot be invoked: it is Failed",
            id="cannot be invoked",
        ),
        pytest.param(
            history(function("6", description="other"), function("7")),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 6 is the oldest that exists",
            id="a restart of the first version",
        ),
        pytest.param(
            history(function("5"), function("6", memory=512), function("7")),
            Reason.NOTHING_TO_ROLL_BACK,
            "version 5 is the same as version 7 in code and settings",
            id="a raise back to what it was",
        ),
        pytest.param(
            deployed(published={6: OLD, 7: function("7"), 8: function("8")}),
            Reason.ROLLED_BACK_BEFORE,
            "alias live is at 7 and 8 exists: it was rolled back before, or 8 is not released yet",
            id="rolled back before",
        ),
        pytest.param(
            deployed(aliases=(alias("blue"), alias("green"))),
            Reason.UNSAFE_ALIAS,
            "its callers may use blue, green: tag it firebreak:alias with the one",
            id="several aliases",
        ),
        pytest.param(
            deployed(function=function(update="InProgress")),
            Reason.NOT_READY,
            "its last update is InProgress: somebody deploys it",
            id="being deployed",
        ),
        pytest.param(
            deployed(function=ABSENT), Reason.TARGET_MISSING, "lambda:orders does not exist", id="missing"
        ),
    ],
)
def test_an_obstacle_is_named(observation: FunctionObservation, reason: Reason, text: str) -> None:
    assert IDLE.plan(red(), observation, rules("roll-back-function")) == Obstacle(reason, text)


@pytest.mark.parametrize(
    "difference", [{"memory": 2048}, {"settings": {"Timeout": "3"}}, {"code": OTHER_CODE}], ids=str
)
def test_a_version_that_differs_is_worth_going_back_to(
    difference: dict[str, Any],
) -> None:
    assert MOVE in planned(history(function("6", **difference), function("7"))).change


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(deployed(function=BLIND), id="function"),
        pytest.param(deployed(aliases=BLIND), id="aliases"),
        pytest.param(deployed(function_tags=BLIND), id="tags"),
        pytest.param(deployed(published=BLIND), id="versions"),
        pytest.param(deployed(published=NotRead("no")), id="versions not read"),
        pytest.param(deployed(versions={"7": BLIND, "6": OLD}), id="the version behind the alias"),
        pytest.param(deployed(versions={"7": function("7"), "6": BLIND}), id="the version before"),
        pytest.param(deployed(versions={"7": function("7")}), id="the version before not read"),
        pytest.param(deployed(published={6: OLD}), id="published since"),
        pytest.param(
            history(function("6", hidden=("Environment",)), function("7")), id="what may be all that changed"
        ),
    ],
)
def test_a_failed_read_is_never_taken_for_absent(observation: FunctionObservation) -> None:
    assert isinstance(IDLE.plan(red(), observation, rules("roll-back-function")), Unknown)


@pytest.mark.parametrize(
    ("observation", "warning"),
    [
        pytest.param(
            deployed(provisioned=frozenset({"live"})),
            "alias live gets its concurrency again: calls start cold until then",
            id="provisioned",
        ),
        pytest.param(
            deployed(provisioned=BLIND),
            "whether the alias has provisioned concurrency is not known",
            id="unknown",
        ),
        pytest.param(
            deployed(versions={"7": function("7"), "6": replace(OLD, state="Inactive")}),
            "version 6 is Inactive: its first calls may fail",
            id="idle version",
        ),
        pytest.param(
            history(replace(OLD, memory=1023), function("7")),
            "memory goes from 1024 back to 1023 MB with it",
            id="less memory",
        ),
    ],
)
def test_an_effect_on_callers_is_a_warning_and_no_obstacle(
    observation: FunctionObservation, warning: str
) -> None:
    assert planned(observation).warnings == (BY_NUMBER, warning)


def test_the_deploy_that_will_move_it_again_is_named() -> None:
    tags = OPTED_IN | {"aws:cloudformation:stack-name": "shop"}
    assert planned(deployed(function_tags=tags)).reset_by.startswith(
        "the next deploy of stack shop will reset the version of alias live"
    )


def test_looking_reads_the_versions_behind_the_aliases_and_before_them() -> None:
    found = on(lately_deployed()).observe(TARGET)
    assert (set(found.versions), set(found.published)) == ({"6", "7"}, {6, 7})  # type: ignore[arg-type] # a mapping here


def test_an_alias_on_latest_has_no_version_before() -> None:
    aws = FakeLambda(aliases_now={"live": alias(version=LATEST)})
    assert on(aws).observe(TARGET).versions == {}


# --- carried out, and judged


def done(aws: FakeLambda) -> tuple[RollBackFunction, Plan, Receipt]:
    """An action that looked, planned and acted."""
    action = on(aws)
    found = action.plan(red(), action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(found, Plan), found
    plan = as_stored(found)
    return action, plan, action.execute(plan)


def test_one_call_moves_the_alias_and_changes_nothing_else() -> None:
    aws = lately_deployed()
    latest = aws.latest
    action, plan, receipt = done(aws)
    assert (aws.made, aws.aliases_now["live"].version, aws.latest) == ([MOVE], "6", latest)
    assert receipt == Receipt(summary="alias live is at version 6", after={"alias": "live", "version": "6"})
    now = action.observe(TARGET)
    assert (action.outcome(plan, now), action.worse(plan, now)) == (True, False)
    assert action.settled(plan, receipt, now) is Settled.YES


def test_it_is_not_rolled_back_twice() -> None:
    action, _, _ = done(aws := lately_deployed())
    aws.versions["5"] = function("5")
    again = action.plan(red(), action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(again, Obstacle)
    assert again.reason is Reason.ROLLED_BACK_BEFORE


def test_an_alias_that_was_moved_since_the_look_stays_where_it_is() -> None:
    aws = lately_deployed()
    action = on(aws)
    plan = action.plan(red(), action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(plan, Plan)
    aws.aliases_now["live"] = replace(alias(version="5"), revision="moved")
    with pytest.raises(Conflict):
        action.execute(plan)
    assert aws.aliases_now["live"].version == "5"


def test_a_lost_reply_is_in_doubt_and_the_alias_decides() -> None:
    aws = lately_deployed()
    aws.after_write = raising(OutcomeUnknown(MOVE, "ReadTimeoutError"), on=MOVE)
    action = on(aws)
    plan = action.plan(red(), action.observe(TARGET), rules("roll-back-function"))
    assert isinstance(plan, Plan)
    assert action.outcome(plan, action.observe(TARGET)) is False
    with pytest.raises(OutcomeUnknown):
        action.execute(plan)
    assert action.outcome(plan, action.observe(TARGET)) is True


@pytest.mark.parametrize(
    ("version", "state", "settled", "worse"),
    [
        pytest.param("6", "Active", Settled.YES, False, id="there"),
        pytest.param("6", "Pending", Settled.NOT_YET, False, id="waking up"),
        pytest.param("6", "Failed", Settled.FAILED, True, id="cannot be invoked"),
        pytest.param("7", "Active", None, False, id="put forward by somebody"),
        pytest.param("8", "Active", None, False, id="a later release"),
    ],
)
def test_the_outcome_is_the_version_that_the_alias_runs(
    version: str, state: str, settled: Settled | None, worse: bool
) -> None:
    now = deployed(aliases=(alias(version=version),), versions={version: function(version, state=state)})
    plan = planned()
    found = IDLE.settled(plan, Receipt(summary=""), now)
    assert (None if isinstance(found, Unknown) else found) is settled
    assert IDLE.worse(plan, now) is worse


def test_it_is_not_undone_automatically_because_that_would_deploy_the_suspect_version() -> None:
    action, plan, _ = done(lately_deployed())
    text = "rolling forward would deploy the faulty version again"
    refused = Obstacle(Reason.NOT_REVERSIBLE, text)
    assert action.undo(plan, action.observe(TARGET), RequestKind.UNDO) == refused


def test_undo_from_a_version_that_cannot_be_invoked_goes_to_the_exact_version_again() -> None:
    aws = lately_deployed()
    action, plan, _ = done(aws)
    aws.versions["6"] = replace(OLD, state="Failed")
    forward = action.undo(plan, action.observe(TARGET), RequestKind.UNDO)
    assert isinstance(forward, Plan)
    action.execute(as_stored(forward))
    assert (aws.aliases_now["live"].version, aws.made) == ("7", [MOVE, MOVE])
    assert action.outcome(forward, action.observe(TARGET)) is True


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(deployed(aliases=(alias(version="7"),)), id="moved forward"),
        pytest.param(
            deployed(aliases=(alias(version="8"),), versions={"8": function("8")}), id="a later release"
        ),
        pytest.param(deployed(aliases=(alias("live", "6", weighted={"8": 0.1}),)), id="a deployment runs"),
        pytest.param(deployed(aliases=(alias(version=LATEST),)), id="on $LATEST"),
    ],
)
def test_undo_refuses_when_somebody_moved_it_since(now: FunctionObservation) -> None:
    found = IDLE.undo(planned(), now, RequestKind.UNDO)
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.CHANGED_SINCE


@pytest.mark.parametrize(
    "now",
    [deployed(aliases=BLIND), deployed(aliases=()), deployed(function=BLIND)],
    ids=["a", "b", "c"],
)
def test_nothing_is_said_of_what_cannot_be_seen(now: FunctionObservation) -> None:
    plan = planned()
    assert isinstance(IDLE.undo(plan, now, RequestKind.UNDO), Unknown)
    assert isinstance(IDLE.outcome(plan, now), Unknown)
    assert isinstance(IDLE.worse(plan, now), Unknown)


def test_the_time_of_a_version_is_what_is_compared_with_the_alarm() -> None:
    late = function("7", modified=datetime(2026, 11, 1, tzinfo=a.NOW.tzinfo))
    found = IDLE.plan(red(), history(OLD, late), rules("roll-back-function"))
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.NO_RECENT_DEPLOYMENT
