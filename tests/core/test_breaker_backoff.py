"""The backing off over many failures, and recoveries recorded out of order."""

from datetime import timedelta

import pytest

from firebreak.core.limits.breaker import MOST_DOUBLINGS, backed_off, came_back
from firebreak.core.limits.history import Act, Judged
from firebreak.core.model import Verdict
from tests.support import builders as a

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEB = "111122223333/eu-west-1/ecs/prod/web"


@pytest.mark.parametrize(
    ("failures", "factor"),
    [(0, 1), (1, 2), (2, 4), (3, 8), (5, 32), (MOST_DOUBLINGS, 65536), (MOST_DOUBLINGS + 1, 65536)],
)
def test_the_rest_doubles_with_each_failure_until_doubling_stops_mattering(
    failures: int, factor: int
) -> None:
    assert backed_off(MINUTE, failures, 1000 * DAY) == factor * MINUTE


def test_the_last_act_on_a_target_is_the_newest_in_any_order() -> None:
    recovery = Judged(Verdict.RECOVERED, a.NOW - 8 * MINUTE)
    older = Act(a.NOW - 9 * MINUTE, "i-1", "restart-service", 0, WEB, recovery)
    newer = Act(a.NOW - 2 * MINUTE, "i-2", "restart-service", 0, WEB, None)
    for acts in ([older, newer], [newer, older]):
        assert came_back(acts, a.TARGET.key) == [recovery.at]
