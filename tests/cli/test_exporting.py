"""`firebreak export` writes all of a range of time, row by row, and no formula for a spreadsheet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from firebreak.core.diagnostics import Diagnostics, MetricPicture, Point, Section
from firebreak.core.readings import Unknown
from firebreak.ledger.diagnostics import DynamoDiagnostics, diagnostics_item
from firebreak.ledger.items import number, stamped
from firebreak.policy.compiler import parse_policy
from firebreak_cli.export.columns import DECISIONS, DIAGNOSTICS, INCIDENTS, PAGES, table_of
from firebreak_cli.export.kinds import Kind
from firebreak_cli.queries import by_time
from tests.cli.exports import SECOND, busy, exported, items, refuse, table
from tests.cli.running import Calls, StackSession, cli_environment, deployed, error_lines, run, run_in
from tests.support import builders as a
from tests.support.world import TABLE, World, create_table
from tests.workflow.test_who_is_paged import PAGING, announce

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def alarms(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row["alarm"] for row in rows]


def keep_diagnostics(world: World, incident: str, *sections: Section) -> None:
    found = Diagnostics(incident_id=incident, rung=0, at=world.clock.at, sections=sections)
    DynamoDiagnostics(world.dynamodb, TABLE).keep(found)


def test_decisions_are_a_row_each_under_their_columns_oldest_first(world: World) -> None:
    refuse(world, "one", "two")
    world.send(world.red())

    result = run_in(world, "export", "decisions")
    heading, *rows = table(result)

    assert (result.exit_code, result.stderr) == (0, "")
    assert heading == [*DECISIONS.columns]
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    assert [(row["version"], row["alarm"], row["decision"], row["reason"]) for row in found] == [
        ("1", "one", "refuse", "target_none"),
        ("1", "two", "refuse", "target_none"),
        ("1", "api-memory-high", "act", "clear_to_act"),
    ]
    assert found[0]["at"] == (a.NOW + SECOND).isoformat()
    assert len({row["key"] for row in found}) == 3
    assert {check["guard"] for check in json.loads(found[2]["checks"])} >= {"cooldown", "budgets"}


def test_json_lines_hold_the_same_values_as_they_are(world: World) -> None:
    refuse(world, "one")

    (row,) = exported(world, "decisions")
    heading, cells = table(run_in(world, "export", "decisions"))

    assert list(row) == heading == [*DECISIONS.columns]
    assert (row["version"], row["target"], row["by"]) == (1, None, None)
    assert isinstance(row["checks"], list)
    assert cells[heading.index("target")] == ""


def test_an_incident_is_exported_with_what_was_changed(world: World) -> None:
    done = world.send(world.red())

    (row,) = exported(world, "incidents")

    assert list(row) == [*INCIDENTS.columns]
    assert (row["id"], row["state"], row["rung"]) == (done.incident_id, "acted", 1)
    assert (row["target"], row["alarm"], row["alarms"]) == ("ecs:prod/api", row["alarm"], [row["alarm"]])
    assert row["ladder"] == ["restart-service", "scale-service", "page"]
    assert row["opened_at"] == a.NOW.isoformat()
    assert row["before"]
    assert row["receipt"]


def test_diagnostics_are_a_row_for_each_source_with_lines_or_numbers(world: World) -> None:
    refuse(world, "without an incident")
    done = world.send(world.red())
    points = (Point(a.NOW, 99.5),)
    picture = MetricPicture(name="cpu", statistic="Average", period=MINUTE, threshold=80.0, points=points)
    sections = (Section("log", ("=cmd()",)), Section("tasks", Unknown("denied")), Section("metric", picture))
    keep_diagnostics(world, done.incident_id, *sections)

    rows = exported(world, "diagnostics")

    assert [*rows[0]] == [*DIAGNOSTICS.columns]
    assert {(row["incident"], row["rung"], row["target"]) for row in rows} == {
        (done.incident_id, 1, "ecs:prod/api")
    }
    assert [(row["source"], row["state"], row["lines"], row["why"]) for row in rows] == [
        ("log", "read", ["=cmd()"], None),
        ("tasks", "unknown", [], "denied"),
        ("metric", "read", [], None),
    ]
    assert rows[2]["metric"] == {
        "name": "cpu",
        "statistic": "Average",
        "period_seconds": 60,
        "threshold": 80.0,
        "points": [{"at": a.NOW.isoformat(), "value": 99.5}],
    }
    assert len(table(run_in(world, "export", "diagnostics"))) == 4


def test_damaged_diagnostics_are_counted_and_hide_none_of_the_others(world: World) -> None:
    done = world.send(world.red())
    keep_diagnostics(world, done.incident_id, Section("log", ("line",)))
    damaged = Diagnostics(incident_id=done.incident_id, rung=1, at=world.clock.at, sections=())
    world.dynamodb.put_item(TableName=TABLE, Item=diagnostics_item(damaged) | {"sections": {"S": "[1]"}})

    result = run_in(world, "export", "diagnostics", "--json")

    assert [json.loads(line)["source"] for line in result.stdout.splitlines()] == ["log"]
    assert error_lines(result) == ["firebreak: 1 diagnostics could not be read: they are left out"]


def test_a_thread_of_pages_is_exported_with_who_has_it(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    announce(world)

    (row,) = exported(world, "pages")

    assert list(row) == [*PAGES.columns]
    assert (row["id"], row["state"], row["severity"]) == ("i-0123456789", "open", "critical")
    assert (row["incident"], row["target"], row["kind"]) == (
        "i-0123456789",
        "ecs:prod/api",
        "given_to_humans",
    )
    assert (row["notified"], row["steps"], row["acknowledged_by"]) == (["ops", "pd"], 1, None)
    assert row["next_step_at"] == (a.NOW + 15 * MINUTE).isoformat()


@pytest.mark.parametrize("kind", Kind)
def test_an_export_of_nothing_has_a_heading_and_no_row(world: World, kind: Kind) -> None:
    assert table(run_in(world, "export", kind)) == [[*table_of(kind).columns]]
    assert exported(world, kind) == []


@pytest.mark.parametrize("kind", Kind)
def test_the_beginning_of_the_range_is_in_it_and_its_end_is_not(world: World, kind: Kind) -> None:
    def count(first: timedelta, until: timedelta) -> int:
        span = ("--from", (a.NOW + first).isoformat(), "--until", (a.NOW + until).isoformat())
        return len(exported(world, kind, *span))

    done = world.send(world.red())
    keep_diagnostics(world, done.incident_id, Section("last log lines", ("line",)))

    assert count(timedelta(), SECOND) == 1
    assert count(-SECOND, timedelta()) == 0
    assert count(SECOND, MINUTE) == 0


def test_a_range_is_asked_for_by_its_length_or_by_days(world: World) -> None:
    refuse(world, "old")
    world.clock.pass_time(31 * DAY)
    refuse(world, "new")

    assert alarms(exported(world, "decisions")) == ["new"]
    assert alarms(exported(world, "decisions", "--since", "40d")) == ["old", "new"]
    november = ("--from", "2026-11-01", "--until", "2026-12-01")
    assert alarms(exported(world, "decisions", *november)) == ["old"]


def test_heartbeats_are_no_decisions_to_export(world: World) -> None:
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
    alarm = world.red("firebreak-heartbeat", tags=tags)
    world.send(alarm)
    world.green(alarm)
    assert [item["reason"]["S"] for item in items(world, "DECISION#")] == ["heartbeat"] * 2

    assert exported(world, "decisions") == []


def forget_the_index(world: World, begins: str, name: str) -> None:
    """The item about that alarm as a release without the index by time wrote it."""
    for item in items(world, begins):
        if name in item.get("alarm", {}).get("S", ""):
            earlier = {key: value for key, value in item.items() if key != "listed"}
            if begins == "INC#":  # its time in the index is new, too
                del earlier["at"]
            world.dynamodb.put_item(TableName=TABLE, Item=earlier)


def test_what_an_earlier_release_wrote_is_exported_once(world: World) -> None:
    refuse(world, "first", "second")
    world.send(world.red("incident"))
    forget_the_index(world, "DECISION#", "first")
    forget_the_index(world, "INC#", "incident")

    assert sorted(alarms(exported(world, "decisions"))) == ["first", "incident", "second"]
    assert alarms(exported(world, "incidents")) == ["incident"]


def test_without_the_index_the_table_is_scanned(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)
    create_table(world.dynamodb, by_time=False)
    refuse(world, "first", "second")
    done = world.send(world.red())

    assert sorted(alarms(exported(world, "decisions"))) == ["api-memory-high", "first", "second"]
    assert [row["id"] for row in exported(world, "incidents")] == [done.incident_id]


def test_where_the_index_holds_everything_the_table_is_not_scanned(world: World) -> None:
    refuse(world, "old")
    world.clock.pass_time(DAY)
    refuse(world, "new")
    calls = Calls()

    result = run_in(world, "export", "decisions", "--json", "--since", "1h", calls=calls)

    assert [json.loads(line)["alarm"] for line in result.stdout.splitlines()] == ["new"]
    assert "Scan" not in calls.made


@pytest.mark.parametrize(("kind", "begins"), [("decisions", "DECISION#"), ("incidents", "INC#")])
def test_an_item_that_cannot_be_read_is_counted_and_hides_no_other(
    world: World, kind: str, begins: str
) -> None:
    world.send(world.red())
    good = next(item for item in items(world, begins) if "alarm" in item)
    world.dynamodb.put_item(TableName=TABLE, Item={**good, "pk": {"S": f"{begins}odd"}, "alarm": {"S": "{"}})

    result = run_in(world, "export", kind, "--json")

    assert result.exit_code == 0
    assert error_lines(result) == [f"firebreak: 1 {kind} could not be read: they are left out"]
    assert len(result.stdout.splitlines()) == 1


def test_a_page_that_cannot_be_read_is_counted(world: World) -> None:
    world.dynamodb.put_item(
        TableName=TABLE, Item={**stamped("THREAD#x"), "opened_at": number(1_795_168_800_000)}
    )

    result = run_in(world, "export", "pages", "--since", "1d")

    assert error_lines(result) == ["firebreak: 1 pages could not be read: they are left out"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--since", "1d", "--from", "2026-11-01"], "--since or --from: expected one of them"),
        (["--since", "soon"], "--since soon: expected a duration like"),
        (["--since", "999999d"], "--since 999999d: that is before all time"),
        (["--from", "2026-13-01"], '--from 2026-13-01: expected a day like "2026-11-30"'),
        (["--until", "2026-11-30T08:00"], "this one has no zone"),
        (["--until", "2026-11-30 00:00"], "this one has no zone"),
        (["--from", "2026-11-02", "--until", "2026-11-01"], "nothing lies between 2026-11-02 00:00Z and"),
    ],
    ids=" ".join,
)
def test_a_range_that_is_none_is_one_line(world: World, more: list[str], why: str) -> None:
    result = run_in(world, "export", "decisions", *more)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert why in result.stderr


def test_a_kind_that_is_none_is_refused(world: World) -> None:
    assert run_in(world, "export", "everything").exit_code == 2


def test_a_ledger_that_cannot_be_read_is_no_empty_export(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)

    for kind in Kind:
        result = run_in(world, "export", kind, "--json")
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)


@pytest.mark.parametrize(("kind", "begins"), [("decisions", "DECISION#"), ("incidents", "INC#")])
def test_what_dynamodb_did_not_process_is_not_left_out_but_an_error(
    world: World, kind: str, begins: str
) -> None:
    world.send(world.red())
    left_out = {item["pk"]["S"] for item in items(world, begins)}
    here = busy(world, left_out)

    for how in ([], ["--json"]):
        result = run("export", kind, *how, environment=here)
        assert result.exit_code == 3
        assert error_lines(result) == [
            "firebreak: AWS has too many calls to answer BatchGetItem (UnprocessedKeys): try again"
        ]
    left_out.clear()
    result = run("export", kind, "--json", environment=here)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)


def test_an_error_in_the_middle_ends_it_after_the_rows_before_it(world: World) -> None:
    refuse(world, *(f"alarm-{n}" for n in range(by_time.BATCH + 1)))
    batches: list[object] = []

    def lost(**_: object) -> None:
        batches.append(None)
        if len(batches) > 1:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")

    def session() -> StackSession:
        made = StackSession(deployed)
        made.events.register("before-call.dynamodb.BatchGetItem", lost)
        return made

    result = run(
        "export", "decisions", environment=replace(cli_environment(world.clock.now), session=session)
    )

    assert (result.exit_code, len(table(result))) == (3, 1 + by_time.BATCH)
    assert error_lines(result) == [
        "firebreak: AWS could not be reached for BatchGetItem (EndpointConnectionError)"
    ]
