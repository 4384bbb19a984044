"""Paging where the policy does not load or says nothing of pages: all of it to the stack's topic, at once."""

from datetime import timedelta

from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import DEFAULT_PAGING, OWN_TOPIC, TOPIC, Route, Step, route_to_the_topic


def test_a_route_to_the_topic_has_one_immediate_step_at_any_hour() -> None:
    step = Step(after=timedelta(), channels=(TOPIC,), who="the topic's subscribers")
    expected = Route(severities=frozenset({Severity.INFO}), steps=(step,), hours=())
    assert route_to_the_topic(frozenset({Severity.INFO})) == expected


def test_without_a_policy_every_severity_goes_to_the_topic() -> None:
    assert {DEFAULT_PAGING.route(one).steps[0].channels for one in Severity} == {(TOPIC,)}
    assert DEFAULT_PAGING.channels == {TOPIC: OWN_TOPIC}
    assert (DEFAULT_PAGING.usual, DEFAULT_PAGING.digest_every) == (Severity.WARNING, timedelta(hours=1))
