"""The answer of `firebreak replay`: for people, as JSON, and as an exit code."""

from collections.abc import Iterator
from typing import assert_never

from rich.console import Console

from firebreak.core.limits.scopes import short_key
from firebreak_cli import screen
from firebreak_cli.exit_codes import NOTHING_REPLAYED, UNEXPECTED
from firebreak_cli.queries.ledger_queries import StoredDecision
from firebreak_cli.replay.replaying import Again, Difference, Finding, NotKept, Replay, Replayed

VERSION = 1


def missed(found: Replay) -> tuple[int, str] | None:
    """The exit code and its line where not every decision was made again as it is recorded."""
    differing = [one for one in found.replayed if isinstance(one.result, Again) and not one.result.same]
    not_replayed = [one for one in found.replayed if isinstance(one.result, NotKept)]
    of_all = f"of {len(found.replayed)} decisions"
    if differing:
        return UNEXPECTED, f"{len(differing)} {of_all} would be another one now"
    if not_replayed or found.cut:
        more = "; the ledger is larger than one look" if found.cut else ""
        return NOTHING_REPLAYED, f"{len(not_replayed)} {of_all} could not be replayed{more}"
    return None


def as_json(found: Replay) -> dict[str, object]:
    """The replays as plain values (docs/replay.md)."""
    return {
        "version": VERSION,
        "id": found.id,
        "build": found.build,
        "policy_file": found.policy_file or None,
        "cut": found.cut,
        "decisions": [_json_of(one) for one in found.replayed],
    }


def _json_of(one: Replayed) -> dict[str, object]:
    recorded = one.recorded
    return {
        "key": recorded.key,
        "at": recorded.at.isoformat(),
        "incident": recorded.incident_id,
        "kind": recorded.kind,
        "action": recorded.action,
        "target": short_key(recorded.target) or None,
        "alarm": recorded.alarm or None,
        "recorded": {
            "decision": recorded.outcome,
            "reason": recorded.reason,
            "policy": recorded.policy or None,
            "build": recorded.build or None,
        },
        **_result_json(one.result),
    }


def _result_json(result: Again | NotKept) -> dict[str, object]:
    match result:
        case NotKept(why):
            return {"result": "not_replayed", "why": why, "replayed": None, "difference": None}
        case Again(decision, difference):
            replayed = {
                "decision": decision.word,
                "reason": decision.reason.value,
                "policy": decision.policy_hash,
            }
            word = "same" if result.same else "differs"
            found = _difference_json(difference) if difference else None
            return {"result": word, "why": None, "replayed": replayed, "difference": found}
        case never:
            assert_never(never)


def _difference_json(difference: Difference) -> dict[str, object]:
    return {
        "guard": difference.guard,
        "recorded": dict(difference.recorded) if difference.recorded else None,
        "replayed": dict(difference.replayed) if difference.replayed else None,
    }


def show(found: Replay, console: Console) -> None:
    """Print each replay."""
    for number, one in enumerate(found.replayed):
        if number:
            console.print()
        console.print(screen.line_of(_heading(one.recorded), "bold"))
        console.print(screen.facts(_rows(one, found)))
    if found.cut:
        console.print(
            screen.line_of("The ledger is larger than one look: decisions may be missing", "yellow")
        )


def _heading(recorded: StoredDecision) -> str:
    about = short_key(recorded.target) or recorded.alarm
    asked = f"{recorded.kind}, {recorded.action} {about}".strip()
    return f"{screen.when(recorded.at)} {recorded.outcome}: {recorded.reason} ({asked})"


def _rows(one: Replayed, found: Replay) -> Iterator[screen.Row]:
    yield "Decision", one.recorded.key
    match one.result:
        case NotKept(why):
            yield "Not replayed", why
        case Again(decision, difference):
            by = _policy_words(one, decision.policy_hash)
            if difference is None:
                yield "Replayed", f"same decision, by {by}"
            else:
                yield "Replayed", f"{decision.word}: {decision.reason.value}, by {by}"
                yield from _difference_rows(difference)
        case never:
            assert_never(never)
    yield "Build", _build_words(one.recorded.build, found.build)


def _difference_rows(difference: Difference) -> Iterator[screen.Row]:
    yield "First guard", difference.guard
    yield "Then", _finding_words(difference.recorded)
    yield "Now", _finding_words(difference.replayed)


def _policy_words(one: Replayed, policy_hash: str) -> str:
    recorded = one.recorded.policy
    return f"policy {policy_hash}" + (f"; policy {recorded} decided" if policy_hash != recorded else "")


def _finding_words(finding: Finding | None) -> str:
    if finding is None:
        return "no such guard"
    parts = (finding.get("result"), finding.get("reason"), finding.get("detail"), finding.get("until"))
    return ", ".join(str(part) for part in parts if part)


def _build_words(recorded: str, own: str) -> str:
    if not recorded:
        return f"{own} replayed it; which one decided was not recorded"
    return f"{own} decided and replayed it" if recorded == own else f"{recorded} decided, {own} replayed it"
