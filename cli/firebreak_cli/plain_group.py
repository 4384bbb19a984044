"""The groups of the command: their errors end in plain lines, and their commands share some options."""

import contextlib
import os
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from firebreak.errors import FirebreakError
from firebreak_cli.aws_options import with_aws_options
from firebreak_cli.exit_codes import READER_GONE, Ending, ending_of, print_ending


class PlainGroup(TyperGroup):
    """A command group in which every error raised on purpose ends in plain lines, never in a traceback.

    Its commands take `-h` as well as `--help`, and those that talk to a stack `--region` and `--profile`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Creates the group as Typer does, with the options that all commands have in common."""
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        for command in self.commands.values():
            if isinstance(command, TyperCommand):
                with_aws_options(command)

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # Typer hands its own context
        """Runs the command; an Ending or FirebreakError is printed on stderr."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            _forget_stdout()
            raise typer.Exit(READER_GONE) from error
        except (Ending, FirebreakError) as error:
            ending = error if isinstance(error, Ending) else ending_of(error)
            print_ending(ending)
            raise typer.Exit(ending.code) from error
        return result


def _forget_stdout() -> None:
    """Nobody reads any more: what is still buffered must not be written when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
