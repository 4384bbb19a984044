"""`firebreak policy check` warns of what is allowed and hardly meant."""

import json
from pathlib import Path

import pytest

from tests.cli.running import error_lines, run
from tests.support.sample_events import EVENTS

SHIPPED = (EVENTS.parent / "shared/policy.toml").read_text(encoding="utf-8")
OVER = '[[freeze.never]]\nname = "christmas"\nschedule = "at(2025-12-24T00:00)"\nduration = "3d"\n'
TO_COME = OVER.replace("2025", "2026")
OVERRIDE = '[[overrides]]\ntarget = "ecs:prod/api"\nautonomy = "auto"\n'
CALENDAR = """[[freeze.calendars]]
name = "prod-changes"
arn = "arn:aws:ssm:eu-west-1:123456789012:document/prod-changes"
"""
WARNINGS = {
    "a freeze that is over": (OVER, "freeze.never[0]: christmas is over"),
    "two overrides for one target": (
        OVERRIDE + OVERRIDE,
        "overrides[1].autonomy: never used, for overrides[0]",
    ),
    "an action of another service": (
        OVERRIDE + 'action = "restart-function"\n',
        "overrides[0].target: ecs:prod/api names nothing here: restart-function is for lambda targets",
    ),
    "a window for targets of another service": (
        TO_COME + 'actions = ["restart-function"]\ntargets = ["ecs:prod/*"]\n',
        "freeze.never[0]: restart-function is for lambda targets, of which the window names none",
    ),
    "a calendar for targets of another service": (
        CALENDAR + 'actions = ["restart-function"]\ntargets = ["ecs:prod/*"]\n',
        "freeze.calendars[0]: restart-function is for lambda targets, of which the calendar names none",
    ),
    "a name of a calendar in another case": (
        OVERRIDE + CALENDAR + 'targets = ["ecs:Prod/api"]\n',
        "ecs:Prod/api is not ecs:prod/api of overrides[0].target: upper and lower case are different names",
    ),
    "a name in another case": (
        OVERRIDE + TO_COME + 'targets = ["ecs:Prod/api"]\n',
        "ecs:Prod/api is not ecs:prod/api of overrides[0].target: upper and lower case are different names",
    ),
}
QUIET = {
    "nothing odd": "",
    "a freeze to come": TO_COME,
    "a calendar": CALENDAR,
    "one override for each action": OVERRIDE + OVERRIDE + 'action = "scale-service"\n',
    "overrides for different keys": OVERRIDE + OVERRIDE.replace('autonomy = "auto"', 'cooldown = "1h"'),
    "a pattern over all services": OVERRIDE.replace("ecs:prod/api", "*:api")
    + 'action = "restart-function"\n',
}


def checked(tmp_path: Path, text: str, *more: str) -> tuple[int, list[str]]:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    result = run("policy", "check", str(file), *more)
    assert result.stdout.count("\n") == 1 or "--json" in more
    return result.exit_code, error_lines(result)


@pytest.mark.parametrize(("more", "warning"), WARNINGS.values(), ids=WARNINGS)
def test_it_loads_with_a_warning_on_its_line_that_strict_fails_on(
    tmp_path: Path, more: str, warning: str
) -> None:
    text = f"{SHIPPED}\n{more}"

    code, lines = checked(tmp_path, text)

    assert (code, len(lines)) == (0, 1)
    assert "own.toml: warning: line " in lines[0]
    assert warning in lines[0]
    assert int(lines[0].split("line ")[1].split(":")[0]) > SHIPPED.count("\n")
    assert checked(tmp_path, text, "--strict")[0] == 1


@pytest.mark.parametrize("more", QUIET.values(), ids=QUIET)
def test_a_policy_that_is_plausible_has_no_warning(tmp_path: Path, more: str) -> None:
    assert checked(tmp_path, f"{SHIPPED}\n{more}", "--strict") == (0, [])


def test_auto_for_everything_is_a_warning_but_not_in_a_demo(tmp_path: Path) -> None:
    text = SHIPPED.replace('autonomy = "observe"', 'autonomy = "auto"', 1)

    assert "defaults.autonomy: auto lets every action" in checked(tmp_path, text)[1][0]
    assert checked(tmp_path, text.replace("version = 1", "version = 1\ndemo = true")) == (0, [])


def test_json_has_the_warnings(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"{SHIPPED}\n{OVER}", encoding="utf-8")

    found = json.loads(run("policy", "check", str(file), "--json").stdout)["warnings"]

    assert len(found) == 1
    assert "is over" in found[0]
