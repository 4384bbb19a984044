"""`firebreak local` and `firebreak demo`: Firebreak on an AWS that runs on this machine alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.plain_group import PlainGroup

if TYPE_CHECKING:
    from firebreak_devtools.local.emulator import Running
    from firebreak_devtools.local.paths import Home
    from firebreak_devtools.local.up import LocalAws

HOME_VARIABLE = "FIREBREAK_LOCAL_HOME"
DEFAULT_HOME = ".local"

local_app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    help="Local AWS: the stack deployed on an emulator on this machine, without an AWS account.",
)


class Bind(StrEnum):
    """The address on which local AWS listens."""

    THIS_MACHINE = "127.0.0.1"
    EVERYBODY = "0.0.0.0"  # noqa: S104  # the user asks for it, and its help says whom it lets in


def _function_name(function: str) -> str:
    from firebreak.services.registry import CATALOG  # the other commands need none of the actions

    functions = (*(spec.logical_id for spec in CATALOG.specs.values()), "Verify", "Page", "Route", "Report")
    if function not in functions:
        raise typer.BadParameter(f"there is no such function; there are {', '.join(functions)}")
    return function


Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]


def register(app: typer.Typer) -> None:
    """Add both commands to the `firebreak` command."""
    app.add_typer(local_app, name="local")
    app.command()(demo)


@local_app.command()
def up(
    ctx: typer.Context,
    bind: Annotated[
        Bind | None,
        typer.Option(help="The address to listen on: this machine (the default), or your whole network."),
    ] = None,
    *,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", exists=True, dir_okay=False, help="A policy instead of the demo's."),
    ] = None,
    carrier: Annotated[
        bool, typer.Option("--carrier/--no-carrier", help="Whether alarms reach the rules by themselves.")
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Start local AWS, or find it running, and deploy the stack as it is in this checkout."""
    from rich.console import Console

    from firebreak.policy.loader import load_policy
    from firebreak_devtools.demo.timeline import Timeline
    from firebreak_devtools.local import carry
    from firebreak_devtools.local import up as local_aws

    repository, home = checkout(), _home(ctx)
    if policy:
        load_policy(policy)  # before anything is built for it
    with _local_errors_end_the_command():
        _as_bound(home, bind)
        timeline = Timeline(Console(stderr=True, quiet=quiet))
        with timeline.working():
            address = (bind or Bind.THIS_MACHINE).value
            local = local_aws.up(repository, home, timeline.progress, bind=address, policy=policy)
        if carrier:
            carry.start(home, local.running)
    if not quiet:
        typer.echo("\n".join(_welcome(local.running, home, carries=carrier)))


@local_app.command()
def down(ctx: typer.Context, *, quiet: Quiet = False) -> None:
    """End local AWS and delete everything on it."""
    from firebreak_devtools.local import up as local_aws

    ended = local_aws.down(_home(ctx))
    if not quiet:
        typer.echo("local AWS has ended" if ended else "no local AWS was up")


@local_app.command()
def environment(ctx: typer.Context) -> None:
    """Print the environment variables of local AWS: eval "$(firebreak local environment)"."""
    with _local_errors_end_the_command():
        typer.echo("\n".join(_exports(_found(_home(ctx)).running)))


@local_app.command()
def invoke(
    ctx: typer.Context,
    function: Annotated[
        str,
        typer.Argument(
            parser=_function_name,
            metavar="FUNCTION",
            help="A function of the stack, for example RestartService.",
        ),
    ],
    event: Annotated[Path, typer.Argument(help="A JSON file, for example one of events/.", exists=True)],
) -> None:
    """Run one function in a container on an event, with `sam local invoke`; its changes reach local AWS.

    Needs Docker, and local AWS up (make local). Exits 1 when the function raised.
    """
    from firebreak_devtools.local import containers
    from firebreak_devtools.local.sam import sam_command

    repository, home = checkout(), _home(ctx)
    with _local_errors_end_the_command():
        if missing := containers.engine_missing():
            raise Ending(BAD_INPUT, f"{missing}: running a function in a container needs Docker")
        local, sam = _found(home), sam_command(repository)
        containers.build(repository, home, sam, _aside)
        with containers.reachable(local, home) as options:
            command = containers.invoke_command(sam, function, event.resolve(), options)
            _aside(" ".join(command))
            answer = containers.invoke(command, repository, home, local)
    typer.echo(answer)
    if containers.raised(answer):
        raise typer.Exit(1)


