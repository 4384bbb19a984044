"""The rollback target of an ECS service, and whether the roll back may be made."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.model import Obstacle, Plan, Request
from firebreak.core.readings import Absent, NotRead, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS
from firebreak.services.ecs.deployments import (
    AT_REST,
    ROLLED_BACK,
    RUNNING,
    STOP_REQUESTED,
    DeploymentHistory,
    RollBackObservation,
    ServiceDeployment,
    ago,
    is_recent,
    when,
)
from firebreak.services.ecs.model import ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.readiness import FAILED, PreImage, not_ready, primary, short
from firebreak.services.ecs.rollout import patience, unpinned
from firebreak.services.ecs.rollout_room import no_room, outage_doubts
from firebreak.services.ecs.suspect_deployment import Suspects, as_far_as, suspects, under_way
from firebreak.services.other_writers import reset_by

# CodeDeploy rolls back its own deployments; EXTERNAL has no service deployments.
CONTROLLERS = frozenset({"ECS"})
ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """The readings that are judged; `history` is that of `seen` without what ECS took back itself already."""

    request: Request
    service: ServiceLive
    seen: RollBackObservation
    history: DeploymentHistory
    newest: ServiceDeployment
    found: Suspects
    suspect_within: timedelta

    @property
    def since(self) -> datetime:
        """The time since which the alarm is red."""
        return self.request.alarm.since


def rollback_target(
    request: Request, service: ServiceLive, seen: RollBackObservation, suspect_within: timedelta
) -> Plan | Obstacle | Unknown:
    """The one call that takes back the deployment that the alarm followed, or why there is none."""
    if not isinstance(seen.history, DeploymentHistory):
        return unseen("the history of its deployments", seen.history)
    history = seen.history.without_rolled_back(service.task_definition)
    newest = history.newest
    if newest is None:
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, "ECS lists no deployment of the service")
    if unfit := _unusable(newest):
        return unfit
    if isinstance(seen.contents, Absent | Unknown | NotRead):
        return unseen("what its deployments brought", seen.contents)
    found = (under_way if newest.status in RUNNING else suspects)(history, seen.contents)
    needed = as_far_as(history, found, success=1)
    if unread := next((why for arn, why in seen.unread.items() if arn in needed), None):
        return unread
    case = _Case(
        request=request,
        service=service,
        seen=seen,
        history=history,
        newest=newest,
        found=found,
        suspect_within=suspect_within,
    )
    if newest.status in RUNNING:
        return _not_to_stop(case) or _stop(case)
    return _busy(service) or _not_at_fault(case) or _lagging(case) or no_room(service) or _move(case)


def _unusable(newest: ServiceDeployment) -> Obstacle | Unknown | None:
    """Why the newest deployment is neither one to end nor one to go back from."""
    if not newest.task_definition:
        return Unknown(f"what {short(newest.arn)} deployed is not known")
    if newest.status == STOP_REQUESTED:
        return Obstacle(Reason.DEPLOYMENT_RUNNING, f"deployment {short(newest.arn)} is being stopped")
    if newest.status in ROLLED_BACK:
        return Obstacle(Reason.ROLLED_BACK_BEFORE, f"deployment {short(newest.arn)} is {newest.status}")
    if newest.status not in RUNNING | AT_REST:
        return Unknown(f"deployment {short(newest.arn)} is in an unknown state: {newest.status}")
    return None


def _busy(service: ServiceLive) -> Obstacle | None:
    """A deployment that the history does not show yet.

    A deployment that a circuit breaker stopped without going back stays listed together with the one
    before it: it no longer changes.
    """
    newest = primary(service)
    return None if newest and newest.rollout == FAILED else not_ready(service, CONTROLLERS)


def _not_to_stop(case: _Case) -> Obstacle | None:
    """Why a deployment that runs is left alone; one that began after the trouble may be the fix."""
    newest, found = case.newest, case.found
    name = short(newest.arn)
    if case.since < newest.began and not found.recent(case.since, case.suspect_within):
        detail = f"deployment {name} began {ago(newest.began - case.since)} after the alarm turned red"
        return Obstacle(Reason.DEPLOYMENT_RUNNING, detail, ((newest.arn, newest.began),))
    if not case.history.replaces:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"deployment {name} is the service's first")
    if found.is_rollback_target:
        return Obstacle(Reason.ROLLED_BACK_BEFORE, f"deployment {name} itself goes back to what ran before")
    if found.only_adds_memory:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"deployment {name} only gives the tasks more memory")
    if found.restarts and (bad := found.restarts.recent(case.since, case.suspect_within)):
        # Ending it would go back to the very task definition that is suspected.
        detail = f"deployment {name} only restarts {short(newest.task_definition)}, which {short(bad.arn)}"
        text = f"{detail} brought: it has to end first"
        return Obstacle(Reason.DEPLOYMENT_RUNNING, text, ((newest.arn, newest.began),))
    return _no_room_back(case.service)


def _no_room_back(service: ServiceLive) -> Obstacle | None:
    """Why ECS could not replace what the deployment started; where it started nothing, it need not."""
    newest = primary(service)
    return no_room(service) if newest and newest.running else None


def _stop(case: _Case) -> Plan:
    """The plan that ends a deployment that runs."""
    newest, since = case.newest, case.since
    change: dict[str, object] = {"serviceDeploymentArn": newest.arn}
    if case.history.paused_hook:
        change |= {"hookId": case.history.paused_hook, "action": ROLLBACK}
    else:
        change |= {"stopType": ROLLBACK}
    first = newest if newest.began <= since else (case.found.recent(since, case.suspect_within) or newest)
    doubts, warnings = (*_doubts(case), *_ending_doubts(case)), _older_unread_doubts(case)
    return Plan(
        summary=f"roll back {case.request.target.display}: end deployment {short(newest.arn)} of "
        f"{short(newest.task_definition)}, begun {ago(since - first.began)} before the alarm turned red",
        change=change,
        before={**PreImage.of(case.service).stored(), "status": newest.status},
        warnings=(*doubts, *warnings),
        patience_seconds=patience(case.service),
        reset_by=reset_by(case.service.tags, "the task definition"),
        stays=f"{short(newest.task_definition)} is not deployed; to take it back, deploy it again",
        doubts=doubts,
        rollback_target=case.found.rollback_target,
    )


def _not_at_fault(case: _Case) -> Obstacle | None:
    """Why what runs now is not at fault, or must not be taken back."""
    found, brought, newest = case.found, case.found.deployment, case.newest
    since, definition = case.since, short(brought.task_definition)
    if not found.recent(since, case.suspect_within):
        if newest is not brought and is_recent(newest, since, case.suspect_within):
            return Obstacle(Reason.NOTHING_TO_ROLL_BACK, _no_other_code(newest, brought))
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, when(brought, since, case.suspect_within))
    if found.only_changes_the_service:
        detail = f"deployment {short(brought.arn)} brought no other task definition: it changed the service's"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{detail} other settings")
    if found.is_rollback_target:
        detail = f"{definition} came by a roll back, or was rolled back before"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, detail)
    return None


def _no_other_code(newest: ServiceDeployment, brought: ServiceDeployment) -> str:
    new, old = short(newest.task_definition), short(brought.task_definition)
    if new == old:
        return f"{new} was deployed again: only what an image tag means can have changed"
    return f"{new} is {old} but for more memory: else only what an image tag means can have changed"


def _lagging(case: _Case) -> Unknown | None:
    """Unknown where the history does not show yet what runs."""
    if case.service.task_definition == case.newest.task_definition:
        return None
    runs, brought = short(case.service.task_definition), short(case.newest.task_definition)
    return Unknown(f"the service runs {runs}, its newest deployment brought {brought}")


def _move(case: _Case) -> Plan | Obstacle | Unknown:
    """The plan back to the task definition of the newest earlier success, or why there is none."""
    found, good, target = case.found, case.seen.earlier, case.request.target
    bad = short(case.service.task_definition)
    if found.earlier is None:
        detail = f"no earlier successful deployment of another task definition than {bad} is known"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, detail)
    if not isinstance(good, TaskDefinitionLive):
        return unseen("the earlier task definition", good)
    if not good.active:
        # CloudFormation does that with what it replaces, unless UpdateReplacePolicy is Retain.
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{short(good.arn)} was deregistered")
    brought = found.recent(case.since, case.suspect_within) or found.deployment
    doubts, warnings = (*_doubts(case), *outage_doubts(case.service)), _older_unread_doubts(case)
    return Plan(
        summary=f"roll back {target.display}: from {bad} to {short(good.arn)} ({when(brought, case.since)})",
        change={"cluster": target.group, "service": target.name, "taskDefinition": good.arn},
        before=PreImage.of(case.service).stored(),
        warnings=(*doubts, *_not_pinned(good), *warnings),
        patience_seconds=patience(case.service),
        reset_by=reset_by(case.service.tags, "the task definition"),
        stays=f"task definition {short(good.arn)} (was {bad}); to take it back, deploy {bad}",
        doubts=doubts,
        rollback_target=found.rollback_target,
    )


def _doubts(case: _Case) -> tuple[str, ...]:
    """Doubts that point to another suspect, or speak against the roll back: a human has to say yes."""
    before = case.found.brought_before
    two = before is not None and before.recent(case.since, case.suspect_within) is not None
    suspects = (TWO_SUSPECTS,) if two or _red_since_another(case) else ()
    return (
        *suspects,
        *_left(case.found),
        *_unread_doubts(case, as_far_as(case.history, case.found, success=2)),
    )


def _ending_doubts(case: _Case) -> tuple[str, ...]:
    """Doubts about tasks that ECS may not start, or stops all at once, when it ends the deployment itself."""
    newest = primary(case.service)
    replaces_tasks = newest is not None and newest.running > 0
    return (*_inactive_source(case), *(outage_doubts(case.service) if replaces_tasks else ()))


def _inactive_source(case: _Case) -> tuple[str, ...]:
    success = case.found.success_before
    held = case.found.contents.get(success.task_definition) if success else None
    if held is None or held.active:
        return ()
    return (f"{short(held.arn)}, which ECS would go back to, is INACTIVE (deregistered)",)


def _left(found: Suspects) -> tuple[str, ...]:
    """A doubt where somebody tried something else since the success to go back to."""
    if found.success_before is None or not (tried := found.left_between):
        return ()
    one, good = tried[0], short(found.success_before.task_definition)
    between = f"between {short(found.deployment.task_definition)} and {good}"
    text = f"deployment {short(one.arn)} of {short(one.task_definition)} {between} did not come to its end"
    return (f"{text}: somebody may have been leaving {good}",)


def _red_since_another(case: _Case) -> bool:
    """Whether the alarm turned red during a newer deployment, which ECS took back since."""
    whole = case.seen.history
    listed = whole.deployments if isinstance(whole, DeploymentHistory) else ()
    newer = listed[: len(listed) - len(case.history.deployments)]
    return any(is_recent(one, case.since, timedelta()) for one in newer)


def _older_unread_doubts(case: _Case) -> tuple[str, ...]:
    """Doubts about unreadable task definitions that are so old that a revert hardly goes to them."""
    near = as_far_as(case.history, case.found, success=2)
    return _unread_doubts(case, frozenset(case.seen.unread) - near)


def _unread_doubts(case: _Case, definitions: frozenset[str]) -> tuple[str, ...]:
    """Doubts about the unreadable task definitions among these: a revert may have gone to one of them."""
    now = short(case.found.deployment.task_definition)
    return tuple(
        f"{why.why}: whether {now} goes back to it is not known"
        for arn, why in case.seen.unread.items()
        if arn in definitions
    )


def _not_pinned(good: TaskDefinitionLive) -> tuple[str, ...]:
    return tuple(
        f"image {image} is not pinned to a digest: what its tag means now is deployed"
        for image in unpinned(good.images)
    )
