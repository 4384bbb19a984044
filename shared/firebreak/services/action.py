"""What an action is: one remediation of one AWS service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from firebreak.core.action_spec import ActionSpec
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
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


class Observation(Protocol):
    """Whatever an action looks at; it must tell the resource's tags."""

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The tags of the resource that would be changed."""


class Action[O: Observation](Protocol):
    """One remediation, by what it looks at. Pure but for `observe` (reads) and `execute` (the one change)."""

    @property
    def spec(self) -> ActionSpec:
        """What it declares of itself."""

    def observe(self, target: Target) -> O:
        """Look at everything the action needs, independent reads in parallel."""

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """What the target shares fate with, counted; with `health` also who of it is well."""

    def plan(self, request: Request, seen: O, rules: Rules) -> Reading[Plan | Obstacle]:
        """What would be changed, or why it cannot be; Unknown when a needed reading is.

        `request.alarm` is the transition that began the trouble, and turned red at its `since`.
        """

    def execute(self, plan: Plan) -> Receipt:
        """Send the one change. Raises AwsError; OutcomeUnknown when it may have happened."""

    def outcome(self, plan: Plan, seen: O) -> bool | Unknown:
        """Whether a change whose reply was lost did happen, judged from the pre-image."""

    def settled(self, plan: Plan, receipt: Receipt, seen: O) -> Settled | Failed | Unknown:
        """Whether the effect has come to rest, from the target's own state; Failed says why it did not."""

    def worse(self, plan: Plan, seen: O) -> bool | Unknown:
        """Whether the target is worse off than the pre-image says it was."""

    def undo(self, plan: Plan, seen: O, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan that puts the pre-image back, which `execute` carries out as well.

        `kind` is undo (it made things worse) or restore (a temporary change is over). An Obstacle
        where there is no way back, or where the values are not those that the plan set any more.
        """


class OfNoGroup:
    """What the actions on targets without a group have in common: there is nothing to be counted."""

    __slots__ = ()

    def group(self, target: Target, now: datetime, *, health: bool) -> NotRead:
        """There is none."""
        del now, health
        return NotRead(f"{target.display} is in no group")


class Irreversible:
    """What the actions have in common that nothing takes back."""

    __slots__ = ()
    spec: ClassVar[ActionSpec]

    def undo(self, plan: Plan, seen: Observation, kind: RequestKind) -> Obstacle:
        """There is no way back, for the reason that the action declares."""
        del plan, seen, kind
        return Obstacle(Reason.NOT_REVERSIBLE, self.spec.irreversible)


# An action that is not known yet; what it observes goes back to it and to nobody else.
type AnyAction = Action[Any]