def demo() -> None:
    """Run an outage on local AWS: restarts, limits, a ladder, a kill switch, observe mode."""
    from rich.console import Console

    from firebreak_devtools.demo.runner import run
    from firebreak_devtools.local.paths import Home

    repository = checkout()
    raise typer.Exit(run(repository, Home(repository / DEFAULT_HOME / "demo"), Console()))


def checkout() -> Path:
    """The clone this command was installed from, else that of the current directory. Raises Ending."""
    here = Path.cwd()
    for place in (Path(__file__).resolve().parents[2], here, *here.parents):
        if (place / "template.yaml").is_file() and (place / "shared/firebreak").is_dir():
            return place
    raise Ending(BAD_INPUT, f"no checkout of Firebreak at {here} or above it: run this inside a clone")


def _home(ctx: typer.Context) -> "Home":
    from firebreak_devtools.local.paths import Home

    chosen = environment_of(ctx).environ.get(HOME_VARIABLE)
    return Home(Path(chosen).resolve() if chosen else checkout() / DEFAULT_HOME)


def _found(home: "Home") -> "LocalAws":
    from firebreak_devtools.local import up as local_aws

    local = local_aws.find(home)
    if local is None:
        raise Ending(NO_AWS, f"no local AWS is up in {home.root}: run `make local`")
    return local


def _as_bound(home: "Home", bind: Bind | None) -> None:
    """Refuse to leave a running one listening to others than was asked for."""
    from firebreak_devtools.local import emulator

    running = emulator.find(home)
    if running and bind and running.bind != bind:
        raise Ending(
            BAD_INPUT, f"local AWS is up and listens on {running.bind}: run `firebreak local down` first"
        )


@contextmanager
def _local_errors_end_the_command() -> Iterator[None]:
    """Turns an error of local AWS into an Ending, after the output of SAM or the emulator."""
    from botocore.exceptions import BotoCoreError, ClientError

    from firebreak_devtools.local.paths import LocalError

    try:
        yield
    except LocalError as error:
        line, _, rest = str(error).partition("\n")
        if rest:
            typer.echo(rest, err=True)
        raise Ending(NO_AWS, line) from error
    except (BotoCoreError, ClientError) as error:
        raise Ending(NO_AWS, f"local AWS is up, but not whole ({error}): run `make local`") from error


def _aside(text: str) -> None:
    typer.echo(text, err=True)


def _exports(running: "Running") -> list[str]:
    return ["unset AWS_PROFILE"] + [f"export {name}={value}" for name, value in running.environment.items()]


def _welcome(running: "Running", home: "Home", *, carries: bool) -> list[str]:
    carried = f"each transition and the rules that took it: {home.carrier_log}" if carries else "--no-carrier"
    return [
        "",
        f"Local AWS is up at {running.endpoint}, with the stack deployed. To use it in this shell:",
        "",
        *(f"  {line}" for line in _exports(running)),
        "",
        f"Alarms that change state reach the deployed rules ({carried}).",
        "",
        "To try next:",
        "  .venv/bin/firebreak explain events/ecs_memory_alarm.json --offline",
        "  .venv/bin/firebreak incidents",
        "  make invoke FUNCTION=RestartService EVENT=events/ecs_memory_alarm.json   (needs Docker)",
        "",
        f"The log of the functions: {home.log}",
        "To stop it: make local-down",
    ]
