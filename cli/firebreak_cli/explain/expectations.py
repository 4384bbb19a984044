"""`firebreak explain --expect`: an answer that a pipeline counts on."""

import difflib
from dataclasses import dataclass

from firebreak.core.decision import Decision
from firebreak.core.reasons import Reason
from firebreak_cli.exit_codes import BAD_INPUT, Ending

# The option's name for each decision.
_DECISIONS = {"act": "act", "propose": "propose", "ask": "ask_approval", "defer": "defer", "refuse": "refuse"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """A decision, and the reason for it where one is named."""

    decision: str
    reason: Reason | None = None

    def missed(self, found: Decision) -> str:
        """One line that says how the decision is another one; empty when it is this one."""
        as_wanted = _DECISIONS[self.decision] == found.word and self.reason in (None, found.reason)
        wanted = f"{self.decision}:{self.reason}" if self.reason else self.decision
        word = next(short for short, word in _DECISIONS.items() if word == found.word)
        return "" if as_wanted else f"expected {wanted}, found {word}:{found.reason}"


def read_expectation(written: str) -> Expectation:
    """The expectation that `act` or `refuse:frozen` stands for. Raises Ending that says what was expected."""
    decision, colon, reason = written.partition(":")
    if decision not in _DECISIONS:
        raise _unknown(written, decision, list(_DECISIONS))
    if colon and reason not in set(Reason):
        raise _unknown(written, reason, list(Reason))
    return Expectation(decision, Reason(reason) if colon else None)


def _unknown(written: str, word: str, known: list[str]) -> Ending:
    meant = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean {meant[0]}?" if meant else f"expected {'|'.join(_DECISIONS)}, then maybe :REASON"
    return Ending(BAD_INPUT, f"--expect {written}: {hint}")
