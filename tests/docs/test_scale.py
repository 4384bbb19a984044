"""The numbers of docs/scale.md: its measured inputs on the ledger of the tests, its formulae by hand."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.storm import MOST_REMEMBERED, RedAlarm
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.storms import DynamoStorms
from firebreak_cli.statistics.cost import MEMORY_GB, list_prices
from firebreak_devtools.scale import (
    ALARMS,
    ASSUMED,
    COSTS,
    LIMITS,
    MEASURED,
    PRICES,
    QUOTAS,
    RED,
    ROUTE,
    SIZES,
    cost_of,
    names_for,
    value,
)
from tests.contracts.template import actions
from tests.docs.consumption import KB, Metered, size
from tests.docs.documents import document
from tests.docs.test_start import mornings
from tests.support.faults import Wrapped
from tests.support.world import TABLE, World, world_on_moto
from tests.workflow.test_cost import by_a_kill_switch

SCALE, START = document("docs/scale.md"), document("docs/start.md")
PROSE = " ".join(SCALE.text.split())


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


@dataclass
class Meter:
    """A world whose calls and units are counted from now on."""

    world: World

    def __post_init__(self) -> None:
        parts: Any = self.world
        self.items: Any = Metered(parts.dynamodb)
        parts.dynamodb = self.items
        parts.ledger = DynamoLedger(parts.dynamodb, TABLE)
        self.outside = {name: Wrapped(getattr(parts, name)) for name in ("alarms", "bus", "schedules")}
        for name, wrapped in self.outside.items():
            setattr(parts, name, wrapped)
        self.kept_before, self.paged_before = self._kept(), len(parts.pager.sent)

    def _kept(self) -> int:
        return sum(map(size, self.items.inner.scan(TableName=TABLE)["Items"]))

    def counted(self, *invocations: str) -> dict[str, float]:
        """The inputs of the document, by the ends of their names."""
        calls = {name: Counter(one.calls) for name, one in self.outside.items()}
        return {
            "writes": self.items.written,
            "reads": self.items.read,
            "kb": math.ceil((self._kept() - self.kept_before) / KB),
            "requests": calls["alarms"].total(),
            "events": calls["bus"]["announce"] + calls["bus"]["ask"],
            "schedules": calls["schedules"].total(),
            "calls": len(invocations),
            "pages": len(self.world.pager.sent) - self.paged_before,
        }


def refused(world: World) -> dict[str, float]:
    alarm = by_a_kill_switch(world)
    meter = Meter(world)
    assert world.send(alarm).outcome == "refuse"
    return meter.counted("action", "Page")


def acted(world: World) -> dict[str, float]:
    alarm = world.red()
    meter = Meter(world)
    assert world.send(alarm).outcome == "act"
    world.pass_time(timedelta(minutes=2))
    world.green(alarm)
    world.deliver()
    world.pass_time(timedelta(hours=2))
    return meter.counted("action", "Verify", *(["Verify"] * len(world.summaries)), *(["Page"] * 2))


@pytest.mark.parametrize("story", [refused, acted], ids=lambda one: one.__name__)
def test_the_measured_inputs_are_those_of_the_ledger(
    world: World, story: Callable[[World], dict[str, float]]
) -> None:
    expected = {
        name.removeprefix(f"{story.__name__}_"): one.value
        for name, one in MEASURED.items()
        if name.startswith(story.__name__)
    }
    assert story(world) == expected


def test_one_more_red_alarm_takes_as_many_units_as_the_full_item_has_kilobytes(world: World) -> None:
    meter = Meter(world)
    storms = DynamoStorms(meter.items, TABLE)
    for n in range(MOST_REMEMBERED):
        alarm = world.red(f"team-service-{n}-memory-high")
        meter.items.written = 0
        storms.remember(RedAlarm(world.clock.at, alarm.arn, alarm.name), (), world.clock.at)
    assert meter.items.written == MEASURED["red_units"].value


def test_the_costs_of_a_thousand_alarms_by_hand() -> None:
    red, acted, refused = 2000.0, 200.0, 1800.0
    calls = refused * 2 + acted * 6
    expected = [
        calls * 0.0000133334,
        calls * 0.20 / 1_000_000,
        (refused * 34 + acted * 111) * 0.625 / 1_000_000,
        (refused * 19 + acted * 28) * 0.125 / 1_000_000,
        2 * 6 * (refused * 9 + acted * 12) / 1024 / 1024 * 0.25,
        (refused + 2 * acted) / 1_000_000,
        2 * acted / 1_000_000,
        (refused + 5 * acted) * 0.01 / 1000,
        30 * (1000 + 10) * 0.01 / 1000,
        calls * 3 / 1024 / 1024 * 0.50,
        calls * 5 / 1_000_000,
        (refused + 2 * acted) * 2 / 100_000,
    ]
    names = names_for(1000)
    assert (names["red"], names["acted"], names["refused"]) == (red, acted, refused)
    assert [value(line.formula, names) for line in COSTS] == pytest.approx(expected)
    assert cost_of(1000) == pytest.approx(sum(expected))


def test_the_document_shows_each_formula_with_what_it_gives() -> None:
    rows = {row[0]: row[1:] for row in SCALE.table("")}
    for line in COSTS:
        formula, *shown = rows[line.what]
        assert formula == line.formula
        for alarms, text in zip(SIZES, shown, strict=True):
            amount = value(formula, names_for(alarms))
            assert text == (f"{amount:,.2f}" if amount >= 0.01 or not amount else "under 0.01")


@pytest.mark.parametrize("line", [*COSTS, *LIMITS], ids=lambda one: one.what)
def test_every_name_in_a_formula_is_an_input_of_the_document(line: Any) -> None:
    named = set(re.findall(r"[a-z_]+", line.formula)) - {"alarms", "up"}
    assert {name for name in named if f"| `{name}` |" not in SCALE.text} == set()


def test_every_input_is_used_in_a_formula() -> None:
    lines = (*RED, *COSTS, *LIMITS, ROUTE, ALARMS)
    used = {name for line in lines for name in re.findall(r"[a-z_]+", line.formula)}
    assert {*MEASURED, *ASSUMED, *PRICES, *QUOTAS} - used == set()


@pytest.mark.parametrize(
    "formula", ["unknown * 2", "__import__('os')", "alarms ** 2", "alarms.real", "up(1, 2)"]
)
def test_a_formula_that_is_no_arithmetic_of_inputs_is_refused(formula: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        value(formula, names_for(10))


def test_the_prices_are_those_of_the_other_documents() -> None:
    prices_of_lambda = list_prices("arm64")
    assert PRICES["usd_second"].value == prices_of_lambda.gb_second
    assert PRICES["usd_invocation"].value * 1_000_000 == pytest.approx(prices_of_lambda.million_requests)
    assert MEMORY_GB == 1
    prices = {row[0]: row[2] for row in START.table("what")}
    assert prices["metrics that its own alarms look at"] == "0.10 each"
    assert prices["schedules that wake them"] == "1.00 a million"


def test_the_sentences_on_the_cost_are_true() -> None:
    names = names_for(100_000)
    assert cost_of(100_000) < value("alarms * usd_alarm", names) / 100
    assert "less than a hundredth" in PROSE
    rest = sum(float(row[3]) for row in START.table("what"))
    assert f"{rest:.2f} dollars" in PROSE


def test_the_sentences_on_the_quotas_are_true() -> None:
    (age,) = {one["EventInvokeConfig"]["MaximumEventAgeInSeconds"] for one in actions().values()}
    assert f"keep an event for {age} s" in PROSE
    assert f"{QUOTAS['tag_reads'].value * age:,.0f} in {age} s" in PROSE
    assert f"{10 / MEASURED['refused_calls'].value * age:,.0f} alarms in {age} s" in PROSE
    assert f"at most {QUOTAS['item_units'].value // MEASURED['red_units'].value:.0f} a second" in PROSE


def test_a_month_has_as_many_mornings_as_report_looks_in_it() -> None:
    assert ASSUMED["mornings"].value == mornings()
