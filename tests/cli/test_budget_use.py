"""The use of budgets is what the guard counted, and a slot of the first release is in none."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import held
from firebreak.core.limits.history import Act as Slot
from firebreak.core.limits.scopes import Level, group_scope
from firebreak.core.model import Target
from firebreak.policy.compiler import parse_policy
from firebreak_cli.report.budget_use import fullest, target_of
from tests.support import builders as a

POLICY = parse_policy(a.AUTO_POLICY, "policy.toml")
MINUTE = timedelta(minutes=1)
API, WEB = (Target(a.ACCOUNT, a.REGION, "ecs", "prod", name) for name in ("api", "web"))
ACTION = "restart-service"


def slots(steps: Sequence[tuple[Target, int]]) -> list[Slot]:
    """Acts on these targets, so many minutes after each other."""
    at, found = a.NOW, []
    for n, (target, minutes) in enumerate(steps):
        at += minutes * MINUTE
        found.append(Slot(at, f"i-{n}", ACTION, 0, target.key))
    return found


@given(st.lists(st.tuples(st.sampled_from([API, WEB]), st.integers(0, 90)), min_size=1, max_size=25))
def test_the_fullest_window_is_the_most_that_the_guard_counted(steps: list[tuple[Target, int]]) -> None:
    done = slots(steps)
    used = {(one.scope, one.key, one.window): one for one in fullest(POLICY, done)}
    group = group_scope(API)
    times = [one.at for one in done]
    for budget in POLICY.rules(ACTION, API).limits(group):
        most = max(len(held(times[: n + 1], budget, at)) for n, at in enumerate(times))
        found = used[str(group), group.key, budget.window]
        assert (found.most, found.limit) == (most, budget.acts)
    assert {one.scope for one in used.values()} >= {Level.TARGET.value, Level.GROUP.value, Level.STACK.value}


def test_the_fullest_come_first() -> None:
    used = fullest(POLICY, slots([(API, 1)] * 3))
    parts = [one.most / one.limit for one in used]
    assert parts == sorted(parts, reverse=True)


def test_a_slot_without_a_target_is_in_no_budget() -> None:
    assert fullest(POLICY, [Slot(a.NOW, "i-1", ACTION, 0, "")]) == ()
    assert target_of("nonsense") is None


def test_a_key_names_its_target_again() -> None:
    function = Target(a.ACCOUNT, a.REGION, "lambda", "", "orders")
    assert [target_of(one.key) for one in (API, function)] == [API, function]
