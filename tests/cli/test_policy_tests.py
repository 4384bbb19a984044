"""`firebreak policy test`: stated situations, the decisions that a policy makes of them, and its reports."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from firebreak.core.reasons import Reason
from firebreak_cli.policy_tests.schema import OBSTACLES, AlarmFact, PolicyTest, TargetFact
from tests.cli.running import error_lines, run
from tests.docs.documents import ROOT, document

SHIPPED = sorted((ROOT / "examples").rglob("*.tests.toml"))
EVENT = ROOT / "events/ecs_memory_alarm.json"
OF_NOW = "acts = [{ action = 'restart-service', ago = '0s' }]"
HEAD = f'version = 1\npolicy = "{ROOT / "shared/policies/demo.toml"}"\n'


def one(expect: str = "act", *facts: str, name: str = "x") -> str:
    """A test of the demo's policy on the usual event, with these facts."""
    lines = [
        f'name = "{name}"',
        f'event = "{EVENT}"',
        f'expect = "{expect}"',
        "target.group_size = 5",
        *facts,
    ]
    return "\n".join(["[[tests]]", *lines, ""])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.tests.toml"


def ran(file: Path, text: str, *options: str) -> tuple[int, str, list[str]]:
    file.write_text(HEAD + text, encoding="utf-8")
    result = run("policy", "test", str(file), *options)
    return result.exit_code, result.stdout, error_lines(result)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_shipped_policies_decide_as_their_tests_say(path: Path) -> None:
    result = run("policy", "test", str(path))
    assert (result.exit_code, "FAIL" in result.stdout) == (0, False), result.stdout


def test_every_shipped_policy_of_a_platform_has_tests() -> None:
    assert {path.parent for path in SHIPPED} >= {
        path.parent for path in (ROOT / "examples").rglob("policy.toml")
    }


def test_a_decision_as_expected_is_a_line_and_no_error(file: Path) -> None:
    code, out, errors = ran(file, one("act:clear_to_act", name="it restarts"))
    assert (code, errors) == (0, [])
    assert out.splitlines() == [f"ok    {file}: it restarts", "1 of 1 decisions are as expected"]


def test_another_decision_fails_and_says_which_guard_objected(file: Path) -> None:
    code, out, errors = ran(file, one("act", "pauses = [{ reason = 'migration' }]") + one(name="y"))
    assert (code, errors) == (5, ["firebreak: 1 of 2 decisions are not the expected ones"])
    assert "      expected act, found refuse:switched_off" in out
    assert "      switch: global by the test until " in out
    assert out.splitlines()[-1] == "1 of 2 decisions are as expected"


