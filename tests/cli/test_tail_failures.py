"""`firebreak tail` misses nothing because an index is behind or a look fails, and repeats nothing."""

import json
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from firebreak.core.model import Alarm
from firebreak_cli.incidents.filters import Wanted
from firebreak_cli.incidents.tailing import OVERLAP, Tail
from firebreak_cli.stack import find
from tests.cli.exports import busy, items, refuse
from tests.cli.running import cli_environment, error_lines
from tests.cli.test_tailing import alarms, followed, nothing
from tests.support import builders as a
from tests.support.world import TABLE, World, create_table

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def tail(world: World, **changes: Any) -> Tail:
    usual: dict[str, Any] = {"wanted": Wanted(), "since": world.clock.at, "everything": False}
    return Tail(**{"stack": find(cli_environment(), "firebreak")} | usual | changes)


def test_a_decision_that_the_index_names_late_is_not_missed_and_none_comes_twice(world: World) -> None:
    looks = tail(world)
    refuse(world, "early", "late")
    (late,) = [item for item in items(world, "DECISION#") if item["alarm_name"]["S"] == "late"]
    hidden = {name: value for name, value in late.items() if name != "listed"}
    world.dynamodb.put_item(TableName=TABLE, Item=hidden)
    world.clock.pass_time(10 * SECOND)

    first = looks.look(world.clock.at)
    world.clock.pass_time(OVERLAP)
    world.dynamodb.put_item(TableName=TABLE, Item=late)
    second, third = looks.look(world.clock.at), looks.look(world.clock.at)

    assert [[one.alarm for one in news.decisions] for news in (first, second, third)] == [
        ["early"],
        ["late"],
        [],
    ]


# AWS refuses a request that is signed with a time of more than five minutes before or after its own.
ACCEPTED = 5 * MINUTE


def test_the_clock_of_this_machine_may_be_as_wrong_as_aws_accepts() -> None:
    assert OVERLAP >= ACCEPTED + MINUTE  # the index is a moment behind the table


@pytest.mark.parametrize("ahead", [2 * MINUTE, ACCEPTED], ids=str)
def test_with_a_clock_that_is_ahead_nothing_is_missed_and_what_was_before_is_not_printed(
    world: World, ahead: timedelta
) -> None:
    refuse(world, "before")
    world.clock.pass_time(SECOND)
    looks = tail(world, since=world.clock.at + ahead)
    first = looks.look(world.clock.at + ahead)

    refuse(world, "after")
    done = world.send(world.red())
    second, third = looks.look(world.clock.at + ahead), looks.look(world.clock.at + ahead)

    assert [[one.alarm for one in news.decisions] for news in (first, second, third)] == [
        [],
        ["after", "api-memory-high"],
        [],
    ]
    assert [[one.id for one in news.incidents] for news in (first, second, third)] == [
        [],
        [done.incident_id],
        [],
    ]


@pytest.mark.parametrize("ahead", [-ACCEPTED, ACCEPTED], ids=str)
def test_a_clock_that_is_set_right_meanwhile_repeats_nothing_and_misses_nothing(
    world: World, ahead: timedelta
) -> None:
    refuse(world, "before")
    world.clock.pass_time(2 * OVERLAP)
    looks = tail(world, since=world.clock.at + ahead)
    looks.look(world.clock.at + ahead)
    refuse(world, "one")
    first = looks.look(world.clock.at + ahead)
    refuse(world, "two")
    second, third = looks.look(world.clock.at), looks.look(world.clock.at)

    assert [[one.alarm for one in news.decisions] for news in (first, second, third)] == [
        ["one"],
        ["two"],
        [],
    ]


def test_no_more_is_remembered_than_may_come_again(world: World) -> None:
    looks = tail(world)
    alarm = world.red()
    world.send(alarm)
    refuse(world, *(f"alarm-{n}" for n in range(20)))
    looks.look(world.clock.at)
    assert (len(looks._decided), len(looks._followed)) == (21, 1)

    world.green(alarm)
    world.pass_time(40 * MINUTE)
    (closed,) = looks.look(world.clock.at).incidents
    world.pass_time(2 * OVERLAP)
    looks.look(world.clock.at)

    assert closed.state == "closed"
    assert (len(looks._decided), len(looks._followed)) == (0, 0)


def test_an_index_that_is_behind_with_the_end_of_an_incident_does_not_open_it_again(world: World) -> None:
    looks = tail(world)
    alarm = world.red()
    done = world.send(alarm)
    looks.look(world.clock.at)
    (before,) = [item for item in items(world, "INC#") if item["sk"]["S"] == "META"]
    world.green(alarm)
    world.pass_time(40 * MINUTE)
    looks.look(world.clock.at)
    world.dynamodb.put_item(TableName=TABLE, Item=before)  # as an index that is behind has it

    world.clock.pass_time(SECOND)
    assert looks.look(world.clock.at).incidents == ()
    assert world.incident(done.incident_id).state == "acted"


