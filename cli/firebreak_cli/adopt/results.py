"""The results of an adoption and of taking one back: for people, as JSON, and as an exit code."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from firebreak_cli import screen
from firebreak_cli.adopt.applying import Applied
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.patches import Wish, patches
from firebreak_cli.adopt.undoing import Removal, TakenBack, Undone
from firebreak_cli.exit_codes import NO_AWS, OWNED, PARTLY_DONE, Ending, ending_of

VERSION = 1
_OWNERS = frozenset({Outcome.OWNED, Outcome.BY_HAND})
_NOT_RIGHT_ANY_MORE = frozenset({Outcome.CHANGED, Outcome.GONE})


def changes_table(changes: Iterable[Change], console: Console) -> None:
    """Print every change with its outcome."""
    rows = ((one.what, _tags(one.add or one.wanted), one.outcome.value, one.detail) for one in changes)
    console.print(screen.listing(("resource", "tags", "result", "why"), rows))


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def show_applied(applied: Applied, undo: Path | None, undo_command: str, console: Console) -> None:
    """Print what became of each change, what its owners have to change, and how to take it back."""
    changes_table(applied.changes, console)
    for patch in owners_patches(applied.changes):
        console.print()
        screen.print_code(patch, console)
    if undo:
        console.print()
        console.print(screen.facts([("Undo file", str(undo))]))
        console.print(f"Take it back  {undo_command}", soft_wrap=True)  # one line, to copy


def owners_patches(changes: Iterable[Change]) -> list[str]:
    """The patches for what is left to its owners."""
    left = [one for one in changes if one.outcome in _OWNERS]
    return list(patches([Wish(one.what, one.owner, one.add or one.wanted, one.propagates) for one in left]))


def applied_json(applied: Applied, plan: Plan, undo: Path | None) -> Mapping[str, object]:
    """The results as plain values."""
    return {
        "version": VERSION,
        "account": plan.account,
        "region": plan.region,
        "undo_file": str(undo) if undo else None,
        "results": [
            {
                "what": one.what,
                "arn": one.arn,
                "result": one.outcome.value,
                "tags": dict(one.add),
                "why": one.detail,
            }
            for one in applied.changes
        ],
        "patches": owners_patches(applied.changes),
    }


def end_applied(applied: Applied) -> None:
    """Raise the Ending of an adoption of which not everything was done. Errors come first, then the plan."""
    count = Counter(one.outcome for one in applied.changes)
    done = f"{count[Outcome.TAGGED]} of {len(applied.changes)} tagged"
    if isinstance(applied.error, Ending):
        code = PARTLY_DONE if count[Outcome.TAGGED] else applied.error.code
        raise Ending(code, f"NOT ALL TAGGED: {applied.error.lines[0]}; {done}")
    if applied.error:
        raise Ending(NO_AWS, f"NOT ALL TAGGED: {ending_of(applied.error).lines[0]}; {done}")
    if refused := [one for one in applied.changes if one.outcome is Outcome.REFUSED]:
        raise Ending(NO_AWS, f"NOT ALL TAGGED: {len(refused)} refused: {refused[0].detail}; {done}")
    if count[Outcome.NOT_READ]:
        raise Ending(NO_AWS, f"NOT ALL TAGGED: {count[Outcome.NOT_READ]} could not be read; {done}")
    if changed := sum(count[one] for one in _NOT_RIGHT_ANY_MORE):
        raise Ending(PARTLY_DONE, f"NOT ALL TAGGED: the plan is not right any more for {changed}; {done}")
    if owned := sum(count[one] for one in _OWNERS):
        raise Ending(OWNED, f"NOT ALL TAGGED: {owned} left to their owners; {done}")


def removals_table(removals: Iterable[Removal], console: Console) -> None:
    """Print every removal with its outcome."""
    rows = ((one.what, ", ".join(one.keys), one.outcome.value, one.detail) for one in removals)
    console.print(screen.listing(("resource", "tags", "result", "why"), rows))


def taken_back_json(taken: TakenBack) -> Mapping[str, object]:
    """The results as plain values."""
    return {
        "version": VERSION,
        "results": [
            {
                "what": one.what,
                "arn": one.arn,
                "result": one.outcome.value,
                "keys": list(one.keys),
                "why": one.detail,
            }
            for one in taken.removals
        ],
    }


def end_taken_back(taken: TakenBack) -> None:
    """Raise the Ending of an undo of which not everything was done."""
    outcomes = Counter(one.outcome for one in taken.removals)
    done = f"{outcomes[Undone.REMOVED]} of {len(taken.removals)} taken back"
    if taken.error:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {ending_of(taken.error).lines[0]}; {done}")
    if refused := [one for one in taken.removals if one.outcome is Undone.REFUSED]:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {len(refused)} refused: {refused[0].detail}; {done}")
    if outcomes[Undone.NOT_READ]:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {outcomes[Undone.NOT_READ]} could not be read; {done}")
    if changed := sum(one.outcome is Undone.CHANGED or bool(one.kept) for one in taken.removals):
        raise Ending(PARTLY_DONE, f"NOT ALL TAKEN BACK: {changed} changed since; {done}")


def ready_of(changes: Sequence[Change]) -> Iterator[Change]:
    """Those that would be made."""
    return (one for one in changes if one.ready)
