"""A part that `firebreak status` cannot look at is named, is taken for nothing else, and hides nothing."""

import json
from datetime import timedelta

import pytest

from firebreak.core.limits.history import Hold
from firebreak.ledger.items import PAGES_STORM, STORM, stamped
from tests.cli.exports import busy, items
from tests.cli.running import cli_environment, error_lines, run
from tests.cli.test_status_command import beat, queue, rows, stack_with, status, values
from tests.support import builders as a
from tests.support.world import TABLE, World


def test_dead_letters_that_cannot_be_counted_are_not_none_and_hide_nothing_else(world: World) -> None:
    done = world.send(world.red())
    gone = f"https://sqs.{a.REGION}.amazonaws.com/{a.ACCOUNT}/gone"

    found = values(world, DeadLettersUrl=gone)

    assert found["dead_letters"] is None
    assert [line.partition(":")[0] for line in found["unread"]] == ["dead letters"]
    assert [one["id"] for one in found["incidents"]] == [done.incident_id]
    assert rows(world, DeadLettersUrl=gone)["Dead letters"].startswith("not known: AWS did not accept")


def test_without_cloudformation_what_it_would_say_is_not_known(world: World) -> None:
    here = cli_environment(world.clock.now, environ={"FIREBREAK_LEDGER_TABLE": TABLE})

    result = run("status", "--json", environment=here)
    found = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (found["dead_letters"], found["stack_version"], found["deployed_at"]) == (None, None, None)
    assert (found["heartbeat"]["every_seconds"], found["heartbeat"]["late"]) == (None, None)
    assert [line.partition(":")[0] for line in found["unread"]] == [
        "dead letters",
        "whether the policy is in AppConfig",
        "the version of the stack",
    ]
    text = " ".join(run("status", environment=here).stdout.split())
    assert "Dead letters not known: FIREBREAK_LEDGER_TABLE is set: CloudFormation was not asked" in text
    assert "how often one is due was not read" in text


def test_a_stack_of_a_release_that_names_no_version_is_said_to_be_one(world: World) -> None:
    found = values(world, DeadLettersUrl=queue())

    assert (found["stack_version"], found["unread"]) == (None, [])
    assert "stack of a release that names none" in rows(world, DeadLettersUrl=queue())["Version"]


def test_damaged_items_are_said_to_be_so_and_hide_nothing_else(world: World) -> None:
    done = world.send(world.red())
    odd = {**stamped("THREAD#x"), "attention": {"S": "page"}, "attention_at": {"N": "1"}}
    world.dynamodb.put_item(TableName=TABLE, Item=odd)
    world.dynamodb.put_item(TableName=TABLE, Item={**stamped("STORM"), "tripped_at": {"S": "x"}})

    found, result = values(world), status(world)

    assert [one["id"] for one in found["incidents"]] == [done.incident_id]
    assert len(found["unread"]) == 2
    assert found["unread"][1] == "1 items of the ledger could not be read"
    assert "1 items could not be read" in result.stdout


HOUR = timedelta(hours=1)


def damage(world: World, scope: str) -> None:
    """Makes the switch of that scope one that nobody can read."""
    pk = f"SWITCH#{scope.replace(' ', '#', 1)}"
    world.dynamodb.put_item(TableName=TABLE, Item={**stamped(pk), "held_until": {"S": "soon"}})


def test_a_damaged_switch_does_not_hide_a_global_pause(world: World) -> None:
    world.switches.pause(Hold("global", "ana", "migration", world.clock.at, world.clock.at + HOUR))
    damage(world, f"target {a.TARGET.key}")

    found, lines = values(world), status(world).stdout.splitlines()

    assert lines[0] == "PAUSED until 11:00:30Z by ana: migration"
    assert lines[1].startswith("the switch target ecs:prod/api could not be read")
    assert (found["paused"], [one["holder"] for one in found["switches"]]) == (True, ["ana"])
    assert found["unread"] == [lines[1]]
    assert "Stopped" not in rows(world)


