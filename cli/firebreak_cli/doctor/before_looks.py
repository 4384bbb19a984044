"""The looks before a deployment: FB901 to FB904. There may be no stack yet."""

from dataclasses import dataclass

from firebreak.aws.translate import translated
from firebreak.errors import Rejected
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.deployment import REPORT, WATCH, pages
from firebreak_cli.doctor.model import Looked, bad, warning
from firebreak_cli.doctor.place_looks import KEPT_UNRESERVED, USUAL_ACTION, USUAL_WATCH
from firebreak_cli.once import Once
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place where a stack is to be deployed, and the state of the one that has its name, if any."""

    stack: Stack
    status: Once[str]

    @property
    def is_new(self) -> bool:
        """Whether the deployment makes every resource; what was rolled back has left none but the ledger."""
        return self.status() in {NOT_THERE, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}


def site_of(stack: Stack) -> Site:
    """The place of a deployment. Nothing is asked yet."""
    return Site(stack=stack, status=Once(lambda: _status(stack)))


def _status(stack: Stack) -> str:
    """The state of the stack of that name; empty where there is none. Raises AwsError."""
    try:
        with translated("DescribeStacks", mutates=False):
            found = stack.reader("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    except Rejected as error:
        if error.code != "ValidationError":
            raise
        return NOT_THERE  # the name is well-formed, so all that CloudFormation can have against it
    return str(found[0]["StackStatus"])


def stack_may_be_deployed(site: Site) -> Looked:
    """FB901."""
    status = site.status()
    at = status or f"no stack {site.stack.name}"
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
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED":
            return "delete the stack first; its ledger is kept", f"aws cloudformation delete-stack {place}"
        case "CREATE_FAILED":
            said = "deploy with --disable-rollback to go on, or take back what was made; the ledger is kept"
            return said, f"aws cloudformation rollback-stack {place}"
        case "UPDATE_FAILED":
            said = "deploy with --disable-rollback to go on, or go back to the release before"
            return said, f"aws cloudformation rollback-stack {place}"
        case "UPDATE_ROLLBACK_FAILED":
            said = "the rollback has to end first"
            return said, f"aws cloudformation continue-update-rollback {place}"
        case _:
            return "its events say why; do not delete it", f"aws cloudformation describe-stack-events {place}"


def quota_has_room(site: Site) -> Looked:
    """FB902. The reservations of a stack that is there are counted already."""
    with translated("GetAccountSettings", mutates=False):
        limits = site.stack.reader("lambda").get_account_settings()["AccountLimit"]
    quota, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    needed = USUAL_ACTION * len(CATALOG.specs) + USUAL_WATCH * len(WATCH) if site.is_new else 0
    at = f"a quota of {quota}, {free} of it not reserved"
    short = needed + KEPT_UNRESERVED - free
    if not needed or short <= 0:
        return Looked(at)
    detail = f"the stack reserves {needed}, AWS keeps {KEPT_UNRESERVED}: {at}"
    return Looked(at, (bad(detail, wanted=str(quota + short)),))


def no_log_group_left(site: Site) -> Looked:
    """FB903."""
    if not site.is_new:
        return Looked("the stack is there and has them")
    functions = (*CATALOG, *(name.lower() for name in (*WATCH, REPORT)))
    own = {f"/aws/lambda/{site.stack.name}-{function}" for function in functions}
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