def test_a_look_that_fails_is_one_line_and_the_next_one_brings_what_it_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = vars(BaseClient)["_make_api_call"]

    def fails(*_: object, **__: object) -> NoReturn:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    def happen() -> None:
        refuse(world, "missed")
        monkeypatch.setattr(BaseClient, "_make_api_call", fails)

    result = followed(
        world, happen, lambda: monkeypatch.setattr(BaseClient, "_make_api_call", whole), more=("--json",)
    )

    assert alarms(result) == ["missed"]
    (line,) = error_lines(result)
    assert line.startswith("firebreak: 10:00:36Z could not look: AWS has too many calls")


def test_an_item_that_cannot_be_read_is_counted_once_and_hides_no_other(world: World) -> None:
    def damage() -> None:
        world.send(world.red())
        (good,) = [item for item in items(world, "INC#") if item["sk"]["S"] == "META"]
        odd = {**good, "pk": {"S": "INC#i-odd"}, "ladder": {"S": "{"}}
        world.dynamodb.put_item(TableName=TABLE, Item=odd)
        (decision,) = items(world, "DECISION#")
        odd = {**decision, "pk": {"S": "DECISION#odd"}, "checks": {"S": "{"}}
        world.dynamodb.put_item(TableName=TABLE, Item=odd)

    result = followed(world, damage, nothing, nothing)

    assert len(result.stdout.splitlines()) == 2
    assert error_lines(result) == ["firebreak: 2 items could not be read"]


def test_what_dynamodb_did_not_process_is_asked_for_again_and_printed_once(world: World) -> None:
    left_out: set[str] = set()
    looks = tail(world, stack=find(busy(world, left_out), "firebreak"))
    refuse(world, "first", "second", "third")
    world.clock.pass_time(SECOND)
    alarm = world.red()
    done = world.send(alarm)
    world.green(alarm)
    world.pass_time(40 * MINUTE)  # longer ago than what a look reads again
    assert world.incident(done.incident_id).state == "closed"
    left_out |= {f"INC#{done.incident_id}"}
    left_out |= {item["pk"]["S"] for item in items(world, "DECISION#") if item["alarm_name"]["S"] == "second"}

    first, second = looks.look(world.clock.at), looks.look(world.clock.at)
    left_out.clear()
    third, last = looks.look(world.clock.at), looks.look(world.clock.at)

    found = [[one.alarm for one in news.decisions] for news in (first, second, third, last)]
    assert found == [["first", "third", alarm.name], [], ["second"], []]
    assert [[one.id for one in news.incidents] for news in (first, second, third, last)] == [
        [],
        [],
        [done.incident_id],
        [],
    ]
    assert [(news.unprocessed, news.damaged) for news in (first, second, third)] == [(2, 0), (2, 0), (0, 0)]


def test_what_dynamodb_did_not_process_is_said_on_stderr(world: World) -> None:
    left_out: set[str] = set()

    def happen() -> None:
        refuse(world, "late")
        left_out.update(item["pk"]["S"] for item in items(world, "DECISION#"))

    result = followed(world, happen, left_out.clear, more=("--json",), environment=busy(world, left_out))

    assert alarms(result) == ["late"]
    assert error_lines(result) == [
        "firebreak: 1 items were not read, since DynamoDB did not process them: the next look asks again"
    ]


def test_without_the_index_it_says_so_and_names_the_command_that_does_without(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)
    create_table(world.dynamodb, by_time=False)

    result = followed(world)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "has no index by_time" in result.stderr
    assert f"firebreak incidents --watch {a.ON_STACK} does without" in result.stderr


def test_a_refusal_by_aws_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        def fails(*_: object, **__: object) -> NoReturn:
            raise ClientError({"Error": {"Code": "ExpiredTokenException"}}, "Query")

        monkeypatch.setattr(BaseClient, "_make_api_call", fails)

    result = followed(world, lost, nothing)

    assert (result.exit_code, len(error_lines(result))) == (3, 1)


@pytest.mark.parametrize("more", [["--since", "soon"], ["--every", "0"], ["--reason", "frozn"]], ids=" ".join)
def test_a_wrong_option_is_refused(world: World, more: list[str]) -> None:
    result = followed(world, more=tuple(more))

    assert (result.exit_code, result.stdout) == (2, "")
    assert more[0] in result.stderr


def test_a_name_cannot_steer_the_terminal(world: World) -> None:
    alarm: Alarm = world.red()
    world.send(alarm)
    (good,) = items(world, "DECISION#")
    wire = json.loads(good["alarm"]["S"]) | {"name": "x\x1b]0;owned\x07y\nz"}
    world.dynamodb.put_item(TableName=TABLE, Item={**good, "alarm": {"S": json.dumps(wire)}})

    text = followed(world, more=("--since", "1m")).stdout

    assert " xy z restart-service" in text
    assert "\x1b" not in text
