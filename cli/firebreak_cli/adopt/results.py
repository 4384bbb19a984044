"""The results of an adoption and of taking one back: for people, as JSON, and as an exit code."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from math import ceil
from pathlib import Path

from rich.console import Console

from firebreak.core.limits.budgets import readable
from firebreak_cli import screen
from firebreak_cli.adopt.alarm_store import PUTS_A_SECOND
from firebreak_cli.adopt.applying import Applied
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.owners import OwnerKind
from firebreak_cli.adopt.patches import Wish, patches
from firebreak_cli.adopt.restoring import Restoration
from firebreak_cli.adopt.rewrites import Rewrite
from firebreak_cli.adopt.undoing import Removal, TakenBack, Undone
from firebreak_cli.exit_codes import NO_AWS, OWNED, PARTLY_DONE, Ending, ending_of

VERSION = 1
_OWNERS = frozenset({Outcome.OWNED, Outcome.BY_HAND, Outcome.LEFT_ALONE})
_NOT_RIGHT_ANY_MORE = frozenset({Outcome.CHANGED, Outcome.GONE})
_DONE = frozenset({Outcome.TAGGED, Outcome.SWITCHED_ON})
_CAME_BACK_OTHERWISE = (Outcome.NOT_PUT_BACK, Outcome.PUT_BACK)


def changes_table(changes: Iterable[Change], console: Console) -> None:
    """Print every change with its outcome."""
    rows = ((one.what, _tags(one.add or one.wanted), one.outcome.value, one.detail) for one in changes)
    console.print(screen.listing(("resource", "tags", "result", "why"), rows))


def rewrites_table(rewrites: Sequence[Rewrite], console: Console) -> None:
    """Print every alarm that is to be put with its outcome, if there is one."""
    if rewrites:
        console.print()
        rows = ((one.what, _operation(one), one.outcome.value, one.detail) for one in rewrites)
        console.print(screen.listing(("tags in its events", "by", "result", "why"), rows))


def _operation(one: Rewrite) -> str:
    return one.before.operation if one.before else "-"


def question(tagged: int, rewritten: int, place: str) -> str:
    """The question before an adoption, with the time that it takes at the pace of PutMetricAlarm."""
    if not rewritten:
        return f"Tag {tagged} resources in {place}?"
    tags = f"tag {tagged} resources and " if tagged else ""
    asked = f"{tags}rewrite {_alarms(rewritten)} as a whole in {place} {_pace(rewritten)}?"
    return asked[0].upper() + asked[1:]


def undo_question(tagged: int, rewritten: int, place: str) -> str:
    """The question before an adoption is taken back."""
    if not rewritten:
        return f"Remove the tags of {tagged} resources in {place}?"
    tags = f"remove the tags of {tagged} resources and " if tagged else ""
    asked = f"{tags}put {_alarms(rewritten)} back as a whole in {place} {_pace(rewritten)}?"
    return asked[0].upper() + asked[1:]


def _alarms(count: int) -> str:
    return f"{count} alarm{'s' if count > 1 else ''}"


def _pace(count: int) -> str:
    shortest = readable(timedelta(seconds=ceil(count / PUTS_A_SECOND)))
    return f"({PUTS_A_SECOND} a second: at least {shortest})"


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def show_applied(applied: Applied, undo: Path | None, undo_command: str, console: Console) -> None:
    """Print what became of each change, what its owners have to change, and how to take it back."""
    changes_table(applied.changes, console)
    rewrites_table(applied.rewrites, console)
    for patch in owners_patches(applied):
        console.print()
        screen.print_code(patch, console)
    if undo:
        console.print()
        console.print(screen.facts([("Undo file", str(undo))]))
        console.print(f"Take it back  {undo_command}", soft_wrap=True)  # one line, to copy


def owners_patches(applied: Applied) -> list[str]:
    """The patches for what is left to its owners."""
    left = [one for one in applied.changes if one.outcome in _OWNERS]
    wishes = [Wish(one.what, one.owner, one.add or one.wanted, one.propagates) for one in left]
    # Of the propagation of tags no other owner's code is known.
    stacks = [one for one in applied.rewrites if one.outcome is Outcome.OWNED and _in_a_stack(one)]
    named = {wish.what for wish in wishes}
    wishes += [Wish(one.what, one.owner, {}, propagates=True) for one in stacks if one.what not in named]
    return list(patches(wishes))


def _in_a_stack(one: Rewrite) -> bool:
    return one.owner.kind is OwnerKind.CLOUDFORMATION


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
        "rewrites": [
            {
                "what": one.what,
                "arn": one.arn,
                "operation": one.before.operation if one.before else None,
                "result": one.outcome.value,
                "why": one.detail,
            }
            for one in applied.rewrites
        ],
        "patches": owners_patches(applied),
    }


def end_applied(applied: Applied) -> None:
    """Raise the Ending of an adoption of which not everything was done. Errors come first, then the plan."""
    outcomes: list[Change | Rewrite] = [*applied.changes, *applied.rewrites]
    if isinstance(applied.error, Ending):
        some = any(one.outcome in _DONE for one in outcomes)
        raise Ending(PARTLY_DONE if some else applied.error.code, _not_all(applied, applied.error.lines[0]))
    for outcome in _CAME_BACK_OTHERWISE:
        if came := next((one for one in applied.rewrites if one.outcome is outcome), None):
            raise Ending(PARTLY_DONE, _not_all(applied, f"{came.what}: {came.detail}"))
    if applied.error:
        raise Ending(NO_AWS, _not_all(applied, ending_of(applied.error).lines[0]))
    if refused := [one for one in outcomes if one.outcome is Outcome.REFUSED]:
        raise Ending(NO_AWS, _not_all(applied, f"{len(refused)} refused: {refused[0].detail}"))
    if unread := _resources(outcomes, {Outcome.NOT_READ}):
        raise Ending(NO_AWS, _not_all(applied, f"{unread} could not be read"))
    if changed := [one for one in outcomes if one.outcome in _NOT_RIGHT_ANY_MORE]:
        more = _resources(changed, _NOT_RIGHT_ANY_MORE) - 1
        named = f"{changed[0].what}{f' and {more} more' if more else ''}: {changed[0].detail}"
        raise Ending(PARTLY_DONE, _not_all(applied, f"the plan is not right any more for {named}"))
    if owned := _resources(outcomes, _OWNERS):
        raise Ending(OWNED, _not_all(applied, f"{owned} left to their owners"))


def _resources(of: Iterable[Change | Rewrite], outcomes: Collection[Outcome]) -> int:
    """The number of resources with one of these outcomes: an alarm may be there twice."""
    return len({one.what for one in of if one.outcome in outcomes})


def _not_all(applied: Applied, why: str) -> str:
    """One line: that not all was done, why, and how much was."""
    tagged = sum(one.outcome is Outcome.TAGGED for one in applied.changes)
    put = sum(one.outcome is Outcome.SWITCHED_ON for one in applied.rewrites)
    tags = [f"{tagged} of {len(applied.changes)} tagged"] if applied.changes else []
    alarms = [f"{put} of {_alarms(len(applied.rewrites))} rewritten"] if applied.rewrites else []
    done = ", ".join([*tags, *alarms])
    all_tagged = all(one.outcome in {Outcome.TAGGED, Outcome.ALREADY} for one in applied.changes)
    return f"NOT ALL {'REWRITTEN' if all_tagged and applied.rewrites else 'TAGGED'}: {why}; {done}"


def removals_table(removals: Iterable[Removal], console: Console) -> None:
    """Print every removal with its outcome."""
    rows = ((one.what, ", ".join(one.keys), one.outcome.value, one.detail) for one in removals)
    console.print(screen.listing(("resource", "tags", "result", "why"), rows))


def restorations_table(restored: Sequence[Restoration], console: Console) -> None:
    """Print every alarm that is to be put back with its outcome, if there is one."""
    if restored:
        rows = ((one.put.what, one.put.earlier.operation, one.outcome.value, one.detail) for one in restored)
        console.print(screen.listing(("as it was", "by", "result", "why"), rows))
        console.print()


def taken_back_json(taken: TakenBack, restored: Sequence[Restoration]) -> Mapping[str, object]:
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
        "rewrites": [
            {
                "what": one.put.what,
                "arn": one.put.arn,
                "operation": one.put.earlier.operation,
                "result": one.outcome.value,
                "why": one.detail,
            }
            for one in restored
        ],
    }


def end_taken_back(taken: TakenBack, restored: Sequence[Restoration] = ()) -> None:
    """Raise the Ending of an undo of which not everything was done."""
    both: list[Restoration | Removal] = [*restored, *taken.removals]
    outcomes = Counter(one.outcome for one in both)
    done = f"{outcomes[Undone.REMOVED] + outcomes[Undone.RESTORED]} of {len(both)} taken back"
    for outcome in (Undone.NOT_PUT_BACK, Undone.PUT_BACK):
        if came := next((one for one in restored if one.outcome is outcome), None):
            raise Ending(PARTLY_DONE, f"NOT ALL TAKEN BACK: {came.put.what}: {came.detail}; {done}")
    if taken.error:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {ending_of(taken.error).lines[0]}; {done}")
    if refused := [one for one in both if one.outcome is Undone.REFUSED]:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {len(refused)} refused: {refused[0].detail}; {done}")
    if outcomes[Undone.NOT_READ]:
        raise Ending(NO_AWS, f"NOT ALL TAKEN BACK: {outcomes[Undone.NOT_READ]} could not be read; {done}")
    changed = [
        *((one.put.what, one.detail) for one in restored if one.outcome is Undone.CHANGED),
        *((one.what, one.detail) for one in taken.removals if one.outcome is Undone.CHANGED or one.kept),
    ]
    if changed:
        (what, detail), more = changed[0], len(changed) - 1
        named = f"{what}{f' and {more} more' if more else ''}: {detail}"
        raise Ending(PARTLY_DONE, f"NOT ALL TAKEN BACK: {named}; {done}")
