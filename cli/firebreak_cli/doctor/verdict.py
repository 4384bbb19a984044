"""The verdict on the whole: would Firebreak act on the bad day?"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from firebreak_cli.doctor.model import Examined, Level, Result, When


class Word(StrEnum):
    """The answer. `not_asked` is that of a run with --only in which nothing was found."""

    YES = "yes"
    NOT_ON_ALARMS = "not_on_alarms"
    NO = "no"
    NOT_KNOWN = "not_known"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer with its numbers. A waiver never changes the answer, only whether it is `accepted`.

    `alarms` are those that nothing would be done about, `pages` the checks of pages that failed, `unseen`
    those that could not look. `waived` counts what a waiver accepts for now; `only` are the codes of --only,
    and `left_out` those that were not made because they are about the machine of a person.
    """

    word: Word
    accepted: bool
    alarms: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    waived: int = 0
    only: tuple[str, ...] = ()
    when: When = When.DEPLOYED
    left_out: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The verdict in one line."""
        asked = "Could be deployed" if self.when is When.BEFORE else "Would act on the bad day"
        return f"{asked}: {'; '.join((_answer(self), *_remarks(self)))}"


def verdict_of(
    examined: Sequence[Examined],
    only: Sequence[str] = (),
    when: When = When.DEPLOYED,
    *,
    acting: Collection[str] = (),
    left_out: tuple[str, ...] = (),
) -> Verdict:
    """The verdict. A failed look is never a yes.

    `acting` are all alarms that lead to an action, none where they are not known: where nothing would be done
    about any of them, it is a no.
    """
    found_all = [(one.check, found) for one in examined for found in one.findings]
    failed = [(check, found) for check, found in found_all if found.result is Result.BAD]
    alarms = {found.subject for check, found in failed if check.level is Level.ALARM}
    unseen = _codes(check.code for check, found in found_all if found.result is Result.COULD_NOT_LOOK)
    return Verdict(
        accepted=not any(one.counting for one in examined),
        word=_word(
            no=any(check.level is Level.STACK for check, _ in failed) or bool(acting and alarms >= {*acting}),
            alarms=bool(alarms),
            unseen=bool(unseen),
            only=bool(only),
        ),
        alarms=tuple(sorted(alarms)),
        pages=_codes(check.code for check, _ in failed if check.level is Level.PAGES),
        unseen=unseen,
        waived=sum(found.waived is not None for _, found in found_all),
        only=tuple(only),
        when=when,
        left_out=left_out,
    )


def _word(*, no: bool, alarms: bool, unseen: bool, only: bool) -> Word:
    if no:
        return Word.NO
    if unseen and not alarms:
        return Word.NOT_KNOWN
    if alarms:
        return Word.NOT_ON_ALARMS
    return Word.NOT_ASKED if only else Word.YES


def _codes(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found)))


def _answer(verdict: Verdict) -> str:
    match verdict.word:
        case Word.NOT_ON_ALARMS:
            count = len(verdict.alarms)
            return f"not on {count} {'alarm' if count == 1 else 'alarms'}"
        case Word.NOT_KNOWN:
            return "not known"
        case Word.NOT_ASKED:
            return f"not asked ({', '.join(verdict.only)} found nothing)"
        case word:
            return word.value


def _remarks(verdict: Verdict) -> Iterator[str]:
    if verdict.pages:
        yield f"pages may reach nobody ({', '.join(verdict.pages)})"
    if verdict.unseen:
        yield f"could not look ({', '.join(verdict.unseen)})"
    if verdict.waived:
        yield f"waived: {verdict.waived} {'finding' if verdict.waived == 1 else 'findings'}"
    if verdict.left_out:
        yield f"left out ({', '.join(verdict.left_out)})"
