"""The inputs of a decision are kept, without secrets, and give the same decision again."""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Decision, Inputs, Snapshot
from firebreak.core.evaluation import EvaluatedPoint, Evaluation, Missing, MissingData
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.calendars import (
    CalendarAnswer,
    CalendarState,
    ChangeCalendar,
    UnusableCalendar,
)
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Act as Slot
from firebreak.core.limits.history import Decided, GroupSize, Hold, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.missing_data import data_of
from firebreak.core.model import (
    AlarmState,
    Contributor,
    Metric,
    Mute,
    Obstacle,
    Plan,
    Receipt,
    Request,
    RequestKind,
    Verdict,
)
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from firebreak.core.rules import Rules
from firebreak.errors import UnusableEvent
from firebreak.wire.decision_inputs import MOST_CHARACTERS, LeftOut, pack_inputs, unpack_inputs
from tests.core.test_decide_properties import acting_cases, all_rules, requests, snapshots
from tests.support import builders as a
from tests.test_secret_rules import SECRETS

# CloudWatch's sentence about missing data, which a guard reads; `set-alarm-state` takes any words in it.
SILENT = "Threshold Crossed: 2 datapoints {} and 3 missing datapoints were treated as [Breaching]."


def packed(inputs: Inputs) -> str:
    found = pack_inputs(inputs)
    assert isinstance(found, str)
    return found


def plain(kept: str) -> str:
    return zlib.decompress(base64.b64decode(kept)).decode()


def again(rules: Rules, inputs: Inputs) -> Decision:
    back = unpack_inputs(packed(inputs))
    return decide(back.request, rules, back.seen)


def essence(decision: Decision) -> tuple[object, ...]:
    """All of a decision but the words of its findings, which name people's reasons."""
    checks = [(one.guard, one.result, one.reason, one.until) for one in decision.checks]
    outcome = decision.outcome
    plan = outcome.plan.summary if isinstance(outcome, Act) else ""
    return decision.word, decision.reason, checks, plan, decision.policy_hash


@given(requests, all_rules, snapshots)
@settings(deadline=None)
def test_any_decision_is_made_again_from_what_was_kept(
    request: Request, rules: Rules, seen: Snapshot
) -> None:
    assert essence(decide(request, rules, seen)) == essence(again(rules, Inputs(request, seen)))


@given(acting_cases)
@settings(deadline=None)
def test_an_act_is_made_again_from_what_was_kept(case: tuple[Request, Snapshot]) -> None:
    decision = again(a.rules(), Inputs(*case))
    assert isinstance(decision.outcome, Act)
    assert decision.checks == decide(case[0], a.rules(), case[1]).checks


def with_texts(request: Request, seen: Snapshot, text: str) -> Inputs:
    """The inputs with that text in every part that belongs to others, and in what is sent to AWS."""
    alarm = replace(request.alarm, reason=SILENT.format(text), description=text, tags={"team": text})
    incident = a.incident(
        IncidentState.VERIFYING,
        alarm=alarm,
        note=text,
        earlier=(text,),
        plan=replace(a.PLAN, change={"value": text}, before={"value": text}),
        receipt=Receipt(summary=text, after={"deployment": "7", "value": text}),
    )
    return Inputs(
        replace(request, alarm=replace(alarm, tags={**request.alarm.tags, **alarm.tags})),
        replace(
            seen,
            holds=(Hold("global", "ana", text, a.NOW, a.LATER),),
            incident=incident,
            dependency_incidents=(incident,),
            alarm=a.described(reason=SILENT.format(text), description=text),
            alarm_tags={"team": text},
            target_tags={"team": text, "firebreak:enabled": "true"},
            series_in_alarm={"s1": Series(reason=text)},
            plan=replace(a.PLAN, change={"value": [text]}, before={"value": text}),
        ),
    )


@pytest.mark.parametrize(("line", "secret"), SECRETS.values(), ids=SECRETS)
def test_no_secret_is_kept_wherever_it_stood(line: str, secret: str) -> None:
    kept = plain(packed(with_texts(a.request(), a.snapshot(), line.format(secret))))
    assert secret not in kept
    assert json.dumps(secret)[1:-1] not in kept


@given(requests, all_rules, snapshots, st.sampled_from(sorted(SECRETS)))
@settings(deadline=None)
def test_no_decision_depends_on_a_text_that_was_left_out(
    request: Request, rules: Rules, seen: Snapshot, name: str
) -> None:
    line, secret = SECRETS[name]
    inputs = with_texts(request, seen, line.format(secret))

    first, second = decide(inputs.request, rules, inputs.seen), again(rules, inputs)

    assert essence(first) == essence(second)


