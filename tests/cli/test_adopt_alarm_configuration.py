"""An alarm is put exactly as it was described, but for the propagation of its tags.

The fields that an operation takes are those of botocore's model: one that a later botocore adds is noticed.
"""

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import assume, given
from hypothesis import strategies as st

from firebreak_cli.adopt.alarm_configuration import (
    ACTION_CONFIGURATION,
    LISTS,
    PROPAGATION,
    READ_ONLY,
    Kind,
    all_differences,
    beyond,
    configuration,
    differences,
    same,
    without_empty_lists,
)
from tests.cli.alarm_stores import MODEL, OFF, ON, TAKES, shown

ANSWER = MODEL.operation_model("DescribeAlarms").output_shape
SHOWS = {kind: ANSWER.members[listed].member for kind, listed in LISTS.items()}
LETTERS = string.ascii_letters + string.digits + "äß€ \\\"'<>${}"


@pytest.mark.parametrize("kind", Kind)
def test_every_field_that_is_described_is_put_or_is_written_by_cloudwatch_itself(kind: Kind) -> None:
    """Where this fails, botocore has a new field: it is put by itself, or belongs into READ_ONLY."""
    assert set(SHOWS[kind].members) - set(TAKES[kind].members) - READ_ONLY == set()
    assert set(TAKES[kind].members) & READ_ONLY == set()
    assert set(TAKES[kind].members) - set(SHOWS[kind].members) == {"Tags"}


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Every value that botocore's model allows for a shape, kept small."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            return _members(shape)
        case "list":
            return st.lists(values(shape.member), min_size=least or 0, max_size=max(2, least or 0))
        case "string":
            text = st.text(LETTERS, min_size=least or 0, max_size=max(6, least or 0))
            return st.sampled_from(shape.enum) if shape.enum else text
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(-5 if least is None else least, 10**6 if most is None else most)
        case "double":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "timestamp":
            return st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # they get their zone here
        case other:
            raise AssertionError(other)


def _members(shape: Any) -> st.SearchStrategy[Any]:
    parts = {name: values(one) for name, one in shape.members.items()}
    if shape.metadata.get("union"):
        return st.one_of([st.fixed_dictionaries({name: one}) for name, one in parts.items()])
    needed = {name: parts.pop(name) for name in shape.required_members}
    return st.fixed_dictionaries(needed, optional=parts)


def described(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Alarms of DescribeAlarms' answer, with what an alarm of that kind always has."""
    needed = {"AlarmName", "AlarmArn", *TAKES[kind].required_members}
    parts = {name: values(one) for name, one in SHOWS[kind].members.items()}
    return st.fixed_dictionaries({name: parts.pop(name) for name in sorted(needed)}, optional=parts)


ALARMS = st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), described(kind)))


@given(ALARMS)
def test_what_is_put_is_what_was_described_in_every_field_but_the_propagation(found: Any) -> None:
    kind, raw = found
    before = configuration(kind, raw, TAKES[kind], ())
    wanted = before.with_propagation()
    settings = without_empty_lists({name: one for name, one in raw.items() if name in TAKES[kind].members})
    assert before.not_taken == ()
    assert before.fields == settings
    others = {name: one for name, one in wanted.fields.items() if name != ACTION_CONFIGURATION}
    assert others == {name: one for name, one in settings.items() if name != ACTION_CONFIGURATION}
    asked = wanted.fields[ACTION_CONFIGURATION]
    present = settings.get(ACTION_CONFIGURATION, {})
    assert asked == {**present, PROPAGATION: {**present.get(PROPAGATION, {}), "Enabled": True}}
    assert not ParamValidator().validate(wanted.fields, TAKES[kind]).has_errors()
    assert wanted.with_action_configuration(before.action_configuration).fields == before.fields


