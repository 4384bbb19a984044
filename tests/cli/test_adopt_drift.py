"""Changes since a plan of `firebreak adopt` was made: alarms, what is below them, and their targets."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebreak_cli.adopt import plan_file
from firebreak_cli.adopt.changes import Change, Outcome, changes_of
from firebreak_cli.adopt.entries import Plan
from tests.cli.adopted import NOW, composite, existing, planned, raw
from tests.cli.alarm_stores import ON

BEFORE, SINCE = NOW - timedelta(days=30), NOW + timedelta(seconds=1)
ACTION = {"firebreak:action": "restart-service"}
TARGET = {**ACTION, "firebreak:target": "ecs:prod/api"}


def at(when: datetime | None, shape: dict[str, Any]) -> dict[str, Any]:
    """The alarm, last configured then."""
    return shape | ({"AlarmConfigurationUpdatedTimestamp": when} if when else {})


def plan_of(alarms: Mapping[str, dict[str, Any]], tags: Mapping[str, str], **services: Any) -> Plan:
    return planned(
        *(existing(shape, tags if name == "it" else {}) for name, shape in alarms.items()), **services
    )


def outcome(old: Plan, new: Plan) -> Change:
    return next(iter(changes_of(old, new)))


@pytest.mark.parametrize("tags", [{}, ACTION], ids=["untagged", "tagged"])
def test_a_threshold_that_moved_is_a_change(tags: dict[str, str]) -> None:
    old = plan_of({"it": at(BEFORE, raw("it sev1"))}, tags)
    new = plan_of({"it": at(SINCE, raw("it sev1", Threshold=1.0))}, tags)
    found = outcome(old, new)
    assert found.outcome is Outcome.CHANGED
    assert found.detail == "since the plan it was configured again (2026-11-30T03:00:01.000+00:00)"


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"firebreak:severity": "critical"}, []),
        ({}, [Outcome.CHANGED]),
        ({"firebreak:severity": "info"}, [Outcome.CHANGED]),
    ],
    ids=["its tags are there", "they are not", "another value"],
)
def test_an_alarm_that_was_put_with_its_tags_in_its_events_is_as_the_plan_wants_it(
    tags: dict[str, str], found: list[Outcome]
) -> None:
    old = plan_of({"it": at(BEFORE, raw("it sev1"))}, {})
    new = plan_of({"it": at(SINCE, raw("it sev1", ActionConfiguration=ON))}, tags)
    changed = [one.outcome for one in changes_of(old, new) if one.outcome is Outcome.CHANGED]
    assert changed == found


def test_a_dimension_of_a_tagged_alarm_that_moved_is_a_change() -> None:
    moved = raw("it", dimensions={"ClusterName": "prod", "ServiceName": "web"})
    old = plan_of({"it": at(BEFORE, raw("it"))}, ACTION)
    assert outcome(old, plan_of({"it": at(SINCE, moved)}, ACTION)).outcome is Outcome.CHANGED


@pytest.mark.parametrize("tags", [ACTION, {}], ids=["tagged", "untagged"])
def test_a_service_behind_the_target_group_that_moved_is_a_change(tags: dict[str, str]) -> None:
    """No alarm was configured again."""
    group = "targetgroup/api/0123456789abcdef"
    shape = raw("it", "AWS/ApplicationELB TargetResponseTime", dimensions={"TargetGroup": group})
    old = plan_of({"it": at(BEFORE, shape)}, tags, services={group: ("prod/api",)})
    new = plan_of({"it": at(BEFORE, shape)}, tags, services={group: ("prod/web",)})
    assert outcome(old, new).outcome is Outcome.CHANGED


def nested(child: datetime, inner: datetime = BEFORE) -> dict[str, dict[str, Any]]:
    return {
        "it": at(BEFORE, composite("a", "ALARM(b) OR ALARM(one)")),
        "inner": at(inner, composite("b", "ALARM(two)")),
        "one": at(BEFORE, raw("one")),
        "two": at(child, raw("two")),
    }


@pytest.mark.parametrize("now", [nested(SINCE), nested(BEFORE, SINCE)], ids=["a child", "a rule below it"])
@pytest.mark.parametrize("tags", [{}, TARGET], ids=["untagged", "tagged"])
def test_a_composite_changes_with_anything_below_it(tags: dict[str, str], now: dict[str, Any]) -> None:
    found = outcome(plan_of(nested(BEFORE), tags), plan_of(now, tags))
    assert (found.what, found.outcome) == ("alarm a", Outcome.CHANGED)


def test_what_was_not_configured_again_is_no_change() -> None:
    for alarms in ({"it": at(BEFORE, raw("it sev1"))}, {"it": at(SINCE, raw("it sev1"))}, nested(BEFORE)):
        plan = plan_of(alarms, {})
        assert outcome(plan, plan).outcome is Outcome.READY


@pytest.mark.parametrize(
    ("now", "expected"), [(SINCE, Outcome.CHANGED), (BEFORE, Outcome.READY), (None, Outcome.READY)]
)
def test_a_plan_without_times_is_compared_with_the_time_that_it_was_made(
    now: datetime | None, expected: Outcome
) -> None:
    old = plan_of({"it": raw("it sev1")}, {})
    assert outcome(old, plan_of({"it": at(now, raw("it sev1"))}, {})).outcome is expected


def test_a_time_survives_the_plan_s_file_to_the_millisecond() -> None:
    odd = datetime(2026, 11, 1, 2, 3, 4, 567891, tzinfo=UTC)
    plan = plan_of({"it": at(odd, raw("it"))}, {})
    assert plan.entries[0].changed_at == odd.replace(microsecond=567000)
    read = plan_file._Plan.model_validate(json.loads(json.dumps(plan_file.as_json(plan))))
    assert [one.entry() for one in read.alarms] == [*plan.entries]
