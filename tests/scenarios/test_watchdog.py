"""The watchdog as deployed: the heartbeat through the real rule and function, and every link past it.

Local AWS's Scheduler calls no API of another service, so the alarm is turned red here, as the schedule does.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak_devtools.local.transitions import deliver, matching
from firebreak_devtools.local.up import LocalAws
from tests.contracts.template import functions
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local

HEARTBEAT = "firebreak-heartbeat"


@pytest.fixture
def quiet(bench: Bench) -> Iterator[Bench]:
    """A bench whose heartbeat is OK, before and after."""
    bench.event_of(HEARTBEAT, "OK")
    yield bench
    bench.event_of(HEARTBEAT, "OK")


def test_the_deployed_heartbeat_is_the_templates(local_aws: LocalAws) -> None:
    session = local_aws.running.session()
    (alarm,) = session.client("cloudwatch").describe_alarms(AlarmNames=[HEARTBEAT])["MetricAlarms"]
    assert (alarm["TreatMissingData"], alarm["AlarmActions"]) == ("notBreaching", [])
    group = local_aws.stack.schedule_group
    scheduler = session.client("scheduler")
    listed = [one["Name"] for one in scheduler.list_schedules(GroupName=group)["Schedules"]]
    names = [name for name in listed if not name.startswith("check-")]  # those come and go with other tests
    made = [scheduler.get_schedule(Name=name, GroupName=group) for name in names]
    (beats,) = [one for one in made if one["Target"]["Arn"].endswith(":aws-sdk:cloudwatch:setAlarmState")]
    assert beats["ScheduleExpression"] == "rate(15 minutes)"
    asked = json.loads(beats["Target"]["Input"])
    assert asked == {"AlarmName": HEARTBEAT, "StateValue": "ALARM", "StateReason": "heartbeat"}


def test_its_event_matches_the_rule_of_restart_service_and_its_ok_verifys(quiet: Bench) -> None:
    red = quiet.event_of(HEARTBEAT, "ALARM")
    assert [rule.split("-")[1][:19] for rule in matching(quiet.session, red)] == ["RestartServiceByTag"]
    ok = quiet.event_of(HEARTBEAT, "OK")
    assert [rule.split("-")[1][:13] for rule in matching(quiet.session, ok)] == ["VerifyOkByTag"]


def recorded(bench: Bench) -> dict[str, Any]:
    """One beat, carried to the deployed rules; returns its decision."""
    before = {decision["pk"] for decision in bench.decisions(HEARTBEAT)}
    event = bench.event_of(HEARTBEAT, "ALARM")
    assert len(deliver(bench.session, event)) == 1

    def look() -> dict[str, Any] | None:
        fresh = [d for d in bench.decisions(HEARTBEAT) if d["pk"] not in before]
        return next(iter(fresh), None)

    return bench.wait("the decision about the heartbeat", look)


def test_a_heartbeat_ends_in_a_record_and_nothing_is_acted_on_or_paged(quiet: Bench) -> None:
    decision = recorded(quiet)
    assert (decision["outcome"], decision["reason"], decision["kind"]) == ("refuse", "heartbeat", "alarm")
    assert decision["target"].endswith("/ecs/firebreak/heartbeat")
    lifetime = int(decision["expires_at"]) - int(decision["at"]) // 1000
    assert 86_390 <= lifetime <= 86_410
    quiet.carry()
    assert [page.subject for page in quiet.inbox.pages if "heartbeat" in page.subject + page.body] == []
    assert quiet.updates_of("heartbeat") == []


def test_a_pause_of_the_action_does_not_hide_it(quiet: Bench) -> None:
    now = datetime.now(UTC)
    scope = "target 111122223333/eu-west-1/ecs/firebreak/heartbeat"
    quiet.switches.pause(Hold(scope, "ana", "migration", now, now + timedelta(minutes=5)))
    try:
        assert recorded(quiet)["reason"] == "heartbeat"
    finally:
        quiet.switches.resume(scope, "ana")


ALARMED = {
    "DeadLetters",
    "EventsWithoutDecision",
    "HeartbeatAgeSeconds",
    "OldestAnnouncementSeconds",
    "OldestUnverifiedActSeconds",
    "PageSweeps",
    "StuckLeases",
    "Sweeps",
}


def test_dead_letters_and_the_watchdog_alarm_straight_to_the_topic(local_aws: LocalAws) -> None:
    session, topic = local_aws.running.session(), local_aws.stack.page_topic
    pages = session.client("cloudwatch").get_paginator("describe_alarms").paginate()
    own = [alarm for page in pages for alarm in page["MetricAlarms"] if alarm["MetricName"] in ALARMED]
    assert {alarm["MetricName"] for alarm in own} == ALARMED
    assert [alarm["AlarmName"] for alarm in own if alarm["AlarmActions"] != [topic]] == []


def test_the_function_that_sweeps_knows_the_deployed_queue(local_aws: LocalAws) -> None:
    client = local_aws.running.session().client("lambda")
    found = client.get_function_configuration(FunctionName=local_aws.stack.functions["Verify"])
    url = found["Environment"]["Variables"]["DEAD_LETTERS_URL"]
    assert url.rsplit("/", 1)[-1] == local_aws.stack.dead_letters.rsplit("/", 1)[-1]


def destination(local: LocalAws, name: str) -> str:
    """The failure destination of the deployed alias of a function."""
    function, _, alias = local.stack.functions[name].rpartition(":")
    client = local.running.session().client("lambda")
    config = client.get_function_event_invoke_config(FunctionName=function, Qualifier=alias)
    return config["DestinationConfig"]["OnFailure"]["Destination"]


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_deployed_function_hands_its_failures_to_page_and_page_to_the_topic(
    local_aws: LocalAws, name: str
) -> None:
    after = local_aws.stack.page_topic if name == "Page" else local_aws.stack.functions["Page"]
    assert destination(local_aws, name) == after


def targets_of(session: Any, bus: str) -> Iterator[tuple[str, Any]]:
    events = session.client("events")
    for page in events.get_paginator("list_rules").paginate(EventBusName=bus, NamePrefix="firebreak-"):
        for rule in page["Rules"]:
            found = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            yield from ((rule["Name"], target) for target in found)


def test_every_deployed_rule_keeps_what_it_cannot_deliver(local_aws: LocalAws) -> None:
    session, stack = local_aws.running.session(), local_aws.stack
    found = [one for bus in ("default", stack.bus) for one in targets_of(session, bus)]
    assert len(found) > 30
    queue = stack.dead_letters.rsplit("/", 1)[-1]
    queues = {name: target.get("DeadLetterConfig", {}).get("Arn", "") for name, target in found}
    assert [name for name, arn in queues.items() if arn.rsplit(":", 1)[-1] != queue] == []


def fail(bench: Bench, name: str) -> dict[str, Any]:
    """Let a deployed function raise; returns the report that Lambda would make of it for function `name`.

    Verify and Page record what they cannot read. Route, which has no ledger, raises.
    """
    # One cause is paged once in 15 minutes, so each run has its own.
    event = {"Records": [{"eventSource": bench.workload.cluster}]}
    reply = bench.session.client("lambda").invoke(
        FunctionName=bench.stack.functions["Route"], Payload=json.dumps(event).encode()
    )
    assert reply["FunctionError"]
    return {
        "version": "1.0",
        "requestContext": {
            "functionArn": bench.stack.functions[name],
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": reply["FunctionError"]},
        "responsePayload": json.loads(reply["Payload"].read()),
    }


def test_a_function_that_raises_reaches_a_human_through_page(local_aws: LocalAws, bench: Bench) -> None:
    """The emulator knows no destinations of aliases, so its report is carried to the deployed one here."""
    report = fail(bench, "Route")
    assert destination(local_aws, "Route") == bench.stack.functions["Page"]
    assert bench.invoke("Page", report)["outcome"] == "notified"

    def look() -> bool:
        crashed = (page.body for page in bench.inbox.pages if "CRASHED" in page.subject)
        return any(bench.workload.cluster in body and "the event was unusable" in body for body in crashed)

    assert bench.wait("the page about it", look)


def test_page_that_raises_reaches_a_human_without_page(local_aws: LocalAws, bench: Bench) -> None:
    report = fail(bench, "Page")
    sns = bench.session.client("sns")
    sns.publish(TopicArn=destination(local_aws, "Page"), Message=json.dumps(report))

    def look() -> bool:
        raw = (page.body for page in bench.inbox.pages if not page.subject)
        return any(bench.workload.cluster in body and "RetriesExhausted" in body for body in raw)

    assert bench.wait("Lambda's own report", look)
