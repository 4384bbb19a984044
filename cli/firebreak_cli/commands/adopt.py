"""`firebreak adopt`: what the alarms of an account would take to be answered."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.exit_codes import BAD_INPUT, INTERRUPTED, Ending
from firebreak_cli.options import AsJson, print_json
from firebreak_cli.stack import DEFAULT_STACK

if TYPE_CHECKING:
    from firebreak_cli.adopt.changes import Change
    from firebreak_cli.adopt.entries import Plan
    from firebreak_cli.adopt.restoring import Restoration
    from firebreak_cli.adopt.rewrites import Rewrite
    from firebreak_cli.adopt.undoing import Removal
    from firebreak_cli.environment import Environment

OwnStack = Annotated[
    str,
    typer.Option(
        "--stack",
        envvar="FIREBREAK_STACK",
        help="Firebreak's own stack, whose alarms are left alone; it need not be deployed.",
    ),
]
AlarmsFile = Annotated[
    str,
    typer.Option(
        "--alarms", metavar="FILE", help="Ask nobody: the output of `aws cloudwatch describe-alarms`."
    ),
]
TagsFile = Annotated[
    str,
    typer.Option(
        "--tags",
        metavar="FILE",
        help="With --alarms: that of `aws resourcegroupstaggingapi get-resources`.",
    ),
]
PlanFile = Annotated[
    str, typer.Option("--plan", metavar="FILE", help="A plan that --json printed, edited or not.")
]
Prefix = Annotated[
    str, typer.Option("--name-prefix", metavar="PREFIX", help="Only alarms whose names begin so.")
]
UndoName = Annotated[
    str, typer.Option("--undo", metavar="FILE", help="Take back what --apply did, by the file that it wrote.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(adopt)


def adopt(
    ctx: typer.Context,
    *,
    alarms: AlarmsFile = "",
    tags: TagsFile = "",
    name_prefix: Prefix = "",
    plan: PlanFile = "",
    patch: Annotated[bool, typer.Option("--patch", help="Print the changes for the owners' code.")] = False,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Tag what nobody manages, and put alarms' tags into their events."),
    ] = False,
    even_if_owned: Annotated[
        bool, typer.Option("--even-if-owned", help="With --apply: also what a stack or a tool manages.")
    ] = False,
    tags_only: Annotated[
        bool, typer.Option("--tags-only", help="With --apply: tag, and rewrite no alarm.")
    ] = False,
    undo_file: Annotated[
        str, typer.Option("--undo-file", metavar="FILE", help="With --apply: the undo file's name.")
    ] = "",
    undo: UndoName = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack: OwnStack = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Plan what existing alarms need to be answered, and why others are left alone.

    Only --apply and --undo change anything: tags, and of alarms whether their tags are in their events.

    Example: firebreak adopt --json > plan.json; edit it; firebreak adopt --plan plan.json --apply
    """
    given = {
        "--alarms": alarms,
        "--tags": tags,
        "--name-prefix": name_prefix,
        "--plan": plan,
        "--patch": patch,
        "--apply": apply,
        "--even-if-owned": even_if_owned,
        "--tags-only": tags_only,
        "--undo-file": undo_file,
        "--undo": undo,
    }
    _require_fitting({option for option, value in given.items() if value})
    environment = environment_of(ctx)
    if undo:
        return _take_back(environment, undo, ask=not yes, as_json=as_json)
    found = _plan(environment, (alarms, tags, plan, name_prefix), stack)
    if apply:
        how = {
            "ask": not yes,
            "owned": even_if_owned,
            "tags_only": tags_only,
            "fresh": not plan,
            "as_json": as_json,
        }
        return _apply(environment, found, stack, undo_file, **how)
    return _show(found, stack, patch=patch, offline=bool(alarms), as_json=as_json)


# The options that each one cannot go with, and those that it needs.
_ALONE = frozenset({"--undo"})
_NOT_TOGETHER = (
    ("--alarms", "--plan"),
    ("--alarms", "--apply"),
    ("--alarms", "--name-prefix"),
    ("--plan", "--name-prefix"),
    ("--patch", "--apply"),
)
_NEEDS = (
    ("--tags", "--alarms"),
    ("--even-if-owned", "--apply"),
    ("--tags-only", "--apply"),
    ("--undo-file", "--apply"),
)


def _require_fitting(given: set[str]) -> None:
    """Raise Ending where the options do not go together."""
    if given & _ALONE and len(given) > 1:
        raise Ending(BAD_INPUT, f"--undo does not go with {', '.join(sorted(given - _ALONE))}")
    for one, other in _NOT_TOGETHER:
        if {one, other} <= given:
            raise Ending(BAD_INPUT, f"{one} does not go with {other}")
    for one, needed in _NEEDS:
        if one in given and needed not in given:
            raise Ending(BAD_INPUT, f"{one} goes with {needed}")


