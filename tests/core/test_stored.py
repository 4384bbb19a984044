"""Values out of a stored plan, and the words for values that could not be read."""

from decimal import Decimal

import pytest

from firebreak.core.readings import ABSENT, Absent, NotRead, Unknown, unseen
from firebreak.services.stored_plans import Weights, value


def test_a_text_is_given_back_even_an_empty_one() -> None:
    assert value({"name": "shop"}, "name", str) == "shop"
    assert value({"name": ""}, "name", str) == ""


@pytest.mark.parametrize("stored", [{}, {"name": None}, {"name": Decimal(1)}, {"name": ["shop"]}])
def test_anything_else_is_refused_by_its_key_and_never_shown(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable name$"):
        value(stored, "name", str)


def test_a_count_is_read_as_a_whole_number() -> None:
    found = value({"count": 4}, "count", int)
    assert (found, type(found)) == (4, int)


@pytest.mark.parametrize("stored", [None, "4", True, 4.5, Decimal("4.5")], ids=str)
def test_a_value_that_is_no_whole_number_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable count$"):
        value({"count": stored}, "count", int)


@pytest.mark.parametrize("stored", [["a", "b"], ("a", "b")], ids=["list", "tuple"])
def test_several_texts_are_read_as_texts(stored: object) -> None:
    assert value({"runs": stored}, "runs", list[str]) == ["a", "b"]


@pytest.mark.parametrize("stored", [None, "abc", 3, ["a", 1]], ids=str)
def test_a_value_that_is_no_list_of_texts_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable runs$"):
        value({"runs": stored}, "runs", list[str])


def test_a_part_is_given_back_and_anything_else_refused() -> None:
    assert value({"move": {"to": "7"}}, "move", dict[str, object]) == {"to": "7"}
    with pytest.raises(ValueError, match=r"^the stored plan has no usable move$"):
        value({"move": "7"}, "move", dict[str, object])


def test_shares_are_read_as_numbers() -> None:
    found = value({"weights": {"7": 0.25, "8": 1, "9": 0}}, "weights", Weights)
    assert (found, {type(share) for share in found.values()}) == ({"7": 0.25, "8": 1.0, "9": 0.0}, {float})


@pytest.mark.parametrize("stored", [None, 0.5, {"7": "0.5"}, {"7": True}, {"7": 1.5}, {"7": -0.1}], ids=str)
def test_a_value_that_is_no_share_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable weights$"):
        value({"weights": stored}, "weights", Weights)


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (ABSENT, "the thing does not exist"),
        (Unknown("denied"), "the thing could not be read: denied"),
        (NotRead("later"), "the thing was not read: later"),
    ],
)
def test_blindness_names_its_subject_and_its_reason(reading: Absent | Unknown | NotRead, why: str) -> None:
    assert unseen("the thing", reading) == Unknown(why)
