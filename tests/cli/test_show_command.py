import json
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from tests.cli.running import Calls, error_lines, run_in
from tests.support.world import World

MINUTE = timedelta(minutes=1)


def show(world: World, wanted: str) -> dict[str, Any]:
    result = run_in(world, "show", wanted, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_an_incident_is_shown_with_plan_receipt_history_and_checks(world: World) -> None:
    done = world.send(world.red())

    found = show(world, done.incident_id)

    incident = found["incident"]
    assert (incident["state"], incident["action"], incident["rung"]) == ("acted", "restart-service", 1)
    assert incident["members"][0]["name"] == "api-memory-high"
    assert incident["members"][0]["since"] == incident["alarm"]["since"]
    assert incident["plan"]["before"]
    assert incident["receipt"]["after"]
    assert found["history"][0]["what"].startswith("claimed rung 1")
    assert len(found["decisions"][0]["checks"]) > 10


def test_an_incident_that_climbed_shows_every_decision(world: World) -> None:
    done = world.send(world.red())
    world.pass_time(5 * MINUTE)

    kinds = [decision["kind"] for decision in show(world, done.incident_id)["decisions"]]

    assert kinds == ["climb", "alarm"]


def test_the_timeline_has_red_alarms_decisions_steps_and_the_latest_page_in_the_order_of_time(
    world: World,
) -> None:
    done = world.send(world.red())
    world.clock.pass_time(MINUTE)
    world.send(world.red("api-latency-high"))
    world.pass_time(14 * MINUTE)

    timeline = show(world, done.incident_id)["timeline"]

    assert [one["at"] for one in timeline] == sorted(one["at"] for one in timeline)
    assert {one["kind"] for one in timeline} == {"red", "decision", "incident", "page"}
    texts = [one["what"] for one in timeline]
    assert texts[:3] == [
        "api-memory-high is red",
        "decided: act restart-service, clear_to_act",
        "claimed rung 1: restart-service",
    ]
    assert texts[-1].startswith("latest page: ")
    assert texts[-1].endswith("; notified so far: topic")
    assert "joined by alarm api-latency-high" in texts
    shown = " ".join(run_in(world, "show", done.incident_id).stdout.split())
    assert all(" ".join(text.split()) in shown for text in texts)


def test_a_check_of_another_release_without_a_reason_does_not_end_the_story(world: World) -> None:
    done = world.send(world.red())
    (item,) = [
        found
        for found in world.dynamodb.scan(TableName="ledger")["Items"]
        if found["pk"]["S"].startswith("DECISION#")
    ]
    checks = {"S": json.dumps([{"guard": "moon phase", "result": "passed"}])}
    world.dynamodb.put_item(TableName="ledger", Item={**item, "checks": checks})

    assert "decided: act restart-service, clear_to_act" in run_in(world, "show", done.incident_id).stdout


def test_people_read_what_was_done_and_what_comes_next(world: World) -> None:
    done = world.send(world.red())

    text = run_in(world, "show", done.incident_id).stdout

    for words in (f"{done.incident_id} is acted", "ecs:prod/api", "rung 1 of 2", "Before", "10:04:30Z"):
        assert words in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("Open ")) <= 80


@pytest.mark.parametrize(
    "changes", [{"metrics": ()}, {"tags": {"firebreak:action": "none"}}], ids=["no target", "refused"]
)
def test_a_decision_without_an_incident_is_shown(world: World, changes: dict[str, Any]) -> None:
    done = world.send(world.red(**changes))

    found = show(world, done.incident_id)

    assert found["incident"] is None
    assert [decision["reason"] for decision in found["decisions"]] == [done.reason.value]
    assert "opened no incident" in run_in(world, "show", done.incident_id).stdout


@pytest.mark.parametrize("wanted", ["i-0000000000", "", "x" * 300, "i-\x1b[2J"], ids=repr)
def test_an_unknown_id_is_one_line(world: World, wanted: str) -> None:
    result = run_in(world, "show", wanted)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert "\x1b" not in result.stderr


def test_a_damaged_incident_is_one_line(world: World) -> None:
    world.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "INC#i-x"}, "sk": {"S": "META"}})

    result = run_in(world, "show", "i-x")

    assert (result.exit_code, len(error_lines(result))) == (3, 1)
    assert "damaged" in result.stderr


def test_a_reason_of_a_newer_release_is_shown_as_it_is(world: World) -> None:
    done = world.send(world.red(metrics=()))
    item = next(
        found
        for found in world.dynamodb.scan(TableName="ledger")["Items"]
        if found["pk"]["S"].startswith("DECISION#")
    )
    world.dynamodb.put_item(TableName="ledger", Item={**item, "reason": {"S": "moon_phase"}})

    assert "moon_phase" in run_in(world, "show", done.incident_id).stdout


def test_showing_only_reads(world: World) -> None:
    calls = Calls()
    done = world.send(world.red())

    run_in(world, "show", done.incident_id, calls=calls)

    assert calls.changes == []


def test_show_names_who_was_paged_and_who_acknowledged(world: World) -> None:
    done = world.send(world.red())
    world.pass_time(12 * MINUTE)

    pages = show(world, done.incident_id)["pages"]

    assert (pages["state"], pages["severity"], pages["notified"]) == ("open", "warning", ["topic"])
    assert pages["acknowledged_by"] is None
    text = " ".join(run_in(world, "show", done.incident_id).stdout.split())
    assert "State open, warning, since 10:00:30Z Notified topic" in text
    assert "Red MemoryUtilization (ClusterName prod, ServiceName api)" in text
    assert "#alarmsV2:alarm/api-memory-high" in text


def test_the_id_of_a_page_shows_what_it_was_about(world: World) -> None:
    world.switches.pause(Hold("global", "ana", "migration", world.clock.at, world.clock.at + 30 * MINUTE))
    refused = world.send(world.red())
    page = world.pager.pages[-1][1]
    assert page.thread != refused.incident_id

    found = show(world, page.thread)
    assert [one["reason"] for one in found["decisions"]] == ["switched_off"]
    assert found["pages"]["latest"]["kind"] == "refused"
    assert f"firebreak show {page.thread} --stack" in page.body


def test_of_what_nobody_was_paged_about_no_pages_are_shown(world: World) -> None:
    done = world.send(world.red(tags={"firebreak:action": "none"}))

    assert show(world, done.incident_id)["pages"] is None
    assert "Pages" not in run_in(world, "show", done.incident_id).stdout


def test_that_it_cannot_be_read_who_was_paged_is_said(world: World) -> None:
    done = world.send(world.red())
    key = {"pk": {"S": f"THREAD#{done.incident_id}"}, "sk": {"S": "-"}}
    world.dynamodb.put_item(TableName="ledger", Item=key)

    assert "unreadable" in show(world, done.incident_id)["pages"]
    assert "who was paged could not be read" in run_in(world, "show", done.incident_id).stdout
