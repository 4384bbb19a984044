"""A part that `firebreak status` cannot look at is named, is taken for nothing else, and hides nothing."""

import json

from firebreak.ledger.items import stamped
from tests.cli.running import around, error_lines, run
from tests.cli.test_status_command import queue, rows, status, values
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
    here = around(world.clock.now, environ={"FIREBREAK_LEDGER_TABLE": TABLE})

    result = run("status", "--json", environment=here)
    found = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (found["dead_letters"], found["stack_version"], found["deployed_at"]) == (None, None, None)
    assert (found["heartbeat"]["every_seconds"], found["heartbeat"]["late"]) == (None, None)
    assert [line.partition(":")[0] for line in found["unread"]] == [
        "dead letters",
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
    assert found["unread"][1] == "1 items of the ledger are damaged"
    assert "1 items could not be read" in result.stdout


def test_a_ledger_that_cannot_be_read_is_no_quiet_stack(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)

    for how in ([], ["--json"]):
        result = status(world, *how)
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
