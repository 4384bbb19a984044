"""The cost of many events at once: 64 workers with the real workflow on an emulator of its own.

`.venv/bin/python -m bench.storm [--events 1000 5000 10000] [--refuses]` prints a table for each kind of
load, so that growth can be read off: events per second, calls per event, claims that lost their race,
and limits broken by the emulator's own record of calls (must be 0).

With --refuses, writes that meet are refused as DynamoDB refuses them (TransactionConflict), which the
emulator by itself never does. All workers share this machine with the emulator: compare rows, do not
quote events per second as AWS's.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firebreak.aws.clients import reader
from firebreak.core.limits.history import Hold
from firebreak.ledger.switches import Switches
from firebreak_devtools.local import emulator
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from tests.docs.documents import ROOT
from tests.proofs.concurrency.driver import PROCESSES, WORKERS, Limits, Load, decided
from tests.proofs.concurrency.job import Result
from tests.proofs.concurrency.testbed import Delivery, Fleet, shuffled, transitions
from tests.proofs.concurrency.watching import kind_of, lost_claims, meetings

SERVICES, CLUSTERS = 200, 10
HOME = Home(ROOT / ".local/bench")
PYTHON = ROOT / ".local/venv/bin/python"
# Of ten events one is an exact duplicate of another.
DUPLICATES = 10
CONTENDED = ("SCOPE#stack", "STORM", "OUT")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of load: the policy, and what is done before it."""

    name: str
    limits: Limits
    before: Callable[[Fleet], None] | None = None


def pause(fleet: Fleet) -> None:
    """Hold the global switch."""
    now = datetime.now(UTC)
    switches = Switches(reader(fleet.session, "dynamodb"), fleet.table)
    switches.pause(Hold("global", "bench", "measuring", now, now + timedelta(hours=6)))


KINDS = (
    Kind("budgets used up", Limits()),
    # The events of a load are hours old, the youngest excepted; all of them are one storm.
    Kind("storm", Limits(storm='alarms = 10\nwithin = "6h"\nquiet = "10m"')),
    Kind("paused", Limits(), pause),
)


@contextmanager
def own_emulator() -> Iterator[Running]:
    """An emulator that nobody else uses, ended afterwards."""
    if not PYTHON.exists():
        sys.exit("run `make setup` first")
    try:
        yield emulator.start(HOME, PYTHON)
    finally:
        emulator.stop(HOME)


def events(fleet: Fleet, count: int) -> list[Delivery]:
    """So many events: transitions of all alarms in any order, one in ten a duplicate."""
    again = count // DUPLICATES
    each = -(-(count - again) // len(fleet.services))
    first = transitions(fleet, each, spread=timedelta(minutes=5), every=timedelta(minutes=6))
    return shuffled(first[: count - again], again, seed=count)


def measure(kind: Kind, count: int, *, refuses: bool) -> list[str]:
    """One row of the table. Each on an emulator of its own, whose record of calls is finite."""
    with own_emulator() as running, tempfile.TemporaryDirectory() as folder:
        fleet = Fleet.prepare(running.session(), services=SERVICES, clusters=CLUSTERS)
        if kind.before:
            kind.before(fleet)
        deliveries = events(fleet, count)
        load = Load(
            running,
            fleet,
            kind.limits,
            Path(folder),
            processes=1 if refuses else PROCESSES,
            refuses=refuses,
            skews=[0.0] * WORKERS,
        )
        result = load.run(deliveries)
        missing = {one.key for one in deliveries} - set(decided(fleet))
        return row(count, load, result, len(missing))


def row(count: int, load: Load, result: Result, missing: int) -> list[str]:
    """The numbers of one load."""
    met, lost = meetings(result.writes), lost_claims(result.writes)
    print_result(result)
    return [
        f"{count:,}",
        f"{count / result.seconds:.0f}",
        f"{result.calls.total() / count:.2f}",
        f"{len(load.acts)}",
        f"{lost}",
        *(f"{met[kind]}" for kind in CONTENDED),
        f"{missing + len(result.raised)}",
        f"{len(load.violations())}",
    ]


def print_result(result: Result) -> None:
    """The details behind a row, for readers who want to know why."""
    refused = Counter(kind for write in result.writes for kind in {kind_of(item) for item in write.lost_on})
    for name, counter in (("outcomes", result.outcomes), ("calls", result.calls), ("lost on", refused)):
        print(f"    {name}: {', '.join(f'{n} {k}' for k, n in counter.most_common())}")  # noqa: T201


HEAD = [
    "events",
    "events/s",
    "calls an event",
    "acts",
    "claims lost",
    *(f"met on {kind}" for kind in CONTENDED),
    "undecided or raised",
    "violations",
]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The cost of many events at once.")
    parser.add_argument("--events", type=int, nargs="+", default=[1000, 5000, 10_000])
    parser.add_argument("--kinds", nargs="+", default=[kind.name for kind in KINDS])
    parser.add_argument("--refuses", action="store_true")
    asked = parser.parse_args(arguments)
    for kind in (one for one in KINDS if one.name in asked.kinds):
        rows = [measure(kind, count, refuses=asked.refuses) for count in asked.events]
        print(f"\n{kind.name}, {WORKERS} workers\n")  # noqa: T201
        for cells in [HEAD, ["---:"] * len(HEAD), *rows]:
            print(f"| {' | '.join(cells)} |")  # noqa: T201
        print(flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
