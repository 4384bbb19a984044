"""The messages between the driver and its worker processes, as JSON files."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.proofs.concurrency.testbed import Delivery
from tests.proofs.concurrency.watching import Write


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one worker: how wrong its clock is, in seconds, and its events in their order."""

    skew: float
    deliveries: list[Delivery]


@dataclass(frozen=True, slots=True)
class Job:
    """The work of one process.

    With `refuses` writes that meet are refused as DynamoDB refuses them.
    """

    endpoint: str
    table: str
    policy: str
    shares: list[Share]
    refuses: bool = False


@dataclass
class Result:
    """The result of a job; those of several processes add up."""

    outcomes: Counter[str] = field(default_factory=Counter)
    raised: list[str] = field(default_factory=list)
    announced: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    writes: list[Write] = field(default_factory=list)
    started_at: float = 0.0
    ended_at: float = 0.0

    def add(self, other: "Result") -> None:
        """Count another process's result in."""
        self.outcomes += other.outcomes
        self.raised += other.raised
        self.announced |= other.announced
        self.calls += other.calls
        self.writes += other.writes
        self.ended_at = max(self.ended_at, other.ended_at)

    @property
    def seconds(self) -> float:
        """From the start to the end of the last event."""
        return self.ended_at - self.started_at


def write_job(path: Path, job: Job) -> None:
    """Write a job to a file."""
    path.write_text(json.dumps(asdict(job)), encoding="utf-8")


def read_job(path: Path) -> Job:
    """Read a job."""
    found = json.loads(path.read_text(encoding="utf-8"))
    shares = [Share(s["skew"], [Delivery(**one) for one in s["deliveries"]]) for s in found.pop("shares")]
    return Job(shares=shares, **found)


def write_result(path: Path, result: Result) -> None:
    """Write a result to a file."""
    # Not asdict for all of it: it takes a Counter for a dict of pairs.
    found = {**vars(result), "writes": [asdict(write) for write in result.writes]}
    path.write_text(json.dumps(found), encoding="utf-8")


def read_result(path: Path) -> Result:
    """Read a result."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found |= {name: Counter(found[name]) for name in ("outcomes", "calls")}
    found["writes"] = [_write(one) for one in found["writes"]]
    return Result(**found)


def _write(found: dict[str, Any]) -> Write:
    return Write(**{**found, "items": tuple(found["items"]), "lost_on": tuple(found["lost_on"])})
