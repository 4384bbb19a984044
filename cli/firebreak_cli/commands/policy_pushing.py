"""`firebreak policy push` and `show`: the policy of a stack that takes it from AppConfig."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import Environment, environment_of
from firebreak_cli.exit_codes import BAD_INPUT, NOT_DONE, NOT_KNOWN, Ending
from firebreak_cli.options import AsJson, DryRun, StackName, Wait, Yes, confirm, print_json
from firebreak_cli.stack import DEFAULT_STACK, Stack, find

if TYPE_CHECKING:
    from firebreak_cli.backtest.comparison import Comparison
    from firebreak_cli.operations.policy_pushing import Draft, PushDesk, Pushed


def register(policy_app: typer.Typer) -> None:
    """Add the commands to `firebreak policy`."""
    policy_app.command(epilog="Example: firebreak policy push policy.toml --stack firebreak")(push)
    policy_app.command()(show)


def push(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    *,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="FILE",
            help="Also compare the decisions on this history, as `policy diff`.",
        ),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    wait: Wait = True,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Put a policy in force without a deployment of the stack: check it, show what changes, ask, push.

    Exits with 11 where the policy in force changed meanwhile, or AppConfig took the new one back.
    """
    from firebreak_cli.operations.policy_pushing import PushDesk, Pushed

    environment = environment_of(ctx)
    found = find(environment, stack)
    desk = PushDesk(found)
    draft = desk.draft(file)
    _print_warnings(desk, draft, file, environment)
    compared = _compared(draft, history, environment)
    if not as_json:
        _show(draft, compared)
    result, number = _pushed(desk, draft, environment, yes=yes, dry_run=dry_run, wait=wait)
    if as_json:
        print_json(_as_json(draft, compared, file, result, number=number, stack=found.name))
    else:
        _print_result(draft, result, number)
    if result is Pushed.TAKEN_BACK:
        raise typer.Exit(NOT_DONE)
    if result is Pushed.GOES_ON and wait:
        raise typer.Exit(NOT_KNOWN)


def _pushed(
    desk: "PushDesk", draft: "Draft", environment: Environment, *, yes: bool, dry_run: bool, wait: bool
) -> "tuple[Pushed, int]":
    """The result, and the version's number; 0 where none was written."""
    from firebreak_cli.operations.policy_pushing import Pushed, result_of
    from firebreak_cli.polling import Polling
    from firebreak_cli.progress import shown_progress

    if draft.is_unchanged:
        return Pushed.UNCHANGED, 0
    if dry_run:
        return Pushed.WOULD_PUSH, 0
    if not yes:
        confirm(f"Push policy {draft.hash} to {desk.stack.place}?")
    started = desk.push(draft)
    if wait:
        with shown_progress(environment.now, sys.stderr) as look:
            started = desk.outcome(started, Polling(environment.now, environment.sleep, look))
    return result_of(started), started.version


def _print_warnings(desk: "PushDesk", draft: "Draft", file: Path, environment: Environment) -> None:
    """As `policy check` does, and what the ledger would not keep or the stack not do."""
    from firebreak.paging.rendering import plain
    from firebreak.paging.secret_detectors import looks_secret
    from firebreak.policy.lines import lines_of, with_line
    from firebreak.policy.renamed_keys import warnings_of_names
    from firebreak.remediation.policy_keeper import why_not_kept
    from firebreak_cli.policy_warnings import warnings_of

    source = draft.source
    odd = (*warnings_of_names(source.renamed), *warnings_of(source.file, environment.now()))
    warnings = [with_line(one, lines_of(source.text)) for one in odd]
    if why := why_not_kept(source.text, looks_secret):
        warnings.append(f"{why}, so a function that cannot read it has no copy to fall back to")
    warnings.extend(desk.warnings(draft))
    for warning in warnings:
        typer.echo(plain(f"firebreak: {file}: warning: {warning}"), err=True)


