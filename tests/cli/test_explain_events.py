import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from firebreak.core.guards.table import GUARDS
from firebreak.core.reasons import Reason
from tests.cli.running import error_lines, run
from tests.support import builders as a
from tests.support.sample_events import EVENTS, unusable, usable

RESTART, SCALE, PAGE = "restart-service", "scale-service", "page"
API = "ecs:prod/api"


class Expected(NamedTuple):
    route: str | None
    target: str | None
    decision: str
    reason: Reason


WATCHED = Expected(RESTART, API, "propose", Reason.OBSERVE_ONLY)
NO_DATA = WATCHED._replace(decision="refuse", reason=Reason.NO_DATA)
UNREAD = Expected(RESTART, None, "refuse", Reason.TARGET_UNREADABLE)

EXPLAINED = {
    "alarm_data_in_envelope": WATCHED,
    "beanstalk_5xx_tagged": WATCHED._replace(route="roll-back-environment", target="beanstalk:shop-prod"),
    "beanstalk_health_alarm": WATCHED._replace(route="restart-environment", target="beanstalk:shop-prod"),
    "beanstalk_health_ok": Expected(None, "beanstalk:shop-prod", "refuse", Reason.NOT_IN_ALARM),
    "composite_children_tagged": UNREAD,
    "composite_no_data": UNREAD,
    "composite_released": UNREAD,
    "composite_suppressed": UNREAD,
    "composite_tagged": UNREAD,
    "composite_untagged": Expected(None, None, "refuse", Reason.NOT_ROUTED),
    "contributor_alarm": WATCHED,
    "contributor_no_data": NO_DATA,
    "contributor_ok": Expected(None, API, "refuse", Reason.NOT_IN_ALARM),
    "contributor_untagged": Expected(None, API, "refuse", Reason.NOT_ROUTED),
    "contributor_without_cluster": Expected(RESTART, None, "refuse", Reason.TARGET_NONE),
    "direct_alarm_action": WATCHED,
    "direct_by_hand": WATCHED,
    "ecs_and_lambda_math": WATCHED._replace(route=SCALE),
    "ecs_container_insights_alarm": WATCHED._replace(target="ecs:prod/worker"),
    "ecs_cpu_alarm": WATCHED._replace(route=SCALE),
    "ecs_cpu_low_alarm": WATCHED._replace(route=SCALE),
    "ecs_memory_alarm": WATCHED,
    "ecs_memory_alarm_bad_target": Expected(RESTART, None, "refuse", Reason.TARGET_MALFORMED),
    "ecs_memory_alarm_tagged": WATCHED,
    "ecs_memory_alarm_targeted": WATCHED._replace(target="ecs:prod/checkout"),
    "ecs_memory_anomaly": WATCHED,
    "ecs_memory_cluster_only": Expected(RESTART, None, "refuse", Reason.TARGET_NONE),
    "ecs_memory_empty_dimensions": Expected(RESTART, None, "refuse", Reason.TARGET_NONE),
    "ecs_memory_empty_service": Expected(RESTART, None, "refuse", Reason.TARGET_MALFORMED),
    "ecs_memory_insufficient_data": Expected(None, API, "refuse", Reason.NOT_IN_ALARM),
    "ecs_memory_insufficient_data_symptom": WATCHED,
    "ecs_memory_math": WATCHED,
    "ecs_memory_math_no_data": NO_DATA,
    "ecs_memory_no_data": NO_DATA,
    "ecs_memory_no_data_symptom": WATCHED,
    "ecs_memory_ok": Expected(None, API, "refuse", Reason.NOT_IN_ALARM),
    "ecs_memory_ok_to_ok": Expected(None, API, "refuse", Reason.NOT_IN_ALARM),
    "ecs_memory_other_account": Expected(RESTART, None, "refuse", Reason.OTHER_ACCOUNT),
    "ecs_memory_step_scaling": WATCHED,
    "ecs_memory_two_services": Expected(RESTART, None, "refuse", Reason.TARGET_AMBIGUOUS),
    "ecs_target_tracking_alarm": Expected(None, API, "refuse", Reason.NOT_ROUTED),
    "ecs_two_symptoms_math": WATCHED,
    "emf_default_dimensions": Expected("restart-function", None, "refuse", Reason.TARGET_NONE),
    "insights_single_series": Expected(None, None, "refuse", Reason.NOT_ROUTED),
    "lambda_duration_alarm": WATCHED._replace(route="adjust-function-memory", target="lambda:orders"),
    "lambda_duration_no_data": NO_DATA._replace(route="adjust-function-memory", target="lambda:orders"),
    "lambda_duration_ok": Expected(None, "lambda:orders", "refuse", Reason.NOT_IN_ALARM),
    "lambda_errors_alarm": WATCHED._replace(route="roll-back-function", target="lambda:orders"),
    "lambda_errors_ok": Expected(None, "lambda:orders", "refuse", Reason.NOT_IN_ALARM),
    "lambda_tagged_memory_alarm": WATCHED._replace(route="adjust-function-memory", target="lambda:reports"),
    "lambda_tagged_restart_alarm": WATCHED._replace(route="restart-function", target="lambda:reports"),
    "lambda_throttles_alarm": Expected(None, "lambda:orders", "refuse", Reason.NOT_ROUTED),
    "log_alarm": Expected(None, None, "refuse", Reason.NOT_ROUTED),
    "multi_series_parent": Expected(RESTART, None, "refuse", Reason.PARENT_OF_CONTRIBUTORS),
    "muted_alarm": Expected(RESTART, API, "defer", Reason.MUTED),
    "ecs_5xx_alarm_roll_back": WATCHED._replace(route="roll-back-service"),
    "ecs_memory_alarm_adjust": WATCHED._replace(route="adjust-task-memory"),
    "ecs_unhealthy_container_replace": WATCHED._replace(route="replace-task"),
    "own_approval": Expected(RESTART, API, "refuse", Reason.CALLER_UNCONFIRMED),
    "own_climb": WATCHED._replace(route=SCALE),
    "own_manual": Expected(RESTART, API, "refuse", Reason.CALLER_UNCONFIRMED),
    "own_undo": Expected(SCALE, API, "refuse", Reason.NOT_LOOKED_AT),
    "own_wake": WATCHED,
    "promql_contributor": WATCHED,
    "promql_parent": Expected(RESTART, None, "refuse", Reason.PARENT_OF_CONTRIBUTORS),
    "runbook_tagged": WATCHED._replace(route="run-runbook", target="runbook:drain-orders"),
    "ses_account_tagged": WATCHED._replace(route="pause-sending", target="ses:account"),
    "ses_bounce_rate_tagged": WATCHED._replace(route="pause-sending", target="ses:newsletter"),
    "ses_set_named_account": Expected("pause-sending", None, "refuse", Reason.TARGET_MALFORMED),
    "tag_none": Expected(None, API, "refuse", Reason.ACTION_NONE),
    "tag_page": Expected(PAGE, API, "refuse", Reason.ROUTED_TO_HUMANS),
    "tag_unknown": Expected(PAGE, API, "refuse", Reason.UNKNOWN_ACTION_TAG),
    "target_group_5xx_tagged": UNREAD,
    "target_group_unhealthy_replace": UNREAD._replace(route="replace-task"),
    "two_target_groups_math": UNREAD._replace(route="roll-back-service"),
    "tags_lost": Expected(PAGE, API, "refuse", Reason.TAGS_LOST),
}


