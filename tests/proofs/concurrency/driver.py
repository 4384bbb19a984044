"""Drives the real workflow with many workers at once, and checks the result.

The workers are threads of several processes, so that they run on all cores; the emulator is one
process and carries out one call at a time. Each worker has clients of its own, as a Lambda
environment has, and a clock of its own.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firebreak.aws.clients import reader
from firebreak.core.limits.scopes import Level
from firebreak.policy.compiler import parse_policy
from firebreak_devtools.local.emulator import Running
from tests.docs.documents import ROOT
from tests.proofs.concurrency.job import Job, Result, Share, read_result, write_job
from tests.proofs.concurrency.testbed import Delivery, Fleet
from tests.proofs.concurrency.trail import Act, Trail, by_key, most_in_window

WORKERS = 64
PROCESSES = 4
# Any two clocks differ by at most the skew that the pad allows for.
MOST_SKEW = 30.0
# How often the emulator's record is read while a load goes on, and how often the processes are looked at.
READ_EVERY = 5.0
LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """The policy of a load test. By default no storm trips: 50 alarms never turn red in one minute."""

    target: str = "1/1h"
    group: str = "3/1h"
    action: str = "10/1h"
    stack: str = "12/1h"
    storm: str = 'alarms = 50\nwithin = "1m"\nquiet = "1h"'
    share: float = 1.0

    @property
    def policy(self) -> str:
        """The policy file."""
        return POLICY.format(**{name: getattr(self, name) for name in self.__slots__})


POLICY = """\
version = 1
demo = true
[defaults]
autonomy = "auto"
cooldown = "1s"
rung_gap = "1s"
max_event_age = "6h"
max_incident_age = "6h"
[budgets]
target = ["{target}"]
group = ["{group}"]
action = ["{action}"]
stack = ["{stack}", "500/1h"]
[disruption]
max_unavailable = {share}
[storm]
{storm}
[verify]
after = "1h"
healthy_for = "5m"
retry_every = "2m"
attempts = 5
[actions.restart-service]
ladder = ["restart-service", "page"]
[actions.scale-service]
ladder = ["scale-service", "page"]
"""


def skewed(workers: int) -> list[float]:
    """How wrong each worker's clock is: a third is as late as may be, a third as early, the rest between."""
    between = [MOST_SKEW * (2 * n / max(workers - 1, 1) - 1) for n in range(workers)]
    return [(-MOST_SKEW, MOST_SKEW, between[n])[n % 3] for n in range(workers)]


@dataclass
class Load:
    """One load on one fleet. `during` is called again and again while it goes on.

    `skews` says how wrong each worker's clock is. With a head start the latest clock begins so many
    seconds before the earliest: slots taken by late clocks are then judged by early ones, for which
    they run out too soon. With `refuses` writes that meet are refused as DynamoDB refuses them, which
    needs one process.
    """

    running: Running
    fleet: Fleet
    limits: Limits
    folder: Path
    workers: int = WORKERS
    processes: int = PROCESSES
    refuses: bool = False
    skews: Sequence[float] = ()
    head_start: float = 0.0
    during: Callable[[], None] = lambda: None
    acts: list[Act] = field(default_factory=list)

    def run(self, deliveries: Sequence[Delivery]) -> Result:
        """Deal the deliveries to the workers, let them work, and add up their results."""
        trail = Trail(self.fleet.session, self.fleet, datetime.now(UTC))
        shares = self._shares(deliveries)
        with ExitStack() as stack:
            team = [
                stack.enter_context(self._process(n, shares[n :: self.processes]))
                for n in range(self.processes)
            ]
            total = Result(started_at=_start_together(team))
            self._wait(team, trail)
        for number in range(self.processes):
            total.add(read_result(self._file("result", number)))
        self.acts = trail.read()
        return total

    def _shares(self, deliveries: Sequence[Delivery]) -> list[Share]:
        skews = self.skews or skewed(self.workers)
        dealt = [deliveries[n :: self.workers] for n in range(self.workers)]
        waits = [self.head_start * (skew + MOST_SKEW) / (2 * MOST_SKEW) for skew in skews]
        return [
            Share(skew, [replace(one, after=one.after + wait) for one in own])
            for skew, wait, own in zip(skews, waits, dealt, strict=True)
        ]

    @contextmanager
    def _process(self, number: int, shares: list[Share]) -> Iterator[subprocess.Popen[str]]:
        job, result = self._file("job", number), self._file("result", number)
        write_job(job, Job(self.running.endpoint, self.fleet.table, self.limits.policy, shares, self.refuses))
        command = [sys.executable, "-m", "tests.proofs.concurrency.worker", str(job), str(result)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def _file(self, what: str, number: int) -> Path:
        return self.folder / f"{what}-{number}.json"

    def _wait(self, team: Sequence[subprocess.Popen[str]], trail: Trail) -> None:
        read_at = 0.0
        while at_work := [process for process in team if process.poll() is None]:
            if time.monotonic() - read_at > READ_EVERY:
                self.acts, read_at = trail.read(), time.monotonic()
            self.during()
            with suppress(subprocess.TimeoutExpired):
                at_work[0].wait(LOOK_EVERY)
        if any(process.returncode for process in team):
            raise RuntimeError("a worker process failed; what it said stands above")

    def violations(self) -> list[str]:
        """Every limit that the emulator's own record shows broken; no window and no level is left out."""
        return [*over_budget(self.acts, self.limits), *acted_twice(self.acts)]


def _start_together(team: Sequence[subprocess.Popen[str]]) -> float:
    """Wait until every process has built its workers; they begin at the time that is returned."""
    for process in team:
        assert process.stdout
        process.stdout.readline()
    at = time.time() + LOOK_EVERY
    for process in team:
        assert process.stdin
        print(at, file=process.stdin, flush=True)
    return at


def over_budget(acts: Sequence[Act], limits: Limits) -> list[str]:
    """The windows in which more acts reached AWS than the policy allows."""
    budgets = parse_policy(limits.policy, "load test").budgets
    keys: Mapping[Level, Callable[[Act], str]] = {
        Level.TARGET: lambda act: f"{act.cluster}/{act.service}",
        Level.GROUP: lambda act: act.cluster,
        Level.ACTION: lambda act: act.action,
        Level.STACK: lambda act: "all",
    }
    return [
        f"{level.value} {key}: {most} acts in {budget}"
        for level, name in keys.items()
        for budget in budgets[level]
        for key, times in by_key(acts, name).items()
        if (most := most_in_window(times, budget.window)) > budget.acts
    ]


def acted_twice(acts: Sequence[Act]) -> list[str]:
    """Targets that more than one act reached: nothing is verified here, so no incident ever ends."""
    found = Counter(f"{act.cluster}/{act.service}" for act in acts)
    return [f"{target} was changed {times} times" for target, times in found.items() if times > 1]


def items(fleet: Fleet, prefix: str) -> list[dict[str, Any]]:
    """The ledger's items whose key begins so."""
    pages = (
        reader(fleet.session, "dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=fleet.table,
            FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
    )
    return [item for page in pages for item in page["Items"]]


def decided(fleet: Fleet) -> list[str]:
    """The delivery keys that the ledger holds a decision of."""
    return sorted(item["pk"]["S"].removeprefix("DECISION#") for item in items(fleet, "DECISION#"))