@given(st.sampled_from(["2 datapoints", "7 out of the last 9 datapoints", "no datapoints were received for"]))
def test_a_sentence_about_missing_data_reads_the_same_when_it_was_kept(came: str) -> None:
    written = f"Threshold Crossed: {came} [token=x] and 4 missing datapoints were treated as [Breaching]."
    live = a.described(periods=5, treat_missing_data="breaching", reason=written)
    kept = unpack_inputs(packed(Inputs(a.request(), a.snapshot(alarm=live)))).seen.alarm
    assert isinstance(kept, DescribedAlarm)
    assert "token" not in kept.reason
    assert data_of(kept) == data_of(live)


def test_an_approval_of_another_change_is_still_another_one_after_it_was_kept() -> None:
    asked = a.incident(IncidentState.AWAITING_APPROVAL, plan=replace(a.PLAN, change={"count": 2}))
    request = a.request(RequestKind.APPROVAL, incident_id=asked.id, by="ana")

    def approved(count: float) -> Any:
        seen = a.snapshot(incident=asked, plan=replace(a.PLAN, change={"count": count}))
        checks = {check.guard: check for check in again(a.rules(), Inputs(request, seen)).checks}
        return checks["approved"].result

    assert [approved(2), approved(2.0), approved(3)] == ["passed", "passed", "objected"]


EVALUATION = Evaluation(
    query_date=a.NOW,
    period=60,
    statistic="Average",
    unit="Percent",
    threshold=80.5,
    values=(91.25, 1e-9),
    lower=(1.0,),
    upper=(2.0,),
    evaluated=(EvaluatedPoint(a.NOW, None, 80.5), EvaluatedPoint(None, 91.25)),
    missing=1,
    present=2,
)
MISSING = Missing(shown="ALARM", since=a.NOW, detail="no data", meaning=MissingData.SYMPTOM, source="its tag")
FULL = a.snapshot(
    holds=Unknown("ThrottlingException"),
    decided=Decided("k", a.NOW, "act", "clear_to_act"),
    transition=Transition(a.NOW, AlarmState.ALARM, "i-1"),
    incident=NotRead("offline"),
    storm=Storm(
        red=(RedAlarm(a.NOW, "s1", "name", "c"),),
        version=3,
        tripped_at=a.NOW,
        last_red_at=a.NOW,
        renewed_at=a.LATER,
        of_pages=True,
    ),
    scopes={
        a.scope(Level.TARGET): ScopeHistory(
            a.scope(Level.TARGET),
            (Slot(a.NOW, "i-1", "restart-service", 1, a.TARGET.key, Judged(Verdict.WORSE, a.LATER)),),
            7,
            "i-1",
            GroupSize(12, a.NOW),
        ),
        a.scope(Level.GROUP): ABSENT,
    },
    alarm=a.described(
        evaluation=EVALUATION, missing=MISSING, metrics=(Metric("AWS/ECS", "x", {"ClusterName": "prod"}),)
    ),
    alarm_tags={"firebreak:action": "restart-service", "aws:cloudformation:stack-name": "shop"},
    series_in_alarm={"s1": Series("", AlarmState.ALARM, MISSING)},
    plan=Obstacle(Reason.NOT_READY_UNREADABLE, "two deployments", (("d-1", a.NOW), ("d-2", None))),
    group=GroupCount(total=12, counted_at=a.NOW, healthy=frozenset({"k1", "k2"})),
    target_groups=frozenset({"tg/one"}),
    only_event=True,
)


def test_every_form_of_a_reading_comes_back_as_it_was() -> None:
    request = a.request(
        alarm=a.alarm(
            description="",
            reason="",
            evaluation=EVALUATION,
            contributor=Contributor("s1", {"ClusterName": "prod"}),
            mute=Mute("rule", a.LATER),
            tags={"firebreak:action": "none"},
        ),
        groups=frozenset({"tg/one"}),
        unhealthy_hosts=True,
        refused="cause",
    )
    assert unpack_inputs(packed(Inputs(request, FULL))) == Inputs(request, FULL)


def test_a_plan_comes_back_with_all_that_a_guard_reads() -> None:
    way = RollbackTarget(suspected_since=a.NOW, newest=(a.NOW, a.LATER))
    plan = replace(a.PLAN, doubts=("two suspects",), warnings=("unpinned",), rollback_target=way)
    kept = unpack_inputs(packed(Inputs(a.request(), a.snapshot(plan=plan)))).seen.plan
    assert isinstance(kept, Plan)
    assert replace(kept, change=plan.change, before=plan.before) == plan


