"""`firebreak backtest`: from a saved or a live history to its result."""

import gc
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from firebreak.policy.loader import load_policy
from firebreak.policy.policy import Policy
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.comparison import Comparison
from firebreak_cli.backtest.facts import read_facts
from firebreak_cli.backtest.history_file import ItemLine, read_lines
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import TransitionReader
from firebreak_cli.backtest.witness import NOBODY, Witness
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.policies import policy_path
from firebreak_cli.stack import DEFAULT_POLICY

# CloudWatch keeps the history of alarms for 30 days.
MOST_DAYS = 30

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The history to replay, saved or the account's own, the policy, and the assumptions.

    `days` bounds the history from its end; None takes all of it. `witness` hears of everything as it happens.
    """

    history: Path | None
    save: Path | None
    policy: Path | None
    days: int | None
    assumed: Assumptions
    witness: Witness = NOBODY


def backtest(asked: Question, environment: Environment, progress: Progress) -> tuple[Replay, str]:
    """The finished replay, and the policy file. Raises Ending, PolicyError or AwsError."""
    if asked.history and asked.save:
        raise Ending(BAD_INPUT, "--save saves the account's history: leave --history out")
    if asked.days is not None and not 1 <= asked.days <= MOST_DAYS:
        raise Ending(BAD_INPUT, f"--days {asked.days}: CloudWatch keeps 1 to {MOST_DAYS} days of history")
    file = asked.policy or policy_path(DEFAULT_POLICY)
    policy = load_policy(file)
    if asked.history:
        return replayed(asked.history, policy, asked, progress), str(file)
    with tempfile.TemporaryDirectory(prefix="firebreak-") as folder:
        path = asked.save or Path(folder) / "history.jsonl.gz"
        _collect(path, policy, asked, environment, progress)
        return replayed(path, policy, asked, progress), str(file)


def replayed(path: Path, policy: Policy, asked: Question, progress: Progress) -> Replay:
    """The replay of a saved history."""
    facts, items = read_facts(read_lines(path), str(path))
    start = facts.start
    if asked.days is not None:
        start = max(start, facts.end - timedelta(days=asked.days))
    reader = TransitionReader(start, facts.end, facts.mutes)
    _collect_seldom()
    replay = Replay(facts, policy, reader, asked.assumed, witness=asked.witness)
    replay.run(reader.read(_reported(items, progress)))
    return replay


def compare(
    before: Policy, after: Policy, history: Path, progress: Progress, *, opted_in: bool
) -> Comparison:
    """Both policies on one saved history. Raises Ending."""
    facts, items = read_facts(read_lines(history), str(history))
    reader = TransitionReader(facts.start, facts.end, facts.mutes)
    one, other = (Replay(facts, policy, reader, Assumptions(opted_in=opted_in)) for policy in (before, after))
    compared = Comparison(one, other)
    compared.run(reader.read(_reported(items, progress)))
    return compared


def _collect_seldom() -> None:
    """Lets the collector look only now and then: a replay makes many values and few cycles."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _reported(items: Iterable[ItemLine], progress: Progress) -> Iterator[ItemLine]:
    for number, item in enumerate(items, start=1):
        if not number % 20_000:
            progress(f"replayed {number} items, up to {item.timestamp:%Y-%m-%d}")
        yield item


def _collect(
    path: Path, policy: Policy, asked: Question, environment: Environment, progress: Progress
) -> None:
    from firebreak_cli.backtest.collecting import collect

    end = environment.now()
    start: datetime = end - timedelta(days=asked.days or MOST_DAYS)
    collect(path, policy, (start, end), environment, progress)
