"""The looks before a deployment: FB901 to FB905. There may be no stack yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

from firebreak.aws.translate import translated
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import Rejected
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.deploy_settings import DeploySettings, deploy_settings
from firebreak_cli.doctor.deployment import REPORT, WATCH, pages
from firebreak_cli.doctor.model import Looked, bad, unseen, warning
from firebreak_cli.doctor.place_looks import KEPT_UNRESERVED, USUAL_COPIES
from firebreak_cli.once import Once
from firebreak_cli.queries.heartbeats import NOTHING_RESERVED, RESERVED
from firebreak_cli.stack import Stack

# A deployment goes on from these; from every other state CloudFormation refuses it.
_TAKEN = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "REVIEW_IN_PROGRESS",
    }
)
NOT_THERE = ""
# The functions by the last part of their names, which begin with the stack's.
_FUNCTIONS = (*CATALOG, *(name.lower() for name in (*WATCH, REPORT)))
# Nothing is reserved for Report, which no alarm waits for.
_RESERVED_FUNCTIONS = len(_FUNCTIONS) - 1
# Lambda takes 64 characters, and only the template can shorten a name that it gives.
LONGEST_STACK_NAME = 64 - len("-") - max(map(len, _FUNCTIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place where a stack is to be deployed, and the state of the one that has its name, if any."""

    stack: Stack
    found: Once[Mapping[str, Any]]
    settings: Reading[DeploySettings]

    def status(self) -> str:
        """The state of the stack of that name; empty where there is none. Raises AwsError."""
        return str(self.found().get("StackStatus", NOT_THERE))

    def parameters(self) -> Mapping[str, str]:
        """The parameters that the stack has now; none where there is none. Raises AwsError."""
        return {one["ParameterKey"]: one["ParameterValue"] for one in self.found().get("Parameters", ())}

    @property
    def is_new(self) -> bool:
        """Whether the deployment makes every resource; what was rolled back has left none."""
        return self.status() in {NOT_THERE, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}

    def given(self) -> Mapping[str, str]:
        """The parameters of the deployment, as far as they are known here. Raises AwsError."""
        now = {} if self.is_new else self.parameters()
        return {**now, **(self.settings.parameters if isinstance(self.settings, DeploySettings) else {})}


def site_of(stack: Stack, samconfig: Path) -> Site:
    """The place of a deployment. AWS is not asked yet."""
    return Site(
        stack=stack,
        found=Once(lambda: _stack_of_that_name(stack)),
        settings=deploy_settings(samconfig, stack.name),
    )


