"""What a decision was made of is kept, without secrets, and gives the same decision again."""

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
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.missing_data import data_of
from firebreak.core.model import Receipt, Request, RequestKind
from firebreak.core.observed import DescribedAlarm, Series
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


def test_every_part_of_a_snapshot_is_kept() -> None:
    kept = json.loads(plain(packed(Inputs(a.request(), a.snapshot()))))
    assert set(kept["seen"]) == {part.name for part in fields(Snapshot)}
    assert set(kept["request"]) == {part.name for part in fields(Request)}


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