def _plan(environment: "Environment", source: tuple[str, str, str, str], stack: str) -> "Plan":
    """The plan of the files that are named, else of the account."""
    alarms, tags, plan, prefix = source
    if plan:
        from firebreak_cli.adopt.plan_file import read_plan

        return read_plan(plan)
    if alarms:
        from firebreak_cli.adopt.files import plan_of_files

        return plan_of_files(alarms, tags, stack, environment.now())
    from firebreak_cli.adopt.account import Account, require_account
    from firebreak_cli.progress import progress_of
    from firebreak_cli.stack import session_of

    session = session_of(environment)
    progress = progress_of(environment.now, sys.stderr)
    found = Account(session, environment.now, progress).plan(prefix, stack)
    if found is None:
        named = f" whose name begins with {prefix}" if prefix else ""
        raise Ending(BAD_INPUT, f"there is no alarm{named} in {session.region_name}")
    require_account(found.account, environment)
    return found


def _show(plan: "Plan", stack: str, *, patch: bool, offline: bool, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.adopt import plan_file, plan_screen
    from firebreak_cli.adopt.patches import patches, wishes_of

    if patch:
        written = list(patches(list(wishes_of(plan))))
        if as_json:
            return print_json({"version": plan_file.VERSION, "patches": written})
        return plan_screen.show_patches(written, screen.console())
    if as_json:
        return print_json(plan_file.as_json(plan))
    next_steps = () if offline else plan_screen.next_commands(plan, stack)
    return plan_screen.show(plan, screen.console(), next_steps)


def _apply(
    environment: "Environment",
    plan: "Plan",
    stack: str,
    undo_file: str,
    *,
    ask: bool,
    owned: bool,
    tags_only: bool,
    fresh: bool,
    as_json: bool,
) -> None:
    from firebreak.core.paging.commands import StackAddress
    from firebreak_cli import screen
    from firebreak_cli.adopt import results
    from firebreak_cli.adopt.desk import Desk

    desk = Desk.of(environment, plan.account, plan.region)
    changes = desk.looked(plan, stack, even_if_owned=owned, fresh=fresh)
    rewrites = [] if tags_only else desk.rewrites(plan, changes, even_if_owned=owned)
    undo = desk.undo_file(undo_file)
    if ask:
        _ask_to_apply(changes, rewrites, f"{plan.account} {plan.region}")
    try:
        applied = desk.apply(changes, rewrites, undo, even_if_owned=owned)
    except KeyboardInterrupt as error:
        left = f"what was changed is in {undo.path}" if undo.begun else "nothing was changed"
        raise Ending(INTERRUPTED, f"interrupted: {left}") from error
    written = undo.path if undo.begun else None
    if as_json:
        print_json(results.applied_json(applied, plan, written))
    else:
        address = StackAddress(stack, plan.region, plan.account)
        command = address.command("adopt", "--undo", str(undo.path))
        results.show_applied(applied, written, command, screen.console())
    results.end_applied(applied)


def _ask_to_apply(changes: "Sequence[Change]", rewrites: "Sequence[Rewrite]", place: str) -> None:
    """Show what would be done and ask, if there is anything. Raises Ending where nobody says yes."""
    from firebreak_cli import screen
    from firebreak_cli.adopt import results
    from firebreak_cli.options import confirm

    tagged, rewritten = (sum(one.ready for one in of) for of in (changes, rewrites))
    if tagged or rewritten:
        console = screen.console(stderr=True)
        results.changes_table(changes, console)
        results.rewrites_table(rewrites, console)
        confirm(results.question(tagged, rewritten, place))


def _take_back(environment: "Environment", name: str, *, ask: bool, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.adopt import results
    from firebreak_cli.adopt.desk import Desk
    from firebreak_cli.adopt.undo_file import read_undo

    undo = read_undo(name)
    desk = Desk.of(environment, undo.account, undo.region)
    asked, removals = desk.restorations(undo), desk.removals(undo)
    if ask:
        _ask_to_take_back(asked, removals, f"{undo.account} {undo.region}")
    restored, taken = desk.take_back(asked, removals)
    if as_json:
        print_json(results.taken_back_json(taken, restored))
    else:
        results.restorations_table(restored, screen.console())
        results.removals_table(taken.removals, screen.console())
    results.end_taken_back(taken, restored)


def _ask_to_take_back(asked: "Sequence[Restoration]", removals: "Sequence[Removal]", place: str) -> None:
    """Show what would be taken back and ask, if there is anything. Raises Ending where nobody says yes."""
    from firebreak_cli import screen
    from firebreak_cli.adopt import results
    from firebreak_cli.adopt.undoing import Undone
    from firebreak_cli.options import confirm

    rewritten = sum(one.ready for one in asked)
    tagged = sum(one.outcome is Undone.READY for one in removals)
    if tagged or rewritten:
        console = screen.console(stderr=True)
        results.restorations_table(asked, console)
        results.removals_table(removals, console)
        confirm(results.undo_question(tagged, rewritten, place))
