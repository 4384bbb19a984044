"""The registry of the doctor's checks: stable codes, a look each, commands that exist."""

import re

import pytest

from firebreak.core.paging.commands import StackAddress
from firebreak_cli.doctor.looks import LOOKS, LOOKS_BEFORE
from firebreak_cli.doctor.model import Check, Own, Result, When, bad, declared_mend, mend_for, unseen, warning
from firebreak_cli.doctor.model import Examined as Made
from firebreak_cli.doctor.registry import CHECKS, RETIRED
from tests.docs.test_commands import problem

EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
HERE = StackAddress("firebreak", "eu-west-1", "111122223333")

# The codes that were ever used, in the order of the registry. One is taken out here only to go to RETIRED.
USED = [
    *(
        "FB101",
        "FB102",
        "FB103",
        "FB104",
        "FB105",
        "FB106",
        "FB107",
        "FB108",
        "FB109",
        "FB110",
        "FB111",
        "FB112",
        "FB113",
    ),
    *(
        "FB201",
        "FB202",
        "FB203",
        "FB204",
        "FB205",
        "FB206",
        "FB207",
        "FB208",
        "FB209",
        "FB210",
        "FB211",
        "FB212",
    ),
    *("FB301", "FB302", "FB303"),
    *("FB401", "FB402", "FB403", "FB404"),
    *("FB501", "FB502"),
    *("FB901", "FB902", "FB903", "FB904", "FB905"),
]


def test_a_code_that_was_used_is_never_used_for_another_check() -> None:
    assert [*CHECKS, *sorted(RETIRED)] == USED
    assert RETIRED & CHECKS.keys() == set()


def test_every_check_has_its_look_and_every_look_its_check() -> None:
    of_run = {when: {code for code, one in CHECKS.items() if one.when is when} for when in When}
    assert of_run == {When.DEPLOYED: LOOKS.keys(), When.BEFORE: LOOKS_BEFORE.keys()}
    assert len({*LOOKS.values(), *LOOKS_BEFORE.values()}) == len(CHECKS)


@EVERY
def test_every_look_names_its_code(check: Check) -> None:
    assert ({**LOOKS, **LOOKS_BEFORE}[check.code].__doc__ or "").startswith(check.code)


@EVERY
def test_a_check_is_declared_in_whole_sentences(check: Check) -> None:
    assert re.fullmatch(r"FB[1-9]\d\d", check.code)
    for sentence in (check.should, check.why):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert "\n" not in declared_mend(check)


@EVERY
def test_a_firebreak_command_that_mends_exists(check: Check) -> None:
    if isinstance(check.mend, Own):
        assert problem(list(check.mend)) is None
        assert declared_mend(check).endswith(" --stack STACK --region REGION --account ACCOUNT")


def test_the_areas_are_the_hundreds() -> None:
    areas = {(check.code[2], check.area) for check in CHECKS.values()}
    assert len(areas) == len({area for _, area in areas}) == len({hundred for hundred, _ in areas})


CHECK = CHECKS["FB102"]


def test_the_worst_finding_is_the_result() -> None:
    good = Made(CHECK, "x")
    found = [unseen("u"), warning("w"), bad("b")]
    results = [Made(CHECK, "x", tuple(found[:count])).result for count in (1, 2, 3)]
    assert (good.result, results) == (
        Result.GOOD,
        [Result.COULD_NOT_LOOK, Result.COULD_NOT_LOOK, Result.BAD],
    )


@pytest.mark.parametrize("subject", ["a b", "$(x)", '"', "-x", "", "ü"])
def test_a_word_that_some_shell_reads_in_its_own_way_is_left_to_type(subject: str) -> None:
    mend = mend_for(CHECK, bad("x", subject, place="default"), HERE)
    assert mend == 'aws events enable-rule --name "..." --event-bus-name default --region eu-west-1'
