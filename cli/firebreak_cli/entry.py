"""The way into `firebreak` where its libraries may be missing: one line instead of a traceback."""

import sys


def main() -> None:
    """Run the command."""
    try:
        from firebreak_cli.main import app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write(f"firebreak: the command needs {error.name}: install firebreak[cli]\n")
        sys.exit(2)  # as for any command that is wrong; 1 would say that the policy does not load
    app()
