import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.evaluation import Missing, MissingData
from firebreak.core.model import AlarmState, Failed, Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.services.ssm.runbooks import FAILED, RUNNING, SUCCEEDED
from tests.support import builders as a
from tests.support.builders_runbooks import (
    GUARD,
    OTHER_RUN_ID,
    REQUEST,
    ROLE,
    RUN_ID,
    TARGET,
    FakeSsm,
    action,
    document,
    planned,
    refused,
    rules,
    run,
    runbook,
    seen,
)

QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"
MODEL = botocore.session.get_session().get_service_model("ssm")
STATUSES: list[str] = MODEL.shape_for("AutomationExecutionStatus").metadata["enum"]
BLIND = Unknown("AccessDenied")
SILENCE = Missing(shown="ALARM", since=a.NOW, detail="no data since then", meaning=None, source="nobody")
RED, GREEN, UNCLEAR = (
    a.described(GUARD, state) for state in (AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA)
)
SILENT = replace(UNCLEAR, missing=SILENCE)
# Its owner declares that silence is the symptom.
SYMPTOM = replace(SILENCE, meaning=MissingData.SYMPTOM)
SILENT_AND_RED = replace(RED, missing=SYMPTOM)
LOST_ITS_DATA = replace(RED, missing=replace(SYMPTOM, shown="INSUFFICIENT_DATA"))


# --- looking


def test_it_looks_at_the_document_that_the_policy_names() -> None:
    ssm = FakeSsm()
    assert seen() == action(ssm).observe(TARGET)
    assert ssm.calls[0] == ("listed", "drain-orders")
    assert sorted(ssm.calls[1:]) == [
        ("alarm", GUARD),
        ("document", "Firebreak-DrainQueue", "3"),
        ("runs", "Firebreak-DrainQueue"),
        ("tags", "Firebreak-DrainQueue"),
    ]


def test_a_runbook_that_the_policy_does_not_name_is_not_looked_for() -> None:
    ssm = FakeSsm(book=ABSENT)
    found = action(ssm).observe(TARGET)
    assert ssm.calls == [("listed", "drain-orders")]
    assert isinstance(found.tags, NotRead)


def test_without_a_guard_no_alarm_is_looked_at() -> None:
    ssm = FakeSsm(book=runbook(guard=""))
    assert isinstance(action(ssm).observe(TARGET).guard, NotRead)
    assert "alarm" not in {name for name, *_ in ssm.calls}


def test_the_tags_of_a_missing_document_leave_the_word_to_the_plan() -> None:
    found = action(FakeSsm(tags_now=ABSENT, document_now=ABSENT)).observe(TARGET)
    assert isinstance(found.tags, NotRead)


# --- planning


def test_the_plan_holds_exactly_what_will_be_sent() -> None:
    plan = planned(seen(runs=(run(),)), incident_id="i-42")
    token = plan.change["ClientToken"]
    assert plan.change == {
        "DocumentName": "Firebreak-DrainQueue",
        "DocumentVersion": "3",
        "ClientToken": token,
        "Tags": [
            {"Key": "firebreak:incident", "Value": "i-42"},
            {"Key": "firebreak:runbook", "Value": "drain-orders"},
            {"Key": "firebreak:token", "Value": token},
        ],
        "Parameters": {"QueueUrl": [QUEUE]},
        "AlarmConfiguration": {"Alarms": [{"Name": GUARD}], "IgnorePollAlarmFailure": False},
    }
    assert plan.before == {"runs": [RUN_ID], "guard": GUARD, "sha256": ""}
    assert (
        plan.summary
        == "run runbook:drain-orders: Firebreak-DrainQueue version 3, stopped if orders-lost turns red"
    )
    assert plan.patience_seconds == 1200


def test_a_plan_is_the_same_after_it_was_stored() -> None:
    plan = planned(seen(runs=(run(),)))
    stored = json.loads(json.dumps([plan.change, plan.before]))
    assert stored == [plan.change, plan.before]


