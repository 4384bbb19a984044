"""Tags that do not ride in an alarm's event, through the deployed router and functions."""

import pytest

from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local


def test_a_tag_that_does_not_ride_is_answered_all_the_same(bench: Bench) -> None:
    # By its symptom, memory, it would be restarted.
    bench.service_with_alarm("silent-scale", tags={"firebreak:action": "scale-service"}, propagate=False)
    bench.turn(bench.alarm("silent-scale"), "ALARM")
    bench.expect_page("ACTED", bench.about("silent-scale"))
    (update,) = bench.updates_of("silent-scale")
    assert update["desiredCount"] == 3


def test_a_page_tag_that_does_not_ride_pages(bench: Bench) -> None:
    bench.service_with_alarm("silent-page", tags={"firebreak:action": "page"}, propagate=False)
    bench.turn(bench.alarm("silent-page"), "ALARM")
    bench.expect_page("NOT ACTING", bench.alarm("silent-page"))
    assert bench.updates_of("silent-page") == []
