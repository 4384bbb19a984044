"""The checks FB201 to FB204: every alarm of the account as if it turned red now, on its way to an action."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firebreak.aws.clients import PATIENT_ATTEMPTS
from tests.cli.doctored import ALARM, BY_ACTION, DIMENSIONS, TAGS, Account
from tests.support.world import World


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def without_usual_alarm(account: Account) -> None:
    account.client("cloudwatch").delete_alarms(AlarmNames=[ALARM])


def put_sum(account: Account, name: str, *metrics: tuple[str, str, list[dict[str, str]]]) -> None:
    """An alarm on the sum of metrics: namespace, name and dimensions of each."""
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
                "Period": 60,
                "Stat": "Average",
            },
            "ReturnData": False,
        }
        for number, (namespace, metric, dimensions) in enumerate(metrics)
    ]
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[*queries, {"Id": "e", "Expression": "m0+m1", "ReturnData": True}],
    )


# --- FB201


def test_an_account_without_an_alarm_that_acts_would_not_act(account: Account) -> None:
    without_usual_alarm(account)
    account.put_alarm("other", {}, Namespace="Shop", MetricName="Lag")
    report = account.report("--only", "FB201")

    assert report["verdict"]["would_act"] == "no"
    (found,) = report["checks"]
    assert found["findings"][0]["detail"] == "no alarm leads to an action"
    # The heartbeat and the stack's own alarms are nobody's.
    assert found["looked_at"].endswith("12 others ask for nothing")


def test_where_the_only_alarms_could_not_be_looked_at_it_is_not_known(account: Account) -> None:
    account.denied = {"ListTagsForResource"}
    assert account.report("--only", "FB201")["verdict"]["would_act"] == "not_known"


def test_alarms_of_later_pages_are_looked_at(account: Account) -> None:
    for number in range(120):
        account.put_alarm(f"other-{number:03d}", {"firebreak:action": "none"})
    account.put_alarm("zz-last", BY_ACTION, Namespace="Shop", MetricName="Lag")
    assert [one[1] for one in account.details("FB205")] == ["zz-last"]


def test_the_many_reads_of_alarms_and_targets_wait_where_aws_throttles(account: Account) -> None:
    account.attempts.clear()
    account.details("FB206")
    # One client for the list and one for the tags of alarms.
    assert account.attempts["cloudwatch"].count(PATIENT_ATTEMPTS) == 2
    assert {*account.attempts["ecs"]} == {PATIENT_ATTEMPTS}


# --- FB202


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (
            {"firebreak:action": "restart-servce"},
            "names no known action. Its tags: firebreak:action=restart-servce",
        ),
        ({"firebreak:acton": "restart-service"}, "routes this alarm to Firebreak. Its tags: firebreak:acton"),
        ({"firebreak:target": "ecs:prod/api"}, "routes this alarm to Firebreak. Its tags: firebreak:target"),
    ],
    ids=["misspelt action", "misspelt key", "target without action"],
)
def test_a_tag_that_leads_nowhere_is_found(account: Account, tags: Mapping[str, str], said: str) -> None:
    account.put_alarm("odd", tags, Namespace="Shop", MetricName="Lag")
    ((result, subject, detail),) = account.details("FB202")
    assert (result, subject) == ("bad", "odd")
    assert said in detail


@pytest.mark.parametrize(
    ("rule", "propagates", "tags"),
    [
        ("RestartServiceByTag", True, TAGS),
        ("RestartServiceBySymptom", True, {}),
        ("RouteUntagged", False, {"firebreak:action": "scale-service"}),
        ("ScaleServiceByRequest", False, {"firebreak:action": "scale-service"}),
        ("PageByTag", True, {"firebreak:action": "page"}),
    ],
)
@pytest.mark.parametrize("state", ["disabled", "gone"])
def test_an_alarm_whose_rule_is_not_at_work_does_not_arrive(
    account: Account, rule: str, propagates: bool, tags: Mapping[str, str], state: str
) -> None:
    without_usual_alarm(account)
    account.parameters["EndpointUrl"] = "http://local" if propagates else ""
    account.put_alarm("mine", tags, Dimensions=DIMENSIONS)
    assert account.details("FB202") == []

    if state == "gone":
        del account.rules[rule]
    else:
        account.rules[rule]["State"] = "DISABLED"

    ((result, subject, detail),) = account.details("FB202")
    assert (result, subject) == ("bad", "mine")
    assert f"{rule} is {state}" in detail


def test_an_alarm_whose_function_is_stopped_does_not_arrive(account: Account) -> None:
    account.reserved["firebreak-restartservice"] = 0
    ((_, subject, detail),) = account.details("FB202")
    assert (subject, detail) == (
        ALARM,
        "it does not reach restart-service: RestartService is stopped (FB104)",
    )


def test_an_event_that_no_function_can_read_is_found(account: Account) -> None:
    account.put_alarm("evil\x1b[2J", BY_ACTION)
    ((result, _, detail),) = account.details("FB202")
    assert result == "bad"
    assert "alarm name" in detail


def test_an_alarm_whose_tags_cannot_be_read_is_not_good(account: Account) -> None:
    account.denied = {"ListTagsForResource"}
    assert {(result, detail.partition(":")[0]) for result, _, detail in account.details("FB202")} == {
        ("could_not_look", "its tags could not be read")
    }


def test_an_alarm_of_many_series_cannot_be_looked_at_ahead(account: Account) -> None:
    query = [{"Id": "q", "Expression": 'SELECT AVG(CPU) FROM "Shop" GROUP BY Host', "Period": 60}]
    account.client("cloudwatch").put_metric_alarm(
        AlarmName="series",
        EvaluationPeriods=1,
        Threshold=1.0,
        Metrics=query,
        ComparisonOperator="GreaterThanThreshold",
        Tags=[{"Key": "firebreak:action", "Value": "restart-service"}],
    )
    ((result, subject, detail),) = account.details("FB202")
    assert (result, subject) == ("could_not_look", "series")
    assert "many series" in detail


def test_an_alarm_of_a_log_cannot_be_looked_at_ahead(account: Account) -> None:
    account.put_other_alarm("LogAlarms", "errors", TAGS, QueryResultsToAlarm=1)
    account.put_other_alarm("LogAlarms", "untagged", {})
    assert [one[:2] for one in account.details("FB202")] == [("could_not_look", "errors")]


def test_an_alarm_that_cloudwatch_describes_in_an_unexpected_way_is_not_good(account: Account) -> None:
    account.put_other_alarm("MetricAlarms", "strange", TAGS, StateValue="PERHAPS")
    assert [one[:2] for one in account.details("FB202")] == [("could_not_look", "strange")]


@pytest.mark.parametrize("tags", [TAGS, {}], ids=["tagged", "by its symptom"])
def test_an_alarm_that_may_lead_to_an_action_is_not_good_where_the_ledger_does_not_answer(
    account: Account, tags: Mapping[str, str]
) -> None:
    without_usual_alarm(account)
    account.put_alarm("mine", tags, Dimensions=DIMENSIONS)
    account.put_alarm("other", {}, Namespace="Shop", MetricName="Lag")
    account.denied = {"BatchGetItem", "TransactGetItems", "GetItem", "Query"}
    assert [one[:2] for one in account.details("FB202")] == [("could_not_look", "mine")]


def test_an_untagged_alarm_whose_service_cannot_be_read_is_not_good(account: Account) -> None:
    without_usual_alarm(account)
    account.put_alarm("by-symptom", {}, Dimensions=DIMENSIONS)
    account.denied = {"DescribeServices"}
    assert {one[:2] for one in account.details("FB207")} == {("could_not_look", "by-symptom")}


def test_an_untagged_alarm_whose_target_cannot_be_looked_up_is_not_good(account: Account) -> None:
    without_usual_alarm(account)
    group = [{"Name": "TargetGroup", "Value": "targetgroup/api/0123456789abcdef"}]
    put_sum(account, "behind", ("AWS/ECS", "MemoryUtilization", []), ("AWS/ApplicationELB", "Latency", group))
    account.denied = {"ListClusters", "ListServices"}
    assert [one[:2] for one in account.details("FB205")] == [("could_not_look", "behind")]


def test_the_heartbeat_of_another_stack_asks_for_nothing_here(account: Account) -> None:
    beat = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak-prod/heartbeat"}
    dimensions = [{"Name": "service", "Value": "firebreak-prod"}]
    never: dict[str, Any] = {
        "Namespace": "Firebreak",
        "MetricName": "NeverReported",
        "Dimensions": dimensions,
    }
    account.put_alarm("firebreak-prod-heartbeat", beat, **never)
    assert account.report()["verdict"]["would_act"] == "yes"
    account.put_alarm("mine-heartbeat", beat, **never | {"Namespace": "Mine"})
    assert account.report()["verdict"]["alarms"] == ["mine-heartbeat"]


# --- FB203, FB204


def test_two_symptoms_in_one_alarm_lead_to_two_actions(account: Account) -> None:
    put_sum(
        account,
        "both",
        ("AWS/ECS", "MemoryUtilization", DIMENSIONS),
        ("AWS/ECS", "CPUUtilization", DIMENSIONS),
    )
    ((result, subject, detail),) = account.details("FB203")
    assert (result, subject, detail) == (
        "warning",
        "both",
        "it leads to restart-service and to scale-service",
    )


def test_a_tag_that_does_not_ride_and_names_another_action_than_the_symptom_asks_both(
    account: Account,
) -> None:
    account.parameters["EndpointUrl"] = ""
    account.put_alarm("mine", {"firebreak:action": "scale-service"}, Dimensions=DIMENSIONS)
    assert ("warning", "mine", "it leads to restart-service and to scale-service") in account.details("FB203")


def test_tags_that_do_not_ride_are_a_warning_while_they_are_looked_up(account: Account) -> None:
    account.parameters["EndpointUrl"] = ""
    account.put_alarm(ALARM, TAGS, Namespace="Shop", MetricName="Lag")
    said = "its tags are looked up: its events are without firebreak:action, firebreak:target"
    assert account.details("FB204") == [("warning", ALARM, said)]
    assert account.report("--only", "FB204")["verdict"]["accepted"]


KEPT = {"Enabled": True, "ExcludedTagKeys": ["team"]}
HALF = {"Enabled": True, "IncludedTagKeys": ["firebreak:action"]}
TAKEN_OUT = [{"Enabled": True, "IncludedTagKeys": ["team"]}, {"Enabled": True, "ExcludedTagKeys": [*TAGS]}]


def configured(account: Account, asked: Mapping[str, Any]) -> None:
    """The usual alarm as AWS describes it, with the propagation of its tags as it was asked for."""
    without_usual_alarm(account)
    account.put_other_alarm(
        "MetricAlarms",
        ALARM,
        TAGS,
        ActionConfiguration={"AlarmTagsPropagation": asked},
        Namespace="Shop",
        MetricName="Lag",
        Period=60,
        Statistic="Average",
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )


@pytest.mark.parametrize("asked", TAKEN_OUT, ids=["not included", "excluded"])
def test_a_tag_that_the_alarm_keeps_out_of_its_events_does_not_ride(
    account: Account, asked: Mapping[str, Any]
) -> None:
    configured(account, asked)
    ((result, subject, detail),) = account.details("FB204")
    assert (result, subject) == ("warning", ALARM)
    assert "firebreak:action" in detail
    account.rules["RouteUntagged"]["State"] = "DISABLED"
    ((_, _, detail),) = account.details("FB202")
    assert "RouteUntagged is disabled" in detail


def test_tags_that_a_list_lets_through_ride(account: Account) -> None:
    configured(account, KEPT)
    assert account.details("FB204") == []
    account.of_other_kinds.clear()
    configured(account, HALF)
    assert account.details("FB204") == [("warning", ALARM, "its events are without firebreak:target")]
    assert account.details("FB202") == []


def test_on_local_aws_which_does_not_say_tags_ride(account: Account) -> None:
    assert account.details("FB204") == []
