"""The checks FB205 to FB210: the targets of alarms as if each alarm turned red now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.reasons import Reason
from firebreak_cli.doctor import obstacles
from tests.cli.doctored import ALARM, BY_ACTION, DIMENSIONS, MOTOS_ACCOUNT, TAGS, Account
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a
from tests.support.world import World


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


# --- FB205 to FB209


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (BY_ACTION, "no firebreak:target tag"),
        (BY_ACTION | {"firebreak:target": "prod/api"}, "does not start with ecs:"),
        (BY_ACTION | {"firebreak:target": "lambda:orders"}, "restart-service is for ecs targets"),
        (BY_ACTION | {"firebreak:target": "ecs:prod/gone"}, "does not exist"),
    ],
    ids=["none", "malformed", "of another service", "missing"],
)
def test_an_alarm_without_one_target_that_exists_is_found(
    account: Account, tags: Mapping[str, str], said: str
) -> None:
    account.put_alarm("mine", tags, Namespace="Shop", MetricName="Lag")
    found = account.details("FB205")
    assert {(result, subject) for result, subject, _ in found} == {("bad", "mine")}
    assert said in found[0][2]


def test_a_target_that_cannot_be_read_is_not_good(account: Account) -> None:
    account.denied = {"DescribeServices"}
    report = account.report("--only", "FB205", "--only", "FB206", "--only", "FB207")
    assert report["verdict"]["would_act"] == "not_known"
    assert [one["code"] for one in report["checks"] if one["result"] == "could_not_look"] == ["FB207"]


def test_a_target_that_did_not_opt_in_is_found(account: Account) -> None:
    moto_service("batch")
    account.put_alarm("batch-memory", BY_ACTION | {"firebreak:target": "ecs:prod/batch"})
    ((result, subject, detail),) = account.details("FB206")
    assert (result, subject) == ("bad", "batch-memory")
    assert detail == "firebreak:enabled is not set (not_opted_in)"


BEAT = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak-b/heartbeat"}

NEVER: dict[str, Any] = {
    "Namespace": "Firebreak",
    "MetricName": "NeverReported",
    "Dimensions": [{"Name": "service", "Value": "firebreak-b"}],
}


def test_a_target_that_names_no_stack_is_a_warning_where_another_stack_is_in_the_region(
    account: Account,
) -> None:
    assert account.details("FB212") == []
    account.put_alarm("firebreak-b-heartbeat", BEAT, **NEVER)
    said = "its target names no stack, and firebreak-b hears of it as well"
    assert account.details("FB212") == [("warning", ALARM, said)]
    assert account.report("--only", "FB212")["verdict"]["accepted"]


@pytest.mark.parametrize("stack", ["firebreak", "firebreak-b"])
def test_a_target_that_names_a_stack_is_no_finding_whichever_it_is(account: Account, stack: str) -> None:
    account.put_alarm("firebreak-b-heartbeat", BEAT, **NEVER)
    moto_service("batch", **{"firebreak:enabled": "true", "firebreak:stack": stack})
    account.put_alarm("batch-memory", BY_ACTION | {"firebreak:target": "ecs:prod/batch"})
    assert [subject for _, subject, _ in account.details("FB212")] == [ALARM]
    found = account.report("--only", "FB206", "--only", "FB207", "--only", "FB202")
    assert {one["result"] for one in found["checks"]} == {"good"}


def test_a_target_that_lets_other_alarms_act_is_found(account: Account) -> None:
    moto_service("batch", **{"firebreak:enabled": "true", "firebreak:alarms": "prod-"})
    account.put_alarm("batch-memory", BY_ACTION | {"firebreak:target": "ecs:prod/batch"})
    (found,) = account.check("FB206")["findings"]
    assert found["subject"] == "batch-memory"
    assert "(alarm_not_allowed)" in found["detail"]
    assert " --tags firebreak:alarms=ENTRIES --region eu-west-1 " in found["mend"]
    assert "firebreak:enabled" not in found["mend"]


def test_an_untagged_alarm_about_a_service_that_nobody_opted_in_is_nobodys_wish(account: Account) -> None:
    moto_service("batch")
    batch = [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "batch"}]
    account.put_alarm("batch-memory", {}, Dimensions=batch)
    report = account.report()
    assert report["verdict"]["would_act"] == "yes"
    assert "batch-memory" not in json.dumps(report)


def test_an_untagged_alarm_on_a_symptom_of_an_opted_in_service_is_looked_at(account: Account) -> None:
    account.put_alarm("by-symptom", {}, Dimensions=DIMENSIONS, ActionsEnabled=False)
    assert [one[1] for one in account.details("FB207")] == ["by-symptom"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ActionsEnabled": False}, "actions_disabled"),
        ({"ComparisonOperator": "LessThanThreshold"}, "wrong_direction"),
    ],
)
def test_what_lasts_in_the_alarm_is_found(account: Account, changes: dict[str, Any], reason: str) -> None:
    account.put_alarm(ALARM, TAGS, **changes)
    found = account.details("FB207")
    if reason == "wrong_direction":  # a tag is the owner's word on the direction
        assert found == []
        account.put_alarm(
            "by-symptom", {"firebreak:target": "ecs:prod/api"}, Dimensions=DIMENSIONS, **changes
        )
        found = account.details("FB207")
    ((result, _, detail),) = found
    assert result == "bad"
    assert f"({reason})" in detail


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_target_that_another_controller_deploys_is_found(account: Account, controller: str) -> None:
    moto_service("blue")
    ecs = account.client("ecs")
    service = ecs.describe_services(cluster="prod", services=["blue"])["services"][0]
    ecs.create_service(
        cluster="prod",
        serviceName="green",
        desiredCount=1,
        taskDefinition=service["taskDefinition"],
        tags=[{"key": "firebreak:enabled", "value": "true"}],
        deploymentController={"type": controller},
    )
    account.put_alarm("green-memory", TAGS | {"firebreak:target": "ecs:prod/green"})
    ((result, alarm, detail),) = account.details("FB207")
    assert (result, alarm) == ("bad", "green-memory")
    assert detail == f"its deployment controller is {controller} (unsupported_controller)"


@pytest.mark.parametrize(("floor", "lasting"), [(1, False), (2, True), (3, True)])
def test_a_floor_that_the_whole_group_is_not_above_lasts(
    world: World, tmp_path: Path, floor: int, lasting: bool
) -> None:
    text = a.AUTO_POLICY.replace("max_unavailable = 1.0", f"max_unavailable = 1.0\nmin_healthy = {floor}")
    account = Account(world, tmp_path / "policy.toml", policy_text=text)
    moto_service("other")
    said = f"min_healthy {floor} of a group of 2 leaves no room to act on one of it (healthy_floor_reached)"
    assert account.details("FB207") == ([("bad", ALARM, said)] if lasting else [])


def test_what_passes_by_itself_says_nothing_of_the_bad_day(account: Account) -> None:
    # To moto the first deployment of a service runs for ever: explain refuses, the doctor does not mind.
    account.world.switches.pause(Hold("global", "ana", "x", a.NOW, a.NOW.replace(hour=11)))
    assert account.details("FB207") == []


def test_where_the_policy_only_observes_it_would_not_act(world: World, tmp_path: Path) -> None:
    text = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "observe"')
    account = Account(world, tmp_path / "policy.toml", policy_text=text)
    report = account.report()

    assert report["verdict"]["line"] == "Would act on the bad day: no"
    assert report["verdict"]["alarms"] == [ALARM]
    ((result, subject, detail),) = account.details("FB208")
    assert (result, subject, detail) == (
        "bad",
        ALARM,
        "restart-service on ecs:prod/api: observe, by defaults",
    )


def test_with_one_alarm_that_would_be_acted_on_it_is_not_a_no(account: Account) -> None:
    account.put_alarm("silent", TAGS, ActionsEnabled=False)
    assert account.report()["verdict"]["line"] == "Would act on the bad day: not on 1 alarm"
    assert account.report("--only", "FB207")["verdict"]["would_act"] == "not_on_alarms"


def test_with_an_alarm_that_could_not_be_looked_at_it_is_not_a_no(account: Account) -> None:
    account.put_alarm(ALARM, TAGS, ActionsEnabled=False)
    account.put_other_alarm("LogAlarms", "errors", TAGS, QueryResultsToAlarm=1)
    verdict = account.report()["verdict"]
    assert verdict["line"] == "Would act on the bad day: not on 1 alarm; could not look (FB202)"


def test_a_policy_that_asks_a_human_would_act(world: World, tmp_path: Path) -> None:
    text = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')
    account = Account(world, tmp_path / "policy.toml", policy_text=text)
    assert account.details("FB208") == []


def test_an_alarm_without_data_is_a_warning(account: Account) -> None:
    account.put_alarm(ALARM, TAGS, state="INSUFFICIENT_DATA")
    assert account.details("FB209") == [("warning", ALARM, "it is in INSUFFICIENT_DATA")]


def test_an_alarm_that_is_red_already_is_looked_at_as_if_it_turned_red_now(account: Account) -> None:
    account.put_alarm(ALARM, TAGS, state="ALARM")
    assert account.report()["verdict"]["would_act"] == "yes"


def test_a_pause_of_a_target_stops_its_alarms(account: Account) -> None:
    scope = f"target {MOTOS_ACCOUNT}/{a.REGION}/ecs/prod/api"
    account.world.switches.pause(Hold(scope, "ana", "load test", a.NOW, a.NOW.replace(hour=11)))
    report = account.report()
    assert report["verdict"]["line"] == "Would act on the bad day: no"
    ((result, subject, detail),) = account.details("FB210")
    assert (result, subject) == ("bad", ALARM)
    assert "ana" in detail
    assert "load test" in detail


# --- composites


def composite(account: Account, rule: str) -> None:
    account.put_other_alarm("CompositeAlarms", "whole", BY_ACTION, AlarmRule=rule)


def test_a_composite_is_looked_at_as_if_its_children_were_red(account: Account) -> None:
    account.put_alarm("child", {}, Dimensions=DIMENSIONS)
    composite(account, 'ALARM("child")')
    assert account.details("FB205") == []
    assert account.report("--only", "FB201")["checks"][0]["looked_at"].startswith("3 lead to an action")


def test_of_a_composite_whose_children_name_several_targets_the_day_decides(account: Account) -> None:
    moto_service("batch", **{"firebreak:enabled": "true"})
    batch = [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "batch"}]
    account.put_alarm("one", {}, Dimensions=DIMENSIONS)
    account.put_alarm("two", {}, Dimensions=batch)
    composite(account, 'ALARM("one") OR ALARM("two")')
    ((result, subject, detail),) = account.details("FB205")
    assert (result, subject) == ("could_not_look", "whole")
    assert "ecs:prod/api, ecs:prod/batch" in detail


# --- the reasons


def test_every_reason_has_exactly_one_place() -> None:
    places = [
        obstacles.NO_TARGET,
        obstacles.NO_CONSENT,
        obstacles.ONLY_WATCHED,
        obstacles.PAUSED,
        obstacles.LASTING,
        obstacles.NOT_ROUTED,
        obstacles.UNSEEN,
        obstacles.ELSEWHERE,
        obstacles.OF_THE_MOMENT,
    ]
    counted = {reason: sum(reason in place for place in places) for reason in Reason}
    assert {reason: count for reason, count in counted.items() if count != 1} == {}
