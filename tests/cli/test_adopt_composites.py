"""Composite alarms in a plan of `firebreak adopt`, and plans of any alarms at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.services.registry import CATALOG
from tests.cli.adopted import (
    LESS,
    SCALING,
    composite,
    entry,
    existing,
    planned,
    raw,
)
from tests.cli.alarm_stores import ON
from tests.cli.test_adopt_rules import OPTED, L
from tests.support import builders as a


def pair(**changes: Any) -> list[Any]:
    """Two alarms on the memory of one service; the changes are the second one's."""
    return [existing(raw("one")), existing(raw("two", **changes))]


BOTH = existing(composite("both", 'ALARM("one") AND ALARM("two")'))


def test_a_composite_is_adopted_for_its_children_which_are_left_to_it() -> None:
    found = {one.alarm: one for one in planned(*pair(), BOTH).entries}
    assert found["both"].missing == {
        "firebreak:action": "restart-service",
        "firebreak:target": "ecs:prod/api",
    }
    assert (found["one"].reason, found["two"].reason) == (L.COMPOSITE_CHILD, L.COMPOSITE_CHILD)
    leads = "its metric leads to restart-service without a tag"
    note = f"{leads}: tag it firebreak:action=none if only the composite is to be acted on"
    assert found["one"].notes == (note,)


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "AWS/ECS CPUUtilization"},
        {"dimensions": {"ClusterName": "prod", "ServiceName": "web"}},
        {"metric": "AWS/RDS CPUUtilization"},
        {"ComparisonOperator": LESS},
    ],
    ids=["another action", "another target", "no action", "the low side"],
)
def test_a_composite_whose_children_differ_is_left_alone_and_they_are_judged_alone(
    changes: dict[str, Any],
) -> None:
    found = {one.alarm: one for one in planned(*pair(**changes), BOTH).entries}
    assert found["both"].reason is L.CHILDREN_DIFFER
    assert found["one"].reason is None


FOR_ANOTHER_REASON = [
    'NOT ALARM("one")',
    "ALARM(one) AND NOT ALARM(two)",
    "NOT (ALARM(one) AND ALARM(two))",
    "ALARM(one) AND OK(two)",
    "ALARM(one) OR INSUFFICIENT_DATA(two)",
    "ALARM(one) OR TRUE",
    "AT_LEAST(1, NOT ALARM, (one, two))",
    "AT_LEAST(0, ALARM, (one, two))",
    "AT_LEAST(1, NOT OK, (one, two))",
    "AT_LEAST(1, ALARM, (one)) AND OK(two)",
    "ALARM(one) XOR ALARM(two)",
    "ALARM(one) OR " + " " * 10_240 + "ALARM(two)",
]


@pytest.mark.parametrize("rule", FOR_ANOTHER_REASON, ids=lambda rule: rule[:40])
def test_a_composite_that_can_be_red_for_another_reason_than_red_children_is_left_alone(rule: str) -> None:
    odd = existing(composite("quiet", rule))
    assert entry(odd, *pair()).reason is L.CHILDREN_DIFFER
    over = existing(composite("over", "ALARM(quiet)"))
    assert entry(over, odd, *pair()).reason is L.CHILDREN_DIFFER


@pytest.mark.parametrize(
    "rule",
    [
        "(ALARM(one)) OR\n\tALARM( two )",
        'ALARM("one") AND (ALARM("two") OR ALARM(one))',
        "AT_LEAST(1, ALARM, (one, two))",
        'AT_LEAST(50%, ALARM, ("one", "two")) AND ALARM(one)',
    ],
)
def test_a_composite_of_nothing_but_red_children_is_adopted(rule: str) -> None:
    assert entry(existing(composite("both", rule)), *pair()).reason is None


def test_the_words_of_a_rule_in_a_child_s_name_are_its_name() -> None:
    name = "NOT OK(x) TRUE"
    rules = (f'ALARM("{name}")', f'AT_LEAST(1, ALARM, ("{name}"))')
    found = [entry(existing(composite("both", rule)), existing(raw(name))).reason for rule in rules]
    assert found == [None, None]


def test_a_child_that_was_not_read_speaks_against_its_composite() -> None:
    assert entry(BOTH, existing(raw("one"))).why == 'its child "two" was not read, or nests too deep'


