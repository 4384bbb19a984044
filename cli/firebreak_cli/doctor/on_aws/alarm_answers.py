"""The questions about alarms and their events, asked by reads alone."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from firebreak.aws.alarm_types import ALARM_TYPES
from firebreak.aws.translate import translated
from firebreak.core.model import AlarmState
from firebreak.errors import Denied, Rejected
from firebreak_cli.doctor.deployment import ALARM, RULE, pages
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.on_aws.decided import decided_since
from firebreak_cli.doctor.on_aws.model import Answered, NotAsked, Reply
from firebreak_cli.doctor.on_aws.notifications import KEPT, life_of
from firebreak_cli.queries.heartbeats import switched_off_by
from firebreak_cli.stack import patient

# How long the first heartbeat may take after a deployment, warm-up of its alarm included.
FIRST_HEARTBEAT = timedelta(hours=2)
# A sweep counts every five minutes, in a point of its minute, which is to be seen within two.
IN_TIME = timedelta(minutes=8)
LATE = timedelta(minutes=14)
DAY, SIX_HOURS = timedelta(days=1), timedelta(hours=6)
QUERY = "Refusals by reason"
_QUERY_LOOKS, _QUERY_PAUSE = 20, 1.0
_NO_NAME = "the stack has no such alarm"


def heartbeat_mail(seen: Examination) -> Reply:
    """Whether HeartbeatMissing turned OK, and CloudWatch notified the topic of it."""
    if off := switched_off_by(seen.deployment().parameters):
        return NotAsked(f"the stack was deployed without a heartbeat ({off})")
    alarm, age = seen.deployment().of_type(ALARM).get("HeartbeatMissing"), _age(seen)
    if alarm is None:
        return NotAsked(_NO_NAME)
    life = life_of(seen.stack.reader("cloudwatch"), alarm, seen.now - KEPT)
    if at := life.first(AlarmState.OK):
        notified = life.notified_since(at)
        detail = f"{sum(notified)} of {len(notified)} notifications succeeded since"
        return Answered("notified" if any(notified) else "not-notified", detail)
    if life.first(AlarmState.ALARM):
        return Answered("red", "it has not been OK since")
    if age > KEPT:
        return NotAsked("CloudWatch keeps 30 days of an alarm's history, and the deployment is older")
    if age <= FIRST_HEARTBEAT:
        return NotAsked("the deployment is not two hours old, and the alarm has not turned yet")
    return Answered("nothing", "the alarm has not turned")


def _age(seen: Examination) -> timedelta:
    """How long ago the last deployment began."""
    return seen.now - seen.deployment().changed_at


def dropped_dead_letters(seen: Examination) -> Reply:
    """Whether EventBridge counted a dead letter of a rule of the stack that it could not send."""
    rules = {one.rpartition("|")[2] for one in seen.deployment().of_type(RULE).values()}
    found = pages(
        patient(seen.stack.session, "cloudwatch"),
        "list_metrics",
        "Metrics",
        Namespace="AWS/Events",
        MetricName="InvocationsFailedToBeSentToDlq",
    )
    named = {one["Value"] for metric in found for one in metric.get("Dimensions", ())}
    dropped = len(named & rules)
    return Answered("dropped", f"{dropped} of {len(rules)} rules") if dropped else Answered("none")


def own_topic(seen: Examination) -> Reply:
    """Whether CloudWatch ever notified the topic of an alarm of the stack, where the topic is the user's."""
    if not seen.deployment().parameters.get("PageTopicArn"):
        return NotAsked("the stack made its topic itself, with a policy that lets CloudWatch in")
    client, results = patient(seen.stack.session, "cloudwatch"), list[bool]()
    for alarm in sorted(seen.deployment().of_type(ALARM).values()):
        results += life_of(client, alarm, seen.now - KEPT).notified_since(seen.now - KEPT)
    if not results:
        return NotAsked("no alarm of the stack has notified anybody yet", trial=True)
    detail = f"{sum(results)} of {len(results)} notifications succeeded"
    return Answered("reached" if any(results) else "failed", detail)


def counts_in_time(seen: Examination) -> Reply:
    """How old the newest count of a sweep is that can be seen."""
    if _age(seen) <= timedelta(hours=1):
        return NotAsked("the deployment is not an hour old")
    metric = {
        "Namespace": "Firebreak",
        "MetricName": "DeadLetters",
        "Dimensions": [{"Name": "service", "Value": seen.stack.name}],
    }
    stat = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
    asked = {"StartTime": seen.now - timedelta(hours=3), "EndTime": seen.now + timedelta(minutes=1)}
    with translated("GetMetricData", mutates=False):
        found = seen.stack.reader("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "letters", "MetricStat": stat}], ScanBy="TimestampDescending", **asked
        )
    points = [at for one in found["MetricDataResults"] for at in one["Timestamps"]]
    if not points:
        return Answered("too-late", "no count of the last three hours")
    return _counted(seen.now - max(points))


def _counted(age: timedelta) -> Answered:
    detail = f"the newest count is {age / timedelta(minutes=1):.0f} min old"
    if age <= IN_TIME:
        return Answered("in-time", detail)
    return Answered("late" if age <= LATE else "too-late", detail)


