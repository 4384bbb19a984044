"""One process of a load test: many workers, each with its own clock, clients and functions.

Run as `python -m tests.proofs.concurrency.worker JOB RESULT`; `driver` writes the one and reads the other. It
reports when it is ready, and receives the time at which to begin.
"""

import gc
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from boto3.session import Session

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.clients import mutator, reader
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import OwnEvent
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.remediator import Remediator
from firebreak.remediation.snapshot import Observer
from firebreak.remediation.storm_detector import StormWatch
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS
from firebreak.wiring import jitter
from firebreak_devtools.local.emulator import LocalSession
from firebreak_devtools.local.paths import ACCOUNT, REGION
from tests.proofs.concurrency.job import Job, Result, Share, read_job, write_result
from tests.proofs.concurrency.watching import Notes, Traffic, Watched


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """A machine's clocks, the wall clock wrong by a constant."""

    skew: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class NoLog:
    """Nobody reads the log of a load test."""

    def event(self, name: str, **fields: object) -> None:
        """Nothing."""

    def about(self, correlation_id: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def came_in(self) -> None:
        """Nothing."""

    def count(self, name: str, by: int = 1) -> None:
        """Nothing."""

    def gauge(self, name: str, value: float) -> None:
        """Nothing."""


@dataclass
class NotedBus:
    """Notes each announcement and request; nothing is sent."""

    notes: Notes
    announced: dict[str, str] = field(default_factory=dict)

    def announce(self, announcement: Announcement) -> None:
        self.notes.call("events.put_events")
        self.announced[announcement.key] = announcement.kind.value

    def ask(self, request: OwnEvent) -> None:
        self.notes.call("events.put_events")


@dataclass(frozen=True, slots=True)
class NotedSchedules:
    """Notes each requested schedule; nothing is scheduled, so nothing is verified during a load test."""

    notes: Notes

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        self.notes.call("scheduler.create_schedule")

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        self.notes.call("scheduler.create_schedule")


@dataclass(frozen=True, slots=True)
class Worker:
    """The functions of both actions as one Lambda environment would have them."""

    remediators: Mapping[str, Remediator]
    bus: NotedBus

    @classmethod
    def made(cls, session: Session, table: str, policy: Policy, skew: float, notes: Notes) -> "Worker":
        """Build it from the real adapters, on clients of its own."""

        def reads(service: str) -> Any:
            return Watched(reader(session, service), service, notes)

        def writes(service: str) -> Any:
            return Watched(mutator(session, service), service, notes)

        clock, log = SkewedClock(timedelta(seconds=skew)), NoLog()
        bus, schedules = NotedBus(notes), NotedSchedules(notes)
        dynamodb = reads("dynamodb")
        alarms, ledger = CloudWatchAlarms(reads("cloudwatch")), DynamoLedger(dynamodb, table)
        announcer = Announcer(bus, ledger, log)
        services = Connections(reads, writes)

        def remediator(name: str) -> Remediator:
            action = ACTIONS[name](services)
            return Remediator(
                action=action,
                observer=Observer(action, alarms, "firebreak"),
                ledger=ledger,
                schedules=schedules,
                announcer=announcer,
                recorder=DecisionRecorder(ledger, schedules, announcer, clock, log),
                storms=StormWatch(DynamoStorms(dynamodb, table), alarms, announcer, clock, log),
                policy=lambda: policy,
                acknowledged=lambda _: "",
                clock=clock,
                log=log,
                new_id=lambda: uuid.uuid4().hex,
                jitter=jitter,
                account=ACCOUNT,
                region=REGION,
                partition="aws",
                confirm=lambda event: event,
            )

        return cls({name: remediator(name) for name in ACTIONS}, bus)


def work(worker: Worker, share: Share, start_at: float, result: Result, lock: threading.Lock) -> None:
    """Handle the share's events in their order, each not before its time."""
    outcomes: Counter[str] = Counter()
    raised: list[str] = []
    for delivery in share.deliveries:
        time.sleep(max(start_at + delivery.after - time.time(), 0))
        try:
            done = worker.remediators[delivery.action].handle(delivery.event)
        except Exception as error:  # noqa: BLE001  # the outermost edge: whatever it is, the test reports it
            raised.append(f"{type(error).__name__}: {error}")
        else:
            outcomes[f"{done.outcome} {done.reason.value}"] += 1
    with lock:
        result.outcomes.update(outcomes)
        result.raised.extend(raised)
        result.announced.update(worker.bus.announced)


def run(job: Job) -> Result:
    """Run every share of the job at the same time."""
    session, result = LocalSession(job.endpoint), Result()
    notes = Notes(traffic=Traffic() if job.refuses else None)
    policy = parse_policy(job.policy, "load test")
    workers = [Worker.made(session, job.table, policy, share.skew, notes) for share in job.shares]
    print("ready", flush=True)  # noqa: T201  # the driver waits for it
    start_at = float(sys.stdin.readline())
    lock = threading.Lock()
    threads = [
        threading.Thread(target=work, args=(worker, share, start_at, result, lock))
        for worker, share in zip(workers, job.shares, strict=True)
    ]
    # Nothing that was built so far is garbage, and collecting it would stop all workers for a while.
    gc.freeze()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.ended_at = time.time()
    result.calls, result.writes = notes.calls, notes.writes
    return result


def main() -> None:
    """Read the job, do it, write the result."""
    job_file, result_file = map(Path, sys.argv[1:])
    write_result(result_file, run(read_job(job_file)))


if __name__ == "__main__":
    main()
