"""Values out of a stored plan, and the words for what could not be seen."""

from decimal import Decimal

import pytest

from firebreak.core.readings import ABSENT, Absent, NotRead, Unknown, unseen
from firebreak.core.stored import text


def test_a_text_is_given_back_even_an_empty_one() -> None:
    assert text({"name": "shop"}, "name") == "shop"
    assert text({"name": ""}, "name") == ""


@pytest.mark.parametrize("stored", [{}, {"name": None}, {"name": Decimal(1)}, {"name": ["shop"]}])
def test_anything_else_is_refused_by_its_key_and_never_shown(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^the stored plan has no usable name$"):
        text(stored, "name")


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
