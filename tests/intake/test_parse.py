import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Metric, Mute
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse, placed
from firebreak.wire.reason_data import evaluation_of
from tests.support.sample_events import load

ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:prod-api-memory-high"
CHILD = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:child"

# The samples are JSON of many shapes, which is what the functions under test are about.
type Json = Any
type Change = Callable[[Json], object]


def changed(name: str, change: Change) -> Json:
    event = deepcopy(load(name))
    change(event)
    return event


def alarm_of(event: object) -> Alarm:
    alarm = parse(event)
    if not isinstance(alarm, Alarm):
        pytest.fail("the event holds no alarm")
    return alarm


def minimal(**body: object) -> Json:
    detail = {"alarmName": "red", "state": {"value": "ALARM"}, **body}
    return {"source": "aws.cloudwatch", "time": "2026-11-20T10:00:00Z", "detail": detail}


def configured(configuration: object) -> Alarm:
    return alarm_of(minimal(configuration=configuration))


def expression(written: str) -> Json:
    return {"id": "q", "expression": written, "returnData": True}


def metric(dimensions: object, **entry: object) -> Json:
    stat = {"metric": {"namespace": "AWS/ECS", "name": "MemoryUtilization", "dimensions": dimensions}}
    return {"id": "m", "metricStat": stat, **entry}


