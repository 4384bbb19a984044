"""The authority below a composite: its live rule, and the tags of its red children."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Alarm, AlarmState, Metric, Target, Unresolved
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.intake.alarm_events import parse
from firebreak.intake.composites import MOST_LOOKED_AT, MOST_RED
from tests.intake.lookups import (
    ACCOUNT,
    API,
    PLAIN,
    REGION,
    Reads,
    child,
    composite,
    found_for,
    looked_up,
    metric,
    outcome,
)
from tests.support.sample_events import load

TARGET, ACTION = "firebreak:target", "firebreak:action"
WEB = Target(ACCOUNT, REGION, "ecs", "prod", "web")
LOAD_BALANCER = Metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", {"LoadBalancer": "app/x/1"})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({TARGET: "ecs:prod/api"}, "ecs:prod/api", id="its target"),
        pytest.param({TARGET: "ecs:prod/api", ACTION: "restart-service"}, "ecs:prod/api", id="same action"),
        pytest.param({TARGET: "ecs:prod/*"}, Reason.TARGET_MALFORMED, id="malformed"),
        pytest.param({TARGET: "ecs:prod/api", ACTION: "none"}, Reason.TARGET_NONE, id="no action"),
        pytest.param({TARGET: "ecs:prod/api", ACTION: "page"}, Reason.TARGET_NONE, id="a human"),
        pytest.param(
            {TARGET: "ecs:prod/api", ACTION: "scale-service"}, Reason.TARGET_NONE, id="other action"
        ),
        pytest.param({}, Reason.TARGET_NONE, id="no tags"),
        pytest.param(Unknown("throttled"), Reason.TARGET_UNREADABLE, id="could not look"),
        pytest.param(NotRead("offline"), Reason.TARGET_UNREADABLE, id="did not look"),
    ],
)
def test_a_red_child_names_the_target_by_its_tag(
    tags: Reading[Mapping[str, str]], expected: str | Reason
) -> None:
    described = {"5xx": child("5xx", LOAD_BALANCER)}

    assert outcome(looked_up(composite("5xx"), described, tags={"5xx": tags})) == expected


def test_a_childs_tag_comes_before_its_dimensions() -> None:
    described = {"a": child("a", metric("prod", "web"))}

    assert looked_up(composite("a"), described, tags={"a": {TARGET: "ecs:prod/api"}}) == API


def test_children_whose_tags_disagree_are_ambiguous() -> None:
    described = {"a": child("a"), "b": child("b", metric("prod", "web"))}

    found = looked_up(composite("a", "b"), described, tags={"a": {TARGET: "ecs:prod/api"}})

    assert found == Unresolved(Reason.TARGET_AMBIGUOUS, "the red children name ecs:prod/api, ecs:prod/web")


def test_a_child_for_another_action_gives_way_to_one_for_this() -> None:
    described = {"a": child("a", metric("prod", "web")), "b": child("b", metric("prod", "api"))}

    assert looked_up(composite("a", "b"), described, tags={"a": {ACTION: "scale-service"}}) == API


def test_a_refusal_names_the_children_that_are_for_something_else() -> None:
    described = {"a": child("a", metric("prod", "web"))}

    found = looked_up(composite("a"), described, tags={"a": {ACTION: "none"}})

    assert found == Unresolved(
        Reason.TARGET_NONE,
        "no red child of the composite names a target; "
        '"a" (firebreak:action="none") count for no restart-service',
    )


def test_the_tags_of_a_child_that_is_not_red_do_not_count() -> None:
    described = {"a": child("a", state=AlarmState.OK), "b": child("b", metric("prod", "api"))}

    assert looked_up(composite("a", "b"), described, tags={"a": {TARGET: "ecs:prod/web"}}) == API


def test_a_composite_below_may_name_the_target_of_all_that_is_below_it() -> None:
    described = {"inner": child("inner", children=("a",))}

    assert looked_up(composite("inner"), described, tags={"inner": {TARGET: "ecs:prod/api"}}) == API


def test_more_red_children_than_may_be_asked_for_their_tags_name_no_one_target() -> None:
    names = [str(number) for number in range(MOST_RED + 1)]
    described = {name: child(name, metric("prod", "api")) for name in names}

    assert outcome(looked_up(composite(*names[:-1]), described)) == "ecs:prod/api"
    assert outcome(looked_up(composite(*names), described)) is Reason.TARGET_AMBIGUOUS


def test_more_children_than_a_composite_can_have_are_malformed() -> None:
    names = [str(number) for number in range(MOST_LOOKED_AT + 1)]
    described = {name: child(name, state=AlarmState.OK) for name in names}

    assert outcome(looked_up(composite(*names[:-1]), described)) is Reason.TARGET_NONE
    assert outcome(looked_up(composite(*names), described)) is Reason.TARGET_MALFORMED


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (ABSENT, Reason.TARGET_NONE),
        (Unknown("throttled"), Reason.TARGET_UNREADABLE),
        (NotRead("offline"), Reason.TARGET_UNREADABLE),
    ],
)
def test_without_its_live_rule_a_composite_names_nothing(live: Reading[object], expected: Reason) -> None:
    found = found_for(composite("a"), reads=Reads({PLAIN.name: live}.__getitem__))  # type: ignore[arg-type]

    assert outcome(found) is expected


def test_a_child_that_only_the_event_names_does_not_count() -> None:
    described = {
        "a": child("a", metric("prod", "api")),
        "other-team": child("other-team", metric("prod", "web")),
    }

    assert looked_up(composite("other-team"), described, rule=("a",)) == API


ARNS = st.sampled_from(["a", "web", "other-team", "red"]).map(
    lambda name: f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
)
CHILD = st.fixed_dictionaries(
    {"arn": ARNS, "state": st.fixed_dictionaries({"value": st.sampled_from([*AlarmState, "?"])})}
)


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(CHILD, max_size=4).map(lambda found: json.dumps({"triggeringAlarms": found})),
    ),
    st.sets(st.sampled_from(["a", "web"])),
)
def test_whatever_the_state_reason_lists_the_target_is_one_that_the_live_rule_names(
    reason_data: str, rule: set[str]
) -> None:
    event = load("composite_tagged")
    event["detail"]["state"]["reasonData"] = reason_data  # type: ignore[index]
    alarm = parse(event)
    assert isinstance(alarm, Alarm)
    described = {
        "a": child("a", metric("prod", "api")),
        "web": child("web", metric("prod", "web")),
        "other-team": child("other-team", metric("prod", "pay")),
    }

    found = looked_up(replace(alarm, tags={}), described, rule=tuple(sorted(rule)))

    expected = {
        frozenset[str](): Reason.TARGET_NONE,
        frozenset({"a"}): API.display,
        frozenset({"web"}): WEB.display,
        frozenset({"a", "web"}): Reason.TARGET_AMBIGUOUS,
    }
    assert outcome(found) == expected[frozenset(rule)]