def _stack_of_that_name(stack: Stack) -> Mapping[str, Any]:
    """The stack as CloudFormation has it; empty where there is none. Raises AwsError."""
    try:
        with translated("DescribeStacks", mutates=False):
            found = stack.reader("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    except Rejected as error:
        if error.code != "ValidationError":
            raise
        return {}  # the name is well-formed, so all that CloudFormation can have against it
    one: Mapping[str, Any] = found[0]
    return one


def stack_may_be_deployed(site: Site) -> Looked:
    """FB901."""
    status, length = site.status(), len(site.stack.name)
    at = status or f"no stack {site.stack.name}"
    if length > LONGEST_STACK_NAME:
        room = f"the names of its functions leave it {LONGEST_STACK_NAME}"
        long = f"its name has {length} characters, and {room}"
        return Looked(at, (bad(long, mend="deploy it under a shorter name"),))
    if status in _TAKEN or status == NOT_THERE:
        return Looked(at)
    if status.endswith("_IN_PROGRESS"):
        return Looked(at, (bad(f"{status}: wait until it is over"),))
    said, mend = _in_the_way(status)
    return Looked(at, (bad(f"{status}: {said}", mend=mend),))


def _in_the_way(status: str) -> tuple[str, str]:
    """The meaning of a state in which a stack stays for a deployment, and the command that ends it."""
    place = "--stack-name {stack} --region {region}"
    match status:
        case "ROLLBACK_COMPLETE":
            return "delete the stack first; nothing is left in it", f"aws cloudformation delete-stack {place}"
        case "ROLLBACK_FAILED" | "DELETE_FAILED":
            return "delete the stack first; its ledger is kept", f"aws cloudformation delete-stack {place}"
        case "CREATE_FAILED":
            said = "deploy with --disable-rollback to go on, or take back what was made, with the new ledger"
            return said, f"aws cloudformation rollback-stack {place}"
        case "UPDATE_FAILED":
            said = "deploy with --disable-rollback to go on, or go back to the release before"
            return said, f"aws cloudformation rollback-stack {place}"
        case "UPDATE_ROLLBACK_FAILED":
            said = "the rollback has to end first"
            return said, f"aws cloudformation continue-update-rollback {place}"
        case _:
            return "its events say why; do not delete it", f"aws cloudformation describe-stack-events {place}"


_OTHER_PARAMETERS = (
    "the stack is of an earlier release, whose parameters were others: how much of what "
    f"{RESERVED} reserves it has reserved already is not known"
)


def quota_has_room(site: Site) -> Looked:
    """FB902. The reservations of a stack that is there are counted already."""
    with translated("GetAccountSettings", mutates=False):
        limits = site.stack.reader("lambda").get_account_settings()["AccountLimit"]
    quota, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    at = f"a quota of {quota}, {free} of it not reserved"
    if isinstance(site.settings, Unknown | NotRead):
        return Looked(at, (unseen(site.settings.why),))
    needed, had = _reserved_by(site.given()), 0 if site.is_new else _reserved_by(site.parameters())
    short = needed + KEPT_UNRESERVED - free - had
    if needed > had and short > 0:
        if not site.is_new and RESERVED not in site.parameters():
            return Looked(at, (unseen(_OTHER_PARAMETERS),))
        detail = f"{RESERVED} reserves {needed}, AWS keeps {KEPT_UNRESERVED}: {at}"
        return Looked(at, (bad(detail, wanted=str(quota + short)),))
    if quota < KEPT_UNRESERVED:
        detail = f"all functions of the account share it, those of Firebreak with them: {at}"
        wanted = KEPT_UNRESERVED + USUAL_COPIES * _RESERVED_FUNCTIONS
        mend = "ask for a quota of {wanted}, and deploy meanwhile"
        return Looked(at, (warning(detail, mend=mend, wanted=str(wanted)),))
    return Looked(at)


def _reserved_by(parameters: Mapping[str, str]) -> int:
    """The copies that a stack with these parameters reserves in all; CloudFormation refuses other words."""
    copies = parameters.get(RESERVED, NOTHING_RESERVED)
    return (int(copies) if copies.isdecimal() else 0) * _RESERVED_FUNCTIONS


def somebody_hears(site: Site) -> Looked:
    """FB905. The rule SomebodyHears of the template refuses the deployment otherwise."""
    given = site.given()
    named = [name for name in ("PageEmail", "PageTopicArn") if given.get(name)]
    if problem := _topic_problem(site, given.get("PageTopicArn", "")):
        return Looked("PageTopicArn", (bad(problem, mend="give a topic of yours in {region}"),))
    if named or given.get("SubscribeByHand") == "true":
        return Looked(" and ".join(named) or "SubscribeByHand")
    match site.settings:
        case Unknown(why) | NotRead(why):
            return Looked("", (unseen(why),))
        case Absent():
            said = f"no settings of sam deploy name a stack {site.stack.name}: give one of them to sam deploy"
            return Looked("not known", (warning(said),))
        case DeploySettings(environment):
            said = f"{environment} gives neither PageEmail nor PageTopicArn: CloudFormation refuses that"
            return Looked(environment, (bad(said),))
        case never:
            assert_never(never)


def _topic_problem(site: Site, arn: str) -> str:
    """The reason why a topic cannot be given for pages; empty for none, or where none is given."""
    if not arn:
        return ""
    made = {one["OutputKey"]: one["OutputValue"] for one in site.found().get("Outputs", ())}
    if arn == made.get("PageTopicArn") and not site.parameters().get("PageTopicArn"):
        return "this is the topic that the stack made: the deployment would delete it with its subscriptions"
    if arn.split(":")[3:4] != [site.stack.region]:
        return f"alarms notify topics of their own region alone, which is {site.stack.region}"
    return ""


def no_log_group_left(site: Site) -> Looked:
    """FB903."""
    if not site.is_new:
        return Looked("the stack is there and has them")
    own = {f"/aws/lambda/{site.stack.name}-{function}" for function in _FUNCTIONS}
    prefix = f"/aws/lambda/{site.stack.name}-"
    logs = site.stack.reader("logs")
    found = [
        one["logGroupName"]
        for one in pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
    ]
    left = sorted(own.intersection(found))
    return Looked(f"{len(left)} left", tuple(bad("it is left from an earlier stack", name) for name in left))


def no_ledger_left(site: Site) -> Looked:
    """FB904. CloudFormation names a ledger after its stack, and keeps it when the stack is deleted."""
    if not site.is_new:
        return Looked("the stack is there and has its own")
    dynamodb = site.stack.reader("dynamodb")
    with translated("ListTables", mutates=False):
        listed = [
            name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]
        ]
    left = sorted(name for name in listed if name.startswith(f"{site.stack.name}-Ledger-"))
    return Looked(
        f"{len(left)} left", tuple(warning("it is left from an earlier stack", name) for name in left)
    )