def explained(name: str, *more: str) -> dict[str, Any]:
    result = run("explain", str(EVENTS / f"{name}.json"), "--json", "--offline", *more)
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.mark.parametrize("name", usable())
def test_every_sample_event_is_explained_offline(name: str) -> None:
    answer = explained(name)

    found = Expected(answer["route"], answer["target"], answer["decision"], Reason(answer["reason"]))
    assert found == EXPLAINED[name]
    assert {"name", "state", "kind"} <= answer["alarm"].keys()
    assert all({"guard", "result", "detail"} <= check.keys() for check in answer["checks"])
    assert answer["offline"] is True


def test_red_without_data_is_explained_offline_as_the_function_would_decide() -> None:
    """The owner's word is that of the event's tags and of the policy, for nobody can look."""
    words = " ".join(run("explain", str(EVENTS / "ecs_memory_no_data.json"), "--offline").stdout.split())

    assert "DO NOTHING: The alarm is red because no data came" in words
    assert "by its event no data since 2026-11-20 09:57:00Z" in words
    assert "tag the alarm firebreak:missing-data=symptom, if silence is the symptom" in words
    checks = {one["guard"]: one for one in explained("ecs_memory_no_data_symptom")["checks"]}
    assert checks["missing data"]["result"] == "passed"
    assert "a symptom, by its tag firebreak:missing-data=symptom" in checks["missing data"]["detail"]


