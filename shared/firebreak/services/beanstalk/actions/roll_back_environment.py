"""roll-back-environment: deploy the version that a Beanstalk environment ran before the newest one."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MetricName, Permission, RollBackSettings
from firebreak.core.model import Obstacle, Plan, Receipt, Request, Settled, Target
from firebreak.core.readings import NotRead, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS, RollbackTarget
from firebreak.core.rules import Rules
from firebreak.errors import Rejected
from firebreak.services.beanstalk.environment_action import DIAGNOSTICS, LOOKS, EnvironmentAction
from firebreak.services.beanstalk.environments import (
    READY,
    BeanstalkObservation,
    EnvironmentLive,
    PreImage,
    ThenAndNow,
    not_ready,
)
from firebreak.services.beanstalk.ports import BeanstalkConnections
from firebreak.services.beanstalk.versions import Previous, previous, suspect
from firebreak.services.other_writers import reset_by
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="roll-back-environment",
    service="beanstalk",
    effect=Effect.ROLL_BACK,
    does=(
        "deploys the version that a Beanstalk environment ran before a recent deployment; "
        "only after approval where no event names it"
    ),
    irreversible="rolling forward would deploy the faulty version again",
    # The older version stays until somebody deploys one that is mended.
    temporary=False,
    suggested_by=(MetricName("AWS/ElasticBeanstalk", "ApplicationRequests5xx"),),
    settings=RollBackSettings(),
    asks_by_default=True,
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("elasticbeanstalk:DescribeApplicationVersions"),
        Permission("elasticbeanstalk:UpdateEnvironment", mutates=True),
    ),
)

# Two batches of a rolling deployment, each with the ten minutes that a command may take, and as much
# again for the instances that an immutable one launches first; longer ones are paged as unsettled. Source:
# option Timeout of aws:elasticbeanstalk:command (restart_environment.py).
DEPLOYMENT_SECONDS = 1800

DATA_STAYS = "what the newer version wrote (data, schema) stays as it is, and the older one must cope with it"
NO_ROLE = (
    "the environment has no operations role, so Beanstalk deploys with the rights of this function's role: "
    "without the parameter BeanstalkPolicyArn it has too few"
)


@dataclass(frozen=True, slots=True)
class RollBackEnvironment(EnvironmentAction):
    """Sends UpdateEnvironment with one version label, which AWS carries out as it does any deployment."""

    spec: ClassVar = SPEC

    def observe(self, target: Target) -> BeanstalkObservation:
        """The environment and its events in parallel, then its tags and its application's versions."""
        with ThreadPoolExecutor(max_workers=3) as pool:
            events = pool.submit(self.reads.events, target)
            environment = self.reads.environment(target)
            if not isinstance(environment, EnvironmentLive):
                unread = NotRead("there is no environment")
                return BeanstalkObservation(environment=environment, tagged=unread, events=events.result())
            versions = pool.submit(self.reads.versions, environment.application)
            environments = pool.submit(self.reads.environments, environment.application)
            return BeanstalkObservation(
                environment=environment,
                tagged=self.reads.tags(environment.arn),
                events=events.result(),
                versions=versions.result(),
                environments=environments.result(),
            )

    def plan_for(
        self, request: Request, environment: EnvironmentLive, seen: BeanstalkObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The roll back, if the alarm turned red during the newest deployment or soon after it."""
        return _plan(request, environment, seen, rules)

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError."""
        try:
            environment_id, name = (
                value(plan.change, "environmentId", str),
                value(plan.change, "environmentName", str),
            )
            version = value(plan.change, "versionLabel", str)
        except ValueError as error:
            raise Rejected("UpdateEnvironment", "UnusablePlan") from error
        request_id = self.writes.deploy(environment_id, name, version)
        return Receipt(summary=f"{name} deploys version {version}", after={"requestId": request_id})

    def outcome(self, plan: Plan, seen: BeanstalkObservation) -> bool | Unknown:
        """Whether a deployment without a reply began, by the version that the environment bears."""
        compared = ThenAndNow.of(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        if compared.now.version == plan.change.get("versionLabel"):
            return True
        unchanged = compared.now.status == READY and compared.now.version == compared.before.version
        if unchanged and not any(event.request_id for event in compared.since):
            return False
        return Unknown("something was done to the environment, and nothing says that it was the roll back")

    def settled(self, plan: Plan, receipt: Receipt, seen: BeanstalkObservation) -> Settled | Unknown:
        """Whether the environment is Ready again and bears the older version."""
        del receipt  # the version is enough
        compared = ThenAndNow.of(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        if busy := not_ready(compared.now):
            return Settled.NOT_YET if busy.reason is Reason.NOT_READY else Unknown(busy.detail)
        version = compared.now.version
        if version == plan.change.get("versionLabel"):
            return Settled.YES
        if version == compared.before.version:
            return Settled.FAILED
        return Unknown(f"version {version or '(none)'} runs: somebody deployed it since")


def build(services: BeanstalkConnections) -> RollBackEnvironment:
    """The action on these services."""
    return RollBackEnvironment(*services.beanstalk())


def _plan(
    request: Request, environment: EnvironmentLive, seen: BeanstalkObservation, rules: Rules
) -> Plan | Obstacle | Unknown:
    if not isinstance(seen.events, tuple):
        return unseen("what happened to the environment", seen.events)
    suspect_within = rules.settings_as(RollBackSettings).suspect_within
    deployment = suspect(environment, seen.events, request.alarm.since, suspect_within)
    if isinstance(deployment, Obstacle):
        return deployment
    found = previous(environment, deployment.began, seen)
    if not isinstance(found, Previous):
        return found
    tags = seen.tagged if isinstance(seen.tagged, Mapping) else {}
    doubts = _doubts(environment, found, request.alarm.since, suspect_within)
    return Plan(
        summary=f"roll back {request.target.display}: version {environment.version} to {found.label}",
        change={
            "environmentId": environment.id,
            "environmentName": environment.name,
            "versionLabel": found.label,
        },
        before=PreImage.of(environment, seen.events).stored(),
        warnings=(*doubts, DATA_STAYS, *(() if environment.operations_role else (NO_ROLE,))),
        patience_seconds=DEPLOYMENT_SECONDS,
        reset_by=reset_by(tags, "the version"),
        stays=f"version {found.label}; to take it back, deploy {environment.version}",
        doubts=doubts,
        rollback_target=RollbackTarget(
            suspected_since=deployment.began, newest=(found.ran.began, found.until)
        ),
    )


def _doubts(
    environment: EnvironmentLive, found: Previous, since: datetime, suspect_within: timedelta
) -> tuple[str, ...]:
    """The doubts that a human must resolve before the roll back is carried out."""
    doubts = list(found.doubts)
    if found.ran.not_at_fault(since, suspect_within) is None:
        doubts.append(TWO_SUSPECTS)
    if found.inferred:
        doubts.append(
            f"only dates speak for {found.label}: it is the next older version of {environment.application}, "
            "which has no other environment, but no event shows that it ran here, or ran well"
        )
    return tuple(doubts)
