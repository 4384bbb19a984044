"""Screens of the command as pictures: each is drawn from what the functions did on a ledger of its own."""

import contextlib
import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from firebreak_cli.doctor import doctor_screen
from firebreak_cli.doctor.model import When
from firebreak_cli.doctor.run import Asked
from firebreak_cli.doctor.run import run as examined
from firebreak_cli.queries import show
from firebreak_cli.stack import DEFAULT_STACK, find
from tests.cli.doctored import BY_ACTION, Account
from tests.cli.running import cli_environment
from tests.cli.test_pause_scopes import moto_service
from tests.support.world import World, world_on_moto

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
MINUTE = timedelta(minutes=1)
# Rich's own SVG asks a server for its font; a picture in a document asks nobody.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
 line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""
_DIM, _RED, _GREEN, _YELLOW = (72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34)
_BLUE, _MAGENTA, _CYAN, _WHITE = (88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)
THEME = TerminalTheme(
    (22, 27, 34), (230, 237, 243), [_DIM, _RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN, _WHITE]
)


def doctor(console: Console) -> None:
    """A stack that is sound, with one service that nobody opted in and a pause that was forgotten."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), world_on_moto() as world:
        account = Account(world, Path("policy.toml"))
        moto_service("web")
        account.put_alarm(
            "web-memory-high",
            BY_ACTION,
            Dimensions=[{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "web"}],
        )
        asked = Asked(
            stack=DEFAULT_STACK, policy=Path("policy.toml"), only=(), waivers=None, when=When.DEPLOYED
        )
        doctor_screen.show(examined(asked, account.environment, lambda _: None), console)


def timeline(console: Console) -> None:
    """A restart that did not help, another task that did not either, and a human at the end of the ladder."""
    with world_on_moto() as world:
        done = world.send(world.red())
        world.pass_time(15 * MINUTE)
        _show(world, done.incident_id, console)


def _show(world: World, incident: str, console: Console) -> None:
    stack = find(cli_environment(world.clock.now), DEFAULT_STACK)
    show.show(show.story(stack, incident), world.clock.now(), console)


@dataclass(frozen=True, slots=True)
class Screen:
    """A command, its output on a terminal, and the words before which the picture ends."""

    command: str
    draw: Callable[[Console], None]
    width: int
    ends_before: str = "\0"


SCREENS: Mapping[str, Screen] = {
    "doctor": Screen("firebreak doctor", doctor, 132),
    "timeline": Screen("firebreak show i-061b83fd08", timeline, 116, ends_before="\nPages"),
}


def picture(name: str) -> str:
    """The screen as SVG; the same each time."""
    screen = SCREENS[name]
    terminal, drawn = io.StringIO(), _console(io.StringIO(), screen.width)
    screen.draw(_console(terminal, screen.width))
    text = Text.from_ansi(terminal.getvalue())
    for line in text[: (text.plain + screen.ends_before).index(screen.ends_before)].split():
        line.rstrip()
        drawn.print(line)
    return drawn.export_svg(title=screen.command, theme=THEME, code_format=FORMAT, unique_id=name)


def _console(file: io.StringIO, width: int) -> Console:
    return Console(
        record=True,
        width=width,
        file=file,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
