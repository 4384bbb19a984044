"""The tags of one target, by the calls that its service has for them."""

from collections.abc import Mapping

from firebreak.core.model import Target
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.services.beanstalk.client import TERMINATED
from firebreak.services.beanstalk.environments import EnvironmentLive
from firebreak.services.connections import Connections
from firebreak.services.ecs.client_registrations import INACTIVE
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ses.sending import SendingLive

type Tags = Reading[Mapping[str, str]]


def tags_of_target(target: Target, services: Connections, partition: str) -> Tags:
    """The tags; Absent where the target does not exist any more. `partition` is the account's."""
    match target.service:
        case "ecs":
            service = services.ecs()[0].service(target)
            if not isinstance(service, ServiceLive):
                return service
            return ABSENT if service.status == INACTIVE else service.tags
        case "lambda":
            return services.functions()[0].tags(arn_of_target(target, partition))
        case "beanstalk":
            return _of_environment(target, services)
        case "ses":
            sending = services.ses()[0].configuration_set(target.name)
            return sending.tags if isinstance(sending, SendingLive) else sending
        case other:
            return NotRead(f"the tags of {other}: targets are not looked at here")


def _of_environment(target: Target, services: Connections) -> Tags:
    reads = services.beanstalk()[0]
    environment = reads.environment(target)
    if not isinstance(environment, EnvironmentLive):
        return environment
    return ABSENT if environment.status == TERMINATED else reads.tags(environment.arn)


def arn_of_target(target: Target, partition: str) -> str:
    """The ARN of an ECS service or a Lambda function; empty for others."""
    start = f"arn:{partition}:{target.service}:{target.region}:{target.account}"
    match target.service:
        case "ecs":
            return f"{start}:service/{target.group}/{target.name}"
        case "lambda":
            return f"{start}:function:{target.name}"
        case _:
            return ""
