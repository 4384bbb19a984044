"""A function that fails after a release is rolled back through the deployed functions, and only then."""

import pytest

from firebreak.core.incident.states import IncidentState
from tests.scenarios.bench import Bench
from tests.scenarios.functions import PlayedFunction

pytestmark = pytest.mark.local


def test_errors_right_after_a_release_put_the_version_before_behind_the_alias(bench: Bench) -> None:
    failing = PlayedFunction.create(bench, "failing")
    good = failing.publish()
    bad = failing.publish("something else")
    failing.alias(bad)
    alarm = failing.alarm("Errors", "live")
    bench.turn(alarm, "ALARM")
    # Both versions are minutes old here, so a human is asked which of them is the cause.
    question = bench.expect_page("APPROVE?", failing.about)
    assert "two deployments are recent enough to be at fault" in question.body
    assert "only its number says that version 1 ran behind alias live before" in question.body
    assert failing.behind() == "2"
    bench.approve(question.incident_id)
    page = bench.expect_page("ACTED", failing.about)
    assert (failing.behind(), good, bad) == ("1", "1", "2")
    bench.turn(alarm, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)


def test_without_an_alias_the_function_is_restarted_instead(bench: Bench) -> None:
    plain = PlayedFunction.create(bench, "unversioned")
    bench.turn(plain.alarm("Errors"), "ALARM")
    bench.expect_page("ACTED", plain.about)
    assert "[restarted, red since " in plain.configuration()["Description"]
    assert plain.configuration()["Environment"] == {"Variables": {"DB_PASSWORD": "hunter2"}}


def test_a_release_that_gets_a_part_of_the_calls_gets_none_of_them_any_more(bench: Bench) -> None:
    shifting = PlayedFunction.create(bench, "shifting")
    shifting.alias(shifting.publish())
    shifting.weigh(shifting.publish("something else"), 0.1)
    bench.turn(shifting.alarm("Errors"), "ALARM")
    bench.approve(bench.expect_page("APPROVE?", shifting.about).incident_id)
    bench.expect_page("ACTED", shifting.about)
    assert (shifting.behind(), shifting.weights()) == ("1", {})


def test_an_alias_that_was_rolled_back_before_stays_where_it_is(bench: Bench) -> None:
    behind = PlayedFunction.create(bench, "behind")
    behind.publish()
    second = behind.publish("second")
    behind.publish("third")
    behind.alias(second)
    bench.turn(behind.alarm("Errors", "live"), "ALARM")
    bench.expect_page("NEEDS YOU", behind.about)
    assert behind.behind() == "2"
