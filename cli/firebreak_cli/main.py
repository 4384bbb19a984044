"""The `firebreak` command: explain what would happen, see what did, stop it, and check a policy.

What a command needs is imported inside it: `firebreak explain --offline` must start quickly and
without the AWS SDK, and the sub-commands below bring more than that.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.endings import BAD_INPUT, Ending, PlainGroup
from firebreak_cli.outside import outside

if TYPE_CHECKING:
    from firebreak.core.model import Alarm, OwnEvent
    from firebreak_cli.explain import Explanation

_EPILOG = (
    "Exit codes: 1 the policy does not load, 2 the command or its input is wrong, 3 AWS could not be asked."
)

app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, which may hold what AWS answered
    add_completion=False,
    help="Auto-remediation for AWS alarms that cannot make an outage worse.",
    epilog=_EPILOG,
)
policy_app = typer.Typer(cls=PlainGroup, no_args_is_help=True, help="Look at policy files.")
app.add_typer(policy_app, name="policy")

type StackName = Annotated[
    str, typer.Option("--stack", envvar="FIREBREAK_STACK", help="The deployed stack's name.")
]
type AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
type Scope = Annotated[
    str,
    typer.Option("--scope", help="global, or: action NAME, group ecs:CLUSTER, target ecs:CLUSTER/SERVICE."),
]
type ScopeName = Annotated[str, typer.Argument(metavar="[NAME]", help="The name that --scope asks for.")]
type Holder = Annotated[str, typer.Option("--holder", help="Who holds it; you, as AWS knows you.")]


def main_placeholder() -> None: ...
