"""The dashboard and the saved queries show what the code writes, and nothing else."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from template import dashboard

from firebreak.core.incident import verdict
from firebreak.core.reasons import Reason
from tests.contracts.template import PATH, functions, own_alarms, template
from tests.contracts.written_logs import calls, log_events, trees, written_metrics
from tests.docs.documents import ROOT

# Keys of Powertools Logger (a test of telemetry prints a line), and of Lambda's own JSON lines.
OF_EVERY_LINE = {"level", "message", "correlation_id", "function_name", "xray_trace_id"}
OF_LAMBDA = {"errorType", "errorMessage", "record.status"}


def body() -> dict[str, Any]:
    """The dashboard's body as CloudWatch gets it, with a value for each variable."""
    text, values = template()["Resources"]["StackDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    (separator, arns) = values["Alarms"]["Fn::Join"]
    alarms = separator.join(f"arn:{position}" for position in range(len(arns)))
    found: dict[str, Any] = json.loads(
        re.sub(r"\$\{([\w:]+)\}", lambda name: alarms if name[1] == "Alarms" else f"/{name[1]}", text)
    )
    return found


def widgets(kind: str) -> list[dict[str, Any]]:
    return [one["properties"] for one in body()["widgets"] if one["type"] == kind]


def queries() -> dict[str, str]:
    """Every query: those of the dashboard by their title, and the saved ones."""
    saved = {
        name: one["Properties"]["QueryString"]
        for name, one in template()["Resources"].items()
        if one["Type"] == "AWS::Logs::QueryDefinition"
    }
    return saved | {one["title"]: re.sub(r"SOURCE '[^']*' \| ", "", one["query"]) for one in widgets("log")}


QUERIES = queries()


def test_the_body_is_json_and_its_widgets_fit_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for one in body()["widgets"]:
        cells = {
            (x, y)
            for x in range(one["x"], one["x"] + one["width"])
            for y in range(one["y"], one["y"] + one["height"])
        }
        assert not cells & taken, one
        assert max(x for x, _ in cells) < dashboard.WIDTH
        taken |= cells
    # CloudWatch takes 500 widgets and 2,500 metrics of one dashboard.
    assert len(body()["widgets"]) < 30


def test_it_answers_its_five_questions_from_the_top() -> None:
    headings = " ".join(one["markdown"] for one in widgets("text")).lower()
    places = [
        headings.index(question)
        for question in (
            "is it on?",
            "what did it do?",
            "did it help",
            "what did it refuse?",
            "is it healthy?",
        )
    ]
    assert places == sorted(places)


def test_every_metric_of_the_dashboard_is_one_that_the_functions_write() -> None:
    shown = [metric for one in widgets("metric") for metric in one["metrics"]]
    assert shown
    for namespace, name, dimension, value, _ in shown:
        assert (namespace, dimension, value) == ("Firebreak", "service", "/AWS::StackName")
        assert name in written_metrics(), name


def test_the_dashboard_shows_each_alarm_that_notifies_and_only_those_that_are_made() -> None:
    (_, arns) = template()["Resources"]["StackDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][1][
        "Alarms"
    ]["Fn::Join"]
    shown = {}
    for one in arns:
        condition, value, none = one.get("Fn::If", [None, one, None])
        assert none in (None, {"Ref": "AWS::NoValue"})
        shown[value["Fn::GetAtt"][0]] = condition
    expected = {name: one.get("Condition") for name, one in own_alarms().items()}
    assert shown == expected


@pytest.mark.parametrize("name", QUERIES)
def test_every_field_of_a_query_is_one_that_is_logged(name: str) -> None:
    text = QUERIES[name]
    logged = {f"fields.{field}" for fields in log_events().values() for field in fields}
    named = {re.sub(r"\.\d+$", "", one) for one in re.findall(r"`([^`]+)`", text)}
    assert named - logged - OF_EVERY_LINE - OF_LAMBDA == set()
    bare = re.sub(r"`[^`]+`|\"[^\"]*\"|@\w+", " ", text)
    words = set(re.findall(r"[A-Za-z]\w*", re.sub(r"\bas \w+", " ", bare)))
    syntax = {"filter", "fields", "sort", "limit", "stats", "by", "desc", "asc", "and", "or", "in", "not"}
    syntax |= {"ispresent", "count", "count_distinct", "latest"}
    aliases = set(re.findall(r"\bas (\w+)", text))
    assert words - syntax - aliases - OF_EVERY_LINE - OF_LAMBDA == set()


@pytest.mark.parametrize("name", QUERIES)
def test_every_log_event_of_a_query_is_written_with_the_fields_that_it_is_asked_for(name: str) -> None:
    asked = re.findall(r'message = "([\w.]+)"', QUERIES[name])
    assert set(asked) <= set(log_events())
    for event, field in re.findall(r'message = "([\w.]+)" and `fields\.(\w+)`', QUERIES[name]):
        assert field in log_events()[event], (event, field)


@pytest.mark.parametrize("name", QUERIES)
def test_each_log_event_of_a_query_has_every_field_that_the_query_shows(name: str) -> None:
    """A field that one of them lacks is an empty cell, which reads as if there were none."""
    asked, _, shown = QUERIES[name].partition("\n| ")
    for event in re.findall(r'message = "([\w.]+)"', asked):
        missing = set(re.findall(r"`fields\.(\w+)", shown)) - log_events()[event]
        assert missing == set(), event


def test_the_words_that_queries_compare_with_are_those_of_the_code() -> None:
    steps = {name for name in vars(verdict) if name[0].isupper()}
    assert set(re.findall(r'"(\w+)"', dashboard.HELPED.partition("not in")[2])) <= steps
    left_out = json.loads(re.findall(r"not in (\[.*\])", dashboard.REFUSED)[0])
    assert set(left_out) <= {reason.value for reason in Reason}


def test_every_query_reads_the_logs_of_every_function() -> None:
    groups = {f"{name}Logs" for name in functions()}
    for one in template()["Resources"].values():
        if one["Type"] == "AWS::Logs::QueryDefinition":
            assert {group["Ref"] for group in one["Properties"]["LogGroupNames"]} == groups
    for widget in widgets("log"):
        assert set(re.findall(r"SOURCE '/(\w+)'", widget["query"])) == groups
    assert len(groups) <= 50, "a query takes no more log groups"


def test_no_metric_has_a_target_or_an_alarm_as_a_dimension() -> None:
    """Each value of a dimension is a metric that is paid for, so it must come from a short list."""
    named = {
        node.func.attr
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert named & {"add_dimension", "set_default_dimensions", "single_metric", "put_metric_data"} == set()
    assert "single_metric" not in (ROOT / "shared/firebreak/telemetry.py").read_text(encoding="utf-8")
    for node in (call for _, call in calls("count", "gauge")):
        assert not {keyword.arg for keyword in node.keywords} - {"by"}, ast.unparse(node)


def test_the_dashboard_and_the_queries_can_be_left_out() -> None:
    kinds = {"AWS::CloudWatch::Dashboard", "AWS::Logs::QueryDefinition"}
    found = [one for one in template()["Resources"].values() if one["Type"] in kinds]
    assert len(found) == 1 + len(dashboard.QUERIES)
    assert {one["Condition"] for one in found} == {"HasDashboard"}
    assert "Dashboard" not in Path(PATH).read_text(encoding="utf-8").partition("\nOutputs:")[2]
