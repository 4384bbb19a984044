"""Alarms are read with all that CloudWatch sent of them, and put by one request each, three a second."""

from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError, Denied, OutcomeUnknown, Rejected, Throttled
from firebreak_cli.adopt.alarm_configuration import Configuration, Kind
from firebreak_cli.adopt.alarm_store import UNPARSED, CloudWatchStore, Pace, keep_unparsed
from firebreak_cli.adopt.careful_put import CarefulPut, End
from tests.cli.adopted import NOW, composite, raw
from tests.cli.alarm_stores import MODEL, ON, cbor, client, sending, shown, stubbed, unhurried
from tests.support import builders as a

ASKED = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"], "MaxRecords": 100}
LOG = {
    "AlarmName": "log",
    "AlarmArn": a.arn_of("log"),
    "ScheduledQueryConfiguration": {
        "QueryString": "fields @message",
        "LogGroupIdentifiers": ["/shop"],
        "ScheduledQueryRoleARN": f"arn:aws:iam::{a.ACCOUNT}:role/query",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        "AggregationExpression": "count(*)",
    },
    "QueryResultsToEvaluate": 3,
    "QueryResultsToAlarm": 2,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "StateValue": "OK",
}
BOTH = composite(
    "both", "ALARM(api-memory)", ActionsSuppressor=a.arn_of("deploys"), ActionsSuppressorWaitPeriod=60
)
BAND = raw(
    "band",
    Metrics=[
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ECS",
                    "MetricName": "MemoryUtilization",
                    "Dimensions": [{"Name": "ClusterName", "Value": "prod"}],
                },
                "Period": 60,
                "Stat": "p99",
            },
            "ReturnData": True,
        },
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    ],
    ThresholdMetricId="ad1",
)
PROMQL = {
    "AlarmName": "promql",
    "AlarmArn": a.arn_of("promql"),
    "ActionsEnabled": True,
    "StateValue": "OK",
    "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0", "PendingPeriod": 60, "RecoveryPeriod": 0}},
    "EvaluationInterval": 60,
}
READ_ONLY = {"AlarmArn", "StateValue", "StateUpdatedTimestamp"}


def put(kind: str, described: dict[str, Any], operation: str) -> None:
    """The alarm is read, put with its tags in its events by exactly this request, and read back."""
    request = {key: one for key, one in described.items() if key not in READ_ONLY and one != []}
    request |= {"ActionConfiguration": ON}

    def read(stubber: Stubber) -> None:
        names = {"AlarmNames": [described["AlarmName"]], **ASKED}
        for one in (described, described, {**described, "ActionConfiguration": ON}):
            stubber.add_response("describe_alarms", {kind: [one]}, names)

    sent: list[Stubber] = []

    def write(stubber: Stubber) -> None:
        stubber.add_response(operation, {}, request)
        sent.append(stubber)

    store = stubbed(read, write)
    found = store.read([described["AlarmName"]])
    assert isinstance(found, dict)
    before = found[described["AlarmName"]]
    done = CarefulPut(store, lambda _: None).replace(before, before.with_propagation())
    assert (done.end, done.detail) == (End.DONE, "")
    # A stub that is asked for another request looks like a reply that was lost.
    sent[0].assert_no_pending_responses()


@pytest.mark.parametrize("described", [raw(), BAND, PROMQL], ids=["one metric", "a band", "PromQL"])
def test_a_metric_alarm_of_any_shape_is_put_by_putmetricalarm(described: dict[str, Any]) -> None:
    put("MetricAlarms", described, "put_metric_alarm")


def test_a_composite_and_a_log_alarm_have_operations_of_their_own() -> None:
    put("CompositeAlarms", BOTH, "put_composite_alarm")
    put("LogAlarms", LOG, "put_log_alarm")


ERRORS: list[tuple[str, int, type[AwsError]]] = [
    ("AccessDenied", 403, Denied),
    ("Throttling", 400, Throttled),
    ("LimitExceeded", 400, Rejected),
    ("ValidationError", 400, Rejected),
    ("InternalServiceFault", 500, OutcomeUnknown),
]


@pytest.mark.parametrize(("code", "status", "error"), ERRORS, ids=[one[0] for one in ERRORS])
def test_an_error_of_a_put_is_translated_and_it_is_sent_once(
    code: str, status: int, error: type[AwsError]
) -> None:
    def write(stubber: Stubber) -> None:
        stubber.add_client_error("put_metric_alarm", code, http_status_code=status)

    with pytest.raises(error) as raised:
        stubbed(lambda _: None, write).put(shown())
    assert (raised.value.operation, raised.value.code) == ("PutMetricAlarm", code)


def test_a_request_that_botocore_itself_refuses_is_not_sent() -> None:
    odd = Configuration(kind=Kind.METRIC, name="x", arn="y", fields={"AlarmName": "x", "New": 1})
    sent: list[str] = []
    writes = client()
    writes.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    with pytest.raises(Rejected) as raised:
        CloudWatchStore(client(), writes, unhurried()).put(odd)
    assert (raised.value.code, sent) == ("ParamValidationError", [])


