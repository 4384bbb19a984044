"""`firebreak stats` and `firebreak report`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, Stack

if TYPE_CHECKING:
    from firebreak_cli.statistics.cost import Prices
    from firebreak_cli.statistics.summary import Statistics

_SINCE = "30d"
# The page shows the state before so many acts at most: it is read one after the other.
MOST_EVIDENCE = 10
Since = Annotated[
    str, typer.Option("--since", help="How far back: 12h, 7d; at most 30d, as CloudWatch's history goes.")
]


WithCost = Annotated[
    bool,
    typer.Option("--cost", help="Also what the functions cost, by CloudWatch's metrics and list prices."),
]
OwnPrices = Annotated[
    str | None,
    typer.Option(
        "--prices",
        metavar="GB_SECOND,MILLION_REQUESTS",
        help="With --cost: your own prices in USD, such as 0.0000166667,0.20.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `firebreak` command."""
    app.command()(stats)
    app.command()(report)


def stats(
    ctx: typer.Context,
    *,
    since: Since = _SINCE,
    cost: WithCost = False,
    prices: OwnPrices = None,
    as_json: AsJson = False,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Print what came of the acts, with and without them, and who was paged. Changes nothing.

    Example: firebreak stats --since 7d
    """
    found = _found(ctx, since, stack, _prices(prices, cost=cost))
    if as_json:
        _print_plain(found)
    else:
        from firebreak_cli import screen
        from firebreak_cli.report import text

        text.show(found, screen.console())
    _say_damaged(found)


def report(
    ctx: typer.Context,
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The page to write, such as report.html.")
    ],
    since: Since = _SINCE,
    cost: WithCost = False,
    prices: OwnPrices = None,
    as_json: AsJson = False,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Write the numbers of `stats` with their charts as one page that needs no network. Changes nothing else.

    Example: firebreak report --since 30d --out report.html
    """
    from firebreak_cli.report.writing import write_page

    found = _found(ctx, since, stack, _prices(prices, cost=cost), evidence=MOST_EVIDENCE)
    said = write_page(found, out)
    if as_json:
        _print_plain(found)
    else:
        typer.echo(said)
    _say_damaged(found)


def _prices(written: str | None, *, cost: bool) -> "Callable[[Stack], Prices] | None":
    """The prices to count with for a stack; None where the cost is not asked for. Raises Ending."""
    from firebreak_cli.exit_codes import BAD_INPUT, Ending
    from firebreak_cli.report.function_use import list_prices_of
    from firebreak_cli.statistics.cost import read_prices

    if written is None:
        return list_prices_of if cost else None
    if not cost:
        raise Ending(BAD_INPUT, "--prices goes with --cost")
    found = read_prices(written)
    if found is None:
        raise Ending(BAD_INPUT, f"--prices {written}: expected two amounts in USD, such as 0.0000166667,0.20")
    return lambda _: found


def _found(
    ctx: typer.Context,
    since: str,
    stack: str,
    prices: "Callable[[Stack], Prices] | None",
    *,
    evidence: int = 0,
) -> "Statistics":
    from firebreak_cli.progress import progress_of
    from firebreak_cli.report.gathering import gather
    from firebreak_cli.report.range_of_time import read_since
    from firebreak_cli.stack import find
    from firebreak_cli.statistics.summary import summarize

    environment = environment_of(ctx)
    now = environment.now()
    first = read_since(since, now)
    progress = progress_of(environment.now, sys.stderr)
    try:
        deployed = find(environment, stack)
        counted = prices(deployed) if prices else None
        return summarize(gather(deployed, first, now, progress, counted, evidence=evidence))
    finally:
        progress.end()


def _print_plain(found: "Statistics") -> None:
    from firebreak_cli.statistics.plain import as_json

    print_json(as_json(found))


def _say_damaged(found: "Statistics") -> None:
    from firebreak_cli.report.plain_text import damaged_line

    if line := damaged_line(found.record):
        typer.echo(f"firebreak: {line}", err=True)
