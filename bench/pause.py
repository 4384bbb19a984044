"""From the return of `firebreak pause` to the last act: workers that would act on and on are paused.

`.venv/bin/python -m bench.pause [--runs 20]` prints the shortest, middle and longest of it, by the
emulator's own record of UpdateService calls, and how many acts there were before and after. The pause
goes the way of the command (`SwitchBoard`); its return is when the operator reads "Paused".
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.storm import own_emulator
from firebreak_cli.operations.pause_scopes import GLOBAL, Scope
from firebreak_cli.operations.switches import Holder, SwitchBoard
from firebreak_cli.stack import Stack
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import ACCOUNT, REGION
from tests.proofs.concurrency.driver import Limits, Load
from tests.proofs.concurrency.testbed import Fleet, shuffled, transitions

SERVICES, CLUSTERS = 300, 30
# More of them only lose each other's races: fewer acts would be under way when the pause comes.
WORKERS, PROCESSES = 16, 2
# Nothing but the pause holds them back.
LIMITS = Limits(group="500/1h", action="500/1h", stack="500/1h")
PAUSED_AFTER = 3.0


@dataclass
class Operator:
    """Pauses once, so many seconds after the load began."""

    fleet: Fleet
    began: float = 0.0
    asked: datetime | None = None
    returned: datetime | None = None
    board: SwitchBoard = field(init=False)

    def __post_init__(self) -> None:
        stack = Stack(
            name="bench",
            account=ACCOUNT,
            region=REGION,
            partition="aws",
            ledger_table=self.fleet.table,
            policy_file="",
            bus_name="",
            session=self.fleet.session,
        )
        self.board = SwitchBoard(stack)

    def look(self) -> None:
        """Pause when it is time."""
        self.began = self.began or time.monotonic()
        if self.returned or time.monotonic() - self.began < PAUSED_AFTER:
            return
        self.asked = datetime.now(UTC)
        self.board.pause(Scope(GLOBAL, GLOBAL), Holder("bench"), "measuring", self.asked, timedelta(hours=1))
        self.returned = datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Paused:
    """One run: acts before and after the return, how long the pause took, and how late the last act was."""

    before: int
    after: int
    took: float
    last: float


def measure(running: Running) -> Paused:
    """One run on new services and a new ledger."""
    fleet = Fleet.prepare(running.session(), services=SERVICES, clusters=CLUSTERS)
    operator = Operator(fleet)
    deliveries = shuffled(
        transitions(fleet, 1, spread=timedelta(minutes=5), every=timedelta(minutes=6)), 0, seed=1
    )
    with tempfile.TemporaryDirectory() as folder:
        load = Load(running, fleet, LIMITS, Path(folder), WORKERS, PROCESSES, skews=[0.0] * WORKERS)
        load.during = operator.look
        load.run(deliveries)
    fleet.remove()
    if operator.asked is None or operator.returned is None:
        raise RuntimeError("the load was over before it could be paused")
    late = [act.at for act in load.acts if act.at > operator.returned]
    last = max((act.at for act in load.acts), default=operator.returned)
    return Paused(
        before=len(load.acts) - len(late),
        after=len(late),
        took=(operator.returned - operator.asked).total_seconds(),
        last=(last - operator.returned).total_seconds(),
    )


def spread(name: str, values: Sequence[float]) -> str:
    """Shortest, middle and longest in milliseconds."""
    least, middle, most = min(values), statistics.median(values), max(values)
    return f"| {name} | {least * 1000:.0f} | {middle * 1000:.0f} | {most * 1000:.0f} |"


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="From the return of a pause to the last act.")
    parser.add_argument("--runs", type=int, default=20)
    runs: list[Paused] = []
    with own_emulator() as running:
        for _ in range(parser.parse_args(arguments).runs):
            runs.append(measure(running))
            print(runs[-1], flush=True)  # noqa: T201
    print("\n| milliseconds | least | median | most |\n| --- | ---: | ---: | ---: |")  # noqa: T201
    print(spread("the pause itself", [run.took for run in runs]))  # noqa: T201
    print(spread("from its return to the last act", [run.last for run in runs]))  # noqa: T201
    before, after = sum(run.before for run in runs), [run.after for run in runs]
    print(f"\n{before} acts before, {sum(after)} after the return, at most {max(after)} in a run")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
