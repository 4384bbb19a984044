"""Running the command in this process: on moto, at a given time, with a stack deployed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from boto3.session import Session
from botocore.stub import Stubber
from typer import testing
from typer.main import get_command
from typer.testing import CliRunner, Result

from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from tests.support import builders as a
from tests.support.world import TABLE, World

STACK_ID = f"arn:aws:cloudformation:{a.REGION}:{a.ACCOUNT}:stack/firebreak/0a1b2c3d"

# Calls that change something start with none of these.
READS = ("Describe", "List", "Get", "BatchGet", "Query", "Scan", "Simulate")


def described(**changes: object) -> dict[str, Any]:
    """DescribeStacks' answer about a deployed stack."""
    stack = {
        "StackId": STACK_ID,
        "StackName": "firebreak",
        "CreationTime": a.NOW,
        "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "PolicyFile", "ParameterValue": "policy.toml"}],
        "Outputs": [{"OutputKey": "LedgerTable", "OutputValue": TABLE}],
    }
    return {"Stacks": [stack | changes]}


@dataclass
class Calls:
    """The AWS operations that were sent, in order."""

    made: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[str]:
        return [call for call in self.made if not call.startswith(READS)]


# Building the parameters of every command again takes longer than most commands.
testing._get_command = cache(get_command)  # type: ignore[attr-defined]  # typer's own, not exported


class StackSession(Session):
    """A session in which CloudFormation gives the programmed answers; everything else is moto's."""

    def __init__(self, program: Callable[[Stubber], object], calls: Calls | None = None) -> None:
        super().__init__(region_name=a.REGION)
        self._program = program
        if calls is not None:
            self.events.register(
                "before-call", lambda model, **_: calls.made.append(model.name), unique_id="calls"
            )

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made: Any = super().client(service_name, *args, **kwargs)  # type: ignore[call-overload]  # any service
        if service_name == "cloudformation":
            stubber = Stubber(made)
            self._program(stubber)
            stubber.activate()
        return made


def deployed(stubber: Stubber) -> None:
    """The stack is there."""
    stubber.add_response("describe_stacks", described())


def cli_environment(
    now: Callable[[], datetime] = lambda: a.NOW,
    *,
    program: Callable[[Stubber], object] = deployed,
    environ: Mapping[str, str] | None = None,
    calls: Calls | None = None,
) -> Environment:
    """An environment with a deployed stack."""
    return Environment(
        {"USER": "kim"} if environ is None else environ, now, lambda: StackSession(program, calls)
    )


def run(*arguments: str, environment: Environment | None = None, stdin: str | bytes = "") -> Result:
    """One command; a crash is raised here, with its traceback."""
    wide = {"COLUMNS": "80", "TERM": "dumb", "FIREBREAK_STACK": ""}
    result = CliRunner().invoke(
        app, list(arguments), obj=environment or cli_environment(), input=stdin, env=wide
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run_in(world: World, *arguments: str, calls: Calls | None = None) -> Result:
    """One command at the world's own time, on its ledger."""
    return run(*arguments, environment=cli_environment(world.clock.now, calls=calls))


def error_lines(result: Result) -> list[str]:
    """The lines of standard error."""
    return result.stderr.splitlines()
