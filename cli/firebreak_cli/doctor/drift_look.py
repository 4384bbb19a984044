"""The look at drift: FB111. It reads what CloudFormation found when it was last asked, and starts nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from firebreak.aws.translate import translated
from firebreak.core.formats import format_span
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, warning
from firebreak_cli.stack import Stack

# Somebody changes a stack by hand in an emergency, and a month is longer than most of them are remembered.
OLD = timedelta(days=30)
SHOWN_PATHS = 3
_DRIFTED = ("MODIFIED", "DELETED")
_SHOW = (
    "aws cloudformation describe-stack-resource-drifts --stack-name {stack} --region {region}"
    " --stack-resource-drift-status-filters MODIFIED DELETED"
)


def no_drift(seen: Examination) -> Looked:
    """FB111. A result that is older than the last deployment, or than a month, says little of today."""
    drift = seen.deployment().drift
    if drift.checked_at is None or drift.status not in {"IN_SYNC", "DRIFTED"}:
        at = f"CloudFormation says {drift.status or 'nothing'} of drift"
        return Looked(at, (warning("nobody has asked CloudFormation whether the stack has drifted"),))
    at = f"{drift.status}, {format_span(seen.now - drift.checked_at)} ago"
    found = [] if drift.status == "IN_SYNC" else list(_drifted(seen.stack, at))
    if stale := _stale(seen.now, drift.checked_at, seen.deployment().changed_at):
        found.append(warning(f"{at}: {stale}"))
    return Looked(at, tuple(found))


def _stale(now: datetime, checked: datetime, changed: datetime) -> str:
    if checked < changed:
        return "the stack was deployed after that"
    return "that is more than a month old" if now - checked > OLD else ""


def _drifted(stack: Stack, at: str) -> Iterator[Finding]:
    for one in _resources(stack):
        paths = [diff["PropertyPath"] for diff in one.get("PropertyDifferences", ())]
        more = f" and {len(paths) - SHOWN_PATHS} more" if len(paths) > SHOWN_PATHS else ""
        where = f" at {', '.join(paths[:SHOWN_PATHS])}{more}" if paths else ""
        detail = f"{one['StackResourceDriftStatus']}{where} ({at})"
        yield warning(detail, one["LogicalResourceId"], mend=_SHOW)


def _resources(stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Every resource that had drifted; botocore has no paginator for this call. Raises AwsError."""
    client = stack.reader("cloudformation")
    asked: dict[str, Any] = {"StackName": stack.name, "StackResourceDriftStatusFilters": list(_DRIFTED)}
    while True:
        with translated("DescribeStackResourceDrifts", mutates=False):
            page = client.describe_stack_resource_drifts(**asked)
        yield from page["StackResourceDrifts"]
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]
