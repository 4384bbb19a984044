"""`firebreak act` and `undo` where the bus is gone, or its reply was lost."""

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from firebreak_cli.acting.waiting import LONGEST
from tests.cli.running import StackSession, error_lines, run
from tests.cli.test_acting import RESTART, Desk, desk
from tests.cli.test_undoing import counts, rested, undo
from tests.support import builders as a

__all__ = ["desk"]  # the fixture


def test_a_bus_that_is_not_there_is_one_line_and_nothing_is_requested(desk: Desk) -> None:
    boto3.session.Session(region_name=a.REGION).client("events").delete_event_bus(Name="firebreak")
    result = desk.act("--yes")
    assert (result.exit_code, len(error_lines(result)), desk.world.ecs.writes) == (3, 1, [])


def lost(**_: object) -> NoReturn:
    raise ReadTimeoutError(endpoint_url="https://events.eu-west-1.amazonaws.com/")


@pytest.mark.parametrize(("more", "waited"), [([], LONGEST.total_seconds()), (["--no-wait"], 0)])
def test_a_lost_reply_of_the_bus_is_not_known(desk: Desk, more: list[str], waited: float) -> None:
    desk.functions_work = False

    def session() -> StackSession:
        made = desk.session()
        made.events.register("before-send.eventbridge.PutEvents", lost, unique_id="lost")
        return made

    result = run(*RESTART, "--yes", *more, environment=replace(desk.environment, session=session))
    assert (result.exit_code, desk.waited) == (12, waited)


def test_a_bus_that_is_gone_keeps_the_request_in_the_ledger_where_the_sweep_finds_it(desk: Desk) -> None:
    incident_id = rested(desk)
    desk.functions_work = False
    boto3.session.Session(region_name=a.REGION).client("events").delete_event_bus(Name="firebreak")

    assert undo(desk, incident_id, "--yes").exit_code == 12

    desk.world.clock.pass_time(timedelta(minutes=3))
    desk.world.sweep()
    assert counts(desk) == [3, 2]
