"""Reads the state of a target before an act, within a bounded time, and keeps it after the act."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from firebreak.core.diagnostics import (
    METRIC,
    Diagnostics,
    Found,
    MetricPicture,
    Section,
    time_left,
    without_secrets,
)
from firebreak.core.ledger import Claim
from firebreak.core.limits.budgets import ACT_WITHIN
from firebreak.core.model import Plan, Target
from firebreak.core.ports import Clock, Log
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.errors import AwsError

type Read = Callable[[], Reading[Found]]
NO_ALARM = NotRead("a human asked for the act: there is no alarm")


class DiagnosticSources(Protocol):
    """The sources of one action."""

    def of(self, target: Target, plan: Plan) -> Mapping[str, Read]:
        """Each source by its name, not read yet: at least one."""


class DiagnosticsStore(Protocol):
    """The memory of diagnostics. Raises AwsError."""

    def keep(self, found: Diagnostics) -> None:
        """Keeps them with their incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticsCollector:
    """Collects before the act and keeps after it; neither can stop the act, and neither raises.

    `picture` reads the metric of the alarm of that name. `mask` hides secrets in a line; it takes long to
    import, so it is called after the act.
    """

    sources: DiagnosticSources
    picture: Callable[[str], Reading[MetricPicture]]
    store: DiagnosticsStore
    mask: Callable[[str], str]
    clock: Clock
    log: Log

    def collect(self, claim: Claim, plan: Plan, elapsed: float) -> Diagnostics:
        """The diagnostics of the claimed act.

        `elapsed` are the seconds since the claim began. A source that fails, or is late, is Unknown.
        """
        alarm = claim.request.alarm
        picture = (lambda: NO_ALARM) if alarm.manual else partial(self.picture, alarm.name)
        reads: dict[str, Read] = {**self.sources.of(claim.after.target, plan), METRIC: picture}
        return Diagnostics(
            incident_id=claim.after.id,
            rung=claim.after.rung,
            at=self.clock.now(),
            sections=read_within(time_left(elapsed, ACT_WITHIN), reads),
        )

    def keep(self, found: Diagnostics) -> None:
        """Keeps them without secrets. May fail without harm: the act is recorded already."""
        try:
            self.store.keep(without_secrets(found, self.mask))
        except AwsError as error:
            self.log.event("diagnostics.not_kept", incident=found.incident_id, error=str(error))


def read_within(seconds: float, reads: Mapping[str, Read]) -> tuple[Section, ...]:
    """All sources read at the same time, for at most so many seconds.

    A read that is late goes on in its thread, and ends with the time-outs of its client.
    """
    if seconds <= 0:
        return tuple(Section(name, NotRead("the act had no time left for it")) for name in reads)
    pool = ThreadPoolExecutor(max_workers=len(reads))
    begun = {name: pool.submit(read) for name, read in reads.items()}
    wait(begun.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    return tuple(Section(name, _result(future, seconds)) for name, future in begun.items())


def _result(future: Future[Reading[Found]], seconds: float) -> Reading[Found]:
    if not future.done() or future.cancelled():
        return Unknown(f"no answer within {seconds:g} s")
    error = future.exception()
    return Unknown(f"unexpected answer ({type(error).__name__})") if error else future.result()
