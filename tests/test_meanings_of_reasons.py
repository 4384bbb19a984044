"""Every reason has one sentence and one disposition, and something that gives it."""

import re
from pathlib import Path

import pytest

import firebreak
from firebreak.core.reasons import LASTING, MEANINGS, PASSING, Disposition, Lasting, Reason

SOURCES = [
    path.read_text(encoding="utf-8")
    for path in Path(firebreak.__file__).parent.rglob("*.py")
    if path.name != "reasons.py"
]


def test_every_reason_has_a_meaning_and_nothing_else_has() -> None:
    assert set(MEANINGS) == set(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_meaning_is_one_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][^.!?]*(firebreak:[a-z]+[^.!?]*)?\.", MEANINGS[reason].sentence)


def test_no_two_reasons_read_alike() -> None:
    assert len({meaning.sentence for meaning in MEANINGS.values()}) == len(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_stored_under_its_own_name(reason: Reason) -> None:
    assert reason.value == reason.name.lower()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_given_somewhere(reason: Reason) -> None:
    """A reason that a later piece of work needs comes with that piece."""
    assert any(re.search(rf"\bReason\.{reason.name}\b", source) for source in SOURCES)


@pytest.mark.parametrize("reason", [r for r in Reason if r.value.endswith("_unreadable")])
def test_every_reason_for_a_failed_read_pages(reason: Reason) -> None:
    """Actions fail closed, and a human hears of it: a red alarm is never dropped for blindness."""
    assert MEANINGS[reason].disposition is Disposition.PAGE


def test_every_reason_that_can_page_says_how_long_its_cause_lasts_and_no_other_does() -> None:
    can_page = {Disposition.PAGE, Disposition.CLIMB}
    assert set(LASTING) == {reason for reason in Reason if MEANINGS[reason].disposition in can_page}


@pytest.mark.parametrize("reason", [r for r in Reason if r.value.endswith("_unreadable")])
def test_blindness_never_joins_a_thread_that_lasts(reason: Reason) -> None:
    """Its check names the cause and its 15 minutes: a red alarm is never lost in an old thread."""
    assert LASTING[reason] is Lasting.NO


def test_a_reason_that_ends_by_itself_belongs_to_its_target() -> None:
    assert {LASTING[reason] for reason in PASSING} == {Lasting.TARGET}
