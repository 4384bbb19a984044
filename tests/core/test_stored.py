"""Values out of a stored plan, and the words for what could not be seen."""

from decimal import Decimal

import pytest

from firebreak.core.readings import ABSENT, Absent, NotRead, Unknown, unseen
from firebreak.services.stored_plans import number, part, shares, text, texts


def test_a_text_is_given_back_even_an_empty_one() -> None:
    assert text({"name": "shop"}, "name") == "shop"
    assert text({"name": ""}, "name") == ""


@pytest.mark.parametrize("stored", [{}, {"name": None}, {"name": Decimal(1)}, {"name": ["shop"]}])
def test_anything_else_is_refused_by_its_key_and_never_shown(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable name$"):
        text(stored, "name")


@pytest.mark.parametrize("value", [4, Decimal(4)], ids=["whole", "as DynamoDB gives it"])
def test_a_count_is_read_as_a_whole_number(value: object) -> None:
    found = number({"count": value}, "count")
    assert (found, type(found)) == (4, int)


@pytest.mark.parametrize("value", [None, "4", True, 4.5, Decimal("4.5")], ids=str)
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable count$"):
        number({"count": value}, "count")


@pytest.mark.parametrize("value", [["a", 1], ("a", 1)], ids=["list", "tuple"])
def test_several_texts_are_read_as_texts(value: object) -> None:
    assert texts({"runs": value}, "runs") == ["a", "1"]


@pytest.mark.parametrize("value", [None, "abc", 3], ids=str)
def test_what_is_no_list_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable runs$"):
        texts({"runs": value}, "runs")


def test_a_part_is_given_back_and_anything_else_refused() -> None:
    assert part({"move": {"to": "7"}}, "move") == {"to": "7"}
    with pytest.raises(ValueError, match=r"^the stored plan has no usable move$"):
        part({"move": "7"}, "move")


def test_shares_are_read_as_numbers() -> None:
    found = shares({"weights": {"7": Decimal("0.25"), "8": 1, "9": 0}}, "weights")
    assert (found, {type(share) for share in found.values()}) == ({"7": 0.25, "8": 1.0, "9": 0.0}, {float})


@pytest.mark.parametrize("value", [None, 0.5, {"7": "0.5"}, {"7": True}, {"7": 1.5}, {"7": -0.1}], ids=str)
def test_what_is_no_share_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable weights$"):
        shares({"weights": value}, "weights")


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (ABSENT, "the thing does not exist"),
        (Unknown("denied"), "the thing could not be read: denied"),
        (NotRead("later"), "the thing was not read: later"),
    ],
)
def test_blindness_says_of_what_and_why(reading: Absent | Unknown | NotRead, why: str) -> None:
    assert unseen("the thing", reading) == Unknown(why)