def test_every_part_of_a_snapshot_is_kept() -> None:
    kept = json.loads(plain(packed(Inputs(a.request(), a.snapshot()))))
    assert set(kept["seen"]) == {part.name for part in fields(Snapshot)}
    assert set(kept["request"]) == {part.name for part in fields(Request)}


CALENDARS = {
    "arn:1": CalendarAnswer(CalendarState.CLOSED, a.LATER),
    "arn:2": CalendarAnswer(CalendarState.OPEN),
    "arn:3": UnusableCalendar("InvalidDocumentType"),
    "arn:4": ABSENT,
    "arn:5": Unknown("GetCalendarState: ThrottlingException"),
    "arn:6": NotRead("offline"),
}


def test_the_reading_of_each_calendar_is_kept_as_it_was() -> None:
    back = unpack_inputs(packed(Inputs(a.request(), a.snapshot(calendars=CALENDARS))))
    assert back.seen.calendars == CALENDARS


@pytest.mark.parametrize("arn", sorted(CALENDARS))
@pytest.mark.parametrize("despite", ["", "VP on the phone"])
def test_a_decision_in_a_freeze_is_made_again_from_what_was_kept(arn: str, despite: str) -> None:
    request = a.request(RequestKind.WAKE, by="ana", despite_freeze=despite)
    rules = a.rules(calendars=(ChangeCalendar("prod-changes", arn),))
    seen = a.snapshot(calendars=CALENDARS)
    assert essence(decide(request, rules, seen)) == essence(again(rules, Inputs(request, seen)))


def test_the_reason_of_a_human_who_overrides_a_freeze_is_not_kept_with_the_inputs() -> None:
    kept = plain(packed(Inputs(a.request(despite_freeze="the VP's number is 555"), a.snapshot())))
    assert "555" not in kept
    assert json.loads(kept)["request"]["despite_freeze"] == "given"
    assert json.loads(plain(packed(Inputs(a.request(), a.snapshot()))))["request"]["despite_freeze"] == ""


def test_what_an_earlier_release_kept_has_no_calendars_and_is_read() -> None:
    def as_before(stored: dict[str, Any]) -> None:
        del stored["seen"]["calendars"], stored["request"]["despite_freeze"]

    back = unpack_inputs(changed(as_before))
    assert (back.seen.calendars, back.request.despite_freeze) == ({}, "")


def test_a_snapshot_that_is_too_large_is_left_out_and_says_so() -> None:
    tags = {f"firebreak:{n}": f"{n * 7919**3:x}" * 9 for n in range(2000)}
    left_out = pack_inputs(Inputs(a.request(), a.snapshot(target_tags=tags)))
    assert isinstance(left_out, LeftOut)
    assert "too large" in left_out.why
    assert str(MOST_CHARACTERS) in left_out.why


def test_a_text_that_cannot_be_written_leaves_the_snapshot_out_and_raises_nothing() -> None:
    assert isinstance(pack_inputs(Inputs(a.request(by="\ud800"), a.snapshot())), LeftOut)


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    stored = json.loads(plain(packed(Inputs(a.request(), a.snapshot()))))
    change(stored)
    return base64.b64encode(zlib.compress(json.dumps(stored).encode())).decode()


DAMAGED = {
    "empty": "",
    "no base64": "snow!",
    "no zlib": base64.b64encode(b"snow").decode(),
    "cut": packed(Inputs(a.request(), a.snapshot()))[:400],
    "no JSON": base64.b64encode(zlib.compress(b"snow")).decode(),
    "no object": base64.b64encode(zlib.compress(b"[]")).decode(),
    "endless": base64.b64encode(zlib.compress(b" " * 5_000_000)).decode(),
    "newer": changed(lambda stored: stored.update(v=2)),
    "without its request": changed(lambda stored: stored.pop("request")),
    "without a part": changed(lambda stored: stored["seen"].pop("storm")),
    "odd reading": changed(lambda stored: stored["seen"].update(storm={"maybe": 1})),
    "odd scope": changed(lambda stored: stored["seen"].update(scopes=[1])),
    "time without its zone": changed(lambda stored: stored["seen"].update(now="2026-11-20T10:00:30")),
    "odd time": changed(lambda stored: stored["seen"].update(now="yesterday")),
}


@pytest.mark.parametrize("kept", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_one_error_of_one_kind(kept: str) -> None:
    with pytest.raises(UnusableEvent):
        unpack_inputs(kept)


def test_a_part_that_a_later_release_adds_is_passed_over() -> None:
    later = changed(
        lambda stored: (stored["seen"].update(moon="full"), stored["request"].update(mood="good"))
    )
    assert unpack_inputs(later).seen.now == a.NOW
