"""`firebreak adopt` on files: the plan as a table, as JSON to edit and read again, and as patches."""

import io
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from firebreak.core.readings import Unknown
from firebreak_cli.adopt import plan_file, plan_screen
from firebreak_cli.adopt.entries import MEANINGS, LeftAlone
from firebreak_cli.adopt.plan_file import read_plan
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from tests.cli.adopted import (
    NOW,
    SAMPLE_ALARMS,
    SAMPLE_TAGS,
    composite,
    entry,
    existing,
    planned,
    raw,
)
from tests.cli.running import error_lines, run
from tests.cli.test_adopt_sample import PLAN
from tests.support import builders as a

FILES = ("--alarms", str(SAMPLE_ALARMS), "--tags", str(SAMPLE_TAGS))


def no_session() -> Any:
    raise AssertionError("AWS is asked")


OFFLINE = Environment({}, lambda: NOW, no_session)


def adopt(*arguments: str, stdin: str = "") -> Any:
    """The command on a machine without AWS."""
    return run("adopt", *arguments, environment=OFFLINE, stdin=stdin)


def printed(*arguments: str) -> dict[str, Any]:
    result = adopt(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_sample_is_planned_without_aws() -> None:
    found = printed(*FILES)
    assert (found["version"], found["account"], found["region"]) == (1, a.ACCOUNT, a.REGION)
    assert found["counts"] == {"adopt": 16, "leave": 29, "red": 2}
    assert found["red"] == ["api-memory-high", "orders-db-free-storage"]
    assert {one["alarm"] for one in found["alarms"]} == {one.alarm for one in PLAN.entries}


def test_what_files_cannot_say_is_not_read_and_no_answer() -> None:
    found = {one["alarm"]: one for one in printed(*FILES)["alarms"]}
    balanced = found["alb-api-unhealthy-hosts"]
    assert (balanced["reason"], "run it without --alarms" in balanced["why"]) == ("target_not_read", True)
    importer = found["importer-errors"]
    assert (importer["do"], importer["opt_in"], importer["target_owner"]["kind"]) == (
        "adopt",
        "not known",
        "not known",
    )
    without_tags = {one["alarm"]: one for one in printed("--alarms", str(SAMPLE_ALARMS))["alarms"]}
    memory = without_tags["prod-billing-memory-sev2"]
    assert (memory["tags"], memory["owner"]["kind"]) == (None, "not known")


def test_the_table_shows_what_is_adopted_left_alone_and_red() -> None:
    out = io.StringIO()
    plan_screen.show(PLAN, Console(file=out, width=200, highlight=False, markup=False))
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert f"Adopt {len(PLAN.adopted)}, of which 6 are managed by a stack or a tool" in lines
    assert "Red now 2: api-memory-high, orders-db-free-storage" in lines
    assert "Firebreak acts on none of these until they are OK and turn red again" in lines
    assert "worker-in-trouble restart-service ecs:prod/worker action, target nobody" in lines
    assert "prod-billing-memory-sev2 restart-service ecs:prod/billing severity=error terraform" in lines
    assert "ecs:prod/payments firebreak:enabled=true stack ShopStack" in lines
    assert "api-cpu-low low_side it fires when AWS/ECS CPUUtilization is low (LessThanThreshold)" in lines
    note = "Note its metric leads to restart-service without a tag, and a guard refuses that: legacy-memory"
    assert note in lines


def test_the_command_prints_that_table_on_a_narrow_terminal() -> None:
    result = adopt(*FILES)
    assert (result.exit_code, max(map(len, result.stdout.splitlines())) <= 80) == (0, True)
    assert "Adopt       16, of which 5 are managed by a stack or a tool" in result.stdout


def test_a_plan_is_read_as_it_was_printed(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_file.as_json(PLAN)), encoding="utf-8")
    assert read_plan(str(file)) == PLAN
    assert printed("--plan", str(file)) == plan_file.as_json(read_plan(str(file)))


@given(
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60),
    tags=st.dictionaries(
        st.sampled_from(["team", "ManagedBy", "priority"]), st.text(max_size=20), max_size=3
    ),
)
def test_any_name_and_tags_survive_a_plan_and_are_one_line_on_a_screen(
    name: str, tags: dict[str, str]
) -> None:
    plan = planned(existing(raw(name), tags))
    read = plan_file._Plan.model_validate(json.loads(json.dumps(plan_file.as_json(plan))))
    assert [one.entry() for one in read.alarms] == list(plan.entries)
    assert json.dumps(plan_file.as_json(plan)).isascii()


# --- what files may hold


def alarms_file(tmp_path: Path, *answers: dict[str, Any], kind: str = "MetricAlarms") -> Path:
    file = tmp_path / "alarms.json"
    shown = [{key: str(one) if isinstance(one, datetime) else one for key, one in s.items()} for s in answers]
    for one in shown:
        one["StateUpdatedTimestamp"] = str(one["StateUpdatedTimestamp"]).replace(" ", "T")
    file.write_text(json.dumps({kind: shown}), encoding="utf-8")
    return file


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in raw().items() if name != key}


FAULTS: list[tuple[str, str]] = [
    ("", "not JSON (line 1, column 1)"),
    ("[]", "found a list of 0"),
    ("{}", "expected MetricAlarms or CompositeAlarms or LogAlarms"),
    ('{"MetricAlarms": []}', "no alarm in it"),
    ('{"MetricAlarms": [1]}', "MetricAlarms[0]: found an alarm without AlarmName, AlarmArn"),
    ('{"MetricAlarms": [], "MetricAlarms": []}', 'found the key "MetricAlarms" twice'),
    ('{"MetricAlarms": NaN}', "found NaN"),
    ("[" * 100_000, "not readable (RecursionError)"),
    ("\xff", "not readable (UnicodeDecodeError)"),
]


