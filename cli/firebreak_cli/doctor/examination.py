"""One run of `firebreak doctor`: the stack, the policy, the clock, and the looks that checks share."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.policy.policy import Policy
from firebreak_cli.doctor.deployment import (
    ALARM,
    Deployment,
    Triggers,
    alarms_of,
    deployment_of,
    rules_of,
    schedules_of,
    stopped_functions,
)
from firebreak_cli.doctor.newest import Newest, newest_of
from firebreak_cli.doctor.roles import RoleRights, rights_of
from firebreak_cli.doctor.survey import Survey, Surveyor
from firebreak_cli.once import Once
from firebreak_cli.policies import StackPolicy
from firebreak_cli.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that a check may look at. Every look may raise AwsError or Ending, and is made once.

    `now` is when the run began, `clock` is this machine's. `used` is the policy that the looks are made by,
    and `policy_named` says that --policy named its file. `sleep` waits so many seconds, for the few looks
    that AWS answers later.
    """

    stack: Stack
    used: StackPolicy
    policy_named: bool
    now: datetime
    clock: Callable[[], datetime]
    deployment: Once[Deployment]
    rules: Once[Triggers]
    schedules: Once[Triggers]
    stopped: Once[Mapping[str, str]]
    alarms: Once[Mapping[str, Mapping[str, Any]]]
    survey: Once[Survey]
    roles: Once[Mapping[str, RoleRights]]
    newest: Once[Newest]
    sleep: Callable[[float], None] = time.sleep

    @property
    def policy(self) -> Policy:
        """The policy that the looks are made by."""
        return self.used.policy


def examination_of(
    stack: Stack,
    used: StackPolicy,
    clock: Callable[[], datetime],
    progress: Callable[[str], None],
    *,
    policy_named: bool,
) -> Examination:
    """A run on this stack, by this policy. Nothing is asked yet."""
    now = clock()
    deployment = Once(lambda: deployment_of(stack))
    alarms = Once(lambda: alarms_of(stack))

    def survey() -> Survey:
        surveyor = Surveyor(
            stack=stack,
            policy=used.policy,
            own=frozenset(deployment().of_type(ALARM).values()),
            # Local AWS does not say whether tags ride, and there they do.
            rides_unsaid=bool(deployment().parameters.get("EndpointUrl")),
            now=now,
            progress=progress,
        )
        return surveyor.survey(alarms())

    return Examination(
        stack=stack,
        used=used,
        policy_named=policy_named,
        now=now,
        clock=clock,
        deployment=deployment,
        rules=Once(lambda: rules_of(stack, deployment())),
        schedules=Once(lambda: schedules_of(stack, deployment())),
        stopped=Once(lambda: stopped_functions(stack, deployment())),
        alarms=alarms,
        survey=Once(survey),
        roles=Once(lambda: rights_of(stack, deployment(), progress)),
        newest=Once(lambda: newest_of(stack)),
    )