def test_a_metric_alarm_carries_all_that_its_event_says() -> None:
    expected = Alarm(
        arn=ARN,
        name="prod-api-memory-high",
        account="111122223333",
        region="eu-west-1",
        kind=AlarmKind.METRIC,
        state=AlarmState.ALARM,
        since=datetime(2026, 11, 20, 10, 0, 0, 412_000, tzinfo=UTC),
        sent_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
        previous=AlarmState.OK,
        metrics=(Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"}),),
        tags={"firebreak:action": "restart-service", "team": "checkout"},
        description="Memory of the api service is high. Runbook: https://runbooks.example.com/api-memory",
        reason="Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (85.0) "
        "(minimum 3 datapoints for OK -> ALARM transition).",
        event_id=str(load("ecs_memory_alarm_tagged")["id"]),
        evaluation=evaluation_of(load("ecs_memory_alarm_tagged")["detail"]["state"]["reasonData"]),  # type: ignore[index]
    )

    assert expected.evaluation
    assert expected == parse(load("ecs_memory_alarm_tagged"))


def test_a_series_is_named_by_its_contributor() -> None:
    alarm = alarm_of(load("contributor_alarm"))

    assert alarm.contributor == Contributor("5d3e1f0a9c2b4e77", {"ClusterName": "prod", "ServiceName": "api"})
    assert alarm.previous is None


def test_a_series_without_an_id_is_identified_by_its_attributes() -> None:
    event = changed("contributor_alarm", lambda e: e["detail"]["alarmContributor"].pop("id"))

    assert alarm_of(event).series.endswith("#ClusterName=prod,ServiceName=api")


def test_a_contributor_event_without_its_contributor_is_not_taken_for_the_parent() -> None:
    event = changed("contributor_alarm", lambda e: e["detail"].pop("alarmContributor"))

    assert alarm_of(event).kind is AlarmKind.CONTRIBUTOR


@pytest.mark.parametrize("name", ["direct_alarm_action", "alarm_data_in_envelope"])
def test_other_ways_in_give_the_same_alarm_as_the_rule(name: str) -> None:
    by_rule, other = alarm_of(load("ecs_memory_alarm")), alarm_of(load(name))

    assert (by_rule.arn, by_rule.since, by_rule.metrics) == (other.arn, other.since, other.metrics)


class TestTimes:
    def test_without_a_timestamp_the_envelope_time_is_taken(self) -> None:
        alarm = alarm_of(load("direct_by_hand"))

        assert alarm.since == alarm.sent_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def test_without_an_envelope_time_the_transition_is_taken(self) -> None:
        alarm = alarm_of(changed("ecs_memory_alarm", lambda e: e.pop("time")))

        assert alarm.sent_at == alarm.since

    @pytest.mark.parametrize(
        "time", ["2026-11-20", "1763632800", "soon", "2026-13-45T10:00:00Z", 1763632800, None]
    )
    def test_an_alarm_whose_age_cannot_be_known_is_refused(self, time: object) -> None:
        with pytest.raises(UnusableEvent) as refusal:
            parse({**minimal(), "time": time})

        assert "without a readable time" in refusal.value.found

    @pytest.mark.parametrize(
        "time",
        ["2026-11-20T12:00:00.000+0200", "2026-11-20T10:00:00", "2026-11-20T10: 00: 00.000+0000"],
        ids=["other zone", "no zone", "blanks after colons"],
    )
    def test_time_is_read_as_utc(self, time: str) -> None:
        assert alarm_of({**minimal(), "time": time}).since == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class TestIdentity:
    def test_name_is_taken_from_the_arn(self) -> None:
        assert alarm_of(changed("ecs_memory_alarm", lambda e: e["detail"].pop("alarmName"))).name in ARN

    @pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
    def test_an_arn_is_not_guessed_from_the_name_of_a_region(self, region: str) -> None:
        alarm = alarm_of({**minimal(), "region": region, "account": "111122223333"})

        assert (alarm.arn, alarm.region, alarm.account) == ("", region, "111122223333")

    @pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
    def test_an_alarm_without_a_place_is_placed_where_it_was_received(self, partition: str) -> None:
        alarm = placed(alarm_of(minimal()), "111122223333", "eu-west-1", partition)

        assert alarm.arn == f"arn:{partition}:cloudwatch:eu-west-1:111122223333:alarm:red"

    def test_an_alarm_with_a_place_but_no_arn_gets_the_arn_of_that_place(self) -> None:
        event = {**minimal(), "region": "eu-west-1", "account": "444455556666"}

        alarm = placed(alarm_of(event), "111122223333", "us-east-1", "aws")

        assert alarm.arn == "arn:aws:cloudwatch:eu-west-1:444455556666:alarm:red"

    def test_an_alarm_with_a_place_keeps_it(self) -> None:
        alarm = alarm_of(load("ecs_memory_alarm"))

        assert placed(alarm, "444455556666", "us-east-1", "aws-cn") == alarm

    def test_an_arn_that_is_not_one_is_not_believed(self) -> None:
        event = changed("ecs_memory_alarm", lambda e: e.update(resources=["arn:aws:sns:eu-west-1:1:topic"]))

        assert alarm_of(event).arn == ""

    @pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\nb", 7, None])
    def test_a_name_that_no_alarm_has_is_refused(self, name: object) -> None:
        with pytest.raises(UnusableEvent, match="alarm"):
            parse(minimal(alarmName=name))


class TestKind:
    @pytest.mark.parametrize(
        ("metrics", "kind"),
        [
            pytest.param([metric({})], AlarmKind.METRIC, id="one metric"),
            pytest.param([expression("m"), metric({})], AlarmKind.MATH, id="expression first"),
            pytest.param([metric({}), expression("m")], AlarmKind.MATH, id="expression last"),
            pytest.param([expression("SEARCH('x')")], AlarmKind.MATH, id="a single expression"),
            pytest.param(
                [metric({}), expression("anomaly_detection_band(m, 2)")], AlarmKind.ANOMALY, id="band"
            ),
            pytest.param([expression("SELECT MAX(a) FROM b")], AlarmKind.INSIGHTS, id="query"),
            pytest.param(
                [expression("\n select MAX(a) FROM b\nGROUP\tBY c")],
                AlarmKind.MULTI_SERIES,
                id="grouped query",
            ),
            pytest.param(
                [expression("SELECT MAX(a) FROM b WHERE c = 'GROUP BY'")],
                AlarmKind.INSIGHTS,
                id="quoted words",
            ),
            pytest.param(
                [expression("SELECT MAX(a) FROM b GROUP BY c"), expression("SUM(q)")],
                AlarmKind.MATH,
                id="grouped query summed up",
            ),
            pytest.param([], AlarmKind.UNKNOWN, id="nothing"),
            pytest.param(["odd"], AlarmKind.UNKNOWN, id="not an entry"),
            pytest.param([metric({}), {"id": "new"}], AlarmKind.UNKNOWN, id="an entry of a new sort"),
        ],
    )
    def test_follows_from_the_metrics(self, metrics: list[object], kind: AlarmKind) -> None:
        assert configured({"metrics": metrics}).kind is kind

    @pytest.mark.parametrize(
        ("configuration", "kind"),
        [
            ({"alarmRule": "ALARM(a)"}, AlarmKind.COMPOSITE),
            ({"AlarmRule": "ALARM(a)"}, AlarmKind.COMPOSITE),
            ({"evaluationCriteria": {"promQLCriteria": {"query": "up"}}}, AlarmKind.PROMQL),
            ({"EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}}, AlarmKind.PROMQL),
            ({"promqlCriteria": {}}, AlarmKind.PROMQL),
            ({"scheduledQueryConfiguration": {"queryString": "x"}}, AlarmKind.LOG),
            ({"ScheduledQueryConfiguration": {}}, AlarmKind.LOG),
            ({"alarmRule": None, "metrics": None}, AlarmKind.UNKNOWN),
            ({"somethingNew": {}}, AlarmKind.UNKNOWN),
            (None, AlarmKind.UNKNOWN),
            ("text", AlarmKind.UNKNOWN),
        ],
        ids=repr,
    )
    def test_follows_from_the_markers_of_the_configuration(
        self, configuration: object, kind: AlarmKind
    ) -> None:
        assert configured(configuration).kind is kind


class TestMetrics:
    def test_a_dimension_that_is_not_text_is_kept_as_empty(self) -> None:
        alarm = configured({"metrics": [metric({"ServiceName": 5, "ClusterName": "prod"})]})

        assert dict(alarm.metrics[0].dimensions) == {"ServiceName": "", "ClusterName": "prod"}

    @pytest.mark.parametrize(
        ("entry", "account"),
        [
            ({}, ""),
            ({"accountId": None}, ""),
            ({"accountId": "444455556666"}, "444455556666"),
            ({"AccountId": "444455556666"}, "444455556666"),
            ({"accountId": 11122223333}, "011122223333"),
            ({"accountId": ["444455556666"]}, "unreadable"),
        ],
        ids=repr,
    )
    def test_account_of_a_metric(self, entry: dict[str, object], account: str) -> None:
        assert configured({"metrics": [metric({}, **entry)]}).metrics[0].account == account

    def test_account_of_a_query_is_kept(self) -> None:
        query = {**expression("SELECT MAX(a) FROM b"), "accountId": "444455556666"}

        assert [found.account for found in configured({"metrics": [query]}).metrics] == ["444455556666"]


class TestMute:
    @pytest.mark.parametrize(
        ("detail", "mute"),
        [
            (None, None),
            ({}, None),
            ({"mutedByArn": "arn:rule"}, Mute("arn:rule", None)),
            ({"mutedByArn": None}, Mute("", None)),
            ({"mutedByArn": "arn:rule", "muteWindowEnd": "later"}, Mute("arn:rule", None)),
            (
                {"mutedByArn": "arn:rule", "muteWindowEnd": "2026-11-20T11:00:00.000+0000"},
                Mute("arn:rule", datetime(2026, 11, 20, 11, 0, tzinfo=UTC)),
            ),
            ("odd", Mute("", None)),
        ],
        ids=repr,
    )
    def test_anything_but_nothing_mutes(self, detail: object, mute: Mute | None) -> None:
        assert alarm_of(minimal(muteDetail=detail)).mute == mute


class TestSuppression:
    def test_is_read_from_the_new_state(self) -> None:
        assert alarm_of(load("composite_suppressed")).suppressed_by == "WaitPeriod"

    def test_of_the_previous_state_is_over(self) -> None:
        alarm = alarm_of(load("composite_released"))

        assert (alarm.suppressed_by, alarm.previous) == ("", AlarmState.ALARM)

    def test_in_an_unknown_shape_still_suppresses(self) -> None:
        alarm = alarm_of(minimal(state={"value": "ALARM", "actionsSuppressedBy": ["Alarm"]}))

        assert alarm.suppressed_by == "unreadable"


class TestChildren:
    def composite(self, reason_data: object, rule: str = 'ALARM("by-rule")') -> tuple[str, ...]:
        state = {"value": "ALARM", "reasonData": reason_data}
        return alarm_of(minimal(state=state, configuration={"alarmRule": rule})).children

    def test_are_never_those_that_the_reason_lists(self) -> None:
        children = [{"arn": CHILD, "state": {"value": "ALARM"}}]

        assert self.composite(json.dumps({"triggeringAlarms": children})) == ("by-rule",)

    @pytest.mark.parametrize(
        "reason_data",
        [None, "", "{", "[1]", "{}", '{"triggeringAlarms": 5}', {"triggeringAlarms": []}, "[" * 100_000],
        ids=["null", "empty", "cut off", "list", "no key", "number", "not a string", "deep"],
    )
    def test_are_those_of_the_rule_whatever_the_reason_holds(self, reason_data: object) -> None:
        assert self.composite(reason_data) == ("by-rule",)

    def test_of_other_kinds_are_not_looked_for(self) -> None:
        state = {"value": "ALARM", "reasonData": json.dumps({"triggeringAlarms": [{"arn": CHILD}]})}

        assert alarm_of(minimal(state=state)).children == ()


class TestTags:
    def test_only_text_is_a_tag(self) -> None:
        alarm = alarm_of(minimal(alarmTags={"team": "checkout", "odd": 5, "none": None}))

        assert dict(alarm.tags) == {"team": "checkout"}

    @pytest.mark.parametrize(
        ("body", "lost"),
        [
            ({}, False),
            ({"alarmTagsStatus": "SUCCESS"}, False),
            ({"alarmTagsStatus": "FAILED"}, True),
            ({"alarmTagsStatus": None}, True),
        ],
        ids=repr,
    )
    def test_are_lost_when_their_status_is_not_success(self, body: dict[str, object], *, lost: bool) -> None:
        assert alarm_of(minimal(**body)).tags_lost is lost


class TestRefusal:
    @pytest.mark.parametrize(
        ("event", "found"),
        [
            (None, "null"),
            ("secret", "a string"),
            (5, "a number"),
            ([], "a list of 0"),
            ({}, "an object with 0 keys but no alarm in detail or alarmData"),
            ({"Records": []}, "a batch of records from null"),
            ({"Records": [{"eventSource": "aws:s3"}]}, 'a batch of records from "aws:s3"'),
            ({"Type": "Notification", "Message": "{}"}, "an SNS notification"),
            ({**minimal(), "source": "example.app"}, 'source "example.app"'),
            ({**minimal(), "detail-type": "Other"}, 'detail-type "Other" from source "aws.cloudwatch"'),
            (minimal(operation="delete"), 'a "CloudWatch Alarm Configuration Change" event'),
            (minimal(state=None), "an alarm without a new state"),
            (minimal(state={"value": "alarm"}), 'the alarm state "alarm"'),
            (minimal(state={"value": "x" * 5000}), "the alarm state a string of 5000 characters"),
            (minimal(alarmName=None), "an alarm without a name"),
        ],
        ids=lambda value: value if isinstance(value, str) else "event",
    )
    def test_names_what_was_found(self, event: object, found: str) -> None:
        with pytest.raises(UnusableEvent) as refusal:
            parse(event)

        assert refusal.value.found == found


def test_a_lone_surrogate_does_not_reach_the_rest() -> None:
    alarm = alarm_of(json.loads(json.dumps(minimal(alarmName="a\ud800b"))))

    assert alarm.name == "a?b"


def test_reason_and_description_are_bounded() -> None:
    event = minimal(state={"value": "ALARM", "reason": "r" * 9000}, configuration={"description": "d" * 9000})

    alarm = alarm_of(event)

    assert (len(alarm.reason), len(alarm.description)) == (1024, 1024)
