"""The main job through the deployed functions: red, restart, verify, page; and every way to say no."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak_devtools.local.transitions import deliver
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local


def test_a_red_alarm_restarts_its_service_and_its_recovery_is_announced(bench: Bench) -> None:
    bench.service_with_alarm("helped")
    before = bench.service("helped")["deployments"][0]["id"]
    bench.turn(bench.alarm("helped"), "ALARM")
    page = bench.expect_page("ACTED", bench.about("helped"))
    assert bench.service("helped")["deployments"][0]["id"] != before
    bench.turn(bench.alarm("helped"), "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)
    bench.expect_page("RESOLVED", bench.about("helped"))
    bench.turn(bench.alarm("helped"), "ALARM")
    refused = bench.expect_page("NOT ACTING", bench.about("helped"))
    assert "cooldown: last action" in refused.body
    assert len(bench.updates_of("helped")) == 1


def test_a_ladder_restarts_then_scales_then_pages_a_human(bench: Bench) -> None:
    bench.service_with_alarm("stubborn")
    bench.turn(bench.alarm("stubborn"), "ALARM")
    page = bench.expect_page("NEEDS YOU", bench.about("stubborn"))
    incident = bench.expect_state(page.incident_id, IncidentState.PAGED)
    restart, scale = bench.updates_of("stubborn")
    assert restart["forceNewDeployment"] is True
    assert scale["desiredCount"] == 3
    assert incident.rung == 1


def test_a_service_owned_by_auto_scaling_gets_a_higher_floor_not_a_higher_count(bench: Bench) -> None:
    bench.service_with_alarm("elastic", tags={"firebreak:action": "scale-service"})
    scaling = bench.session.client("application-autoscaling")
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{bench.workload.cluster}/elastic",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=5,
    )
    bench.turn(bench.alarm("elastic"), "ALARM")
    bench.expect_page("ACTED", bench.about("elastic"))
    found = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{bench.workload.cluster}/elastic"]
    )
    assert found["ScalableTargets"][0]["MinCapacity"] == 3
    assert found["ScalableTargets"][0]["MaxCapacity"] == 5


def test_a_target_switch_stops_its_target_only_and_ends_when_released(bench: Bench) -> None:
    bench.service_with_alarm("held")
    bench.service_with_alarm("free")
    now = datetime.now(UTC)
    scope = f"target 111122223333/eu-west-1/ecs/{bench.workload.cluster}/held"
    bench.switches.pause(Hold(scope, "ana", "migration", now, now + timedelta(hours=1)))
    bench.turn(bench.alarm("held"), "ALARM")
    bench.turn(bench.alarm("free"), "ALARM")
    assert "ana" in bench.expect_page("NOT ACTING", bench.about("held")).body
    bench.expect_page("ACTED", bench.about("free"))
    assert bench.updates_of("held") == []
    bench.switches.resume(scope, "ana")
    bench.turn(bench.alarm("held"), "OK")
    bench.turn(bench.alarm("held"), "ALARM")
    bench.expect_page("ACTED", bench.about("held"))


@pytest.mark.parametrize(
    ("name", "mark", "outcome"),
    [("observed-one", "WOULD ACT", "propose"), ("approved-one", "APPROVE?", "ask_approval")],
    ids=["observe", "approve"],
)
def test_short_of_auto_the_plan_is_paged_and_nothing_is_changed(
    bench: Bench, name: str, mark: str, outcome: str
) -> None:
    bench.service_with_alarm(name)
    bench.turn(bench.alarm(name), "ALARM")
    page = bench.expect_page(mark, bench.about(name))
    assert f"force a new deployment of {name}:1" in page.body
    assert [decision["outcome"] for decision in bench.decisions(bench.alarm(name))] == [outcome]
    assert bench.updates_of(name) == []


def test_one_transition_delivered_many_times_at_once_acts_once(bench: Bench) -> None:
    bench.service_with_alarm("crowded")
    event = bench.event_of(bench.alarm("crowded"), "ALARM")
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: bench.invoke("RestartService", event), range(8)))
    restarts = [call for call in bench.updates_of("crowded") if call.get("forceNewDeployment")]
    assert len(restarts) == 1, answers
    assert [d["kind"] for d in bench.decisions(bench.alarm("crowded"))].count("alarm") == 1


def test_two_alarms_of_one_service_are_one_incident(bench: Bench) -> None:
    service = bench.service_with_alarm("joined")
    cpu = bench.alarm("joined", "cpu")
    bench.workload.alarm(cpu, service, metric="CPUUtilization", tags={"firebreak:action": "scale-service"})
    bench.turn(bench.alarm("joined"), "ALARM")
    page = bench.expect_page("ACTED", bench.about("joined"))
    bench.turn(cpu, "ALARM")
    bench.expect_decision(cpu, "in_flight")
    found = bench.ledger.incident(page.incident_id)
    assert [member.name for member in getattr(found, "members", ())] == [bench.alarm("joined"), cpu]
    bench.turn(bench.alarm("joined"), "OK")
    bench.turn(cpu, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)


def test_an_alarm_without_tags_in_its_event_is_routed_by_symptom(bench: Bench) -> None:
    bench.service_with_alarm("untagged", tags={})
    bench.turn(bench.alarm("untagged"), "ALARM")
    bench.expect_page("ACTED", bench.about("untagged"))


def test_a_tag_lost_on_the_way_does_not_fail_open(bench: Bench) -> None:
    bench.service_with_alarm("opted-out", tags={"firebreak:action": "none"}, propagate=False)
    bench.turn(bench.alarm("opted-out"), "ALARM")
    bench.expect_decision(bench.alarm("opted-out"), "action_none")
    assert bench.updates_of("opted-out") == []


def test_a_service_that_did_not_opt_in_is_left_alone(bench: Bench) -> None:
    bench.service_with_alarm("private", opted_in=False)
    bench.turn(bench.alarm("private"), "ALARM")
    bench.expect_decision(bench.alarm("private"), "not_opted_in")
    assert bench.updates_of("private") == []


@pytest.mark.parametrize(
    ("name", "tag", "reason"),
    [("human", "page", "routed_to_humans"), ("typo", "restart-servce", "unknown_action_tag")],
    ids=["page", "unknown tag"],
)
def test_alarms_for_humans_are_paged(bench: Bench, name: str, tag: str, reason: str) -> None:
    bench.service_with_alarm(name, tags={"firebreak:action": tag})
    bench.turn(bench.alarm(name), "ALARM")
    bench.expect_page("NOT ACTING", bench.alarm(name))
    bench.expect_decision(bench.alarm(name), reason)


def test_tags_that_could_not_be_looked_up_are_paged(bench: Bench) -> None:
    bench.service_with_alarm("tagless")
    event = bench.event_of(bench.alarm("tagless"), "ALARM")
    del event["detail"]["alarmTags"]
    event["detail"]["alarmTagsStatus"] = "ACCESS_DENIED"
    assert [rule.split("-")[1][:12] for rule in deliver(bench.session, event)] == ["PageTagsLost"]
    bench.expect_decision(bench.alarm("tagless"), "tags_lost")
    assert bench.updates_of("tagless") == []


def test_a_service_that_does_not_exist_is_paged(bench: Bench) -> None:
    bench.service_with_alarm("ghost")
    bench.session.client("ecs").delete_service(cluster=bench.workload.cluster, service="ghost", force=True)
    bench.turn(bench.alarm("ghost"), "ALARM")
    bench.expect_page("NOT ACTING", bench.about("ghost"))
    assert bench.updates_of("ghost") == []


def test_an_event_that_is_no_alarm_is_paged_and_changes_nothing(bench: Bench) -> None:
    answer = bench.invoke(
        "RestartService",
        {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {"run": bench.workload.cluster}},
    )
    assert (answer["outcome"], answer["reason"]) == ("refuse", "unusable_event")
    bench.expect_page("NOT ACTING", "restart-service")


def test_a_crash_reaches_a_human_through_the_failure_destination(bench: Bench) -> None:
    bench.service_with_alarm("crashed")
    event = bench.event_of(bench.alarm("crashed"), "ALARM")
    envelope = {
        "version": "1.0",
        "requestContext": {
            "condition": "RetriesExhausted",
            "functionArn": "arn:aws:lambda:eu-west-1:111122223333:function:x",
        },
        "requestPayload": event,
        "responsePayload": {"errorMessage": "boom"},
    }
    assert bench.invoke("Page", envelope)["outcome"] == "notified"
    bench.expect_page("CRASHED", bench.alarm("crashed"))
