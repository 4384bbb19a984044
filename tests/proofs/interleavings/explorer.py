"""Explores every interleaving of a scene's processes, and judges every run.

A state is the world and, for each process, the replies it got so far. The steps that led there make no
difference to the steps that may follow, so each state is visited once, the nearest first: the first
path that breaks a property is a shortest one. All paths to a state are equally long, so they can be counted
on the way. Processes that do the same are interchangeable: states that differ only in which of them stands
where are one state, and a step that any of k of them may take counts k times.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from firebreak.core.ledger import ClaimResult
from firebreak.errors import OutcomeUnknown, Rejected, Unavailable
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import Memory
from tests.proofs.interleavings.calls import Call, Raised, Reply, Returned
from tests.proofs.interleavings.diary import Violation
from tests.proofs.interleavings.functions import Process, policy_of
from tests.proofs.interleavings.machine import Ended, Machine, Node, PartNumbers, with_part
from tests.proofs.interleavings.simulated_world import Props, SimulatedWorld

WRITES = frozenset(
    {
        "claim",
        "record",
        "open",
        "move",
        "join",
        "record_transition",
        "give_back",
        "note",
        "settle_announcement",
    }
    | {"remember", "renew", "trip", "calm", "announce", "ask", "check", "ask_again", "execute"}
)
FAILING = frozenset({"ledger", "storms", "switches", "bus", "schedules", "action"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The processes that run at once, their world, and the faults that may happen.

    `passes` are lengths of time that may pass, in order, between any two steps; without any the clock
    stands still. At most so many processes are killed, calls fail, and replies are lost in one run.
    """

    name: str
    processes: tuple[Process, ...]
    world: SimulatedWorld
    policy: str
    passes: tuple[timedelta, ...] = ()
    kills: int = 0
    failures: int = 0
    lost_replies: int = 0
    make_ledger: Callable[[Memory], MemoryLedger] = MemoryLedger


class Left(NamedTuple):
    """The faults and passages of time that are left."""

    passes: int
    kills: int
    failures: int
    lost_replies: int


type State = tuple[PartNumbers, tuple[int, ...], Left]
type Step = tuple[str, State, int]
type OwnStep = tuple[str, PartNumbers, int, Left]
type Back = dict[State, tuple[State, str] | None]
type Judge = Callable[[SimulatedWorld, Sequence[Ended]], None]


@dataclass(slots=True, kw_only=True)
class Found:
    """How an exploration ended.

    `outcomes` are all ways in which any of the processes ended; `broken` names the first property
    that did not hold, and `schedule` is a shortest path there.
    """

    scene: str
    states: int = 0
    transitions: int = 0
    interleavings: int = 0
    final_states: int = 0
    outcomes: frozenset[str] = frozenset()
    broken: str = ""
    schedule: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.scene}: {self.interleavings:,} interleavings, {self.states:,} states, "
        text += f"{self.transitions:,} transitions, {self.final_states:,} final states"
        return text if not self.broken else "\n  ".join((text, self.broken, *self.schedule))


