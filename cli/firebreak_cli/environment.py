"""The parts of the machine that the commands need, in one value that a test can replace."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer
    from boto3.session import Session


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment, the clock (UTC), how to open a session with the caller's credentials, and to wait.

    `account` is the account that the command line names: a stack of another one is refused.
    """

    environ: Mapping[str, str]
    now: Callable[[], datetime]
    session: Callable[[], "Session"]
    sleep: Callable[[float], None] = time.sleep
    account: str | None = None


def real(region: str | None = None, profile: str | None = None) -> Environment:
    """The machine as it is; boto3 is only imported once a session is asked for."""
    return Environment(os.environ, lambda: datetime.now(UTC), lambda: _session(region, profile))


def environment_of(ctx: "typer.Context") -> Environment:
    """The environment of this invocation."""
    from firebreak_cli.aws_options import account_of, profile_of, region_of

    found = ctx.find_object(Environment)
    return replace(found or real(region_of(ctx), profile_of(ctx)), account=account_of(ctx))


def _session(region: str | None, profile: str | None) -> "Session":
    from boto3.session import Session

    # boto3 itself only knows AWS_DEFAULT_REGION; the AWS CLI and Lambda say AWS_REGION.
    return Session(region_name=region or os.environ.get("AWS_REGION"), profile_name=profile)
