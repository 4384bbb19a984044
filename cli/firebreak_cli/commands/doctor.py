"""`firebreak doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import Environment, environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK

if TYPE_CHECKING:
    from firebreak_cli.doctor.run import Asked


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(doctor)


def complete_code(incomplete: str) -> list[tuple[str, str]]:
    """The codes that begin so, each with its sentence, for the shell."""
    from firebreak_cli.doctor.registry import CHECKS

    return [(code, check.should) for code, check in CHECKS.items() if code.startswith(incomplete.upper())]


def doctor(
    ctx: typer.Context,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CODE",
            autocompletion=complete_code,
            help="Look at this check alone; may be given several times.",
        ),
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="A line for each finding that counts.")] = False,
    list_them: Annotated[bool, typer.Option("--list", help="List the checks; nothing is asked.")] = False,
    before_deploy: Annotated[
        bool, typer.Option("--before-deploy", help="Look at the account instead: would a deployment succeed?")
    ] = False,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; by default this machine's copy.")
    ] = None,
    waivers: Annotated[
        Path | None,
        typer.Option(
            "--waivers", help="A file of waivers; by default POLICY.waivers.toml next to the policy."
        ),
    ] = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Say what would keep Firebreak from acting on the bad day. Changes nothing.

    Exits with 8 where a check found something in the way, or could not look. docs/doctor.md names what no
    check looks at.

    Example: firebreak doctor --short --stack firebreak-prod
    """
    if list_them:
        _list(as_json=as_json)
        return
    from firebreak_cli.doctor.model import When
    from firebreak_cli.doctor.run import Asked

    when = When.BEFORE if before_deploy else When.DEPLOYED
    asked = Asked(stack=stack, only=only or (), policy=policy, waivers=waivers, when=when)
    _look(asked, environment_of(ctx), short=short, as_json=as_json)


def _look(asked: "Asked", environment: Environment, *, short: bool, as_json: bool) -> None:
    import sys

    from firebreak_cli import screen
    from firebreak_cli.doctor import doctor_screen, reports
    from firebreak_cli.doctor.run import run
    from firebreak_cli.exit_codes import WOULD_NOT_ACT
    from firebreak_cli.progress import shown_progress

    with shown_progress(environment.now, sys.stderr) as progress:
        report = run(asked, environment, progress)
    if as_json:
        print_json(reports.as_json(report))
    else:
        (doctor_screen.show_short if short else doctor_screen.show)(report, screen.console())
    if not report.verdict.accepted:
        raise typer.Exit(WOULD_NOT_ACT)


def _list(*, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.doctor import doctor_screen, reports
    from firebreak_cli.doctor.registry import CHECKS

    if as_json:
        return print_json(reports.checks_as_json())
    return doctor_screen.list_checks(list(CHECKS.values()), screen.console())
