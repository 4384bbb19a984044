"""Reports for tests: the command on a ledger, with the history of alarms as CloudWatch answers it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from botocore.stub import Stubber
from typer.testing import Result

from firebreak.aws.alarm_types import ALARM_TYPES
from firebreak_cli.environment import Environment
from tests.cli.backtest.histories import item
from tests.cli.running import StackSession, cli_environment, deployed, run
from tests.support.world import World

DAY = timedelta(days=1)

type Answers = Callable[[Stubber], object]
type Turns = Sequence[tuple[datetime, str, str]]


def asked(alarm: str, first: datetime, until: datetime, **more: object) -> dict[str, object]:
    """The arguments of DescribeAlarmHistory for an alarm."""
    return {
        "AlarmName": alarm,
        "AlarmTypes": [*ALARM_TYPES],
        "HistoryItemType": "StateUpdate",
        "StartDate": first,
        "EndDate": until,
        "ScanBy": "TimestampAscending",
        "MaxRecords": 100,
        **more,
    }


def page(alarm: str, turns: Turns, token: str | None = None) -> dict[str, Any]:
    """One page of its answer: a time, the state before and the state after of each transition."""
    found = [{**item(alarm, at, before, after), "Timestamp": at} for at, before, after in turns]
    items = [{key: value for key, value in one.items() if key != "line"} for one in found]
    return {"AlarmHistoryItems": items} | ({"NextToken": token} if token else {})


def histories(world: World, turns: Mapping[str, Turns], back: timedelta = 30 * DAY) -> Answers:
    """CloudWatch's answers about these alarms, which are asked about in the order of their names."""

    def answer(stubber: Stubber) -> None:
        now = world.clock.now()
        for alarm in sorted(turns):
            wanted = asked(alarm, now - back, now)
            stubber.add_response("describe_alarm_history", page(alarm, turns[alarm]), wanted)

    return answer


class _Session(StackSession):
    """A session in which CloudWatch gives programmed answers, too."""

    def __init__(self, cloudwatch: Answers) -> None:
        super().__init__(deployed)
        self._cloudwatch = cloudwatch

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made = super().client(service_name, *args, **kwargs)
        if service_name == "cloudwatch":
            stubber = Stubber(made)
            self._cloudwatch(stubber)
            stubber.activate()
        return made


def seeing(world: World, cloudwatch: Answers) -> Environment:
    """The environment at the world's time."""
    return replace(cli_environment(world.clock.now), session=lambda: _Session(cloudwatch))


def nothing(_: Stubber) -> None:
    """CloudWatch is not asked."""


def reported(world: World, *words: str, cloudwatch: Answers = nothing) -> Result:
    """One command."""
    return run(*words, environment=seeing(world, cloudwatch))
