"""Finding a deployed stack: its ledger, its policy file, its account and region.

CloudFormation provides all of it. For a time when CloudFormation does not answer, or for a
role that may not ask it, FIREBREAK_LEDGER_TABLE names the ledger and DynamoDB provides the rest.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from firebreak.core.arns import partition_of
from firebreak.core.paging.commands import StackAddress
from firebreak.core.readings import NotRead
from firebreak.errors import Rejected
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending

if TYPE_CHECKING:
    from boto3.session import Session

    from firebreak.aws.bus import EventBus

DEFAULT_STACK = "firebreak"
TABLE_VARIABLE = "FIREBREAK_LEDGER_TABLE"
DEFAULT_POLICY = "policy.toml"

# docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stack as CloudFormation last deployed it: its outputs, its parameters, and when that was.

    `created_at` is when it was deployed for the first time.
    """

    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    at: datetime
    created_at: datetime


NOT_ASKED = NotRead("CloudFormation was not asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack. `policy_file` is relative to the layer, as the stack's parameter is.

    `deployment` is not read where CloudFormation is not asked, nor is `policy_configuration`: where the
    policy is in AppConfig, by the ids of application, environment and profile; empty where it is the layer's.
    """

    name: str
    account: str
    region: str
    partition: str
    ledger_table: str
    policy_file: str
    bus_name: str
    session: "Session"
    deployment: Deployment | NotRead = NOT_ASKED
    policy_configuration: tuple[str, ...] | NotRead = ()

    @property
    def place(self) -> str:
        """The stack in words."""
        return f"stack {self.name} ({self.account} {self.region})"

    @property
    def policy_place(self) -> str:
        """Where its policy is, in words."""
        if isinstance(self.policy_configuration, NotRead):
            return f"this machine's copy of {self.policy_file}; {self.policy_source_not_known}"
        return "the policy in AppConfig" if self.policy_configuration else self.policy_file

    @property
    def has_pushed_policy(self) -> bool:
        """Whether the policy is known to be in AppConfig."""
        return bool(self.policy_configuration) and not isinstance(self.policy_configuration, NotRead)

    @property
    def policy_source_not_known(self) -> str:
        """Says why it is not known where the policy comes from; empty where it is known."""
        found = self.policy_configuration
        return (
            f"where the stack takes its policy from is not known: {found.why}"
            if isinstance(found, NotRead)
            else ""
        )

    @property
    def address(self) -> StackAddress:
        """The stack's name, region and account, which a printed command contains."""
        return StackAddress(self.name, self.region, self.account)

    def command(self, *words: str) -> str:
        """A command to copy that reaches this stack or is refused."""
        return self.address.command(*words)

    def reader(self, service: str) -> Any:
        """A client for calls that may be repeated: reads, and the ledger's conditional writes."""
        return client(self.session, service)


def human_bus(stack: Stack) -> "EventBus":
    """The stack's bus for people's events; each request has its caller's proof. Raises Ending or AwsError."""
    from functools import partial

    from firebreak.aws.bus import EventBus
    from firebreak.aws.callers import regional_sts, sign

    sts = regional_sts(stack.session, stack.region)
    return EventBus(
        stack.reader("events"),
        stack.bus_name,
        by_human=True,
        prove=partial(sign, stack.session, sts, stack.address),
    )


def find(environment: Environment, name: str) -> Stack:
    """The stack of that name in the caller's account and region. Raises Ending or AwsError."""
    wanted = _wanted(environment, name)
    session = session_of(environment)
    table = environment.environ.get(TABLE_VARIABLE)
    found = _by_table(session, name, table) if table else _by_stack(session, name, wanted)
    refuse_another_account(found.account, wanted)
    return found


def _wanted(environment: Environment, name: str) -> str | None:
    """The account that the command line names, if both it and the stack's name are well-formed."""
    wanted = environment.account
    if not _STACK_NAME.fullmatch(name):
        raise Ending(BAD_INPUT, f"--stack {name}: expected a CloudFormation stack's name")
    if wanted and not _ACCOUNT.fullmatch(wanted):
        raise Ending(BAD_INPUT, f"--account {wanted}: expected the twelve digits of an account")
    return wanted


def refuse_another_account(account: str, wanted: str | None) -> None:
    """Raises Ending where the credentials are for another account than the command line names."""
    if wanted not in (None, account):
        raise Ending(
            NO_AWS,
            f"these credentials are for account {account}, the command is for {wanted}: set --profile",
        )


def place_of(environment: Environment, name: str) -> Stack:
    """The place of a stack that may not be there yet: it has no ledger. Raises Ending or AwsError."""
    from firebreak.aws.translate import translated

    wanted = _wanted(environment, name)
    session = session_of(environment)
    with translated("GetCallerIdentity", mutates=False):
        caller = client(session, "sts").get_caller_identity()
    refuse_another_account(caller["Account"], wanted)
    return Stack(
        name=name,
        account=caller["Account"],
        region=str(session.region_name),
        partition=partition_of(caller["Arn"]),
        ledger_table="",
        policy_file=DEFAULT_POLICY,
        bus_name=name,
        session=session,
    )


def client(session: "Session", service: str, *, once: bool = False) -> Any:
    """A client with Firebreak's time-outs; `once` asks a single time and gives up after two seconds."""
    from firebreak.aws.clients import mutator, reader
    from firebreak.aws.translate import translated

    try:
        with translated(f"a client for {service}", mutates=False):
            return mutator(session, service, read_seconds=2.0) if once else reader(session, service)
    except ValueError as error:
        raise Ending(NO_AWS, f"AWS_ENDPOINT_URL is not an address: {error}") from error


def patient(session: "Session", service: str) -> Any:
    """A client for many calls in a row that may be repeated: where AWS throttles, it waits and asks again."""
    from firebreak.aws.clients import patient as patient_client
    from firebreak.aws.translate import translated

    try:
        with translated(f"a client for {service}", mutates=False):
            return patient_client(session, service)
    except ValueError as error:
        raise Ending(NO_AWS, f"AWS_ENDPOINT_URL is not an address: {error}") from error


def session_of(environment: Environment) -> "Session":
    """A session with the caller's credentials. Raises Ending where no region is set, or AwsError."""
    from firebreak.aws.translate import translated

    with translated("a session", mutates=False):
        session = environment.session()
        if not session.region_name:
            raise Ending(
                NO_AWS, "no AWS region is set: name one with --region, or set AWS_REGION or AWS_PROFILE"
            )
    return session


def _by_stack(session: "Session", name: str, wanted: str | None) -> Stack:
    from firebreak.aws.translate import translated

    cloudformation = client(session, "cloudformation")
    try:
        with translated("DescribeStacks", mutates=False):
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except Rejected as error:
        # The name is well-formed, so all that CloudFormation can have against it is that it knows none.
        others = _stacks_with_a_ledger(cloudformation)
        there = f"; Firebreak is there as: {', '.join(others)}" if others else ""
        there += f"; the command is for account {wanted}: is it this --profile's?" if wanted else ""
        raise Ending(
            NO_AWS, f"no stack {name} in {session.region_name}: set --stack or --region{there}"
        ) from error
    outputs = _pairs(found.get("Outputs", ()), "Output")
    if "LedgerTable" not in outputs:
        raise Ending(NO_AWS, f"stack {name} has no output LedgerTable: it is not a Firebreak stack")
    parameters = _pairs(found.get("Parameters", ()), "Parameter")
    region, account = found["StackId"].split(":")[3:5]
    return Stack(
        name=name,
        account=account,
        region=region,
        partition=partition_of(found["StackId"]),
        ledger_table=outputs["LedgerTable"],
        policy_file=parameters.get("PolicyFile", DEFAULT_POLICY),
        bus_name=outputs.get("BusName", name),
        session=session,
        policy_configuration=tuple(filter(None, outputs.get("PolicyConfiguration", "").split("/"))),
        deployment=Deployment(
            outputs, parameters, found.get("LastUpdatedTime") or found["CreationTime"], found["CreationTime"]
        ),
    )


def _stacks_with_a_ledger(cloudformation: Any) -> list[str]:
    """The names of Firebreak's stacks in this account and region; none where they may not be listed."""
    from firebreak.aws.translate import translated
    from firebreak.errors import AwsError

    try:
        with translated("DescribeStacks", mutates=False):
            pages = cloudformation.get_paginator("describe_stacks").paginate()
            stacks = [stack for page in pages for stack in page["Stacks"]]
    except AwsError:
        return []
    return sorted(
        stack["StackName"]
        for stack in stacks
        if {"LedgerTable", "PageTopicArn"} <= _pairs(stack.get("Outputs", ()), "Output").keys()
    )


def _by_table(session: "Session", name: str, table: str) -> Stack:
    from firebreak.aws.translate import translated

    dynamodb = client(session, "dynamodb")
    not_asked = NotRead(f"{TABLE_VARIABLE} is set: CloudFormation was not asked")
    with translated("DescribeTable", mutates=False):
        arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    region, account = arn.split(":")[3:5]
    return Stack(
        name=name,
        account=account,
        region=region,
        partition=partition_of(arn),
        ledger_table=table,
        policy_file=DEFAULT_POLICY,
        bus_name=name,
        session=session,
        deployment=not_asked,
        policy_configuration=not_asked,
    )


def _pairs(entries: Sequence[Mapping[str, str]], what: str) -> dict[str, str]:
    return {entry[f"{what}Key"]: entry[f"{what}Value"] for entry in entries}
