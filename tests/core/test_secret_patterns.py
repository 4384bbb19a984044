"""Numbers of cards and random text are hidden in a line; other numbers, names and ids are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.secret_patterns import masked_text


@pytest.mark.parametrize(
    "number",
    [
        "4222222222222",
        "378282246310005",
        "4111111111111111",
        "5105105105105100",
        "3530111333300000",
        "2223003122003222",
        "6011000990139424",
        "6011 0009 9013 9424",
        "6011-0009-9013-9424",
        "6304000000000000000",
    ],
)
def test_the_number_of_a_card_is_hidden_and_one_with_a_wrong_digit_is_not(number: str) -> None:
    assert masked_text(f"paid with {number} today") == "paid with *** today"
    wrong = f"paid with {number[:-1]}{(int(number[-1]) + 1) % 10} today"
    assert masked_text(wrong) == wrong


@given(some.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
def test_one_of_ten_last_digits_makes_a_card(start: str) -> None:
    lines = [masked_text(f"paid with {start}{last} today") for last in range(10)]
    assert lines.count("paid with *** today") == 1


def in_one_case(length: int, changes: int, kinds: str = "g7") -> str:
    """So many characters, of which so many differ in kind from the one before."""
    start = (kinds * length)[: changes + 1]
    return start.ljust(length, start[-1])


def mixed(length: int, changes: int) -> str:
    """The same with small letters, capitals and digits."""
    return in_one_case(length, changes, "gZ7")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(mixed(20, 8), id="the shortest"),
        pytest.param(mixed(51, 19), id="exactly 38 changes in a hundred"),
        pytest.param("gZ" * 9 + "77", id="two digits"),
        pytest.param(in_one_case(32, 10), id="the shortest in small letters"),
        pytest.param(in_one_case(32, 10, "Z7"), id="the shortest in capitals"),
        pytest.param(in_one_case(41, 12), id="small letters, exactly 30 changes in a hundred"),
        pytest.param(("0aB" * 7)[:20], id="hexadecimal digits in both cases"),
        pytest.param("gZ7" * 6 + "gX", id="it ends in a capital"),
        pytest.param("gZ7" * 6 + "gX=", id="base64 with one sign of padding"),
        pytest.param("gZ7" * 6 + "gX==", id="base64 with two"),
        pytest.param(f"{mixed(10, 9)}/{mixed(10, 9)}", id="base64 with a slash"),
        pytest.param(f"{mixed(10, 9)}/{mixed(10, 9)}+{mixed(10, 9)}", id="two odd characters of 32"),
        pytest.param(f"0123456789abcde/{mixed(10, 9)}", id="a piece that is too short for an id"),
        pytest.param(f"abcd/{mixed(16, 15)}", id="a long piece and a hexadecimal one"),
        pytest.param(f"a/b/c/d/{mixed(10, 9)}-{mixed(10, 9)}", id="a random part of a path, with a dash"),
        pytest.param(f"orders/0123456789abcdef/{mixed(20, 8)}", id="a random piece of a path with an id"),
    ],
)
def test_random_text_is_hidden(token: str) -> None:
    assert masked_text(f"got {token} back") == "got *** back"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(mixed(20, 7), id="too few changes"),
        pytest.param(f"-{mixed(19, 18)}", id="too short"),
        pytest.param(mixed(51, 18), id="fewer than 38 changes in a hundred"),
        pytest.param("gZ" * 9 + "g7", id="one digit"),
        pytest.param(in_one_case(31, 30), id="too short in small letters"),
        pytest.param(in_one_case(31, 30, "Z7"), id="too short in capitals"),
        pytest.param(in_one_case(32, 9), id="too few changes in small letters"),
        pytest.param(in_one_case(41, 11), id="small letters, fewer than 30 changes in a hundred"),
        pytest.param("0a" * 20, id="an id in small letters"),
        pytest.param("0A" * 20, id="an id in capitals"),
        pytest.param("7gZ7gZ7g" + "g" * 12 + "=", id="padding is no change"),
        pytest.param(f"{mixed(9, 8)}/{mixed(10, 9)}", id="without its slash too short"),
        pytest.param(f"{mixed(6, 5)}/{mixed(6, 5)}+{mixed(8, 7)}", id="a path"),
        pytest.param(f"{mixed(10, 9)}/{mixed(10, 9)}+{mixed(9, 8)}", id="two odd characters of 31"),
        pytest.param(f"{mixed(10, 9)}/{mixed(10, 9)}+{mixed(9, 8)}=", id="padding does not count"),
        pytest.param(f"0123456789abcdef/{mixed(10, 9)}", id="an id and a name"),
    ],
)
def test_text_that_is_not_random_stays(token: str) -> None:
    assert masked_text(f"got {token} back") == f"got {token} back"