def test_without_parameters_and_guard_neither_is_sent() -> None:
    book = runbook(parameters={}, guard="")
    observation = seen(
        runbook=book, document=document(parameters={"BatchSize": "10"}), guard=NotRead("no guard")
    )
    plan = action().plan(REQUEST, observation, rules(book))
    assert isinstance(plan, Plan)
    assert {"DocumentName", "DocumentVersion", "ClientToken", "Tags"} == set(plan.change)
    assert plan.before["guard"] == ""


def test_the_token_is_the_same_for_the_same_rung_and_no_other() -> None:
    first = planned(incident_id="i-42", rung=0).change["ClientToken"]
    assert first == planned(incident_id="i-42", rung=0, attempt=3).change["ClientToken"]
    others = {
        planned(incident_id=incident, rung=rung).change["ClientToken"]
        for incident, rung in [("i-42", 1), ("i-43", 0), ("i-4", 20)]
    }
    assert len(others | {first}) == 4


def test_a_new_incidents_token_is_that_of_the_name_it_will_get() -> None:
    incident = planned().change["Tags"][0]["Value"]  # type: ignore[index]  # as in the plan
    assert planned(incident_id=incident).change["ClientToken"] == planned().change["ClientToken"]


@given(incident=st.text(min_size=1, max_size=40), rung=st.integers(0, 9))
def test_every_token_is_a_uuid_as_the_api_demands(incident: str, rung: int) -> None:
    token = str(planned(incident_id=incident, rung=rung).change["ClientToken"])
    assert (str(UUID(token)), 36) == (token, len(token))


@given(text=st.text())
def test_nothing_that_an_alarm_says_becomes_a_parameter(text: str) -> None:
    loud = replace(REQUEST.alarm, reason=text, description=text, name=text or "x")
    change = planned(alarm=loud, incident_id="i-42").change
    assert change == planned(incident_id="i-42").change


@pytest.mark.parametrize(
    ("observation", "reason", "detail"),
    [
        (seen(document=ABSENT), Reason.RUNBOOK_UNUSABLE, "version 3 does not exist"),
        (seen(document=document(status="Creating")), Reason.RUNBOOK_UNUSABLE, "is Creating"),
        (
            seen(document=document(status="Failed", status_detail="no such bucket")),
            Reason.RUNBOOK_UNUSABLE,
            "is Failed: no such bucket",
        ),
        (seen(document=document(kind="Command")), Reason.RUNBOOK_UNUSABLE, "type Command"),
        (
            seen(document=document(parameters={})),
            Reason.RUNBOOK_UNUSABLE,
            "takes no parameter QueueUrl",
        ),
        (
            seen(document=document(parameters={"QueueUrl": None, "Region": None})),
            Reason.RUNBOOK_UNUSABLE,
            "needs Region, which the policy does not give",
        ),
        (seen(document=document(role="")), Reason.RUNBOOK_UNUSABLE, "assumes no role"),
        (seen(document=document(role="{{ Role }}")), Reason.RUNBOOK_UNUSABLE, "assumes no role"),
        (seen(guard=RED), Reason.RUNBOOK_UNUSABLE, "orders-lost is red"),
        (seen(guard=SILENT), Reason.RUNBOOK_UNUSABLE, "orders-lost is red"),
        (seen(guard=LOST_ITS_DATA), Reason.RUNBOOK_UNUSABLE, "orders-lost is red"),
        (seen(guard=ABSENT), Reason.RUNBOOK_UNUSABLE, "orders-lost does not exist"),
        (seen(runs=(run("InProgress"),)), Reason.NOT_READY, f"run {RUN_ID} is InProgress"),
        (
            seen(runs=(run(), run("PendingApproval", id=OTHER_RUN_ID))),
            Reason.NOT_READY,
            f"run {OTHER_RUN_ID} is PendingApproval",
        ),
    ],
    ids=[
        "no such document or version",
        "being created",
        "failed to be made",
        "not an automation",
        "a parameter it does not take",
        "a parameter it needs",
        "no role of its own",
        "a role that nobody gives",
        "the guard is red already",
        "the guard is red without data",
        "the guard lost its data, which is red for its owner",
        "no such guard",
        "running",
        "an older one still running",
    ],
)
def test_a_runbook_that_cannot_be_run_is_refused_with_the_reason(
    observation: Any, reason: Reason, detail: str
) -> None:
    found = refused(observation)
    assert found.reason is reason
    assert detail in found.detail