def test_a_child_of_another_account_is_not_the_alarm_of_that_name_here() -> None:
    elsewhere = f"arn:aws:cloudwatch:{a.REGION}:444455556666:alarm:one"
    found = entry(existing(composite("far", f'ALARM("{elsewhere}")')), existing(raw("one")))
    assert found.reason is L.CHILDREN_DIFFER


def test_composites_are_followed_three_levels_deep() -> None:
    levels = [existing(composite(f"c{n}", f"ALARM(c{n + 1})")) for n in range(3)]
    deep = [*levels, existing(composite("c3", "ALARM(one)")), existing(raw("one"))]
    found = {one.alarm: one.reason for one in planned(*deep).entries}
    assert found["c0"] is L.CHILDREN_DIFFER
    assert found["c1"] is None


def test_a_composite_that_names_itself_ends() -> None:
    assert entry(existing(composite("loop", "ALARM(loop)"))).reason is L.CHILDREN_DIFFER


def test_a_tagged_composite_keeps_its_children_to_itself() -> None:
    shape = composite("both", "ALARM(one) OR ALARM(two)", ActionConfiguration=ON)
    tagged = existing(shape, {"firebreak:action": "scale-service"})
    found = {one.alarm: one for one in planned(tagged, *pair(), target_tags=OPTED).entries}
    assert (found["both"].action, found["both"].reason) == ("scale-service", L.NOTHING_MISSING)
    assert found["one"].reason is L.NOTHING_MISSING


def test_a_child_with_an_action_of_its_own_is_judged_by_itself() -> None:
    tagged = existing(raw("two"), {"firebreak:action": "restart-service"})
    found = {one.alarm: one for one in planned(existing(raw("one")), tagged, BOTH).entries}
    assert (found["one"].reason, found["two"].reason) == (L.COMPOSITE_CHILD, None)


NAMES = [f"n{number}" for number in range(5)]
SHAPES_OF_ALARMS = st.builds(
    lambda name, metric, service, comparison, actions: raw(
        name,
        metric,
        dimensions={"ClusterName": "prod", "ServiceName": service},
        ComparisonOperator=comparison,
        AlarmActions=actions,
    ),
    st.sampled_from(NAMES),
    st.sampled_from(["AWS/ECS MemoryUtilization", "AWS/ECS CPUUtilization", "AWS/RDS CPUUtilization"]),
    st.sampled_from(["api", "web"]),
    st.sampled_from(["GreaterThanThreshold", LESS]),
    st.sampled_from([[], [SCALING], ["odd"]]),
)
COMPOSITES = st.builds(
    lambda name, children: composite(name, " OR ".join(f"ALARM({child})" for child in children)),
    st.sampled_from(["c0", "c1", "c2"]),
    st.lists(st.sampled_from([*NAMES, "c0", "c1", "c2"]), min_size=1, max_size=3),
)
TAGS_OF_ALARMS = st.dictionaries(
    st.sampled_from(["firebreak:action", "firebreak:target", "ManagedBy", "severity"]),
    st.sampled_from(["restart-service", "none", "page", "ecs:prod/web", "terraform", "P1", "odd"]),
    max_size=2,
)
ALARMS = st.lists(
    st.tuples(st.one_of(SHAPES_OF_ALARMS, COMPOSITES), TAGS_OF_ALARMS),
    unique_by=lambda one: one[0]["AlarmName"],
    max_size=8,
)


@given(ALARMS, st.randoms(use_true_random=False))
def test_whatever_the_alarms_are_each_is_judged_once_in_any_order(alarms: list[Any], mix: Any) -> None:
    read = [existing(shape, tags) for shape, tags in alarms]
    shuffled = [*read]
    mix.shuffle(shuffled)
    plan = planned(*read)
    assert planned(*shuffled) == plan
    assert [one.alarm for one in plan.entries] == sorted(shape["AlarmName"] for shape, _ in alarms)
    for one in plan.entries:
        assert one.adopted is (one.reason is None)
        assert not one.missing.keys() & (one.tags or {}).keys()
        if one.adopted:
            assert CATALOG.service_of(one.action) == one.target.partition(":")[0]
            assert one.missing or one.needs_opt_in
