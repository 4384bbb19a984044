"""All guards in their order: each looks at one thing and returns its finding, never a bare yes or no.

The order of GUARDS is the order of the explanation; the first objection names the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass

from firebreak.core.decision import Check, Result, Snapshot
from firebreak.core.guards.alarm_state import (
    alarm_muted,
    alarms_still_ok,
    missing_data,
    stale,
    wrong_direction,
)
from firebreak.core.guards.autonomy import approved, as_previewed, autonomy
from firebreak.core.guards.concurrency import duplicate, in_flight
from firebreak.core.guards.freeze import freeze
from firebreak.core.guards.hold_out import hold_out
from firebreak.core.guards.limits import (
    already_rolled_back,
    breaker_closed,
    budgets,
    cooldown,
    disruption_budget,
    memory_raise_limit,
    rung_gap,
)
from firebreak.core.guards.ownership import heartbeat, load_balancer, opt_in, other_controller, own_stack
from firebreak.core.guards.readiness import readiness
from firebreak.core.guards.shared_conditions import storm, switch
from firebreak.core.model import (
    Request,
    RequestKind,
)
from firebreak.core.rules import Rules

_K = RequestKind
EVERY_KIND = frozenset(RequestKind)


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard's name, the request kinds it applies to, and the function that looks."""

    name: str
    applies_to: frozenset[RequestKind]
    look: Callable[[Request, Rules, Snapshot], Check]

    def check(self, request: Request, rules: Rules, seen: Snapshot) -> Check:
        """The guard's finding, or that it is not for this kind of request."""
        if request.kind not in self.applies_to:
            return Check(self.name, Result.NOT_APPLICABLE, f"not for a request of kind {request.kind}")
        return self.look(request, rules, seen)


FIRST_AND_NEXT = frozenset({_K.ALARM, _K.CLIMB, _K.WAKE})
BECAUSE_OF_AN_ALARM = FIRST_AND_NEXT | {_K.APPROVAL}
# A human's own request replaces the alarm: every limit holds for it, and no guard of the alarm looks.
LIMITED = FIRST_AND_NEXT | {_K.MANUAL}
TAKES_A_SLOT = BECAUSE_OF_AN_ALARM | {_K.MANUAL}
# Taking capacity back is a change like any other, so it keeps still where acts do.
NOT_IN_A_STORM = LIMITED | {_K.RESTORE}
# An approval is bound by those alone that nobody may override.
BOUND_BY_FREEZES = NOT_IN_A_STORM | {_K.APPROVAL}

# tests/core/test_decide.py holds the order.
GUARDS: tuple[Guard, ...] = (
    Guard("heartbeat", EVERY_KIND, heartbeat),
    Guard("switch", EVERY_KIND, switch),
    Guard("own stack", EVERY_KIND, own_stack),
    Guard("opt-in", TAKES_A_SLOT, opt_in),
    Guard("load balancer", FIRST_AND_NEXT, load_balancer),
    Guard("alarm muted", FIRST_AND_NEXT, alarm_muted),
    Guard("wrong direction", frozenset({_K.ALARM, _K.WAKE}), wrong_direction),
    Guard("other controller", TAKES_A_SLOT, other_controller),
    Guard("stale", TAKES_A_SLOT, stale),
    Guard("missing data", BECAUSE_OF_AN_ALARM, missing_data),
    Guard("alarms still OK", frozenset({_K.RESTORE}), alarms_still_ok),
    Guard("duplicate", EVERY_KIND, duplicate),
    Guard("in flight", EVERY_KIND, in_flight),
    Guard("freeze", BOUND_BY_FREEZES, freeze),
    Guard("storm", NOT_IN_A_STORM, storm),
    Guard("breaker", LIMITED, breaker_closed),
    Guard("cooldown", LIMITED, cooldown),
    Guard("rung gap", LIMITED, rung_gap),
    Guard("memory raise limit", TAKES_A_SLOT, memory_raise_limit),
    Guard("already rolled back", TAKES_A_SLOT, already_rolled_back),
    Guard("budgets", TAKES_A_SLOT, budgets),
    Guard("disruption budget", TAKES_A_SLOT, disruption_budget),
    Guard("readiness", EVERY_KIND, readiness),
    Guard("approved", frozenset({_K.APPROVAL}), approved),
    Guard("previewed", frozenset({_K.MANUAL}), as_previewed),
    Guard("autonomy", LIMITED, autonomy),
    # The last one: it holds out only what every other guard lets through.
    Guard("hold-out", frozenset({_K.ALARM, _K.WAKE}), hold_out),
)