def test_a_runbook_that_the_policy_does_not_name_is_refused() -> None:
    other = replace(REQUEST, target=replace(TARGET, name="format-disks"))
    found = action().plan(other, seen(runbook=ABSENT), rules())
    assert found == Obstacle(Reason.RUNBOOK_UNUSABLE, "the policy names no runbook format-disks")


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA])
def test_a_guard_that_is_not_red_lets_it_run(state: AlarmState) -> None:
    assert planned(seen(guard=state)).before["guard"] == GUARD


@pytest.mark.parametrize(
    "observation",
    [
        seen(document=BLIND),
        seen(guard=BLIND),
        seen(runs=BLIND),
        seen(runbook=BLIND),
        seen(runbook=runbook(version="4")),
    ],
    ids=["document", "guard", "runs", "policy", "policy changed meanwhile"],
)
def test_a_failed_read_makes_no_plan(observation: Any) -> None:
    assert isinstance(action().plan(REQUEST, observation, rules()), Unknown)


@pytest.mark.parametrize(
    ("default", "given", "runs"),
    [(ROLE, {}, True), (None, {"AutomationAssumeRole": (ROLE,)}, True), ("", {}, False)],
    ids=["by default", "by the policy", "empty by default"],
)
def test_a_role_may_be_a_parameter(default: str | None, given: dict[str, Any], *, runs: bool) -> None:
    takes = {"QueueUrl": None, "AutomationAssumeRole": default}
    book = runbook(parameters={**runbook().parameters, **given})
    observation = seen(runbook=book, document=document(parameters=takes, role="{{AutomationAssumeRole}}"))
    assert isinstance(action().plan(REQUEST, observation, rules(book)), Plan if runs else Obstacle)


# --- acting


def test_it_starts_one_run_with_exactly_the_planned_arguments() -> None:
    ssm, plan = FakeSsm(), planned()
    receipt = action(ssm).execute(plan)
    assert ssm.started == [plan.change]
    assert receipt == Receipt(summary=f"run {RUN_ID} of Firebreak-DrainQueue began", after={"run": RUN_ID})


@pytest.mark.parametrize(
    "change",
    [
        {"DocumentVersion": "$LATEST"},
        {"DocumentVersion": "$DEFAULT"},
        {"DocumentVersion": ""},
        {"ClientToken": ""},
        {"DocumentName": ""},
    ],
    ids=str,
)
def test_a_plan_without_a_fixed_version_or_a_token_is_never_sent(change: dict[str, object]) -> None:
    ssm, plan = FakeSsm(), planned()
    with pytest.raises(Rejected):
        action(ssm).execute(replace(plan, change={**plan.change, **change}))
    assert ssm.started == []


# --- what came of it


def run_of(plan: Plan, status: str = "Success", **changes: Any) -> Any:
    return run(status, token=plan.change["ClientToken"], **changes)


def test_after_a_lost_reply_a_run_with_the_token_is_the_one_that_was_started() -> None:
    plan = planned(seen(runs=(run(id=OTHER_RUN_ID),)))
    found = action().outcome(plan, seen(runs=(run_of(plan, "InProgress"), run(id=OTHER_RUN_ID))))
    assert found is True


def test_after_a_lost_reply_nothing_new_means_that_nothing_was_started() -> None:
    old = run(id=OTHER_RUN_ID, token=BLIND)
    assert action().outcome(planned(seen(runs=(old,))), seen(runs=(old,))) is False


def test_a_run_that_somebody_else_started_meanwhile_is_not_taken_for_that_of_firebreak() -> None:
    assert action().outcome(planned(), seen(runs=(run(token=ABSENT), run(token="another")))) is False


@pytest.mark.parametrize("token", [BLIND, NotRead("too old to matter")], ids=["unknown", "not read"])
def test_a_new_run_whose_token_is_not_known_leaves_it_open(token: Any) -> None:
    assert isinstance(action().outcome(planned(), seen(runs=(run(token=token),))), Unknown)


