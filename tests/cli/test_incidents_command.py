import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.model import Metric
from firebreak.wire.epoch import ms
from firebreak_cli.incidents import listing
from firebreak_cli.incidents.filters import Wanted
from firebreak_cli.queries import by_time
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import find
from tests.cli.exports import busy
from tests.cli.running import Calls, cli_environment, error_lines, run_in
from tests.support import builders as a
from tests.support.world import TABLE, World, create_table

MINUTE = timedelta(minutes=1)
METER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})


SCANNED = (
    "The ledger's index by_time is not there or may not be queried (dynamodb:Query): the table was scanned"
)
NOT_ALL_SCANNED = (
    "The ledger is larger than one look (25 MB): open incidents are all here,"
    " decisions and finished incidents may be missing"
)


def listed(world: World, *more: str) -> dict[str, Any]:
    result = run_in(world, "incidents", "--json", *more)
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def close(world: World) -> str:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    return done.incident_id


def refuse(world: World, count: int = 1) -> None:
    """Send so many alarms without a target."""
    for n in range(count):
        world.clock.pass_time(timedelta(seconds=1))
        world.send(world.red(f"nameless-{n}", metrics=(METER,)))


@pytest.mark.parametrize(
    ("field", "odd", "damaged"),
    [
        ("alarm_name", {"N": "1"}, 0),
        ("at", {"N": "1e40"}, 1),
        ("incident", {"L": []}, 1),
        ("alarm", {"S": "{"}, 1),
        ("checks", {"S": "[1e999"}, 1),
    ],
)
def test_a_damaged_decision_hides_nothing_else(
    world: World, field: str, odd: dict[str, Any], damaged: int
) -> None:
    refuse(world, 2)
    done = world.send(world.red())
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    bad = next(one for one in items if "nameless-0" in str(one.get("alarm_name")))
    world.dynamodb.put_item(TableName=TABLE, Item={**bad, field: odd})

    answer = listed(world)
    result = run_in(world, "show", done.incident_id)

    assert answer["damaged"] == damaged
    assert [one["id"] for one in answer["incidents"]] == [done.incident_id]
    assert "nameless-1" in [one["alarm"] for one in answer["decisions"]]
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_empty_ledger_has_nothing_to_list(world: World) -> None:
    result = run_in(world, "incidents")

    assert result.exit_code == 0
    assert "none is open" in result.stdout


def test_an_open_incident_is_listed_and_a_closed_one_is_not(world: World) -> None:
    closed = close(world)
    world.pass_time(20 * MINUTE)
    done = world.send(world.red())

    assert [incident["id"] for incident in listed(world)["incidents"]] == [done.incident_id]
    assert [i["id"] for i in listed(world, "--all")["incidents"]] == [done.incident_id, closed]


def test_decisions_without_an_incident_are_listed_newest_first(world: World) -> None:
    world.send(world.red())
    refuse(world, 2)

    found = listed(world)["decisions"]

    assert [(d["alarm"], d["reason"]) for d in found] == [
        ("nameless-1", "target_none"),
        ("nameless-0", "target_none"),
    ]


def test_the_number_of_decisions_left_out_of_a_screenful_is_printed(world: World) -> None:
    refuse(world, listing.LISTED_DECISIONS + 3)

    assert listed(world)["decisions_left_out"] == 3
    assert "3 older decisions are not shown" in run_in(world, "incidents").stdout
    assert len(listed(world, "--all")["decisions"]) == listing.LISTED_DECISIONS + 3


def test_a_look_that_ended_at_its_bound_says_so(world: World) -> None:
    refuse(world, 5)
    stack = find(cli_environment(), "firebreak")

    little, much = Bounds(pages=2, page_items=1), Bounds(pages=100, page_items=1)
    for everything in (True, False):
        look = partial(listing.overview, stack, everything=everything, wanted=Wanted(since=a.NOW))
        some, every = look(bounds=little, lines=little), look(bounds=much, lines=much)

        assert (some.cut, every.cut, len(every.decisions)) == (True, False, 5)
        assert any("than one look reads" in line for line in listing.remarks(some))


