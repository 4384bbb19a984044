"""restart-environment: restart the application server on every instance of a Beanstalk environment."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, Permission, Symptom
from firebreak.core.model import Obstacle, Plan, Receipt, Request, Settled, Target
from firebreak.core.readings import NotRead, Reading, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import Rejected
from firebreak.services.beanstalk.environment_action import DIAGNOSTICS, LOOKS, EnvironmentAction
from firebreak.services.beanstalk.environments import (
    ERRORS,
    READY,
    BeanstalkObservation,
    EnvironmentEvent,
    EnvironmentLive,
    PreImage,
    ThenAndNow,
    not_ready,
)
from firebreak.services.beanstalk.ports import BeanstalkConnections
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="restart-environment",
    service="beanstalk",
    effect=Effect.RESTART,
    does="restarts the application server on every instance of a Beanstalk environment at once",
    irreversible="a restart changes no value that could be put back",
    # A restart changes no value, so there is none to put back.
    temporary=False,
    symptom=Symptom(
        "AWS/ElasticBeanstalk", "EnvironmentHealth", "the health of an Elastic Beanstalk environment"
    ),
    asks_by_default=True,
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("elasticbeanstalk:RestartAppServer", mutates=True),
    ),
)

# The time that Beanstalk lets a command run on the instances by default: option Timeout of
# aws:elasticbeanstalk:command. [docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html]
COMMAND_SECONDS = 600

# The first event of every restart begins with this text ("restartAppServer is starting."). It is needed only
# where the request's id was lost with the reply; if AWS changes the wording, the outcome is in doubt, but
# the restart is never repeated.
BEGINS = "restartappserver"

# The beginning of the events about health: `worse` judges them, whatever their severity.
HEALTH = "environment health has transitioned"

ALL_AT_ONCE = "every instance restarts at the same time: until they are back, nothing answers requests"


@dataclass(frozen=True, slots=True)
class RestartEnvironment(EnvironmentAction):
    """Sends RestartAppServer, which AWS carries out everywhere at once and cannot take back."""

    spec: ClassVar = SPEC

    def observe(self, target: Target) -> BeanstalkObservation:
        """The environment and its events in parallel, then its tags."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            events = pool.submit(self.reads.events, target)
            environment = self.reads.environment(target)
            tagged: Reading[Mapping[str, str]] = NotRead("there is no environment")
            if isinstance(environment, EnvironmentLive):
                tagged = self.reads.tags(environment.arn)
            return BeanstalkObservation(environment=environment, tagged=tagged, events=events.result())

    def plan_for(
        self, request: Request, environment: EnvironmentLive, seen: BeanstalkObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """One restart of everything."""
        del rules  # nothing about a restart can be set
        return _plan(request.target, environment, seen.events)

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError."""
        try:
            environment_id, name = (
                value(plan.change, "environmentId", str),
                value(plan.change, "environmentName", str),
            )
        except ValueError as error:
            raise Rejected("RestartAppServer", "UnusablePlan") from error
        request_id = self.writes.restart(environment_id, name)
        return Receipt(summary=f"{name} restarts its application servers", after={"requestId": request_id})

    def outcome(self, plan: Plan, seen: BeanstalkObservation) -> bool | Unknown:
        """Whether a restart without a reply began: its event says yes, no event of any request says no."""
        compared = ThenAndNow.of(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        if any(_begins(event, "") for event in compared.since):
            return True
        if compared.now.status != READY or any(event.request_id for event in compared.since):
            return Unknown("something was done to the environment, and nothing says that it was a restart")
        return False

    def settled(self, plan: Plan, receipt: Receipt, seen: BeanstalkObservation) -> Settled | Unknown:
        """Whether the restart is in the environment's events and the environment is Ready after it."""
        compared = ThenAndNow.of(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        if ended := not_ready(compared.now):
            return Settled.NOT_YET if ended.reason is Reason.NOT_READY else Unknown(ended.detail)
        request_id = str(receipt.after.get("requestId", ""))
        began = [event for event in compared.since if _begins(event, request_id)]
        if not began:
            return Settled.NOT_YET
        return Settled.FAILED if _failed(compared.since, began) else Settled.YES

    def changed_by_others(self, plan: Plan, seen: BeanstalkObservation) -> str:
        """The version that somebody else deployed since: a restart changes none."""
        compared = ThenAndNow.of(plan.before, seen)
        if isinstance(compared, Unknown) or compared.now.version == compared.before.version:
            return ""
        return f"somebody else deployed version {compared.now.version or '(none)'} since"


def build(services: BeanstalkConnections) -> RestartEnvironment:
    """The action on these services."""
    return RestartEnvironment(*services.beanstalk())


def _plan(
    target: Target, environment: EnvironmentLive, events: Reading[tuple[EnvironmentEvent, ...]]
) -> Plan | Unknown:
    if not isinstance(events, tuple):
        return unseen("what happened to the environment", events)
    health = "/".join(part for part in (environment.health, environment.health_status) if part)
    return Plan(
        summary=f"restart the application servers of {target.display} (health {health or 'not reported'})",
        change={"environmentId": environment.id, "environmentName": environment.name},
        before=PreImage.of(environment, events).stored(),
        warnings=(ALL_AT_ONCE,),
        patience_seconds=COMMAND_SECONDS,
    )


def _begins(event: EnvironmentEvent, request_id: str) -> bool:
    """Whether the event is of the restart: by the request's id where it is known, else by its message."""
    if request_id and event.request_id == request_id:
        return True
    return event.message.casefold().startswith(BEGINS)


def _failed(events: Sequence[EnvironmentEvent], began: Sequence[EnvironmentEvent]) -> bool:
    """Whether an error is the restart's own; where no event names its request, any since it began counts."""
    first = min(event.at for event in began)
    own_requests = {event.request_id for event in began} - {""}
    return any(
        event.severity in ERRORS
        and event.at >= first
        and not event.message.casefold().startswith(HEALTH)
        and (not own_requests or event.request_id in own_requests)
        for event in events
    )