def test_runs_that_cannot_be_listed_leave_everything_open() -> None:
    plan, blind = planned(), seen(runs=BLIND)
    assert isinstance(action().outcome(plan, blind), Unknown)
    assert isinstance(action().settled(plan, Receipt(summary=""), blind), Unknown)


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_settles_as_it_says_itself(status: str) -> None:
    plan = planned()
    found = action().settled(plan, Receipt(summary="", after={"run": RUN_ID}), seen(runs=(run(status),)))
    if status in RUNNING:
        assert found is Settled.NOT_YET
    elif status in SUCCEEDED:
        assert found is Settled.YES
    elif status in FAILED:
        assert found == Failed(run(status).description)
    else:
        assert (status, isinstance(found, Unknown)) == ("Exited", True)


def test_every_status_means_one_thing_at_most() -> None:
    assert len(RUNNING | SUCCEEDED | FAILED) == len(RUNNING) + len(SUCCEEDED) + len(FAILED)
    assert set(STATUSES) - {"Exited"} == RUNNING | SUCCEEDED | FAILED


def test_a_status_of_tomorrow_is_unknown_with_what_the_run_says() -> None:
    odd = run("Levitating", failure="Step 2\n  floats away")
    found = action().settled(planned(), Receipt(summary="", after={"run": RUN_ID}), seen(runs=(odd,)))
    assert found == Unknown(f"run {RUN_ID} is Levitating: Step 2 floats away, which is an unknown status")


def test_after_a_lost_reply_the_run_is_known_by_its_token() -> None:
    plan = planned()
    assert action().settled(plan, Receipt(summary=""), seen(runs=(run_of(plan, "TimedOut"),))) == Failed(
        run_of(plan, "TimedOut").description
    )


def test_another_run_does_not_settle_the_one_that_was_started() -> None:
    receipt = Receipt(summary="", after={"run": RUN_ID})
    found = action().settled(planned(), receipt, seen(runs=(run(id=OTHER_RUN_ID),)))
    assert found == Unknown("Firebreak's run is not listed")


@pytest.mark.parametrize(
    ("observation", "worse"),
    [
        (seen(guard=GREEN), False),
        (seen(guard=UNCLEAR), False),
        (seen(guard=RED), True),
        (seen(guard=SILENT), None),
        (seen(guard=SILENT_AND_RED), True),
        (seen(guard=LOST_ITS_DATA), True),
        (seen(guard=ABSENT), None),
        (seen(guard=BLIND), None),
        (seen(runbook=ABSENT, guard=NotRead("no policy")), None),
        (seen(runbook=runbook(guard="another"), guard=RED), None),
    ],
    ids=[
        "green",
        "no data",
        "red",
        "red without data",
        "red without data, which is the symptom",
        "without data, which is the symptom",
        "gone",
        "unreadable",
        "not in the policy",
        "another guard",
    ],
)
def test_it_is_worse_when_its_guard_turned_red(observation: Any, *, worse: bool | None) -> None:
    found = action().worse(planned(), observation)
    assert isinstance(found, Unknown) if worse is None else found is worse


def test_without_a_guard_nobody_can_say_that_it_is_worse() -> None:
    plan = planned()
    assert action().worse(replace(plan, before={**plan.before, "guard": ""}), seen(guard=BLIND)) is False


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_it_cannot_be_taken_back_and_says_how_the_run_ended(kind: RequestKind) -> None:
    plan = planned()
    failed = run_of(plan, "Failed", failure="Step 1 fails:\n AccessDenied")
    found = action().undo(plan, seen(runs=(failed,)), kind)
    assert found.reason is Reason.NOT_REVERSIBLE
    assert found.detail.endswith(f"run {RUN_ID} is Failed: Step 1 fails: AccessDenied")
    assert action().undo(plan, seen(runs=BLIND), kind).reason is Reason.NOT_REVERSIBLE


def test_the_longest_story_of_a_failure_is_cut() -> None:
    assert len(run("Failed", failure="x" * 9000).description) < 400
