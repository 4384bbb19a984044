"""A slow function gets more memory through the deployed functions, with and without an alias."""

import pytest

from firebreak.core.incident.states import IncidentState
from tests.scenarios.bench import Bench
from tests.scenarios.functions import PlayedFunction

pytestmark = pytest.mark.local


def test_a_slow_function_behind_an_alias_gets_a_new_version_of_the_same_code(bench: Bench) -> None:
    slow = PlayedFunction.create(bench, "slow")
    first = slow.publish()
    slow.alias(first)
    alarm = slow.alarm("Duration", "live")
    bench.turn(alarm, "ALARM")
    page = bench.expect_page("ACTED", slow.about)
    after, before = slow.configuration(slow.behind()), slow.configuration(first)
    assert (first, slow.behind()) == ("1", "2")
    assert (before["MemorySize"], after["MemorySize"]) == (256, 384)
    assert (before["CodeSha256"], before["Environment"]) == (after["CodeSha256"], after["Environment"])
    assert "hunter2" not in page.body
    bench.turn(alarm, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)
    bench.expect_page("RESOLVED", slow.about)


def test_a_slow_function_without_an_alias_is_changed_itself(bench: Bench) -> None:
    plain = PlayedFunction.create(bench, "plain")
    bench.turn(plain.alarm("Duration"), "ALARM")
    bench.expect_page("ACTED", plain.about)
    assert plain.configuration()["MemorySize"] == 384
    assert plain.configuration()["Environment"] == {"Variables": {"DB_PASSWORD": "hunter2"}}


def test_an_alias_that_somebody_is_moving_is_left_to_humans(bench: Bench) -> None:
    moving = PlayedFunction.create(bench, "moving")
    moving.alias(moving.publish())
    moving.weigh(moving.publish("second"), 0.1)
    bench.turn(moving.alarm("Duration"), "ALARM")
    page = bench.expect_page("NOT ACTING", moving.about)
    assert "alias live sends a part of its calls to version 2" in page.body
    assert (moving.behind(), moving.configuration()["MemorySize"]) == ("1", 256)


def test_code_that_nobody_released_is_not_released_with_the_memory(bench: Bench) -> None:
    ahead = PlayedFunction.create(bench, "ahead")
    ahead.alias(ahead.publish())
    ahead.publish("unreleased")
    bench.turn(ahead.alarm("Duration"), "ALARM")
    page = bench.expect_page("NOT ACTING", ahead.about)
    assert "the code of $LATEST is not that of version 1" in page.body
    assert (ahead.behind(), ahead.configuration()["MemorySize"]) == ("1", 256)