def saved_queries(seen: Examination) -> Reply:
    """Whether the saved query of refusals finds any in the logs of the last day."""
    logs, name = seen.stack.reader("logs"), f"{seen.stack.name}/{QUERY}"
    if seen.deployment().parameters.get("Dashboard") == "DISABLED":
        return NotAsked("the stack was deployed without dashboard and saved queries")
    with translated("DescribeQueryDefinitions", mutates=False):
        found = logs.describe_query_definitions(queryDefinitionNamePrefix=f"{seen.stack.name}/")
    query = next((one for one in found["queryDefinitions"] if one["name"] == name), None)
    if query is None:
        return Answered("missing")
    rows = _rows(seen, query)
    if rows is None:
        return NotAsked("Logs Insights had not answered after 20 s: ask again")
    if any("fields.reason" in row for row in rows):
        return Answered("found", f"{len(rows)} rows")
    if any(one.refused for one in decided_since(seen, seen.now - DAY)):
        return Answered("none", f"{len(rows)} rows")
    return NotAsked("no alarm was refused in the last day")


def _rows(seen: Examination, query: Mapping[str, Any]) -> list[Mapping[str, str]] | None:
    """The rows of a saved query over the last day; None where it did not end in time."""
    logs = seen.stack.reader("logs")
    with translated("StartQuery", mutates=False):
        started = logs.start_query(
            logGroupNames=query["logGroupNames"],
            queryString=query["queryString"],
            startTime=int((seen.now - DAY).timestamp()),
            endTime=int(seen.now.timestamp()),
        )
    for _ in range(_QUERY_LOOKS):
        with translated("GetQueryResults", mutates=False):
            found = logs.get_query_results(queryId=started["queryId"])
        if found["status"] not in {"Scheduled", "Running"}:
            return [{one["field"]: one["value"] for one in row} for row in found["results"]]
        seen.sleep(_QUERY_PAUSE)
    return None


def trace_ids(seen: Examination) -> Reply:
    """Whether a trace of the last six hours has an incident's id, where something was decided."""
    if not any(one.incident for one in decided_since(seen, seen.now - SIX_HOURS)):
        return NotAsked("no incident was opened in the last six hours")
    found = pages(
        seen.stack.reader("xray"),
        "get_trace_summaries",
        "TraceSummaries",
        StartTime=seen.now - SIX_HOURS,
        EndTime=seen.now,
        FilterExpression='annotation.correlation_id BEGINSWITH "i-"',
    )
    count = sum(1 for _ in found)
    return Answered("found", f"{count} traces") if count else Answered("none")


def tags_of_series(seen: Examination) -> Reply:
    """Whether Route passed on an alarm of many series in the last two weeks, or a function got its event."""
    of_series = set(_with_series(seen))
    if not of_series:
        return NotAsked("the account has no alarm of many series")
    passed = {_alarm_in(line) for line in _passed_on(seen)}
    if passed & of_series:
        return Answered("passed-on", f"{len(passed & of_series)} alarms")
    if any(one.alarm in of_series for one in decided_since(seen, seen.now - timedelta(days=14))):
        return Answered("direct")
    return NotAsked("no alarm of many series turned red in the last two weeks")


def _with_series(seen: Examination) -> Iterator[str]:
    """The metric alarms that watch a query, which may have many series."""
    for name, alarm in seen.alarms().items():
        queries = [str(one.get("Expression", "")) for one in alarm.get("Metrics", ())]
        if alarm.get("EvaluationCriteria") or any("GROUP BY" in one.upper() for one in queries):
            yield name


def _passed_on(seen: Examination) -> Iterator[str]:
    logs = patient(seen.stack.session, "logs")
    asked = {
        "logGroupName": f"/aws/lambda/{seen.stack.name}-route",
        "filterPattern": '"route.passed_on"',
        "startTime": int((seen.now - timedelta(days=14)).timestamp() * 1000),
    }
    return (one["message"] for one in pages(logs, "filter_log_events", "events", **asked))


def _alarm_in(line: str) -> str:
    """The alarm that a log line of Route names; empty where it cannot be read."""
    try:
        return str(json.loads(line)["fields"]["alarm"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def log_alarms(seen: Examination) -> Reply:
    """Whether CloudWatch takes the type of log alarms."""
    try:
        with translated("DescribeAlarms", mutates=False):
            seen.stack.reader("cloudwatch").describe_alarms(AlarmTypes=[*ALARM_TYPES], MaxRecords=1)
    except Rejected as error:
        return Answered("refused", error.code)
    return Answered("known")


def series_of_alarms(seen: Examination) -> Reply:
    """Whether the series of an alarm can be listed. A denial is an answer where alarms may be described."""
    alarm = next(_with_series(seen), None)
    if alarm is None:
        return NotAsked("the account has no alarm of many series")
    try:
        with translated("DescribeAlarmContributors", mutates=False):
            seen.stack.reader("cloudwatch").describe_alarm_contributors(AlarmName=alarm)
    except Denied as error:
        return Answered("denied", error.code)
    return Answered("listed")


def first_heartbeat_is_due(seen: Examination) -> datetime:
    """Until when no heartbeat says nothing."""
    return seen.deployment().changed_at + FIRST_HEARTBEAT
