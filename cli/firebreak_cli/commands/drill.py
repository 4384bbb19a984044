"""The command `firebreak drill`, for game days."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.exit_codes import DRILL_FAILED, NO_AWS, Ending, ending_of
from firebreak_cli.options import confirm, print_json
from firebreak_cli.stack import DEFAULT_STACK, find

if TYPE_CHECKING:
    from firebreak_cli.drill.drills import Drill, Report

# The values of firebreak_cli.drill.times.Scenario, which is not imported to show a command's help.
SCENARIOS = ("recovers", "stays-red", "observe")
INIT = "init"


def _one_of_them(scenario: str) -> str:
    if scenario not in (*SCENARIOS, INIT):
        raise typer.BadParameter(f"there are {', '.join(SCENARIOS)}, and {INIT} to make the test alarm")
    return scenario


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(drill)


def drill(
    ctx: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(
            parser=_one_of_them,
            metavar="SCENARIO",
            help=f"One of {', '.join(SCENARIOS)}; or {INIT}, which makes the test alarm.",
        ),
    ],
    *,
    alarm: Annotated[str, typer.Option("--alarm", help="The test alarm, tagged firebreak:drill=true.")],
    stack: Annotated[
        str, typer.Option("--stack", envvar="FIREBREAK_STACK", help="The deployed stack's name.")
    ] = DEFAULT_STACK,
    timeout: Annotated[str, typer.Option("--timeout", help="How long to watch: 90s, 20m.")] = "20m",
    target: Annotated[
        str, typer.Option("--target", help=f"With {INIT}: what the drills may change, ecs:CLUSTER/SERVICE.")
    ] = "",
    action: Annotated[
        str, typer.Option("--action", help=f"With {INIT}: the action that the alarm asks for.")
    ] = "restart-service",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Turn a test alarm red for real, and time each step that follows. Exits 0 only when all was in time."""
    if scenario == INIT:
        return _init(ctx, alarm, target, action, stack, ask=not yes, as_json=as_json)
    return _play(ctx, scenario, alarm, stack, timeout, yes=yes, as_json=as_json)


def _init(
    ctx: typer.Context, alarm: str, target: str, action: str, stack: str, *, ask: bool, as_json: bool
) -> None:
    from firebreak_cli import screen
    from firebreak_cli.drill import init

    environment = environment_of(ctx)
    wanted = init.asked(alarm, target, action)
    found = find(environment, stack)
    init.check(wanted, found, environment.now())
    if ask:
        confirm(f"Make or change the alarm {alarm}, so that drills change {target} in {found.place}?")
    init.make(wanted, found.reader("cloudwatch"))
    if as_json:
        return print_json(init.as_json(wanted, found))
    return screen.console().print(screen.facts(init.rows(wanted, found)))


def _play(
    ctx: typer.Context, scenario: str, alarm: str, stack: str, timeout: str, *, yes: bool, as_json: bool
) -> None:
    from firebreak_cli import screen
    from firebreak_cli.drill import drill_screen, drills
    from firebreak_cli.drill.times import Scenario
    from firebreak_cli.drill.watch import LedgerWatch
    from firebreak_cli.explain import explain_screen
    from firebreak_cli.explain.deployed_policy import compared
    from firebreak_cli.explain.sources import live_sources
    from firebreak_cli.operations.switches import length_of
    from firebreak_cli.policies import policy_of

    environment = environment_of(ctx)
    lasts = length_of(timeout, "--timeout")
    found = find(environment, stack)
    used = policy_of(found)
    policy = used.policy
    cloudwatch = found.reader("cloudwatch")
    ready = drills.ready(cloudwatch, alarm, environment.now())
    predicted = drills.predicted(ready.red, policy, live_sources(found, policy), environment.now)
    explanation = compared(replace(predicted, stack=found.address), found, used)
    if not as_json:
        explain_screen.show(explanation, used.place, screen.console())
    rules = drills.require_fitting_rules(Scenario(scenario), explanation)
    if not yes:
        confirm(f"Turn {alarm} red, so that this happens in {found.place}?")
    played = drills.Drill(
        scenario=Scenario(scenario),
        rules=rules,
        alarm=drills.DrilledAlarm(cloudwatch, alarm, f"firebreak drill {scenario}"),
        name=alarm,
        watch=LedgerWatch(found.reader("dynamodb"), found.ledger_table, ready.red),
        timeout=lasts,
        now=environment.now,
        sleep=environment.sleep,
        say=lambda step: typer.echo(drill_screen.line(step), err=True),
    )
    report = _run(played)
    if as_json:
        typer.echo(drill_screen.as_json(report, explanation, found, used.place))
    else:
        drill_screen.show(report, found, screen.console())
    _end(report)


def _run(played: "Drill") -> "Report":
    from firebreak.errors import AwsError

    try:
        return played.run()
    except KeyboardInterrupt as error:
        left = played.left_red or f"alarm {played.name} is set back to OK"
        raise Ending(DRILL_FAILED, f"the drill was interrupted; {left}") from error
    except AwsError as error:
        raise Ending(NO_AWS, *filter(None, [ending_of(error).lines[0], played.left_red])) from error


def _end(report: "Report") -> None:
    if report.left_red:
        raise Ending(NO_AWS, report.left_red)
    if not report.good:
        raise typer.Exit(DRILL_FAILED)
