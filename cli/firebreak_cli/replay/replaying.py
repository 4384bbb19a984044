"""Makes recorded decisions again, and finds the first guard that found otherwise."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from firebreak.core.decide import decide
from firebreak.core.decision import Decision
from firebreak.errors import UnusableEvent
from firebreak.ledger.items import check_to_wire
from firebreak.policy.compiled import BUILD_SHOWN, deployed_build
from firebreak.policy.policy import Policy
from firebreak.wire.decision_inputs import unpack_inputs
from firebreak_cli.queries.ledger_queries import StoredDecision

type Finding = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NotKept:
    """Why a policy, or what a decision was made of, is not there, in one line."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Decisions, oldest first, and the policy of each by its hash.

    `policy_file` is set where a file stands in for it. `cut` says that there may be more decisions.
    """

    id: str
    decisions: tuple[StoredDecision, ...]
    policy_of: Callable[[str], Policy | NotKept]
    policy_file: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """The first guard that found otherwise; None on a side that has no such guard."""

    guard: str
    recorded: Finding | None
    replayed: Finding | None


@dataclass(frozen=True, slots=True)
class Again:
    """A decision that was made again, and where it differs from the recorded one; None where nowhere."""

    decision: Decision
    difference: Difference | None

    @property
    def same(self) -> bool:
        """Whether it is the recorded decision."""
        return self.difference is None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A recorded decision with its replay."""

    recorded: StoredDecision
    result: Again | NotKept


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """All replays of one id. `build` is that of this command."""

    id: str
    build: str
    policy_file: str
    replayed: tuple[Replayed, ...]
    cut: bool


def replay_all(source: Source) -> Replay:
    """Makes each decision again."""
    return Replay(
        id=source.id,
        build=own_build(),
        policy_file=source.policy_file,
        replayed=tuple(Replayed(one, _again(one, source.policy_of)) for one in source.decisions),
        cut=source.cut,
    )


@cache
def own_build() -> str:
    """The build of this command, as decisions name that of the functions."""
    return deployed_build()[:BUILD_SHOWN]


def _again(recorded: StoredDecision, policy_of: Callable[[str], Policy | NotKept]) -> Again | NotKept:
    if not recorded.inputs:
        return NotKept(recorded.inputs_left_out or "an earlier release recorded it, without its snapshot")
    try:
        inputs = unpack_inputs(recorded.inputs)
    except UnusableEvent as error:
        return NotKept(f"the kept snapshot cannot be read: {error}")
    policy = policy_of(recorded.policy)
    if isinstance(policy, NotKept):
        return policy
    request = inputs.request
    decision = decide(request, policy.rules(request.action, request.target), inputs.seen)
    return Again(decision, difference(recorded, decision))


def difference(recorded: StoredDecision, decision: Decision) -> Difference | None:
    """The first guard with another result, reason or end; its words and numbers may differ."""
    before, after = _by_guard(recorded.checks), _by_guard(map(check_to_wire, decision.checks))
    for guard in (*after, *(name for name in before if name not in after)):
        then, now = before.get(guard), after.get(guard)
        if then is None or now is None or _essence(then) != _essence(now):
            return Difference(guard, then, now)
    if (recorded.outcome, recorded.reason) == (decision.word, decision.reason.value):
        return None
    return Difference(
        "decision",
        {"result": recorded.outcome, "reason": recorded.reason},
        {"result": decision.word, "reason": decision.reason.value},
    )


def _by_guard(checks: Iterable[Finding]) -> dict[str, Finding]:
    return {str(check.get("guard", "")): check for check in checks}


def _essence(finding: Finding) -> tuple[object, ...]:
    return finding.get("result"), finding.get("reason") or None, _as_timestamp(finding.get("until"))


def _as_timestamp(written: object) -> object:
    try:
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return written


def from_file(path: Path) -> Policy:
    """The policy in a file. Raises PolicyError."""
    from firebreak.policy.loader import load_policy

    return load_policy(path)
