"""Options that several commands take, and how they print JSON."""

import json
from collections.abc import Mapping
from typing import Annotated

import typer

StackName = Annotated[
    str, typer.Option("--stack", envvar="FIREBREAK_STACK", help="The deployed stack's name.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def print_json(value: Mapping[str, object]) -> None:
    """Print one object. ASCII only: no control character of an alarm's name reaches the terminal."""
    typer.echo(json.dumps(value, indent=2, default=str))
