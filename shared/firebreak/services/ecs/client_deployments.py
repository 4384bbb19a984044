"""ECS service deployments, as the protocols in ports.py define them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from firebreak.aws.translate import look, send
from firebreak.core.readings import Absent, Unknown
from firebreak.services.canonical import SERVICE_REVISION, fingerprint
from firebreak.services.ecs.deployments import DeploymentHistory, ServiceDeployment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import (
        ServiceDeploymentBriefTypeDef,
        ServiceDeploymentTypeDef,
        ServiceRevisionTypeDef,
    )

    from firebreak.core.model import Target
    from firebreak.core.readings import Reading

# ListServiceDeployments gives at most 100 a page, the two Describe calls take at most 20 ARNs
# (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html and others).
# Nobody wants to go back further than that.
LISTED_AT_ONCE: Final = 100
MOST_LISTED: Final = 2000
MOST_DESCRIBED: Final = 20
TOO_MANY: Final = Unknown(f"more than {MOST_LISTED} deployments in 90 days")
PAUSE: Final = "PAUSE"
AWAITING_ACTION: Final = "AWAITING_ACTION"
ROLLBACK: Final = "ROLLBACK"
# The revision that ECS names for a deployment from before October 2024.
MISSING: Final = "MISSING"
# The members of a revision that are no settings: its task definition, names, times, and values that ECS
# filled in. The last ones change with every blue/green deployment.
NOT_SETTINGS: Final = frozenset(
    {
        "serviceRevisionArn",
        "createdAt",
        "containerImages",
        "taskDefinition",
        "resolvedConfiguration",
        "ecsManagedResources",
    }
)


@dataclass(frozen=True, slots=True)
class _Revision:
    """The compared parts of a service revision: its task definition, and a hash of its other settings."""

    task_definition: str = ""
    settings: str = ""


FORGOTTEN: Final = _Revision()


class DeploymentReader:
    """Looks at service deployments with a client that only reads."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs

    def history(self, target: Target) -> Reading[DeploymentHistory]:
        """The newest 20 deployments; Absent when the cluster or the service does not exist."""
        listed = look("ListServiceDeployments", lambda: self._listed(target))
        if not isinstance(listed, list):
            return listed
        if not listed:
            return DeploymentHistory(deployments=(), replaces=False)
        newest = _needed("DescribeServiceDeployments", lambda: self._described(listed[0]))
        revisions = _needed("DescribeServiceRevisions", lambda: self._revisions(listed))
        if isinstance(newest, Unknown):
            return newest
        return revisions if isinstance(revisions, Unknown) else _history(listed, newest, revisions)

    def _listed(self, target: Target) -> list[ServiceDeploymentBriefTypeDef] | Unknown:
        """The newest deployments first; every page is read, for the API promises no order."""
        found: list[ServiceDeploymentBriefTypeDef] = []
        page = self._ecs.list_service_deployments(
            cluster=target.group, service=target.name, maxResults=LISTED_AT_ONCE
        )
        found += page["serviceDeployments"]
        while token := page.get("nextToken"):
            if len(found) >= MOST_LISTED:
                return TOO_MANY
            page = self._ecs.list_service_deployments(
                cluster=target.group, service=target.name, maxResults=LISTED_AT_ONCE, nextToken=token
            )
            found += page["serviceDeployments"]
        found.sort(key=lambda one: one["createdAt"], reverse=True)
        return found[:MOST_DESCRIBED]

    def _described(self, brief: ServiceDeploymentBriefTypeDef) -> ServiceDeploymentTypeDef | Unknown:
        arn = brief["serviceDeploymentArn"]
        answer = self._ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        if answer["serviceDeployments"]:
            return answer["serviceDeployments"][0]
        reasons = sorted({failure.get("reason", "no reason") for failure in answer["failures"]})
        return Unknown(f"DescribeServiceDeployments: {', '.join(reasons) or 'empty answer'}")

    def _revisions(
        self, listed: Sequence[ServiceDeploymentBriefTypeDef]
    ) -> Mapping[str, _Revision] | Unknown:
        """Each target revision; those from before October 2024 are known to be forgotten."""
        arns = sorted({one["targetServiceRevisionArn"] for one in listed})
        answer = self._ecs.describe_service_revisions(serviceRevisionArns=arns)
        failures = {one.get("arn", ""): one.get("reason", "no reason") for one in answer.get("failures", ())}
        if unseen := sorted({reason for reason in failures.values() if reason != MISSING}):
            return Unknown(f"DescribeServiceRevisions: {', '.join(unseen)}")
        found = {one["serviceRevisionArn"]: _revision(one) for one in answer["serviceRevisions"]}
        revisions = dict.fromkeys(failures, FORGOTTEN) | found
        if unread := len([arn for arn in arns if arn not in revisions]):
            return Unknown(
                f"DescribeServiceRevisions: {unread} of {len(arns)} revisions are not in the answer"
            )
        return revisions


def _revision(raw: ServiceRevisionTypeDef) -> _Revision:
    set_by_somebody = {key: value for key, value in raw.items() if key not in NOT_SETTINGS}
    return _Revision(raw["taskDefinition"], fingerprint(set_by_somebody, SERVICE_REVISION))


class DeploymentWriter:
    """Ends service deployments. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs

    def stop_and_roll_back(self, deployment: str) -> None:
        """Works whether or not the service was set up to roll back by itself."""
        send(
            "StopServiceDeployment",
            lambda: self._ecs.stop_service_deployment(serviceDeploymentArn=deployment, stopType=ROLLBACK),
        )

    def roll_back_at_hook(self, deployment: str, hook: str) -> None:
        """Sends the choice to roll back: without it ECS would go on with the deployment."""
        send(
            "ContinueServiceDeployment",
            lambda: self._ecs.continue_service_deployment(
                serviceDeploymentArn=deployment, hookId=hook, action=ROLLBACK
            ),
        )


def _needed[T](operation: str, read: Callable[[], T | Unknown]) -> T | Unknown:
    """A reading of something that ECS has just named: its absence is Unknown, too."""
    seen = look(operation, read)
    return Unknown(f"{operation}: NotFound") if isinstance(seen, Absent) else seen


def _history(
    listed: Sequence[ServiceDeploymentBriefTypeDef],
    newest: ServiceDeploymentTypeDef,
    revisions: Mapping[str, _Revision],
) -> DeploymentHistory:
    paused_hooks = [
        hook["hookId"]
        for hook in newest.get("lifecycleHookDetails", ())
        if hook.get("targetType") == PAUSE and hook.get("status") == AWAITING_ACTION
    ]
    first, *others = (_deployment(one, revisions[one["targetServiceRevisionArn"]]) for one in listed)
    # The later description is the fresher of the two.
    stopped = _utc(newest.get("stoppedAt"))
    first = replace(first, status=newest["status"], ended=first.ended or stopped)
    return DeploymentHistory(
        deployments=(first, *others),
        paused_hook=next(iter(paused_hooks), ""),
        replaces=bool(newest.get("sourceServiceRevisions")),
    )


def _deployment(raw: ServiceDeploymentBriefTypeDef, revision: _Revision) -> ServiceDeployment:
    return ServiceDeployment(
        arn=raw["serviceDeploymentArn"],
        status=raw["status"],
        began=raw.get("startedAt", raw["createdAt"]).astimezone(UTC),
        ended=_utc(raw.get("finishedAt")),
        task_definition=revision.task_definition,
        settings=revision.settings,
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
