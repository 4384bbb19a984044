"""What an action is: one remediation of one AWS service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import (
    Failed,
    Obstacle,
    Plan,
    Receipt,
    Request,
    RequestKind,
    Settled,
    Target,
)
from firebreak.core.readings import Reading, Unknown
from firebreak.core.rules import Rules


class Observation(Protocol):
    """Whatever an action looks at; it must tell the resource's tags."""

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The tags of the resource that would be changed."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action an action module calls.

    `mutates` says that it changes something, `to_decide` that only the decision needs it: Verify,
    which decides nothing, gets neither.
    """

    action: str
    mutates: bool = False
    to_decide: bool = False


class Action(Protocol):
    """One remediation. Pure but for `observe` (reads) and `execute` (the one change)."""

    @property
    def name(self) -> str:
        """The name in tags, rules and policy, for example `restart-service`."""

    @property
    def permissions(self) -> Sequence[Permission]:
        """Every IAM action its code calls."""

    @property
    def temporary(self) -> bool:
        """Whether its change is taken back after a healthy hold."""

    def observe(self, target: Target) -> Observation:
        """Look at everything the action needs, independent reads in parallel."""

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """What the target shares fate with, counted; with `health` also who of it is well."""

    def plan(self, request: Request, seen: Observation, rules: Rules) -> Reading[Plan | Obstacle]:
        """What would be changed, or why it cannot be; Unknown when a needed reading is.

        `request.alarm` is the transition that began the trouble, and turned red at its `since`.
        """

    def execute(self, plan: Plan) -> Receipt:
        """Send the one change. Raises AwsError; OutcomeUnknown when it may have happened."""

    def outcome(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether a change whose reply was lost did happen, judged from the pre-image."""

    def settled(self, plan: Plan, receipt: Receipt, seen: Observation) -> Settled | Failed | Unknown:
        """Whether the effect has come to rest, from the target's own state; Failed says why it did not."""

    def worse(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether the target is worse off than the pre-image says it was."""

    def undo(self, plan: Plan, seen: Observation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan that puts the pre-image back, which `execute` carries out as well.

        `kind` is undo (it made things worse) or restore (a temporary change is over). An Obstacle
        where there is no way back, or where the values are not those that the plan set any more.
        """
