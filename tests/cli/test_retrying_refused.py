"""`firebreak retry`: names of all kinds are found, and when nothing is asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak_cli.exit_codes import Ending
from firebreak_cli.operations import retries
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import find
from tests.cli.consoles import (
    CALLER,
    MINUTE,
    NAME,
    Console,
    contributor_alarm,
    described,
    event_of,
    pause,
    refused_in_a_pause,
    seeing,
    series_in_alarm,
)
from tests.cli.running import StackSession, error_lines, run
from tests.support import builders as a
from tests.support.world import TABLE, World


@pytest.fixture
def console(world: World) -> Console:
    return Console.over(world)


ODD_NAMES = [
    'it\'s $(reboot) `now` "here"',
    "-rf --not-an-option",
    'name":"api-memory-high',
    "Größe > 80 % / [prod] {x} \\ back",
    "警報",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_found_exactly(console: Console, name: str) -> None:
    world = console.world
    refused_in_a_pause(world)
    pause(world, 5 * MINUTE)
    world.send(world.red(name))
    world.clock.pass_time(20 * MINUTE)
    console.cloudwatch = seeing(described(name, since=a.NOW + 30 * MINUTE))

    result = console.retry(name)

    assert (result.exit_code, result.stderr) == (0, "")
    assert [detail["alarm"]["name"] for detail in console.details()] == [name]
    assert [done.outcome for done in console.carry()] == ["act"]


def failing(code: str) -> Callable[[Stubber], object]:
    return lambda stubber: stubber.add_client_error("describe_alarms", code, "nobody reads this", 403)


NONE_FOUND: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
LATER = a.NOW + 10 * MINUTE
PROBLEMS = {
    "not red any more": (
        seeing(described(state="OK", since=LATER)),
        2,
        "api-memory-high is OK since 10:10:30Z: only a red alarm is decided again",
    ),
    "no data": (
        seeing(described(state="INSUFFICIENT_DATA"), tags={}),
        2,
        "is INSUFFICIENT_DATA since 10:00:30Z",
    ),
    "unknown": (seeing(NONE_FOUND), 2, f"there is no alarm api-memory-high in {a.ACCOUNT} eu-west-1"),
    "another transition": (
        seeing(described(since=LATER)),
        2,
        "api-memory-high is red since 10:10:30Z, and nothing was decided about that: there is nothing",
    ),
    "not readable": (failing("AccessDenied"), 3, "alarm api-memory-high could not be read: DescribeAlarms"),
}


@pytest.mark.parametrize(("cloudwatch", "code", "line"), PROBLEMS.values(), ids=PROBLEMS)
def test_an_alarm_that_cannot_be_retried_is_one_line_and_nothing_is_sent(
    console: Console, cloudwatch: Callable[[Stubber], object], code: int, line: str
) -> None:
    refused_in_a_pause(console.world)
    console.cloudwatch = cloudwatch

    result = console.retry(NAME)

    assert (result.exit_code, result.stdout, console.sent) == (code, "", [])
    assert len(error_lines(result)) == 1
    assert line in result.stderr


def test_an_alarm_that_nothing_was_decided_about_is_one_line(console: Console) -> None:
    result = console.retry(NAME)

    assert (result.exit_code, console.sent) == (2, [])
    assert "nothing was decided about that" in error_lines(result)[0]


def test_series_that_are_green_or_unreadable_are_not_asked_about(console: Console) -> None:
    world = console.world
    pause(world, 5 * MINUTE)
    world.remediator().handle(event_of(contributor_alarm("api", a.NOW)))

    console.cloudwatch = seeing(described("many-series"), series=series_in_alarm("other"))
    green = console.retry("many-series")

    def refused(stubber: Stubber) -> None:
        stubber.add_response("describe_alarms", described("many-series"))
        stubber.add_client_error("describe_alarm_contributors", "AccessDenied", "", 403)

    console.cloudwatch = refused
    unreadable = console.retry("many-series")

    assert (green.exit_code, unreadable.exit_code, console.sent) == (2, 3, [])
    assert "no series of many-series that was decided about is red any more" in green.stderr
    assert "which series of many-series are red could not be read" in unreadable.stderr


def test_a_bus_that_is_gone_is_one_line(console: Console) -> None:
    refused_in_a_pause(console.world)

    def without_bus() -> StackSession:
        made = console.session()
        made.events.register(
            "before-parameter-build.events.PutEvents",
            lambda params, **_: params["Entries"][0].update(Detail=""),
            unique_id="broken",
        )
        return made

    result = run("retry", NAME, environment=replace(console.environment, session=without_bus))

    assert (result.exit_code, result.stdout) == (3, "")
    assert error_lines(result)[0].startswith("firebreak: NOT ALL ASKED: ")
    assert error_lines(result)[0].endswith("asked was nothing")


def test_a_ledger_larger_than_one_look_says_so(console: Console) -> None:
    refused_in_a_pause(console.world)
    desk = retries.RetryDesk(find(console.environment, "firebreak"), Bounds(pages=0))

    with pytest.raises(Ending, match="in the part of the ledger that was looked at"):
        desk.lasting([NAME], console.world.clock.at)


@pytest.mark.parametrize("cut", [True, False], ids=["too large", "read whole"])
def test_an_incomplete_search_is_reported_with_its_results(console: Console, cut: bool) -> None:
    refused_in_a_pause(console.world)
    stack = find(console.environment, "firebreak")
    now = console.world.clock.at
    desk = retries.RetryDesk(stack)
    lasting, left_out = desk.lasting([NAME], now)
    asked = desk.retries(lasting, CALLER, now)

    rows = dict(retries.outcome_rows(asked, CALLER, stack, now, cut=cut, left_out=left_out))
    assert ("larger than one look" in rows["Note"]) is cut
    assert retries.as_json(asked, CALLER, stack, cut=cut, left_out=left_out)["cut"] is cut


def test_decisions_of_a_newer_release_are_left_out(console: Console) -> None:
    alarm = refused_in_a_pause(console.world)
    (decision,) = ledger_queries.decisions_about(
        console.world.dynamodb, TABLE, NAME, a.NOW, Bounds()
    ).decisions
    wire = decision.transition
    assert isinstance(wire, dict)

    assert [one.alarm.since for one in retries.first_answers([decision])] == [alarm.since]
    assert retries.first_answers([replace(decision, transition=wire | {"v": 2})]) == []
