"""`firebreak policy check`, `diff`, `test` and `schema`; `push` and `show` are in policy_pushing.py."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from firebreak_cli.commands.policy_pushing import register as register_pushing
from firebreak_cli.environment import environment_of
from firebreak_cli.exit_codes import (
    BAD_INPUT,
    BAD_POLICY,
    CHANGED,
    NOTHING_REPLAYED,
    UNEXPECTED,
    Ending,
)
from firebreak_cli.options import AsJson, print_json
from firebreak_cli.plain_group import PlainGroup

policy_app = typer.Typer(cls=PlainGroup, no_args_is_help=True, help="Look at policy files, and push one.")


def register(app: typer.Typer) -> None:
    """Add the commands to the `firebreak` command."""
    register_pushing(policy_app)
    app.add_typer(policy_app, name="policy")


@policy_app.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy file.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on a warning, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a policy file: one line when it loads, one line for each mistake (exit code 1) when not.

    Values that are allowed but probably a mistake are warnings on stderr.
    """
    from firebreak.paging.rendering import plain
    from firebreak.policy.compiler import read_policy
    from firebreak.policy.lines import lines_of, with_line
    from firebreak.policy.loader import policy_text
    from firebreak.policy.policy import hash_of
    from firebreak.policy.renamed_keys import warnings_of_names
    from firebreak_cli.policy_warnings import warnings_of

    source = read_policy(policy_text(file), str(file))
    said, lines, digest = source.file, lines_of(source.text), hash_of(source.text)
    odd = (*warnings_of_names(source.renamed), *warnings_of(said, environment_of(ctx).now()))
    warnings = [with_line(one, lines) for one in odd]
    unpinned = [
        name for one in said.actions.values() for name, book in one.runbooks.items() if not book.sha256
    ]
    if as_json:
        print_json(
            {
                "file": str(file),
                "hash": digest,
                "autonomy": said.defaults.autonomy.value,
                "actions": sorted(said.actions),
                "overrides": len(said.overrides),
                "runbooks_without_sha256": unpinned,
                "demo": said.demo,
                "warnings": warnings,
            }
        )
    else:
        parts = f"{len(said.actions)} actions, {len(said.overrides)} overrides"
        parts += f", runbooks without sha256: {', '.join(unpinned)}" if unpinned else ""
        demo = ", for demos only" if said.demo else ""
        text = f"autonomy {said.defaults.autonomy}, {parts}, hash {digest}{demo}"
        typer.echo(f"{file}: loads; {text}")
        for warning in warnings:
            typer.echo(plain(f"firebreak: {file}: warning: {warning}"), err=True)
    if strict and warnings:
        raise typer.Exit(BAD_POLICY)


@policy_app.command("test")
def run_tests(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of tests, in TOML.")],
    *,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML there as well.")
    ] = None,
) -> None:
    """Test a policy offline: stated situations, and the decision that each must lead to.

    A line for each test, and the guards that objected where a decision is not the expected one (exit code 5).

    Example: firebreak policy test policy.tests.toml --junit results.xml
    """
    from firebreak_cli.policy_tests import reports
    from firebreak_cli.policy_tests.runner import run_file

    results = {str(file): run_file(file) for file in files}
    if junit:
        try:
            junit.write_bytes(reports.junit(results))
        except OSError as error:
            raise Ending(BAD_INPUT, f"--junit {junit}: cannot be written: {type(error).__name__}") from error
    if as_json:
        print_json(reports.as_json(results))
    else:
        for line in reports.lines(results):
            typer.echo(line)
    if failed := reports.failed(results):
        raise Ending(
            UNEXPECTED, f"{failed} of {sum(map(len, results.values()))} decisions are not the expected ones"
        )


@policy_app.command()
def diff(
    ctx: typer.Context,
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The policy file as it is.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The policy file as it is to be.")],
    *,
    history: Annotated[
        Path, typer.Option("--history", metavar="FILE", help="A history that `firebreak backtest` saved.")
    ],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on", metavar="CHANGE", help="Exit with 7 on more-acts, less-acts or more-pages."
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a comment.")] = False,
    opted_in: Annotated[
        bool, typer.Option("--opted-in", help="As if every target had the opt-in tag.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two policies on one history: the decisions that change, with the first example of each.

    Example: firebreak policy diff main.toml policy.toml --history history.jsonl.gz --fail-on more-acts
    """
    from firebreak.policy.loader import load_policy
    from firebreak_cli import screen
    from firebreak_cli.backtest import comparison
    from firebreak_cli.backtest.backtesting import compare
    from firebreak_cli.progress import shown_progress

    refused = {one for one in fail_on or () if one not in set(comparison.Change)}
    if refused:
        raise Ending(BAD_INPUT, f"--fail-on {min(refused)}: one of {', '.join(comparison.Change)}")
    files = str(before), str(after)
    with shown_progress(environment_of(ctx).now, sys.stderr) as progress:
        compared = compare(load_policy(before), load_policy(after), history, progress, opted_in=opted_in)
    if as_json:
        print_json(comparison.comparison_json(compared, files))
    elif markdown:
        typer.echo(comparison.as_markdown(compared, files))
    else:
        console = screen.console()
        for line in comparison.lines_of(compared):
            console.print(screen.line_of(line))
        if rows := comparison.rows_of(compared):
            console.print()
            console.print(screen.listing(("Times", "Before", "After", "First"), rows))
    if not compared.says_something:
        raise Ending(NOTHING_REPLAYED, "nothing was replayed: no decision about this history is known")
    if found := sorted(set(fail_on or ()) & compared.found()):
        raise Ending(CHANGED, f"the policy makes a change that is refused here: {', '.join(found)}")


@policy_app.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from firebreak.policy.schema import policy_schema

    print_json(policy_schema())