class Explorer:
    """Explores one scene."""

    def __init__(self, scene: Scene, judge: Judge) -> None:
        self._scene = scene
        self._judge = judge
        policy = policy_of(scene.policy)
        self._machine = Machine(policy, Props(policy, scene.make_ledger))
        self._judged: set[tuple[PartNumbers, tuple[tuple[str, bool, bool], ...]]] = set()
        self._known: dict[tuple[int, PartNumbers, Left], list[OwnStep]] = {}

    def explore(self) -> Found:
        """Visit every state once, the nearest first; only when something is broken remember the ways."""
        found = self._explore({})
        return found if not found.broken else self._explore({self._first(): None})

    def _first(self) -> State:
        scene = self._scene
        parts = self._machine.numbered(scene.world)
        nodes = [self._root(process, parts) for process in scene.processes for _ in range(process.copies)]
        left = Left(len(scene.passes), scene.kills, scene.failures, scene.lost_replies)
        return parts, tuple(sorted(nodes)), left

    def _explore(self, back: Back) -> Found:
        level = {self._first(): 1}
        found = Found(scene=self._scene.name)
        self._judged.clear()
        while level:
            following: dict[State, int] = {}
            for state, ways in level.items():
                try:
                    steps = self._visit(state)
                except Violation as broken:
                    way = (*_way(back, state), *getattr(broken, "__notes__", ()))
                    return replace(found, broken=str(broken), schedule=way)
                found.states += 1
                found.interleavings += 0 if steps else ways
                for label, after, times in steps:
                    found.transitions += times
                    following[after] = following.get(after, 0) + ways * times
                    if back:
                        back.setdefault(after, (state, label))
            level = following
        return replace(found, final_states=len(self._judged), outcomes=self._outcomes())

    def _visit(self, state: State) -> list[Step]:
        """The possible next steps; without any, the run is judged. Raises Violation."""
        steps = list(self._steps(state))
        if not steps:
            self._judge_final_state(state)
        return steps

    def _outcomes(self) -> frozenset[str]:
        ended = (node.next for node in self._machine.nodes if isinstance(node.next, Ended))
        return frozenset(f"{end.process}: {end.how}" for end in ended)

    def _judge_final_state(self, state: State) -> None:
        """Judges runs with the same final state once: the rest depends on nothing else."""
        ended = [node.next for n in state[1] if isinstance((node := self._machine.nodes[n]).next, Ended)]
        alike = (state[0], tuple((end.process, end.handled, end.blind) for end in ended))
        if alike in self._judged:
            return
        self._judged.add(alike)
        try:
            self._judge(self._machine.world_of(state[0]), ended)
        except Violation as broken:
            broken.add_note("... and then one after the other")
            raise

    def _steps(self, state: State) -> Iterator[Step]:
        """The possible next steps, and how many of the processes may take each."""
        parts, nodes, left = state
        going = [n for n in dict.fromkeys(nodes) if not isinstance(self._machine.nodes[n].next, Ended)]
        for number in going:
            if self._waits(self._machine.nodes[number], left):
                continue
            times = nodes.count(number)
            for label, after_parts, after, after_left in self._known_steps_of(number, parts, left):
                yield label, (after_parts, _instead(nodes, number, after), after_left), times
        if left.passes and going:
            length = self._scene.passes[len(self._scene.passes) - left.passes]
            later = self._machine.numbering.of(self._machine.part(parts, "at") + length)
            yield (
                f"{length} passes",
                (with_part(parts, "at", later), nodes, left._replace(passes=left.passes - 1)),
                1,
            )

    def _waits(self, node: Node, left: Left) -> bool:
        passed = len(self._scene.passes) - left.passes
        return not node.replies and passed < node.process.starts_after

    def _known_steps_of(self, number: int, parts: PartNumbers, left: Left) -> list[OwnStep]:
        """The steps of one process. They do not depend on the other ones, so each is found out once."""
        key = (number, parts, left)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = list(self._steps_of(number, parts, left))
        return known

    def _steps_of(self, number: int, before: PartNumbers, left: Left) -> Iterator[OwnStep]:
        parts, number = self._machine.past_the_clock(before, number)
        node = self._machine.nodes[number]
        call, who = node.next, f"{node.process} ({len(node.replies) + 1})"
        if isinstance(call, Ended):
            yield f"{who}: ends", parts, number, left
            return
        after, reply = self._machine.step(node, parts)
        yield f"{who}: {call} -> {self._machine.short(reply)}", *self._goes_on(after, number, reply), left
        if left.kills:
            fewer = left._replace(kills=left.kills - 1)
            yield f"{who}: killed before {call}", before, self._machine.dead(node.process), fewer
        if left.failures and call.port in FAILING:
            error = (
                Rejected(call.name, "Refused") if call.port == "action" else Unavailable(call.name, "Down")
            )
            failed, fewer = (
                self._machine.numbering.of(Raised(error)),
                left._replace(failures=left.failures - 1),
            )
            yield f"{who}: {call} fails", *self._goes_on(parts, number, failed), fewer
        if left.lost_replies and call.name in WRITES:
            lost, fewer = (
                self._machine.numbering.of(_reply_lost(call)),
                left._replace(lost_replies=left.lost_replies - 1),
            )
            yield f"{who}: {call}, reply lost", *self._goes_on(after, number, lost), fewer

    def _root(self, process: Process, parts: PartNumbers) -> int:
        root = self._machine.root(process)
        return root if self._scene.passes else self._machine.past_the_clock(parts, root)[1]

    def _goes_on(self, parts: PartNumbers, number: int, reply: int) -> tuple[PartNumbers, int]:
        """The world and the node after a reply. While the clock stands still reading it is no step."""
        if self._scene.passes:
            return parts, self._machine.child(number, reply)
        return self._machine.past_the_clock(parts, self._machine.child(number, reply, parts))


def _reply_lost(call: Call) -> Reply:
    if call.name == "claim":
        return Returned(ClaimResult.UNKNOWN)  # the ledger read again, and could not see either
    return Raised(OutcomeUnknown(call.name, "ReadTimeout"))


def _instead(nodes: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    place = nodes.index(old)
    return tuple(sorted((*nodes[:place], new, *nodes[place + 1 :])))


def _way(back: Back, state: State) -> list[str]:
    steps: list[str] = []
    while before := back.get(state):
        state, step = before
        steps.append(step)
    return steps[::-1]
