"""Where decisions and policies are read for a replay: the ledger of a stack, or an export and a file."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from firebreak.errors import PolicyError
from firebreak.policy.policy import Policy
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.replay.replaying import NotKept, Source, from_file
from firebreak_cli.stack import Stack, find

if TYPE_CHECKING:
    from firebreak_cli.queries.ledger_queries import StoredDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The command line: an id, and where to look."""

    wanted: str
    policy: Path | None
    file: Path | None
    stack: str


def source_of(asked: Question, environment: Environment, progress: TextIO) -> Source:
    """The decisions that are asked for. Raises Ending, PolicyError or AwsError."""
    given = from_file(asked.policy) if asked.policy else None
    if asked.file:
        return _offline(asked, asked.file, given, environment, progress)
    stack = find(environment, asked.stack)
    decisions, cut = _in_ledger(stack, asked.wanted)
    return Source(
        id=asked.wanted,
        decisions=decisions,
        policy_of=(lambda _: given) if given else cache(lambda wanted: _kept_policy(stack, wanted)),
        policy_file=str(asked.policy or ""),
        cut=cut,
    )


def _offline(
    asked: Question, file: Path, given: Policy | None, environment: Environment, progress: TextIO
) -> Source:
    from firebreak_cli.progress import progress_of
    from firebreak_cli.replay.exported_file import decisions_in

    if given is None:
        raise Ending(BAD_INPUT, "--file needs --policy FILE: an export holds no policy's text")
    counted = progress_of(environment.now, progress, progress)
    try:
        found = tuple(decisions_in(file, asked.wanted, counted))
    finally:
        counted.end()
    if not found:
        raise Ending(BAD_INPUT, f"{asked.wanted}: no such decision or incident in {file}")
    return Source(
        id=asked.wanted, decisions=found, policy_of=lambda _: given, policy_file=str(asked.policy or "")
    )


def _in_ledger(stack: Stack, wanted: str) -> "tuple[tuple[StoredDecision, ...], bool]":
    """The decision of that key, or all of that id, oldest first, and whether there may be more."""
    from firebreak_cli.queries.decision_by_key import decision_by_key
    from firebreak_cli.queries.show import story

    if one := decision_by_key(stack.reader("dynamodb"), stack.ledger_table, wanted):
        return (one,), False
    found = story(stack, wanted)
    if not found.decisions:
        raise Ending(BAD_INPUT, f"{wanted}: no decision is kept under it")
    return tuple(reversed(found.decisions)), found.cut


def _kept_policy(stack: Stack, wanted: str) -> Policy | NotKept:
    from firebreak.ledger.items import DamagedItem
    from firebreak.ledger.policies import left_out, read_policy_text
    from firebreak.policy.compiler import parse_policy
    from firebreak.policy.policy import hash_of
    from firebreak_cli.queries.decision_by_key import policy_item

    item = policy_item(stack.reader("dynamodb"), stack.ledger_table, wanted)
    if item is None:
        return NotKept(f"policy {wanted} is not kept: name its file with --policy")
    try:
        if why := left_out(item):
            return NotKept(f"policy {wanted} is not kept: {why}: name its file with --policy")
        text = read_policy_text(item)
    except DamagedItem as error:
        return NotKept(f"the kept policy {wanted} is damaged: {error}")
    if hash_of(text) != wanted:
        return NotKept(f"the kept policy {wanted} is damaged: its text has another hash")
    try:
        return parse_policy(text, f"policy {wanted}")
    except PolicyError as error:
        return NotKept(f"policy {wanted} does not load with this release: {error.problems[0]}")