def test_open_incidents_are_listed_however_little_of_the_ledger_is_read(world: World) -> None:
    """Forty alarms a day for 90 days are more than one look reads."""
    refuse(world, 40)
    done = world.send(world.red())
    refuse(world, 40)
    stack = find(cli_environment(), "firebreak")
    for everything in (True, False):
        little = Bounds(pages=1, page_items=1)
        look = partial(listing.overview, stack, everything=everything, wanted=Wanted(since=a.NOW))
        some = look(bounds=little, lines=little)
        assert (some.cut, [one.id for one in some.incidents]) == (True, [done.incident_id])
        assert "open incidents are all here" in next(listing.remarks(some))


def test_a_damaged_item_is_counted_and_hides_nothing_else(world: World) -> None:
    refuse(world)
    place = {"listed": {"S": "decision"}, "at": {"N": str(ms(world.clock.at))}}
    damaged = {"pk": {"S": "DECISION#x"}, "sk": {"S": "-"}, **place}
    world.dynamodb.put_item(TableName="ledger", Item=damaged)

    for more in ((), ("--all",)):
        found = listed(world, *more)
        assert (found["damaged"], len(found["decisions"])) == (1, 1)


def test_listing_only_reads(world: World) -> None:
    calls = Calls()
    world.send(world.red())

    run_in(world, "incidents", calls=calls)

    assert calls.made.count("Scan") == 1  # for the switches
    assert calls.changes == []


def test_the_tables_fit_a_terminal(world: World) -> None:
    world.send(world.red())
    world.switches.pause(Hold("global", "ana", "x", world.clock.at, world.clock.at + MINUTE))
    refuse(world)

    lines = run_in(world, "incidents").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert any("acted" in line and "ecs:prod/api" in line for line in lines)


@pytest.mark.parametrize("command", ["incidents", "switches"])
def test_a_ledger_that_is_not_there_is_one_line(command: str) -> None:
    from moto import mock_aws

    from tests.cli.running import run

    with mock_aws():
        result = run(command)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "ResourceNotFoundException" in result.stderr


def test_an_alarm_s_name_is_no_markup(world: World) -> None:
    world.send(world.red("[red]x[/red]", metrics=()))

    assert "[red]x[/red]" in run_in(world, "incidents").stdout
    assert a.ACCOUNT in run_in(world, "incidents").stdout


def beat(world: World) -> str:
    """A heartbeat, red and OK again; returns when it came."""
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
    alarm = world.red("firebreak-heartbeat", tags=tags)
    came = world.clock.at
    world.send(alarm)
    world.clock.pass_time(MINUTE)
    world.green(alarm)
    return came.isoformat()


def test_heartbeats_are_one_line_and_leave_room_for_news(world: World) -> None:
    refuse(world)
    for _ in range(listing.LISTED_DECISIONS):
        last = beat(world)

    found = listed(world)

    assert [decision["alarm"] for decision in found["decisions"]] == ["nameless-0"]
    assert (found["last_heartbeat"], found["decisions_left_out"]) == (last, 0)
    assert f"Last heartbeat {last[11:19]}Z" in run_in(world, "incidents").stdout


def test_all_lists_heartbeats_too_and_one_can_be_shown(world: World) -> None:
    beat(world)

    decisions = listed(world, "--all")["decisions"]

    assert [(d["action"], d["reason"]) for d in decisions] == [
        ("verify", "heartbeat"),
        ("restart-service", "heartbeat"),
    ]
    result = run_in(world, "show", decisions[1]["incident"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "the heartbeat of stack firebreak" in result.stdout


def test_a_heartbeat_that_does_not_count_is_news(world: World) -> None:
    world.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "SWITCH#global"}, "sk": {"S": "-"}})
    beat(world)

    found = listed(world)

    assert [d["reason"] for d in found["decisions"]] == ["heartbeat_blind"]
    assert found["last_heartbeat"] is None
    assert "Last heartbeat" not in run_in(world, "incidents").stdout


def drop_index(world: World) -> None:
    """The ledger as the release before made it."""
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    world.dynamodb.delete_table(TableName=TABLE)
    create_table(world.dynamodb, by_time=False)
    for item in items:
        world.dynamodb.put_item(TableName=TABLE, Item=item)


def test_a_table_without_the_index_is_scanned_and_that_is_said(world: World) -> None:
    refuse(world, 2)
    done = world.send(world.red())
    drop_index(world)

    found, said = listed(world), run_in(world, "incidents").stdout

    assert [one["alarm"] for one in found["decisions"]] == ["nameless-1", "nameless-0"]
    assert ([one["id"] for one in found["incidents"]], found["scanned"]) == ([done.incident_id], True)
    assert "index by_time is not there" in " ".join(said.split())
    little = listing.overview(find(cli_environment(), "firebreak"), everything=True, bounds=Bounds(1, 1))
    assert [*listing.remarks(little)] == [SCANNED, NOT_ALL_SCANNED]
    assert run_in(world, "show", found["decisions"][0]["incident"]).exit_code == 0


