"""The processes of a scene as machines in a world: a number for each state of a process and for each part.

The next step of the real code depends on its replies alone, and the effect of a call on the parts of the
world that it can see: both are computed once and looked up from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from unittest.mock import patch

from firebreak.core.decide import decide
from firebreak.core.decision import Decision, Snapshot
from firebreak.core.ledger import Claim, ClaimResult
from firebreak.core.model import Request
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import AwsError
from firebreak.remediation import remediator
from firebreak.remediation.decision_recorder import Summary
from tests.proofs.interleavings.calls import Ask, Asked, Call, Raised, Reply, Returned, Script, given
from tests.proofs.interleavings.diary import Violation
from tests.proofs.interleavings.fingerprints import Numbering
from tests.proofs.interleavings.functions import Process, SteadyPolicy, Wiring
from tests.proofs.interleavings.simulated_world import PARTS, Props, SimulatedWorld, Who, after_call

type PartNumbers = tuple[int, ...]

# The ports whose calls are one step with the call that follows them.
CLOCK = frozenset({"clock", "ids"})

PART_NAMES = tuple(sorted(field.name for field in fields(SimulatedWorld)))
PLACE = {name: place for place, name in enumerate(PART_NAMES)}


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that returned, raised, or was killed; an event that was not handled is delivered again.

    One that went `blind` recorded no decision, but announced that to a human.
    """

    process: str
    how: str
    handled: bool
    blind: bool = False


@dataclass(slots=True)
class Node:
    """A process that got these replies, and what it does then; `claim` is the last that it won."""

    process: Process
    replies: tuple[Reply, ...]
    next: Call | Ended
    claim: Claim | None = None
    call: int = -1
    children: dict[int, int] = field(default_factory=dict)