def test_a_refusal_that_pages_says_that_a_human_is_notified(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(a.AUTO_POLICY, encoding="utf-8")
    event = str(EVENTS / "ecs_memory_no_data.json")

    text = run("explain", event, "--offline", "--policy", str(policy)).stdout

    words = " ".join(text.split())
    assert "Pages a human: nothing is changed, if the target is opted in" in words
    assert "Pages" not in run("explain", event, "--offline").stdout, "the shipped policy observes"


@pytest.mark.parametrize("means", ["symptom", "ignore"])
def test_offline_the_policy_speaks_for_the_owner(tmp_path: Path, means: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(a.AUTO_POLICY + f'[missing_data]\nmeans = "{means}"\n', encoding="utf-8")

    event = str(EVENTS / "ecs_memory_no_data.json")

    answer = explained("ecs_memory_no_data", "--policy", str(policy))

    if means == "ignore":
        assert "Pages" not in run("explain", event, "--offline", "--policy", str(policy)).stdout
    expected = {"symptom": Reason.NOT_LOOKED_AT, "ignore": Reason.NO_DATA_IGNORED}
    assert Reason(answer["reason"]) is expected[means]


@pytest.mark.parametrize("name", usable())
def test_every_sample_event_is_explained_in_text(name: str) -> None:
    result = run("explain", str(EVENTS / f"{name}.json"), "--offline")

    assert (result.exit_code, result.stderr) == (0, "")
    assert EXPLAINED[name].reason.value in " ".join(result.stdout.split())
    assert max(len(line) for line in result.stdout.splitlines() if not line.startswith("Open ")) <= 80


# The functions refuse them; they are all that somebody who got a mail has.
BY_MAIL = {"unusable/sns_alarm_message", "unusable/sns_envelope"}


@pytest.mark.parametrize("name", [name for name in unusable() if name not in BY_MAIL])
def test_an_unusable_file_is_one_line_that_names_it(name: str) -> None:
    path = str(EVENTS / f"{name}.json")
    result = run("explain", path, "--json", "--offline")

    assert (result.exit_code, result.stdout) == (2, "")
    assert len(error_lines(result)) == 1
    assert path in result.stderr
    assert "found " in result.stderr
    assert "expected " in result.stderr


def test_a_decision_has_every_guard_in_order() -> None:
    assert [check["guard"] for check in explained("ecs_memory_alarm")["checks"]] == [g.name for g in GUARDS]


def test_a_mute_window_shows_through_its_guard_with_its_end() -> None:
    muted = next(check for check in explained("muted_alarm")["checks"] if check["guard"] == "alarm muted")

    assert (muted["result"], muted["reason"]) == ("objected", "muted")
    assert muted["until"].startswith("2026-11-20T")


def test_suppression_is_reported_although_the_children_were_not_read() -> None:
    assert explained("composite_suppressed")["alarm"]["suppressed_by"] == "WaitPeriod"


def test_every_function_that_the_rules_invoke_is_named() -> None:
    assert explained("ecs_two_symptoms_math")["functions"] == [RESTART, SCALE, "route"]
    assert explained("ecs_memory_ok")["functions"] == ["verify"]


def test_a_request_of_our_own_is_explained_by_its_kind() -> None:
    asked = explained("own_climb")["request"]

    assert (asked["kind"], asked["action"], asked["rung"]) == ("climb", SCALE, 2)


def test_the_clock_stands_at_the_event_s_own_time() -> None:
    answer = explained("ecs_memory_alarm")

    assert (answer["now"], answer["clock"]) == ("2026-11-20T10:00:00+00:00", "event")


def test_a_given_time_makes_an_old_event_too_old() -> None:
    answer = explained("ecs_memory_alarm", "--now", "2026-11-20T11:00:00Z")

    stale = next(check for check in answer["checks"] if check["guard"] == "stale")
    assert (answer["clock"], answer["reason"]) == ("given", "too_old")
    assert stale["result"] == "objected"


def test_the_part_of_the_policy_that_spoke_is_named(tmp_path: Any) -> None:
    shipped = (EVENTS.parent / "shared" / "policy.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(shipped + '\n[[overrides]]\ntarget = "ecs:prod/*"\nautonomy = "auto"\n', encoding="utf-8")

    answer = explained("ecs_memory_alarm", "--policy", str(own))

    assert (answer["autonomy"], answer["autonomy_by"]) == ("auto", "overrides[0] ecs:prod/*")
    assert (answer["decision"], answer["reason"]) == ("refuse", "not_looked_at")
    assert answer["policy"]["hash"] != explained("ecs_memory_alarm")["policy"]["hash"]


def test_the_override_that_gave_the_target_its_ladder_is_named(tmp_path: Any) -> None:
    shipped = (EVENTS.parent / "shared" / "policy.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    short = 'target = "ecs:prod/api"\naction = "restart-service"\nladder = ["restart-service", "page"]\n'
    own.write_text(f"{shipped}\n[[overrides]]\n{short}", encoding="utf-8")

    answer = explained("ecs_memory_alarm", "--policy", str(own))

    assert (answer["ladder"], answer["ladder_by"]) == (
        ["restart-service", "page"],
        "overrides[0] ecs:prod/api",
    )
    assert explained("ecs_memory_alarm")["ladder_by"] == "actions.restart-service"
    screen = run("explain", str(EVENTS / "ecs_memory_alarm.json"), "--offline", "--policy", str(own)).stdout
    assert "ladder restart-service -> page by overrides[0] ecs:prod/api" in " ".join(screen.split())


def test_a_bad_policy_is_a_line_a_mistake(tmp_path: Any) -> None:
    own = tmp_path / "own.toml"
    own.write_text("version = 2\nnonsense = true\n", encoding="utf-8")

    result = run("explain", str(EVENTS / "ecs_memory_alarm.json"), "--offline", "--policy", str(own))

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(error_lines(result)) > 1
    assert all(line.startswith("firebreak: ") for line in error_lines(result))