@given(ALARMS)
def test_only_the_propagation_of_tags_differs_and_a_file_keeps_the_rest(found: Any) -> None:
    kind, raw = found
    before = configuration(kind, raw, TAKES[kind], ())
    wanted = before.with_propagation()
    assert differences(before, wanted) == []
    assert set(all_differences(before, wanted)) <= {f"{ACTION_CONFIGURATION}.{PROPAGATION}"}
    assert json.loads(json.dumps(before.fields)) == before.fields


@given(ALARMS, st.data())
def test_a_field_that_is_missing_or_other_is_noticed(found: Any, data: st.DataObject) -> None:
    kind, raw = found
    before = configuration(kind, raw, TAKES[kind], ())
    name = data.draw(st.sampled_from(sorted(before.fields)))
    rest = {key: one for key, one in before.fields.items() if key != name}
    # An alarm may hold an empty structure, but not one that says nothing else.
    assume(not same(before.fields[name], None) and before.fields[name] not in ({}, {PROPAGATION: {}}))
    other = configuration(kind, {"AlarmArn": before.arn, "AlarmName": "x", **rest}, TAKES[kind], ())
    assert all_differences(before, other) != []


def test_an_order_of_a_list_and_an_empty_list_are_no_difference() -> None:
    one = shown(dimensions={"ClusterName": "prod", "ServiceName": "api"}, OKActions=[])
    other = shown(dimensions={"ServiceName": "api", "ClusterName": "prod"})
    assert all_differences(one, other) == []
    assert differences(one, shown(dimensions={"ServiceName": "web", "ClusterName": "prod"})) == ["Dimensions"]


def test_an_empty_list_is_not_put_for_some_operations_refuse_it() -> None:
    metric = {"Namespace": "Shop", "MetricName": "Lag", "Dimensions": []}
    query = {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    no_keys = {PROPAGATION: {"Enabled": False, "IncludedTagKeys": []}}
    fields = shown(dimensions={}, OKActions=[], Metrics=[query], ActionConfiguration=no_keys).fields
    assert not {"OKActions", "AlarmActions", "Dimensions"} & fields.keys()
    assert fields["Metrics"][0]["MetricStat"]["Metric"] == {"Namespace": "Shop", "MetricName": "Lag"}
    assert fields[ACTION_CONFIGURATION] == OFF


def test_a_threshold_is_the_same_number_however_it_is_written() -> None:
    assert differences(shown(Threshold=85), shown(Threshold=85.0)) == []
    assert differences(shown(Threshold=85), shown(Threshold=85.5)) == ["Threshold"]


def test_a_setting_of_events_that_is_not_the_propagation_is_kept_and_compared() -> None:
    with_other = shown().with_action_configuration({**OFF, "Later": {"x": 1}})
    assert with_other.with_propagation().action_configuration == {**ON, "Later": {"x": 1}}
    assert differences(shown(), with_other) == [ACTION_CONFIGURATION]


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"Threshold": 1.0}, []),
        ({"Sensitivity": "high"}, ["Sensitivity"]),
        ({"Metrics": [{"Id": "a", "Window": 5}, {"Id": "b"}]}, ["Metrics.Window"]),
        ({"ActionConfiguration": {"Batching": {}}}, ["ActionConfiguration.Batching"]),
        ({"EvaluationWindow": {"TumblingWindow": {}}}, ["EvaluationWindow.TumblingWindow"]),
        ({"Sensitivity": None}, []),
    ],
    ids=["known", "new", "new in a list", "new setting", "new variant", "null"],
)
def test_what_the_operation_does_not_take_is_named_by_its_path(
    value: dict[str, Any], paths: list[str]
) -> None:
    assert list(beyond(TAKES[Kind.METRIC], value)) == paths


def test_what_botocore_left_out_of_an_answer_is_not_taken_either() -> None:
    found = configuration(
        Kind.METRIC, {"AlarmName": "x", "AlarmArn": "y", "Odd": 1}, TAKES[Kind.METRIC], ["New"]
    )
    assert found.not_taken == ("Odd", "New")
