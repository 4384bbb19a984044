"""Which route, which ceiling and which channels a page has by the policy."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.limits.budgets import Budget
from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import TOPIC, Ceilings, ChannelKind, ChannelRules, PagingRules, opens_at
from tests.core.thread_fixtures import ALWAYS, HOUR, NIGHT, OFFICE, OPENS, Office

URGENT = replace(ALWAYS, severities=frozenset({Severity.CRITICAL}))
REST = replace(ALWAYS, severities=frozenset(Severity) - URGENT.severities)
RULES = PagingRules(
    usual=Severity.ERROR,
    named=(),
    channels={
        TOPIC: ChannelRules(name=TOPIC, kind=ChannelKind.TOPIC),
        "ops": ChannelRules(name="ops", kind=ChannelKind.SLACK, log_lines=True),
        "lead": ChannelRules(name="lead", kind=ChannelKind.PAGERDUTY),
    },
    routes=(URGENT, REST),
    digest_every=timedelta(hours=1),
)


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_has_the_route_that_names_it(severity: Severity) -> None:
    assert RULES.route(severity) == (URGENT if severity is Severity.CRITICAL else REST)


@pytest.mark.parametrize("severity", list(Severity))
def test_critical_calls_have_a_ceiling_of_their_own(severity: Severity) -> None:
    ceilings = Ceilings(calls=Budget(3, HOUR), critical=Budget(5, HOUR))
    assert ceilings.of(severity).acts == (5 if severity is Severity.CRITICAL else 3)


@pytest.mark.parametrize(
    ("channels", "topic_carries", "carries"),
    [
        pytest.param(("ops",), False, True, id="one that may"),
        pytest.param(("lead", "ops"), False, True, id="one of two"),
        pytest.param(("lead",), True, False, id="one that may not"),
        pytest.param((), True, False, id="none"),
        pytest.param(("unknown",), True, True, id="an unknown one is the topic, which may"),
        pytest.param(("unknown",), False, False, id="an unknown one is the topic, which may not"),
    ],
)
def test_lines_of_a_log_are_read_only_for_a_channel_that_may_carry_them(
    channels: tuple[str, ...], *, topic_carries: bool, carries: bool
) -> None:
    topic = replace(RULES.channels[TOPIC], log_lines=topic_carries)
    rules = replace(RULES, channels={**RULES.channels, TOPIC: topic})
    assert rules.carries_log_lines(channels) is carries


class Past(Office):
    """Hours that are over for good."""

    def covering(self, now: datetime) -> None:
        return None

    def next_start(self, now: datetime) -> None:
        return None


class Evening(Office):
    """Hours that begin at 17."""

    def covering(self, now: datetime) -> None:
        return None

    def next_start(self, now: datetime) -> datetime:
        return OPENS.replace(hour=17)


def test_a_route_opens_with_the_first_of_its_hours_and_without_hours_is_always_open() -> None:
    assert opens_at(ALWAYS, NIGHT) is None
    assert opens_at(OFFICE, NIGHT) == OPENS
    assert opens_at(OFFICE, OPENS) is None
    hours = (Past(), Evening(), Office())
    assert opens_at(replace(OFFICE, hours=hours), NIGHT) == OPENS
    assert opens_at(replace(OFFICE, hours=hours), OPENS) is None
    assert opens_at(replace(OFFICE, hours=(Past(),)), NIGHT) is None