@pytest.mark.parametrize(
    ("facts", "expect"),
    [
        (["acts = [{ action = 'restart-service', ago = '5m' }]"], "refuse:cooldown"),
        (["acts = [{ action = 'restart-service', ago = '20m', verdict = 'recovered' }]"], "act"),
        (["acts = [{ action = 'restart-service', ago = '5m', target = 'ecs:prod/other' }]"], "act"),
        (["acts = [{ action = 'restart-service', ago = '5m', target = 'ecs:test/api' }]"], "act"),
        (["pauses = [{ scope = 'target ecs:prod/api' }]"], "refuse:switched_off"),
        (["pauses = [{ scope = 'target ecs:prod/other' }]"], "act"),
        (["pauses = [{ scope = 'group ecs:prod' }]"], "refuse:switched_off"),
        (["pauses = [{ scope = 'group ecs:test' }]"], "act"),
        (["pauses = [{ scope = 'action restart-service' }]"], "refuse:switched_off"),
        (["pauses = [{ scope = 'action scale-service' }]"], "act"),
        (["storm = true"], "refuse:storm"),
        (["delay = '11m'"], "refuse:too_old"),
        (["at = 2030-01-01T00:00:00Z"], "act"),
        (["alarm.state = 'OK'"], "refuse:no_longer_red"),
        (["alarm.tags = { 'firebreak:action' = 'none' }"], "refuse:action_none"),
        (["alarm.comparison = 'LessThanThreshold'"], "refuse:wrong_direction"),
        (["target.tags = {}"], "refuse:not_opted_in"),
        (["target.obstacle = 'ceiling_reached'"], "refuse:ceiling_reached"),
        (["target.doubts = ['nobody knows']"], "ask:needs_approval"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][:40],
)
def test_each_stated_fact_is_what_the_guards_see(file: Path, facts: list[str], expect: str) -> None:
    code, out, _ = ran(file, one(expect, *facts))
    assert code == 0, out


ELSEWHERE = "action = 'scale-service', ago = '5m', target = 'ecs:test/x'"
TAGGED = "target.tags = { 'firebreak:enabled' = 'true', app = 'shop' }"


@pytest.mark.parametrize(
    ("fact", "expect"),
    [
        (
            "acts = [{ action = 'scale-service', ago = '5m', target = 'ecs:test/x', application = 'shop' }]",
            "refuse:budget_full",
        ),
        (
            "acts = [{ action = 'scale-service', ago = '5m', target = 'ecs:test/x', application = 'mail' }]",
            "act",
        ),
        ("acts = [{ action = 'scale-service', ago = '5m', target = 'ecs:test/x' }]", "act"),
        ("pauses = [{ scope = 'application shop' }]", "refuse:switched_off"),
        ("pauses = [{ scope = 'application mail' }]", "act"),
    ],
    ids=["act of the application", "of another", "of none", "pause of the application", "of another one"],
)
def test_an_application_that_a_tag_names_has_its_limits(file: Path, fact: str, expect: str) -> None:
    demo = (ROOT / "shared/policies/demo.toml").read_text(encoding="utf-8")
    policy = demo.replace('rung_gap = "1s"', 'rung_gap = "1s"\napplication_tag = "app"').replace(
        '["30/15m"]', '["1/15m"]'
    )
    file.with_name("policy.toml").write_text(policy, encoding="utf-8")
    file.write_text("version = 1\n" + one(expect, TAGGED, fact), encoding="utf-8")
    result = run("policy", "test", str(file))
    assert result.exit_code == 0, result.stdout


def test_a_fact_that_is_not_stated_is_not_taken_for_granted(file: Path) -> None:
    code, out, _ = ran(file, one("refuse:not_looked_at").replace("target.group_size = 5", ""))
    assert code == 0, out


def test_json_has_its_version_and_a_result_for_each_test(file: Path) -> None:
    code, out, _ = ran(file, one("act", name="a") + one("refuse", name="b"), "--json")
    found = json.loads(out)
    assert (code, found["version"], found["failed"]) == (5, 1, 1)
    assert [(test["name"], test["ok"], test["decision"]) for test in found["tests"]] == [
        ("a", True, "act"),
        ("b", False, "act"),
    ]
    assert found["tests"][1]["difference"] == "expected refuse, found act:clear_to_act"


def test_junit_names_each_failure_whatever_the_names_hold(file: Path, tmp_path: Path) -> None:
    report = tmp_path / "out.xml"
    text = one("act", name="<a> & \\u0007") + one("refuse", name="b")
    assert ran(file, text, "--junit", str(report))[0] == 5
    (suite,) = ElementTree.fromstring(report.read_bytes())  # noqa: S314 - written by the command just now
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == ["<a> & ?", "b"]
    assert [len(case) for case in suite] == [0, 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "tests: Field required"),
        (one("refuse:colldown"), "line 6: tests[0].expect: refuse:colldown: did you mean cooldown?"),
        (one("never"), "line 6: tests[0].expect: never: did you mean defer?"),
        (one("act", "storms = true"), "line 8: tests[0].storms: Extra inputs are not permitted"),
        (one("act", OF_NOW), 'a time before the decision, like "20m"'),
        (
            one("act", "pauses = [{ scope = 'ecs:prod/api' }]"),
            "pauses[0].scope: ecs:prod/api: expected global, ",
        ),
        (one("act", "acts = [{ action = 'restart-service', ago = '5m', target = 'api' }]"), 'target "api"'),
        (one("act").replace("ecs_memory_alarm.json", "gone.json"), "gone.json: found no such file"),
        ("[[tests]\n", "not TOML"),
        (
            one("act", "acts = [{ action = 'restart-servce', ago = '5m' }]"),
            "tests[0].acts[0].action: Input should be",
        ),
        (one("act", "target.obstacle = 'cooldown'"), "tests[0].target.obstacle: one of already_done, "),
        (
            one("act", "target.obstacle = 'ceiling'"),
            "obstacle: did you mean ceiling_reached?",
        ),
        (one("act", "target.group_healthy = 5"), "group_healthy: below group_size"),
        (one("act", "alarm.comparison = 'GreaterThan'"), "tests[0].alarm.comparison: Input should be"),
        (one("act", "at = 0001-01-01T00:00:00Z"), "a time from 2000 to 2100"),
        (one("act", "at = 2026-11-20T10:00:00"), "tests[0].at: Input should have timezone info"),
        (one("act", "storm = 'yes'"), "tests[0].storm: Input should be a valid boolean"),
    ],
    ids=range(17),
)
def test_a_mistake_in_the_file_is_one_line_with_its_place(file: Path, text: str, line: str) -> None:
    code, out, errors = ran(file, text)
    assert (code, out, len(errors)) == (2, "", 1)
    assert f"{file}: " in errors[0]
    assert line in errors[0]