def _compared(draft: "Draft", history: Path | None, environment: Environment) -> "Comparison | None":
    """The decisions on a history by the policy in force and by the new one, where both are there."""
    if history is None or not draft.before:
        return None
    from firebreak.policy.compiler import compile_policy, parse_policy
    from firebreak_cli.backtest.backtesting import compare
    from firebreak_cli.progress import shown_progress

    policies = parse_policy(draft.before, "the policy in force"), compile_policy(draft.source)
    with shown_progress(environment.now, sys.stderr) as progress:
        return compare(*policies, history, progress, opted_in=False)


def _show(draft: "Draft", compared: "Comparison | None") -> None:
    """Prints the changes: the lines, and the decisions of a history where one is named."""
    from firebreak_cli import screen
    from firebreak_cli.backtest import comparison

    console = screen.console()
    for note in filter(None, (draft.note, *draft.served.notes)):
        console.print(screen.line_of(note, "yellow"))
    screen.print_code("\n".join(draft.changes), console)
    if compared is None:
        return
    for line in comparison.lines_of(compared):
        console.print(screen.line_of(line))
    if rows := comparison.rows_of(compared):
        console.print(screen.listing(("Times", "Before", "After", "First"), rows))


def _print_result(draft: "Draft", result: "Pushed", number: int) -> None:
    from firebreak_cli.operations.policy_pushing import Pushed

    words = {
        Pushed.IN_FORCE: f"IN FORCE in AppConfig: version {number}, policy {draft.hash}. {_ASKS}",
        Pushed.GOES_ON: f"GOES ON: version {number} reaches one function after the other (AppConfig)",
        Pushed.TAKEN_BACK: f"TAKEN BACK: AppConfig ended the deployment of version {number}",
        Pushed.UNCHANGED: f"UNCHANGED: policy {draft.hash} is in force already",
        Pushed.WOULD_PUSH: "WOULD PUSH: nothing was written",
    }
    typer.echo(words[result])


_ASKS = "Each function asks for it once a minute"


def _as_json(
    draft: "Draft", compared: "Comparison | None", file: Path, result: "Pushed", *, number: int, stack: str
) -> dict[str, object]:
    """The result as plain values; `decisions` is what `policy diff --json` prints."""
    from firebreak_cli.backtest.comparison import comparison_json

    deployed = draft.served.deployed
    files = "the policy in force", str(file)
    return {
        "result": result.value,
        "stack": stack,
        "version": number or None,
        "hash": draft.hash,
        "before": deployed.version if deployed else None,
        "diff": list(draft.changes),
        "decisions": comparison_json(compared, files) if compared else None,
    }


def show(
    ctx: typer.Context,
    *,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", min=1, help="Another version than the one in force."),
    ] = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Print the policy of a stack that takes it from AppConfig; where it comes from is on stderr.

    Example: firebreak policy show --stack firebreak > ~/in-force.toml
    """
    from firebreak.paging.rendering import plain

    found = find(environment_of(ctx), stack)
    text, about = _shown(found, version)
    if as_json:
        print_json({**about, "text": text})
        return
    line = ", ".join(f"{name} {value}" for name, value in about.items() if value)
    typer.echo(plain(f"firebreak: {line}"), err=True)
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _shown(found: Stack, number: int | None) -> tuple[str, dict[str, object]]:
    from firebreak.policy.document import read_document
    from firebreak_cli.operations.policy_pushing import PushDesk
    from firebreak_cli.policies import policy_of
    from firebreak_cli.policy_versions import PolicyVersions

    PushDesk(found)
    if not number:
        used = policy_of(found)
        about = {"version": used.version, "policy": used.policy.hash, "pushed": used.by, "since": used.since}
        return used.text, {**about, "notes": "; ".join(used.notes)}
    one = PolicyVersions(found).version(number)
    if one is None:
        raise Ending(BAD_INPUT, f"--version {number}: there is no such version")
    read = read_document(one.content)
    return read.text, {"version": number, "policy": read.policy.hash, "pushed": one.description}
