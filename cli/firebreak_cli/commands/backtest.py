"""`firebreak backtest`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, print_json

if TYPE_CHECKING:
    from firebreak_cli.backtest.backtesting import Question
    from firebreak_cli.backtest.recording import Recording
    from firebreak_cli.backtest.replay import Replay


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(backtest)


def backtest(
    ctx: typer.Context,
    *,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="FILE", help="A saved history instead of the account's; offline."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Keep the account's history; gzip where it ends in .gz."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; by default the one that ships.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", help="The last so many days; CloudWatch keeps 30.")
    ] = None,
    assume: Annotated[
        str,
        typer.Option(
            "--assume",
            metavar="EFFECT",
            help="The effect of an act on its alarms: as-history, helps, or does-not-help.",
        ),
    ] = "as-history",
    opted_in: Annotated[
        bool, typer.Option("--opted-in", help="As if every target had the opt-in tag.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write a page of charts as well, such as report.html."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what Firebreak would have done in the last days, and why. Changes nothing, needs no stack.

    The account's alarm history is replayed through the functions that decide. Without --history it takes
    read-only credentials. Exits with 6 where nothing could be replayed.

    Example: firebreak backtest --policy policy.toml --days 30 --save history.jsonl.gz
    """
    from firebreak_cli.backtest.assumptions import Assumptions, read_effect
    from firebreak_cli.backtest.backtesting import Question

    assumed = Assumptions(effect=read_effect(assume), opted_in=opted_in)
    asked = Question(history=history, save=save, policy=policy, days=days, assumed=assumed)
    _answer(ctx, asked, as_json=as_json, report=report)


def _answer(ctx: typer.Context, asked: "Question", *, as_json: bool, report: Path | None) -> None:
    from dataclasses import replace

    from firebreak_cli.backtest import backtest_screen, result
    from firebreak_cli.backtest.backtesting import backtest as run
    from firebreak_cli.exit_codes import NOTHING_REPLAYED, Ending
    from firebreak_cli.progress import shown_progress

    environment = environment_of(ctx)
    recording = _recording() if report else None
    if recording:
        asked = replace(asked, witness=recording)
    with shown_progress(environment.now, sys.stderr) as progress:
        replay, file = run(asked, environment, progress)
    found = result.as_json(replay, file)
    if as_json:
        print_json(found)
    else:
        from firebreak_cli import screen

        backtest_screen.show(found, screen.console())
    if report and recording:
        _write_report(recording, replay, report)
    if not result.says_something(replay):
        raise Ending(NOTHING_REPLAYED, "nothing was replayed: no decision about this history is known")


def _recording() -> "Recording":
    from firebreak_cli.backtest.recording import Recording

    return Recording()


def _write_report(recording: "Recording", replay: "Replay", path: Path) -> None:
    """Writes the page; the line that says so is on stderr, for the answer itself is on stdout."""
    from firebreak_cli.report.writing import write_page
    from firebreak_cli.statistics.summary import summarize

    typer.echo(write_page(summarize(recording.record_of(replay)), path), err=True)