def test_a_policy_that_does_not_load_is_reported_as_such(file: Path) -> None:
    file.with_name("policy.toml").write_text("version = 1\n", encoding="utf-8")
    file.write_text("version = 1\n" + one(), encoding="utf-8")
    result = run("policy", "test", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert all("policy.toml: " in line for line in error_lines(result))


def test_a_file_that_cannot_be_read_or_written_is_one_line(file: Path, tmp_path: Path) -> None:
    result = run("policy", "test", str(file))
    assert result.exit_code == 2
    assert error_lines(result) == [f"firebreak: {file}: cannot be read: FileNotFoundError"]
    code, _, errors = ran(file, one(), "--junit", str(tmp_path / "no/such/folder.xml"))
    assert (code, len(errors)) == (2, 1)


def test_reasons_of_the_examples_are_varied_enough_to_show_the_guards() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SHIPPED]
    assert sum(any(f':{reason}"' in text for text in texts) for reason in Reason) >= 15


def test_the_documented_file_of_tests_runs(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"^```toml\n(.*?)^```$", document("docs/policy-tests.md").text, re.DOTALL | re.MULTILINE
    )
    file = tmp_path / "examples/x/policy.tests.toml"
    file.parent.mkdir(parents=True)
    (tmp_path / "events").symlink_to(ROOT / "events")
    file.with_name("policy.toml").symlink_to(ROOT / "shared/policies/demo.toml")
    file.write_text(example, encoding="utf-8")
    assert run("policy", "test", str(file)).stdout.splitlines()[-1] == "1 of 1 decisions are as expected"


def test_the_document_lists_every_key_of_a_test() -> None:
    keys = " ".join(row[0] for row in document("docs/policy-tests.md").table("key of a test"))
    named = {*PolicyTest.model_fields} - {"alarm", "target"}
    named |= {f"alarm.{name}" for name in AlarmFact.model_fields} | {
        f"target.{name}" for name in TargetFact.model_fields
    }
    assert named == set(re.findall(r"[a-z_.]+", keys))


def test_an_obstacle_is_what_an_action_of_some_service_finds() -> None:
    sources = [
        path.read_text(encoding="utf-8") for path in (ROOT / "shared/firebreak/services").rglob("*.py")
    ]
    assert [one for one in OBSTACLES if not any(f"Reason.{one.name}" in source for source in sources)] == []


CALENDAR = """
[[freeze.calendars]]
name = "prod-changes"
arn = "arn:aws:ssm:eu-west-1:111122223333:document/prod-changes"
"""


@pytest.mark.parametrize(
    ("facts", "expect"),
    [
        ([], "act"),
        (["calendars = { prod-changes = 'OPEN' }"], "act"),
        (["calendars = { prod-changes = 'CLOSED' }"], "refuse:calendar_closed"),
        (["calendars = { prod-changes = 'UNREADABLE' }"], "refuse:calendar_unreadable"),
    ],
    ids=["not stated", "open", "closed", "unreadable"],
)
def test_the_state_of_a_calendar_is_stated_and_open_where_it_is_not(
    file: Path, facts: list[str], expect: str
) -> None:
    policy = file.with_name("frozen.toml")
    demo = (ROOT / "shared/policies/demo.toml").read_text(encoding="utf-8")
    policy.write_text(demo + CALENDAR, encoding="utf-8")
    file.write_text(f'version = 1\npolicy = "{policy}"\n{one(expect, *facts)}', encoding="utf-8")
    result = run("policy", "test", str(file))
    assert (result.exit_code, error_lines(result)) == (0, []), result.stdout


def test_a_calendar_that_the_policy_does_not_name_is_a_mistake(file: Path) -> None:
    code, _, (error,) = ran(file, one("act", "calendars = { prod = 'CLOSED' }"))
    assert code == 2
    assert "calendars: prod is no calendar of the policy" in error
