"""A question that only an account can answer: as it is declared, and what was answered.

docs/first-deploy.md has the tables of answers from these declarations (docs/generate.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Standing(StrEnum):
    """How far a question is. `not_asked` is no answer, and says what has to happen before there is one."""

    ANSWERED = "answered"
    COULD_NOT_LOOK = "could_not_look"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `found` is what the account shows, `means` what follows, `then` the next step.

    `name` is stable: a report that is sent back names it. One that is not `expected` asks for something, or
    for a report. The texts are Markdown of one table cell; a command of Firebreak in
    them is shown with the stack's address.
    """

    name: str
    found: str
    means: str
    then: str = ""
    expected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A harmless change that answers a question: every call that it sends, and how each is taken back."""

    calls: tuple[str, ...]
    taken_back: str
    felt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `reads` are the rights that the command needs to ask it, none where it cannot.

    `by_hand` says why the command does not ask it, and who does. `trial` is the change that answers it where
    reads do not.
    """

    name: str
    title: str
    answers: tuple[Answer, ...]
    reads: tuple[str, ...] = ()
    by_hand: str = ""
    trial: Trial | None = None

    def answer(self, name: str) -> Answer:
        """The answer of that name."""
        return next(one for one in self.answers if one.name == name)


@dataclass(frozen=True, slots=True)
class Answered:
    """The name of the answer, and what was seen; the detail holds no name of anything of the user's."""

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """There is no answer yet; `why` says what it waits for, `trial` that the question's change would do."""

    why: str
    trial: bool = False


type Reply = Answered | NotAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one question; `rights` are those that the caller may lack, where it was refused."""

    question: Question
    standing: Standing
    answer: Answer | None = None
    detail: str = ""
    rights: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> bool:
        """Whether it is something to look at: an answer that was not expected, or no look."""
        match self.standing:
            case Standing.ANSWERED:
                return self.answer is not None and not self.answer.expected
            case Standing.COULD_NOT_LOOK:
                return True
            case Standing.NOT_ASKED:
                return False
