"""The common part of the actions on Lambda functions."""

from dataclasses import dataclass

from firebreak.core.action_spec import Permission
from firebreak.core.model import Plan, Receipt, Settled, Target
from firebreak.core.readings import Unknown
from firebreak.services.action import READ_METRICS, OfNoGroup
from firebreak.services.lambda_.function_changes import came, redeployed, settled, worse
from firebreak.services.lambda_.function_release import AWS_PACE, Pace, Releaser, look
from firebreak.services.lambda_.functions import FunctionObservation
from firebreak.services.lambda_.ports import FunctionReads, FunctionWrites

# The calls by which each of them reads a function.
LOOKS = (
    Permission("lambda:GetFunctionConfiguration"),
    Permission("lambda:ListTags"),
    Permission("lambda:ListAliases"),
    Permission("lambda:ListProvisionedConcurrencyConfigs"),
)

# The further calls by which their logs are read before they are changed (client_diagnostics.py).
DIAGNOSTICS = (
    READ_METRICS,
    Permission("logs:DescribeLogStreams", before_act=True),
    Permission("logs:FilterLogEvents", before_act=True),
    Permission("logs:GetLogEvents", before_act=True),
)


@dataclass(frozen=True, slots=True)
class FunctionAction(OfNoGroup):
    """An action on one function: its plan is a `Change`, which one kind of release carries out."""

    reads: FunctionReads
    writes: FunctionWrites
    pace: Pace = AWS_PACE

    def observe(self, target: Target) -> FunctionObservation:
        """The function, its aliases and their versions, and its provisioned concurrency."""
        return look(self.reads, target)

    def execute(self, plan: Plan) -> Receipt:
        """Makes the calls of the plan. Raises AwsError; OutcomeUnknown once anything may have changed."""
        return Releaser(self.reads, self.writes, self.pace).carry_out(plan)

    def outcome(self, plan: Plan, seen: FunctionObservation) -> bool | Unknown:
        """Whether the callers get the planned change; an update that was not released is no."""
        return came(plan, seen)

    def settled(self, plan: Plan, receipt: Receipt, seen: FunctionObservation) -> Settled | Unknown:
        """Whether Lambda is done with the change, and it is still in force."""
        del receipt  # the plan says what was wanted; AWS has nothing to add to it
        return settled(plan, seen)

    def changed_by_others(self, plan: Plan, seen: FunctionObservation) -> str:
        """The code that somebody else deployed since, where the change itself stays."""
        return redeployed(plan, seen)

    def worse(self, plan: Plan, seen: FunctionObservation) -> bool | Unknown:
        """Whether what the callers use cannot be invoked any more."""
        return worse(plan, seen)
