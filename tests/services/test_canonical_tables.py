"""The tables of sets and sequences, held against everything that botocore's model of these answers has."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.model import StructureShape
from hypothesis import given
from hypothesis import strategies as st

from firebreak.services.canonical import (
    FUNCTION_CONFIGURATION,
    SERVICE_REVISION,
    TASK_DEFINITION,
    Kind,
    Table,
    fingerprint,
)
from firebreak.services.ecs import client_deployments
from firebreak.services.lambda_ import client
from tests.services.full_shapes import Filler, places, reordered, shape, shuffled


@dataclass(frozen=True)
class Answer:
    """A document of AWS that is compared, with its table and the members of it that are not compared."""

    service: str
    shape: str
    table: Table
    left_out: frozenset[str] = frozenset()

    def places(self) -> dict[str, str]:
        return dict(places(shape(self.service, self.shape), self.left_out))

    def full(self) -> Any:
        return Filler(self.left_out).fill(shape(self.service, self.shape))

    def paths(self, kind: Kind) -> list[str]:
        return [path for path, one in self.table.items() if one.kind is kind]


ANSWERS = [
    Answer("ecs", "TaskDefinition", TASK_DEFINITION),
    Answer("ecs", "RegisterTaskDefinitionRequest", TASK_DEFINITION),
    Answer("ecs", "ServiceRevision", SERVICE_REVISION, client_deployments.NOT_SETTINGS),
    Answer("lambda", "FunctionConfiguration", FUNCTION_CONFIGURATION, client.NOT_SETTINGS),
]
every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: one.shape)
chances = st.integers(0, 2**32).map(random.Random)


@every_answer
def test_every_list_and_map_of_the_model_is_in_the_table(answer: Answer) -> None:
    kinds = {path: "map" if one.kind is Kind.MAP else "list" for path, one in answer.table.items()}
    assert {path: kinds.get(path) for path in answer.places()} == answer.places()


@pytest.mark.parametrize("table", [TASK_DEFINITION, SERVICE_REVISION, FUNCTION_CONFIGURATION])
def test_a_table_names_nothing_that_the_model_does_not_have(table: Table) -> None:
    known = {path for answer in ANSWERS if answer.table is table for path in answer.places()}
    assert set(table) == known


@every_answer
def test_the_key_of_a_set_is_a_member_that_names_one(answer: Answer) -> None:
    keyed = [path for path, one in answer.table.items() if one.key and path in answer.places()]
    members = {path: _member(answer, path) for path in keyed}
    assert {path for path, one in members.items() if answer.table[path].key not in one.members} == set()


def _member(answer: Answer, path: str) -> StructureShape:
    one: Any = shape(answer.service, answer.shape)
    for part in path.split("."):
        one = one.members[part.removesuffix("[]")]
        one = one.member if part.endswith("[]") else one
    assert isinstance(one.member, StructureShape), path
    return one.member


@every_answer
@given(chance=chances)
def test_the_order_of_what_is_a_set_means_nothing(answer: Answer, chance: random.Random) -> None:
    full, sets = answer.full(), set(answer.paths(Kind.SET))
    again = shuffled(full, lambda path: path in sets, chance)
    assert fingerprint(again, answer.table) == fingerprint(full, answer.table)


def changed(value: Any, path: str, change: Callable[[list[Any]], list[Any]]) -> Any:
    """The same value with the lists at that path changed."""
    return reordered(value, lambda at, items: change(items) if at == path else items)


@every_answer
def test_the_order_of_every_sequence_means_something(answer: Answer) -> None:
    full = answer.full()
    sequences = [path for path in answer.paths(Kind.SEQUENCE) if path in answer.places()]
    for path in sequences:
        turned = changed(full, path, lambda items: items[::-1])
        assert turned != full, path
        assert fingerprint(turned, answer.table) != fingerprint(full, answer.table), path


@every_answer
def test_any_member_of_any_list_counts(answer: Answer) -> None:
    full = answer.full()
    for path, kind in answer.places().items():
        if kind == "list":
            fewer = changed(full, path, lambda items: items[1:])
            assert fingerprint(fewer, answer.table) != fingerprint(full, answer.table), path
