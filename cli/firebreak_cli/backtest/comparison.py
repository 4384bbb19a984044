"""Two policies on one history: the decisions that differ, grouped, with the first example of each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest

from firebreak.core.reasons import MEANINGS
from firebreak.paging.rendering import plain
from firebreak_cli.backtest.backtest_screen import not_seen
from firebreak_cli.backtest.certainty import Certainty, Decided
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.result import Plain, as_json, history_of, says_something, totals
from firebreak_cli.backtest.tally import Made
from firebreak_cli.backtest.transitions import Transition

VERSION = 1
NO_DECISION = "no decision"


class Change(StrEnum):
    """A change that a gate can refuse."""

    MORE_ACTS = "more-acts"
    LESS_ACTS = "less-acts"
    MORE_PAGES = "more-pages"


@dataclass(frozen=True, slots=True)
class Side:
    """The decision of one policy: for an act, with the action."""

    decided: Decided
    action: str

    @classmethod
    def of(cls, made: Made) -> "Side":
        """The side of a decision."""
        return cls(made.decided, made.action if made.decided.word == "act" else "")


@dataclass(frozen=True, slots=True)
class Example:
    """The first decision of a group: about which alarm, and at which transition."""

    at: datetime
    alarm: str


type Pair = tuple[Side | None, Side | None]


@dataclass(slots=True)
class Comparison:
    """Two replays in step. `changes` counts the decisions that differ, by what each policy decides.

    `unknown` counts those that one of the two could not replay: whether they differ nobody knows.
    """

    before: Replay
    after: Replay
    changes: Counter[Pair] = field(default_factory=Counter)
    examples: dict[Pair, Example] = field(default_factory=dict)
    same: int = 0
    unknown: int = 0

    def run(self, transitions: Iterable[Transition]) -> None:
        """Replays all transitions under both."""
        last = None
        for transition in transitions:
            last = transition
            self._compare(self.before.step(transition), self.after.step(transition), transition)
        for replay in (self.before, self.after):
            replay.tally.recent.clear()
            replay.finish()
        if last:
            self._compare(self.before.tally.recent, self.after.tally.recent, last)

    def _compare(self, before: Sequence[Made], after: Sequence[Made], transition: Transition) -> None:
        """Compares the decisions about each alarm in their order; one that only one side made is a change."""
        if before == after and not any(_unknown(made) for made in before):
            self.same += len(before)
            return
        for alarm in dict.fromkeys(made.alarm for made in (*before, *after)):
            mine = ([made for made in side if made.alarm == alarm] for side in (before, after))
            for one, other in zip_longest(*mine):
                self._count(one, other, Example(transition.at, alarm))

    def _count(self, one: Made | None, other: Made | None, example: Example) -> None:
        if _unknown(one) or _unknown(other):
            self.unknown += 1
        elif one == other:
            self.same += 1
        else:
            pair = (Side.of(one) if one else None, Side.of(other) if other else None)
            self.changes[pair] += 1
            self.examples.setdefault(pair, example)

    @property
    def says_something(self) -> bool:
        """Whether both could replay any decision."""
        return says_something(self.before) and says_something(self.after)

    @property
    def acts(self) -> tuple[int, int]:
        """The acts of both."""
        return _acts(self.before).total(), _acts(self.after).total()

    @property
    def calls(self) -> tuple[int, int]:
        """The calls for somebody of both."""
        return tuple(one.tally.calls.by_severity.total() for one in (self.before, self.after))  # type: ignore[return-value]  # two

    def found(self) -> frozenset[Change]:
        """The changes that a gate can refuse.

        An act of another action, on another target or at another time is more acts, and less, although the
        totals are equal.
        """
        one, other = _acts(self.before), _acts(self.after)
        gained = any(_is_act(b) and not _is_act(a) for a, b in self.changes)
        lost = any(_is_act(a) and not _is_act(b) for a, b in self.changes)
        kinds = {
            Change.MORE_ACTS: gained or bool(other - one),
            Change.LESS_ACTS: lost or bool(one - other),
            Change.MORE_PAGES: self.calls[1] > self.calls[0],
        }
        return frozenset(kind for kind, holds in kinds.items() if holds)


def _acts(replay: Replay) -> Counter[tuple[str, str]]:
    """The acts by target and action."""
    acts = replay.tally.acts.items()
    return Counter({(target, name): n for target, one in acts for name, n in one.by_action.items()})


def _is_act(side: Side | None) -> bool:
    return side is not None and side.decided.word == "act"


def _unknown(made: Made | None) -> bool:
    return made is not None and made.decided.certainty is Certainty.NOT_REPLAYED


def comparison_json(compared: Comparison, files: tuple[str, str]) -> Plain:
    """The comparison as plain values (docs/backtest.md)."""
    return {
        "version": VERSION,
        "policies": [
            {"file": file, "hash": replay.policy.hash}
            for file, replay in zip(files, (compared.before, compared.after), strict=True)
        ],
        "assumptions": list(compared.before.assumptions),
        "acts": list(compared.acts),
        "calls": list(compared.calls),
        "totals": [totals(compared.before), totals(compared.after)],
        "same": compared.same,
        "unknown": compared.unknown,
        "history": history_of(compared.before),
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


def _side(side: Side | None) -> Plain | None:
    if side is None:
        return None
    word, reason, certainty = side.decided
    return {
        "decision": word,
        "reason": reason.value,
        "certainty": certainty.value,
        "action": side.action or None,
    }


def _example(found: Example) -> Plain:
    return {"at": found.at.isoformat(), "alarm": found.alarm}


def rows_of(compared: Comparison) -> list[tuple[str, str, str, str]]:
    """The changes for people: how often, before, after, and the first example."""
    return [
        (str(count), _words(one), _words(other), _where(compared.examples[one, other]))
        for (one, other), count in compared.changes.most_common()
    ]


def _words(side: Side | None) -> str:
    if side is None:
        return NO_DECISION
    word, reason, certainty = side.decided
    if side.action:
        return f"act: {side.action}"
    unsure = " (maybe)" if certainty is Certainty.MAYBE else ""
    return f"{word.replace('_', ' ')}: {MEANINGS[reason].sentence.rstrip('.')}{unsure}"


def _where(found: Example) -> str:
    return f"{found.alarm} at {found.at:%Y-%m-%d %H:%M:%S}Z"


def lines_of(compared: Comparison) -> list[str]:
    """The totals of both, and what the history lacks, a line each."""
    acts, calls = compared.acts, compared.calls
    unknown = f", {compared.unknown} that could not be replayed" if compared.unknown else ""
    lost = as_json(compared.before, "")
    return [
        f"acts: {acts[0]} before, {acts[1]} after",
        f"calls for somebody: {calls[0]} before, {calls[1]} after",
        f"decisions: {compared.same} the same, {compared.changes.total()} changed{unknown}",
        *not_seen(lost["history"], lost["deleted_alarms"]),
    ]


def as_markdown(compared: Comparison, files: tuple[str, str]) -> str:
    """The comparison for a comment on a pull request; no text of an alarm is read as markup."""
    head = [f"**Firebreak: {_cell(files[0])} against {_cell(files[1])} on the same history**", ""]
    table = ["", "| Times | Before | After | First |", "| --: | --- | --- | --- |"]
    rows = [f"| {' | '.join(map(_cell, row))} |" for row in rows_of(compared)]
    lines = [f"- {_cell(line)}" for line in lines_of(compared)]
    return "\n".join([*head, *lines, *(table + rows if rows else [])])


# Every mark of Markdown and HTML, and what makes an address or a mention, as a reference to its character.
_MARKUP = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\`*_{}[]<>()#+!|~@&:/.-="})


def _cell(text: str) -> str:
    """Text of strangers as plain text in Markdown."""
    return plain(text).translate(_MARKUP)
