"""One form for equal meanings: sets sorted by key, sequences in their order, empty values left out."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.services.canonical import (
    ANY_ORDER,
    FUNCTION_CONFIGURATION,
    IN_ORDER,
    MAP,
    TASK_DEFINITION,
    Kind,
    Shape,
    canonical,
    fingerprint,
    has_mark,
    says,
)
from tests.support.builders import NOW

NAMED = {"set": Shape(Kind.SET, "name"), "sequence": IN_ORDER, "plain": ANY_ORDER, "map": MAP}


def containers(**members: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": "api", **members}]}


def test_a_set_is_sorted_by_its_key_and_a_sequence_is_not() -> None:
    two = [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}]
    assert canonical({"set": two, "sequence": two}, NAMED) == {"set": two[::-1], "sequence": two}


def test_two_members_of_one_key_keep_their_order() -> None:
    first, second = {"name": "A", "value": "2"}, {"name": "A", "value": "1"}
    assert canonical({"set": [first, second]}, NAMED) != canonical({"set": [second, first]}, NAMED)


def test_members_without_a_key_are_sorted_as_they_are() -> None:
    assert canonical({"plain": ["b", "a", 3]}, NAMED) == {"plain": ["a", "b", 3]}
    assert canonical({"plain": [{"b": 1}, {"a": 2}]}, NAMED) == {"plain": [{"a": 2}, {"b": 1}]}


def test_a_member_without_the_key_of_its_set_is_sorted_all_the_same() -> None:
    odd = [{"name": "A"}, {"value": "1"}]
    assert canonical({"set": odd}, NAMED) == canonical({"set": odd[::-1]}, NAMED)


def test_a_list_that_no_table_names_is_a_sequence() -> None:
    assert canonical({"new": ["b", "a"]}, NAMED) == {"new": ["b", "a"]}


@pytest.mark.parametrize("nothing", [None, "", [], {}, {"inner": []}, {"inner": {"deeper": ""}}], ids=str)
def test_an_empty_member_equals_a_missing_one(nothing: object) -> None:
    assert canonical({"plain": nothing, "kept": 1}, NAMED) == {"kept": 1}


@pytest.mark.parametrize("something", [0, False, "0", [""], [{}]], ids=str)
def test_zero_and_false_are_values(something: object) -> None:
    assert canonical({"one": something}, NAMED) == {"one": something}
    assert says(something)


def test_in_a_map_of_its_owner_an_empty_value_is_a_value() -> None:
    assert canonical({"map": {"debug": ""}}, NAMED) == {"map": {"debug": ""}}
    assert canonical({"map": {}}, NAMED) == {}


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ("environment", True),
        ("secrets", True),
        ("mountPoints", True),
        ("portMappings", True),
        ("ulimits", True),
        ("environmentFiles", False),
        ("volumesFrom", False),
        ("command", False),
        ("dnsServers", False),
    ],
)
def test_which_lists_of_a_container_may_be_in_any_order(field: str, *, same: bool) -> None:
    lines = [{"name": "A", "containerPath": "/a", "value": "1"}, {"name": "B", "containerPath": "/b"}]
    one, other = containers(**{field: lines}), containers(**{field: lines[::-1]})
    assert (fingerprint(one, TASK_DEFINITION) == fingerprint(other, TASK_DEFINITION)) is same


def test_containers_may_be_in_any_order() -> None:
    two = [{"name": "api", "image": "x"}, {"name": "proxy", "image": "x"}]
    one, other = {"containerDefinitions": two}, {"containerDefinitions": two[::-1]}
    assert fingerprint(one, TASK_DEFINITION) == fingerprint(other, TASK_DEFINITION)


def test_a_part_of_a_document_is_compared_under_its_path() -> None:
    one, other = {"SubnetIds": ["a", "b"]}, {"SubnetIds": ["b", "a"]}
    table = FUNCTION_CONFIGURATION
    assert fingerprint(one, table, "VpcConfig") == fingerprint(other, table, "VpcConfig")
    assert fingerprint(one, table) != fingerprint(other, table)
    layers = [{"Arn": "a"}, {"Arn": "b"}]
    assert fingerprint(layers, table, "Layers") != fingerprint(layers[::-1], table, "Layers")


def test_members_may_come_in_any_order_and_a_time_is_a_value() -> None:
    one, other = {"a": NOW, "b": {"c": 1, "d": 2}}, {"b": {"d": 2, "c": 1}, "a": NOW}
    assert fingerprint(one, NAMED) == fingerprint(other, NAMED)
    assert fingerprint(one, NAMED) != fingerprint(one | {"a": NOW + timedelta(seconds=1)}, NAMED)
    assert canonical({"plain": [one, other]}, NAMED) == {"plain": [one, other]}


def test_a_fingerprint_names_its_tables_and_reveals_nothing_of_its_source() -> None:
    made = fingerprint(containers(environment=[{"name": "PASSWORD", "value": "hunter2"}]), TASK_DEFINITION)
    assert has_mark(made)
    assert not has_mark("49a567b6f3ce177b481edc272245598874e0fc2c2dd6c9018a55760003ae5e2a")
    assert len(made) == len("1:") + 64


@given(st.lists(st.text(max_size=3), unique=True), st.randoms())
def test_a_set_in_any_order_is_one_value(members: list[str], chance: Any) -> None:
    again = chance.sample(members, len(members))
    assert canonical({"plain": again}, NAMED) == canonical({"plain": members}, NAMED)
