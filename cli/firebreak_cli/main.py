"""The `firebreak` command: explain what would happen, see what did, stop it, and check a policy.

The modules that a command needs are imported inside it: `firebreak explain --offline` must start quickly
and without the AWS SDK, and the commands further down bring more than that.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from firebreak_cli.commands.act import register as register_act
from firebreak_cli.commands.adopt import register as register_adopt
from firebreak_cli.commands.answering import register as register_answering
from firebreak_cli.commands.backtest import register as register_backtest
from firebreak_cli.commands.doctor import register as register_doctor
from firebreak_cli.commands.drill import register as register_drill
from firebreak_cli.commands.explain import register as register_explain
from firebreak_cli.commands.export import register as register_export
from firebreak_cli.commands.incidents import register as register_incidents
from firebreak_cli.commands.policy import register as register_policy
from firebreak_cli.commands.replay import register as register_replay
from firebreak_cli.commands.report import register as register_report
from firebreak_cli.commands.retry import register as register_retry
from firebreak_cli.commands.show import register as register_show
from firebreak_cli.commands.status import register as register_status
from firebreak_cli.commands.stopping import register as register_stopping
from firebreak_cli.commands.tail import register as register_tail
from firebreak_cli.commands.undo import register as register_undo
from firebreak_cli.exit_codes import EXIT_CODES
from firebreak_cli.plain_group import PlainGroup

app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks can show local variables, such as what AWS answered
    help="Auto-remediation for AWS alarms that cannot make an outage worse.",
    epilog="Exit codes: " + "; ".join(f"{code} {means}" for code, means in EXIT_CODES.items()) + ".",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the option's value
    if wanted:
        from importlib.metadata import version

        typer.echo(f"firebreak {version('firebreak')}")
        raise typer.Exit


@app.callback()
def firebreak(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Auto-remediation for AWS alarms that cannot make an outage worse."""
    del version


register_explain(app)
register_backtest(app)
register_status(app)
register_incidents(app)
register_show(app)
register_tail(app)
register_export(app)
register_replay(app)
register_report(app)
register_stopping(app)
register_answering(app)
register_retry(app)
register_act(app)
register_undo(app)
register_policy(app)
register_drill(app)
register_adopt(app)
register_doctor(app)
# A clone has more commands (devtools/pyproject.toml). By name, so that nothing here depends on them.
if find_spec("firebreak_devtools"):
    import_module("firebreak_devtools.app").register(app)
