"""Options that several commands take, and how they print JSON."""

import json
from collections.abc import Mapping
from typing import Annotated

import typer

from firebreak_cli.exit_codes import BAD_INPUT, Ending

StackName = Annotated[
    str, typer.Option("--stack", envvar="FIREBREAK_STACK", help="The deployed stack's name.")
]
WhyRequested = Annotated[str, typer.Option("--reason", help="Why; it is recorded and on the page.")]
DespiteFreeze = Annotated[
    str | None,
    typer.Option(
        "--despite-freeze",
        metavar="REASON",
        help="Go on although a freeze holds, and only that; why is recorded and on the page.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before it is requested.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen; nothing is requested.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, at most 90 seconds.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def override_reason(written: str | None) -> str:
    """The reason of --despite-freeze in one line, empty without the option. Raises Ending for a blank one."""
    from firebreak.core.manual import MOST_DESPITE_FREEZE
    from firebreak.paging.rendering import plain

    if written is None:
        return ""
    if not (reason := plain(written, MOST_DESPITE_FREEZE)):
        raise Ending(BAD_INPUT, "--despite-freeze: say why, for those who read it after the freeze")
    return reason


def print_json(value: Mapping[str, object]) -> None:
    """Print one object. ASCII only: no control character of an alarm's name reaches the terminal."""
    typer.echo(json.dumps(value, indent=2, default=str))


def confirm(question: str) -> None:
    """Ask on stderr, and go on with a yes. Raises Ending; Ctrl-C and the end of the input are a no."""
    from firebreak.paging.rendering import plain

    try:
        said = typer.confirm(plain(question), err=True)
    except typer.Abort:
        said = False
    if not said:
        raise Ending(BAD_INPUT, "nobody said yes: nothing was changed")