def test_a_read_that_fails_is_not_an_alarm_that_is_gone() -> None:
    def read(stubber: Stubber) -> None:
        stubber.add_client_error("describe_alarms", "AccessDenied", http_status_code=403)
        stubber.add_response("describe_alarms", {"MetricAlarms": []})

    store = stubbed(read, lambda _: None)
    assert store.read(["x"]) == Unknown("DescribeAlarms: AccessDenied")
    assert store.read(["x"]) == {}


def test_a_hundred_names_go_into_one_call() -> None:
    def read(stubber: Stubber) -> None:
        for names in ([f"{n}" for n in range(100)], ["100"]):
            alarms = [raw(name) for name in names]
            stubber.add_response("describe_alarms", {"MetricAlarms": alarms}, {"AlarmNames": names, **ASKED})

    found = stubbed(read, lambda _: None).read([f"{n}" for n in range(101)])
    assert isinstance(found, dict)
    assert len(found) == 101


# --- what botocore does not know


def read_as_sent(*alarms: dict[str, Any], kind: str = "MetricAlarms") -> Any:
    return CloudWatchStore(sending({kind: [*alarms]}), client(), unhurried()).read(
        [one["AlarmName"] for one in alarms]
    )


def test_an_answer_that_botocore_knows_whole_holds_nothing_else() -> None:
    (found,) = read_as_sent({**raw(), "AlarmConfigurationUpdatedTimestamp": NOW}).values()
    assert (found.not_taken, found.fields) == ((), shown().fields)
    assert found.changed_at == NOW


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"Sensitivity": "high"}, "Sensitivity"),
        ({"ActionConfiguration": {**ON, "Batching": {"Size": 2}}}, "ActionConfiguration.Batching"),
        ({"EvaluationWindow": {"TumblingWindow": {}}}, "EvaluationWindow.TumblingWindow"),
        ({"Metrics": [{"Id": "m1", "Expression": "1", "Smoothing": 3}]}, "Metrics.Smoothing"),
    ],
    ids=["a field", "a setting of events", "a variant", "a field in a list"],
)
def test_a_field_that_is_newer_than_botocore_is_seen_although_it_is_not_parsed(
    sent: dict[str, Any], path: str
) -> None:
    """Otherwise a put would take it away, and reading it back would not show that either."""
    (found,) = read_as_sent({**raw(), **sent}).values()
    assert path in found.not_taken


def test_only_the_alarm_that_has_it_is_left_alone() -> None:
    found = read_as_sent(raw("one"), {**raw("two"), "New": True})
    assert {name: one.not_taken for name, one in found.items()} == {"one": (), "two": ("New",)}


def test_an_answer_in_cbor_is_looked_through_as_well() -> None:
    """CloudWatch speaks both, and which of them botocore prefers is botocore's affair."""
    sent: dict[str, Any] = {"MetricAlarms": [{"AlarmName": "one", "New": "x"}], "NextToken": "more"}
    found: dict[str, Any] = {}
    operation = SimpleNamespace(
        service_model=SimpleNamespace(resolved_protocol="smithy-rpc-v2-cbor"),
        output_shape=MODEL.operation_model("DescribeAlarms").output_shape,
    )
    keep_unparsed(operation, {"status_code": 200, "body": cbor(sent)}, found)  # type: ignore[arg-type]  # what is read of it
    assert found == {UNPARSED: {"one": ("New",)}}


def test_an_answer_that_cannot_be_looked_through_is_not_read() -> None:
    reads = client()
    stubber = Stubber(reads)
    stubber.add_response("describe_alarms", {"MetricAlarms": [raw()]})
    stubber.activate()
    found = CloudWatchStore(reads, client(), unhurried()).read(["api-memory"])
    assert found == NotRead("DescribeAlarms: botocore does not show its answer as it was sent")


# --- the pace


class Clock:
    """A clock that a sleep moves on."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def test_no_more_than_three_alarms_are_put_in_a_second() -> None:
    clock, starts = Clock(), []
    pace = Pace(clock.now, clock.sleep)
    for took in (0.0, 0.1, 0.5, 0.0, 0.0):
        pace.wait()
        starts.append(clock.at)
        clock.at += timedelta(seconds=took)
    gaps = [round((two - one).total_seconds(), 6) for one, two in pairwise(starts)]
    assert gaps == [0.333333, 0.333333, 0.5, 0.333333]


def test_a_clock_that_is_set_back_does_not_make_it_wait_longer() -> None:
    clock = Clock()
    pace = Pace(clock.now, clock.sleep)
    pace.wait()
    clock.at -= timedelta(hours=1)
    pace.wait()
    assert [round(one, 6) for one in clock.slept] == [0.333333]


def test_the_first_put_does_not_wait_for_its_turn_and_each_after_it_does() -> None:
    clock = Clock()
    store = CloudWatchStore(client(), client(), Pace(clock.now, clock.sleep))
    for _ in range(3):
        store.wait_for_turn()
    assert [round(one, 6) for one in clock.slept] == [0.333333, 0.333333]