def test_a_damaged_switch_over_a_part_leaves_it_known_that_there_is_no_pause_of_everything(
    world: World,
) -> None:
    damage(world, "action verify")

    assert (values(world)["paused"], len(values(world)["unread"])) == (False, 1)
    assert rows(world)["Stopped"].startswith("not known")


def test_a_global_switch_that_cannot_be_read_is_neither_held_nor_free(world: World) -> None:
    world.switches.pause(Hold("action verify", "ana", "x", world.clock.at, world.clock.at + HOUR))
    damage(world, "global")

    found, text = values(world), status(world).stdout

    assert (found["paused"], [one["holder"] for one in found["switches"]]) == (None, ["ana"])
    assert found["unread"][0].startswith("the switch global could not be read: the ledger item is damaged")
    assert "1 other switch is held" in text
    assert "PAUSED" not in text
    assert rows(world)["Stopped"].startswith("not known: ")


@pytest.mark.parametrize(
    ("pk", "kind", "other"), [(STORM, "storm", "pages_storm"), (PAGES_STORM, "pages_storm", "storm")]
)
def test_a_storm_that_cannot_be_read_is_neither_there_nor_over(
    world: World, pk: str, kind: str, other: str
) -> None:
    world.dynamodb.put_item(TableName=TABLE, Item={**stamped(pk), "tripped_at": {"S": "x"}})

    found = values(world)

    assert (found[kind], found[f"{kind}_since"], found[other], found["paused"]) == (None, None, False, False)
    assert len(found["unread"]) == 1
    assert ("storm of pages" in found["unread"][0]) == (kind == "pages_storm")
    assert rows(world)["Stopped"].startswith("not known: ")


@pytest.mark.parametrize("processed", [True, False], ids=["damaged", "not processed"])
def test_a_heartbeat_that_cannot_be_read_is_not_one_that_did_not_come(world: World, processed: bool) -> None:
    beat(world)
    (item,) = items(world, "DECISION#")
    if processed:
        world.dynamodb.put_item(TableName=TABLE, Item={**item, "checks": {"S": "{"}})
    left_out = set() if processed else {item["pk"]["S"]}
    environment = busy(world, left_out, stack_with({"Version": "0.1.0"}))

    found = json.loads(run("status", "--json", environment=environment).stdout)

    assert (found["heartbeat"]["at"], found["heartbeat"]["late"]) == (None, None)
    assert any(line.startswith("the last heartbeat: it may be among the 1 items") for line in found["unread"])
    text = " ".join(run("status", environment=environment).stdout.split())
    assert "Heartbeat not known: it may be among the 1 items" in text
    assert "LATE" not in text


def test_a_ledger_that_cannot_be_read_is_no_quiet_stack(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)

    for how in ([], ["--json"]):
        result = status(world, *how)
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)


def test_a_page_that_cannot_be_read_is_not_taken_for_none(world: World) -> None:
    done = world.send(world.red())
    assert [(one["page"], one["severity"]) for one in values(world)["incidents"]] == [("read", "warning")]
    gone = {"pk": {"S": f"THREAD#{done.incident_id}"}, "sk": {"S": "-"}}
    world.dynamodb.delete_item(TableName=TABLE, Key=gone)
    assert [(one["page"], one["severity"]) for one in values(world)["incidents"]] == [("none", None)]
    world.dynamodb.put_item(
        TableName=TABLE, Item={**stamped(f"THREAD#{done.incident_id}"), "thread": {"S": "x"}}
    )

    found = values(world)

    (listed,) = found["incidents"]
    assert (listed["page"], listed["severity"], listed["holder"]) == ("unread", None, "not known")
    assert f"the page of incident {done.incident_id}" in [line.partition(": ")[0] for line in found["unread"]]
    assert "of 1 it is not known who has it" in rows(world)["Open"]
