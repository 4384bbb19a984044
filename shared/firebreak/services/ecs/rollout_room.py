"""Whether a service's deployment configuration lets ECS replace its tasks, and what that may take down.

For a rolling update ECS keeps two counts. At least `desired x minimumHealthyPercent`, rounded up, stay
healthy, and at most `desired x maximumPercent`, rounded down, run or are pending. Between them it must be
able to start a task first or to stop one first; else the deployment stays in progress for ever.
[docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html;
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html]

BLUE_GREEN, LINEAR and CANARY start a whole second set of tasks, CODE_DEPLOY and EXTERNAL do as their own
deployment says: the two counts do not hold them up.
[docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html]
"""

from firebreak.core.model import Obstacle
from firebreak.core.reasons import Reason
from firebreak.services.ecs.model import ServiceLive

ECS = "ECS"
ROLLING = "ROLLING"
DAEMON = "DAEMON"


def minimum_count(service: ServiceLive) -> int:
    """The number of tasks that must stay healthy whatever is replaced."""
    return -(-service.desired * service.minimum_healthy // 100)


def maximum_count(service: ServiceLive) -> int:
    """The most tasks that may run or be pending at once; a DAEMON service never has more than it wants.

    [docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html, maximumPercent]
    """
    percent = min(service.maximum_percent, 100) if service.scheduling == DAEMON else service.maximum_percent
    return service.desired * percent // 100


def no_room(service: ServiceLive) -> Obstacle | None:
    """The obstacle where ECS may neither start a task first nor stop one first.

    It does not depend on how many tasks run now: a task that crashes at this moment runs again before the
    deployment begins.
    """
    if not _is_rolling(service) or _has_room(service):
        return None
    return Obstacle(Reason.NO_ROOM_TO_DEPLOY, no_room_detail(service))


def no_room_detail(service: ServiceLive) -> str:
    """The two counts in words; empty where there is room."""
    if not _is_rolling(service) or _has_room(service):
        return ""
    least, most = minimum_count(service), maximum_count(service)
    return (
        f"{_percentages(service)}: of {service.desired} tasks {least} must stay healthy and "
        f"at most {most} may run, so ECS can neither start a new task nor stop an old one"
    )


def outage_doubts(service: ServiceLive) -> tuple[str, ...]:
    """The doubt where ECS may stop every running task before a new one is healthy.

    That is where not a single one has to stay healthy. Where nothing runs, there is nothing to stop.
    """
    if not _is_rolling(service) or minimum_count(service) > 0 or service.running == 0:
        return ()
    if service.desired == 1 and maximum_count(service) <= 1:
        return (f"{_percentages(service)}: its only task is stopped first, so it will be down meanwhile",)
    which = f"all {service.running} tasks" if service.running > 1 else "its only task"
    may = f"ECS may stop {which} before a new one is healthy, so it may be down meanwhile"
    return (f"{_percentages(service)}: {may}",)


def _is_rolling(service: ServiceLive) -> bool:
    return service.controller == ECS and service.strategy == ROLLING


def _has_room(service: ServiceLive) -> bool:
    return minimum_count(service) < service.desired or maximum_count(service) > service.desired


def _percentages(service: ServiceLive) -> str:
    percent = 100 if service.scheduling == DAEMON else service.maximum_percent
    return f"minimumHealthyPercent {service.minimum_healthy} and maximumPercent {percent}"
