"""`--region`, `--profile` and `--account`: which account and region a command asks.

The first two are those of the AWS CLI; the third refuses credentials of any other account.
"""

from typing import Annotated

import typer
from typer.core import TyperCommand, TyperOption

_REGION, _PROFILE, _ACCOUNT = "firebreak.region", "firebreak.profile", "firebreak.account"


def region_of(ctx: typer.Context) -> str | None:
    """The region that the command line names, if it names one."""
    return ctx.meta.get(_REGION)


def profile_of(ctx: typer.Context) -> str | None:
    """The profile that the command line names, if it names one."""
    return ctx.meta.get(_PROFILE)


def account_of(ctx: typer.Context) -> str | None:
    """The account that the command line names, if it names one."""
    return ctx.meta.get(_ACCOUNT)


def with_aws_options(command: TyperCommand) -> None:
    """Give a command that talks to AWS (a stack, or an account's history) the three options."""
    options = {option for parameter in command.params for option in parameter.opts}
    if options & {"--stack", "--save"} and "--region" not in options:
        command.params.extend(_options())


def _options() -> list[TyperOption]:
    """Fresh options: Typer makes them of a function's parameters and in no other way."""
    template = typer.Typer(add_completion=False)
    template.command()(_template)
    made = typer.main.get_command(template)
    return [parameter for parameter in made.params if isinstance(parameter, TyperOption)][:3]


def _keep_region(ctx: typer.Context, value: str | None) -> str | None:
    if value is not None:
        ctx.meta[_REGION] = value
    return value


def _keep_profile(ctx: typer.Context, value: str | None) -> str | None:
    if value is not None:
        ctx.meta[_PROFILE] = value
    return value


def _keep_account(ctx: typer.Context, value: str | None) -> str | None:
    if value is not None:
        ctx.meta[_ACCOUNT] = value
    return value


def _template(
    region: Annotated[
        str | None,
        typer.Option(
            "--region", expose_value=False, callback=_keep_region, help="The stack's region; else AWS_REGION."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            expose_value=False,
            callback=_keep_profile,
            help="A profile of the AWS configuration; else AWS_PROFILE.",
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            expose_value=False,
            callback=_keep_account,
            help="Refuse if the credentials are another account's.",
        ),
    ] = None,
) -> None:
    """Never called: its parameters are what is wanted."""
