"""A plan of `firebreak adopt` as a file: edited, read again, and refused with the place of each mistake."""

import json
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.adopt import plan_file
from firebreak_cli.adopt.entries import Do, LeftAlone
from firebreak_cli.adopt.plan_file import read_plan
from firebreak_cli.exit_codes import BAD_INPUT
from tests.cli.running import error_lines
from tests.cli.test_adopt_offline import adopt
from tests.cli.test_adopt_sample import PLAN
from tests.support import builders as a


def edited(tmp_path: Path, edits: str, **changes: object) -> Path:
    """The plan of the sample with changes of one alarm."""
    written: Any = json.loads(json.dumps(plan_file.as_json(PLAN)))
    next(one for one in written["alarms"] if one["alarm"] == edits).update(changes)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(written), encoding="utf-8")
    return file


def test_an_edited_action_and_target_are_what_is_tagged(tmp_path: Path) -> None:
    file = edited(
        tmp_path, "alb-5xx-of-all-targets", do="adopt", action="restart-service", target="ecs:prod/web"
    )
    found = next(one for one in read_plan(str(file)).entries if one.alarm == "alb-5xx-of-all-targets")
    assert found.missing == {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/web"}
    assert (found.do, found.reason) == (Do.ADOPT, LeftAlone.NO_SINGLE_TARGET)


def test_an_alarm_may_be_given_to_humans_or_kept_out(tmp_path: Path) -> None:
    file = edited(tmp_path, "orders-db-cpu", do="adopt", action="page", severity="critical")
    found = next(one for one in read_plan(str(file)).entries if one.alarm == "orders-db-cpu")
    assert found.missing == {"firebreak:action": "page", "firebreak:severity": "critical"}
    assert not found.needs_opt_in


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-eusc"])
def test_a_plan_of_another_partition_is_read(tmp_path: Path, partition: str) -> None:
    file = edited(tmp_path, "orders-db-cpu", do="adopt", action="page")
    text = file.read_text(encoding="utf-8").replace("arn:aws:", f"arn:{partition}:")
    file.write_text(text, encoding="utf-8")
    assert {one.arn.split(":")[1] for one in read_plan(str(file)).entries} == {partition}


def test_an_alarm_that_is_taken_out_of_a_plan_lacks_nothing(tmp_path: Path) -> None:
    file = edited(tmp_path, "alb-api-5xx-critical", do="leave")
    found = next(one for one in read_plan(str(file)).entries if one.alarm == "alb-api-5xx-critical")
    assert (found.missing, found.needs_opt_in) == ({}, False)


NAME = "api-memory-high"
MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"do": "perhaps"}, "do: Input should be 'adopt' or 'leave'"),
    ({"action": "restart-servce"}, "action: expected one of adjust-function-memory, "),
    ({"action": "restart-function"}, "target: restart-function is for lambda: targets"),
    ({"target": "prod/api"}, 'target: target "prod/api" does not start with ecs:'),
    ({"target": ""}, "target: target an empty string does not start with ecs:"),
    ({"action": "page"}, "target: expected none with page"),
    ({"severity": "urgent"}, "severity."),
    ({"arn": "arn:aws:cloudwatch:eu-west-1:444455556666:alarm:api-memory-high"}, "arn: expected arn:aws:"),
    ({"arn": a.arn_of("api-memory-high").replace("arn:aws:", "arn:aws-cn:")}, "arn: expected arn:aws"),
    ({"alarm": "orders-db-cpu", "arn": a.arn_of("orders-db-cpu")}, "alarm: it is there twice"),
    ({"severty": "info"}, "severty: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("changes", "line"), MISTAKES, ids=str)
def test_a_mistake_in_an_edited_plan_is_a_line_with_its_place(
    changes: dict[str, object], line: str, tmp_path: Path
) -> None:
    file = edited(tmp_path, NAME, **changes)
    result = adopt("--plan", str(file))
    assert (result.exit_code, result.stdout) == (BAD_INPUT, "")
    assert all(one.startswith(f"firebreak: {file}: alarms[") for one in error_lines(result))
    assert any(f"].{line}" in one for one in error_lines(result)), error_lines(result)
