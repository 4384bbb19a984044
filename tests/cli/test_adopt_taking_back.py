"""Taking an adoption back, resource by resource in memory: only what is still as it was added is removed."""

from collections.abc import Callable
from typing import Any

import pytest

from firebreak.errors import Denied, NotFound
from firebreak_cli.adopt.results import end_taken_back
from firebreak_cli.adopt.undo_file import Added
from firebreak_cli.adopt.undoing import TakenBack, Undone, looked, take_back
from firebreak_cli.exit_codes import NO_AWS, PARTLY_DONE, Ending
from tests.cli.adopted import Resources
from tests.cli.test_adopt_changes import ONE, PAGE, TWO

ADDED = Added(what="alarm one", arn=ONE, tags={**PAGE, "firebreak:severity": "info"})


@pytest.mark.parametrize(
    ("tags", "outcome", "left"),
    [
        ({**ADDED.tags, "team": "x"}, Undone.REMOVED, {"team": "x"}),
        ({"firebreak:action": "page"}, Undone.REMOVED, {}),
        ({"firebreak:action": "none"}, Undone.CHANGED, {"firebreak:action": "none"}),
        ({**ADDED.tags, "firebreak:action": "none"}, Undone.REMOVED, {"firebreak:action": "none"}),
        ({"team": "x"}, Undone.ALREADY, {"team": "x"}),
    ],
    ids=["both", "one is gone", "changed", "one changed", "none there"],
)
def test_only_tags_that_are_as_they_were_added_are_removed(
    tags: dict[str, str], outcome: Undone, left: dict[str, str]
) -> None:
    store = Resources({ONE: tags})
    taken = take_back([looked(ADDED, store)], lambda _: store)
    assert ([one.outcome for one in taken.removals], store.tags[ONE]) == ([outcome], left)


def test_what_cannot_be_read_is_not_taken_for_done() -> None:
    blind, gone = Resources({ONE: {}}, blind={ONE}), Resources()
    assert looked(ADDED, blind).outcome is Undone.NOT_READ
    assert looked(ADDED, gone).outcome is Undone.ALREADY
    with pytest.raises(Ending) as ended:
        end_taken_back(take_back([looked(ADDED, blind)], lambda _: blind))
    assert ended.value.code == NO_AWS


def test_expired_credentials_end_the_taking_back() -> None:
    class Refusing(Resources):
        def remove(self, arn: str, keys: Any) -> None:
            raise Denied("UntagResource", "ExpiredToken")

    store = Refusing({ONE: dict(ADDED.tags), TWO: dict(ADDED.tags)})
    second = ADDED.model_copy(update={"arn": TWO})
    taken = take_back([looked(ADDED, store), looked(second, store)], lambda _: store)
    assert [one.outcome for one in taken.removals] == [Undone.NOT_TRIED, Undone.NOT_TRIED]
    with pytest.raises(Ending) as ended:
        end_taken_back(taken)
    assert ended.value.code == NO_AWS


def taken_after(store: Resources, meanwhile: Callable[[], object]) -> TakenBack:
    """The taking back of what was looked at before somebody did something else."""
    removals = [looked(ADDED.model_copy(update={"arn": arn}), store) for arn in (ONE, TWO)]
    meanwhile()
    return take_back(removals, lambda _: store)


def two() -> Resources:
    return Resources({ONE: dict(ADDED.tags), TWO: dict(ADDED.tags)})


def test_a_tag_that_is_set_while_it_is_asked_is_kept_and_said() -> None:
    store = two()
    taken = taken_after(store, lambda: store.tags[ONE].update({"firebreak:action": "none"}))
    assert store.tags == {ONE: {"firebreak:action": "none"}, TWO: {}}
    first = taken.removals[0]
    assert (first.keys, first.kept) == (["firebreak:severity"], ["firebreak:action"])
    with pytest.raises(Ending) as ended:
        end_taken_back(taken)
    assert ended.value.code == PARTLY_DONE


def test_a_resource_of_which_every_tag_is_set_while_it_is_asked_is_left_as_it_is() -> None:
    store = two()
    other = {"firebreak:action": "none", "firebreak:severity": "error"}
    taken = taken_after(store, lambda: store.tags.update({ONE: dict(other)}))
    assert [one.outcome for one in taken.removals] == [Undone.CHANGED, Undone.REMOVED]
    assert (store.tags[ONE], store.made) == (other, [("remove", TWO)])


def test_what_cannot_be_read_again_is_not_removed() -> None:
    store = two()
    taken = taken_after(store, lambda: store.blind.add(ONE))
    assert [one.outcome for one in taken.removals] == [Undone.NOT_READ, Undone.REMOVED]
    assert store.made == [("remove", TWO)]


def test_what_is_deleted_while_it_is_asked_does_not_end_the_rest() -> None:
    store = two()
    taken = taken_after(store, lambda: store.tags.pop(ONE))
    assert [one.outcome for one in taken.removals] == [Undone.ALREADY, Undone.REMOVED]
    assert taken.error is None


def test_what_is_deleted_at_the_last_moment_does_not_end_the_rest_either() -> None:
    class Deleted(Resources):
        def remove(self, arn: str, keys: Any) -> None:
            if arn == ONE:
                raise NotFound("UntagResource", "ResourceNotFound")
            super().remove(arn, keys)

    store = Deleted(two().tags)
    taken = taken_after(store, lambda: None)
    assert [one.outcome for one in taken.removals] == [Undone.ALREADY, Undone.REMOVED]
    assert taken.error is None


def test_what_cannot_be_read_back_says_so() -> None:
    class Blinding(Resources):
        def remove(self, arn: str, keys: Any) -> None:
            super().remove(arn, keys)
            self.blind.add(arn)

    taken = taken_after(Blinding(two().tags), lambda: None)
    assert {(one.outcome, one.detail) for one in taken.removals} == {
        (Undone.REMOVED, "it could not be read back")
    }