class Machine:
    """Runs any process in any world, by numbers."""

    def __init__(self, policy: SteadyPolicy, props: Props) -> None:
        self._policy = policy
        self._props = props
        self.numbering = Numbering()
        self.nodes: list[Node] = []
        self._results: dict[tuple[int, ...], tuple[tuple[int, ...], int]] = {}
        self._noted: dict[tuple[int, ...], int | Violation] = {}
        self._decisions: dict[tuple[int, int, int], Decision] = {}
        self._roots: dict[str, int] = {}
        self._dead_nodes: dict[str, int] = {}

    def numbered(self, world: SimulatedWorld) -> PartNumbers:
        """The numbers of a world's parts."""
        return tuple(self.numbering.of(getattr(world, name)) for name in PART_NAMES)

    def world_of(self, parts: Sequence[int]) -> SimulatedWorld:
        """The world with these parts."""
        values: dict[str, Any] = {
            name: self.numbering.values[n] for name, n in zip(PART_NAMES, parts, strict=True)
        }
        return SimulatedWorld(**values)

    def root(self, process: Process) -> int:
        """The node of a process that has not begun."""
        if process.name not in self._roots:
            self._roots[process.name] = self._node(process, (), None)
        return self._roots[process.name]

    def past_the_clock(self, parts: PartNumbers, number: int) -> tuple[PartNumbers, int]:
        """After the looks at the clock, and new ids: they are one step with the call that follows them.

        So time may pass before a look and after the call, and never between a function's look at its
        own deadline and the one change that it sends.
        """
        node = self.nodes[number]
        while isinstance(node.next, Call) and node.next.port in CLOCK:
            parts, reply = self.step(node, parts)
            number = self.child(number, reply, parts)
            node = self.nodes[number]
        return parts, number

    def part(self, parts: PartNumbers, name: str) -> Any:
        """The part of the world with these numbers."""
        return self.numbering.values[parts[PLACE[name]]]

    def short(self, reply: int) -> str:
        """A reply in a word, for schedules."""
        value = self.numbering.values[reply]
        assert isinstance(value, Returned | Raised)
        inner = value.value if isinstance(value, Returned) else value.error
        return str(inner) if isinstance(inner, bool | str | AwsError | None) else type(inner).__name__

    def step(self, node: Node, parts: PartNumbers) -> tuple[PartNumbers, int]:
        """The world after the node's call, and its reply; a known result is not computed again."""
        call = node.next
        assert isinstance(call, Call)
        after, said = self._apply(call, node.call, parts)
        if call.port in {"ledger", "storms", "switches", "action"}:
            return with_part(after, "diary", self._note(node, said, parts)), said
        return after, said

    def _apply(self, call: Call, number: int, parts: PartNumbers) -> tuple[PartNumbers, int]:
        names = PARTS[call.port]
        key = (number, *(parts[PLACE[name]] for name in names))
        if key not in self._results:
            before = tuple(self.part(parts, name) for name in names)
            try:
                values, result = self._props.apply(call, before)
                reply: Reply = Returned(result)
            except AwsError as error:
                values, reply = before, Raised(error)
            self._results[key] = tuple(map(self.numbering.of, values)), self.numbering.of(reply)
        numbers, said = self._results[key]
        after = list(parts)
        for name, part in zip(names, numbers, strict=True):
            after[PLACE[name]] = part
        return tuple(after), said

    def _note(self, node: Node, reply: int, parts: PartNumbers) -> int:
        claim = self.numbering.of(node.claim)
        skew = self.numbering.of(node.process.skew)
        key = (node.call, reply, claim, skew, parts[PLACE["diary"]], parts[PLACE["at"]])
        if key not in self._noted:
            self._noted[key] = self._note_uncached(node, reply, parts)
        found = self._noted[key]
        if isinstance(found, Violation):
            raise found
        return found

    def _note_uncached(self, node: Node, reply: int, parts: PartNumbers) -> int | Violation:
        said, call = self.numbering.values[reply], node.next
        assert isinstance(call, Call)
        if isinstance(said, Raised):
            return parts[PLACE["diary"]]
        assert isinstance(said, Returned)
        who = Who(node.claim, self.part(parts, "at"), node.process.skew)
        try:
            diary = after_call(self.part(parts, "diary"), call, said.value, who, self._policy)
            return self.numbering.of(diary)
        except Violation as broken:
            broken.add_note(f"{node.process} ({len(node.replies) + 1}): {call}")
            return broken

    def child(self, number: int, reply: int, parts: PartNumbers | None = None) -> int:
        """The node after this reply.

        With `parts` of the world, the reads of its clock that follow at once are computed in the same run.
        """
        node = self.nodes[number]
        if reply not in node.children:
            said: Any = self.numbering.values[reply]
            replies, claim = (*node.replies, said), _claim_after(node, said)
            node.children[reply] = self._node(node.process, replies, claim, parts)
        return node.children[reply]

    def dead(self, process: Process) -> int:
        """The one dead node of a process: its replies are lost with it."""
        if process.name not in self._dead_nodes:
            self.nodes.append(Node(process, (), Ended(process.name, "killed", handled=False)))
            self._dead_nodes[process.name] = len(self.nodes) - 1
        return self._dead_nodes[process.name]

    def _node(
        self,
        process: Process,
        replies: tuple[Reply, ...],
        claim: Claim | None,
        parts: PartNumbers | None = None,
    ) -> int:
        looks: list[tuple[Call, int]] = []

        def look(call: Call) -> object:
            nonlocal parts
            if parts is None or call.port not in CLOCK:
                raise Asked(call)
            parts, reply = self._apply(call, self.numbering.of(call), parts)
            looks.append((call, reply))
            said: Any = self.numbering.values[reply]
            return given(said)

        with patch.object(remediator, "decide", self._decide):
            following = how_it_goes_on(process, self._policy, replies, look)
        first = len(self.nodes)
        for call, reply in looks:
            self._append(Node(process, replies, call, claim, children={reply: len(self.nodes) + 1}))
            said: Any = self.numbering.values[reply]
            replies = (*replies, said)
        self._append(Node(process, replies, following, claim))
        return first

    def _decide(self, request: Request, rules: Rules, seen: Snapshot) -> Decision:
        """The decision of the real code. It is pure, so that it is made once for equal arguments."""
        key = (self.numbering.of(request), self.numbering.of(rules), self.numbering.of(seen))
        if key not in self._decisions:
            self._decisions[key] = decide(request, rules, seen)
        return self._decisions[key]

    def _append(self, node: Node) -> None:
        if isinstance(node.next, Call):
            node.call = self.numbering.of(node.next)
        self.nodes.append(node)


def _words(done: object) -> str:
    return f"{done.outcome}, {done.reason}" if isinstance(done, Summary) else "done"


def _claim_after(node: Node, said: Reply) -> Claim | None:
    call = node.next
    if said == Returned(ClaimResult.WON) and isinstance(call, Call) and isinstance(call.args[0], Claim):
        return call.args[0]
    return node.claim


def how_it_goes_on(process: Process, policy: Any, replies: Sequence[Reply], beyond: Ask) -> Call | Ended:
    """Run the real code on these replies, until it calls something that `beyond` has no answer to either."""
    try:
        done = process.run(Wiring(process, policy, Script(replies, beyond)))
    except Asked as asked:
        return asked.call
    except Exception as error:  # noqa: BLE001 - whatever a function raises, Lambda delivers its event again
        return Ended(process.name, f"{type(error).__name__}: {error}", handled=False)
    blind = isinstance(done, Summary) and done.reason is Reason.LEDGER_UNAVAILABLE
    return Ended(process.name, _words(done), handled=True, blind=blind)


def with_part(parts: PartNumbers, name: str, number: int) -> PartNumbers:
    place = PLACE[name]
    return (*parts[:place], number, *parts[place + 1 :])