def test_decisions_are_listed_as_far_back_as_asked_and_no_further(world: World) -> None:
    refuse(world, 2)
    world.clock.pass_time(25 * 60 * MINUTE)
    refuse(world)

    assert len(listed(world)["decisions"]) == 1
    assert len(listed(world, "--since", "26h")["decisions"]) == 3
    few = listed(world, "--since", "26h", "--limit", "2")
    assert (len(few["decisions"]), few["decisions_left_out"]) == (2, 1)


def test_an_incident_of_an_earlier_release_is_listed_while_it_is_open(world: World) -> None:
    done = world.send(world.red())
    for item in world.dynamodb.scan(TableName=TABLE)["Items"]:
        earlier = {name: value for name, value in item.items() if name not in {"listed", "alarm_name"}}
        world.dynamodb.put_item(TableName=TABLE, Item=earlier)
    world.clock.pass_time(25 * 60 * MINUTE)

    assert [one["id"] for one in listed(world)["incidents"]] == [done.incident_id]
    result = json.loads(run_in(world, "show", done.incident_id, "--json").stdout)
    assert [one["decision"] for one in result["decisions"]] == ["act"]


def test_an_incident_is_shown_without_reading_the_rest_of_the_ledger(world: World) -> None:
    done = world.send(world.red())
    calls = Calls()

    result = run_in(world, "show", done.incident_id, "--json", calls=calls)

    assert [one["decision"] for one in json.loads(result.stdout)["decisions"]] == ["act"]
    assert "Scan" not in calls.made


def written_before(world: World) -> None:
    """The present items of the ledger, as the release before wrote them."""
    for item in world.dynamodb.scan(TableName=TABLE)["Items"]:
        earlier = {name: value for name, value in item.items() if name not in {"listed", "alarm_name"}}
        world.dynamodb.put_item(TableName=TABLE, Item=earlier)


def test_all_lists_the_newest_first_and_says_that_older_ones_are_left_out(world: World) -> None:
    refuse(world, 9)
    some = listing.overview(find(cli_environment(), "firebreak"), everything=True, lines=Bounds(1, 4))

    assert [one.alarm for one in some.decisions] == [f"nameless-{n}" for n in (8, 7, 6, 5)]
    assert (some.cut, some.scanned) == (True, False)
    assert "older decisions and finished incidents are left out" in next(listing.remarks(some))


def test_all_finds_what_an_earlier_release_wrote_and_says_where_its_scan_ended(world: World) -> None:
    refuse(world, 3)
    written_before(world)
    world.clock.pass_time(MINUTE)
    world.send(world.red("newest", metrics=(METER,)))
    some = listing.overview(find(cli_environment(), "firebreak"), everything=True, bounds=Bounds(1, 1))

    assert len(listed(world, "--all")["decisions"]) == 4
    assert some.decisions[0].alarm == "newest"
    assert "what an earlier release wrote may be missing" in next(listing.remarks(some))


def test_all_since_a_time_that_the_index_covers_scans_nothing(world: World) -> None:
    refuse(world)
    world.clock.pass_time(31 * 24 * 60 * MINUTE)
    refuse(world, 2)
    calls = Calls()

    found = json.loads(run_in(world, "incidents", "--json", "--all", "--since", "29d", calls=calls).stdout)

    assert (len(found["decisions"]), "Scan" in calls.made) == (2, False)


def test_an_incident_that_dynamodb_did_not_process_hides_no_decision(world: World) -> None:
    done = world.send(world.red())
    left_out: set[str] = set()
    client = find(busy(world, left_out), "firebreak").reader("dynamodb")

    assert by_time.with_incident(client, TABLE, [done.incident_id, "i-none"]) == {done.incident_id}
    left_out.add(f"INC#{done.incident_id}")
    assert by_time.with_incident(client, TABLE, [done.incident_id]) == set()


def test_all_takes_a_limit(world: World) -> None:
    refuse(world, 3)

    found = listed(world, "--all", "--limit", "2")

    assert (len(found["decisions"]), found["decisions_left_out"]) == (2, 1)