@pytest.mark.parametrize(("text", "line"), FAULTS, ids=lambda value: value[:30])
def test_a_file_that_is_no_answer_of_the_aws_cli_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "alarms.json"
    file.write_bytes(text.encode("latin-1"))
    result = adopt("--alarms", str(file))
    assert (result.exit_code, result.stdout, len(error_lines(result))) == (BAD_INPUT, "", 1)
    assert error_lines(result)[0].startswith(f"firebreak: {file}: ")
    assert line in error_lines(result)[0]


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (without("StateValue"), "found an alarm without StateValue"),
        (without("Period"), 'found alarm "api-memory" with an odd or missing Period'),
        (raw(StateUpdatedTimestamp="yesterday"), 'found the time "yesterday"'),
        (raw(StateValue="RED"), 'found alarm "api-memory" with an odd or missing'),
        (raw(AlarmArn=7), 'found alarm "api-memory" with an odd or missing'),
        (raw(Dimensions=[{"Name": "x"}]), 'found alarm "api-memory" with an odd or missing Value'),
        (raw(AlarmName=""), "found an alarm without a name"),
    ],
    ids=["no state", "no period", "odd time", "odd state", "odd arn", "odd dimension", "no name"],
)
def test_an_odd_alarm_is_named_by_its_place(shape: dict[str, Any], line: str, tmp_path: Path) -> None:
    result = adopt("--alarms", str(alarms_file(tmp_path, raw("fine"), shape)))
    assert (result.exit_code, len(error_lines(result))) == (BAD_INPUT, 1)
    assert f"MetricAlarms[1]: {line}" in error_lines(result)[0]


def test_alarms_of_two_regions_are_no_plan(tmp_path: Path) -> None:
    other = raw("far", AlarmArn=f"arn:aws:cloudwatch:us-east-1:{a.ACCOUNT}:alarm:far")
    result = adopt("--alarms", str(alarms_file(tmp_path, raw(), other)))
    assert result.exit_code == BAD_INPUT
    assert "expected alarms of one account and region" in error_lines(result)[0]


def test_one_alarm_twice_is_a_mistake(tmp_path: Path) -> None:
    result = adopt("--alarms", str(alarms_file(tmp_path, raw(), raw())))
    assert (result.exit_code, "api-memory is there twice" in result.stderr) == (BAD_INPUT, True)


def test_a_tags_file_without_a_list_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "tags.json"
    file.write_text('{"Tags": []}', encoding="utf-8")
    result = adopt("--alarms", str(SAMPLE_ALARMS), "--tags", str(file))
    assert (result.exit_code, "expected ResourceTagMappingList" in result.stderr) == (BAD_INPUT, True)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = adopt("--alarms", str(tmp_path / "gone.json"))
    assert (result.exit_code, "gone.json: cannot be read (FileNotFoundError)" in result.stderr) == (
        BAD_INPUT,
        True,
    )


def test_alarms_may_come_from_standard_input() -> None:
    result = adopt("--alarms", "-", "--json", stdin=SAMPLE_ALARMS.read_text(encoding="utf-8"))
    assert (result.exit_code, json.loads(result.stdout)["counts"]["red"]) == (0, 2)


NOT_TOGETHER = [
    (("--alarms", "x", "--plan", "y"), "--alarms does not go with --plan"),
    (("--alarms", "x", "--apply"), "--alarms does not go with --apply"),
    (("--alarms", "x", "--name-prefix", "y"), "--alarms does not go with --name-prefix"),
    (("--plan", "x", "--name-prefix", "y"), "--plan does not go with --name-prefix"),
    (("--patch", "--apply"), "--patch does not go with --apply"),
    (("--tags", "x"), "--tags goes with --alarms"),
    (("--even-if-owned",), "--even-if-owned goes with --apply"),
    (("--undo-file", "x"), "--undo-file goes with --apply"),
    (("--undo", "x", "--apply"), "--undo does not go with --apply"),
]


@pytest.mark.parametrize(("options", "line"), NOT_TOGETHER, ids=lambda value: " ".join(value)[:40])
def test_options_that_do_not_go_together_are_refused(options: tuple[str, ...], line: str) -> None:
    result = adopt(*options)
    assert (result.exit_code, error_lines(result)) == (BAD_INPUT, [f"firebreak: {line}"])


def test_files_are_planned_without_the_sdk() -> None:
    loaded = "import sys; from firebreak_cli.adopt import files, plan_screen, plan_file, patches; "
    code = loaded + "print([m for m in sys.modules if m.split('.')[0] in {'boto3', 'botocore'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- the rest


def test_every_reason_to_leave_an_alarm_alone_has_a_meaning() -> None:
    assert list(MEANINGS) == list(LeftAlone)


def test_a_hostile_name_is_one_line_of_the_table(tmp_path: Path) -> None:
    name = "api \u202e\u2066 [bold] critical"
    result = adopt("--alarms", str(alarms_file(tmp_path, raw(name))))
    assert "\u202e" not in result.stdout
    assert "[bold]" in result.stdout


def test_unread_tags_and_composites_are_in_a_plan_as_well() -> None:
    plan = planned(existing(raw("one"), Unknown("x")), existing(composite("both", "ALARM(one)")))
    assert [one.reason for one in plan.entries] == [LeftAlone.CHILDREN_DIFFER, LeftAlone.TAGS_NOT_READ]
    assert entry(existing(raw())).red is False


def test_reading_raises_an_ending_for_a_plan_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(Ending) as raised:
        read_plan(str(file))
    assert raised.value.lines[0] == f"{file}: version: Field required"
