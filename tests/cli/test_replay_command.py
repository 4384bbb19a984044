"""`firebreak replay` makes a recorded decision again, or says in one line why it cannot."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from firebreak.ledger.policies import policy_pk
from firebreak.policy.policy import hash_of
from firebreak_cli.replay import replay_screen
from firebreak_cli.replay.replaying import Replay, own_build
from tests.cli.exports import items, refuse
from tests.cli.replays import MINUTE, acted, answer, file_of, only
from tests.cli.running import Calls, error_lines, run_in
from tests.support import builders as a
from tests.support.world import TABLE, World

LONG_COOLDOWN = a.AUTO_POLICY.replace('cooldown = "15m"', 'cooldown = "6h"')
OBSERVING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "observe"')


def change_decision(world: World, **fields: Any) -> None:
    """Changes fields of the only decision as it is stored; None takes one away."""
    (item,) = items(world, "DECISION#")
    kept = {name: value for name, value in (item | fields).items() if value is not None}
    world.dynamodb.put_item(TableName=TABLE, Item=kept)


def checks_with(world: World, name: str, **changes: Any) -> dict[str, str]:
    (item,) = items(world, "DECISION#")
    checks = json.loads(item["checks"]["S"])
    return {"S": json.dumps([one | changes if one["guard"] == name else one for one in checks])}


def test_an_act_is_the_same_decision_when_it_is_made_again(world: World) -> None:
    incident = acted(world)

    found = answer(world, incident)

    one = only(found)
    assert (found["version"], found["build"], found["cut"]) == (1, own_build(), False)
    assert (one["result"], one["difference"], one["why"]) == ("same", None, None)
    assert one["recorded"] == {
        "decision": "act",
        "reason": "clear_to_act",
        "policy": hash_of(a.AUTO_POLICY),
        "build": own_build(),
    }
    text = run_in(world, "replay", incident).stdout
    assert f"same decision, by policy {hash_of(a.AUTO_POLICY)}" in text
    assert f"{own_build()} decided and replayed it" in text


def test_every_decision_of_an_incident_is_replayed_oldest_first(world: World) -> None:
    incident = acted(world)
    world.pass_time(5 * MINUTE)

    found = answer(world, incident)

    assert [one["kind"] for one in found["decisions"]] == ["alarm", "climb"]
    assert {one["result"] for one in found["decisions"]} == {"same"}


def test_one_decision_is_found_by_its_own_key(world: World) -> None:
    incident = acted(world)
    world.pass_time(5 * MINUTE)
    second = answer(world, incident)["decisions"][1]

    assert only(answer(world, second["key"])) == second


def test_a_guard_that_finds_otherwise_is_named_with_both_findings(world: World) -> None:
    incident = acted(world, build="0123456789ab")
    changed = checks_with(world, "cooldown", result="objected", reason="cooldown", detail="rest 15m")
    change_decision(world, checks=changed, outcome={"S": "refuse"}, reason={"S": "cooldown"})

    one = only(answer(world, incident, code=5))

    assert one["result"] == "differs"
    assert one["difference"]["guard"] == "cooldown"
    assert one["difference"]["recorded"]["result"] == "objected"
    assert one["difference"]["replayed"]["result"] == "passed"
    result = run_in(world, "replay", incident)
    assert f"0123456789ab decided, {own_build()} replayed it" in result.stdout
    assert "objected, cooldown, rest 15m" in result.stdout
    assert error_lines(result) == ["firebreak: 1 of 1 decisions would be another one now"]


def test_a_guard_that_a_later_release_added_is_a_difference(world: World) -> None:
    incident = acted(world)
    (item,) = items(world, "DECISION#")
    checks = [one for one in json.loads(item["checks"]["S"]) if one["guard"] != "cooldown"]
    change_decision(world, checks={"S": json.dumps(checks)})

    difference = only(answer(world, incident, code=5))["difference"]

    assert (difference["guard"], difference["recorded"]) == ("cooldown", None)
    assert "no such guard" in run_in(world, "replay", incident).stdout


def test_a_guard_that_a_later_release_dropped_is_a_difference(world: World) -> None:
    incident = acted(world)
    (item,) = items(world, "DECISION#")
    checks = [*json.loads(item["checks"]["S"]), {"guard": "moon phase", "result": "passed", "detail": "full"}]
    change_decision(world, checks={"S": json.dumps(checks)})

    difference = only(answer(world, incident, code=5))["difference"]

    assert (difference["guard"], difference["replayed"]) == ("moon phase", None)


def test_a_decision_of_another_word_by_the_same_findings_is_a_difference(world: World) -> None:
    incident = acted(world)
    change_decision(world, outcome={"S": "propose"}, reason={"S": "observe_only"})
    assert only(answer(world, incident, code=5))["difference"]["guard"] == "decision"


def test_other_words_of_a_finding_are_no_other_decision(world: World) -> None:
    incident = acted(world)
    change_decision(world, checks=checks_with(world, "cooldown", detail="in the words of another release"))
    assert only(answer(world, incident))["result"] == "same"


def test_another_policy_shows_whether_it_would_have_decided_otherwise(world: World, tmp_path: Path) -> None:
    incident = acted(world)

    one = only(answer(world, incident, "--policy", file_of(tmp_path, OBSERVING), code=5))

    assert (one["replayed"]["decision"], one["replayed"]["reason"]) == ("propose", "observe_only")
    assert one["difference"]["guard"] == "autonomy"
    assert one["replayed"]["policy"] == hash_of(OBSERVING) != one["recorded"]["policy"]


def test_another_policy_may_decide_the_same(world: World, tmp_path: Path) -> None:
    incident = acted(world)
    other = file_of(tmp_path, LONG_COOLDOWN)
    assert only(answer(world, incident, "--policy", other))["result"] == "same"
    text = run_in(world, "replay", incident, "--policy", other).stdout
    assert f"policy {hash_of(LONG_COOLDOWN)}; policy {hash_of(a.AUTO_POLICY)} decided" in " ".join(
        text.split()
    )


def test_a_policy_that_does_not_load_ends_it_with_its_mistakes(world: World, tmp_path: Path) -> None:
    result = run_in(world, "replay", acted(world), "--policy", file_of(tmp_path, "autonomy = 7"))
    assert (result.exit_code, result.stdout) == (1, "")


def packed(text: str) -> dict[str, str]:
    return {"S": base64.b64encode(zlib.compress(text.encode())).decode()}


NOT_REPLAYED: dict[str, tuple[dict[str, Any], str]] = {
    "an earlier release": ({"inputs": None}, "an earlier release recorded it, without its snapshot"),
    "too large": (
        {
            "inputs": None,
            "inputs_left_out": {"S": "the snapshot is too large: 40000 characters, limit 32768"},
        },
        "the snapshot is too large",
    ),
    "damaged": ({"inputs": {"S": "snow"}}, "the kept snapshot cannot be read"),
    "of a newer release": ({"inputs": packed('{"v": 2}')}, "a snapshot of another version"),
}


@pytest.mark.parametrize(("fields", "why"), NOT_REPLAYED.values(), ids=NOT_REPLAYED)
def test_a_snapshot_that_is_not_there_is_no_pass_and_one_line(
    world: World, fields: dict[str, Any], why: str
) -> None:
    incident = acted(world)
    change_decision(world, **fields)

    one = only(answer(world, incident, code=6))

    assert (one["result"], one["replayed"]) == ("not_replayed", None)
    assert why in one["why"]
    assert "\n" not in one["why"]
    assert error_lines(run_in(world, "replay", incident)) == [
        "firebreak: 1 of 1 decisions could not be replayed"
    ]


def keep(world: World, **fields: Any) -> None:
    item = {"pk": {"S": policy_pk(hash_of(a.AUTO_POLICY))}, "sk": {"S": "-"}, "v": {"N": "1"}, **fields}
    world.dynamodb.put_item(TableName=TABLE, Item=item)


POLICIES: dict[str, tuple[dict[str, Any], str]] = {
    "left out": ({"left_out": {"S": "line 3 of its text looks like a secret"}}, "line 3 of its text"),
    "damaged": ({"text": {"S": "snow"}}, "is damaged"),
    "without a text": ({}, "is damaged"),
    "another text": ({"text": packed("autonomy = 7")}, "its text has another hash"),
}


@pytest.mark.parametrize(("fields", "why"), POLICIES.values(), ids=POLICIES)
def test_a_policy_that_is_not_there_is_no_pass_and_its_file_stands_in(
    world: World, tmp_path: Path, fields: dict[str, Any], why: str
) -> None:
    incident = acted(world)
    keep(world, **fields)

    assert why in only(answer(world, incident, code=6))["why"]
    assert only(answer(world, incident, "--policy", file_of(tmp_path, a.AUTO_POLICY)))["result"] == "same"


def test_a_policy_that_was_never_kept_is_said_to_be_missing(world: World) -> None:
    incident = acted(world)
    place = {"pk": {"S": policy_pk(hash_of(a.AUTO_POLICY))}, "sk": {"S": "-"}}
    world.dynamodb.delete_item(TableName=TABLE, Key=place)
    assert "is not kept: name its file with --policy" in only(answer(world, incident, code=6))["why"]


def test_a_refusal_before_any_snapshot_says_so(world: World) -> None:
    refuse(world, "one")
    one = only(answer(world, "one", code=6))
    assert one["why"] == "no snapshot was taken"


def test_a_build_that_was_not_recorded_is_said_to_be_unknown(world: World) -> None:
    incident = acted(world, build="")
    assert only(answer(world, incident))["recorded"]["build"] is None
    assert "which one decided was not recorded" in run_in(world, "replay", incident).stdout


def test_a_name_of_a_stranger_is_one_harmless_line(world: World) -> None:
    acted(world)
    hostile = "x\x1b[2J\nNot replayed  [red]"
    change_decision(
        world, reason={"S": hostile}, checks=checks_with(world, "cooldown", result=hostile, detail=hostile)
    )
    (item,) = items(world, "DECISION#")

    result = run_in(world, "replay", item["incident"]["S"])

    assert "\x1b" not in result.stdout
    assert not any(line.startswith("Not replayed") for line in result.stdout.splitlines())


def test_an_id_that_nobody_knows_is_one_line(world: World) -> None:
    result = run_in(world, "replay", "i-0000000000")
    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)


def test_a_damaged_decision_is_one_line(world: World) -> None:
    acted(world)
    change_decision(world, at=None)
    (item,) = items(world, "DECISION#")

    result = run_in(world, "replay", item["pk"]["S"].removeprefix("DECISION#"))

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "damaged" in result.stderr


def test_a_ledger_that_is_larger_than_one_look_is_no_pass() -> None:
    found = Replay(id="i-1", build="b", policy_file="", replayed=(), cut=True)
    assert replay_screen.as_json(found)["cut"] is True
    ending = replay_screen.missed(found)
    assert ending
    assert ending[0] == 6
    assert "larger than one look" in ending[1]


def test_replaying_only_reads(world: World) -> None:
    incident, calls = acted(world), Calls()
    assert run_in(world, "replay", incident, calls=calls).exit_code == 0
    assert calls.made
    assert calls.changes == []
