"""The alarms that a target's own tags let act on it, and the stack that they leave it to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Result
from firebreak.core.guards.consent import allows, other_stack, refuses
from firebreak.core.guards.ownership import opt_in
from firebreak.core.incident.states import IncidentState
from firebreak.core.incident.transitions import NOT_ALLOWED, joins
from firebreak.core.limits.history import Hold
from firebreak.core.model import RequestKind
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from tests.core.guard_findings import found
from tests.support import builders as a

HOLD = Hold("global", "ana", "migration", a.NOW, a.NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("tag", "alarm", "allowed"),
    [
        (None, "other-team", True),
        ("", "prod-api-5xx", False),
        ("   ", "prod-api-5xx", False),
        ("prod-api-", "prod-api-5xx", True),
        ("prod-api-", "prod-api", False),
        ("prod-api-", "prod-api2-5xx", False),
        ("prod-api-", "x-prod-api-5xx", False),
        ("prod-api", "prod-api", True),
        ("prod-api", "prod-api-5xx", False),
        ("prod/api/", "prod/api/5xx", True),
        ("prod-web- prod-api-", "prod-api-5xx", True),
        ("prod-web- prod-pay-", "prod-api-5xx", False),
        ("prod-api-", "PROD-API-5xx", False),
        ("-", "prod-api-5xx", False),
    ],
)
def test_a_name_is_allowed_as_a_whole_or_by_what_it_begins_with(
    tag: str | None,
    alarm: str,
    allowed: bool,  # a column of the table
) -> None:
    tags = {} if tag is None else {"firebreak:alarms": tag}
    assert allows(tags, alarm) is allowed


@given(st.text("ab-_ ", max_size=12), st.text("ab-_", min_size=1, max_size=8))
def test_an_alarm_is_only_allowed_by_an_entry_that_its_name_begins_with(tag: str, alarm: str) -> None:
    if allows({"firebreak:alarms": tag}, alarm):
        assert any(alarm.startswith(entry) for entry in tag.split())


@pytest.mark.parametrize(
    ("tags", "result", "reason"),
    [
        ({"firebreak:alarms": "api-"}, Result.PASSED, None),
        ({"firebreak:alarms": "web-"}, Result.OBJECTED, Reason.ALARM_NOT_ALLOWED),
        ({"firebreak:alarms": "api-", "firebreak:enabled": "no"}, Result.OBJECTED, Reason.NOT_OPTED_IN),
        ({"firebreak:stack": "firebreak"}, Result.PASSED, None),
        ({"firebreak:stack": "firebreak-b"}, Result.OBJECTED, Reason.OTHER_STACK),
        ({"firebreak:stack": ""}, Result.OBJECTED, Reason.OTHER_STACK),
        ({"firebreak:stack": "firebreak-b", "firebreak:enabled": "no"}, Result.OBJECTED, Reason.OTHER_STACK),
    ],
)
@pytest.mark.parametrize("incident", ["", "i-1"])
def test_opting_in_asks_the_target_which_alarms_may_act_on_it(
    tags: dict[str, str], result: Result, reason: Reason | None, incident: str
) -> None:
    seen = a.snapshot(target_tags={"firebreak:enabled": "true"} | tags)
    check = opt_in(a.request(incident_id=incident), a.rules(), seen)  # by the alarm api-memory-high
    assert found(check) == (result, reason)


TAGS: st.SearchStrategy[Reading[Mapping[str, str]]] = st.one_of(
    st.sampled_from([ABSENT, Unknown("503"), NotRead("not asked")]),
    st.fixed_dictionaries(
        {},
        optional={
            "firebreak:enabled": st.sampled_from(["true", "no"]),
            "firebreak:alarms": st.sampled_from(["", "api-", "web-", "api-memory-high"]),
            "firebreak:stack": st.sampled_from(["", "firebreak", "firebreak-b"]),
        },
    ),
)


@given(TAGS)
def test_a_target_refuses_an_alarm_exactly_where_the_opt_in_guard_finds_that_it_does(
    tags: Reading[Mapping[str, str]],
) -> None:
    check = opt_in(a.request(), a.rules(), a.snapshot(target_tags=tags))
    refused = check.reason in {*NOT_ALLOWED, Reason.TARGET_MISSING}
    assert refuses(tags, a.alarm().name, "firebreak") is refused


@given(TAGS, st.sampled_from(list(IncidentState)), st.booleans())
def test_an_alarm_that_its_target_is_known_not_to_allow_joins_no_incident(
    tags: Reading[Mapping[str, str]],
    state: IncidentState,
    held: bool,
) -> None:
    incident = a.incident(state=state, id="i-00000000aa")
    holds = a.snapshot().holds if not held else (HOLD,)
    request = a.request()
    decision = decide(request, a.rules(), a.snapshot(target_tags=tags, incident=incident, holds=holds))
    if isinstance(tags, Mapping) and refuses(tags, request.alarm.name, "firebreak"):
        assert not joins(request, decision, incident)


STACKS = st.lists(st.text("ab-", min_size=1, max_size=3), min_size=2, max_size=4, unique=True)


@given(STACKS, st.text("ab-", max_size=3))
def test_of_several_stacks_at_most_the_one_that_the_target_names_may_act_on_it(
    stacks: list[str], named: str
) -> None:
    may_act = [stack for stack in stacks if other_stack({"firebreak:stack": named}, stack) is None]

    assert may_act == [stack for stack in stacks if stack == named]


def test_without_the_tag_every_stack_may_act_and_a_stack_that_was_not_deployed_is_any() -> None:
    assert other_stack({}, "firebreak") is None
    assert other_stack({"firebreak:stack": "firebreak-b"}, "") is None


def test_a_human_acts_by_the_stack_that_the_target_names_as_well() -> None:
    request = replace(a.request(), kind=RequestKind.MANUAL, by="ana")
    seen = a.snapshot(target_tags={"firebreak:enabled": "true", "firebreak:stack": "firebreak-b"})
    check = opt_in(request, a.rules(), seen)
    assert found(check) == (Result.OBJECTED, Reason.OTHER_STACK)
    assert (check.guard, check.detail) == (
        "opt-in",
        "firebreak:stack is 'firebreak-b', and this is firebreak",
    )


def test_one_that_is_allowed_joins() -> None:
    incident = a.incident(id="i-00000000aa")
    decision = decide(a.request(), a.rules(), a.snapshot(incident=incident))
    assert joins(a.request(), decision, incident)
