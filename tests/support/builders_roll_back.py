"""The decision about a roll back's plan, for tests."""

from dataclasses import replace
from datetime import datetime, timedelta

from firebreak.core.decide import decide
from firebreak.core.decision import Decision
from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import Scope, scopes_of, target_scope
from firebreak.core.model import Plan, Request
from firebreak.core.readings import ABSENT, Reading
from tests.support import builders as a


def decided(asked: Request, plan: Plan, *acts: datetime) -> Decision:
    """The decision under a policy of `auto` without limits, after acts of the same action at these times."""
    target, action = asked.target, asked.action
    scopes: dict[Scope, Reading[ScopeHistory]] = dict.fromkeys(scopes_of(target, action), ABSENT)
    slots = tuple(Act(at, f"i-{n}", action, 0, target.key) for n, at in enumerate(acts))
    if slots:
        scopes[target_scope(target)] = ScopeHistory(target_scope(target), slots, 1)
    asked = replace(asked, alarm=replace(asked.alarm, tags={}))
    free = a.rules(action, cooldown=timedelta(), budgets={})
    return decide(asked, free, a.snapshot(plan=plan, scopes=scopes, alarm_tags={}))
