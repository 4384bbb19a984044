"""The dashboard and the saved queries of a stack, as values that the template's source prints.

The dashboard answers five questions from the top: is it on, what did it do, did it help, what did it refuse,
is it healthy. Its alarms are those of the template itself, and its log groups those of its functions: nothing
lists them. `${...}` are CloudFormation's. A contract test compares metrics and fields with what is written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMESPACE = "Firebreak"
WIDTH = 24

# Good news and the stack's own heartbeat are refusals as well, and would hide all others.
_NO_NEWS = ("heartbeat", "not_in_alarm", "no_longer_red")

ACTED = """\
filter message = "remediation.acted" or (message = "remediation.decided" and `fields.outcome` = "propose")
| fields @timestamp, message as what, `fields.action` as action, `fields.target` as target
| fields `fields.incident` as incident
| sort @timestamp desc
| limit 20"""
# Every look judges; the last word of an incident is the one that ended its waiting.
HELPED = """\
filter message = "verification.judged" and `fields.step` not in ["LookAgain", "Hold"]
| stats count_distinct(`fields.incident`) as incidents by `fields.verdict` as verdict
| sort incidents desc"""
REFUSED = f"""\
filter message = "event.handled" and `fields.outcome` in ["refuse", "defer"]
| filter `fields.reason` not in {json.dumps(_NO_NEWS)}
| stats count(*) as times, latest(`fields.incident`) as newest by `fields.reason`, `function_name`
| sort times desc"""
# An id that no incident has, so that the query finds nothing until a reader puts theirs in.
STORY = """\
filter `correlation_id` = "i-0000000000" or `fields.incident` = "i-0000000000"
| fields @timestamp, `function_name` as function, message, `fields.outcome` as outcome
| fields `fields.reason` as reason, `fields.verdict` as verdict, `fields.step` as step
| fields `fields.channels.0` as channel, `fields.error` as error
| fields `correlation_id` as followed, `xray_trace_id` as trace
| sort @timestamp asc
| limit 1000"""
# Lambda's own lines name an exception in errorType, and a time-out or a lack of memory in record.status.
ERRORS = """\
filter level in ["ERROR", "CRITICAL"] or ispresent(errorType) or ispresent(`fields.error`)
    or `record.status` in ["timeout", "error", "failure"]
| fields @timestamp, @log, message, `correlation_id` as followed, `fields.error` as error
| fields errorType, errorMessage, `record.status` as status
| sort @timestamp desc
| limit 200"""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query that stands under the stack's name in Logs Insights."""

    id: str
    name: str
    text: str


QUERIES = (
    SavedQuery("IncidentStory", "The story of an incident", STORY),
    SavedQuery("RefusalsByReason", "Refusals by reason", REFUSED),
    SavedQuery("Errors", "Errors", ERRORS),
)


def log_groups(template: Mapping[str, Any]) -> list[str]:
    """The logical ids of the log groups of a template."""
    found = template["Resources"].items()
    return [name for name, one in found if one["Type"] == "AWS::Logs::LogGroup"]


def alarm_arns(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ARNs of the alarms that notify somebody, as CloudFormation's functions."""
    return [
        _if(one.get("Condition"), {"Fn::GetAtt": [name, "Arn"]})
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and "AlarmActions" in one["Properties"]
    ]


def _if(condition: str | None, value: dict[str, Any]) -> dict[str, Any]:
    return {"Fn::If": [condition, value, {"Ref": "AWS::NoValue"}]} if condition else value


def body(groups: Sequence[str]) -> str:
    """The dashboard's JSON; `${Alarms}` stands for the ARNs, each in quotation marks but the outer ones."""
    widgets = [*_placed(_rows(groups))]
    return json.dumps({"start": "-P7D", "periodOverride": "inherit", "widgets": widgets}, indent=1)


def _rows(groups: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows of widgets from the top; each widget has its height, and a row shares the width."""
    yield [_heading("${AWS::StackName}: is it on?", "status")]
    yield [
        _numbers("Signs of life in the newest hour", ["Heartbeats", "Sweeps", "PageSweeps"], period=3600),
        _alarms("Alarms about itself: any red one is for you"),
    ]
    yield [_heading("What did it do?", "incidents")]
    yield [_graph("Acts", [("Acts", "Sum")], 3600), _logs("Acts and what it would have done", ACTED, groups)]
    yield [_heading("Did it help, and what did it refuse?", "stats")]
    yield [
        _logs("Incidents by verdict", HELPED, groups),
        _logs("Refusals by reason", REFUSED, groups),
    ]
    yield [_heading("Is it healthy?", "doctor")]
    yield [
        _graph(
            "Events and their results", [(name, "Sum") for name in ("Events", "Decisions", "Failures")], 300
        ),
        _graph("Pages that a channel did not take", [("ChannelFailures", "Sum")], 300),
    ]
    yield [
        _graph(
            "Waiting, in seconds",
            [("OldestUnverifiedActSeconds", "Maximum"), ("OldestAnnouncementSeconds", "Maximum")],
            300,
        ),
        _graph(
            "Stuck, and findings of the doctor",
            [("StuckLeases", "Maximum"), ("WaitingAnnouncements", "Maximum"), ("DoctorFindings", "Maximum")],
            300,
        ),
    ]


def _placed(rows: Iterable[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    top = 0
    for row in rows:
        width, height = WIDTH // len(row), max(widget["height"] for widget in row)
        for place, widget in enumerate(row):
            yield {**widget, "x": place * width, "y": top, "width": width, "height": height}
        top += height


def _heading(question: str, command: str) -> dict[str, Any]:
    """A question, and the command that answers it by the ledger."""
    place = "--stack ${AWS::StackName} --region ${AWS::Region} --account ${AWS::AccountId}"
    markdown = f"## {question}\n`firebreak {command} {place}`"
    return {"type": "text", "height": 2, "properties": {"markdown": markdown, "background": "transparent"}}


def _alarms(title: str) -> dict[str, Any]:
    return {"type": "alarm", "height": 5, "properties": {"title": title, "alarms": ["${Alarms}"]}}


def _metrics(names: Iterable[tuple[str, str]]) -> list[list[Any]]:
    return [[NAMESPACE, name, "service", "${AWS::StackName}", {"stat": stat}] for name, stat in names]


def _numbers(title: str, names: Iterable[str], *, period: int) -> dict[str, Any]:
    shown = {"title": title, "view": "singleValue", "region": "${AWS::Region}", "period": period}
    return {
        "type": "metric",
        "height": 5,
        "properties": {**shown, "metrics": _metrics((name, "Sum") for name in names)},
    }


def _graph(title: str, names: Iterable[tuple[str, str]], period: int) -> dict[str, Any]:
    shown = {"title": title, "view": "timeSeries", "region": "${AWS::Region}", "period": period}
    axis = {"left": {"min": 0}}
    return {"type": "metric", "height": 6, "properties": {**shown, "yAxis": axis, "metrics": _metrics(names)}}


def _logs(title: str, query: str, groups: Iterable[str]) -> dict[str, Any]:
    sources = "".join(f"SOURCE '${{{group}}}' | " for group in groups)
    shown = {"title": title, "view": "table", "region": "${AWS::Region}"}
    return {"type": "log", "height": 6, "properties": {**shown, "query": sources + query}}
