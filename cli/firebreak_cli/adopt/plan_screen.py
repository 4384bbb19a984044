"""A plan for people: what is red, what would be added where, and why the others are left alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console

from firebreak.core.paging.commands import StackAddress
from firebreak.core.tags import OPT_IN_TAG
from firebreak_cli import screen
from firebreak_cli.adopt.entries import Entry, Plan

_MOST_NAMED = 5


def show(plan: Plan, console: Console, next_steps: Iterable[tuple[str, str]] = ()) -> None:
    """Print the plan: facts, the alarms to adopt, the targets to opt in, the alarms left alone, notes."""
    console.print(screen.facts(_facts(plan)))
    if plan.adopted:
        console.print()
        columns = ("adopt", "action", "target", "add firebreak:", "managed by")
        console.print(screen.listing(columns, map(_adopted, plan.adopted)))
    if plan.opt_ins:
        console.print()
        rows = ((target, f"{OPT_IN_TAG}=true", owner.shown) for target, owner in plan.opt_ins.items())
        console.print(screen.listing(("opt in", "add to the target", "managed by"), rows))
    if plan.left:
        console.print()
        console.print(screen.listing(("left alone", "reason", "why"), map(_left, plan.left)))
    if notes := [*_notes(plan)]:
        console.print()
        console.print(screen.facts(notes))
    console.print()
    for label, command in next_steps:
        console.print(f"{label}  {command}", soft_wrap=True)  # one line, to copy


def show_patches(written: Sequence[str], console: Console) -> None:
    """Print the patches, each for one owner."""
    if not written:
        console.print("there is nothing to change")
    for number, patch in enumerate(written):
        if number:
            console.print()
        screen.print_code(patch, console)


def _facts(plan: Plan) -> Iterator[screen.Row]:
    yield "Alarms", f"{len(plan.entries)} in {plan.account} {plan.region}"
    yield "Adopt", f"{len(plan.adopted)}, of which {_owned(plan)} are managed by a stack or a tool"
    reasons = Counter(entry.reason.value for entry in plan.left if entry.reason).most_common()
    listed = ", ".join(f"{count} {reason}" for reason, count in reasons)
    yield "Left alone", f"{len(plan.left)}: {listed}" if plan.left else "none"
    red = [entry.alarm for entry in plan.baseline]
    yield "Red now", f"{len(red)}: {_some(red)}" if red else "none"
    if red:
        yield "", "Firebreak acts on none of these until they are OK and turn red again"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _notes(plan: Plan) -> Iterator[screen.Row]:
    """Each note once, with the alarms that it is about."""
    about: dict[str, list[str]] = defaultdict(list)
    for entry in plan.entries:
        for note in entry.notes:
            about[note].append(entry.alarm)
    for note, names in about.items():
        yield "Note", f"{note}: {_some(names)}"


def _owned(plan: Plan) -> int:
    return sum(entry.owner.owns for entry in plan.adopted)


def _adopted(entry: Entry) -> tuple[str, ...]:
    return entry.alarm, entry.action, entry.target, _in_short(entry.missing) or "-", entry.owner.shown


def _in_short(tags: Mapping[str, str]) -> str:
    """The tags without what the other columns say."""
    keys = {key.partition(":")[2]: value for key, value in tags.items()}
    return ", ".join(f"{key}={value}" if key == "severity" else key for key, value in keys.items())


def _left(entry: Entry) -> tuple[str, ...]:
    return entry.alarm, entry.reason.value if entry.reason else "", entry.why


def next_commands(plan: Plan, own_stack: str) -> Iterator[tuple[str, str]]:
    """The commands that write the plan to a file, print its patches, and carry it out."""
    address = StackAddress(own_stack, plan.region, plan.account)
    yield "To edit  ", f"{address.command('adopt', '--json')} > plan.json"
    yield "Patches  ", address.command("adopt", "--plan", "plan.json", "--patch")
    yield "Carry out", address.command("adopt", "--plan", "plan.json", "--apply")
