"""Runs functions one after the other: the steps before a scene, and those after it."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from firebreak.core.ledger import Claim, ClaimResult
from firebreak.core.model import OwnEvent
from firebreak.errors import AwsError
from tests.proofs.interleavings.calls import Call, Raised, Reply, Returned, given
from tests.proofs.interleavings.diary import Violation
from tests.proofs.interleavings.functions import SWEEP, Process, Run, Wiring, carries_out, verifies
from tests.proofs.interleavings.simulated_world import PARTS, Props, SimulatedWorld, Who, after_call
from tests.support.world import check_event

SWEEPS_EVERY = timedelta(minutes=5)


class Runner:
    """Runs one function after the other in a world."""

    def __init__(self, props: Props, world: SimulatedWorld) -> None:
        self._props = props
        self._policy = props.policy
        self.world = world

    def run(self, process: Process) -> None:
        """Run it to its end; an exception is a mistake, for nothing disturbs it any more."""
        claim: list[Claim] = []

        def ask(call: Call) -> object:
            reply = self._reply(process, call, claim[-1] if claim else None)
            if reply == Returned(ClaimResult.WON) and isinstance(call.args[0], Claim):
                claim.append(call.args[0])
            return given(reply)

        process.run(Wiring(process, self._policy, ask))

    def _reply(self, process: Process, call: Call, claim: Claim | None) -> Reply:
        names = PARTS[call.port]
        try:
            values, result = self._props.apply(call, tuple(getattr(self.world, name) for name in names))
        except AwsError as error:
            return Raised(error)
        who = Who(claim, self.world.at, process.skew)
        diary = after_call(self.world.diary, call, result, who, self._policy)
        self.world = replace(self.world, diary=diary, **dict(zip(names, values, strict=True)))
        return Returned(result)

    def to_the_end(self, end: datetime) -> None:
        """Deliver, fire and sweep until nothing is left to do; by `end` it must be so."""
        self.carry()
        next_sweep = self.world.at + SWEEPS_EVERY
        while True:
            due = min([*self._due_times(), next_sweep])
            self.pass_until(due)
            if due == next_sweep:
                self.do("sweep", verifies(SWEEP))
                next_sweep += SWEEPS_EVERY
            self.carry()
            if self._at_rest():
                return
            if self.world.at > end:
                raise Violation(f"property 5: still at {end:%H:%M}: {unfinished(self.world)}")

    def pass_until(self, then: datetime) -> None:
        """Let the clock reach that time, and fire what is due by then."""
        self.world = replace(self.world, at=max(then, self.world.at))
        self._fire()

    def _at_rest(self) -> bool:
        return not (self.world.bus.asked or self.world.ledger.requests or unfinished(self.world))

    def do(self, what: str, run: Run) -> None:
        """Run something that is no process of the scene."""
        self.run(Process(what, run))

    def carry(self) -> None:
        """Take every request from the bus to its function."""
        while asked := self.world.bus.asked:
            self.world = replace(self.world, bus=replace(self.world.bus, asked=asked[1:]))
            self.do("request", carries_out(asked[0]))

    def _due_times(self) -> list[datetime]:
        schedules = self.world.schedules
        return [*schedules.checks.values(), *(at for _, at in schedules.asks)]

    def _fire(self) -> None:
        now, schedules = self.world.at, self.world.schedules
        checks = [name for name, at in schedules.checks.items() if at <= now]
        asks: list[OwnEvent] = [request for request, at in schedules.asks if at <= now]
        left = MappingProxyType({name: at for name, at in schedules.checks.items() if at > now})
        later = tuple(one for one in schedules.asks if one[1] > now)
        self.world = replace(self.world, schedules=replace(schedules, checks=left, asks=later))
        for name in checks:
            self.do("check", verifies(check_event(*name)))
        for request in asks:
            self.do("wake", carries_out(request))


def unfinished(world: SimulatedWorld) -> list[str]:
    """The incidents that hold their target, and the unpublished announcements."""
    going = [f"{i.id} is {i.state}" for i in world.ledger.incidents.values() if i.holds_target]
    return [*going, *(f"{text.kind} is unpublished" for text in world.ledger.unpublished.values())]
