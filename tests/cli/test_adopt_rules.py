"""The rules of the plan of `firebreak adopt`, one by one: why an alarm is adopted, or left alone."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import AlarmKind, Target
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.routing import by_live_tags, primary, route
from firebreak.intake.lookups import Lookups, UnreadAlarms
from firebreak.intake.target_groups import ServicesBehind
from firebreak.intake.target_resolution import resolve
from firebreak.services.registry import CATALOG
from firebreak_cli.adopt.entries import LeftAlone, OptIn
from firebreak_cli.adopt.suggestions import suggested, symptoms
from tests.cli.adopted import (
    HOME,
    LESS,
    NOW,
    SCALING,
    NoCache,
    Services,
    entry,
    existing,
    raw,
    sample_alarms,
)
from tests.cli.alarm_stores import ON
from tests.cli.test_adopt_sample import PLAN, SERVICES_OF_GROUPS
from tests.contracts.template import read
from tests.docs.documents import ROOT
from tests.support import builders as a

L = LeftAlone
OPTED = {"ecs:prod/api": {"firebreak:enabled": "true"}}
BALANCED = {"LoadBalancer": "app/x/1", "TargetGroup": "targetgroup/api/0123456789abcdef"}


@pytest.mark.parametrize("alarm", [one.alarm for one in PLAN.adopted])
def test_with_its_tags_an_adopted_alarm_leads_to_its_action_and_its_target(alarm: str) -> None:
    """As the rules, the router and the functions read it, its tags in its events or not."""
    right = next(one for one in PLAN.entries if one.alarm == alarm)
    event = next(one.event for one in sample_alarms() if one.shown.name == alarm)
    live = {**(right.tags or {}), **right.missing}
    riding = primary(route(replace(event, tags=live), CATALOG))
    looked_up = primary(route(event, CATALOG)) or by_live_tags(event, live, CATALOG)
    assert (riding, looked_up) == (right.action, right.action)
    behind = ServicesBehind(NoCache(), Services(SERVICES_OF_GROUPS), lambda: NOW)
    found = resolve(event, live, Lookups(HOME, UnreadAlarms(NotRead("")), behind), right.action).found
    assert isinstance(found, Target)
    assert found.display == right.target


TAGS: list[tuple[dict[str, str], LeftAlone | None, dict[str, str]]] = [
    ({"firebreak:action": "none"}, L.OPTED_OUT, {}),
    ({"firebreak:action": "page"}, L.FOR_HUMANS, {}),
    ({"firebreak:action": "restart-servce"}, L.UNKNOWN_TAG, {}),
    ({"firebreak:action": "roll-back-service"}, None, {}),
    ({"firebreak:target": "ecs:prod/other"}, None, {}),
    ({"firebreak:target": "prod/other"}, L.NO_SINGLE_TARGET, {}),
    ({"aws:cloudformation:stack-name": "firebreak"}, L.OWN_ALARM, {}),
    ({"severity": "P1"}, None, {"firebreak:severity": "critical"}),
    ({"firebreak:severity": "info", "severity": "P1"}, None, {}),
    ({"firebreak:severity": "urgent", "severity": "P1"}, None, {}),
]


@pytest.mark.parametrize(("tags", "reason", "missing"), TAGS, ids=lambda value: str(value)[:60])
def test_the_alarm_s_own_tags_decide_first(
    tags: dict[str, str], reason: LeftAlone | None, missing: dict[str, str]
) -> None:
    found = entry(existing(raw(), tags))
    assert (found.reason, found.missing) == (reason, missing)


CHANGES: list[tuple[str, dict[str, Any], LeftAlone | None]] = [
    ("the heartbeat", {"name": "firebreak-heartbeat"}, L.OWN_ALARM),
    ("target tracking", {"name": "TargetTracking-service/prod/api-AlarmHigh-1"}, L.TARGET_TRACKING),
    ("disabled", {"ActionsEnabled": False}, L.ACTIONS_DISABLED),
    ("a scaling policy", {"AlarmActions": [SCALING]}, L.DRIVES_SCALING),
    (
        "a function",
        {"AlarmActions": [f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:mine"]},
        L.OTHER_CONTROLLER,
    ),
    ("a topic", {"AlarmActions": [f"arn:aws:sns:{a.REGION}:{a.ACCOUNT}:on-call"]}, None),
    ("low", {"ComparisonOperator": LESS}, L.LOW_SIDE),
    ("both sides", {"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"}, L.LOW_SIDE),
    ("above a band", {"ComparisonOperator": "GreaterThanUpperThreshold"}, None),
    ("a database", {"metric": "AWS/RDS CPUUtilization"}, L.NO_ACTION),
    ("a cluster", {"dimensions": {"ClusterName": "prod"}}, L.NO_SINGLE_TARGET),
    ("an odd name", {"dimensions": {"ClusterName": "prod", "ServiceName": "a b"}}, L.NO_SINGLE_TARGET),
    ("PromQL", {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}}, L.MANY_SERIES),
    ("logs", {"ScheduledQueryConfiguration": {"QueryString": "x"}}, L.MANY_SERIES),
]


@pytest.mark.parametrize(("changes", "reason"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_an_alarm_is_left_alone_where_a_guard_would_refuse(
    changes: dict[str, Any], reason: LeftAlone | None
) -> None:
    assert entry(existing(raw(**changes))).reason is reason


def query(metric: str, account: str = "") -> dict[str, Any]:
    namespace, _, name = metric.partition(" ")
    dimensions = [{"Name": "FunctionName", "Value": "checkout"}]
    watched = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    stat = {"Id": name.lower(), "MetricStat": {"Metric": watched, "Period": 60, "Stat": "Sum"}}
    return stat | ({"AccountId": account} if account else {})


def math(*queries: dict[str, Any], expression: str = "a/b") -> dict[str, Any]:
    shape = {key: value for key, value in raw("rate").items() if key not in {"MetricName", "Namespace"}}
    return shape | {"Metrics": [*queries, {"Id": "e", "Expression": expression, "ReturnData": True}]}


def test_metric_math_suggests_what_one_of_its_metrics_does() -> None:
    found = entry(existing(math(query("AWS/Lambda Errors"), query("AWS/Lambda Invocations"))))
    assert (found.action, found.target, found.reason) == ("roll-back-function", "lambda:checkout", None)


def test_metrics_with_several_symptoms_lead_to_several_actions_unless_somebody_chooses() -> None:
    found = entry(existing(math(query("AWS/Lambda Errors"), query("AWS/Lambda Duration"))))
    assert found.reason is L.SEVERAL_ACTIONS
    leads = "its metric leads to adjust-function-memory and roll-back-function without a tag"
    assert found.notes == (f"{leads}: tag it firebreak:action with one of them, or with none",)


def test_a_metric_of_another_account_names_no_target_here() -> None:
    found = entry(existing(math(query("AWS/Lambda Errors", "444455556666"))))
    assert found.reason is L.OTHER_ACCOUNT


def test_tags_that_could_not_be_read_leave_an_alarm_alone() -> None:
    """Absent tags, a failed look and no look are three things."""
    failed = entry(existing(raw(), Unknown("ListTagsForResource: Throttling")))
    unread = entry(existing(raw(), NotRead("nobody looked")))
    none = entry(existing(raw()))
    assert (failed.reason, unread.reason, none.reason) == (L.TAGS_NOT_READ, None, None)
    assert [one.owner.kind.value for one in (failed, unread, none)] == ["not known", "not known", "nobody"]
    assert "its tags were not read: it may have some of these already, and an owner" in unread.notes


TARGETS: list[tuple[str, Any, OptIn, LeftAlone | None]] = [
    ("untagged", {}, OptIn.MISSING, None),
    ("opted in", {"firebreak:enabled": "true"}, OptIn.YES, L.NOTHING_MISSING),
    ("opted out", {"firebreak:enabled": "false"}, OptIn.NO_TARGET, L.TARGET_REFUSES),
    ("for this alarm", {"firebreak:alarms": "api-"}, OptIn.MISSING, None),
    ("for other alarms", {"firebreak:alarms": "web-"}, OptIn.NO_TARGET, L.TARGET_REFUSES),
    ("gone", ABSENT, OptIn.NO_TARGET, L.TARGET_GONE),
    ("not read", NotRead("nobody looked"), OptIn.NOT_KNOWN, None),
    ("not readable", Unknown("DescribeServices: AccessDenied"), OptIn.NOT_KNOWN, None),
]


@pytest.mark.parametrize(
    ("tags", "opt_in", "reason"), [one[1:] for one in TARGETS], ids=[one[0] for one in TARGETS]
)
def test_the_target_s_tags_say_whether_it_takes_part(
    tags: Any, opt_in: OptIn, reason: LeftAlone | None
) -> None:
    found = entry(existing(raw()), target_tags={"ecs:prod/api": tags})
    assert (found.opt_in, found.reason) == (opt_in, reason)


def test_a_look_at_a_target_that_failed_is_said() -> None:
    found = entry(existing(raw()), target_tags={"ecs:prod/api": Unknown("DescribeServices: AccessDenied")})
    assert found.notes == ("whether ecs:prod/api is opted in was not read: DescribeServices: AccessDenied",)


def test_a_tagged_alarm_lacks_only_the_opt_in_of_its_target() -> None:
    tagged = existing(raw(), {"firebreak:action": "scale-service"})
    found = entry(tagged)
    assert (found.action, found.missing, found.needs_opt_in) == ("scale-service", {}, True)
    riding = existing(raw(ActionConfiguration=ON), {"firebreak:action": "scale-service"})
    assert entry(riding, target_tags=OPTED).reason is L.NOTHING_MISSING


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, None),
        ({"ManagedBy": "terraform"}, L.NOTHING_MISSING),
        ({"aws:cloudformation:stack-name": "Shop"}, L.NOTHING_MISSING),
    ],
    ids=["nobody", "terraform", "a stack"],
)
def test_tags_that_are_not_in_its_events_are_a_reason_to_adopt_an_alarm_of_nobody(
    tags: dict[str, str], reason: LeftAlone | None
) -> None:
    found = entry(existing(raw(), {"firebreak:action": "scale-service", **tags}), target_tags=OPTED)
    assert (found.reason, found.missing, found.needs_opt_in) == (reason, {}, False)
    assert found.needs_propagation is (reason is None)


def test_a_severity_alone_is_no_reason_to_adopt_an_alarm() -> None:
    assert entry(existing(raw("api sev1")), target_tags=OPTED).reason is L.NOTHING_MISSING


def test_a_target_group_is_followed_to_its_service_and_needs_no_tag_for_that() -> None:
    alarm = existing(raw(metric="AWS/ApplicationELB UnHealthyHostCount", dimensions=BALANCED))
    found = entry(alarm, services={BALANCED["TargetGroup"]: ("prod/api",)})
    assert (found.target, found.missing) == ("ecs:prod/api", {"firebreak:action": "replace-task"})
    assert entry(alarm).reason is L.NO_SINGLE_TARGET


PROPAGATION: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"Enabled": False}, False),
    ({"Enabled": True}, True),
    ({"Enabled": True, "IncludedTagKeys": ["team"]}, False),
    ({"Enabled": True, "IncludedTagKeys": ["firebreak:action"]}, True),
    ({"Enabled": True, "ExcludedTagKeys": ["firebreak:action"]}, False),
    ({"Enabled": True, "ExcludedTagKeys": ["team"]}, True),
]


@pytest.mark.parametrize(("asked", "rides"), PROPAGATION, ids=str)
def test_whether_its_tags_are_in_its_events_is_read_from_its_configuration(
    asked: dict[str, Any], rides: bool
) -> None:
    shape = raw(ActionConfiguration={"AlarmTagsPropagation": asked}) if asked else raw()
    assert existing(shape).rides is rides


def test_propagation_that_is_off_is_said_where_tags_matter() -> None:
    off = "its tags are not in its events (tag propagation is off): "
    by_symptom = entry(existing(raw()))
    by_tag = entry(existing(raw(), {"firebreak:action": "scale-service"}))
    rated = entry(existing(raw("api sev1")))
    assert by_symptom.notes == ()
    assert by_tag.notes == (f"{off}Route looks them up",)
    unseen = "pages do not see its severity, unless the policy says it (paging.severities)"
    assert rated.notes == (f"{off}{unseen}",)


def test_missing_data_that_turns_it_red_is_said() -> None:
    found = entry(existing(raw(TreatMissingData="breaching")))
    why = "which is no symptom unless it is tagged firebreak:missing-data=symptom"
    assert found.notes == (f"missing data turns it red, {why}",)
    silent = existing(raw(TreatMissingData="breaching"), {"firebreak:missing-data": "ignore"})
    assert entry(silent).notes == ()


def test_an_alarm_that_its_symptom_leads_to_a_refusal_says_so() -> None:
    found = entry(existing(raw(ComparisonOperator=LESS)))
    assert found.notes == ("its metric leads to restart-service without a tag, and a guard refuses that",)


# --- suggestions


def test_a_suggestion_that_is_no_symptom_is_what_the_examples_tag() -> None:
    """Replacing a task for unhealthy hosts is in none of them; docs/actions.md has it."""
    by_tag = {
        (one.namespace, one.metric): spec.name for spec in CATALOG.specs.values() for one in spec.suggested_by
    }
    unhealthy = {key for key in by_tag if key[1] == "UnHealthyHostCount"}
    assert {by_tag[key] for key in unhealthy} == {"replace-task"}
    assert by_tag.keys() - unhealthy
    assert {key: by_tag[key] for key in by_tag.keys() - unhealthy}.items() <= tagged_in_examples().items()


def tagged_in_examples() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for path in (ROOT / "examples").glob("*/template.yaml"):
        for alarm in alarms_in(read(path)):
            tags = {tag["Key"]: tag["Value"] for tag in alarm.get("Tags", ())}
            if "Namespace" in alarm and "firebreak:action" in tags:
                found[alarm["Namespace"], alarm["MetricName"]] = tags["firebreak:action"]
    return found


def alarms_in(part: Any) -> list[dict[str, Any]]:
    match part:
        case {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}:
            return [properties]
        case dict():
            return [alarm for inner in part.values() for alarm in alarms_in(inner)]
        case list():
            return [alarm for inner in part for alarm in alarms_in(inner)]
        case _:
            return []


def test_every_symptom_of_an_action_is_suggested() -> None:
    for spec in CATALOG.specs.values():
        if spec.symptom:
            shape = raw(metric=f"{spec.symptom.namespace} {spec.symptom.metric}")
            assert suggested(existing(shape).event.metrics) == (spec.name,)


@pytest.mark.parametrize(
    ("action", "metric"),
    [
        (spec.name, f"{one.namespace} {one.metric}")
        for spec in CATALOG.specs.values()
        for one in spec.suggested_by
    ],
)
def test_a_metric_that_only_suggests_an_action_is_no_symptom(action: str, metric: str) -> None:
    metrics = existing(raw(metric=metric)).event.metrics
    assert (suggested(metrics), symptoms(metrics)) == ((action,), ())


def test_a_kind_of_alarm_that_the_event_would_not_show_is_known() -> None:
    log = existing(raw(ScheduledQueryConfiguration={"QueryString": "x"}))
    assert (log.event.kind, log.event.metrics) == (AlarmKind.LOG, ())
