"""Two policies on one history: the decisions that differ, grouped, with the first example of each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from firebreak.core.reasons import MEANINGS
from firebreak.paging.rendering import plain
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.result import Plain, totals
from firebreak_cli.backtest.tally import Decided
from firebreak_cli.backtest.transitions import Transition

VERSION = 1
NO_DECISION = "no decision"
_ACTS = frozenset({"act"})


class Change(StrEnum):
    """A change that a gate can refuse."""

    MORE_ACTS = "more-acts"
    LESS_ACTS = "less-acts"
    MORE_PAGES = "more-pages"


@dataclass(frozen=True, slots=True)
class Example:
    """The first transition of a group."""

    at: datetime
    alarm: str


@dataclass(slots=True)
class Comparison:
    """Two replays in step. `changes` counts the decisions that differ, by what each policy decides."""

    before: Replay
    after: Replay
    changes: Counter[tuple[Decided | None, Decided | None]] = field(default_factory=Counter)
    examples: dict[tuple[Decided | None, Decided | None], Example] = field(default_factory=dict)
    same: int = 0

    def run(self, transitions: Iterable[Transition]) -> None:
        """Replays all transitions under both."""
        for transition in transitions:
            one, other = self.before.step(transition), self.after.step(transition)
            if one is None and other is None:
                continue
            if one == other:
                self.same += 1
                continue
            self.changes[one, other] += 1
            self.examples.setdefault((one, other), Example(transition.at, transition.alarm))
        self.before.finish()
        self.after.finish()

    @property
    def acts(self) -> tuple[int, int]:
        """The acts of both."""
        return _acts(self.before), _acts(self.after)

    @property
    def calls(self) -> tuple[int, int]:
        """The calls for somebody of both."""
        return self.before.tally.calls.total(), self.after.tally.calls.total()

    def found(self) -> frozenset[Change]:
        """The changes of the totals.

        A decision that acts where the other policy does not is more acts even where the totals are equal.
        """
        gained = any(_acts_in(other) and not _acts_in(one) for one, other in self.changes)
        lost = any(_acts_in(one) and not _acts_in(other) for one, other in self.changes)
        kinds = {
            Change.MORE_ACTS: gained or self.acts[1] > self.acts[0],
            Change.LESS_ACTS: lost or self.acts[1] < self.acts[0],
            Change.MORE_PAGES: self.calls[1] > self.calls[0],
        }
        return frozenset(kind for kind, holds in kinds.items() if holds)


def _acts(replay: Replay) -> int:
    return sum(one.by_action.total() for one in replay.tally.acts.values())


def _acts_in(decided: Decided | None) -> bool:
    return decided is not None and decided[0] in _ACTS


def as_json(compared: Comparison, files: tuple[str, str]) -> Plain:
    """The comparison as plain values (docs/backtest.md)."""
    return {
        "version": VERSION,
        "policies": [
            {"file": file, "hash": replay.policy.hash}
            for file, replay in zip(files, (compared.before, compared.after), strict=True)
        ],
        "assumptions": list(compared.before.assumed.lines),
        "acts": list(compared.acts),
        "calls": list(compared.calls),
        "totals": [totals(compared.before), totals(compared.after)],
        "same": compared.same,
        "found": sorted(kind.value for kind in compared.found()),
        "changes": [
            {
                "count": count,
                "before": _side(one),
                "after": _side(other),
                "example": _example(compared.examples[one, other]),
            }
            for (one, other), count in compared.changes.most_common()
        ],
    }


def _side(decided: Decided | None) -> Plain | None:
    if decided is None:
        return None
    word, reason, certainty = decided
    return {"decision": word, "reason": reason.value, "certainty": certainty.value}


def _example(found: Example) -> Plain:
    return {"at": found.at.isoformat(), "alarm": found.alarm}


def rows_of(compared: Comparison) -> list[tuple[str, str, str, str]]:
    """The changes for people: how often, before, after, and the first example."""
    return [
        (str(count), _words(one), _words(other), _where(compared.examples[one, other]))
        for (one, other), count in compared.changes.most_common()
    ]


def _words(decided: Decided | None) -> str:
    if decided is None:
        return NO_DECISION
    word, reason, certainty = decided
    unsure = {"maybe": " (maybe)", "not_replayed": " (could not be replayed)"}.get(certainty.value, "")
    return f"{word.replace('_', ' ')}: {MEANINGS[reason].sentence.rstrip('.')}{unsure}"


def _where(found: Example) -> str:
    return f"{found.alarm} at {found.at:%Y-%m-%d %H:%M:%S}Z"


def lines_of(compared: Comparison) -> list[str]:
    """The totals of both, a line each."""
    acts, calls = compared.acts, compared.calls
    return [
        f"acts: {acts[0]} before, {acts[1]} after",
        f"calls for somebody: {calls[0]} before, {calls[1]} after",
        f"decisions: {compared.same} the same, {compared.changes.total()} changed",
    ]


def as_markdown(compared: Comparison, files: tuple[str, str]) -> str:
    """The comparison for a comment on a pull request; no text of an alarm is read as markup."""
    head = [f"**Firebreak: `{_cell(files[0])}` against `{_cell(files[1])}` on the same history**", ""]
    table = ["", "| Times | Before | After | First |", "| --: | --- | --- | --- |"]
    rows = [f"| {' | '.join(map(_cell, row))} |" for row in rows_of(compared)]
    return "\n".join([*head, *(f"- {line}" for line in lines_of(compared)), *(table + rows if rows else [])])


def _cell(text: str) -> str:
    """Text of strangers as plain text in a table of Markdown."""
    shown = plain(text)
    for mark in "\\`*_{}[]<>()#+!|~@":
        shown = shown.replace(mark, f"&#{ord(mark)};")
    return shown
