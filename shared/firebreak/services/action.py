"""One remediation of one AWS service: the protocol that every action implements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from firebreak.core.action_spec import ActionSpec, Permission
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

# The call by which the alarm's metric is read before an act that keeps diagnostics (aws/alarm_metrics.py).
READ_METRICS = Permission("cloudwatch:GetMetricData", before_act=True)


class Observation(Protocol):
    """Everything that an action reads before it plans; it must include the resource's tags."""

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The tags of the resource that would be changed."""


class Action[O: Observation](Protocol):
    """One remediation, typed by what it reads. Pure but for `observe` (reads) and `execute` (one change)."""

    @property
    def spec(self) -> ActionSpec:
        """The action's declaration."""

    def observe(self, target: Target) -> O:
        """Look at everything the action needs, independent reads in parallel."""

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The number of targets that share the target's fate; with `health` also which of them are well."""

    def plan(self, request: Request, seen: O, rules: Rules) -> Reading[Plan | Obstacle]:
        """The change that would be made, or why none can be; Unknown when a needed reading is.

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

    def changed_by_others(self, plan: Plan, seen: O) -> str:
        """The change that somebody else made to the target since the plan, in words; empty where none shows.

        It is for the changes that leave the action's own effect as it is: after others `settled` is Unknown,
        and `undo` an Obstacle.
        """

    def undo(self, plan: Plan, seen: O, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan that puts the pre-image back, which `execute` carries out as well.

        `kind` is undo (it made things worse) or restore (a temporary change is over). An Obstacle
        where nothing can be undone, or where the values are not those that the plan set any more.
        """


class OfNoGroup:
    """The common part of the actions on targets without a group: there is nothing to count."""

    __slots__ = ()

    def group(self, target: Target, now: datetime, *, health: bool) -> NotRead:
        """Returns NotRead: these targets have no group."""
        del now, health
        return NotRead(f"{target.display} is in no group")


class EffectShowsOthers:
    """The common part of the actions whose own effect cannot stay while somebody else changes the target."""

    __slots__ = ()

    def changed_by_others(self, plan: Plan, seen: Any) -> str:
        """Empty: `settled` says it."""
        del plan, seen
        return ""


class Irreversible:
    """The common part of the actions that cannot be undone."""

    __slots__ = ()
    spec: ClassVar[ActionSpec]

    def undo(self, plan: Plan, seen: Observation, kind: RequestKind) -> Obstacle:
        """The Obstacle with the reason that the action declares: it cannot be undone."""
        del plan, seen, kind
        return Obstacle(Reason.NOT_REVERSIBLE, self.spec.irreversible)


# An action whose observation type is not known here; its observation is passed back to that action only.
type AnyAction = Action[Any]
