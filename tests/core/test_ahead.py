"""Times in the future: their bounds, and the refusal of an event that has one."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.ahead import refused
from firebreak.core.guards.alarm_state import stale
from firebreak.core.limits.budgets import CLOCK_SKEW, is_ahead
from firebreak.core.limits.history import Transition
from firebreak.core.model import AlarmState, Unresolved
from firebreak.core.reasons import Reason
from tests.support import builders as a

SECOND = timedelta(seconds=1)


def test_an_event_from_the_future_is_refused_with_the_time_it_says() -> None:
    alarm = a.alarm(since=a.NOW + CLOCK_SKEW + SECOND, state=AlarmState.OK)
    expected = Unresolved(Reason.AHEAD_OF_TIME, f"it says OK since {alarm.since:%Y-%m-%d %H:%M:%S}Z")
    assert refused(alarm, a.NOW) == expected
    assert refused(a.wake(alarm), a.NOW) == expected


def test_a_time_ahead_by_the_clock_skew_is_not_in_the_future() -> None:
    alarm = a.alarm(since=a.NOW + CLOCK_SKEW)
    assert refused(alarm, a.NOW) is None
    assert refused(a.wake(alarm), a.NOW) is None


@given(seen=some.integers(-3600, 90_000), since=some.integers(-3600, 0))
def test_only_a_time_that_has_come_supersedes(seen: int, since: int) -> None:
    """Over all times: newer and not ahead supersedes, all else does not."""
    request = a.request(alarm=a.alarm(since=a.NOW + since * SECOND), at=a.NOW)
    known = Transition(a.NOW + seen * SECOND, AlarmState.OK)
    check = stale(request, a.rules(), a.snapshot(transition=known))
    assert (check.reason is Reason.SUPERSEDED) == (since < seen <= CLOCK_SKEW.total_seconds())


@given(some.integers(-90_000, 90_000))
def test_ahead_is_later_than_clocks_differ(seconds: int) -> None:
    assert is_ahead(a.NOW + seconds * SECOND, a.NOW) == (seconds > CLOCK_SKEW.total_seconds())
